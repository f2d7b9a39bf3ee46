package localstore

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"
)

func TestSettings_AreKeptAcrossReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	for _, kv := range [][3]string{
		{"origins", "https://a.example", "always"},
		{"origins", "https://b.example", "once"},
		{"tokens", "https://a.example", "another bucket"},
		{"origins", "https://a.example", "never"},
		{"tokens", "empty", ""},
	} {
		if err := s.Put(kv[0], kv[1], []byte(kv[2])); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Delete("origins", "https://b.example"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, path)
	wantList(t, s, "origins", map[string]string{"https://a.example": "never"})
	wantList(t, s, "tokens", map[string]string{"https://a.example": "another bucket", "empty": ""})
	wantList(t, s, "unknown", map[string]string{})
	if s.Head() != 0 {
		t.Error("settings took sequence numbers")
	}
}

func TestSettings_GetTellsAbsentFromEmpty(t *testing.T) {
	s := openNew(t)
	if err := s.Put("b", "empty", nil); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]bool{"empty": true, "absent": false} {
		if value, found, err := s.Get("b", key); found != want || err != nil || len(value) != 0 {
			t.Errorf("Get %s: %q, %v, %v", key, value, found, err)
		}
	}
	for _, bucket := range []string{"b", "absent"} {
		if err := s.Delete(bucket, "absent"); err != nil {
			t.Errorf("deleting what is absent: %v", err)
		}
	}
}

func TestSettings_RefuseWhatIsInvalid(t *testing.T) {
	s := openNew(t)
	long := strings.Repeat("k", MaxKey+1)
	for name, err := range map[string]error{
		"no bucket":       s.Put("", "k", nil),
		"no key":          s.Put("b", "", nil),
		"long bucket":     s.Put(long, "k", nil),
		"long key":        s.Put("b", long, nil),
		"long value":      s.Put("b", "k", make([]byte, MaxSetting+1)),
		"Delete, no key":  s.Delete("b", ""),
		"Delete, no name": s.Delete("", "k"),
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, err, CodeInvalid) })
	}
	if err := s.Put(long[:MaxKey], long[:MaxKey], make([]byte, MaxSetting)); err != nil {
		t.Errorf("the largest setting: %v", err)
	}
}

func wantList(t *testing.T, s *Store, bucket string, want map[string]string) {
	t.Helper()
	all, err := s.List(bucket)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for key, value := range all {
		got[key] = string(value)
		if alone, found, err := s.Get(bucket, key); !found || err != nil || string(alone) != string(value) {
			t.Errorf("Get %s/%s: %q, %v, %v; List has %q", bucket, key, alone, found, err, value)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("%s is %v, want %v", bucket, got, want)
	}
}
