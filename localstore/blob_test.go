package localstore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

func readBlob(t testing.TB, b *Blobs, id string) []byte {
	t.Helper()
	size, err := b.Size(id)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(io.NewSectionReader(b.Reader(id), 0, size))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestBlobs_Model: what was appended is read back, from any place, whatever
// other blobs there are, and after a restart.
func TestBlobs_Model(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	t.Cleanup(func() { s.Close() })
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		b := s.Blobs(fmt.Sprint("b", run))
		want := map[string][]byte{}
		ids := rapid.SampledFrom([]string{"a", "aa", "b", "a\x01"})
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(rt *rapid.T) {
				id, piece := ids.Draw(rt, "id"), rapid.SliceOfN(rapid.Byte(), 1, 50).Draw(rt, "piece")
				if err := b.Append(id, int64(len(want[id])), piece); err != nil {
					rt.Fatal(err)
				}
				want[id] = append(want[id], piece...)
			},
			"append elsewhere": func(rt *rapid.T) {
				id := ids.Draw(rt, "id")
				at := rapid.Int64Range(0, 100).Filter(func(at int64) bool { return at != int64(len(want[id])) }).Draw(rt, "at")
				wantCode(t, b.Append(id, at, []byte("x")), CodeInvalid)
			},
			"delete": func(rt *rapid.T) {
				id := ids.Draw(rt, "id")
				if err := b.Delete(id); err != nil {
					rt.Fatal(err)
				}
				delete(want, id)
			},
			"read within": func(rt *rapid.T) {
				id := ids.Draw(rt, "id")
				off := rapid.IntRange(0, len(want[id])+5).Draw(rt, "off")
				p := make([]byte, rapid.IntRange(1, 60).Draw(rt, "n"))
				n, err := b.Reader(id).ReadAt(p, int64(off))
				rest := want[id][min(off, len(want[id])):]
				if n != min(len(p), len(rest)) || !bytes.Equal(p[:n], rest[:n]) || (n < len(p)) != errors.Is(err, io.EOF) {
					rt.Fatalf("%d bytes at %d of %d: %d, %v", len(p), off, len(want[id]), n, err)
				}
			},
			"reopen": func(rt *rapid.T) {
				if rapid.IntRange(0, 9).Draw(rt, "seldom") > 0 {
					return
				}
				if err := s.Close(); err != nil {
					rt.Fatal(err)
				}
				s = open(t, path)
				b = s.Blobs(fmt.Sprint("b", run))
			},
			"": func(rt *rapid.T) {
				have, err := b.IDs()
				if err != nil || len(have) != len(want) {
					rt.Fatalf("%q of %d, %v", have, len(want), err)
				}
				for _, id := range have {
					if content := readBlob(t, b, id); !bytes.Equal(content, want[id]) {
						rt.Fatalf("%q: %q, want %q", id, content, want[id])
					}
				}
			},
		})
	})
}

func TestBlobs_RefuseWhatTheyCannotHold(t *testing.T) {
	b := open(t, filepath.Join(t.TempDir(), "store.db")).Blobs("b")
	for name, err := range map[string]error{
		"no id":            b.Append("", 0, []byte("x")),
		"a long id":        b.Append(string(make([]byte, MaxKey)), 0, []byte("x")),
		"nothing":          b.Append("a", 0, nil),
		"too much":         b.Append("a", 0, make([]byte, MaxPiece+1)),
		"before its begin": b.Append("a", -1, []byte("x")),
	} {
		if t.Run(name, func(t *testing.T) { wantCode(t, err, CodeInvalid) }); err == nil {
			t.Error(name)
		}
	}
}

// TestBlobs_AreSealed: the file tells nothing of them, a piece that is moved or
// changed is not opened, and without its key none is.
func TestBlobs_AreSealed(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "store.db")
	s := open(t, path)
	secret := bytes.Repeat([]byte("lub-dub "), 40)
	for at := range 3 {
		if err := s.Blobs("b").Append("heart", int64(at*len(secret)), secret); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || bytes.Contains(text, secret[:8]) {
		t.Fatal("the sound stands in the file", err)
	}
	edit(t, path, func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketSealed).Bucket([]byte("b"))
		moved := bytes.Clone(b.Get(pieceKey("heart", 0)))
		return b.Put(pieceKey("heart", int64(len(secret))), moved)
	})
	s = open(t, path)
	p := make([]byte, 2*len(secret))
	n, err := s.Blobs("b").Reader("heart").ReadAt(p, 0)
	if wantCode(t, err, CodeCorrupt); n != len(secret) {
		t.Errorf("%d bytes before the piece that was moved", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
