package blelink_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vitalien/app/blelink"
	"vitalien/app/simulator"
	"vitalien/fhirmap"
)

// office is a Link with simulated devices in reach, and what it did.
type office struct {
	t    *testing.T
	air  *simulator.Air
	link *blelink.Link
	keep *keeper
	now  func() time.Time

	mu       sync.Mutex
	recorded []fhirmap.Measurement
	lives    int
	refuse   error // by the sink
	statuses []blelink.Status
	pairing  *blelink.Pairing
	changed  chan struct{}
}

// keeper is a Keeper whose contents outlive a Link.
type keeper struct {
	mu   sync.Mutex
	list map[string]blelink.Paired
}

func (k *keeper) Paired() []blelink.Paired {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Collect(maps.Values(k.list))
}

func (k *keeper) Keep(p blelink.Paired) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	p.Progress.Recent = slices.Clone(p.Progress.Recent)
	k.list[p.ID] = p
	return nil
}

func (k *keeper) Forget(id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.list, id)
	return nil
}

// open starts a Link; it ends with the returned function, or with the test.
func open(t *testing.T, radio func(*simulator.Air) blelink.Radio, paired ...blelink.Paired) *office {
	o := &office{
		t: t, air: simulator.NewAir(0), keep: &keeper{list: map[string]blelink.Paired{}}, changed: make(chan struct{}),
		now: func() time.Time { return time.Now().AddDate(27, 0, 0) }, // a bubble begins in 2000
	}
	for _, p := range paired {
		o.keep.list[p.ID] = p
	}
	if radio == nil {
		radio = func(a *simulator.Air) blelink.Radio { return a }
	}
	o.start(radio(o.air))
	return o
}

func (o *office) start(radio blelink.Radio) (stop func()) {
	o.link = blelink.New(blelink.Options{
		Radio: radio, Sink: o, Keeper: o.keep, OnStatus: o.status, OnPairing: o.paired,
		Logger: slog.New(slog.NewTextHandler(o.t.Output(), nil)), Now: o.now, Zone: time.UTC,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- o.link.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				o.t.Error(err)
			}
		})
	}
	o.t.Cleanup(stop)
	return stop
}

// Record is the Sink.
func (o *office) Record(_ context.Context, r fhirmap.Report) (fhirmap.Receipt, error) {
	if err := r.Validate(); err != nil {
		o.t.Error(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.refuse != nil && len(r.Measurements) > 0 {
		return fhirmap.Receipt{}, o.refuse
	}
	o.recorded = append(o.recorded, r.Measurements...)
	o.lives += len(r.Live)
	o.wakeLocked()
	return fhirmap.Receipt{Seq: uint64(len(o.recorded))}, nil
}

func (o *office) status(s blelink.Status) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.statuses = append(o.statuses, s)
	o.wakeLocked()
}

func (o *office) paired(p *blelink.Pairing) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pairing = p
	o.wakeLocked()
}

func (o *office) wakeLocked() {
	close(o.changed)
	o.changed = make(chan struct{})
}

// await waits until is true, which is asked with the lock held.
func (o *office) await(what string, is func() bool) {
	o.t.Helper()
	for deadline := time.After(10 * time.Minute); ; {
		o.mu.Lock()
		ok, changed := is(), o.changed
		o.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			o.t.Fatalf("waited in vain: %s; %d recorded, pairing %+v", what, len(o.recorded), o.pairing)
		}
	}
}

func (o *office) awaitRecorded(n int) []fhirmap.Measurement {
	o.t.Helper()
	o.await("measurements", func() bool { return len(o.recorded) >= n })
	time.Sleep(3 * time.Minute) // of the bubble: nothing comes behind them
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.recorded) != n {
		o.t.Fatalf("%d measurements instead of %d: %+v", len(o.recorded), n, o.recorded)
	}
	return slices.Clone(o.recorded)
}

