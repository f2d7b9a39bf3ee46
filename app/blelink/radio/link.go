package radio

import (
	"context"
	"sync/atomic"
	"time"

	"vitalien/app/blelink"
)

// A link is a connection as the parent has it.
type link struct {
	*queue
	client  *Client
	number  uint64
	leaving atomic.Bool // Disconnect was called
}

var _ blelink.Peripheral = (*link)(nil)

func newLink(c *Client, number uint64) *link {
	return &link{queue: newQueue(), client: c, number: number}
}

// Notifications implements blelink.Peripheral.
func (l *link) Notifications() <-chan blelink.Notification { return l.values }

// ask is a request about this link.
func (l *link) ask(ctx context.Context, m message) (message, error) {
	if l.leaving.Load() || l.isLost() {
		return message{}, blelink.Disconnected()
	}
	m.Link = l.number
	return l.client.ask(ctx, m, &call{})
}

// Services implements blelink.Peripheral.
func (l *link) Services(ctx context.Context) ([]blelink.Service, error) {
	m, err := l.ask(ctx, message{Say: doServices})
	return m.Services, err
}

// Read implements blelink.Peripheral.
func (l *link) Read(ctx context.Context, characteristic string) ([]byte, error) {
	m, err := l.ask(ctx, message{Say: doRead, Characteristic: characteristic})
	return m.Value, err
}

// Write implements blelink.Peripheral.
func (l *link) Write(ctx context.Context, characteristic string, value []byte, response bool) error {
	_, err := l.ask(ctx, message{Say: doWrite, Characteristic: characteristic, Value: value, Response: response})
	return err
}

// Subscribe implements blelink.Peripheral.
func (l *link) Subscribe(ctx context.Context, characteristic string) error {
	_, err := l.ask(ctx, message{Say: doSubscribe, Characteristic: characteristic})
	return err
}

// parting is how long the child may take to end a link.
const parting = 5 * time.Second

// Disconnect implements blelink.Peripheral. Values on their way through the
// pipe are still delivered.
func (l *link) Disconnect() error {
	if l.leaving.Swap(true) || l.isLost() {
		return nil
	}
	time.AfterFunc(parting, func() { l.client.lose(l) })
	return l.client.send(message{Say: sayDisconnect, Link: l.number})
}
