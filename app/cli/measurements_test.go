package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"vitalien/app/station"
)

// Measurements are corrected with and without the program, and who had received
// one is told.
func TestMeasurements(t *testing.T) {
	for _, running := range []bool{false, true} {
		t.Run(fmt.Sprintf("running %v", running), func(t *testing.T) {
			folder := t.TempDir()
			s := ward(t, folder)
			s.NoteReceived(station.Software{Origin: "https://ehr.example"}, 1, 3)
			if running {
				defer s.Close()
				serving(t, folder, func(ctx context.Context, words []string, out io.Writer) error {
					return Execute(ctx, s, words, out)
				})
			} else if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			do := func(words ...string) run {
				return start(t, "", append(append([]string{"measurements"}, words...), "--data-dir", folder)...)
			}
			if r := do("list"); r.status != Done || strings.Count(r.stdout, "\n") != 3 || !strings.HasPrefix(r.stdout, "3\t1\tfinal\t") {
				t.Errorf("%+v", r)
			}
			for _, c := range []struct{ words, version, who, reason string }{
				{"assign 3 P-7", "3\t2\tamended\t", "P-7\tLEFÈVRE Éloïse", "-"},
				{"detach 3", "3\t3\tamended\t", "-\t-", "-"},
				{"discard 3 essai", "3\t4\tentered-in-error\t", "-\t-", "essai"},
				{"undo 3", "3\t5\tamended\t", "-\t-", "-"},
			} {
				r := do(strings.Fields(c.words)...)
				version, had, _ := strings.Cut(r.stdout, "\n")
				if r.status != Done || !strings.HasPrefix(version, c.version) || !strings.Contains(version, "\theart_rate\theart_rate 72 bpm\t"+c.who+"\t") ||
					!strings.HasSuffix(version, "\t"+c.reason) || !strings.HasPrefix(had, "# https://ehr.example had received it, last there ") {
					t.Errorf("%s: %+v", c.words, r)
				}
			}
			for _, words := range [][]string{{"assign", "3", "P-8"}, {"assign", "9", "P-7"}, {"attach", "3", "nowhere"}, {"undo", "1"}, {"discard", "1", " "}} {
				do(words...).wantOneLine(t, Failed)
			}
			if r := do("discard", "x", "essai"); r.status == Done || r.stdout != "" {
				t.Errorf("%+v", r)
			}
		})
	}
}
