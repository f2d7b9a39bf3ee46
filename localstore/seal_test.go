package localstore

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
)

func TestSealed_NothingIsReadableInAnyFile(t *testing.T) {
	folder := t.TempDir()
	s := open(t, filepath.Join(folder, "store.db"))
	secrets := []string{"LEFEVRE^ELOISE", "1957-03-14", "8867-4", "cabinet Martin", "a settings value", "in quarantine"}
	for range 50 {
		mustAppend(t, s, 1, secrets[0]+secrets[1]+secrets[2])
	}
	if err := s.Put("tokens", secrets[3], []byte(secrets[4])); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, s.Vault("v", vaultLimits), noon, secrets[5])
	look := func() {
		t.Helper()
		files, err := os.ReadDir(folder)
		if err != nil || len(files) != 3 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(filepath.Join(folder, file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range secrets {
				if bytes.Contains(text, []byte(secret)) {
					t.Errorf("%s: %q is readable", file.Name(), secret)
				}
			}
		}
	}
	look()
	mustApply(t, s)
	look()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	look()
}

func TestSettings_AreBoundToTheirPlace(t *testing.T) {
	s := openNew(t)
	for _, key := range []string{"a", "b"} {
		if err := s.Put("one", key, []byte("value of "+key)); err != nil {
			t.Fatal(err)
		}
	}
	k := s.keys.Load()
	err := s.alter(func(tx *bolt.Tx) error {
		one := tx.Bucket(bucketSettings).Bucket([]byte("one"))
		return one.Put(k.settingKey("one", "b"), bytes.Clone(one.Get(k.settingKey("one", "a"))))
	})
	if err != nil {
		t.Fatal(err)
	}
	if value, found, err := s.Get("one", "a"); string(value) != "value of a" || !found || err != nil {
		t.Errorf("%q %t %v", value, found, err)
	}
	_, found, err := s.Get("one", "b")
	if wantCode(t, err, CodeCorrupt); found {
		t.Error("the value of another key was found")
	}
	_, err = s.List("one")
	wantCode(t, err, CodeCorrupt)
}

func TestKeys_Rotation(t *testing.T) {
	k := newKeys(newKey())
	place := []byte("place")
	first := k.seal(bucketLog, place, []byte("first"))
	next := k.rotated()
	second := next.seal(bucketLog, place, []byte("second"))
	for _, c := range []struct {
		keys  *keys
		value []byte
		want  string
	}{
		{k, first, "first"},
		{k, second, ""},
		{next, first, "first"},
		{next, second, "second"},
		{next.newest(), first, ""},
		{next.newest(), second, "second"},
	} {
		plain, err := c.keys.open(bucketLog, place, c.value)
		if string(plain) != c.want || c.want == "" && !codeIs(err, CodeCorrupt) {
			t.Errorf("%q, %v, want %q", plain, err, c.want)
		}
	}
	if !bytes.Equal(k.pseudonym("a", "b"), next.newest().pseudonym("a", "b")) {
		t.Error("pseudonyms change")
	}
	if bytes.Equal(k.pseudonym("a", "b"), k.pseudonym("", "a\x00b")) || bytes.Equal(k.pseudonym("a", "b"), newKeys(k.master).pseudonym("a", "b")) {
		t.Error("pseudonyms of different names or stores are the same")
	}
}
