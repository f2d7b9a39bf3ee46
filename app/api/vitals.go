package api

import (
	"bytes"
	"container/list"
	"context"
	"sync"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// vitals are the newest values of each monitor and bed, encoded once for all
// clients, and only while there are some. A client is a cursor on the order in
// which they changed: what changes again before a slow client has taken it
// moves behind, so that it gets the newest alone and nothing grows.
type vitals struct {
	board liveBoard
	now   func() time.Time

	mu      sync.Mutex
	version uint64                    // of the board, up to which all is here
	last    uint64                    // number of the last change
	order   *list.List                // of *vital, by number
	known   map[bedside]*list.Element //
}

// A liveBoard has the newest values.
type liveBoard interface {
	LiveSince(version uint64) (changed []fhirmap.Live, now uint64)
	WatchLive() (changed <-chan struct{}, stop func())
}

var _ liveBoard = (*station.Station)(nil)

// bedside is what values replace each other at.
type bedside struct{ device, bed string }

type vital struct {
	bedside
	number uint64
	came   time.Time
	frame  wsFrame
	about  about
}

// How long values are kept that do not change any more, and of how many beds:
// as many as the board shows.
const (
	vitalsKept = time.Hour
	vitalsMost = 1024
)

func newVitals(board liveBoard, now func() time.Time) *vitals {
	return &vitals{board: board, now: now, order: list.New(), known: map[bedside]*list.Element{}}
}

// after is the next values behind the number after, a bounded piece of them,
// and the number to go on from.
func (v *vitals) after(after uint64, wanted *filter) (next []wsFrame, cursor uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.update()
	from := v.order.Back()
	if from == nil || from.Value.(*vital).number <= after {
		return nil, max(after, v.last)
	}
	for p := from.Prev(); p != nil && p.Value.(*vital).number > after; p = p.Prev() {
		from = p
	}
	cursor = after
	for size := 0; from != nil && size < pieceBytes; from = from.Next() {
		one := from.Value.(*vital)
		cursor = one.number
		if wanted.matches(&one.about) {
			next, size = append(next, one.frame), size+len(one.frame)
		}
	}
	return next, cursor
}

// beyond tells whether there is something behind the number after.
func (v *vitals) beyond(after uint64) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.update()
	return v.last > after
}

// update takes what has changed on the board.
func (v *vitals) update() {
	changed, version := v.board.LiveSince(v.version)
	v.version = version
	if len(changed) == 0 {
		return
	}
	now := v.now()
	for i := range changed {
		live := changed[i] // its own, or one would keep all
		v.put(&live, now)
	}
	for front := v.order.Front(); v.order.Len() > vitalsMost || now.Sub(front.Value.(*vital).came) > vitalsKept; front = v.order.Front() {
		delete(v.known, front.Value.(*vital).bedside)
		v.order.Remove(front)
	}
}

func (v *vitals) put(l *fhirmap.Live, now time.Time) {
	at := bedside{l.Device.ID, l.Bed}
	v.last++
	one := &vital{at, v.last, now, vitalsFrame(l), about{device: &l.Device, patient: l.Patient, bed: l.Bed, coding: func() []fhirmap.Coding { return liveCodings(l) }}}
	if e, ok := v.known[at]; ok {
		e.Value = one
		v.order.MoveToBack(e)
		return
	}
	v.known[at] = v.order.PushBack(one)
}

// vitalsFrame is the event "vitals" of the contract.
func vitalsFrame(l *fhirmap.Live) wsFrame {
	return closeEvent(bytes.Clone(fhirmap.AppendVitals(openEvent("vitals"), l)))
}

// vitalsPace is how long a client that has just been handed all there is waits
// for more, so that what changes meanwhile leaves together.
const vitalsPace = 5 * time.Millisecond

// vitalsSource is the newest values that a filter lets through: first those of
// the beginning, then what changes.
type vitalsSource struct {
	vitals  *vitals
	changed <-chan struct{}
	cursor  uint64
	filter  filter
	rest    <-chan time.Time // nil: none
}

func (s *vitalsSource) wait(ctx context.Context) error {
	if s.rest != nil {
		select {
		case <-s.rest:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for !s.vitals.beyond(s.cursor) {
		select {
		case <-s.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (s *vitalsSource) next() (frames []wsFrame, err error) {
	frames, s.cursor = s.vitals.after(s.cursor, &s.filter)
	s.rest = nil
	if !s.vitals.beyond(s.cursor) {
		s.rest = time.After(vitalsPace)
	}
	return frames, nil
}