// awaitStep waits for a step of pairing.
func (o *office) awaitStep(step blelink.Step) blelink.Pairing {
	o.t.Helper()
	o.await(string(step), func() bool { return o.pairing != nil && o.pairing.Step == step })
	o.mu.Lock()
	defer o.mu.Unlock()
	return *o.pairing
}

func paired(address, driver string, t fhirmap.DeviceType) blelink.Paired {
	return blelink.Paired{ID: fhirmap.DeviceID("ble", address), Address: address, Driver: driver, Type: t, Name: "essai"}
}

const (
	cuffAddress  = "5A:00:00:00:00:01"
	meterAddress = "5A:00:00:00:00:02"
)

func theCuff(o *office) *simulator.Cuff {
	c := simulator.NewCuff("A&D_UA-651BLE_T", cuffAddress, func() time.Time { return o.now().UTC() })
	c.Bond = false
	o.air.Add(&c.Gadget)
	return c
}

func theMeter(o *office) *simulator.Meter {
	m := simulator.NewMeter("meter+T", meterAddress, "123456")
	m.Bond = false
	o.air.Add(&m.Gadget)
	return m
}

func value(m *fhirmap.Measurement, t fhirmap.Type) string {
	if r := m.Reading(t); r != nil && r.Value != nil {
		return r.Value.String() + " " + r.Unit.UCUM
	}
	return ""
}

func TestLink_CuffToRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, nil, paired(cuffAddress, "and-ua-651ble", fhirmap.BloodPressureMonitor))
		cuff := theCuff(o)
		at := o.now().Truncate(time.Second)
		cuff.Store(128, 82, 97, 64, 0x04)
		cuff.Wake()
		m := o.awaitRecorded(1)[0]
		if got := value(&m, fhirmap.Systolic) + ", " + value(&m, fhirmap.Diastolic) + ", " + value(&m, fhirmap.Mean) + ", " + value(&m, fhirmap.HeartRate); got != "128 mm[Hg], 82 mm[Hg], 97 mm[Hg], 64 /min" {
			t.Error(got)
		}
		if !m.Time.Equal(at) || m.Device.ID != fhirmap.DeviceID("ble", cuffAddress) {
			t.Errorf("%v instead of %v, device %s", m.Time, at, m.Device.ID)
		}
		o.await("sleep", func() bool { return o.statuses[len(o.statuses)-1].State == blelink.Asleep })
		if s := o.statuses[len(o.statuses)-1]; s.Battery != 82 || s.Fault != nil || s.LastSeen.IsZero() {
			t.Errorf("%+v", s)
		}
		if p := o.keep.Paired()[0]; p.Model != "UA-651BLE" || len(p.Progress.Recent) != 1 {
			t.Errorf("%+v", p)
		}
	})
}

// TestLink_TheSameRecordTwice: at once, after an hour, and after a restart.
func TestLink_TheSameRecordTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, nil, paired(cuffAddress, "and-ua-651ble", fhirmap.BloodPressureMonitor))
		cuff := theCuff(o)
		cuff.Store(128, 82, 97, 64, 0)
		first := cuff.Stored()
		cuff.Resend(first...)
		cuff.Wake()
		o.awaitRecorded(1)
		time.Sleep(time.Hour)
		cuff.Resend(first...)
		o.awaitRecorded(1)
		o.link, o.air = nil, simulator.NewAir(0)
		o.start(o.air)
		again := theCuff(o)
		again.Resend(first...)
		again.Store(131, 84, 100, 70, 0)
		again.Wake()
		o.awaitRecorded(2)
	})
}

