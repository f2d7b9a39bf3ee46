package localstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// tenRecords makes a closed store of ten records, of two numbers each.
func tenRecords(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	for i := range 10 {
		mustAppend(t, s, 2, fmt.Sprint("record ", i))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// edit changes a closed store with bbolt alone.
func edit(t *testing.T, path string, fn func(tx *bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(fn); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRead_ReportsADamagedSequence(t *testing.T) {
	value := func(version, count byte) []byte { return []byte{version, 7, count, 'x'} }
	for name, c := range map[string]struct {
		change func(log *bolt.Bucket) error
		good   int // records before the damage
		code   string
	}{
		"a record is missing":         {func(log *bolt.Bucket) error { return log.Delete(logKey(9)) }, 4, CodeCorrupt},
		"a record holds too many":     {func(log *bolt.Bucket) error { return log.Put(logKey(9), value(1, 3)) }, 5, CodeCorrupt},
		"a record holds too few":      {func(log *bolt.Bucket) error { return log.Put(logKey(9), value(1, 1)) }, 5, CodeCorrupt},
		"a record between":            {func(log *bolt.Bucket) error { return log.Put(logKey(10), value(1, 1)) }, 5, CodeCorrupt},
		"count of 0":                  {func(log *bolt.Bucket) error { return log.Put(logKey(9), value(1, 0)) }, 4, CodeCorrupt},
		"count cut short":             {func(log *bolt.Bucket) error { return log.Put(logKey(9), []byte{1, 7, 0x80}) }, 4, CodeCorrupt},
		"count beyond the limit":      {func(log *bolt.Bucket) error { return log.Put(logKey(9), []byte{1, 7, 0xff, 0xff, 0x7f}) }, 4, CodeCorrupt},
		"kind and count missing":      {func(log *bolt.Bucket) error { return log.Put(logKey(9), []byte{1}) }, 4, CodeCorrupt},
		"empty value":                 {func(log *bolt.Bucket) error { return log.Put(logKey(9), []byte{}) }, 4, CodeCorrupt},
		"version 0":                   {func(log *bolt.Bucket) error { return log.Put(logKey(9), value(0, 2)) }, 4, CodeCorrupt},
		"version of a newer Vitalien": {func(log *bolt.Bucket) error { return log.Put(logKey(9), value(2, 2)) }, 4, CodeNewer},
		"a key of another length":     {func(log *bolt.Bucket) error { return log.Put(append(logKey(9), 0), value(1, 2)) }, 5, CodeCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			path := tenRecords(t)
			edit(t, path, func(tx *bolt.Tx) error { return c.change(tx.Bucket(bucketLog)) })
			s := open(t, path)
			good := 0
			next := uint64(1)
			for {
				records, err := s.Read(next, 3, 1<<20)
				good += len(records)
				if err != nil {
					wantCode(t, err, c.code)
					break
				}
				if len(records) == 0 {
					t.Fatal("the damage was passed over")
				}
				next = records[len(records)-1].Last() + 1
			}
			if good != c.good {
				t.Errorf("%d records before the fault, want %d", good, c.good)
			}
			wantCode(t, s.Backward(func(r Record) bool { return r.First > 1 }), c.code)
			if first := mustAppend(t, s, 1, "goes on"); first != 21 {
				t.Errorf("appends at %d", first)
			}
		})
	}
}

// Damage may lie exactly where one call has ended and the next begins.
func TestRead_ChecksTheSeamBetweenTwoCalls(t *testing.T) {
	for name, change := range map[string]func(log *bolt.Bucket) error{
		"gap":     func(log *bolt.Bucket) error { return log.Delete(logKey(9)) },
		"overlap": func(log *bolt.Bucket) error { return log.Put(logKey(9), []byte{1, 7, 3}) },
	} {
		t.Run(name, func(t *testing.T) {
			path := tenRecords(t)
			edit(t, path, func(tx *bolt.Tx) error { return change(tx.Bucket(bucketLog)) })
			records, err := open(t, path).Read(11, 1, 1)
			if wantCode(t, err, CodeCorrupt); len(records) > 0 {
				t.Errorf("it returns record %d", records[0].First)
			}
		})
	}
}

func TestOpen_RefusesWhatItCannotKeep(t *testing.T) {
	for name, c := range map[string]struct {
		change func(tx *bolt.Tx) error
		code   string
	}{
		"newer format":      {func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyFormat, []byte{2}) }, CodeNewer},
		"much newer format": {func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyFormat, []byte{1, 0}) }, CodeNewer},
		"format 0":          {func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyFormat, []byte{0}) }, CodeCorrupt},
		"no format":         {func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyFormat) }, CodeCorrupt},
		"no id":             {func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyID) }, CodeCorrupt},
		"no meta":           {func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketMeta) }, CodeCorrupt},
		"no log":            {func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketLog) }, CodeCorrupt},
		"no settings":       {func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketSettings) }, CodeCorrupt},
		"first record lost": {func(tx *bolt.Tx) error { return tx.Bucket(bucketLog).Delete(logKey(1)) }, CodeCorrupt},
		"number 0":          {func(tx *bolt.Tx) error { return tx.Bucket(bucketLog).Put(logKey(0), []byte{1, 7, 1}) }, CodeCorrupt},
		"largest number": {func(tx *bolt.Tx) error {
			return tx.Bucket(bucketLog).Put(bytes.Repeat([]byte{0xff}, 8), []byte{1, 7, 1})
		}, CodeCorrupt},
		"last record newer":  {func(tx *bolt.Tx) error { return tx.Bucket(bucketLog).Put(logKey(21), []byte{2, 7, 1}) }, CodeNewer},
		"first record newer": {func(tx *bolt.Tx) error { return tx.Bucket(bucketLog).Put(logKey(1), []byte{9, 7, 2}) }, CodeNewer},
	} {
		t.Run(name, func(t *testing.T) {
			path := tenRecords(t)
			edit(t, path, c.change)
			wantRefused(t, path, c.code)
		})
	}
}

