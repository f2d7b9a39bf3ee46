package api

import (
	"fmt"
	"net"
	"syscall"
	"testing"
	"unsafe"
)

// What the kernel holds for a socket (linux/sock_diag.h, SK_MEMINFO), as
// "ss -tm" shows it.
type kernelMemory struct {
	rmemAlloc, rcvbuf, wmemAlloc, sndbuf, fwdAlloc, wmemQueued, optmem, backlog, drops uint32
}

const soMeminfo = 55 // asm-generic/socket.h, SO_MEMINFO

// kernel is the most that the kernel holds for any connection of the server.
func (p *post) kernel() (most kernelMemory) {
	p.tb.Helper()
	d := p.server.doors
	d.mu.Lock()
	defer d.mu.Unlock()
	for g := range d.open {
		raw, err := g.Conn.(*net.TCPConn).SyscallConn()
		if err != nil {
			p.tb.Fatal(err)
		}
		var m kernelMemory
		size := uint32(unsafe.Sizeof(m))
		var failed syscall.Errno
		err = raw.Control(func(fd uintptr) {
			_, _, failed = syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd, syscall.SOL_SOCKET, soMeminfo,
				uintptr(unsafe.Pointer(&m)), uintptr(unsafe.Pointer(&size)), 0)
		})
		if err != nil || failed != 0 {
			p.tb.Fatal(err, failed)
		}
		most.wmemQueued = max(most.wmemQueued, m.wmemQueued)
		most.sndbuf = max(most.sndbuf, m.sndbuf)
		most.rmemAlloc = max(most.rmemAlloc, m.rmemAlloc)
	}
	return most
}

// maxCost is what a client that stops reading may cost.
const maxCost = 256 << 10

// Each client stops reading at another place of the log, so that none shares
// with the others what is held for it: the dearest case. What it costs is what
// its end gives back.
func TestSlow_CostInBytes(t *testing.T) {
	const step = 320 << 10 // more than what fits anywhere on the way
	n := short(12, 40)     // what else lives and dies in the process is shared by so many
	const kept = 256 << 10 // for all, here, so that it is soon full of other events
	for format, events := range map[string]struct{ size, message int }{"": {450, 80}, "&format=r4": {1100, 20}} {
		p := newPost(t)
		p.server.frames[formKligo].most, p.server.frames[formR4].most = kept, kept
		w := &witness{p, p.mustConnect(4, "websocket", format)}
		own := idOf(p)
		fill := func(bytes int) { p.fill(t, w, bytes/events.size, events.message) }
		fill(kept)
		eachLine(t, func(t *testing.T, eio int, transport string) {
			var stuck []net.Conn
			for range n {
				stuck = append(stuck, p.jam(eio, transport, format))
				fill(step)
			}
			fill(2 * kept) // what they wait for is kept for nobody else
			p.awaitClients(1 + n)
			if p.most() == 0 {
				t.Error("no client is stuck: the test proves nothing")
			}
			kernel, before := p.kernel(), living()
			for _, conn := range stuck {
				conn.Close()
			}
			p.dropOthers(own)
			p.awaitConnections(1)
			process := (before - living()) / int64(n)
			t.Logf("%q: %d bytes of the process; of the kernel %d queued (SO_SNDBUF %d), %d received",
				format, process, kernel.wmemQueued, kernel.sndbuf, kernel.rmemAlloc)
			if kernel.sndbuf > 2*writeBuffer {
				t.Errorf("a send buffer of %d bytes", kernel.sndbuf)
			}
			if cost := process + int64(max(kernel.wmemQueued, kernel.sndbuf)+kernel.rmemAlloc); cost > maxCost {
				t.Errorf("%q: a client that does not read costs %d bytes", format, cost)
			}
		})
	}
}

// dropOthers ends all sessions but one.
func (p *post) dropOthers(own any) {
	p.tb.Helper()
	p.server.sockets.conns.Range(func(id, conn any) bool {
		if id != own {
			conn.(*socketConn).drop("test")
		}
		return true
	})
	p.awaitClients(1)
	p.awaitSessions(1)
}

// jam connects a client that reads nothing from then on: over long-polling one
// that asks and does not take the answer.
func (p *post) jam(eio int, transport, format string) net.Conn {
	p.tb.Helper()
	if transport == "websocket" {
		conn, _ := p.bare(true, query(eio, transport, format))
		if eio == 4 {
			fmt.Fprint(conn, frame(0x81, "40"))
		}
		return conn
	}
	c := p.mustConnect(eio, transport, format)
	conn := p.dial(true)
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", session(p, c, transport), p.address)
	c.close()
	return conn
}

// fill records n measurements, some in each message, which the witness reads.
func (p *post) fill(t *testing.T, w *witness, n, message int) {
	t.Helper()
	first := p.next
	for left := n; left > 0; left -= message {
		p.record(min(left, message))
	}
	if err := expect(w.c, first, n); err != nil {
		t.Fatal(err)
	}
}
