package station

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vitalien/fhirmap"
)

func wantRepeated(t *testing.T, got, first fhirmap.Receipt) {
	t.Helper()
	if !got.Repeated || got.Seq != first.Seq || !got.Received.Equal(first.Received) {
		t.Errorf("got %+v, want the receipt %+v again", got, first)
	}
}

func TestRecord_SameMessageAgain(t *testing.T) {
	d := newDesk(t)
	first := d.record(keyed("a", pulse("72"), pulse("73")))
	if first.Repeated || first.Seq != 1 || !first.Received.Equal(morning) {
		t.Errorf("first: %+v", first)
	}
	d.clock.advance(repeatWindow)
	wantRepeated(t, d.record(keyed("a", pulse("72"), pulse("73"))), first)
	if other := d.record(keyed("b", pulse("72"))); other.Repeated || other.Seq != 3 {
		t.Errorf("another message: %+v", other)
	}
	if d.Head() != 3 {
		t.Errorf("head %d", d.Head())
	}
}

func TestRecord_SameMessageAcrossARestart(t *testing.T) {
	d := newDesk(t)
	first := d.record(keyed("a", pulse("72")))
	d.clock.advance(5 * time.Minute)
	second := d.record(keyed("b", pulse("73")))
	d.reopen()
	wantRepeated(t, d.record(keyed("a", pulse("72"))), first)
	d.clock.advance(5*time.Minute + 1)
	wantRepeated(t, d.record(keyed("b", pulse("73"))), second)
	if again := d.record(keyed("a", pulse("72"))); again.Repeated || again.Seq != 3 {
		t.Errorf("ten minutes later: %+v", again)
	}
	d.reopen()
	wantRepeated(t, d.record(keyed("b", pulse("73"))), second)
}

func TestRecord_SameMessageAfterTenMinutesIsNew(t *testing.T) {
	for _, restart := range []bool{false, true} {
		d := newDesk(t)
		d.record(keyed("a", pulse("72")))
		d.clock.advance(repeatWindow + time.Nanosecond)
		if restart {
			d.reopen()
		}
		if again := d.record(keyed("a", pulse("72"))); again.Repeated || again.Seq != 2 {
			t.Errorf("restart %v: %+v", restart, again)
		}
	}
}

func TestRecord_WithoutAKeyNeverRepeated(t *testing.T) {
	d := newDesk(t)
	first, second := d.record(report(pulse("72"))), d.record(report(pulse("72")))
	if second.Repeated || second.Seq != first.Seq+1 {
		t.Errorf("%+v, %+v", first, second)
	}
}

func TestRecord_SameMessageAtOnceFromFifty(t *testing.T) {
	d := newDesk(t)
	var fresh atomic.Int32
	var senders sync.WaitGroup
	for range 50 {
		senders.Go(func() {
			receipt, err := d.Record(context.Background(), keyed("a", pulse("72")))
			if err != nil || receipt.Seq != 1 {
				t.Errorf("%+v, %v", receipt, err)
			}
			if !receipt.Repeated {
				fresh.Add(1)
			}
		})
	}
	senders.Wait()
	if fresh.Load() != 1 || d.Head() != 1 {
		t.Errorf("%d were first, head %d", fresh.Load(), d.Head())
	}
}

// The clock of the computer was set back while messages of the future stand in
// the log: they neither count nor stay in memory for ever.
func TestRecord_AfterTheClockWasSetBack(t *testing.T) {
	d := newDesk(t)
	d.record(keyed("a", pulse("72")))
	d.clock.advance(-24 * time.Hour)
	d.reopen()
	if again := d.record(keyed("a", pulse("72"))); again.Repeated {
		t.Errorf("%+v", again)
	}
	d.clock.advance(repeatWindow + time.Second)
	d.record(keyed("b", pulse("72")))
	if n := len(d.repeats.known); n != 1 || len(d.repeats.order) != 1 {
		t.Errorf("%d remembered", n)
	}
}

