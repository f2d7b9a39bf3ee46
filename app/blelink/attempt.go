package blelink

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"time"

	"vitalien/fhirmap"
)

// An attempt is the pairing under way. All but the methods of its agent are
// called with the Link's lock held; a nil one is none.
type attempt struct {
	Pairing
	end     context.CancelFunc // of the bonding under way; nil: none
	over    chan struct{}      // closed when it has ended
	device  *served            // being paired; nil: not yet
	before  *served            // what it was, if it was paired already
	failed  Step               // what Retry goes back to
	answers chan answer        // to the question
}

type answer struct {
	passkey string
	yes     bool
}

const (
	bondingTime   = 2 * time.Minute // with a number that a person types
	unpairingTime = 10 * time.Second
)

// systemPairs tells that the system asks its questions in windows of its own.
var systemPairs = runtime.GOOS == "windows" || runtime.GOOS == "darwin"

func (l *Link) tellPairingLocked() {
	if l.pairing == nil {
		l.o.OnPairing(nil)
		return
	}
	p := l.pairing.Pairing
	p.Heard = slices.Clone(p.Heard)
	l.o.OnPairing(&p)
}

// Pair pairs a device that was heard. It returns at once; OnPairing tells the
// rest. Errors: a Fault not_found.
func (l *Link) Pair(address string) error {
	l.control.Lock()
	defer l.control.Unlock()
	l.mu.Lock()
	a := l.pairing
	if a == nil || l.ctx == nil {
		l.mu.Unlock()
		return notHeard()
	}
	i := slices.IndexFunc(a.Heard, func(h Heard) bool { return h.Address == address })
	if i < 0 || a.Step != StepSearching && a.Step != StepFailed || a.Heard[i].Driver == "" && a.Driver == "" {
		l.mu.Unlock()
		return notHeard()
	}
	h := a.Heard[i]
	l.mu.Unlock()
	l.clearTrial()
	l.setAside(a, address)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == nil {
		return notHeard()
	}
	ctx, end := context.WithCancel(l.ctx)
	a.Step, a.Address, a.Name, a.Fault = StepConnecting, h.Address, h.Name, nil
	a.Driver = cmp.Or(h.Driver, a.Driver)
	over := make(chan struct{})
	a.end, a.over = end, over
	l.tellPairingLocked()
	l.tasks.Go(func() {
		defer close(over)
		defer end()
		if err := guarded(func() error { return l.bond(ctx, a, h) }); err != nil && ctx.Err() == nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			a.failLocked(l, err)
		}
	})
	return nil
}

// setAside ends the service of a device that is to be paired anew.
func (l *Link) setAside(a *attempt, address string) {
	l.mu.Lock()
	d := l.served[address]
	if d != nil {
		a.before = d
		l.removeLocked(d)
	}
	l.mu.Unlock()
	if d != nil {
		d.await()
	}
}

// bond makes the bond, if the device wants one, and begins to serve it.
func (l *Link) bond(ctx context.Context, a *attempt, h Heard) error {
	driver := DriverByID(a.Driver)
	if driver.Bond != BondNone {
		l.step(a, StepBonding, nil)
		if systemPairs {
			l.step(a, StepBonding, &Question{Kind: QuestionSystem})
		}
		bonding, stop := context.WithTimeout(ctx, bondingTime)
		defer stop()
		if err := l.o.Radio.Pair(bonding, h.Address, asker{l, a}); err != nil {
			return err
		}
		if !systemPairs {
			l.step(a, StepConnecting, nil)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() != nil || l.ctx == nil {
		return ctx.Err()
	}
	d := newServed(Paired{
		ID: fhirmap.DeviceID("ble", h.Address), Address: h.Address, Driver: driver.ID, Type: driver.Type,
		Name: usualName(driver, h.Name), Called: h.Name, Since: l.o.Now(),
	})
	if a.before != nil { // it is paired anew
		d.Paired = a.before.Paired
		d.Driver = driver.ID
	}
	d.trial = true
	a.device, a.Device = d, d.ID
	l.served[h.Address] = d
	l.startLocked(d)
	l.changed()
	return nil
}

// usualName is how a device is called as long as nobody has named it.
func usualName(d *Driver, own string) string {
	if d.Model != "" {
		return cmp.Or(joined(d.Maker, d.Model), own)
	}
	return own
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}

func (l *Link) step(a *attempt, step Step, q *Question) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.Step, a.Question = step, q
	if l.pairing == a {
		l.tellPairingLocked()
	}
}

func (a *attempt) connectedLocked(l *Link) {
	if a == nil {
		return
	}
	a.Step, a.Question, a.Fault = StepMeasuring, nil, nil
	l.tellPairingLocked()
}

func (a *attempt) measuredLocked(l *Link, m *fhirmap.Measurement) {
	if a == nil {
		return
	}
	a.Live = nil
	if a.Measured == nil || !m.Time.Before(a.Measured.Time) {
		a.Measured = new(*m)
	}
	l.tellPairingLocked()
}

func (a *attempt) liveLocked(l *Link, live *fhirmap.Live) {
	if a == nil {
		return
	}
	a.Live = live
	l.tellPairingLocked()
}

// failLocked shows why pairing failed. Once something was measured, a link
// that breaks is no failure.
func (a *attempt) failLocked(l *Link, err error) {
	if a == nil || l.pairing != a || a.Measured != nil {
		return
	}
	if a.Step != StepFailed {
		a.failed = a.Step
	}
	a.Step, a.Question, a.Fault = StepFailed, nil, fhirmap.FaultOf(err)
	l.o.Logger.Warn("pairing failed", "driver", a.Driver, "step", a.failed, "error", err)
	l.tellPairingLocked()
}

// underWay is the pairing under way; nil: none is.
func (l *Link) underWay() *attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pairing
}

