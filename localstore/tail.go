package localstore

import (
	"bytes"
	"cmp"
	"slices"
	"sync"
)

// What may wait for bbolt: bytes of records, sealed and not, and of what each
// costs beside.
const (
	maxTail     = journalMax
	pendingCost = 64
)

// A pending record is durable in the journal, and perhaps not yet in bbolt.
type pending struct {
	Record
	value []byte // as bbolt will hold it
}

// clone is the record for somebody who may change it.
func (p pending) clone() Record {
	p.Data = bytes.Clone(p.Data)
	return p.Record
}

// An extent is where a block stands in the journal.
type extent struct {
	offset, end int64
	last        uint64 // sequence number of its last record
}

// The tail is the end of the log, which bbolt does not hold yet. Records are
// never changed, so a copy of the slice is a snapshot.
type tail struct {
	mu      sync.Mutex
	records []pending
	extents []extent // oldest first
	bytes   int      // see maxTail
	used    int64    // of the journal
}

func (t *tail) add(records []pending, extents ...extent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.records = append(t.records, records...)
	t.extents = append(t.extents, extents...)
	t.bytes += cost(records)
	for _, e := range extents {
		t.used += e.end - e.offset
	}
}

// drop forgets the records up to last, which bbolt holds now.
func (t *tail) drop(last uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := snapshot(t.records).search(last + 1)
	t.bytes -= cost(t.records[:n])
	t.records = slices.Clone(t.records[n:]) // the old array is not kept alive
	for len(t.extents) > 0 && t.extents[0].last <= last {
		t.used -= t.extents[0].end - t.extents[0].offset
		t.extents = t.extents[1:]
	}
}

func cost(records []pending) (bytes int) {
	for _, r := range records {
		bytes += len(r.value) + len(r.Data) + pendingCost
	}
	return bytes
}

func (t *tail) snapshot() snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.records[:len(t.records):len(t.records)]
}

func (t *tail) empty() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.records) == 0
}

// oldest is the records of the first blocks, about size bytes. A block is never
// divided: recovery relies on it.
func (t *tail) oldest(size int) (records snapshot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, bytes := 0, 0
	for _, e := range t.extents {
		end := snapshot(t.records).search(e.last) + 1
		if bytes += cost(t.records[n:end]); n > 0 && bytes > size {
			break
		}
		n = end
	}
	return t.records[:n:n]
}

// place finds room for length bytes in a ring of size bytes, the newest block
// of which ends at at. It never touches a block that bbolt may need.
func (t *tail) place(at, length, size int64) (offset int64, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.extents) == 0 {
		return 0, length <= size
	}
	oldest := t.extents[0].offset
	switch {
	case t.bytes >= maxTail:
		return 0, false
	case at <= oldest:
		return at, at+length <= oldest
	case at+length <= size:
		return at, true
	}
	return 0, length <= oldest
}

// urgent tells that bbolt should be given what waits, before the ring of size
// bytes is full.
func (t *tail) urgent(size int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bytes >= applyBytes || t.used >= size/4*3
}

// A snapshot is a tail at one moment, without gap unless the journal is
// damaged.
type snapshot []pending

// search is the index of the first record whose last number is at least
// sequence.
func (s snapshot) search(sequence uint64) int {
	n, _ := slices.BinarySearchFunc(s, sequence, func(r pending, sequence uint64) int {
		return cmp.Compare(r.Last(), sequence)
	})
	return n
}

// before is the last number that bbolt answers for, at most head.
func (s snapshot) before(head uint64) uint64 {
	if len(s) == 0 {
		return head
	}
	return min(head, s[0].First-1)
}

// seam reports that record i does not adjoin the one before it.
func (s snapshot) seam(i int) error {
	if i > 0 && s[i].First != s[i-1].Last()+1 {
		return gapFault(s[i-1].Last()+1, s[i].First)
	}
	return nil
}
