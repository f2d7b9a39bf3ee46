package hl7link

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"vitalien/fhirmap"
)

// A change is what OnChange was told.
type change struct {
	peers int
	last  error
}

// watched starts a listener whose changes can be awaited.
func watched(t *testing.T, o ListenerOptions) (address string, next func(func(change) bool) change, stop func()) {
	t.Helper()
	changes := make(chan change, 256)
	o.OnChange = func(peers int, last error) { changes <- change{peers, last} }
	if o.Sink == nil {
		o.Sink = &memorySink{}
	}
	address, stop = start(t, o)
	return address, func(wanted func(change) bool) change {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		var seen []change
		for {
			select {
			case c := <-changes:
				if seen = append(seen, c); wanted(c) {
					return c
				}
			case <-ctx.Done():
				t.Fatalf("only %v", seen)
			}
		}
	}, stop
}

func gone(c change) bool { return c.peers == 0 && c.last == nil }

func failed(c change) bool { return c.last != nil }

// Whatever ends a connection badly is a Fault with its own code and a text for
// people that names the monitor, and the next message that is accepted makes
// it forgotten.
func TestListener_ConnectionFaults(t *testing.T) {
	reset := func(t *testing.T, conn *net.TCPConn) {
		if err := conn.SetLinger(0); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	for code, c := range map[string]struct {
		o      ListenerOptions
		stream string
		end    func(*testing.T, *net.TCPConn)
	}{
		"monitor_disconnected": {ListenerOptions{}, "", reset},
		"message_incomplete":   {ListenerOptions{}, "\x0b" + heartRate, func(_ *testing.T, conn *net.TCPConn) { conn.CloseWrite() }},
		"monitor_silent":       {ListenerOptions{IdleTimeout: 30 * time.Millisecond}, "", nil},
		"message_too_long":     {ListenerOptions{MaxFrame: 1000}, "\x0bMSH|^~\\&|" + strings.Repeat("x", 2000), nil},
	} {
		t.Run(code, func(t *testing.T) {
			address, next, _ := watched(t, c.o)
			conn := dialRaw(t, address).(*net.TCPConn)
			next(func(c change) bool { return c.peers == 1 })
			if _, err := conn.Write([]byte(c.stream)); err != nil {
				t.Fatal(err)
			}
			if c.end != nil {
				c.end(t, conn)
			}
			told := next(failed)
			fault := fhirmap.FaultOf(told.last)
			if told.peers != 0 || fault.Code != code || !strings.Contains(fault.French, "127.0.0.1") || fault.Cause == nil {
				t.Errorf("%d peers, %s, %q", told.peers, fault.Code, fault.French)
			}
			if got, err := dial(t, address).Send(t.Context(), []byte(heartRate)); err != nil || got != "AA" {
				t.Fatalf("%q, %v", got, err)
			}
			next(func(c change) bool { return c.peers == 1 && c.last == nil })
		})
	}
}

func TestListener_CleanCloseIsNoFault(t *testing.T) {
	for name, stream := range map[string]string{"nothing sent": "", "after a message": string(Frame([]byte(heartRate))), "without frame": heartRate} {
		t.Run(name, func(t *testing.T) {
			address, next, _ := watched(t, ListenerOptions{})
			conn := dialRaw(t, address).(*net.TCPConn)
			next(func(c change) bool { return c.peers == 1 })
			if _, err := conn.Write([]byte(stream)); err != nil {
				t.Fatal(err)
			}
			if err := conn.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			exchange(t, conn, nil, 2) // until the listener closes
			next(func(c change) bool {
				if c.last != nil {
					t.Errorf("%v", c.last)
				}
				return gone(c)
			})
		})
	}
}

func TestListener_RefusedFaults(t *testing.T) {
	address, next, _ := watched(t, ListenerOptions{Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	dialRaw(t, address)
	if f := fhirmap.FaultOf(next(failed).last); f.Code != "monitor_refused" || !strings.Contains(f.French, "127.0.0.1") {
		t.Errorf("%+v", f)
	}
	address, next, _ = watched(t, ListenerOptions{MaxConnections: 1})
	dialRaw(t, address)
	next(func(c change) bool { return c.peers == 1 })
	dialRaw(t, address)
	if f := fhirmap.FaultOf(next(failed).last); f.Code != "too_many_monitors" || !f.Temporary {
		t.Errorf("%+v", f)
	}
}

// The rest of a message whose sender paused is told at once, while the
// connection goes on.
func TestListener_CutMessageIsTold(t *testing.T) {
	var log bytes.Buffer
	sink := &memorySink{}
	address, next, stop := watched(t, ListenerOptions{
		Sink: sink, SilenceTimeout: 20 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	conn := dialRaw(t, address)
	if got := exchange(t, conn, []string{heartRate}, 1); len(got) != 1 || got[0] != "AA 1" {
		t.Fatalf("%q", got)
	}
	if _, err := conn.Write([]byte("OBX|2|NM|9279-1^RR^LN||SECRET||||||F\r")); err != nil {
		t.Fatal(err)
	}
	if told := next(failed); told.peers != 1 || fhirmap.FaultOf(told.last).Code != "message_cut" {
		t.Errorf("%+v", told)
	}
	if got := exchange(t, conn, []string{string(Frame(numbered("2")))}, 1); len(got) != 1 || got[0] != "AA 2" {
		t.Errorf("%q", got)
	}
	next(func(c change) bool { return c.peers == 1 && c.last == nil })
	stop()
	if !strings.Contains(log.String(), "level=WARN msg=\"the rest of a message") || strings.Contains(log.String(), "SECRET") {
		t.Errorf("the log: %s", log.String())
	}
}

func TestListenerOptions_SilenceOutlastsAPause(t *testing.T) {
	var o ListenerOptions
	o.setDefaults()
	if o.SilenceTimeout != 3*time.Second {
		t.Errorf("%v", o.SilenceTimeout)
	}
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestListener_TLS(t *testing.T) {
	own := certificate(t)
	address, next, _ := watched(t, ListenerOptions{TLS: &tls.Config{Certificates: []tls.Certificate{own}}})

	probe := dialRaw(t, address)
	next(func(c change) bool { return c.peers == 1 })
	probe.Close()
	next(gone)

	if _, err := dialRaw(t, address).Write(Frame([]byte(heartRate))); err != nil {
		t.Fatal(err)
	}
	if f := fhirmap.FaultOf(next(failed).last); f.Code != "monitor_tls" || !strings.Contains(f.French, "TLS") {
		t.Errorf("%+v", f)
	}

	secure := tls.Client(dialRaw(t, address), &tls.Config{InsecureSkipVerify: true})
	if got := exchange(t, secure, []string{string(Frame([]byte(heartRate)))}, 1); len(got) != 1 || got[0] != "AA 1" {
		t.Errorf("%q", got)
	}
	next(func(c change) bool { return c.peers == 1 && c.last == nil })
}

func TestFrench(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Hour: "1\u00a0h", 90 * time.Minute: "90\u00a0min", 3 * time.Second: "3\u00a0s", 30 * time.Millisecond: "30ms",
	} {
		if got := french(d); got != want {
			t.Errorf("%v: %q", d, got)
		}
	}
}