// searchFailed shows that the adapter cannot be used, to whoever was looking
// for a device when it was tried.
func (l *Link) searchFailed(a *attempt, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pairing == a && a.searching() {
		a.failLocked(l, err)
	}
}

// Retry tries again what failed: the search, or the device chosen. Errors: a
// Fault not_found when nothing has failed.
func (l *Link) Retry() error {
	l.mu.Lock()
	a := l.pairing
	if a == nil || a.Step != StepFailed {
		l.mu.Unlock()
		return notWaiting()
	}
	failed, t, driver, address := a.failed, a.Type, a.Driver, a.Address
	l.mu.Unlock()
	if failed == StepSearching {
		return l.Search(t, driver)
	}
	return l.Pair(address)
}

// Answer answers the question that Pairing asks. Errors: a Fault not_found
// when none is asked.
func (l *Link) Answer(passkey string, yes bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a := l.pairing; a != nil && a.Question != nil {
		select {
		case a.answers <- answer{passkey, yes}:
			return nil
		default:
		}
	}
	return notWaiting()
}

// Finish keeps the device that was paired under a name, empty for the usual
// one, and ends pairing. Errors: a Fault not_found when none is paired yet, and
// those of the Keeper.
func (l *Link) Finish(name, place string) error {
	l.control.Lock()
	defer l.control.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.pairing
	if a == nil || a.device == nil || a.Step != StepMeasuring {
		return notWaiting()
	}
	p := a.device.Paired
	p.Name, p.Place = cmp.Or(name, p.Name), place
	if err := l.o.Keeper.Keep(p); err != nil {
		return err
	}
	a.device.Paired, a.device.trial = p, false
	l.pairing = nil
	l.tellLocked(a.device)
	l.tellPairingLocked()
	return nil
}

// Cancel ends pairing. A device that was paired and not finished is forgotten
// again, unless it was paired before.
func (l *Link) Cancel() {
	l.control.Lock()
	defer l.control.Unlock()
	l.cancel()
}

func (l *Link) cancel() {
	l.mu.Lock()
	none := l.pairing == nil
	l.mu.Unlock()
	if none {
		return
	}
	fresh := l.clearTrial()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pairing = nil
	if fresh != "" && l.ctx != nil {
		ctx := l.ctx
		l.tasks.Go(func() { l.unbond(ctx, fresh) })
	}
	l.tellPairingLocked()
	l.changed()
}

func (l *Link) unbond(ctx context.Context, address string) {
	ctx, stop := context.WithTimeout(ctx, unpairingTime)
	defer stop()
	if err := l.o.Radio.Unpair(ctx, address); err != nil && ctx.Err() == nil {
		l.o.Logger.Warn("the system keeps the bond with a device that was not paired to the end", "error", err)
	}
}

// clearTrial undoes what the pairing under way has begun with a device. One
// that was paired before is served again as it was; the address of a new one is
// given back, for its bond to be forgotten.
func (l *Link) clearTrial() (fresh string) {
	l.mu.Lock()
	a := l.pairing
	over := a.over
	if a.end != nil {
		a.end()
	}
	l.mu.Unlock()
	if over != nil {
		<-over
	}
	l.mu.Lock()
	d := a.device
	if d != nil {
		l.removeLocked(d)
		a.device, a.Device, a.Measured, a.Live = nil, "", nil, nil
	}
	l.mu.Unlock()
	if d != nil {
		d.await()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case a.before != nil:
		l.served[a.before.Address], a.before = a.before, nil
		l.changed()
	case d != nil:
		fresh = d.Address
	}
	return fresh
}

// notHeard says that there is no such candidate any more.
func notHeard() error {
	return &fhirmap.Fault{
		Code: "not_found", English: "no such device was heard lately", Temporary: true,
		French: "Cet appareil n’est plus à portée. Rallumez-le près de l’ordinateur, puis relancez la recherche.",
	}
}

// notWaiting says that pairing is not where the request would make sense.
func notWaiting() error {
	return &fhirmap.Fault{
		Code: "not_found", English: "pairing does not wait for that", Temporary: true,
		French: "Le jumelage n’en est plus à cette étape. Recommencez-le depuis la page « Appareils ».",
	}
}
