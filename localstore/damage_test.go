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

// A forger has the keys of a store.
type forger struct {
	*bolt.Bucket
	*keys
}

// forge changes the log of a closed store.
func forge(t *testing.T, path string, fn func(log forger) error) {
	t.Helper()
	master, err := readKey(filepath.Join(filepath.Dir(path), KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	edit(t, path, func(tx *bolt.Tx) error {
		_, id, err := identify(tx)
		if err != nil {
			return err
		}
		k, err := loadKeys(tx, id, master)
		if err != nil {
			return err
		}
		return fn(forger{tx.Bucket(bucketLog), k})
	})
}

// sealed puts content under a key of the log, sealed as if it belonged there.
func (f forger) sealed(key []byte, content ...byte) error {
	return f.Put(key, f.seal(bucketLog, key, content))
}

// altered changes the value of record 9.
func altered(change func(value []byte) []byte) func(forger) error {
	return func(f forger) error { return f.Put(logKey(9), change(bytes.Clone(f.Get(logKey(9))))) }
}

func TestRead_ReportsADamagedSequence(t *testing.T) {
	for name, c := range map[string]struct {
		change func(log forger) error
		good   int // records before the damage
		code   string
	}{
		"a record is missing":         {func(log forger) error { return log.Delete(logKey(9)) }, 4, CodeCorrupt},
		"a record holds too many":     {func(log forger) error { return log.sealed(logKey(9), 7, 3, 'x') }, 5, CodeCorrupt},
		"a record holds too few":      {func(log forger) error { return log.sealed(logKey(9), 7, 1, 'x') }, 5, CodeCorrupt},
		"a record between":            {func(log forger) error { return log.sealed(logKey(10), 7, 1, 'x') }, 5, CodeCorrupt},
		"count of 0":                  {func(log forger) error { return log.sealed(logKey(9), 7, 0, 'x') }, 4, CodeCorrupt},
		"count cut short":             {func(log forger) error { return log.sealed(logKey(9), 7, 0x80) }, 4, CodeCorrupt},
		"count beyond the limit":      {func(log forger) error { return log.sealed(logKey(9), 7, 0xff, 0xff, 0x7f) }, 4, CodeCorrupt},
		"kind and count missing":      {func(log forger) error { return log.sealed(logKey(9)) }, 4, CodeCorrupt},
		"empty value":                 {func(log forger) error { return log.Put(logKey(9), []byte{}) }, 4, CodeCorrupt},
		"version 0":                   {altered(func(v []byte) []byte { v[0] = 0; return v }), 4, CodeCorrupt},
		"version of a newer Vitalien": {altered(func(v []byte) []byte { v[0] = valueSealed + 1; return v }), 4, CodeNewer},
		"a value that is not sealed":  {func(log forger) error { return log.Put(logKey(9), []byte{plainVersion1, 7, 2, 'x'}) }, 4, CodeCorrupt},
		"a bit of the key id":         {altered(func(v []byte) []byte { v[4] ^= 2; return v }), 4, CodeCorrupt},
		"a bit of the nonce":          {altered(func(v []byte) []byte { v[sealedHead] ^= 1; return v }), 4, CodeCorrupt},
		"a bit of the text":           {altered(func(v []byte) []byte { v[sealedCost-16] ^= 1; return v }), 4, CodeCorrupt},
		"the last bit":                {altered(func(v []byte) []byte { v[len(v)-1] ^= 1; return v }), 4, CodeCorrupt},
		"a value cut short":           {altered(func(v []byte) []byte { return v[:sealedCost-1] }), 4, CodeCorrupt},
		"a value that is longer":      {altered(func(v []byte) []byte { return append(v, 0) }), 4, CodeCorrupt},
		"the value of another record": {func(log forger) error { return log.Put(logKey(9), bytes.Clone(log.Get(logKey(7)))) }, 4, CodeCorrupt},
		"sealed for another bucket": {func(log forger) error {
			return log.Put(logKey(9), log.seal(bucketSettings, logKey(9), []byte{7, 2, 'x'}))
		}, 4, CodeCorrupt},
		"a key of another length": {func(log forger) error { return log.sealed(append(logKey(9), 0), 7, 2, 'x') }, 5, CodeCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			path := tenRecords(t)
			forge(t, path, c.change)
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
	for name, change := range map[string]func(log forger) error{
		"gap":     func(log forger) error { return log.Delete(logKey(9)) },
		"overlap": func(log forger) error { return log.sealed(logKey(9), 7, 3) },
	} {
		t.Run(name, func(t *testing.T) {
			path := tenRecords(t)
			forge(t, path, change)
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
		"newer format":       {func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyFormat, []byte{formatVersion + 1}) }, CodeNewer},
		"much newer format":  {func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyFormat, []byte{1, 0}) }, CodeNewer},
		"format 0":           {func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyFormat, []byte{0}) }, CodeCorrupt},
		"no format":          {func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyFormat) }, CodeCorrupt},
		"no id":              {func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyID) }, CodeCorrupt},
		"no meta":            {func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketMeta) }, CodeCorrupt},
		"no log":             {func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketLog) }, CodeCorrupt},
		"no settings":        {func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketSettings) }, CodeCorrupt},
		"first record lost":  {func(tx *bolt.Tx) error { return tx.Bucket(bucketLog).Delete(logKey(1)) }, CodeCorrupt},
		"last record newer":  {func(tx *bolt.Tx) error { return tx.Bucket(bucketLog).Put(logKey(21), []byte{4, 7, 1}) }, CodeNewer},
		"first record newer": {func(tx *bolt.Tx) error { return tx.Bucket(bucketLog).Put(logKey(1), []byte{9, 7, 2}) }, CodeNewer},
		"no keys":            {func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketKeys) }, CodeCorrupt},
		"no key of names":    {func(tx *bolt.Tx) error { return tx.Bucket(bucketKeys).Delete(idOfKey(0)) }, CodeCorrupt},
		"no key of values":   {func(tx *bolt.Tx) error { return tx.Bucket(bucketKeys).Delete(idOfKey(1)) }, CodeCorrupt},
		"a key of no id":     {func(tx *bolt.Tx) error { return tx.Bucket(bucketKeys).Put([]byte("key"), nil) }, CodeCorrupt},
		"a key cut short":    {func(tx *bolt.Tx) error { return tx.Bucket(bucketKeys).Put(idOfKey(1), []byte{1}) }, CodeCorrupt},
		"a newer key":        {func(tx *bolt.Tx) error { return tx.Bucket(bucketKeys).Put(idOfKey(1), bytes.Repeat([]byte{9}, 80)) }, CodeNewer},
		"a key of another id": {func(tx *bolt.Tx) error {
			return tx.Bucket(bucketKeys).Put(idOfKey(2), bytes.Clone(tx.Bucket(bucketKeys).Get(idOfKey(1))))
		}, CodeCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			path := tenRecords(t)
			edit(t, path, c.change)
			wantRefused(t, path, c.code)
		})
	}
}

func TestOpen_RefusesALogWithoutAPlausibleEnd(t *testing.T) {
	for name, change := range map[string]func(log forger) error{
		"number 0":       func(log forger) error { return log.sealed(logKey(0), 7, 1) },
		"largest number": func(log forger) error { return log.sealed(bytes.Repeat([]byte{0xff}, 8), 7, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			path := tenRecords(t)
			forge(t, path, change)
			wantRefused(t, path, CodeCorrupt)
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
