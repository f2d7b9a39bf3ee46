package simulator

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"vitalien/hl7link"
)

func TestFaults_CutAfterEachByte(t *testing.T) {
	m := serve(t, MonitorOptions{Clients: 1000, Faults: Faults{CutAfter: func(connection int) int { return connection }}})
	m.mu.Lock()
	whole := hl7link.Frame(script{}.everything(&m.bedside)[0])
	m.mu.Unlock()
	for n := 1; n <= len(whole)+1; n++ {
		got, err := io.ReadAll(connect(t, m).conn)
		if err != nil || len(got) != n || !bytes.HasPrefix(append(whole, 0x0b), got) {
			t.Fatalf("cut after %d bytes: %d came, %v: %q", n, len(got), err, got)
		}
	}
	if m.Connections() != len(whole)+1 {
		t.Errorf("%d connections", m.Connections())
	}
}

func TestFaults_SplitAndJunk(t *testing.T) {
	m := serve(t, MonitorOptions{Faults: Faults{Split: true, Junk: true}})
	s := connect(t, m)
	s.await(rtiPeriodic, nil)
	buffer := make([]byte, 1<<16)
	for found := false; !found; {
		n, err := s.conn.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		s.send(rtiEcho)
		found = bytes.IndexByte(buffer[:n], 0xff) >= 0
	}
}

func TestFaults_Mute(t *testing.T) {
	m := serve(t, MonitorOptions{EchoTimeout: time.Minute})
	s := connect(t, m)
	s.await(rtiPeriodic, nil)
	m.Misbehave(Faults{Mute: true})
	last := make(chan error, 1)
	go func() {
		for {
			s.conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
			if _, err := io.Copy(io.Discard, s.conn); err != nil {
				last <- err
				return
			}
		}
	}()
	var timeout net.Error
	if err := <-last; !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Fatalf("it is not silent, or gone: %v", err)
	}
	m.Misbehave(Faults{})
	s.conn.SetReadDeadline(time.Now().Add(patience))
	s.await(rtiPeriodic, nil)
}

// TestFaults_Cyrillic holds the bytes to those of the captured firmware:
// windows-1251 lowered by 16.
func TestFaults_Cyrillic(t *testing.T) {
	m := serve(t, MonitorOptions{Faults: Faults{Cyrillic: true}})
	m.Begin(Bradycardia)
	s := connect(t, m)
	for {
		id, _, raw, err := s.next()
		if err != nil {
			t.Fatal(err)
		}
		s.send(rtiEcho)
		if id == rtiPeriodic {
			if want := []byte("101^\xc7\xc1\xc1|"); !bytes.Contains(raw, want) { // ЧСС
				t.Errorf("%q", raw)
			}
			return
		}
		if id == rtiPhysio && !bytes.Contains(raw, []byte("\xc7\xc1\xc1 - \xe1\xdb. \xdd\xd8\xd7")) {
			t.Errorf("%q", raw)
		}
	}
}

func TestScript_Bytes(t *testing.T) {
	for _, one := range []struct {
		script script
		text   string
		want   string
	}{
		{script{}, "Capteur débranché", "Capteur d\xe9branch\xe9"},
		{script{}, "ЧСС", "???"},
		{script{cyrillic: true}, "Ая", "\xb0\xef"},
		{script{cyrillic: true}, "é€", "??"},
	} {
		if got := string(one.script.bytes(one.text)); got != one.want {
			t.Errorf("%q is %q, want %q", one.text, got, one.want)
		}
	}
}

func TestMonitor_DropsASlowClient(t *testing.T) {
	m := serve(t, MonitorOptions{Every: time.Millisecond, EchoTimeout: time.Minute})
	s := connect(t, m)
	s.conn.(*net.TCPConn).SetReadBuffer(1 << 10)
	other := connect(t, m)
	for dropped := false; !dropped; {
		m.mu.Lock()
		dropped = len(m.clients) == 1
		m.mu.Unlock()
		m.MeasurePressure()
		other.await(rtiPeriodic, nil)
	}
}

func TestBeacon(t *testing.T) {
	heard, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer heard.Close()
	heard.SetReadDeadline(time.Now().Add(patience))
	m := serve(t, MonitorOptions{Beacon: heard.LocalAddr().String(), Patient: admission("42", "Anne")})
	m.Begin(SensorOff)
	datagram := make([]byte, 64<<10)
	for {
		n, from, err := heard.ReadFrom(datagram)
		if err != nil {
			t.Fatal(err)
		}
		b, err := hl7link.Parse(datagram[:n])
		if err != nil {
			t.Fatalf("%v from %v: %q", err, from, datagram[:n])
		}
		h, pv1 := b.Header(), b.First("PV1")
		if h.Component(9, 1) != "ADT" || h.Text(10) != "101" || pv1.At(3, 1, 3, 2) != "7" || pv1.At(3, 1, 3, 3) != "2130706433" || pv1.At(3, 1, 3, 6) != "1" {
			t.Fatalf("%q", datagram[:n])
		}
		if value(b, 2307) == "2" && value(b, 2304) == "Moniteur simulé" {
			break
		}
	}
	m.Misbehave(Faults{NoBeacon: true})
	for {
		heard.SetReadDeadline(time.Now().Add(1500 * time.Millisecond))
		if _, _, err := heard.ReadFrom(datagram); err != nil {
			return // a second and a half without one
		}
	}
}
