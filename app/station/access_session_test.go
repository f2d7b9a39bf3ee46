package station

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// admit opens a session of a page and returns what ends it.
func (d *desk) admit(origin string) (ended func()) {
	d.t.Helper()
	ended, ok := d.AdmitSession(origin)
	if !ok {
		d.t.Fatalf("no session for %s", origin)
	}
	return ended
}

func TestAnswerOrigin_OnceLapsesWithoutASession(t *testing.T) {
	for _, origin := range []string{page, opaque} {
		d := newDesk(t)
		d.answer(origin, AnswerOnce)
		d.clock.advance(onceLife - time.Second)
		d.wantAllowed(origin, true, false)
		d.clock.advance(time.Second)
		d.wantAllowed(origin, false, true)
		if _, ok := d.AdmitSession(origin); ok {
			t.Errorf("%s: a session after the approval lapsed", origin)
		}
	}
}

func TestAnswerOrigin_OnceLastsWithTheSessions(t *testing.T) {
	d := newDesk(t)
	d.answer(page, AnswerOnce)
	first, second := d.admit(page), d.admit(page)
	d.clock.advance(24 * time.Hour)
	first()
	first() // counts once
	d.clock.advance(24 * time.Hour)
	d.wantAllowed(page, true, false)
	second()
	d.clock.advance(onceLife - time.Second)
	again := d.admit(page) // reconnects
	d.clock.advance(time.Hour)
	d.wantAllowed(page, true, false)
	again()
	d.clock.advance(onceLife)
	d.wantAllowed(page, false, true)
	if len(d.access.sessions) != 0 || len(d.access.once) != 0 {
		t.Errorf("remembers %v, %v", d.access.sessions, d.access.once)
	}
}

func TestAdmitSession_AlwaysStaysAndUnknownNever(t *testing.T) {
	d := newDesk(t)
	if _, ok := d.AdmitSession(page); ok {
		t.Error("a session of an unknown page")
	}
	d.answer(page, AnswerAlways)
	d.admit(page)()
	d.clock.advance(24 * time.Hour)
	d.wantAllowed(page, true, false)
}

// Every sandboxed frame of every site is "null": the approval is for one.
func TestAdmitSession_NullIsOneSession(t *testing.T) {
	for _, answer := range []Answer{AnswerOnce, AnswerAlways} {
		d := newDesk(t)
		d.answer(opaque, answer)
		var frames sync.WaitGroup
		var admitted atomic.Int32
		for range 20 {
			frames.Go(func() {
				if _, ok := d.AdmitSession(opaque); ok {
					admitted.Add(1)
				}
			})
		}
		frames.Wait()
		if n := admitted.Load(); n != 1 {
			t.Errorf("%d sessions", n)
		}
		d.wantAllowed(opaque, false, true)
	}
}

// The end of one session of "null" gives nothing to the next page, whose
// approval lapses as if there were none.
func TestAdmitSession_NullSessionsAreApart(t *testing.T) {
	d := newDesk(t)
	d.answer(opaque, AnswerOnce)
	first := d.admit(opaque)
	d.answer(opaque, AnswerOnce)
	d.clock.advance(onceLife - time.Second)
	first()
	d.clock.advance(time.Second)
	d.wantAllowed(opaque, false, true)

	d.answer(opaque, AnswerOnce)
	d.admit(opaque)
	d.answer(opaque, AnswerOnce)
	d.clock.advance(onceLife)
	d.wantAllowed(opaque, false, true)
}

// The session of "null" can be ended though its approval is used up.
func TestRevokeOrigin_NullWithASession(t *testing.T) {
	d := newDesk(t)
	var told []string
	d.OnRevoke(func(origin string) { told = append(told, origin) })
	d.answer(opaque, AnswerOnce)
	d.admit(opaque)
	if err := d.RevokeOrigin(context.Background(), opaque); err != nil || !slices.Equal(told, []string{opaque}) {
		t.Errorf("told %v, %v", told, err)
	}
}
