package localstore

import (
	"bytes"
	"hash/crc32"
	"testing"
)

// FuzzJournal recovers from any bytes. With sealed, sums are made right first,
// so that what they would refuse is read, too.
func FuzzJournal(f *testing.F) {
	j := &journal{id: ringID}
	one := bytes.Clone(j.encode([]pending{aRecord(f, 1, "one")}))
	two := bytes.Clone(j.encode([]pending{aRecord(f, 2, "two"), aRecord(f, 3, "three")}))
	long := bytes.Clone(j.encode([]pending{aRecord(f, 4, string(bytes.Repeat([]byte("long"), 2000)))}))
	f.Add(uint64(0), bytes.Join([][]byte{one, two, long}, nil), true)
	f.Add(uint64(1), bytes.Join([][]byte{long, one, two}, nil), false)
	f.Add(uint64(0), bytes.Join([][]byte{one, long}, nil), true)
	f.Add(uint64(3), bytes.Join([][]byte{long[:journalPage], one, long[journalPage:]}, nil), true)
	f.Add(^uint64(0), two, true)
	f.Fuzz(func(t *testing.T, head uint64, content []byte, sealed bool) {
		size := len(content) / journalPage * journalPage
		for at := 0; sealed && at < size; at += journalPage {
			sealBlock(content[at:size])
		}
		found, err := recoverJournal(bytes.NewReader(content), int64(size), ringID, head, unsealedForm)
		if err != nil {
			wantOneOf(t, err, CodeCorrupt, CodeNewer)
		}
		last, gap := head, false
		for _, r := range found.records {
			if r.First <= last || r.Count < 1 || r.Count > MaxCount {
				t.Fatalf("record %d of %d numbers follows %d", r.First, r.Count, last)
			}
			gap = gap || r.First != last+1
			last = r.Last()
		}
		if err == nil && gap != (found.gap != nil) {
			t.Fatalf("a gap: %t, reported: %v", gap, found.gap)
		}
		for _, e := range found.extents {
			if e.offset < 0 || e.end > int64(size) || e.offset%journalPage != 0 || e.end%journalPage != 0 || e.offset >= e.end {
				t.Fatalf("block at %d to %d of %d", e.offset, e.end, size)
			}
		}
	})
}

// sealBlock gives the block at the start of content the sums that it should
// have.
func sealBlock(content []byte) {
	if string(content[:len(blockMagic)]) != blockMagic {
		return
	}
	h := header{size: le.Uint32(content[32:])}
	if length := h.length(); length <= int64(len(content)) {
		var w pager
		w.block = make([]byte, blockHeader)
		payload := content[blockHeader:journalPage]
		for at := journalPage; at < int(length); at += journalPage {
			payload = append(bytes.Clone(payload), content[at+1:at+journalPage]...)
		}
		w.add(payload[:min(int(h.size), len(payload))])
		le.PutUint32(content[36:], w.sum)
	}
	le.PutUint32(content[76:], crc32.Checksum(content[:76], castagnoli))
}

func wantOneOf(t *testing.T, err error, codes ...string) {
	t.Helper()
	for _, code := range codes {
		if codeIs(err, code) {
			return
		}
	}
	t.Fatal(err)
}
