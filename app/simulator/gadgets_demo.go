package simulator

import (
	"context"
	"sync"
	"time"
)

// DemoPasskey is what pairing with the simulated glucose meter asks for; its
// name says so, as the label of a real one does.
const DemoPasskey = "123456"

// The pace of the demonstration.
const (
	betweenMeasurements = 40 * time.Second
	inflating           = 250 * time.Millisecond // between two pressures of the cuff
	farewell            = time.Second            // before a device that has said all hangs up
	fingerTime          = 25 * time.Second       // that a finger stays in the oximeter
)

// A demoAir is the Bluetooth devices of the demonstration.
type demoAir struct {
	air         *Air
	now         func() time.Time
	body        *patientBody
	mu          sync.Mutex // guards body
	cuff        *Cuff
	meter       *Meter
	oximeter    *Gadget
	thermometer *Gadget
	scale       *Gadget
	links       map[*Gadget]chan *GadgetLink
}

// Bluetooth is the Bluetooth devices of the demonstration: a cuff, a glucose
// meter with a passkey, an oximeter, a thermometer and a scale, whose names say
// that they are simulated. Each wakes from time to time and measures when it is
// connected to. run keeps them going until ctx ends.
func Bluetooth(o Options) (air *Air, run func(ctx context.Context) error) {
	d := &demoAir{
		air: NewAir(0), now: o.Now, body: somebody(o.Seed + 100), links: map[*Gadget]chan *GadgetLink{},
		cuff:        NewCuff("A&D_UA-651BLE_SIMUL", "5A:00:00:00:00:01", o.Now),
		meter:       NewMeter("meter+SIMUL"+DemoPasskey, "5A:00:00:00:00:02", DemoPasskey),
		oximeter:    NewOximeter("Oxymètre simulé", "5A:00:00:00:00:03"),
		thermometer: NewThermometer("Thermomètre simulé", "5A:00:00:00:00:04"),
		scale:       NewScale("Balance simulée", "5A:00:00:00:00:05"),
	}
	d.await(&d.cuff.Gadget, uuidCuffPressure)
	d.await(d.oximeter, uuidOximetry)
	d.await(d.thermometer, uuidTemperature)
	d.await(d.scale, uuidWeight)
	d.air.Add(&d.cuff.Gadget, &d.meter.Gadget, d.oximeter, d.thermometer, d.scale)
	return d.air, d.run
}

// await has the links to g told to its story when characteristic is subscribed
// to.
func (d *demoAir) await(g *Gadget, characteristic string) {
	links := make(chan *GadgetLink, 1)
	d.links[g] = links
	if g.Subscribed == nil {
		g.Subscribed = map[string]func(*GadgetLink){}
	}
	g.Subscribed[characteristic] = func(l *GadgetLink) {
		select {
		case links <- l:
		default:
		}
	}
}

func (d *demoAir) run(ctx context.Context) error {
	var stories sync.WaitGroup
	defer stories.Wait()
	stories.Go(func() { d.measureEach(ctx, &d.cuff.Gadget, d.pressure) })
	stories.Go(func() { d.measureEach(ctx, d.oximeter, d.saturation) })
	stories.Go(func() { d.measureEach(ctx, d.thermometer, d.temperature) })
	stories.Go(func() { d.measureEach(ctx, d.scale, d.weight) })
	stories.Go(func() { d.meterDays(ctx) })
	return nil
}

// measureEach has a device advertise until somebody connects, measure, hang
// up, and rest.
func (d *demoAir) measureEach(ctx context.Context, g *Gadget, measure func(context.Context, *GadgetLink)) {
	for ctx.Err() == nil {
		g.Wake()
		select {
		case l := <-d.links[g]:
			measure(ctx, l)
			pause(ctx, farewell)
			g.Sleep()
			l.Disconnect()
		case <-ctx.Done():
			return
		}
		pause(ctx, betweenMeasurements)
	}
}

// step is one step of the body that all devices measure.
func (d *demoAir) step(measure func(b *patientBody)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	measure(d.body)
}

func (d *demoAir) pressure(ctx context.Context, l *GadgetLink) {
	var systolic, diastolic, mean, pulse int
	d.step(func(b *patientBody) {
		systolic, diastolic, mean = b.pressure()
		pulse = int(b.heart.step(b.random))
	})
	for pressure := systolic + 35; pressure > diastolic-10; pressure -= 5 {
		d.cuff.Inflate(l, pressure)
		select {
		case <-l.Gone():
			return
		case <-ctx.Done():
			return
		case <-time.After(inflating):
		}
	}
	d.cuff.Store(systolic, diastolic, mean, pulse, 0)
}

func (d *demoAir) saturation(ctx context.Context, l *GadgetLink) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for end := d.now().Add(fingerTime); d.now().Before(end); {
		d.step(func(b *patientBody) {
			l.Notify(Oximetry(int(b.saturation.step(b.random)+0.5), int(b.heart.step(b.random)+0.5)))
		})
		select {
		case <-l.Gone():
			return
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (d *demoAir) temperature(_ context.Context, l *GadgetLink) {
	d.step(func(b *patientBody) { l.Notify(Temperature(int(b.temp.step(b.random)*10+0.5), d.now())) })
}

func (d *demoAir) weight(_ context.Context, l *GadgetLink) {
	d.step(func(b *patientBody) { l.Notify(Weight(14_000+b.random.IntN(40), d.now())) })
}

// meterDays has the glucose meter store a record now and then, and wake.
func (d *demoAir) meterDays(ctx context.Context) {
	for sequence := uint16(1); ctx.Err() == nil; sequence++ {
		d.step(func(b *patientBody) { d.meter.Store(sequence, d.now(), 85+b.random.IntN(60), sequence%5 == 2) })
		d.meter.Wake()
		pause(ctx, betweenMeasurements)
	}
}
