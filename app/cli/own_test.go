package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A command about the program itself reaches the one that runs, or is done
// alone, with the name of its file made absolute.
func TestMain_OwnCommands(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, running := range []bool{true, false} {
		folder := t.TempDir()
		var out bytes.Buffer
		p := Program{Stdout: &out, Stderr: io.Discard, Alone: func(_ context.Context, dataDir string, words []string, out io.Writer) error {
			if dataDir != folder {
				t.Errorf("done alone in %s", dataDir)
			}
			_, err := fmt.Fprint(out, "alone ", strings.Join(words, "+"))
			return err
		}}
		if running {
			serving(t, folder, echo)
		}
		for line, want := range map[string]string{
			"support x.zip": "support+" + filepath.Join(here, "x.zip"), "update check": "update+check",
			"update download": "update+download", "update download d": "update+download+" + filepath.Join(here, "d"),
		} {
			if !running {
				want = "alone " + want
			}
			out.Reset()
			if status := p.Main(t.Context(), append(strings.Fields(line), "--data-dir", folder)); status != Done || out.String() != want {
				t.Errorf("running %v: %d, %q, want %q", running, status, out.String(), want)
			}
		}
	}
}
