package hl7link

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// beacon is that of a bed, whose third component of PV1-3 is place.
func beacon(place string, more ...string) string {
	return "MSH|^~\\&|||||||ADT^A01|101|P|2.3.1|\rEVN||00000000|\rPID|||14140f00-7bbc||rep^wet|\r" +
		"PV1||I|^^" + place + "|||||||||||||||U|4294967040||\r" + strings.Join(append(more, ""), "\r")
}

func TestReadBeacon(t *testing.T) {
	from := netip.MustParseAddr("192.168.8.20")
	for _, c := range []struct {
		name, text string
		want       Sighting
	}{
		{"published", beacon("icu&222&&4601&&1", "OBX||ST|2304^MonitorName||M0001||||||F", "OBX||CE|2307^||1^||||||F",
			"OBX||ST|2308^BedNoStr||222||||||F", "OBX||ST|4527^||000000000000000000000000||||||F"),
			Sighting{Address: "192.168.8.20:4601", Name: "M0001", Bed: "222", Department: "icu", Patient: true, Alarm: "physiological"}},
		{"address of its own", beacon("icu&2&3232235620&4602&7&0", "OBX||CE|2307^||2^||||||F", "OBX||ST|4527^||00a0b1||||||F"),
			Sighting{Address: "192.168.0.100:4602", Bed: "2", Department: "icu", DeviceID: "00a0b1", Alarm: "technical"}},
		{"five parts name a patient", beacon("icu&2&3232235620&4601&7"), Sighting{Address: "192.168.0.100:4601", Bed: "2", Department: "icu", Patient: true}},
		{"loopback, multicast and broadcast are not believed", beacon("&&2130706433&&&0"), Sighting{Address: "192.168.8.20:4601"}},
		{"multicast", beacon("&&3758096385&4601&&0"), Sighting{Address: "192.168.8.20:4601"}},
		{"broadcast", beacon("&&4294967295&4601&&0"), Sighting{Address: "192.168.8.20:4601"}},
		{"no address and no port", beacon("&&x&99999&&0"), Sighting{Address: "192.168.8.20:4601"}},
		{"control characters and length", beacon("a\tb&" + strings.Repeat("é", 60) + "&&4601&&0"), Sighting{
			Address: "192.168.8.20:4601", Department: "ab", Bed: strings.Repeat("é", 32)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, text := range []string{c.text, string(Frame([]byte(c.text)))} {
				got, ok := readBeacon([]byte(text), from)
				if !ok {
					t.Fatal("not read")
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	for _, other := range []string{"", "junk", rti("101"), strings.Replace(beacon("a&b"), "|101|", "|102|", 1), strings.Replace(beacon("a&b"), "A01", "A03", 1)} {
		if got, ok := readBeacon([]byte(other), from); ok {
			t.Errorf("%q: %+v", other, got)
		}
	}
	if got, ok := readBeacon([]byte(beacon("a&b&&&&")), netip.MustParseAddr("fe80::1")); ok {
		t.Errorf("%+v", got)
	}
}

// A sightings is what a discovery told.
type sightings struct{ lines []string }

func (s *sightings) options() DiscoverOptions {
	began := time.Now()
	o := DiscoverOptions{
		OnSeen: func(m Sighting) {
			s.lines = append(s.lines, fmt.Sprint(time.Since(began).Round(time.Second), " ", m.Address, " ", m.Alarm))
		},
		OnLost: func(address string) {
			s.lines = append(s.lines, fmt.Sprint(time.Since(began).Round(time.Second), " lost ", address))
		},
	}
	o.setDefaults()
	return o
}

func TestDiscover_SeenChangedAndLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := &sightings{}
		d := &discovery{DiscoverOptions: told.options(), known: map[string]*sighted{}}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		beacons := make(chan datagram)
		go d.run(ctx, beacons)
		from := netip.MustParseAddr("10.0.0.9")
		for second := range 8 {
			text := beacon("icu&1&&4601&&1")
			if second >= 3 {
				text = beacon("icu&1&&4601&&1", "OBX||CE|2307^||1^||||||F")
			}
			beacons <- datagram{from, []byte(text)}
			beacons <- datagram{from, []byte("junk")}
			time.Sleep(time.Second)
		}
		time.Sleep(15 * time.Second)
		beacons <- datagram{from, []byte(beacon("icu&1&&4601&&1"))}
		synctest.Wait()
		want := []string{"0s 10.0.0.9:4601 ", "3s 10.0.0.9:4601 physiological", "17s lost 10.0.0.9:4601", "23s 10.0.0.9:4601 "}
		if diff := cmp.Diff(want, told.lines); diff != "" {
			t.Error(diff)
		}
	})
}

func TestDiscover_FloodIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := &sightings{}
		d := &discovery{DiscoverOptions: told.options(), known: map[string]*sighted{}}
		for i := range 100 { // one that pretends to be many
			d.beacon(datagram{netip.MustParseAddr("10.0.0.9"), []byte(beacon(fmt.Sprintf("icu&1&%d&4601&&1", 0x0A010000+i)))})
		}
		if len(d.known) != maxOfSender {
			t.Errorf("%d of one sender", len(d.known))
		}
		for i := range 800 { // and many
			from := netip.AddrFrom4([4]byte{10, 2, byte(i >> 8), byte(i)})
			d.beacon(datagram{from, []byte(beacon("icu&1&&4601&&1"))})
		}
		if len(d.known) != maxSighted || len(told.lines) != maxSighted {
			t.Errorf("%d known, %d told", len(d.known), len(told.lines))
		}
		time.Sleep(11 * time.Second)
		d.forget()
		from := netip.MustParseAddr("10.0.0.9")
		told.lines = nil
		for i := range 2 * maxBeacons { // one that changes all the time
			d.beacon(datagram{from, []byte(beacon(fmt.Sprintf("icu&%d&&4601&&1", i)))})
		}
		if d.count <= maxBeacons || len(told.lines) != 1 {
			t.Errorf("%d counted, told %d", d.count, len(told.lines))
		}
	})
}

