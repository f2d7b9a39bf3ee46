package desktop

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// supervisedRole is the first argument of this test program as the child of a
// Supervisor; what it does follows.
const supervisedRole = "supervised-child"

func supervisedChild(words []string) int {
	Leashed()
	for _, word := range words {
		switch what, argument, _ := strings.Cut(word, "="); what {
		case "say":
			fmt.Println(argument)
		case "wait":
			asked := endings()
			fmt.Println(argument)
			<-asked
		case "sleep":
			<-time.After(time.Minute) // a SIGTERM ends it
		case "deaf":
			asked := endings()
			fmt.Println(argument)
			for {
				<-asked
			}
		case "panic":
			panic("a mistake")
		case "exit":
			status, _ := strconv.Atoi(argument)
			return status
		}
	}
	return 0
}

func endings() <-chan os.Signal {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, Endings()...)
	return asked
}

// supervised runs lives, each the words of one child, and gives what it saw.
func supervised(t *testing.T, ctx context.Context, out *bytes.Buffer, lives ...string) (status int, crashing []bool) {
	t.Helper()
	said := make([]int, 0, len(lives))
	s := Supervisor{
		Arguments: func(before []string, often, _ bool) []string {
			said, crashing = append(said, len(before)), append(crashing, often)
			life := lives[min(len(crashing), len(lives))-1]
			return append([]string{supervisedRole}, strings.Fields(life)...)
		},
		Stdout: out, Log: slog.New(slog.DiscardHandler),
	}
	status, err := s.Run(ctx)
	if err != nil {
		t.Error(err)
	}
	if !slices.IsSorted(said) {
		t.Errorf("said before: %v", said)
	}
	return status, crashing
}

func TestSupervisor_Lives(t *testing.T) {
	for name, c := range map[string]struct {
		lives  []string
		status int
		output string
	}{
		"ends well":                 {[]string{"say=ready"}, 0, "ready\n"},
		"ends well without a word":  {[]string{"exit=0"}, 0, ""},
		"cannot start":              {[]string{"exit=1"}, 1, ""},
		"wrong use":                 {[]string{"exit=2"}, 2, ""},
		"panics at the start":       {[]string{"panic"}, 2, ""},
		"dies once":                 {[]string{"say=ready panic", "say=ready"}, 0, "ready\n"},
		"fails while it serves":     {[]string{"say=ready exit=1", "say=ready"}, 0, "ready\n"},
		"cannot start again":        {[]string{"say=ready panic", "exit=1", "say=ready"}, 0, "ready\n"},
		"comes back on other ports": {[]string{"say=ready:1 panic", "say=ready:2 say=ready:1"}, 0, "ready:1\nready:2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			status, lives := supervised(t, t.Context(), &out, c.lives...)
			if status != c.status || out.String() != c.output || len(lives) != len(c.lives) {
				t.Errorf("status %d, output %q, %d lives", status, out.String(), len(lives))
			}
		})
	}
}

func TestSupervisor_AfterThreeDeathsItTriesLess(t *testing.T) {
	var out bytes.Buffer
	_, crashing := supervised(t, t.Context(), &out, "say=ready panic", "panic", "panic", "say=bare")
	if !slices.Equal(crashing, []bool{false, false, false, true}) {
		t.Error(crashing)
	}
}

func TestSupervisor_StartsAgainAsAsked(t *testing.T) {
	var out bytes.Buffer
	var asked, often []bool
	lives := []string{"say=ready exit=75", "say=ready exit=75", "say=ready exit=75", "say=ready exit=75", "say=ready panic", "say=ready"}
	s := Supervisor{
		Arguments: func(_ []string, crashing, again bool) []string {
			asked, often = append(asked, again), append(often, crashing)
			return append([]string{supervisedRole}, strings.Fields(lives[len(asked)-1])...)
		},
		Stdout: &out, Log: slog.New(slog.DiscardHandler),
	}
	if status, err := s.Run(t.Context()); status != 0 || err != nil {
		t.Errorf("status %d, %v", status, err)
	}
	if !slices.Equal(asked, []bool{false, true, true, true, true, false}) || slices.Contains(often, true) {
		t.Errorf("asked %v, crashing %v", asked, often)
	}
}

// A writer calls a function when something is written.
type writer func()

func (w writer) Write(p []byte) (int, error) {
	w()
	return len(p), nil
}

func TestSupervisor_EndsItsChild(t *testing.T) {
	for name, c := range map[string]struct {
		life   string
		status int
	}{
		"that listens":     {"wait=ready", 0},
		"that is deaf":     {"deaf=ready", 1},
		"that ends badly":  {"wait=ready exit=3", 3},
		"that is starting": {"say=ready sleep", 0},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			s := Supervisor{
				Arguments: func([]string, bool, bool) []string {
					return append([]string{supervisedRole}, strings.Fields(c.life)...)
				},
				Stdout: writer(cancel), Log: slog.New(slog.DiscardHandler),
			}
			if status, err := s.Run(ctx); err != nil || status != c.status {
				t.Errorf("status %d, %v", status, err)
			}
		})
	}
}

func TestDeaths_CountForTenMinutes(t *testing.T) {
	start := time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)
	var d deaths
	for _, c := range []struct {
		after time.Duration
		pause time.Duration
		often bool
	}{
		{0, 200 * time.Millisecond, false},
		{time.Minute, 400 * time.Millisecond, false},
		{10*time.Minute + time.Second, 400 * time.Millisecond, false}, // the first no longer counts
		{10*time.Minute + 2*time.Second, 800 * time.Millisecond, true},
		{21 * time.Minute, 200 * time.Millisecond, false},
	} {
		pause, often := d.note(start.Add(c.after))
		if pause != c.pause || often != c.often {
			t.Errorf("after %v: %v, %v", c.after, pause, often)
		}
	}
	for range 20 {
		d.note(start.Add(time.Hour))
	}
	if pause, often := d.note(start.Add(time.Hour)); pause != longestPause || !often {
		t.Errorf("%v, %v", pause, often)
	}
}

func TestLines_PassOnWholeOnesOnce(t *testing.T) {
	var out bytes.Buffer
	l := lines{to: &out}
	for _, part := range []string{"rea", "dy 1\nready", " 2\nready 1\n", "rest"} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if out.String() != "ready 1\nready 2\n" {
		t.Errorf("%q", out.String())
	}
}
