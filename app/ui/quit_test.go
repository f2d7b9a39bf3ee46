package ui

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// The process ends although the toolkit does not, and at once where the toolkit
// must not be touched any more.
func TestQuit(t *testing.T) {
	abrupt := errors.New("the session ends")
	for name, c := range map[string]struct {
		cause       error
		ends        bool // the toolkit does
		told, leave int
		after       time.Duration
	}{
		"the toolkit ends":             {context.Canceled, true, 1, 0, 0},
		"it does not":                  {context.Canceled, false, 1, 1, quitPatience},
		"the session ends":             {abrupt, false, 0, 1, 0},
		"the session ends, in a cause": {errors.Join(context.Canceled, abrupt), false, 0, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told, left := 0, 0
				u := New(Options{Language: "fr", Abrupt: abrupt, Leave: func() { left++ }})
				ended := make(chan struct{})
				if c.ends {
					close(ended)
				}
				begin := time.Now()
				u.quit(c.cause, func() { told++ }, ended)
				if told != c.told || left != c.leave || time.Since(begin) != c.after {
					t.Errorf("told %d times, left %d times, after %v", told, left, time.Since(begin))
				}
			})
		})
	}
}
