package localstore

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The limits of one entry. They keep a transaction, and what one Read can
// return, of a known size.
const (
	MaxCount = 10_000   // sequence numbers of one entry
	MaxData  = 16 << 20 // bytes of payload of one entry
)

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

// encode makes what is sealed of e, with as much room behind it as that takes. It
// copies Data, which belongs to a caller who may be gone before that.
func (e Entry) encode() ([]byte, error) {
	if e.Count < 1 || e.Count > MaxCount {
		return nil, invalidFault(fmt.Sprintf("entry of %d sequence numbers: 1 to %d are possible", e.Count, MaxCount))
	}
	if len(e.Data) > MaxData {
		return nil, invalidFault(fmt.Sprintf("entry of %d bytes: at most %d are possible", len(e.Data), MaxData))
	}
	size := 1 + binary.MaxVarintLen16 + len(e.Data)
	content := make([]byte, 0, size+sealedCost+size)
	content = append(content, e.Kind)
	content = binary.AppendUvarint(content, uint64(e.Count))
	return append(content, e.Data...), nil
}

// A decoder reads one pair of the log.
type decoder func(key, value []byte) (Record, error)

// decode reads one pair of the log. Data is in memory of its own.
func (k *keys) decode(key, value []byte) (Record, error) {
	content, err := k.open(bucketLog, key, value)
	if err != nil {
		return Record{}, fmt.Errorf("record %x: %w", key, err)
	}
	return parseRecord(key, content)
}

// parseRecord reads what encode has made. Data points into content.
func parseRecord(key, content []byte) (Record, error) {
	if len(key) != 8 {
		return Record{}, corruptFault(fmt.Errorf("log key of %d bytes", len(key)))
	}
	first := binary.BigEndian.Uint64(key)
	if first < firstSequence || first > math.MaxUint64-MaxCount {
		return Record{}, corruptFault(fmt.Errorf("record %d is out of range", first))
	}
	if len(content) == 0 {
		return Record{}, corruptFault(fmt.Errorf("record %d is cut short", first))
	}
	count, n := binary.Uvarint(content[1:])
	if n <= 0 || count < 1 || count > MaxCount {
		return Record{}, corruptFault(fmt.Errorf("record %d has no valid count", first))
	}
	return Record{First: first, Count: int(count), Kind: content[0], Data: content[1+n:]}, nil
}
