package localstore

import (
	"context"
	"crypto/cipher"
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

// A message of a monitor is about this long as an entry.
var benchData = make([]byte, 1100)

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
// It reports the medians over the rounds, of the time of one append and of its
// ratios within a round.
func BenchmarkTurns(b *testing.B) {
	s, unsealed := openNew(b), openNew(b)
	k := *unsealed.keys.Load()
	k.data = map[uint32]cipher.AEAD{k.current: copied{}}
	unsealed.keys.Store(&k)
	update := openPlain(b)
	figures := map[string][]float64{}
	for b.Loop() {
		lone := inTurns(b, 1, 200, appender(s), appender(unsealed), update)
		many := inTurns(b, 16, 3200, appender(s), appender(unsealed))
		for unit, value := range map[string]float64{
			"µs/append-1": lone[0], "µs/unsealed-1": lone[1], "µs/update-1": lone[2], "µs/append-16": many[0], "µs/unsealed-16": many[1],
			"×update-1": lone[0] / lone[2], "×unsealed-1": lone[0] / lone[1], "×unsealed-16": many[0] / many[1], "×16-writers": lone[0] / many[0],
		} {
			figures[unit] = append(figures[unit], value)
		}
	}
	for unit, values := range figures {
		slices.Sort(values)
		b.ReportMetric(values[len(values)/2], unit)
	}
}

func appender(s *Store) func() error {
	return func() error {
		_, err := s.Append(context.Background(), Entry{Count: 1, Data: benchData})
		return err
	}
}

// inTurns has writers share n calls of each of fns, a tenth of them at a time, and
// gives the time of one call of each in microseconds: the disk is as busy with
// others for one as for the next. The first two take turns in going first, since
// each finds what the one before has left to be written.
func inTurns(b *testing.B, writers, n int, fns ...func() error) []float64 {
	took := make([]float64, len(fns))
	for turn := range 10 {
		for i := range fns {
			if i < 2 {
				i ^= turn % 2
			}
			start := time.Now()
			shareOut(b, writers, n/10, fns[i])
			took[i] += float64(time.Since(start).Microseconds()) / float64(n)
		}
	}
	return took
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
