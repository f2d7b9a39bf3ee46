package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"vitalien/app/cli"
	"vitalien/fhirmap"
)

// TestDemonstrate: the demonstration is a program of its own, and nothing of it
// is mixed with what the program beside it serves.
func TestDemonstrate(t *testing.T) {
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	a := start(t, cli.Flags{}, func(a *App) { a.self = path })
	folder := a.demonstration().DataDir
	if err := a.demonstrate(); err != nil {
		t.Fatal(err)
	}
	eventually := func(what string, holds func() bool) {
		t.Helper()
		deadline := time.After(patience)
		for tick := time.NewTicker(100 * time.Millisecond); !holds(); {
			select {
			case <-tick.C:
			case <-deadline:
				t.Fatalf("not so: %s", what)
			}
		}
	}
	t.Cleanup(func() {
		ctx := context.Background() // that of the test is over
		cli.Call(ctx, folder, []string{"stop"}, io.Discard)
		eventually("the demonstration ends", func() bool {
			return errors.Is(cli.Call(ctx, folder, []string{"origins", "list"}, io.Discard), cli.ErrNotRunning)
		})
	})
	ask := func(words ...string) string {
		var out bytes.Buffer
		cli.Call(t.Context(), folder, words, &out)
		return out.String()
	}
	eventually("simulated monitors are connected", func() bool { return strings.Count(ask("monitors", "list"), "\tconnected\t") == 2 })
	eventually("something is measured", func() bool { return ask("measurements", "list") != "" })
	if list := recorded(t, a); len(list) != 0 {
		t.Errorf("the program beside it has recorded %+v", list)
	}
}

func TestDemonstrate_SaysWhatToDo(t *testing.T) {
	a := start(t, cli.Flags{}, func(a *App) { a.self = t.TempDir() + "/nothing" })
	if f := fhirmap.FaultOf(a.demonstrate()); f == nil || f.Code != "no_demonstration" {
		t.Errorf("%+v", f)
	}
}
