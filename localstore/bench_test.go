package localstore

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// A message of a monitor is about this long as an entry, and as it came.
var benchData, rawData = make([]byte, 1100), make([]byte, 2000)

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprint("writers=", writers), func(b *testing.B) {
			s := openNew(b)
			bench(b, writers, func() error {
				_, err := s.Append(context.Background(), Entry{Count: 1, Data: benchData})
				return err
			})
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

// BenchmarkBboltUpdate is the baseline: one transaction for each put of a raw
// message.
func BenchmarkBboltUpdate(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprint("writers=", writers), func(b *testing.B) {
			db, err := bolt.Open(filepath.Join(b.TempDir(), "plain.db"), 0o600, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			bench(b, writers, func() error {
				return db.Update(func(tx *bolt.Tx) error {
					log, err := tx.CreateBucketIfNotExists(bucketLog)
					if err != nil {
						return err
					}
					n, err := log.NextSequence()
					if err != nil {
						return err
					}
					return log.Put(logKey(n), rawData)
				})
			})
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

// bench shares b.N calls of fn among writers.
func bench(b *testing.B, writers int, fn func() error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
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
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
