// Command bench measures the program side by side with what people use today,
// and prints one table. Each line is a claim with its limit; the command fails
// when one does not hold.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

// A bench is what every measurement needs.
type bench struct {
	ctx       context.Context
	program   string // the program under test
	modules   string // node_modules with the peers
	folder    string // for stores, on the disk to be measured
	rounds    int    // how often both sides take turns
	ward      time.Duration
	recording time.Duration
	window    time.Duration
}

// The roles that the command plays itself, each in a process of its own.
var roles = map[string]func(folder string) error{
	"receiver": receive, // the baseline of MLLP
	"burst":    burst,   // the station and the server, without links
}

var lines = []struct {
	name    string
	measure func(*bench) ([]row, error)
}{
	{"store", store},
	{"mllp", mllp},
	{"fanout", fanout},
	{"replay", replay},
	{"latency", latency},
	{"idle", idle},
	{"start", startUp},
	{"clients", clients},
	{"ward", wards},
	{"window", windowed},
	{"recording", recording},
}

func main() {
	if len(os.Args) > 2 && roles[os.Args[1]] != nil {
		if err := roles[os.Args[1]](os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, os.Args[1]+":", err)
			os.Exit(1)
		}
		return
	}
	b := &bench{}
	only := flag.String("only", "", "comma-separated `lines`: store, mllp, fanout, replay, latency, idle, start, clients, ward, window, recording")
	flag.StringVar(&b.program, "program", "build/vitalien", "the `program` to measure")
	flag.StringVar(&b.modules, "modules", "app/testdata/clients/node_modules", "`folder` of npm packages with the peers")
	flag.StringVar(&b.folder, "folder", "build", "`folder` on the disk to measure")
	flag.IntVar(&b.rounds, "rounds", 5, "how often the sides take turns")
	flag.DurationVar(&b.ward, "ward", time.Minute, "how `long` the ward is measured")
	flag.DurationVar(&b.recording, "recording", time.Minute, "how `long` a recording is measured")
	flag.DurationVar(&b.window, "window", 0, "how `long` the memory of the window is watched; 0: not at all")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	b.ctx = ctx
	held, err := b.run(*only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	if err != nil || !held {
		stop()
		os.Exit(1)
	}
}

// run prints the table and tells whether every line holds.
func (b *bench) run(only string) (held bool, err error) {
	if b.folder, err = os.MkdirTemp(b.folder, "bench"); err != nil {
		return false, err
	}
	defer os.RemoveAll(b.folder)
	held = true
	printHead()
	for _, line := range lines {
		if only != "" && !strings.Contains(","+only+",", ","+line.name+",") {
			continue
		}
		rows, err := line.measure(b)
		if err != nil {
			return false, fmt.Errorf("%s: %w", line.name, err)
		}
		for _, r := range rows {
			r.print()
			held = held && r.holds()
		}
	}
	return held, nil
}
