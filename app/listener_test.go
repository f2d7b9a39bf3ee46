package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitalien/app/cli"
	"vitalien/app/config"
	"vitalien/hl7link"
)

// TestRepeat_AcrossARestart: a device that lost the answer sends again, after
// the program was killed and started anew, and gets the same bytes as answer.
// The message is stored once.
func TestRepeat_AcrossARestart(t *testing.T) {
	folder := t.TempDir()
	p := launch(t, folder)
	first := exchange(t, p.mllp, oru("R1", 72))
	p.kill()
	p = launch(t, folder)
	again := exchange(t, p.mllp, oru("R1", 72))
	other := exchange(t, p.mllp, oru("R1", 73)) // the same control id, other bytes
	p.stop(t)
	if !bytes.Equal(first, again) || !bytes.Contains(first, []byte("MSA|AA|R1")) {
		t.Errorf("answers differ:\n%q\n%q", first, again)
	}
	if bytes.Equal(first, other) {
		t.Errorf("another message got the same answer %q", other)
	}
	a := start(t, cli.Flags{DataDir: folder})
	if n := len(recorded(t, a)); n != 4 {
		t.Errorf("%d measurements stored, not 2 of each of the two messages", n)
	}
}

func exchange(t *testing.T, address, message string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	device := dial(t, address)
	answer, err := device.Exchange(ctx, []byte(message))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// broken is what listeners meet: frames, messages and senders gone wrong.
func broken() [][]byte {
	message := oru("B", 72)
	list := [][]byte{
		[]byte("\x0b\x1c\r"), []byte("\x1c\r\x1c\r"), []byte("\x0b\x0b\x0b\x1c\r"), []byte("\x00\x00\x00"), []byte("\x0b" + message),
		[]byte("\x0bgarbage\x1c\r"), []byte("\x0bMSH\x1c\r"), []byte("\x0bMSH|\x1c\r"), []byte("\x0bMSH|^~\\&\x1c\r"), []byte("\x0bMSH||||||||\x1c\r"),
		[]byte("\x0bMSH^^^^^^\x1c\r"), []byte("\x0bPID|||1\r" + message + "\x1c\r"), []byte("\x0b" + strings.Repeat("MSH", 1000) + "\x1c\r"),
		[]byte("\x0b" + strings.Replace(message, "ORU^R01", "XXX^Y99", 1) + "\x1c\r"), []byte("\x0b" + strings.Replace(message, "|2.6|", "|99|", 1) + "\x1c\r"),
		[]byte("\x0b" + strings.ReplaceAll(message, "|72|", "|seventy|") + "\x1c\r"), []byte("\x0b" + strings.ReplaceAll(message, "|", "\x00") + "\x1c\r"),
		[]byte("\x0b" + strings.Repeat("A", 2<<20)), []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc"),
		[]byte("\x0b" + message[:len(message)/2] + "\x0b" + message + "\x1c\r"), []byte("\x0b" + message + "\x1c"), []byte(message + "\x1c\r"),
		[]byte("\x0b" + strings.Repeat("OBX|1|NM|\r", 100_000) + "\x1c\r"), []byte("\x0bMSH|^~\\&|" + strings.Repeat("~", 100_000) + "\x1c\r"),
	}
	for i := range 25 { // cut anywhere
		list = append(list, []byte("\x0b" + message)[:1+i*len(message)/25])
	}
	return list
}

// TestBroken sends each broken thing on a connection of its own, while a
// device and an EHR go on as if nothing were.
func TestBroken(t *testing.T) {
	a := start(t, cli.Flags{})
	address := a.monitor.Addr().String()
	ehr := run(t, "sio4", "node", filepath.Join(clients, "receive.js"), "sio4", a.server.URL())
	ehr.expect("connect")
	device := dial(t, address)
	for i, bytes := range broken() {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(patience))
		go io.Copy(io.Discard, conn) // takes whatever it is answered
		conn.Write(bytes)            // may fail: the listener need not hear it out
		send(t, device, oru(fmt.Sprintf("GOOD%d", i), 72))
		for found := false; !found; { // some broken things hold a whole message, which is welcome
			found = strings.Contains(ehr.expect("fhir"), fmt.Sprintf(`"GOOD%d"`, i))
		}
		conn.Close()
	}
}

// TestAllow turns away whoever is not in hl7.allow.
func TestAllow(t *testing.T) {
	folder := t.TempDir()
	configure(t, folder, "[hl7]\nallow = [\"192.0.2.0/24\"]\n")
	a := start(t, cli.Flags{DataDir: folder})
	conn, err := net.Dial("tcp", a.monitor.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	conn.Write(hl7link.Frame([]byte(oru("X", 72))))
	if answer, _ := io.ReadAll(conn); len(answer) > 0 {
		t.Errorf("answered %q", answer)
	}
	if n := len(recorded(t, a)); n > 0 {
		t.Errorf("%d measurements of a stranger", n)
	}
}

// TestTLS_Listener takes messages over TLS from whoever presents a certificate
// of the authority, and from nobody else.
func TestTLS_Listener(t *testing.T) {
	authority := issue(t, "authority", nil)
	server, monitor := issue(t, "server", authority), issue(t, "monitor", authority)
	folder := t.TempDir()
	configure(t, folder, fmt.Sprintf("[hl7]\ntls_cert = %q\ntls_key = %q\ntls_ca = %q\n", server.certFile, server.keyFile, authority.certFile))
	a := start(t, cli.Flags{DataDir: folder})
	address := a.monitor.Addr().String()

	known := &tls.Config{RootCAs: authority.pool(), Certificates: monitor.pair(t)}
	if answer := overTLS(t, address, known); !strings.Contains(answer, "MSA|AA|T1") {
		t.Errorf("answered %q", answer)
	}
	if answer := overTLS(t, address, &tls.Config{RootCAs: authority.pool()}); answer != "" {
		t.Errorf("a stranger was answered %q", answer)
	}
	if n := len(recorded(t, a)); n != 2 {
		t.Errorf("%d measurements", n)
	}
}

// overTLS sends a message and gives the frame that comes back, or nothing.
func overTLS(t *testing.T, address string, c *tls.Config) string {
	t.Helper()
	conn, err := tls.Dial("tcp", address, c)
	if err != nil {
		return ""
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	conn.Write(hl7link.Frame([]byte(oru("T1", 72))))
	var answer []byte
	for buffer := make([]byte, 4096); !bytes.Contains(answer, []byte("\x1c\r")); {
		n, err := conn.Read(buffer)
		answer = append(answer, buffer[:n]...)
		if err != nil {
			break
		}
	}
	return string(answer)
}

func configure(t *testing.T, folder, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, config.FileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
