package hl7link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// A Client sends messages over MLLP and waits for their acknowledgements, as
// devices do. It is for one goroutine at a time.
type Client struct {
	conn     net.Conn
	splitter *Splitter
}

// Dial connects to address, HOST:PORT.
func Dial(ctx context.Context, address string) (*Client, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &Client{conn: conn, splitter: NewSplitter(0)}, nil
}

// Send sends one message and gives MSA-1 of the answer: AA, AE, AR, or CA, CE,
// CR. An answer to another message is an error. After an error the connection
// is of no further use.
func (c *Client) Send(ctx context.Context, message []byte) (string, error) {
	reply, err := c.Exchange(ctx, message)
	if err != nil {
		return "", err
	}
	m, err := Parse(reply)
	if err != nil {
		return "", fmt.Errorf("answer: %w", err)
	}
	msa := m.First("MSA")
	if msa.Text(1) == "" || msa.Text(2) != controlID(message) {
		return "", errors.New("the answer does not acknowledge the message sent")
	}
	return msa.Text(1), nil
}

func controlID(message []byte) string {
	m, err := Parse(message)
	if err != nil {
		return ""
	}
	return m.Header().Text(10)
}

// Exchange sends one message and gives the bytes of the answer, without frame.
func (c *Client) Exchange(ctx context.Context, message []byte) ([]byte, error) {
	stop := context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	reply, err := c.exchange(message)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return reply, err
}

func (c *Client) exchange(message []byte) ([]byte, error) {
	if _, err := c.conn.Write(Frame(message)); err != nil {
		return nil, err
	}
	buf := make([]byte, 4<<10)
	for {
		reply, err := c.splitter.Next()
		if reply != nil || err != nil {
			return reply, err
		}
		n, err := c.conn.Read(buf)
		c.splitter.Feed(buf[:n])
		if err != nil && n == 0 {
			return nil, err
		}
	}
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }
