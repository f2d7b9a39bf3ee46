package radio

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"

	"vitalien/app/blelink"
	"vitalien/fhirmap"
)

// A Client is the parent's side: a blelink.Radio whose adapter is served at the
// other end of a pipe.
type Client struct {
	wire
	in  io.Reader
	log *slog.Logger
	// adapter is told how the adapter is; nil when it can be used.
	adapter func(*fhirmap.Fault)

	mu    sync.Mutex
	last  uint64
	calls map[uint64]*call
	links map[uint64]*link
	gone  error // why nothing can be asked any more
}

var _ blelink.Radio = (*Client)(nil)

// A call is a request that waits for its answer.
type call struct {
	answer  chan message // of one
	connect string       // the address that it connects to
	heard   chan blelink.Advertisement
	ask     func(message)
}

// NewClient speaks to a child over in and out. Run must follow.
func NewClient(in io.Reader, out io.Writer, adapter func(*fhirmap.Fault), logger *slog.Logger) *Client {
	return &Client{
		wire: wire{out: out}, in: in, adapter: adapter, log: logger,
		calls: map[uint64]*call{}, links: map[uint64]*link{},
	}
}

// Run reads what the child says until it has ended. What was under way then
// fails, and links are lost behind the last value that came.
func (c *Client) Run() error {
	err := receive(c.in, c.take, func(line string) { c.log.Warn("no message of the Bluetooth process", "line", line) })
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = childGone(err)
	for id, waiting := range c.calls {
		waiting.answer <- message{Fault: faultOf(c.gone)}
		delete(c.calls, id)
	}
	for number, l := range c.links {
		l.lose()
		delete(c.links, number)
	}
	return err
}

func childGone(cause error) error {
	return &fhirmap.Fault{
		Code: "bluetooth_failed", English: "the Bluetooth process has ended", Temporary: true, Cause: cause,
		French: "Le service Bluetooth s’est arrêté\u202f; il redémarre. Si cela se répète, redémarrez l’ordinateur.",
	}
}

// take is what one message does. It never waits: values go through a queue of
// their link.
func (c *Client) take(m message) {
	if m.Say == sayAdapter {
		c.adapter(faultOrNil(m.Fault))
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting := c.calls[m.ID]
	switch m.Say {
	case sayDone:
		if waiting == nil {
			if m.Link != 0 { // a link that nobody wants any more
				go c.send(message{Say: sayDisconnect, Link: m.Link})
			}
			return
		}
		delete(c.calls, m.ID)
		if m.Fault == nil && waiting.connect != "" {
			c.links[m.Link] = newLink(c, m.Link)
		}
		waiting.answer <- m
	case sayHeard:
		if waiting != nil && waiting.heard != nil && m.Heard != nil {
			select {
			case waiting.heard <- *m.Heard:
			default: // it will be heard again
			}
		}
	case sayAsk:
		if waiting != nil && waiting.ask != nil {
			waiting.ask(m)
		}
	case sayValue:
		if l := c.links[m.Link]; l != nil && !l.put(blelink.Notification{Characteristic: m.Characteristic, Value: m.Value}) {
			c.log.Warn("a Bluetooth device sends more than can be taken; its link is ended")
			delete(c.links, m.Link)
			go c.send(message{Say: sayDisconnect, Link: m.Link}) // the pipe may be full
		}
	case sayLost:
		if l := c.links[m.Link]; l != nil {
			l.lose()
			delete(c.links, m.Link)
		}
	}
}

func faultOrNil(f *fault) *fhirmap.Fault {
	if f == nil {
		return nil
	}
	return fhirmap.FaultOf(f.err())
}

// ask sends a request and waits for its answer.
func (c *Client) ask(ctx context.Context, m message, with *call) (message, error) {
	with.answer = make(chan message, 1)
	c.mu.Lock()
	if c.gone != nil {
		c.mu.Unlock()
		return message{}, c.gone
	}
	c.last++
	m.ID = c.last
	c.calls[m.ID] = with
	c.mu.Unlock()
	if err := c.send(m); err != nil {
		c.forget(m.ID)
		return message{}, childGone(err)
	}
	select {
	case answer := <-with.answer:
		return answer, answer.Fault.err()
	case <-ctx.Done():
	}
	c.send(message{Say: sayCancel, ID: m.ID})
	c.forget(m.ID)
	select {
	case answer := <-with.answer: // it came all the same
		if answer.Link != 0 {
			c.send(message{Say: sayDisconnect, Link: answer.Link})
		}
	default:
	}
	return message{}, ctx.Err()
}

// forget drops a request that nobody waits for any more.
func (c *Client) forget(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.calls, id)
}

// lose ends a link that the child has not ended in time.
func (c *Client) lose(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.links[l.number] == l {
		delete(c.links, l.number)
		l.lose()
	}
}

// Scan implements blelink.Radio.
func (c *Client) Scan(ctx context.Context, heard func(blelink.Advertisement)) error {
	ctx, cancel := context.WithCancel(ctx)
	queue := make(chan blelink.Advertisement, 64)
	var deliver sync.WaitGroup
	deliver.Go(func() {
		for {
			select {
			case a := <-queue:
				heard(a)
			case <-ctx.Done():
				return
			}
		}
	})
	defer deliver.Wait()
	defer cancel()
	_, err := c.ask(ctx, message{Say: doScan}, &call{heard: queue})
	return err
}

// Connect implements blelink.Radio.
func (c *Client) Connect(ctx context.Context, address string) (blelink.Peripheral, error) {
	answer, err := c.ask(ctx, message{Say: doConnect, Address: address}, &call{connect: address})
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.links[answer.Link]; l != nil {
		return l, nil
	}
	return nil, cmp.Or(c.gone, blelink.Disconnected())
}

// Pair implements blelink.Radio.
func (c *Client) Pair(ctx context.Context, address string, agent blelink.Agent) error {
	ctx, cancel := context.WithCancel(ctx)
	var asked sync.WaitGroup
	defer asked.Wait()
	defer cancel()
	_, err := c.ask(ctx, message{Say: doPair, Address: address}, &call{ask: func(m message) {
		asked.Go(func() { c.answer(ctx, m, agent) })
	}})
	if errors.Is(err, context.DeadlineExceeded) {
		return pairingTimeout(err)
	}
	return err
}

// answer has people answer a question of pairing.
func (c *Client) answer(ctx context.Context, m message, agent blelink.Agent) {
	reply := message{Say: sayAnswer, ID: m.ID}
	var err error
	switch m.Kind {
	case blelink.QuestionPasskey:
		reply.Passkey, err = agent.Passkey(ctx)
	case blelink.QuestionConfirm:
		err = agent.Confirm(ctx, m.Passkey)
	case blelink.QuestionDisplay:
		agent.Display(m.Passkey)
		return
	default:
		err = errors.New("an unknown question")
	}
	if ctx.Err() != nil {
		return
	}
	reply.Fault = faultOf(err)
	c.send(reply)
}

// Unpair implements blelink.Radio.
func (c *Client) Unpair(ctx context.Context, address string) error {
	_, err := c.ask(ctx, message{Say: doUnpair, Address: address}, &call{})
	return err
}
