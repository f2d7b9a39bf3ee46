package stethoscope

import (
	"context"
	"net"
)

// TCP is a source that sends nothing but samples to whoever connects to its
// Address, HOST:PORT.
type TCP struct {
	Address string
	Sound   Format
}

var _ Source = TCP{}

// Format is that of the settings: nothing in the stream tells.
func (t TCP) Format() Format { return t.Sound }

// Open connects.
func (t TCP) Open(ctx context.Context) (Stream, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", t.Address)
	if err != nil {
		return nil, err
	}
	return tcpStream{conn}, nil
}

type tcpStream struct{ net.Conn }

func (s tcpStream) Next(p []byte) (n int, lost int64, err error) {
	n, err = s.Read(p)
	return n, 0, err
}
