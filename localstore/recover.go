package localstore

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"
)

// A recovery is what a journal holds beyond bbolt.
type recovery struct {
	records []pending // in order
	extents []extent  // their blocks, oldest first
	number  uint64    // the greatest of any block
	top     int64     // no header stands from here on
	gap     error     // the fault of acknowledged records that are lost; else nil
	older   bool      // there are blocks of an older form, all of them in bbolt
}

// A journalForm is the version of blocks and how their records are read.
type journalForm struct {
	version byte
	decode  decoder
}

// A block is a header and where it stands.
type block struct {
	header
	offset int64
}

// recoverJournal reads the journal of store id, whose bbolt ends at head. It
// changes nothing. What it finds is told by the sequence numbers alone, since
// blocks of older rounds stand between those of the last one:
//
//   - A block up to head is in bbolt.
//   - A block that a later one counts again from failed, and was not
//     acknowledged.
//   - The newest block may be torn; then it was not acknowledged either.
//   - Any other that is missing or torn was acknowledged, and leaves a gap. The
//     records on both sides of it are kept, and whoever reads across meets it.
//
// Errors are store_corrupt for the journal of another store, store_newer, and
// those of reading.
func recoverJournal(r io.ReaderAt, size int64, id string, head uint64, form journalForm) (found recovery, err error) {
	blocks, err := scan(r, size)
	if err != nil {
		return found, err
	}
	for _, b := range blocks {
		found.number, found.top = max(found.number, b.number), max(found.top, b.offset+journalPage)
		switch {
		case b.version > form.version:
			return found, newerFault(fmt.Errorf("journal of version %d", b.version))
		case b.id != id:
			return found, corruptFault(errors.New("the journal is that of another store"))
		case b.version < form.version && b.version > 0 && b.last <= head:
			found.older = true // left by a migration that was interrupted
		case b.version < form.version || b.first < firstSequence || b.last < b.first:
			return found, corruptFault(fmt.Errorf("block %d of the journal is not valid", b.number))
		}
	}
	expected := head + 1
	for _, b := range standing(blocks, head) {
		records, err := b.records(r, size, form.decode)
		if err != nil {
			return found, err
		}
		if records == nil {
			continue // torn; if it was acknowledged, what follows finds the gap
		}
		if b.first != expected && found.gap == nil {
			found.gap = gapFault(expected, b.first)
		}
		expected = b.last + 1
		found.records = append(found.records, records...)
		found.extents = append(found.extents, extent{offset: b.offset, end: b.offset + b.length(), last: b.last})
	}
	return found, nil
}

// scan finds all headers, at any page: an old block may be overwritten in part.
func scan(r io.ReaderAt, size int64) (blocks []block, err error) {
	buffer := make([]byte, min(size, 64*journalPage))
	for at := int64(0); at < size; at += int64(len(buffer)) {
		pages := buffer[:min(size-at, int64(len(buffer)))]
		if err := readFull(r, pages, at); err != nil {
			return nil, err
		}
		for offset := 0; offset < len(pages); offset += journalPage {
			if h, ok := parseHeader(pages[offset:]); ok {
				blocks = append(blocks, block{header: h, offset: at + int64(offset)})
			}
		}
	}
	return blocks, nil
}

// standing leaves the blocks beyond head that no later one has replaced, in
// order. bbolt takes blocks as a whole: one that begins before head and ends
// after it was replaced, too.
func standing(blocks []block, head uint64) (kept []block) {
	slices.SortFunc(blocks, func(a, b block) int { return cmp.Compare(b.number, a.number) })
	replaced := uint64(math.MaxUint64)
	for _, b := range blocks {
		if b.last < replaced && b.first > head {
			kept = append(kept, b)
		}
		replaced = min(replaced, b.first)
	}
	slices.Reverse(kept)
	return kept
}

// records reads what b holds: none when it is torn or damaged.
func (b block) records(r io.ReaderAt, size int64, decode decoder) ([]pending, error) {
	if b.size == 0 || b.offset+b.length() > size {
		return nil, nil
	}
	pages := make([]byte, b.length())
	if err := readFull(r, pages, b.offset); err != nil {
		return nil, err
	}
	payload := pages[:0]
	for at := 0; at < len(pages); at += journalPage {
		skip := 1
		if at == 0 {
			skip = blockHeader
		}
		payload = append(payload, pages[at+skip:at+journalPage]...)
	}
	payload = payload[:b.size]
	if crc32.Checksum(payload, castagnoli) != b.sum {
		return nil, nil
	}
	return b.split(payload, decode)
}

// split cuts payload into its records, whose numbers must be those of b.
func (b block) split(payload []byte, decode decoder) (records []pending, err error) {
	next := b.first
	for len(payload) > 0 {
		length, n := binary.Uvarint(payload)
		if n <= 0 || length > uint64(len(payload)-n) {
			return nil, corruptFault(fmt.Errorf("block %d of the journal has a record without end", b.number))
		}
		value := payload[n : n+int(length) : n+int(length)]
		payload = payload[n+int(length):]
		record, err := decode(logKey(next), value)
		if err != nil {
			return nil, err
		}
		records = append(records, pending{Record: record, value: value})
		next = record.Last() + 1
	}
	if next != b.last+1 {
		return nil, corruptFault(fmt.Errorf("block %d of the journal ends at %d instead of %d", b.number, next-1, b.last))
	}
	return records, nil
}

func readFull(r io.ReaderAt, p []byte, at int64) error {
	n, err := r.ReadAt(p, at)
	if n == len(p) {
		return nil
	}
	return err
}
