package localstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The limits of one entry. They keep a transaction, and what one Read can
// return, of a known size.
const (
	MaxCount = 10_000   // sequence numbers of one entry
	MaxData  = 16 << 20 // bytes of payload of one entry
)

// valuePlain is the version of a value whose payload is neither encrypted nor
// compressed.
const valuePlain = 1

// firstSequence is the number of the first entry of a log.
const firstSequence = 1

// An Entry is one message to append.
type Entry struct {
	Kind  byte   // what Data is; the store gives it no meaning
	Count int    // how many consecutive sequence numbers it takes: 1 to MaxCount
	Data  []byte // at most MaxData bytes; may be empty
}

// A Record is an Entry as the log holds it, numbers First to Last.
type Record struct {
	First uint64
	Count int
	Kind  byte
	Data  []byte // the caller's own copy
}

// Last is the last sequence number of the record.
func (r Record) Last() uint64 { return r.First + uint64(r.Count) - 1 }

func logKey(sequence uint64) []byte { return binary.BigEndian.AppendUint64(nil, sequence) }

// encode makes the value of e in the log. It copies Data, which belongs to a
// caller who may be gone before the value is written.
func (e Entry) encode() ([]byte, error) {
	if e.Count < 1 || e.Count > MaxCount {
		return nil, invalidFault(fmt.Sprintf("entry of %d sequence numbers: 1 to %d are possible", e.Count, MaxCount))
	}
	if len(e.Data) > MaxData {
		return nil, invalidFault(fmt.Sprintf("entry of %d bytes: at most %d are possible", len(e.Data), MaxData))
	}
	value := make([]byte, 0, 2+binary.MaxVarintLen16+len(e.Data))
	value = append(value, valuePlain, e.Kind)
	value = binary.AppendUvarint(value, uint64(e.Count))
	return append(value, e.Data...), nil
}

// decode reads one pair of the log. Data still points into value.
func decode(key, value []byte) (Record, error) {
	if len(key) != 8 {
		return Record{}, corruptFault(fmt.Errorf("log key of %d bytes", len(key)))
	}
	first := binary.BigEndian.Uint64(key)
	if first < firstSequence || first > math.MaxUint64-MaxCount {
		return Record{}, corruptFault(fmt.Errorf("record %d is out of range", first))
	}
	rest, err := unwrap(value)
	if err != nil {
		return Record{}, fmt.Errorf("record %d: %w", first, err)
	}
	if len(rest) == 0 {
		return Record{}, corruptFault(fmt.Errorf("record %d is cut short", first))
	}
	count, n := binary.Uvarint(rest[1:])
	if n <= 0 || count < 1 || count > MaxCount {
		return Record{}, corruptFault(fmt.Errorf("record %d has no valid count", first))
	}
	return Record{First: first, Count: int(count), Kind: rest[0], Data: rest[1+n:]}, nil
}

// unwrap checks the version of a value and returns what follows it.
func unwrap(value []byte) ([]byte, error) {
	switch {
	case len(value) == 0 || value[0] == 0:
		return nil, corruptFault(errors.New("value without a version"))
	case value[0] > valuePlain:
		return nil, newerFault(fmt.Errorf("value of version %d", value[0]))
	}
	return value[1:], nil
}

func (r Record) clone() Record {
	r.Data = bytes.Clone(r.Data)
	return r
}
