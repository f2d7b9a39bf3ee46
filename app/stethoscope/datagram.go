package stethoscope

import (
	"context"
	"net"
	"net/netip"
)

// UDP is a source that sends nothing but whole samples in datagrams to Address,
// HOST:PORT of this computer. Nothing in them tells what is missing.
type UDP struct {
	Address string
	Sound   Format
}

// RTP is a source that sends sound in RTP packets (RFC 3550) of one fixed
// encoding, such as L16 (RFC 3551, 4.5.11: s16be), to Address. Their timestamps
// tell what is missing.
type RTP struct {
	Address string
	Sound   Format
}

var _, _ Source = UDP{}, RTP{}

// Format is that of the settings.
func (u UDP) Format() Format { return u.Sound }

// Format is that of the settings: a payload type may mean anything.
func (r RTP) Format() Format { return r.Sound }

// Open listens.
func (u UDP) Open(ctx context.Context) (Stream, error) {
	return listenDatagrams(ctx, u.Address, u.Sound.plain)
}

// Open listens.
func (r RTP) Open(ctx context.Context) (Stream, error) {
	return listenDatagrams(ctx, r.Address, (&rtpOrder{format: r.Sound}).next)
}

// plain takes a datagram of nothing but whole samples.
func (f Format) plain(datagram []byte) (sound []byte, lost int64, ok bool) {
	return datagram, -1, len(datagram) > 0 && len(datagram)%f.frame() == 0
}

func listenDatagrams(ctx context.Context, address string, read readDatagram) (Stream, error) {
	conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp", address)
	if err != nil {
		return nil, err
	}
	return &datagrams{UDPConn: conn.(*net.UDPConn), read: read}, nil
}

// readDatagram finds the sound in a datagram; not ok: it is not one of the
// source.
type readDatagram func(datagram []byte) (sound []byte, lost int64, ok bool)

// datagrams are those of whoever has sent sound first. Anybody in the network
// can send to a port: what others send is passed over.
type datagrams struct {
	*net.UDPConn
	read readDatagram
	peer netip.AddrPort
}

func (d *datagrams) Next(p []byte) (n int, lost int64, err error) {
	for {
		n, from, err := d.ReadFromUDPAddrPort(p)
		if err != nil {
			return 0, 0, err
		}
		if d.peer.IsValid() && from != d.peer {
			continue
		}
		if sound, lost, ok := d.read(p[:n]); ok {
			d.peer = from
			return copy(p, sound), lost, nil
		}
	}
}
