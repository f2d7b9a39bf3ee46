package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"vitalien/app/cli"
	"vitalien/app/station"
)

// own executes the commands that are about the program itself.
func (a *App) own(ctx context.Context, words []string, out io.Writer) error {
	said := ""
	var err error
	switch subject := strings.Join(words[:min(2, len(words))], " "); {
	case words[0] == "support" && len(words) == 2:
		said, err = words[1], a.Support(ctx, words[1])
	case subject == "update check":
		said, err = a.checkUpdate(ctx)
	case subject == "update download":
		said, err = a.downloadUpdate(ctx, strings.Join(words[2:], ""))
	default:
		err = cli.WrongUse{Err: fmt.Errorf("unknown command %q", subject)}
	}
	if err == nil {
		_, err = fmt.Fprintln(out, said)
	}
	return err
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
