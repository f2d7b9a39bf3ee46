package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

func TestListen_LocalhostIsBothLoopbacks(t *testing.T) {
	if l, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Skip("this computer has no IPv6 loopback")
	} else {
		l.Close()
	}
	p := newPost(t, func(o *Options) { o.Address = "localhost:0" })
	if p.server.URL() != "http://"+p.address || !strings.HasPrefix(p.address, "127.0.0.1:") {
		t.Errorf("URL %s", p.server.URL())
	}
	for _, host := range []string{"127.0.0.1", "[::1]", "localhost"} {
		response, err := http.Get(fmt.Sprintf("http://%s:%d/status", host, p.server.port()))
		if err != nil {
			t.Error(err)
			continue
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", host, response.Status)
		}
	}
}

func TestListen_PortTaken(t *testing.T) {
	for _, network := range []string{"127.0.0.1:0", "[::1]:0"} {
		taken, err := net.Listen("tcp", network)
		if err != nil {
			t.Logf("%s: %v", network, err) // no IPv6
			continue
		}
		defer taken.Close()
		address := fmt.Sprintf("localhost:%d", taken.Addr().(*net.TCPAddr).Port)
		_, err = Listen(Options{Logger: slog.New(slog.DiscardHandler), Address: address})
		var fault *fhirmap.Fault
		if !errors.As(err, &fault) || fault.Code != "port_taken" || !fault.Temporary || !strings.Contains(fault.French, address) {
			t.Errorf("%s: %v", network, err)
		}
	}
}

func TestListen_BadAddress(t *testing.T) {
	for _, address := range []string{"", "localhost", "localhost:99999", "localhost:x", "127.0.0.1", "no.such.host.invalid:1", "192.0.2.1:0"} {
		_, err := Listen(Options{Logger: slog.New(slog.DiscardHandler), Address: address})
		if fault := fhirmap.FaultOf(err); fault == nil || fault.Code != "listen_failed" {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestClose(t *testing.T) {
	s, err := station.Open(t.TempDir(), station.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	server, err := Listen(Options{Station: s, Logger: slog.New(slog.DiscardHandler), Address: "localhost:0"})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // without ever having served
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, l := range server.listeners {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s was still open: %v", l.Addr(), err)
		}
	}
	if err := server.Serve(context.Background()); err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
}

func TestClose_EndsEveryConnection(t *testing.T) {
	p := newPost(t)
	var clients []*client2
	eachLine(t, func(t *testing.T, eio int, transport string) {
		clients = append(clients, p.mustConnect(eio, transport, ""))
	})
	ended := make(chan error, len(clients))
	for _, c := range clients {
		go func() { _, err := c.message(); ended <- err }()
	}
	p.server.Close()
	for range clients {
		if err := <-ended; err == nil {
			t.Error("a packet came")
		}
	}
	p.awaitClients(0)
}
