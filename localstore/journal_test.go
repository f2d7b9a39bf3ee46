package localstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var errDisk = errors.New("the disk fails")

// A memoryDisk is a disk that loses power. What was written and not flushed
// survives by sectors, in any order; after a failed flush the system takes what
// it could not write for clean, so that a later flush passes it over.
type memoryDisk struct {
	cached, durable []byte
	dirty           map[int]bool // sectors of cached
	failWrite       bool
	failSync        bool
}

const sector = 512

func (d *memoryDisk) ReadAt(p []byte, at int64) (int, error) {
	return bytes.NewReader(d.cached).ReadAt(p, at)
}

func (d *memoryDisk) WriteAt(p []byte, at int64) (int, error) {
	n := len(p)
	if d.failWrite {
		n /= 2
	}
	if end := int(at) + n; end > len(d.cached) {
		d.cached = append(d.cached, make([]byte, end-len(d.cached))...)
	}
	copy(d.cached[at:], p[:n])
	for s := int(at) / sector; s*sector < int(at)+n; s++ {
		d.dirty[s] = true
	}
	if d.failWrite {
		return n, errDisk
	}
	return n, nil
}

func (d *memoryDisk) Sync() error {
	if !d.failSync {
		d.flush(func(int) bool { return true })
		return nil
	}
	some := 0
	d.flush(func(int) bool { some++; return some%3 == 0 })
	return errDisk
}

// flush makes the dirty sectors that which chooses durable, and all clean.
func (d *memoryDisk) flush(which func(s int) bool) {
	d.durable = append(d.durable, make([]byte, max(0, len(d.cached)-len(d.durable)))...)
	for _, s := range slices.Sorted(maps.Keys(d.dirty)) {
		if which(s) {
			copy(d.durable[s*sector:], d.cached[s*sector:min(len(d.cached), (s+1)*sector)])
		}
	}
	clear(d.dirty)
}

func (d *memoryDisk) Truncate(size int64) error { d.cached = d.cached[:size]; return nil }
func (d *memoryDisk) Close() error              { return nil }

var _ disk = (*memoryDisk)(nil)

// A ring is a journal with its tail, and what a bbolt would hold.
type ring struct {
	disk    *memoryDisk
	journal *journal
	tail    tail
	head    uint64 // of bbolt
	acked   []pending
	refused [][]pending // tried since the last that was acknowledged
}

const ringID = "0b0e7a52-4c0f-4a9e-9d5e-3f8a3f1d2c44"

func newRing() *ring {
	d := &memoryDisk{dirty: map[int]bool{}}
	r := &ring{disk: d, journal: &journal{file: d, id: ringID}}
	if err := r.journal.zero(0, 6*journalPage); err != nil {
		panic(err)
	}
	r.journal.size = 6 * journalPage
	return r
}

func (r *ring) last() uint64 {
	if len(r.acked) == 0 {
		return r.head
	}
	return r.acked[len(r.acked)-1].Last()
}

func drawRecords(t *rapid.T, first uint64) (records []pending) {
	for range rapid.IntRange(1, 3).Draw(t, "records") {
		e := drawEntry(t)
		if len(e.Data) > 6000 {
			e.Data = e.Data[:6000]
		}
		r := unsealed(t, first, e)
		records = append(records, r)
		first = r.Last() + 1
	}
	return records
}

func (r *ring) commit(t *rapid.T) {
	records := drawRecords(t, r.last()+1)
	block := r.journal.encode(records)
	length := int64(len(block))
	offset, ok := r.tail.place(r.journal.at, length, r.journal.size)
	if !ok {
		if r.apply(1 << 30); length > r.journal.size {
			return
		}
		offset = 0
	}
	r.disk.failWrite = rapid.IntRange(0, 4).Draw(t, "fail write") == 0
	r.disk.failSync = rapid.IntRange(0, 4).Draw(t, "fail sync") == 0
	err := r.journal.write(offset, block)
	if wanted := r.disk.failWrite || r.disk.failSync; wanted != (err != nil) {
		t.Fatalf("write gives %v", err)
	}
	r.disk.failWrite, r.disk.failSync = false, false
	if err != nil {
		r.refused = append(r.refused, records)
		return
	}
	r.refused = nil
	r.tail.add(records, extent{offset: offset, end: r.journal.at, last: records[len(records)-1].Last()})
	r.acked = append(r.acked, records...)
}

func (r *ring) apply(size int) {
	records := r.tail.oldest(size)
	if len(records) == 0 {
		return
	}
	r.head = records[len(records)-1].Last()
	r.tail.drop(r.head)
	r.acked = r.acked[len(records):]
}

// recover goes on from what is on the disk. What was acknowledged is there, in
// order; one refused commit may follow, as a whole.
func (r *ring) recover(t *rapid.T) {
	found, err := recoverJournal(bytes.NewReader(r.disk.cached), int64(len(r.disk.cached)), ringID, r.head, unsealedForm)
	if err != nil || found.gap != nil {
		t.Fatal(err, found.gap)
	}
	n := len(r.acked)
	if len(found.records) < n {
		t.Fatalf("%d of %d acknowledged records are there", len(found.records), n)
	}
	same(t, plain(found.records[:n]), plain(r.acked))
	if extra := plain(found.records[n:]); len(extra) > 0 {
		which := slices.IndexFunc(r.refused, func(tried []pending) bool {
			return fmt.Sprint(plain(tried)) == fmt.Sprint(extra)
		})
		if which < 0 {
			t.Fatalf("%d records are there that nobody committed", len(extra))
		}
		r.refused = nil
	}
	r.acked = found.records
	r.tail = tail{}
	r.tail.add(found.records, found.extents...)
	r.journal = &journal{file: r.disk, id: ringID, size: r.journal.size, number: found.number}
	if err := r.journal.renew(found.extents); err != nil {
		t.Fatal(err)
	}
}

