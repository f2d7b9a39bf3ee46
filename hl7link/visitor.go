package hl7link

import (
	"crypto/tls"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// A visitor is one connection that was let in.
type visitor struct {
	net.Conn
	peer      string    // its address, without a port
	heard     time.Time // when its last message came, or itself
	displaced atomic.Bool
}

// A refusal is who was refused last, and why: a flood of the same is told once
// a second.
type refusal struct {
	peer, code string
	at         time.Time
}

// What the operating system holds for a connection at most, either way.
const (
	readBuffer  = 128 << 10
	writeBuffer = 16 << 10
)

func boundBuffers(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetReadBuffer(readBuffer)
		tcp.SetWriteBuffer(writeBuffer)
	}
}

// admit lets in who may connect while there is room, or where somebody takes
// more of it.
func (l *Listener) admit(conn net.Conn) *visitor {
	peer := conn.RemoteAddr().String()
	if address, err := netip.ParseAddrPort(peer); err == nil {
		peer = address.Addr().Unmap().String()
	}
	if !l.allowed(peer) {
		l.refuse(conn, peer, "monitor_refused")
		return nil
	}
	boundBuffers(conn)
	v := &visitor{Conn: conn, peer: peer, heard: time.Now()}
	if !l.enter(v) {
		l.refuse(conn, peer, "too_many_monitors")
		return nil
	}
	return v
}

func (l *Listener) refuse(conn net.Conn, peer, code string) {
	conn.Close()
	l.mu.Lock()
	now := time.Now()
	repeated := l.told.peer == peer && l.told.code == code && now.Sub(l.told.at) < time.Second
	if !repeated {
		l.told = refusal{peer, code, now}
	}
	l.mu.Unlock()
	if repeated {
		return
	}
	l.options.Logger.Warn("connection refused", "peer", peer, "reason", code)
	l.changed(0, refusedFault(peer, code))
}

// enter gives v a place. When all are taken, the address that takes most of
// them gives up that of which least was heard, unless it is v's own.
func (l *Listener) enter(v *visitor) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= l.options.MaxConnections {
		other := l.crowder(v.peer)
		if other == nil {
			return false
		}
		delete(l.open, other)
		other.displaced.Store(true)
		other.Close()
	}
	l.open[v] = struct{}{}
	l.peers++
	return true
}

// crowder is who makes room for one more connection of peer, nil if nobody
// must.
func (l *Listener) crowder(peer string) (longest *visitor) {
	counts := map[string]int{}
	for v := range l.open {
		counts[v.peer]++
	}
	for v := range l.open {
		n, most := counts[v.peer], 0
		if longest != nil {
			most = counts[longest.peer]
		}
		if n > counts[peer]+1 && (n > most || n == most && v.heard.Before(longest.heard)) {
			longest = v
		}
	}
	return longest
}

// heard notes that v sent a whole message.
func (l *Listener) heard(v *visitor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v.heard = time.Now()
}

func (l *Listener) leave(v *visitor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, v)
}
