package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"vitalien/app/cli"
	"vitalien/app/station"
)

// own executes the commands that are about the program itself.
func (a *App) own(ctx context.Context, words []string, out io.Writer) error {
	if words[0] == "support" && len(words) == 2 {
		if err := a.Support(ctx, words[1]); err != nil {
			return err
		}
		_, err := fmt.Fprintln(out, words[1])
		return err
	}
	return cli.WrongUse{Err: fmt.Errorf("unknown command %q", words[0])}
}

// alone does what own does while no program serves the folder. That the
// settings or the store are not in order is what the commands are for.
func alone(ctx context.Context, dataDir string, words []string, out io.Writer) error {
	a := &App{flags: cli.Flags{DataDir: dataDir}, log: slog.New(slog.DiscardHandler)}
	a.unset = a.configure()
	if station.Exists(a.folder) {
		a.station, a.unopened = station.Open(a.folder, station.Options{Keyring: keyring()})
		defer a.Close()
	}
	return a.own(ctx, words, out)
}
