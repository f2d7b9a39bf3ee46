package hl7link

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"vitalien/fhirmap"
)

// realMonitor accepts connections over TCP and serves them one after the
// other, until all are.
func realMonitor(t *testing.T, connections int, serve func(n int, conn *net.TCPConn)) (address string, done <-chan struct{}) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer listener.Close()
		for n := range connections {
			conn, err := listener.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			serve(n, conn.(*net.TCPConn))
			conn.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, conn) // an echo that is not read would take back what was sent
			conn.Close()
		}
	}()
	return listener.Addr().String(), ended
}

// runUntil runs the client of a monitor until done.
func runUntil(t *testing.T, done <-chan struct{}, o MonitorOptions) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	o.Zone, o.wait = paris, func(int) time.Duration { return time.Millisecond }
	ended := make(chan error, 1)
	go func() { ended <- RunMonitor(ctx, o) }()
	select {
	case <-done:
	case <-ctx.Done():
		t.Error("not in time")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// stream is a session as a monitor writes it.
func stream() string {
	var b strings.Builder
	for _, m := range []string{admitted("812"), rti("51", "OBX||NM|2002^|101|120||||||F"), rti("54"), pressureAt(seven, "120"),
		rti("204", "OBX||NM|101^|2101|72||||||F", "OBX||NM|160^|2103|98||||||F"), stated("101", "3"), pressureAt(sevenTen, "121")} {
		b.Write(Frame([]byte(m)))
	}
	return b.String()
}

// However the cable is cut, each measurement comes once, whole, and of its
// patient.
func TestRunMonitor_CutAtEachByte(t *testing.T) {
	whole := stream()
	sink, kept := &memorySink{}, &memoryQuarantine{}
	address, done := realMonitor(t, len(whole)+1, func(n int, conn *net.TCPConn) { io.WriteString(conn, whole[:n]) })
	runUntil(t, done, MonitorOptions{Address: address, Sink: sink, Quarantine: kept})
	once := map[string]int{}
	for _, r := range sink.reports {
		for _, m := range r.Measurements {
			line := summary(m)
			switch {
			case m.Patient.ID != "812" || m.Bed != "7":
				t.Fatalf("%s of %+v", line, m.Patient)
			case !r.Streaming:
				once[line]++
			case line != "heart_rate | heart_rate=72 /min" && line != "oxygen_saturation | oxygen_saturation=98 %":
				t.Fatal(line)
			}
		}
	}
	if len(once) != 4 {
		t.Error(once)
	}
	for line, n := range once {
		if n != 1 {
			t.Errorf("%d × %s", n, line)
		}
	}
	if len(kept.all) != 0 {
		t.Errorf("%q", kept.all[0].Reason)
	}
}

// A monitor that sends a byte at a time, or all at once, says the same.
func TestRunMonitor_Pieces(t *testing.T) {
	whole := stream()
	for _, size := range []int{1, 7, len(whole)} {
		sink := &memorySink{}
		address, done := realMonitor(t, 1, func(_ int, conn *net.TCPConn) {
			for piece := range slices.Chunk([]byte(whole), size) {
				conn.Write(piece)
			}
		})
		runUntil(t, done, MonitorOptions{Address: address, Sink: sink})
		if got := recordedIn(sink); len(got) != 6 {
			t.Errorf("in pieces of %d: %q", size, got)
		}
	}
}

// Junk between frames and frames that begin anew cost nothing else.
func TestRunMonitor_Junk(t *testing.T) {
	sink := &memorySink{}
	address, done := realMonitor(t, 1, func(_ int, conn *net.TCPConn) {
		io.WriteString(conn, "junk\r\n"+string(Frame([]byte(admitted("812"))))+"\x00\xff more\r\n\x0bMSH|^~\\&|||||||ORU^R01|204|P|2.3.1|\rOBX||NM|101^|2101|7"+
			string(Frame([]byte(periodic("101", "72"))))+strings.TrimSuffix(string(Frame([]byte(periodic("151", "14")))), "\r")+string(Frame([]byte(rti("106")))))
	})
	runUntil(t, done, MonitorOptions{Address: address, Sink: sink})
	want := []string{"heart_rate | heart_rate=72 /min", "respiratory_rate | respiratory_rate=14 /min"}
	if got := recordedIn(sink); len(got) != 4 || !slices.Equal(got[2:], want) {
		t.Errorf("%q", got)
	}
}

// A web server waits for the end of a request that never comes.
func TestRunMonitor_WebServerAndNobody(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for address, want := range map[string]string{web.Listener.Addr().String(): "monitor_silent", closed.Addr().String(): "monitor_refuses"} {
		told := make(chan MonitorStatus, 64)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- RunMonitor(ctx, MonitorOptions{Address: address, Sink: &memorySink{}, OnChange: func(s MonitorStatus) { told <- s },
				Silence: 200 * time.Millisecond, wait: func(int) time.Duration { return time.Hour }})
		}()
		for s := range told {
			if s.State == MonitorConnected {
				t.Errorf("%s: %+v", want, s)
			}
			if s.State == MonitorOffline {
				if got := fhirmap.FaultOf(s.Fault); got.Code != want || got.French == "" {
					t.Errorf("%+v, want %s", got, want)
				}
				break
			}
		}
		cancel()
		<-ended
	}
}
