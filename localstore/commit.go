package localstore

import (
	"context"
	"runtime"
	"runtime/debug"
	"slices"
)

// The bounds of one block of the journal, and of what waits for the next.
const (
	maxBatch      = 1024
	maxBatchBytes = 4 << 20
)

// How often a commit gives way to others at most, and while none of them comes.
const (
	maxTurns  = 32
	idleTurns = 3
)

// A request is an entry that waits for a commit.
type request struct {
	pending // First and value are set before the answer
	content []byte
	ctx     context.Context
	done    chan error // takes one answer without blocking
}

// Append stores e and returns the first of its sequence numbers once it is
// durable. It waits while too many others do, as long as ctx lasts. When ctx
// ends first, its error is returned, and the entry may or may not be stored:
// whoever sends it again must reckon with a duplicate. The same holds for the
// faults of the disk, store_failed and disk_full, after which the store goes on
// as soon as the disk does. The other faults are store_invalid, store_corrupt
// (writing has ended for good) and ErrClosed.
func (s *Store) Append(ctx context.Context, e Entry) (first uint64, err error) {
	content, err := e.encode()
	if err != nil {
		return 0, err
	}
	r := &request{ctx: ctx, content: content}
	r.Count, r.Kind, r.Data = e.Count, e.Kind, slices.Clip(content[len(content)-len(e.Data):])
	if err := s.submit(r); err != nil {
		return 0, err
	}
	return r.First, nil
}

// submit has r committed and waits for the answer.
func (s *Store) submit(r *request) error {
	if err := s.state(); err != nil {
		return err
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	r.done = make(chan error, 1)
	select {
	case s.queue <- r:
	case <-r.ctx.Done():
		return r.ctx.Err()
	case <-s.quit:
		return ErrClosed
	case <-s.broken:
		return s.state()
	}
	if r.ctx.Done() == nil {
		return s.await(r)
	}
	// Nobody can leave a commit that hangs in the disk, so somebody else leads.
	answer := make(chan error, 1)
	go func() { answer <- s.await(r) }()
	select {
	case err := <-answer:
		return err
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// await returns the answer to r, which is in the queue. Whoever waits there
// while nobody commits does it for all: a lone writer pays for no change of
// goroutine, and several share their commits.
func (s *Store) await(r *request) error {
	lead := s.lead
	for {
		select {
		case err := <-r.done:
			return err
		case lead <- struct{}{}:
			if s.state() == nil {
				s.commitWaiting()
			} else {
				lead = nil
			}
			<-s.lead
			continue
		case <-s.done:
		case <-s.broken:
		}
		select {
		case err := <-r.done: // it was answered before the end
			return err
		default:
			return s.state()
		}
	}
}

// commitWaiting commits what is in the queue. The caller holds the lead.
func (s *Store) commitWaiting() {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	if s.crowded {
		s.letJoin()
	}
	batch := s.gather()
	s.crowded = len(batch) > 1
	s.commit(batch)
}

// letJoin gives way to those whom the last commit has just woken and who are
// about to append again, while more of them come. It doubles the groups, and
// waits for nobody.
func (s *Store) letJoin() {
	waiting, idle := len(s.queue), 0
	for turn := 0; turn < maxTurns && idle < idleTurns; turn++ {
		runtime.Gosched()
		idle++
		if n := len(s.queue); n > waiting {
			waiting, idle = n, 0
		}
	}
}

// gather takes what waits already, without waiting for more.
func (s *Store) gather() []*request {
	batch, size := []*request(nil), 0
	for len(batch) < maxBatch && size < maxBatchBytes {
		select {
		case r := <-s.queue:
			// Who has given up is not stored, as far as that can be known.
			if err := r.ctx.Err(); err != nil {
				r.done <- err
				continue
			}
			batch = append(batch, r)
			size += len(r.content)
		default:
			return batch
		}
	}
	return batch
}

// commit writes batch to the journal and answers all of it.
func (s *Store) commit(batch []*request) {
	if len(batch) == 0 {
		return
	}
	records, head, keys := make([]pending, len(batch)), s.head.Load(), s.keys.Load()
	for i, r := range batch {
		r.First = head + 1
		head = r.Last()
		r.value = keys.sealIn(r.content[len(r.content):], bucketLog, logKey(r.First), r.content)
		records[i] = r.pending
	}
	err := s.persist(records)
	if err == nil {
		s.publish(head)
	} else {
		s.log.Error("store: commit failed", "entries", len(batch), "error", err)
	}
	for _, r := range batch {
		r.done <- err
	}
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
