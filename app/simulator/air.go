package simulator

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"vitalien/app/blelink"
	"vitalien/fhirmap"
)

// An Air is an adapter with simulated Bluetooth devices in its reach. It is a
// blelink.Radio, so what the devices say goes the way of real bytes.
type Air struct {
	every time.Duration // between two advertisements of a device

	mu      sync.Mutex
	gadgets []*Gadget
	changed chan struct{} // closed when a device begins or ceases to advertise
	fault   *fhirmap.Fault
}

var _ blelink.Radio = (*Air)(nil)

// NewAir is an adapter without any device. every is how often one advertises;
// 0: 250 ms.
func NewAir(every time.Duration) *Air {
	if every <= 0 {
		every = 250 * time.Millisecond
	}
	return &Air{every: every, changed: make(chan struct{})}
}

// Add brings devices within reach.
func (a *Air) Add(gadgets ...*Gadget) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, g := range gadgets {
		g.air = a
		a.gadgets = append(a.gadgets, g)
	}
	a.wakeLocked()
}

// Break has the adapter fail with fault; nil: it works again.
func (a *Air) Break(fault *fhirmap.Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fault = fault
	a.wakeLocked()
}

func (a *Air) wakeLocked() {
	close(a.changed)
	a.changed = make(chan struct{})
}

// advertising is what is heard now.
func (a *Air) advertising() (heard []blelink.Advertisement, changed <-chan struct{}, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fault != nil {
		return nil, nil, a.fault
	}
	for _, g := range a.gadgets {
		if g.awake && g.link == nil {
			heard = append(heard, g.Advertisement)
		}
	}
	return heard, a.changed, nil
}

