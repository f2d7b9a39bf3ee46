package station

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"vitalien/hl7link"
)

// monitorMessage is an ORU^R01 of 2 kB with 20 OBX.
func monitorMessage(controlID string) []byte {
	kinds := []string{
		"8867-4^Heart rate^LN||72|/min", "9279-1^Respiratory rate^LN||16|/min",
		"59408-5^Oxygen saturation^LN||97|%", "8310-5^Body temperature^LN||37.2|Cel",
		"147842^MDC_ECG_HEART_RATE^MDC|1.1.1.147842|73|264864^MDC_DIM_BEAT_PER_MIN^MDC",
	}
	var m strings.Builder
	m.WriteString("MSH|^~\\&|MONITOR^0019FE^EUI-64|WARD|||20261120091500+0100||ORU^R01^ORU_R01|" + controlID + "|P|2.6||||||UNICODE UTF-8\r" +
		"PID|||42^^^CLINIQUE^PI||Lefèvre^Éloïse||19800312|F\rPV1||I|Réa^^Lit 3\r" +
		"OBR|1|||182777000^monitoring of patient^SCT|||20261120091500+0100\r")
	for i := range 20 {
		fmt.Fprintf(&m, "OBX|%d|NM|%s|50-120||||F|||2026112009%02d00+0100|||\r", i+1, kinds[i%len(kinds)], i)
	}
	return []byte(m.String())
}

func openBench(b *testing.B) *Station {
	s, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// share has b.N calls of what start gives made by n at once.
func share(b *testing.B, n int, start func() (each func(i int64) error, end func())) {
	var count atomic.Int64
	b.ReportAllocs()
	var all sync.WaitGroup
	for range n {
		each, end := start()
		all.Go(func() {
			defer end()
			for i := count.Add(1); i <= int64(b.N); i = count.Add(1) {
				if err := each(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkRecord is the way of a decoded message to the disk.
func BenchmarkRecord(b *testing.B) {
	reports, err := hl7link.Decode(monitorMessage("1"), paris)
	if err != nil {
		b.Fatal(err)
	}
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprint("writers=", writers), func(b *testing.B) {
			s := openBench(b)
			share(b, writers, func() (func(int64) error, func()) {
				return func(i int64) error {
					r := reports[0]
					r.Key = hex.EncodeToString(fmt.Appendf(nil, "%032d", i))
					_, err := s.Record(context.Background(), r)
					return err
				}, func() {}
			})
		})
	}
}

// BenchmarkReceive is the whole way: from a socket to the disk, and the
// acknowledgement back.
func BenchmarkReceive(b *testing.B) {
	for _, connections := range []int{1, 16} {
		b.Run(fmt.Sprint("connections=", connections), func(b *testing.B) {
			l, err := hl7link.Listen(b.Context(), "127.0.0.1:0", hl7link.ListenerOptions{Sink: openBench(b), Zone: paris})
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			served := make(chan error, 1)
			go func() { served <- l.Serve(ctx) }()
			share(b, connections, func() (func(int64) error, func()) {
				conn, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					b.Fatal(err)
				}
				answers := bufio.NewReader(conn)
				return func(i int64) error { return exchange(conn, answers, i) }, func() { conn.Close() }
			})
			cancel()
			if err := <-served; err != nil {
				b.Error(err)
			}
		})
	}
}

func exchange(conn net.Conn, answers *bufio.Reader, i int64) error {
	if _, err := conn.Write(hl7link.Frame(monitorMessage(fmt.Sprint(i)))); err != nil {
		return err
	}
	answer, err := answers.ReadString(0x1c)
	if err == nil && !strings.Contains(answer, "MSA|AA|") {
		err = fmt.Errorf("answered %q", answer)
	}
	return err
}

// BenchmarkEntry writes and reads an entry of the log.
func BenchmarkEntry(b *testing.B) {
	reports, err := hl7link.Decode(monitorMessage("1"), paris)
	if err != nil {
		b.Fatal(err)
	}
	e := entry{Received: morning, Link: "hl7", Peer: "192.0.2.7"}
	for _, m := range reports[0].Measurements {
		e.Measurements = append(e.Measurements, recordedEntry{Measurement: m, Subject: m.Patient})
	}
	data, err := e.encode()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := e.encode(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(data)), "bytes")
	})
	for form, data := range map[string][]byte{"decode": data, "decode JSON": inJSON(b, e)} {
		b.Run(form, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decode(reportRecord(data, len(e.Measurements))); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(data)), "bytes")
		})
	}
}

// BenchmarkStream is the way of values that come again by themselves, of which
// hardly any is recorded.
func BenchmarkStream(b *testing.B) {
	reports, err := hl7link.Decode(monitorMessage("1"), paris)
	if err != nil {
		b.Fatal(err)
	}
	s := openBench(b)
	r := reports[0]
	r.Key, r.Streaming = "", true
	share(b, 16, func() (func(int64) error, func()) {
		return func(int64) error {
			_, err := s.Record(context.Background(), r)
			return err
		}, func() {}
	})
}
