package cli

import (
	"bytes"
	"errors"
	"testing"
)

type fakeAutostart struct {
	on  bool
	err error
}

func (f *fakeAutostart) Enabled() (bool, error) { return f.on, f.err }

func (f *fakeAutostart) Enable(on bool) error {
	f.on = on
	return f.err
}

func TestMain_Autostart(t *testing.T) {
	fake := &fakeAutostart{}
	do := func(words ...string) (status int, stdout, stderr string) {
		var out, bad bytes.Buffer
		p := Program{Stdout: &out, Stderr: &bad, Autostart: fake}
		status = p.Main(t.Context(), append([]string{"autostart"}, words...))
		return status, out.String(), bad.String()
	}
	for _, want := range []string{"on", "off"} {
		if status, out, bad := do(want); status != Done || out+bad != "" {
			t.Errorf("%s: %d, %q, %q", want, status, out, bad)
		}
		if status, out, _ := do("status"); status != Done || out != want+"\n" {
			t.Errorf("after %s: %d, %q", want, status, out)
		}
	}
	for _, words := range [][]string{nil, {"maybe"}, {"on", "off"}} {
		if status, _, _ := do(words...); status != Wrong {
			t.Errorf("%v: %d", words, status)
		}
	}
	fake.err = errors.New("read-only")
	for _, word := range []string{"on", "status"} {
		if status, out, bad := do(word); status != Failed || out != "" || bad != "vitalien: read-only\n" {
			t.Errorf("%d, %q, %q", status, out, bad)
		}
	}
}