// TestLink_ClockOfTheDevice: a wrong clock that can be read is corrected, and
// set; one that cannot be true takes the time away.
func TestLink_ClockOfTheDevice(t *testing.T) {
	for name, test := range map[string]struct {
		ahead    time.Duration
		readable bool
		unknown  bool
	}{
		"2000, readable": {-26 * 365 * 24 * time.Hour, true, false},
		"2099, readable": {72 * 365 * 24 * time.Hour, true, false},
		"2000":           {-26 * 365 * 24 * time.Hour, false, true},
		"2099":           {72 * 365 * 24 * time.Hour, false, true},
		"right":          {time.Minute, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := open(t, nil, paired(cuffAddress, "and-ua-651ble", fhirmap.BloodPressureMonitor))
				cuff := theCuff(o)
				cuff.SetAhead(test.ahead)
				at := o.now()
				cuff.Store(128, 82, 97, 64, 0)
				if !test.readable {
					delete(cuff.Values, blelink.UUID16("2a08"))
				}
				cuff.Wake()
				m := o.awaitRecorded(1)[0]
				if m.TimeUnknown != test.unknown || m.Time.IsZero() != test.unknown {
					t.Fatalf("%v, unknown %v", m.Time, m.TimeUnknown)
				}
				if off := m.Time.Sub(at).Abs(); !test.unknown && off > 2*time.Minute {
					t.Errorf("%v off", off)
				}
			})
		})
	}
}

func TestLink_StoredGlucoseFromWhereItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, nil, paired(meterAddress, "accu-chek", fhirmap.Glucometer))
		meter := theMeter(o)
		day := o.now().Add(-24 * time.Hour)
		for i := range 4 {
			meter.Store(uint16(i+1), day.Add(time.Duration(i)*time.Hour), 100+i, i == 2) // the third is control solution
		}
		meter.CutAfter(1)
		meter.Wake()
		o.await("the first", func() bool { return len(o.recorded) == 1 })
		meter.CutAfter(0)
		list := o.awaitRecorded(3)
		for i, want := range []string{"100 mg/dL", "101 mg/dL", "103 mg/dL"} {
			if got := value(&list[i], fhirmap.BloodGlucose); got != want {
				t.Errorf("%s instead of %s", got, want)
			}
		}
		meter.Store(5, day.Add(10*time.Hour), 90, false)
		o.awaitRecorded(4)
		meter.Renumber()
		meter.Store(1, day.Add(20*time.Hour), 91, false)
		meter.Store(2, day.Add(21*time.Hour), 92, false)
		o.awaitRecorded(6)
	})
}

// TestLink_DiskFull: what was measured waits, and people are told.
func TestLink_DiskFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, nil, paired(cuffAddress, "and-ua-651ble", fhirmap.BloodPressureMonitor))
		o.refuse = &fhirmap.Fault{Code: "disk_full", Temporary: true}
		cuff := theCuff(o)
		cuff.Store(128, 82, 97, 64, 0)
		cuff.Wake()
		o.await("a fault", func() bool {
			return slices.ContainsFunc(o.statuses, func(s blelink.Status) bool { return s.Fault != nil && s.Fault.Code == "disk_full" })
		})
		time.Sleep(5 * time.Minute)
		o.mu.Lock()
		o.refuse = nil
		o.mu.Unlock()
		o.awaitRecorded(1)
		if s := o.statuses[len(o.statuses)-1]; s.Fault != nil {
			t.Errorf("%+v", s.Fault)
		}
	})
}

// cutting is a Radio whose links are lost at one of the operations.
type cutting struct {
	blelink.Radio
	behind bool // it is done, but not answered
	mu     sync.Mutex
	left   int
}

func (c *cutting) Connect(ctx context.Context, address string) (blelink.Peripheral, error) {
	p, err := c.Radio.Connect(ctx, address)
	if err != nil {
		return nil, err
	}
	return cut{p, c}, nil
}

type cut struct {
	blelink.Peripheral
	by *cutting
}

func (c cut) step(do func() error) error {
	c.by.mu.Lock()
	c.by.left--
	here := c.by.left == 0
	c.by.mu.Unlock()
	if here && c.by.behind {
		do()
	}
	if here {
		c.Peripheral.Disconnect()
		return blelink.Disconnected()
	}
	return do()
}

func (c cut) Services(ctx context.Context) (services []blelink.Service, err error) {
	err = c.step(func() (err error) {
		services, err = c.Peripheral.Services(ctx)
		return err
	})
	return services, err
}

func (c cut) Read(ctx context.Context, characteristic string) (value []byte, err error) {
	err = c.step(func() (err error) {
		value, err = c.Peripheral.Read(ctx, characteristic)
		return err
	})
	return value, err
}

func (c cut) Write(ctx context.Context, characteristic string, value []byte, response bool) error {
	return c.step(func() error { return c.Peripheral.Write(ctx, characteristic, value, response) })
}

func (c cut) Subscribe(ctx context.Context, characteristic string) error {
	return c.step(func() error { return c.Peripheral.Subscribe(ctx, characteristic) })
}

// TestLink_CutAtEachStep: wherever the link is lost, what is stored arrives in
// the end, once.
func TestLink_CutAtEachStep(t *testing.T) {
	for name, prepare := range map[string]func(o *office){
		"meter": func(o *office) {
			meter := theMeter(o)
			for i := range 3 {
				meter.Store(uint16(i+1), o.now().Add(time.Duration(i-5)*time.Hour), 100+i, false)
			}
			meter.Wake()
		},
		"cuff": func(o *office) {
			cuff := theCuff(o)
			for i := range 3 {
				cuff.Store(128+i, 82, 97, 64, 0)
			}
			cuff.Wake()
		},
	} {
		for step := 2; ; step++ {
			after, behind := step/2, step%2 == 1
			radio := &cutting{left: after, behind: behind}
			synctest.Test(t, func(t *testing.T) {
				o := open(t, func(a *simulator.Air) blelink.Radio { radio.Radio = a; return radio },
					paired(meterAddress, "accu-chek", fhirmap.Glucometer), paired(cuffAddress, "and-ua-651ble", fhirmap.BloodPressureMonitor))
				prepare(o)
				o.awaitRecorded(3)
			})
			if t.Failed() {
				t.Fatalf("%s, cut at %d, behind: %v", name, after, behind)
			}
			if radio.left > 0 {
				if after < 8 {
					t.Errorf("%s: only %d steps", name, after)
				}
				break
			}
		}
	}
}

func TestLink_Pairing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, nil)
		cuff := theCuff(o)
		cuff.Bond = true
		cuff.Wake()
		if err := o.link.Search(fhirmap.BloodPressureMonitor, "and-ua-651ble"); err != nil {
			t.Fatal(err)
		}
		o.await("the cuff", func() bool { return o.pairing != nil && len(o.pairing.Heard) == 1 })
		if h := o.pairing.Heard[0]; h.Driver != "and-ua-651ble" || h.Paired != "" {
			t.Errorf("%+v", h)
		}
		if err := o.link.Pair(cuffAddress); err != nil {
			t.Fatal(err)
		}
		o.awaitStep(blelink.StepMeasuring)
		cuff.Store(128, 82, 97, 64, 0)
		o.await("a test measurement", func() bool { return o.pairing.Measured != nil })
		if err := o.link.Finish("Tensiomètre", "Cabinet 1"); err != nil {
			t.Fatal(err)
		}
		if p := o.keep.Paired(); len(p) != 1 || p[0].Name != "Tensiomètre" || p[0].Place != "Cabinet 1" || p[0].Model != "UA-651BLE" {
			t.Errorf("%+v", p)
		}
		cuff.Store(130, 80, 96, 60, 0)
		o.awaitRecorded(2)
		if err := o.link.Unpair(t.Context(), o.keep.Paired()[0].ID); err != nil || len(o.keep.Paired()) != 0 {
			t.Error(err)
		}
		cuff.Store(131, 80, 96, 60, 0)
		o.awaitRecorded(2)
	})
}

