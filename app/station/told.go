package station

import (
	"context"
	"sync"
	"time"
)

// toldKept is how many changes of a recording one who is slow can be behind.
const toldKept = 64

// told is what recordings have come to, for those who follow.
type told struct {
	mu     sync.Mutex
	newest RecordingStatus // of all
	count  uint64          // of list, those forgotten included
	list   []RecordingStatus
	wake   chan struct{} // closed and replaced when there is more
}

// recordingChanged tells those who follow what is worth telling, and the window
// all of it.
func (s *Station) recordingChanged(now RecordingStatus) {
	s.recordings.told.add(now)
	s.board.changed()
}

func (t *told) add(now RecordingStatus) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := RecordingStatus{}
	if len(t.list) > 0 {
		before = t.list[len(t.list)-1]
	}
	if t.newest = now; !worthTelling(before, now) {
		return
	}
	t.count++
	t.list = append(t.list, now)
	t.list = t.list[max(0, len(t.list)-toldKept):]
	close(t.wake)
	t.wake = make(chan struct{})
}

// worthTelling leaves out what is nothing but a part of a second later.
func worthTelling(before, now RecordingStatus) bool {
	code := func(s RecordingStatus) string {
		if s.Fault == nil {
			return ""
		}
		return s.Fault.Code
	}
	return before.ID != now.ID || before.State != now.State || before.Kept != now.Kept || code(before) != code(now) ||
		before.Clipping != now.Clipping || before.Gaps != now.Gaps || now.Length/time.Second != before.Length/time.Second
}

// LastRecording is the recording under way, or the last one; the zero value
// when there was none since the start.
func (s *Station) LastRecording() RecordingStatus {
	t := &s.recordings.told
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.newest
}

// RecordingsTold is the changes of recordings behind the number after, and the
// number to go on from. Who was too slow misses the oldest.
func (s *Station) RecordingsTold(after uint64) (list []RecordingStatus, next uint64) {
	t := &s.recordings.told
	t.mu.Lock()
	defer t.mu.Unlock()
	first := t.count - uint64(len(t.list)) // number of the one before the first
	list = append(list, t.list[min(max(after, first)-first, uint64(len(t.list))):]...)
	return list, t.count
}

// RecordingsBegin is the number from which RecordingsTold tells a newcomer of
// the recording that is under way, and nothing of those before.
func (s *Station) RecordingsBegin() uint64 {
	t := &s.recordings.told
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.list); n > 0 && t.list[n-1].Active() {
		return t.count - 1
	}
	return t.count
}

// WaitRecordings returns as soon as there is something behind the number after.
// The error is that of ctx.
func (s *Station) WaitRecordings(ctx context.Context, after uint64) error {
	t := &s.recordings.told
	for {
		t.mu.Lock()
		count, wake := t.count, t.wake
		t.mu.Unlock()
		if count > after {
			return nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
