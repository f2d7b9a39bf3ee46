package localstore

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/crypto/chacha20poly1305"
)

// A message of a monitor is about this long as an entry. Random, since zeros are
// less work for some disks, which would show as a cost of encryption.
var benchData = func() []byte {
	data := make([]byte, 1100)
	rand.Read(data)
	return data
}()

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprint("writers=", writers), func(b *testing.B) {
			bench(b, writers, appender(openNew(b)))
		})
	}
}

// BenchmarkSeal is what encryption takes of BenchmarkAppend.
func BenchmarkSeal(b *testing.B) {
	k, key := newKeys(newKey()), logKey(7)
	b.ReportAllocs()
	for b.Loop() {
		k.seal(bucketLog, key, benchData)
	}
}

// BenchmarkBboltUpdate is the baseline: one transaction for each put.
func BenchmarkBboltUpdate(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprint("writers=", writers), func(b *testing.B) {
			bench(b, writers, openPlain(b))
		})
	}
}

// openPlain is bbolt by itself, and what appends to it.
func openPlain(b *testing.B) (update func() error) {
	db, err := bolt.Open(filepath.Join(b.TempDir(), "plain.db"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return func() error {
		return db.Update(func(tx *bolt.Tx) error {
			log, err := tx.CreateBucketIfNotExists(bucketLog)
			if err != nil {
				return err
			}
			n, err := log.NextSequence()
			if err != nil {
				return err
			}
			return log.Put(logKey(n), benchData)
		})
	}
}

func BenchmarkRead(b *testing.B) {
	s := openNew(b)
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() { mustAppend(b, s, 1, string(benchData)) })
	}
	wg.Wait()
	for i := 0; b.Loop(); i++ {
		if _, err := s.Read(uint64(1+i%900), 100, 1<<20); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*100/b.Elapsed().Seconds(), "records/s")
}

// copied is an AEAD that seals nothing, for what an append costs without.
type copied struct{}

func (copied) NonceSize() int { return 0 }
func (copied) Overhead() int  { return chacha20poly1305.Overhead }

func (c copied) Seal(dst, _, plain, _ []byte) []byte {
	return append(append(dst, plain...), make([]byte, c.Overhead())...)
}

func (c copied) Open(dst, _, text, _ []byte) ([]byte, error) {
	return append(dst, text[:len(text)-c.Overhead()]...), nil
}

// BenchmarkTurns lets a store, one that seals nothing, and bbolt with one Update
// for each entry append the same entries in turns, each alone and by 16 writers.
// A turn is long enough for bbolt to be given entries all along, and ends when it
// has them all: each side pays for what it leaves to be done later. It reports
// the medians over the rounds, of the time of one append, of its ratios within a
// round and of what sealing is of it.
func BenchmarkTurns(b *testing.B) {
	s, unsealed := openNew(b), openNew(b)
	k := *unsealed.keys.Load()
	k.data = map[uint32]cipher.AEAD{k.current: copied{}}
	unsealed.keys.Store(&k)
	for _, j := range []*journal{s.journal, unsealed.journal} {
		for j.size < j.limit { // else chance decides which is larger, and for how long
			if err := j.grow(0); err != nil {
				b.Fatal(err)
			}
		}
	}
	sealing, plain, update := side{appender(s), s.apply}, side{appender(unsealed), unsealed.apply}, side{append: openPlain(b)}
	figures := map[string][]float64{}
	for b.Loop() {
		// There and back, since the disk's speed drifts, and since each finds what
		// the one before has left it to do.
		lone := inTurns(b, 1, 1000, &sealing, &plain, &update, &update, &plain, &sealing)
		many := inTurns(b, 16, 4000, &sealing, &plain, &plain, &sealing)
		for unit, value := range map[string]float64{
			"µs/append-1": lone[&sealing], "µs/unsealed-1": lone[&plain], "µs/update-1": lone[&update],
			"µs/append-16": many[&sealing], "µs/unsealed-16": many[&plain],
			"×update-1": lone[&sealing] / lone[&update], "×16-writers": lone[&sealing] / many[&sealing],
			"%sealing-1": 100 * (1 - lone[&plain]/lone[&sealing]), "%sealing-16": 100 * (1 - many[&plain]/many[&sealing]),
		} {
			figures[unit] = append(figures[unit], value)
		}
	}
	for unit, values := range figures {
		slices.Sort(values)
		b.ReportMetric(values[len(values)/2], unit)
	}
}

// A side is what appends an entry, and what then is left to do.
type side struct{ append, finish func() error }

// inTurns has writers share n entries in each turn, of which every side has two,
// and gives the time of one in microseconds.
func inTurns(b *testing.B, writers, n int, turns ...*side) map[*side]float64 {
	took := map[*side]float64{}
	for _, s := range turns {
		start := time.Now()
		shareOut(b, writers, n, s.append)
		if s.finish != nil {
			if err := s.finish(); err != nil {
				b.Fatal(err)
			}
		}
		took[s] += float64(time.Since(start).Microseconds()) / float64(2*n)
	}
	return took
}

func appender(s *Store) func() error {
	return func() error {
		_, err := s.Append(context.Background(), Entry{Count: 1, Data: benchData})
		return err
	}
}

// bench measures fn, called by writers.
func bench(b *testing.B, writers int, fn func() error) {
	b.ReportAllocs()
	b.ResetTimer()
	shareOut(b, writers, b.N, fn)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

// shareOut shares n calls of fn among writers.
func shareOut(b *testing.B, writers, n int, fn func() error) {
	var left atomic.Int64
	left.Store(int64(n))
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := fn(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}