func plain(records []pending) (all []Record) {
	for _, r := range records {
		all = append(all, r.Record)
	}
	return all
}

// TestJournal_KeepsWhatItAcknowledged commits with a disk that fails, kills the
// process and cuts the power, in any order.
func TestJournal_KeepsWhatItAcknowledged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRing()
		t.Repeat(map[string]func(*rapid.T){
			"commit":  r.commit,
			"commit2": r.commit,
			"commit3": r.commit,
			"apply":   func(t *rapid.T) { r.apply(rapid.IntRange(0, 20_000).Draw(t, "bytes")) },
			"kill":    r.recover,
			"power cut": func(t *rapid.T) {
				torn := drawRecords(t, r.last()+1)
				block := r.journal.encode(torn)
				if offset, ok := r.tail.place(r.journal.at, int64(len(block)), r.journal.size); ok {
					if _, err := r.disk.WriteAt(block, offset); err != nil {
						t.Fatal(err)
					}
					r.refused = append(r.refused, torn)
				}
				mix := rapid.Uint64().Draw(t, "sectors")
				r.disk.flush(func(s int) bool { return mix>>(s%64)&1 == 1 })
				r.disk.cached = bytes.Clone(r.disk.durable)
				r.recover(t)
			},
		})
	})
}

func TestBlock_TakesWholePages(t *testing.T) {
	j := &journal{id: ringID}
	first := journalPage - blockHeader
	for size, pages := range map[int]int{
		3: 1, first: 1, first + 1: 2, first + journalPage - 1: 2, first + journalPage: 3, MaxData: 4098,
	} {
		// A value so long that with its length before it the records take size.
		value := make([]byte, size)
		value = value[:size-len(lengthOf(size))]
		value = value[:size-len(lengthOf(len(value)))]
		copy(value, []byte{plainVersion1, 7, 1})
		if size == 3 {
			value = []byte{plainVersion1, 7, 1}
		}
		record, err := decodeFormat1(logKey(9), value)
		if err != nil {
			t.Fatal(err)
		}
		block := j.encode([]pending{{Record: record, value: value}})
		if len(block) != pages*journalPage {
			t.Errorf("%d bytes of records take %d bytes, want %d pages", size, len(block), pages)
		}
		for at := journalPage; at < len(block); at += journalPage {
			if block[at] != 0 {
				t.Fatalf("a further page starts with %x", block[at])
			}
		}
		found, err := recoverJournal(bytes.NewReader(block), int64(len(block)), ringID, 8, unsealedForm)
		if err != nil || found.gap != nil || len(found.records) != 1 || !bytes.Equal(found.records[0].value, value) {
			t.Errorf("%d bytes do not come back: %d records, error %v %v", size, len(found.records), err, found.gap)
		}
	}
}

// A device may send what looks like a block; it is not taken for one, even when
// the block that holds it is torn.
func TestRecover_IsNotFooledByAPayload(t *testing.T) {
	j := &journal{id: ringID, number: 100}
	forged := bytes.Clone(j.encode([]pending{aRecord(t, 2, "forged")}))
	j.number = 0
	for shift := range 3 {
		payload := bytes.Repeat([]byte{'x'}, journalPage-blockHeader-shift)
		for range 3 {
			payload = append(payload, forged...)
		}
		block := j.encode([]pending{aRecord(t, 1, string(payload))})
		block[3] ^= 1
		found, err := recoverJournal(bytes.NewReader(block), int64(len(block)), ringID, 0, unsealedForm)
		if err != nil || len(found.records) > 0 || found.gap != nil {
			t.Errorf("%d records, gap %v, error %v", len(found.records), found.gap, err)
		}
	}
}

func aRecord(t testing.TB, first uint64, data string) pending {
	t.Helper()
	return unsealed(t, first, Entry{Kind: 7, Count: 1, Data: []byte(data)})
}

// unsealed is e as a journal holds it for which unsealedForm stands.
func unsealed(t interface{ Fatal(...any) }, first uint64, e Entry) pending {
	content, err := e.encode()
	if err != nil {
		t.Fatal(err)
	}
	value := append([]byte{plainVersion1}, content...)
	r, err := decodeFormat1(logKey(first), value)
	if err != nil {
		t.Fatal(err)
	}
	return pending{Record: r, value: value}
}

// unsealedForm is for what a journal does whatever its values are.
var unsealedForm = journalForm{blockVersion, decodeFormat1}

func TestRecover_ReportsADiskThatCannotBeRead(t *testing.T) {
	short := io.NewSectionReader(bytes.NewReader(make([]byte, 100)), 0, 100)
	if _, err := recoverJournal(short, journalPage, ringID, 0, unsealedForm); err == nil {
		t.Error("no error")
	}
}

func lengthOf(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }
