// Vitalien connects the health devices of a medical practice to the
// clinician's software. See README.md.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"

	"vitalien/app/cli"
	"vitalien/app/config"
	"vitalien/app/desktop"
)

// version is that of FyneApp.toml, which a test holds it to.
const version = "0.1.0"

// updateKey is the public key of whoever announces new versions (base64), which
// the publisher's build sets; empty: none does.
var updateKey = ""

func main() {
	if len(os.Args) > 1 && os.Args[1] == cli.CheckStore {
		desktop.EndWithParent()
	}
	desktop.AttachConsole()
	ctx, stop := signal.NotifyContext(context.Background(), desktop.Endings()...)
	defer stop()
	var failed error // to start
	program := cli.Program{
		Version: version, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, DataFolder: config.DataFolder, Probe: probe,
		Radio: bluetoothRadio, Keyring: keyring(), Autostart: desktop.Autostart{}, Alone: alone,
		Serve: func(ctx context.Context, f cli.Flags) (err error) {
			if !f.Supervised {
				return superviseProgram(ctx, f)
			}
			failed, err = serve(ctx, f)
			return err
		},
	}
	status := program.Main(ctx, os.Args[1:])
	if failed != nil && desktop.Launched() {
		alert(ctx, failed)
	}
	os.Exit(status)
}

// superviseProgram runs the program as a child that is started again when it
// dies.
func superviseProgram(ctx context.Context, f cli.Flags) error {
	if err := checkFlags(f); err != nil {
		return cli.WrongUse{Err: err}
	}
	data, _, err := folders(f)
	if err != nil {
		return err
	}
	desktop.PassOnLaunched()
	desktop.EndLast()
	file := &logFile{folder: filepath.Join(data, logFolder), size: logSize}
	supervisor := desktop.Supervisor{
		Arguments: func(said []string, crashing, asked bool) []string { return childFlags(f, said, crashing, asked).Args() },
		Stdin:     os.Stdin, Stdout: os.Stdout, Stderr: keepErrors(file), Log: newLogger(keepErrors(file)),
	}
	status, err := supervisor.Run(ctx)
	if err == nil && status != cli.Done {
		err = cli.Exit{Status: status}
	}
	return err
}

// childFlags are those of the next child. A port that an earlier one was free
// to choose stays the same: EHRs and monitors come back to it. Who has asked for
// it in the window finds that again.
func childFlags(f cli.Flags, said []string, crashing, asked bool) cli.Flags {
	f.Supervised, f.Crashing = true, crashing
	if asked {
		f.Minimized, f.Link = false, ""
	}
	for _, line := range said {
		if address, ok := strings.CutPrefix(line, "ready mllp "); ok {
			f.HL7Listen = keepPort(f.HL7Listen, address)
		} else if address, ok := strings.CutPrefix(line, "ready http://"); ok {
			f.Listen = keepPort(f.Listen, address)
		}
	}
	return f
}

// keepPort is wanted with the port of got where it left the choice.
func keepPort(wanted, got string) string {
	host, port, err := net.SplitHostPort(wanted)
	if _, chosen, bad := net.SplitHostPort(got); err == nil && bad == nil && port == "0" {
		return net.JoinHostPort(host, chosen)
	}
	return wanted
}

// ballast is never touched and so takes no memory, but the garbage collector
// counts it: without it the heap is so small that it would be collected after
// every dozen messages of a monitor.
var ballast = make([]byte, 16<<20)

// waitingForDisk is how many threads of Go may run beyond one for each core: the
// runtime notices late that a thread waits for a flush, and until then a core
// would have nothing to do.
const waitingForDisk = 2

// serve runs the program. failed is an error of its start, which nobody has
// seen yet if there was no terminal to read it in.
func serve(ctx context.Context, f cli.Flags) (failed, err error) {
	defer runtime.KeepAlive(&ballast)
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + waitingForDisk)
	}
	desktop.Leashed()
	app, err := New(f, os.Stdout, os.Stderr)
	if err != nil {
		return err, err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	if err := desktop.OnSessionEnd(func() { end(desktop.ErrSessionEnd) }); err != nil {
		app.log.Warn("the end of the session will not be noticed", "error", err)
	}
	defer app.Close()
	return nil, app.Run(ctx)
}

func checkFlags(f cli.Flags) error {
	if f.Listen != "" {
		if err := config.CheckLocal(f.Listen); err != nil {
			return fmt.Errorf("--listen %s: %w", f.Listen, err)
		}
	}
	if f.HL7Listen != "" {
		if err := config.CheckAddress(f.HL7Listen); err != nil {
			return fmt.Errorf("--hl7-listen %s: %w", f.HL7Listen, err)
		}
	}
	return nil
}
