// Vitalien connects the health devices of a medical practice to the
// clinician's software. See README.md.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"vitalien/app/cli"
	"vitalien/app/config"
)

// version is that of FyneApp.toml, which a test holds it to.
const version = "0.1.0"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	program := cli.Program{
		Version: version, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		DataFolder: config.DataFolder, Serve: serve, Probe: probe,
	}
	os.Exit(program.Main(ctx, os.Args[1:]))
}

func serve(ctx context.Context, f cli.Flags) error {
	if f.Listen != "" {
		if err := config.CheckLocal(f.Listen); err != nil {
			return cli.WrongUse{Err: err}
		}
	}
	app, err := New(f, os.Stdout, os.Stderr)
	if err != nil {
		return err
	}
	defer app.Close()
	return app.Run(ctx)
}