func TestOpen_RefusesAFileThatIsNoStore(t *testing.T) {
	text := bytes.Repeat([]byte("Ceci n’est pas une base.\n"), 4000)
	for name, content := range map[string][]byte{
		"one byte": {1}, "short text": text[:100], "one page": text[:4096], "two pages": text[:8191], "long text": text,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			wantRefused(t, path, CodeCorrupt)
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
				t.Error("the file has been changed")
			}
		})
	}
	t.Run("another program's bbolt file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "store.db")
		edit(t, path, func(tx *bolt.Tx) error { _, err := tx.CreateBucket([]byte("theirs")); return err })
		wantRefused(t, path, CodeCorrupt)
	})
	t.Run("a folder", func(t *testing.T) { wantRefused(t, t.TempDir(), CodeFailed) })
}

func TestOpen_RefusesACutFile(t *testing.T) {
	whole, err := os.ReadFile(tenRecords(t))
	if err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(filepath.Join(t.TempDir(), "page.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	page := db.Info().PageSize
	db.Close()
	used := 0 // the highest page that is in use, from the newer meta page
	for meta := range 2 {
		used = max(used, int(binary.NativeEndian.Uint64(whole[meta*page+16+40:])))
	}
	for size := 1; size < used*page; size += page/2 + 1 {
		path := filepath.Join(t.TempDir(), "store.db")
		if err := os.WriteFile(path, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		wantRefused(t, path, CodeCorrupt)
	}
}

func wantRefused(t *testing.T, path, code string) {
	t.Helper()
	for range 2 { // a refusal leaves no lock behind
		s, err := Open(path, Options{})
		if err == nil {
			s.Close()
			t.Fatal("it was opened")
		}
		wantCode(t, err, code)
	}
}