// Watch implements radio.Adapter.
func (a *Air) Watch(ctx context.Context, told func(*fhirmap.Fault)) error {
	for first, last := true, (*fhirmap.Fault)(nil); ; first = false {
		a.mu.Lock()
		fault, changed := a.fault, a.changed
		a.mu.Unlock()
		if first || fault != last {
			last = fault
			told(fault)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Scan implements blelink.Radio.
func (a *Air) Scan(ctx context.Context, heard func(blelink.Advertisement)) error {
	ticker := time.NewTicker(a.every)
	defer ticker.Stop()
	for {
		list, changed, err := a.advertising()
		if err != nil {
			return err
		}
		for _, one := range list {
			heard(one)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-ticker.C:
		}
	}
}

// Connect implements blelink.Radio. It waits for the device to advertise.
func (a *Air) Connect(ctx context.Context, address string) (blelink.Peripheral, error) {
	for {
		a.mu.Lock()
		g, changed, fault := a.findLocked(address), a.changed, a.fault
		if fault == nil && g != nil && g.awake && g.link == nil {
			l := g.connectLocked()
			a.mu.Unlock()
			return l, nil
		}
		a.mu.Unlock()
		if fault != nil {
			return nil, fault
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (a *Air) findLocked(address string) *Gadget {
	i := slices.IndexFunc(a.gadgets, func(g *Gadget) bool { return g.Advertisement.Address == address })
	if i < 0 {
		return nil
	}
	return a.gadgets[i]
}

// Pair implements blelink.Radio: a device with a passkey asks for it.
func (a *Air) Pair(ctx context.Context, address string, agent blelink.Agent) error {
	a.mu.Lock()
	g, fault := a.findLocked(address), a.fault
	a.mu.Unlock()
	switch {
	case fault != nil:
		return fault
	case g == nil:
		return unreachable()
	case g.Passkey != "":
		given, err := agent.Passkey(ctx)
		if err != nil {
			return err
		}
		if given != g.Passkey {
			return &fhirmap.Fault{
				Code: "pairing_refused", English: "the passkey is wrong", Temporary: true,
				French: "L’appareil a refusé le code. Vérifiez les chiffres, puis recommencez.",
			}
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	g.bonded = true
	return nil
}

// Unpair implements blelink.Radio.
func (a *Air) Unpair(_ context.Context, address string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if g := a.findLocked(address); g != nil {
		g.bonded = false
	}
	return nil
}

func unreachable() error {
	return &fhirmap.Fault{
		Code: "device_unreachable", English: "no such device is in reach", Temporary: true,
		French: "L’appareil ne répond pas. Approchez-le et allumez-le, puis recommencez.",
	}
}

// A Gadget is a simulated Bluetooth device: its advertisement, its
// characteristics, and what it does when it is spoken to. Its fields are set
// before it is added to an Air.
type Gadget struct {
	Advertisement blelink.Advertisement
	Services      []blelink.Service
	Passkey       string // that pairing must give; empty: none
	Bond          bool   // its characteristics can be reached with a bond alone
	Values        map[string][]byte
	// Subscribed and Written are called, one at a time, when a client has
	// subscribed to a characteristic or written one. They may notify and
	// disconnect.
	Subscribed map[string]func(*GadgetLink)
	Written    map[string]func(*GadgetLink, []byte) error

	air    *Air
	awake  bool
	bonded bool
	link   *GadgetLink
}

// StartAwake is Wake for a device that no Air has yet.
func (g *Gadget) StartAwake() { g.awake = true }

// Wake has the device advertise, Sleep has it cease to.
func (g *Gadget) Wake() { g.advertise(true) }

// Sleep undoes Wake. A link that there is stays.
func (g *Gadget) Sleep() { g.advertise(false) }

func (g *Gadget) advertise(awake bool) {
	g.air.mu.Lock()
	defer g.air.mu.Unlock()
	g.awake = awake
	g.air.wakeLocked()
}

func (g *Gadget) connectLocked() *GadgetLink {
	g.link = &GadgetLink{gadget: g, subscribed: map[string]bool{}, sent: make(chan blelink.Notification, 256), gone: make(chan struct{})}
	g.air.wakeLocked()
	return g.link
}

// listener is the link whose client has subscribed to characteristic; nil: none.
func (g *Gadget) listener(characteristic string) *GadgetLink {
	if g.air == nil {
		return nil
	}
	g.air.mu.Lock()
	l := g.link
	g.air.mu.Unlock()
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost || !l.subscribed[characteristic] {
		return nil
	}
	return l
}

// A GadgetLink is a link to a simulated device.
type GadgetLink struct {
	gadget *Gadget
	acts   sync.Mutex // one act of the device at a time

	mu         sync.Mutex
	subscribed map[string]bool
	sent       chan blelink.Notification
	lost       bool
	gone       chan struct{} // closed when lost
}

var _ blelink.Peripheral = (*GadgetLink)(nil)

// Gone is closed when the link is lost.
func (l *GadgetLink) Gone() <-chan struct{} { return l.gone }

// Notify sends a value to the client, if it has subscribed.
func (l *GadgetLink) Notify(characteristic string, value []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost || !l.subscribed[characteristic] {
		return
	}
	select {
	case l.sent <- blelink.Notification{Characteristic: characteristic, Value: slices.Clone(value)}:
	default: // nobody reads: a real one would wait, or give up
	}
}

// Disconnect implements blelink.Peripheral; the device itself uses it too.
func (l *GadgetLink) Disconnect() error {
	l.mu.Lock()
	first := !l.lost
	if first {
		l.lost = true
		close(l.gone)
		close(l.sent)
	}
	l.mu.Unlock()
	if first {
		g := l.gadget
		g.air.mu.Lock()
		defer g.air.mu.Unlock()
		if g.link == l {
			g.link = nil
		}
		g.air.wakeLocked()
	}
	return nil
}

// check tells whether the client may do something with a characteristic.
func (l *GadgetLink) check(characteristic string) error {
	l.mu.Lock()
	lost := l.lost
	l.mu.Unlock()
	g := l.gadget
	g.air.mu.Lock()
	defer g.air.mu.Unlock()
	switch {
	case lost:
		return blelink.Disconnected()
	case !slices.ContainsFunc(g.Services, func(s blelink.Service) bool { return slices.Contains(s.Characteristics, characteristic) }):
		return fmt.Errorf("no characteristic %s", characteristic)
	case g.Bond && !g.bonded:
		return fmt.Errorf("characteristic %s: insufficient authentication", characteristic)
	}
	return nil
}

// Services implements blelink.Peripheral.
func (l *GadgetLink) Services(context.Context) ([]blelink.Service, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost {
		return nil, blelink.Disconnected()
	}
	return l.gadget.Services, nil
}

// Read implements blelink.Peripheral.
func (l *GadgetLink) Read(_ context.Context, characteristic string) ([]byte, error) {
	if err := l.check(characteristic); err != nil {
		return nil, err
	}
	value, readable := l.gadget.Values[characteristic]
	if !readable {
		return nil, fmt.Errorf("characteristic %s: read not permitted", characteristic)
	}
	return slices.Clone(value), nil
}

// Write implements blelink.Peripheral.
func (l *GadgetLink) Write(_ context.Context, characteristic string, value []byte, _ bool) error {
	if err := l.check(characteristic); err != nil {
		return err
	}
	do := l.gadget.Written[characteristic]
	if do == nil {
		return fmt.Errorf("characteristic %s: write not permitted", characteristic)
	}
	l.acts.Lock()
	defer l.acts.Unlock()
	return do(l, slices.Clone(value))
}

// Subscribe implements blelink.Peripheral.
func (l *GadgetLink) Subscribe(_ context.Context, characteristic string) error {
	if err := l.check(characteristic); err != nil {
		return err
	}
	l.mu.Lock()
	l.subscribed[characteristic] = true
	l.mu.Unlock()
	if do := l.gadget.Subscribed[characteristic]; do != nil {
		l.acts.Lock()
		defer l.acts.Unlock()
		do(l)
	}
	return nil
}

// Notifications implements blelink.Peripheral.
func (l *GadgetLink) Notifications() <-chan blelink.Notification { return l.sent }
