package localstore

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// The bounds of a group, which becomes one block of the journal.
const (
	maxBatch      = 1024
	maxBatchBytes = 4 << 20
)

// How long a commit gives way to others at most, and how often while none of
// them comes.
const (
	maxJoining = time.Millisecond
	idleTurns  = 3
)

// unanswered is what an append returns whose commit did not come to its end.
var unanswered = failedFault(errors.New("the commit did not end"))

// A request is an entry that waits for a commit.
type request struct {
	pending // First and value are set by the commit
	content []byte
	err     error // the answer; set before the group is done
}

// A group is the entries that share a commit. Whoever begins it has it
// committed for all.
type group struct {
	requests []*request // belong to the lead once the group is shut
	bytes    int
	shut     bool
	done     chan struct{} // closed once all of them are answered
}

// Append stores e and returns the first of its sequence numbers once it is
// durable. When ctx ends first, its error is returned, and the entry may or may
// not be stored: whoever sends it again must reckon with a duplicate. The same
// holds for the faults of the disk, store_failed and disk_full, after which the
// store goes on as soon as the disk does, and for store_corrupt, with which
// writing has ended for good. The others are store_invalid and ErrClosed.
func (s *Store) Append(ctx context.Context, e Entry) (first uint64, err error) {
	content, err := e.encode()
	if err != nil {
		return 0, err
	}
	r := &request{content: content, err: unanswered}
	r.Count, r.Kind, r.Data = e.Count, e.Kind, slices.Clip(content[len(content)-len(e.Data):])
	if err := s.submit(ctx, r); err != nil {
		return 0, err
	}
	return r.First, nil
}

// submit has r committed and waits for the answer.
func (s *Store) submit(ctx context.Context, r *request) error {
	if err := s.state(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	g, first := s.join(r)
	if first && ctx.Done() == nil {
		s.lead(g) // a lone writer pays for no change of goroutine
	} else if first {
		go s.lead(g) // nobody can leave a commit that hangs in the disk
	}
	select {
	case <-g.done:
		return r.err
	case <-ctx.Done():
		s.leave(g, r)
		return ctx.Err()
	case <-s.broken:
	}
	select {
	case <-g.done: // it was answered before the end
		return r.err
	default:
		return s.state()
	}
}

// join puts r into the group that is forming, or begins one.
func (s *Store) join(r *request) (g *group, first bool) {
	s.joining.Lock()
	defer s.joining.Unlock()
	g = s.forming
	if first = g == nil || len(g.requests) == maxBatch || g.bytes >= maxBatchBytes; first {
		g = &group{done: make(chan struct{})}
		s.forming = g
	}
	g.requests = append(g.requests, r)
	g.bytes += len(r.content)
	return g, first
}

// leave takes r out of g, unless it is too late for that.
func (s *Store) leave(g *group, r *request) {
	s.joining.Lock()
	defer s.joining.Unlock()
	if i := slices.Index(g.requests, r); i >= 0 && !g.shut {
		g.requests = slices.Delete(g.requests, i, i+1)
		g.bytes -= len(r.content)
	}
}

// size is how many have joined g.
func (s *Store) size(g *group) int {
	s.joining.Lock()
	defer s.joining.Unlock()
	return len(g.requests)
}

// shut has nobody join or leave g any more.
func (s *Store) shut(g *group) {
	s.joining.Lock()
	defer s.joining.Unlock()
	g.shut = true
	if s.forming == g {
		s.forming = nil
	}
}

// lead commits g as soon as nobody else commits, and answers all of it.
func (s *Store) lead(g *group) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	select {
	case s.leading <- struct{}{}:
		defer func() { <-s.leading }()
	case <-s.done:
	case <-s.broken:
	}
	defer close(g.done)
	err := s.state()
	if err == nil && s.crowded {
		s.letJoin(g)
	}
	s.shut(g)
	if err == nil {
		s.crowded = len(g.requests) > 1
		err = s.commit(g.requests)
	}
	for _, r := range g.requests {
		r.err = err
	}
}

// letJoin gives way to those whom the last commit has just woken and who are
// about to append again, while more of them come. It doubles the groups, and
// waits for nobody.
func (s *Store) letJoin(g *group) {
	began, joined, idle := time.Now(), s.size(g), 0
	for idle < idleTurns && time.Since(began) < maxJoining {
		runtime.Gosched()
		idle++
		if n := s.size(g); n > joined {
			joined, idle = n, 0
		}
	}
}

// commit gives requests their numbers and writes them to the journal. After a
// panic nobody knows what of them is there.
func (s *Store) commit(requests []*request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = s.breakDown(p)
		}
	}()
	if len(requests) == 0 {
		return nil
	}
	records, head, keys := make([]pending, len(requests)), s.head.Load(), s.keys.Load()
	for i, r := range requests {
		r.First = head + 1
		head = r.Last()
		r.value = keys.sealIn(r.content[len(r.content):], bucketLog, logKey(r.First), r.content)
		records[i] = r.pending
	}
	if err := s.persist(records); err != nil {
		s.log.Error("store: commit failed", "entries", len(records), "error", err)
		return err
	}
	s.publish(head)
	return nil
}

// persist returns once records are durable, and the tail holds them.
func (s *Store) persist(records []pending) error {
	block := s.journal.encode(records)
	offset, err := s.room(int64(len(block)))
	if err != nil {
		return err
	}
	if err := s.journal.write(offset, block); err != nil {
		return err
	}
	last := records[len(records)-1].Last()
	s.tail.add(records, extent{offset: offset, end: s.journal.at, last: last})
	s.signal(s.filled)
	if s.tail.urgent(s.journal.size) {
		s.signal(s.urgent)
	}
	return nil
}

// room finds length bytes in the journal. When it is full, whoever appends
// gives bbolt what waits, and gets the error if bbolt takes nothing.
func (s *Store) room(length int64) (offset int64, err error) {
	if s.damaged() {
		if err := s.apply(); err != nil {
			return 0, err
		}
	}
	if offset, ok := s.tail.place(s.journal.at, length, s.journal.size); ok {
		return offset, nil
	}
	if err = s.apply(); err == nil {
		// Only the lead fills the journal, so it is empty now.
		return 0, s.journal.grow(length)
	}
	if offset, ok := s.tail.place(s.journal.at, length, s.journal.size); ok {
		return offset, nil // bbolt has taken a part
	}
	return 0, err
}

// publish makes head known and wakes all who wait for it.
func (s *Store) publish(head uint64) {
	if head == s.head.Load() {
		return
	}
	s.head.Store(head)
	s.wakeMu.Lock()
	woken := s.changed
	s.changed = make(chan struct{})
	s.wakeMu.Unlock()
	close(woken)
}
