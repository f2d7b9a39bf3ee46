package main

import (
	"testing"

	"vitalien/app/cli"
)

// TestChildFlags: whoever was connected finds a program that was started again
// where it was.
func TestChildFlags(t *testing.T) {
	said := []string{"ready http://127.0.0.1:40123", "ready mllp 127.0.0.1:40124"}
	for name, c := range map[string]struct {
		given cli.Flags
		said  []string
		want  cli.Flags
	}{
		"first":       {cli.Flags{Listen: "localhost:0"}, nil, cli.Flags{Listen: "localhost:0"}},
		"free ports":  {cli.Flags{Listen: "localhost:0", HL7Listen: "127.0.0.1:0"}, said, cli.Flags{Listen: "localhost:40123", HL7Listen: "127.0.0.1:40124"}},
		"fixed ports": {cli.Flags{Listen: "localhost:63336", HL7Listen: "[::1]:2575"}, said, cli.Flags{Listen: "localhost:63336", HL7Listen: "[::1]:2575"}},
		"settings":    {cli.Flags{DataDir: "d"}, said, cli.Flags{DataDir: "d"}},
		"IPv6":        {cli.Flags{HL7Listen: "[::1]:0"}, []string{"ready mllp [::1]:40125"}, cli.Flags{HL7Listen: "[::1]:40125"}},
	} {
		c.want.Supervised, c.want.Crashing = true, true
		if got := childFlags(c.given, c.said, true, false); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestChildFlags_WhoAsksInTheWindowFindsItAgain(t *testing.T) {
	given := cli.Flags{Minimized: true, Link: "vitalien://consultation?patient=1", DataDir: "d"}
	if got, want := childFlags(given, nil, false, true), (cli.Flags{Supervised: true, DataDir: "d"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := childFlags(given, nil, false, false); !got.Minimized || got.Link == "" {
		t.Errorf("after a death: %+v", got)
	}
}