func TestLink_PairingWithPasskey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, nil)
		meter := theMeter(o)
		meter.Bond = true
		meter.Wake()
		if err := o.link.Search(fhirmap.Glucometer, ""); err != nil {
			t.Fatal(err)
		}
		o.await("the meter", func() bool { return o.pairing != nil && len(o.pairing.Heard) == 1 })
		pair := func(do func() error, passkey string, yes bool) {
			if err := do(); err != nil {
				t.Fatal(err)
			}
			o.await("the question", func() bool { return o.pairing.Question != nil })
			if err := o.link.Answer(passkey, yes); err != nil {
				t.Fatal(err)
			}
		}
		pair(func() error { return o.link.Pair(meterAddress) }, "000000", true)
		if p := o.awaitStep(blelink.StepFailed); p.Fault.Code != "pairing_refused" {
			t.Errorf("%+v", p.Fault)
		}
		pair(o.link.Retry, "", false)
		if p := o.awaitStep(blelink.StepFailed); p.Fault.Code != "pairing_cancelled" {
			t.Errorf("%+v", p.Fault)
		}
		pair(o.link.Retry, "123456", true)
		o.awaitStep(blelink.StepMeasuring)
		o.link.Cancel()
		if len(o.keep.Paired()) != 0 || o.pairing != nil {
			t.Errorf("%+v", o.keep.Paired())
		}
		if err := o.link.Retry(); err == nil {
			t.Error("something to try again")
		}
	})
}

// TestLink_PairingAnew: a device that is paired already keeps its name, and
// stays paired when the attempt is given up.
func TestLink_PairingAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, nil, paired(cuffAddress, "and-ua-651ble", fhirmap.BloodPressureMonitor))
		cuff := theCuff(o)
		cuff.Wake()
		for range 2 {
			if err := o.link.Search(fhirmap.BloodPressureMonitor, ""); err != nil {
				t.Fatal(err)
			}
			o.await("the cuff", func() bool { return o.pairing != nil && len(o.pairing.Heard) == 1 })
			if err := o.link.Pair(cuffAddress); err != nil {
				t.Fatal(err)
			}
			o.awaitStep(blelink.StepMeasuring)
			o.link.Cancel()
		}
		cuff.Store(128, 82, 97, 64, 0)
		o.awaitRecorded(1)
		if p := o.keep.Paired(); len(p) != 1 || p[0].Name != "essai" {
			t.Errorf("%+v", p)
		}
	})
}

// TestLink_AdapterTrouble: a search says why it finds nothing, and goes on when
// it is tried again; paired devices are served as soon as the adapter is back.
func TestLink_AdapterTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, nil, paired(cuffAddress, "and-ua-651ble", fhirmap.BloodPressureMonitor))
		cuff := theCuff(o)
		o.air.Break(&fhirmap.Fault{Code: "bluetooth_off"})
		if err := o.link.Search(fhirmap.BloodPressureMonitor, ""); err != nil {
			t.Fatal(err)
		}
		if p := o.awaitStep(blelink.StepFailed); p.Fault.Code != "bluetooth_off" {
			t.Errorf("%+v", p.Fault)
		}
		o.air.Break(nil)
		cuff.Wake()
		if err := o.link.Retry(); err != nil {
			t.Fatal(err)
		}
		o.await("the cuff", func() bool { return o.pairing != nil && len(o.pairing.Heard) == 1 })
		cuff.Store(128, 82, 97, 64, 0)
		o.awaitRecorded(1)
	})
}

func TestLink_Refusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, nil)
		for name, err := range map[string]error{
			"a type without driver": o.link.Search(fhirmap.PatientMonitor, ""),
			"another type's driver": o.link.Search(fhirmap.Thermometer, "accu-chek"),
			"nothing heard":         o.link.Pair(cuffAddress),
			"nothing asked":         o.link.Answer("1", true),
			"nothing paired":        o.link.Finish("x", ""),
			"unknown":               o.link.Rename("x", "y", ""),
			"unknown to unpair":     o.link.Unpair(t.Context(), "x"),
		} {
			if _, ok := errors.AsType[*fhirmap.Fault](err); !ok {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
