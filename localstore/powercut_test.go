package localstore

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// A spyDisk tells what has just been written, before it is flushed.
type spyDisk struct {
	disk
	at         int64
	old, fresh []byte
	beforeSync func()
}

func (d *spyDisk) WriteAt(p []byte, at int64) (int, error) {
	d.at, d.old, d.fresh = at, make([]byte, len(p)), bytes.Clone(p)
	if err := readFull(d.disk, d.old, at); err != nil {
		return 0, err
	}
	return d.disk.WriteAt(p, at)
}

func (d *spyDisk) Sync() error {
	if d.beforeSync != nil {
		d.beforeSync()
	}
	return d.disk.Sync()
}

// A power is a store that loses it at every step.
type power struct {
	*Store
	t     *testing.T
	spy   *spyDisk
	acked []string
	cuts  int
}

const powerPages = 9 // of the ring, so that it soon is full

func newPower(t *testing.T) *power {
	p := &power{Store: openNew(t), t: t}
	if err := p.claim(); err != nil { // nothing is applied unasked
		t.Fatal(err)
	}
	t.Cleanup(func() { <-p.writer })
	p.spy = &spyDisk{disk: p.journal.file}
	p.journal.file, p.journal.size = p.spy, powerPages*journalPage
	return p
}

// append stores data, and cuts the power before the flush: what was acknowledged
// must be there then, and data wholly or not at all, however much of its block
// has reached the disk.
func (p *power) append(data string) {
	p.t.Helper()
	p.spy.beforeSync = func() {
		for cut := 0; cut <= len(p.spy.fresh); cut += sector {
			p.cut(data, bytes.Clone(p.spy.fresh[:cut]), p.spy.old[cut:])
		}
		half := rand.IntN(len(p.spy.fresh))
		p.cut(data, bytes.Clone(p.spy.fresh[:half]), p.spy.old[half:])
		p.cut(data, bytes.Clone(p.spy.fresh[:half]), make([]byte, len(p.spy.fresh)-half))
		p.cut(data, make([]byte, half), p.spy.fresh[half:])
		garbage := make([]byte, len(p.spy.fresh)-half)
		for i := range garbage {
			garbage[i] = byte(rand.Uint32())
		}
		p.cut(data, bytes.Clone(p.spy.fresh[:half]), garbage)
	}
	mustAppend(p.t, p.Store, 1, data)
	p.spy.beforeSync = nil
	p.acked = append(p.acked, data)
	p.cut("", nil, nil)
}

func (p *power) apply() {
	p.t.Helper()
	p.yield()
	mustApply(p.t, p.Store)
	if err := p.claim(); err != nil {
		p.t.Fatal(err)
	}
	p.cut("", nil, nil)
}

// cut opens a copy of both files as the disk would have them, the newest block
// consisting of head and rest.
func (p *power) cut(tried string, head, rest []byte) {
	p.t.Helper()
	p.cuts++
	dir, err := os.MkdirTemp(p.t.TempDir(), "")
	if err != nil {
		p.t.Fatal(err)
	}
	path := filepath.Join(dir, "store.db")
	content := make([]byte, powerPages*journalPage)
	if err := readFull(p.spy.disk, content, 0); err != nil {
		p.t.Fatal(err)
	}
	copy(content[p.spy.at:], append(head, rest...))
	copyFile(p.t, p.path, path)
	if err := os.WriteFile(path+journalSuffix, content, 0o600); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Truncate(path+journalSuffix, journalInitial); err != nil {
		p.t.Fatal(err)
	}
	s := open(p.t, path)
	defer s.Close()
	var got []string
	for _, r := range readAll(p.t, s) {
		got = append(got, string(r.Data))
	}
	if n := len(p.acked); len(got) == n+1 && got[n] == tried && rest != nil {
		got = got[:n]
	}
	if strings.Join(got, " ") != strings.Join(p.acked, " ") {
		p.t.Fatalf("after cut %d: %d entries, want %d", p.cuts, len(got), len(p.acked))
	}
	if inBbolt(p.t, s) != s.Head() {
		p.t.Fatal("Open has left something to the journal")
	}
}

// copyFile copies a file of a store, with the key beside it.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	err := copyContent(from, to)
	if err == nil {
		err = copyContent(filepath.Join(filepath.Dir(from), KeyFile), filepath.Join(filepath.Dir(to), KeyFile))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func copyContent(from, to string) error {
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	return err
}

func TestPowerCut_AtEveryWriteLosesNothingAcknowledged(t *testing.T) {
	p := newPower(t)
	long := func(n int) string { return fmt.Sprint(n, strings.Repeat("y", 3000*n)) }
	for round := range 2 {
		p.append(fmt.Sprint("first of round ", round))
		p.append(long(1 + round))
		p.apply()
		p.append("after")
		p.append(long(2))
		p.append("")
		p.apply()
	}
	for i := range 4 { // the ring goes round, never empty
		p.append(fmt.Sprint("lap ", i))
		p.append(long(i % 3))
		p.applyOldest()
	}
	t.Logf("%d cuts", p.cuts)
}

// applyOldest has bbolt take the first block only.
func (p *power) applyOldest() {
	p.t.Helper()
	records := p.tail.oldest(0)
	if err := p.update(func(tx *bolt.Tx) error { return p.write(tx, records) }); err != nil {
		p.t.Fatal(err)
	}
	p.applied = records[len(records)-1].Last()
	p.tail.drop(p.applied)
	p.cut("", nil, nil)
}
