package station

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"
)

// Which software has received what is kept in the store, each under a hash of
// its name, with the head of the log of the last clean end.
const (
	receiversBucket = "receivers"
	cleanKey        = "clean"
	mostReceivers   = 64  // those that were there longest ago are forgotten
	mostSpans       = 512 // of each; then the oldest become one
	unsaved         = 2 * time.Minute
)

// A Software receives measurements. The zero value is any program of this
// computer that presents no token.
type Software struct {
	Origin string `json:"origin,omitempty"` // of a web page
	Token  string `json:"token,omitempty"`  // the name of the token that it presented
}

// A Receiver is a Software that has received something, and when it last did.
type Receiver struct {
	Software
	Last time.Time `json:"last"`
}

// A reception is what one software has received.
type reception struct {
	Receiver
	Spans []numbers `json:"spans"` // in order, none touches another
	dirty bool
}

// numbers are those of measurements, from First to Last.
type numbers struct{ First, Last uint64 }

type receivers struct {
	mu  sync.Mutex
	all map[Software]*reception
}

// load reads what is known. After a crash, who received shortly before it counts
// as having received all that there is: rather one name too many than too few.
func (r *receivers) load(s *Station) error {
	r.all = map[Software]*reception{}
	clean := false
	err := s.store.Each(receiversBucket, func(key string, value []byte) bool {
		one := &reception{}
		if key == cleanKey {
			clean = sequenceOf(value) == s.Head()
		} else if err := json.Unmarshal(value, one); err != nil {
			s.log.Warn("what a software has received cannot be read", "error", err)
		} else {
			r.all[one.Software] = one
		}
		return true
	})
	for _, one := range r.all {
		if n := len(one.Spans); n > 0 && !clean && s.newestAtOpen.Sub(one.Last) < unsaved {
			one.take(numbers{one.Spans[n-1].First, s.Head()})
		}
	}
	return err
}

// NoteReceived notes that who has received what stands in the log from first to
// last.
func (s *Station) NoteReceived(who Software, first, last uint64) {
	r := &s.receivers
	r.mu.Lock()
	one, known := r.all[who]
	if !known {
		one = &reception{Receiver: Receiver{Software: who}}
		r.all[who] = one
	}
	one.take(numbers{first, last})
	one.Last = s.now()
	r.mu.Unlock()
	if known {
		return
	}
	s.board.changed()
	if err := s.saveReceivers(); err != nil {
		s.log.Warn("noting who receives measurements; trying again", "error", err)
	}
}

// take adds more, which mostly stands behind the rest.
func (one *reception) take(more numbers) {
	one.dirty = true
	spans := one.Spans
	from, _ := slices.BinarySearchFunc(spans, more.First, func(n numbers, first uint64) int {
		return cmp.Compare(n.Last+1, first)
	})
	to := from
	for to < len(spans) && spans[to].First <= more.Last+1 {
		more = numbers{min(more.First, spans[to].First), max(more.Last, spans[to].Last)}
		to++
	}
	spans = slices.Replace(spans, from, to, more)
	if len(spans) > mostSpans {
		spans = slices.Replace(spans, 0, 2, numbers{spans[0].First, spans[1].Last})
	}
	one.Spans = spans
}

func (one *reception) has(seq uint64) bool {
	_, found := slices.BinarySearchFunc(one.Spans, seq, func(n numbers, seq uint64) int {
		switch {
		case n.Last < seq:
			return -1
		case n.First > seq:
			return 1
		}
		return 0
	})
	return found
}

// ReceivedBy is the software that has received some version of the measurement
// seq, the latest there first: whom to tell that it was corrected. A bounded
// memory may name one that has not, of what was long ago.
func (s *Station) ReceivedBy(seq uint64) []Receiver {
	return s.receivers.list(func(one *reception) bool { return one.has(seq) })
}

// Receivers is all software that has received measurements, the latest first.
func (s *Station) Receivers() []Receiver {
	return s.receivers.list(func(*reception) bool { return true })
}

func (r *receivers) list(wanted func(*reception) bool) (list []Receiver) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.all {
		if wanted(one) {
			list = append(list, one.Receiver)
		}
	}
	slices.SortFunc(list, func(a, b Receiver) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Token, b.Token))
	})
	return list
}

// saveReceivers writes what is new.
func (s *Station) saveReceivers() error {
	r := &s.receivers
	gone := r.makeRoom(s.First())
	r.mu.Lock()
	values := map[Software][]byte{}
	var failed error
	for who, one := range r.all {
		if one.dirty {
			value, err := json.Marshal(one)
			failed = errors.Join(failed, err)
			values[who], one.dirty = value, false
		}
	}
	r.mu.Unlock()
	for who, value := range values {
		if err := s.store.Put(receiversBucket, s.receiverKey(who), value); err != nil {
			failed = errors.Join(failed, err)
			r.mu.Lock()
			if one := r.all[who]; one != nil {
				one.dirty = true
			}
			r.mu.Unlock()
		}
	}
	for _, who := range gone {
		failed = errors.Join(failed, s.store.Delete(receiversBucket, s.receiverKey(who)))
	}
	return failed
}

// makeRoom forgets what is before the first number of the log, and the software
// that was there longest ago when there is too much.
func (r *receivers) makeRoom(first uint64) (gone []Software) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.all {
		one.Spans = slices.DeleteFunc(one.Spans, func(n numbers) bool { return n.Last < first })
	}
	for len(r.all) > mostReceivers {
		var oldest *reception
		for _, one := range r.all {
			if oldest == nil || one.Last.Before(oldest.Last) {
				oldest = one
			}
		}
		delete(r.all, oldest.Software)
		gone = append(gone, oldest.Software)
	}
	return gone
}

// closeReceivers writes all, and that nothing is missing.
func (s *Station) closeReceivers() error {
	if err := s.saveReceivers(); err != nil {
		return err
	}
	head := sequence(s.Head())
	if at, _, err := s.store.Get(receiversBucket, cleanKey); err != nil || slices.Equal(at, head) {
		return err
	}
	return s.store.Put(receiversBucket, cleanKey, head)
}

func (s *Station) receiverKey(who Software) string {
	return hex.EncodeToString(s.store.Pseudonym("receiver", who.Origin+"\x00"+who.Token))
}