func TestRepeats_ForgetWhatIsPast(t *testing.T) {
	d := newDesk(t)
	for i := range 100 {
		d.record(keyed(fmt.Sprint(i), pulse("72")))
		d.clock.advance(time.Minute)
	}
	if n := len(d.repeats.known); n != 11 || len(d.repeats.order) != 11 {
		t.Errorf("%d and %d remembered of the last ten minutes", n, len(d.repeats.order))
	}
}

func fixed() time.Time { return morning }

func TestRepeats_AFailureLetsTheNextTry(t *testing.T) {
	full := errors.New("disk full")
	for name, fail := range map[string]func() (fhirmap.Receipt, error){
		"error": func() (fhirmap.Receipt, error) { return fhirmap.Receipt{}, full },
		"panic": func() (fhirmap.Receipt, error) { panic("oops") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRepeats()
				release := make(chan struct{})
				failed := make(chan error)
				go func() {
					_, err := r.once(t.Context(), messageKey{'k'}, fixed, func(context.Context) (fhirmap.Receipt, error) {
						<-release
						return fail()
					})
					failed <- err
				}()
				synctest.Wait()
				next := make(chan fhirmap.Receipt)
				go func() {
					receipt, err := r.once(t.Context(), messageKey{'k'}, fixed, func(context.Context) (fhirmap.Receipt, error) {
						return fhirmap.Receipt{Seq: 7, Received: morning}, nil
					})
					if err != nil {
						t.Error(err)
					}
					next <- receipt
				}()
				synctest.Wait() // it waits for the first
				close(release)
				if err := <-failed; err == nil {
					t.Error("the failure is not told")
				}
				if receipt := <-next; receipt.Seq != 7 || receipt.Repeated {
					t.Errorf("%+v", receipt)
				}
			})
		})
	}
}

// A sender that gives up waiting and sends again gets the receipt of what was
// stored meanwhile: it is not stored twice.
func TestRepeats_TheEndOfAWaitIsNotTheEndOfTheRecording(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRepeats()
		disk := make(chan struct{})
		var stored int
		slow := func(ctx context.Context) (fhirmap.Receipt, error) {
			<-disk
			stored++
			return fhirmap.Receipt{Seq: 7, Received: morning}, ctx.Err()
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.once(short, messageKey{'k'}, fixed, slow); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		close(disk)
		receipt, err := r.once(t.Context(), messageKey{'k'}, fixed, slow)
		if err != nil || !receipt.Repeated || receipt.Seq != 7 || stored != 1 {
			t.Errorf("%+v, %v, stored %d times", receipt, err, stored)
		}
	})
}

func TestRepeats_WhoWaitsCanGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRepeats()
		disk := make(chan struct{})
		go r.once(context.Background(), messageKey{'k'}, fixed, func(context.Context) (fhirmap.Receipt, error) {
			<-disk
			return fhirmap.Receipt{}, nil
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := r.once(ctx, messageKey{'k'}, fixed, func(context.Context) (fhirmap.Receipt, error) {
			t.Error("recorded beside the first")
			return fhirmap.Receipt{}, nil
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		close(disk)
	})
}

// A message that was stored twice, since its first commit seemed to have
// failed, is known as long as the second is.
func TestRepeats_TheNewestOfAKeyCounts(t *testing.T) {
	r := newRepeats()
	key := messageKey{'k'}
	for _, received := range []time.Time{morning, morning.Add(5 * time.Minute)} {
		r.known[key] = recorded{7, received}
		r.order = append(r.order, key)
	}
	if _, _, mine := r.claim(key, morning.Add(11*time.Minute)); mine {
		t.Error("forgotten after eleven minutes")
	}
	if _, _, mine := r.claim(key, morning.Add(16*time.Minute)); !mine {
		t.Error("known after sixteen minutes")
	}
}
