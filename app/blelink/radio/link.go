package radio

import (
	"context"
	"sync"
	"time"

	"vitalien/app/blelink"
)

// mostQueued is how many values of one device may wait to be taken. A stored
// record has some twenty bytes, and no device stores so many.
const mostQueued = 4096

// A link is a connection as the parent has it.
type link struct {
	client *Client
	number uint64
	values chan blelink.Notification

	mu      sync.Mutex
	queue   []blelink.Notification
	leaving bool // Disconnect was called
	lost    bool
	more    chan struct{} // queue or lost has changed
}

var _ blelink.Peripheral = (*link)(nil)

func newLink(c *Client, number uint64) *link {
	l := &link{client: c, number: number, values: make(chan blelink.Notification), more: make(chan struct{}, 1)}
	go l.deliver()
	return l
}

// put queues a value; false when it is one too many, with which the link ends.
func (l *link) put(n blelink.Notification) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) >= mostQueued {
		l.loseLocked()
		return false
	}
	l.queue = append(l.queue, n)
	l.wake()
	return true
}

func (l *link) wake() {
	select {
	case l.more <- struct{}{}:
	default:
	}
}

func (l *link) lose() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.loseLocked()
}

func (l *link) loseLocked() {
	l.lost = true
	l.wake()
}

// deliver hands on the queue until the link is lost and its last value taken.
func (l *link) deliver() {
	defer close(l.values)
	for {
		l.mu.Lock()
		queue, lost := l.queue, l.lost
		l.queue = nil
		l.mu.Unlock()
		for _, n := range queue {
			l.values <- n
		}
		if len(queue) > 0 {
			continue
		}
		if lost {
			return
		}
		<-l.more
	}
}

// Notifications implements blelink.Peripheral.
func (l *link) Notifications() <-chan blelink.Notification { return l.values }

// ask is a request about this link.
func (l *link) ask(ctx context.Context, m message) (message, error) {
	l.mu.Lock()
	over := l.lost || l.leaving
	l.mu.Unlock()
	if over {
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
	l.mu.Lock()
	over := l.lost || l.leaving
	l.leaving = true
	l.mu.Unlock()
	if over {
		return nil
	}
	time.AfterFunc(parting, func() { l.client.lose(l) })
	return l.client.send(message{Say: sayDisconnect, Link: l.number})
}
