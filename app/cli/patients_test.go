package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestDeletePatient asks first, with and without the program.
func TestDeletePatient(t *testing.T) {
	for _, running := range []bool{false, true} {
		t.Run(fmt.Sprintf("running %v", running), func(t *testing.T) {
			folder := t.TempDir()
			s := ward(t, folder)
			if running {
				defer s.Close()
				serving(t, folder, func(ctx context.Context, words []string, out io.Writer) error {
					return Execute(ctx, s, words, out)
				})
			} else if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			do := func(stdin string, words ...string) run {
				return start(t, stdin, append(append([]string{"patients", "delete"}, words...), "--data-dir", folder)...)
			}
			for _, answer := range []string{"", "\n", "no\n", "yesterday\n"} {
				r := do(answer, "P-7")
				if r.status != Failed || r.stdout != "" || !strings.Contains(r.stderr, "LEFÈVRE Éloïse") || !strings.Contains(r.stderr, "nothing was changed") {
					t.Errorf("%q: %+v", answer, r)
				}
			}
			do("", "P-8").wantOneLine(t, Failed)
			if r := do("yes\n", "P-7"); r.status != Done || !strings.HasPrefix(r.stdout, "deleted: 2 measurements,") {
				t.Errorf("%+v", r)
			}
			do("", "P-7", "--yes").wantOneLine(t, Failed)
		})
	}
}

func TestDeletePatient_WithoutAQuestion(t *testing.T) {
	folder := t.TempDir()
	if err := ward(t, folder).Close(); err != nil {
		t.Fatal(err)
	}
	if r := start(t, "", "patients", "delete", "--yes", "P-7", "--data-dir", folder); r.status != Done || r.stderr != "" {
		t.Errorf("%+v", r)
	}
	if r := start(t, "", "store", "expired", "--data-dir", folder); r.status != Done || r.stdout != "" {
		t.Errorf("%+v", r)
	}
}

// Progress comes through the control socket before the reply.
func TestCall_TellsProgress(t *testing.T) {
	folder := t.TempDir()
	serving(t, folder, func(_ context.Context, _ []string, out io.Writer) error {
		for done := range uint64(3) {
			progressOf(out)(Progress{done, 3})
		}
		_, err := io.WriteString(out, "done")
		return err
	})
	var out strings.Builder
	var told []Progress
	err := Call(t.Context(), folder, []string{"work"}, reporting{&out, func(p Progress) { told = append(told, p) }})
	if err != nil || out.String() != "done" || fmt.Sprint(told) != "[{0 3} {1 3} {2 3}]" {
		t.Errorf("%q, %v, %v", out.String(), told, err)
	}
}