// Two programs of one computer hear the same port; datagrams that are no
// beacons, or too long for one, change nothing.
func TestDiscover_RealSockets(t *testing.T) {
	port := freeUDPPort(t)
	ctx, cancel := context.WithCancel(t.Context())
	seen := make(chan Sighting, 8)
	done := make(chan error, 1)
	go func() {
		done <- Discover(ctx, DiscoverOptions{Ports: []int{port}, OnSeen: func(s Sighting) { seen <- s }})
	}()
	stop := make(chan struct{})
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		conn, err := net.Dial("udp4", fmt.Sprint("127.0.0.1:", port))
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			for _, text := range []string{strings.Repeat("x", 2*maxBeacon), "junk", beacon("icu&12&&4601&&1")} {
				conn.Write([]byte(text)) // refused until somebody listens
			}
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	got := <-seen
	if got.Address != "127.0.0.1:4601" || got.Bed != "12" || got.Seen.IsZero() {
		t.Errorf("%+v", got)
	}
	other, err := listenBeacons(ctx, port)
	if err != nil {
		t.Errorf("a second program cannot listen: %v", err)
	} else {
		other.Close()
	}
	close(stop)
	<-sent
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestDiscover_NoPort(t *testing.T) {
	taken, err := net.ListenPacket("udp4", "127.0.0.1:0") // does not share
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, ports := range [][]int{{0x10000}, {taken.LocalAddr().(*net.UDPAddr).Port}} {
		if err := Discover(t.Context(), DiscoverOptions{Ports: ports}); err == nil {
			t.Errorf("%v: no error", ports)
		}
	}
}

func freeUDPPort(t *testing.T) int {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).Port
}

func FuzzBeacon(f *testing.F) {
	f.Add([]byte(beacon("icu&222&&4601&&1", "OBX||ST|2304^MonitorName||M0001||||||F")))
	f.Add([]byte("MSH|^~\\&|||||||ADT^A01|101|P|2.3.1|\rPV1|||^^&&9999999999&0"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, ok := readBeacon(text, netip.MustParseAddr("10.0.0.9"))
		if !ok {
			return
		}
		if at, err := netip.ParseAddrPort(s.Address); err != nil || at.Port() == 0 || at.Addr().IsMulticast() {
			t.Errorf("%q", s.Address)
		}
		for _, text := range []string{s.Name, s.Bed, s.Department, s.DeviceID} {
			if len(text) > maxMonitorName || strings.ContainsAny(text, "\r\n\t\x00") {
				t.Errorf("%q", text)
			}
		}
	})
}
