package localstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"
)

var le = binary.LittleEndian

// killed makes a store as a killed process leaves it: the first entries are in
// bbolt, the others in the journal alone, all in blocks of one page.
func killed(t *testing.T, inBbolt, inJournal int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "killed.db")
	s := openNew(t)
	for i := range inBbolt {
		mustAppend(t, s, 1, fmt.Sprint("record ", i+1))
	}
	mustApply(t, s)
	if err := s.claim(); err != nil {
		t.Fatal(err)
	}
	defer s.yield()
	for i := range inJournal {
		mustAppend(t, s, 1, fmt.Sprint("record ", inBbolt+i+1))
	}
	copyFile(t, s.path, path)
	copyFile(t, s.path+journalSuffix, path+journalSuffix)
	return path
}

// editJournal changes the pages of a journal.
func editJournal(t *testing.T, path string, fn func(page func(n int) []byte)) {
	t.Helper()
	content, err := os.ReadFile(path + journalSuffix)
	if err != nil {
		t.Fatal(err)
	}
	fn(func(n int) []byte { return content[n*journalPage : (n+1)*journalPage] })
	if err := os.WriteFile(path+journalSuffix, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// seal gives a changed header its sum.
func seal(page []byte) {
	le.PutUint32(page[76:], crc32.Checksum(page[:76], castagnoli))
}

// Three entries are in bbolt and four in the journal, where the first of them
// takes the place of the first of the others. A damaged one that another
// follows was acknowledged.
func TestOpen_FindsDamageInTheJournal(t *testing.T) {
	flip := func(n, at int) func(func(int) []byte) {
		return func(page func(int) []byte) { page(n)[at] ^= 1 }
	}
	for name, c := range map[string]struct {
		change func(page func(n int) []byte)
		good   int // records before the fault
		code   string
	}{
		"nothing":                         {func(func(int) []byte) {}, 7, ""},
		"payload of the first":            {flip(0, blockHeader+5), 3, CodeCorrupt},
		"payload between":                 {flip(1, blockHeader+5), 4, CodeCorrupt},
		"header between":                  {flip(2, 20), 5, CodeCorrupt},
		"magic between":                   {flip(2, 0), 5, CodeCorrupt},
		"one lost between":                {func(page func(int) []byte) { clear(page(1)) }, 4, CodeCorrupt},
		"the newest, which may be torn":   {flip(3, blockHeader+5), 6, ""},
		"what follows the newest":         {flip(3, blockHeader+400), 7, ""},
		"behind the newest":               {func(page func(int) []byte) { copy(page(9), "vljourn\x01 rubbish") }, 7, ""},
		"all lost":                        {func(page func(int) []byte) { clear(page(0)); clear(page(1)); clear(page(2)); clear(page(3)) }, 3, ""},
		"the order on the disk is no sin": {func(page func(int) []byte) { copy(page(8), page(1)); clear(page(1)) }, 7, ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := killed(t, 3, 4)
			editJournal(t, path, c.change)
			for range 2 { // the fault is still there when the journal is not
				s := open(t, path)
				records, err := s.Read(1, 100, 1<<20)
				wantCode(t, err, c.code)
				if len(records) != c.good {
					t.Errorf("%d records, want %d", len(records), c.good)
				}
				wantCode(t, s.Backward(func(Record) bool { return true }), c.code)
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestOpen_PassesOverWhatBboltHolds(t *testing.T) {
	for name, change := range map[string]func(page []byte){
		"damage":          func(page []byte) { page[blockHeader+5] ^= 1 },
		"a header":        func(page []byte) { page[9] ^= 1 },
		"an empty page":   func(page []byte) { clear(page) },
		"an intact block": func([]byte) {},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "copy.db")
			s := openNew(t)
			for i := range 4 {
				mustAppend(t, s, 1, fmt.Sprint(i))
			}
			mustApply(t, s)
			copyFile(t, s.path, path)
			copyFile(t, s.path+journalSuffix, path+journalSuffix)
			editJournal(t, path, func(page func(int) []byte) { change(page(1)) })
			if all := readAll(t, open(t, path)); len(all) != 4 {
				t.Errorf("%d records, want 4", len(all))
			}
		})
	}
}

func TestOpen_RefusesAJournalThatIsNotItsOwn(t *testing.T) {
	for name, c := range map[string]struct {
		change func(page []byte)
		code   string
	}{
		"of another store":   {func(page []byte) { page[40] ^= 1; seal(page) }, CodeCorrupt},
		"of a newer version": {func(page []byte) { page[7] = blockVersion + 1; seal(page) }, CodeNewer},
		"of version 0":       {func(page []byte) { page[7] = 0; seal(page) }, CodeCorrupt},
		"ends before it begins": {func(page []byte) {
			le.PutUint64(page[24:], 1)
			seal(page)
		}, CodeCorrupt},
		"begins with 0": {func(page []byte) {
			le.PutUint64(page[16:], 0)
			seal(page)
		}, CodeCorrupt},
		"holds fewer numbers than it says": {func(page []byte) {
			le.PutUint64(page[24:], 9)
			seal(page)
		}, CodeCorrupt},
		"a record of a newer version": {func(page []byte) {
			page[blockHeader+1] = valueSealed + 1
			size := le.Uint32(page[32:])
			le.PutUint32(page[36:], crc32.Checksum(page[blockHeader:blockHeader+size], castagnoli))
			seal(page)
		}, CodeNewer},
		"a record that was changed": {func(page []byte) {
			page[blockHeader+40] ^= 1
			size := le.Uint32(page[32:])
			le.PutUint32(page[36:], crc32.Checksum(page[blockHeader:blockHeader+size], castagnoli))
			seal(page)
		}, CodeCorrupt},
		"a block of an older version": {func(page []byte) { page[7] = blockVersion1; seal(page) }, CodeCorrupt},
		"a record without end": {func(page []byte) {
			page[blockHeader]++
			size := le.Uint32(page[32:])
			le.PutUint32(page[36:], crc32.Checksum(page[blockHeader:blockHeader+size], castagnoli))
			seal(page)
		}, CodeCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			path := killed(t, 3, 1)
			editJournal(t, path, func(page func(int) []byte) { c.change(page(0)) })
			before, err := os.ReadFile(path + journalSuffix)
			if err != nil {
				t.Fatal(err)
			}
			wantRefused(t, path, c.code)
			after, err := os.ReadFile(path + journalSuffix)
			if err != nil || !bytes.Equal(before, after) {
				t.Error("the journal was changed")
			}
		})
	}
}

// An older copy of bbolt beside the journal of a killed process lacks what is
// between them.
func TestOpen_MissesWhatAnOlderCopyLacks(t *testing.T) {
	s := openNew(t)
	path := filepath.Join(t.TempDir(), "older.db")
	mustAppend(t, s, 2, "in both")
	mustApply(t, s)
	copyFile(t, s.path, path)
	mustAppend(t, s, 1, "in bbolt")
	mustApply(t, s)
	mustAppend(t, s, 1, "in the same place of the journal")
	copyFile(t, s.path+journalSuffix, path+journalSuffix)
	records, err := open(t, path).Read(1, 100, 1<<20)
	wantCode(t, err, CodeCorrupt)
	if len(records) != 1 {
		t.Errorf("%d sound records, want 1", len(records))
	}
}

// A process may end while it makes the journal, grows or empties it.
func TestOpen_CompletesAShortJournal(t *testing.T) {
	for _, size := range []int64{0, 1, journalPage - 1, 3*journalPage + 7, journalInitial - 1, journalInitial + 5} {
		path := tenRecords(t)
		if err := os.Truncate(path+journalSuffix, size); err != nil {
			t.Fatal(err)
		}
		s := open(t, path)
		if first := mustAppend(t, s, 1, "goes on"); first != 21 || len(readAll(t, s)) != 11 {
			t.Errorf("size %d: appends at %d", size, first)
		}
		if s.journal.size != journalInitial {
			t.Errorf("size %d becomes %d", size, s.journal.size)
		}
	}
}

// After Close the file of bbolt is all, and the journal fits any copy of it.
func TestClose_LeavesEverythingToBbolt(t *testing.T) {
	path, backup := filepath.Join(t.TempDir(), "store.db"), filepath.Join(t.TempDir(), "backup.db")
	s := open(t, path)
	for i := range 10 {
		mustAppend(t, s, 1, fmt.Sprint(i))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	journal, err := os.ReadFile(path + journalSuffix)
	if err != nil || len(bytes.Trim(journal, "\x00")) > 0 || len(journal) != journalInitial {
		t.Errorf("the journal of %d bytes is not empty, error %v", len(journal), err)
	}
	copyFile(t, path, backup)
	s = open(t, path)
	for i := range 300 {
		mustAppend(t, s, 1, fmt.Sprint(10+i))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	alone := open(t, backup) // without a journal
	if all := readAll(t, alone); len(all) != 10 {
		t.Errorf("the copy has %d records, want 10", len(all))
	}
	mustAppend(t, alone, 1, "goes on")
	if err := alone.Close(); err != nil {
		t.Fatal(err)
	}
	copyFile(t, backup, path) // restored over the newer one
	if all := readAll(t, open(t, path)); len(all) != 11 {
		t.Errorf("restored, it has %d records, want 11", len(all))
	}
}

// A commit failed and was tried again elsewhere, shorter; the second is in
// bbolt. What is left of the first is no record.
func TestRecover_ForgetsAFailedCommit(t *testing.T) {
	j := &journal{id: ringID}
	failed := bytes.Clone(j.encode([]pending{aRecord(t, 4, "a"), aRecord(t, 5, "b"), aRecord(t, 6, "c")}))
	for head, want := range map[uint64]int{3: 3, 4: 0, 5: 0, 6: 0} {
		found, err := recoverJournal(bytes.NewReader(failed), int64(len(failed)), ringID, head, unsealedForm)
		if err != nil || found.gap != nil || len(found.records) != want {
			t.Errorf("head %d: %d records, gap %v, error %v; want %d", head, len(found.records), found.gap, err, want)
		}
	}
}
