package station

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"vitalien/localstore"
)

// fillLog appends n measurements in messages of 20, which came so far apart,
// the last at end.
func fillLog(t testing.TB, folder string, n int, end time.Time, apart time.Duration) {
	t.Helper()
	store, err := localstore.Open(filepath.Join(folder, StoreFile), localstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const each, writers = 20, 512
	messages := n / each
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := w; i < messages; i += writers {
				e := entry{Received: end.Add(time.Duration(i-messages) * apart), Link: "hl7", Peer: "192.0.2.7"}
				e.Key = hex.EncodeToString(fmt.Appendf(nil, "%032d", i))
				for range each {
					m := pulse("72")
					m.Time = e.Received
					e.Measurements = append(e.Measurements, recordedEntry{Measurement: m, Subject: claire()})
				}
				data, err := e.encode()
				if err == nil {
					_, err = store.Append(context.Background(), localstore.Entry{Kind: kindReport, Count: each, Data: data})
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// What is older than ten minutes is not looked at when a log is opened, however
// much there is.
func TestOpen_ReadsTheEndAlone(t *testing.T) {
	cost := func(measurements int) float64 {
		folder := t.TempDir()
		fillLog(t, folder, measurements, morning.Add(-time.Hour), time.Second)
		return testing.AllocsPerRun(3, func() {
			s, err := Open(folder, Options{Now: func() time.Time { return morning }})
			if err != nil {
				t.Fatal(err)
			}
			s.Close()
		})
	}
	if small, large := cost(20_000), cost(100_000); large > 1.2*small {
		t.Errorf("%.0f allocations instead of %.0f", large, small)
	}
}

// BenchmarkOpen opens logs of several sizes: it must not grow with them, only
// with the number of messages in the last ten minutes.
func BenchmarkOpen(b *testing.B) {
	for _, c := range []struct {
		measurements int
		apart        time.Duration
	}{{1000, time.Second}, {1_000_000, time.Second}, {1_000_000, time.Millisecond}} {
		b.Run(fmt.Sprintf("measurements=%d/apart=%v", c.measurements, c.apart), func(b *testing.B) {
			folder := b.TempDir()
			fillLog(b, folder, c.measurements, time.Now(), c.apart)
			info, err := os.Stat(filepath.Join(folder, StoreFile))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(info.Size())/float64(c.measurements), "bytes/measurement")
			b.ReportAllocs()
			for b.Loop() {
				s, err := Open(folder, Options{})
				if err != nil {
					b.Fatal(err)
				}
				if s.Head() != uint64(c.measurements) {
					b.Fatal(s.Head())
				}
				b.StopTimer()
				s.Close()
				b.StartTimer()
			}
		})
	}
}
