package blelink

import (
	"context"
	"slices"
	"strings"
	"time"

	"vitalien/fhirmap"
)

// Services of the Bluetooth SIG that devices advertise (Assigned Numbers, 3.4).
var (
	serviceGlucose       = UUID16("1808")
	serviceThermometer   = UUID16("1809")
	serviceHeartRate     = UUID16("180d")
	serviceBloodPressure = UUID16("1810")
	serviceComposition   = UUID16("181b")
	serviceWeight        = UUID16("181d")
	serviceOximeter      = UUID16("1822")
)

// The drivers of those who keep to the profiles of the Bluetooth SIG. A model
// is named where its way of pairing, or a habit of its own, is known.
var (
	omronHEM9210T = Driver{
		ID: "omron-hem-9210t", Maker: "Omron", Model: "HEM-9210T", Type: fhirmap.BloodPressureMonitor, Bond: BondJust,
		Recognise: func(a *Advertisement) int {
			_, omron := a.Manufacturer["020e"]
			if a.offers(serviceBloodPressure) && (omron || a.named("blesmart_")) {
				return 2
			}
			return 0
		},
		Serve: serveStandard,
	}
	andUA651BLE = Driver{
		ID: "and-ua-651ble", Maker: "A&D", Model: "UA-651BLE", Type: fhirmap.BloodPressureMonitor, Bond: BondJust,
		Recognise: func(a *Advertisement) int {
			return sureIf(a.offers(serviceBloodPressure) && a.named("a&d_ua-651"), 3)
		},
		Serve: serveStandard,
	}
	accuChek = Driver{
		ID: "accu-chek", Maker: "Roche", Model: "Accu-Chek Guide", Type: fhirmap.Glucometer, Bond: BondPasskey,
		Recognise: func(a *Advertisement) int { return sureIf(a.offers(serviceGlucose) && a.named("meter+"), 3) },
		Serve:     serveStandard,
	}
	nonin3230 = Driver{
		ID: "nonin-3230", Maker: "Nonin", Model: "3230", Type: fhirmap.PulseOxymeter, Bond: BondJust,
		Recognise: func(a *Advertisement) int {
			switch {
			case a.named("nonin3230"):
				return 3
			case a.offers("46a970e0-0d5f-11e2-8b5e-0002a5d5c51b"):
				return 2
			}
			return 0
		},
		Serve: serveStandard,
	}
	jumperJPD500F = Driver{
		ID: "jumper-jpd-500f", Maker: "Jumper", Model: "JPD-500F", Type: fhirmap.PulseOxymeter,
		Recognise: func(a *Advertisement) int {
			switch {
			case a.offers("cdeacb80-5235-4c07-8846-93a37ee6b86d"):
				return 3
			case a.named("my oximeter"):
				return 2
			}
			return 0
		},
		Serve: serveStandard,
	}

	anyBloodPressure = generic("blood-pressure", fhirmap.BloodPressureMonitor, BondJust, serviceBloodPressure)
	anyThermometer   = generic("thermometer", fhirmap.Thermometer, BondJust, serviceThermometer)
	anyScale         = generic("weight-scale", fhirmap.WeightScale, BondJust, serviceWeight, serviceComposition)
	anyOximeter      = generic("pulse-oximeter", fhirmap.PulseOxymeter, BondNone, serviceOximeter)
	anyGlucometer    = generic("glucometer", fhirmap.Glucometer, BondPasskey, serviceGlucose)
	anyHeartRate     = generic("heart-rate", fhirmap.HeartRateMonitor, BondNone, serviceHeartRate)
)

// generic is the driver of any device that advertises a service of services.
func generic(id string, t fhirmap.DeviceType, bond Bond, services ...string) Driver {
	return Driver{
		ID: id, Type: t, Bond: bond, Serve: serveStandard,
		Recognise: func(a *Advertisement) int { return sureIf(slices.ContainsFunc(services, a.offers), 1) },
	}
}

func sureIf(is bool, sure int) int {
	if is {
		return sure
	}
	return 0
}

func (a *Advertisement) offers(service string) bool { return slices.Contains(a.Services, service) }

// named tells whether the device's name begins so, in lower case.
func (a *Advertisement) named(prefix string) bool {
	return strings.HasPrefix(strings.ToLower(a.Name), prefix)
}

// quiet is how long a device may hold the link without saying anything.
const quiet = 2 * time.Minute

// measuring are the characteristics with values of patients, in the order in
// which they are subscribed to: a measurement before what leads to it, since
// some devices send what they have as soon as they can, and go.
var measuring = []string{
	UUID16("2a35"), UUID16("2a1c"), UUID16("2a9d"), UUID16("2a9c"), UUID16("2a5e"), UUID16("2a18"), UUID16("2a34"),
	UUID16("2a5f"), UUID16("2a37"), UUID16("2a36"), UUID16("2a1e"),
	noninOximetry, jumperOximetry,
}

// standard is a session with a device of one of the profiles.
type standard struct {
	*Session
	offered  []string // its characteristics
	decoders map[string]Decoder
	records  *recordAccess // nil: what it stores comes by itself
}

func serveStandard(ctx context.Context, s *Session) error {
	services, err := s.Services(ctx)
	if err != nil {
		return err
	}
	d := &standard{Session: s, decoders: map[string]Decoder{}}
	for _, service := range services {
		d.offered = append(d.offered, service.Characteristics...)
	}
	if err := d.subscribe(ctx); err != nil {
		return d.leave(ctx, err) // what it has sent is still there
	}
	if len(d.decoders) == 0 {
		return nothingToMeasure()
	}
	if err := d.introduce(ctx); err != nil {
		return d.leave(ctx, err)
	}
	return d.listen(ctx)
}

func nothingToMeasure() error {
	return &fhirmap.Fault{
		Code: "device_unsupported", English: "the device offers no characteristic that is understood",
		French: "Cet appareil n’envoie rien que Vitalien sache lire. Vérifiez le modèle choisi, ou contactez le support.",
	}
}

func (d *standard) offers(characteristic string) bool {
	return slices.Contains(d.offered, characteristic)
}

func (d *standard) subscribe(ctx context.Context) error {
	for _, c := range measuring {
		if !d.offers(c) {
			continue
		}
		decoder := NewDecoder(c, d.Paired.Called)
		if c == glucoseContext { // it completes the measurements of its sibling
			g, ok := d.decoders[glucoseMeasurement].(*glucose)
			if !ok {
				continue
			}
			decoder = g.Context()
		}
		d.decoders[c] = decoder // before it: what the device says may come even where it fails
		if err := d.Subscribe(ctx, c); err != nil {
			return err
		}
	}
	if d.offers(glucoseMeasurement) && d.offers(recordAccessPoint) {
		d.records = &recordAccess{session: d.Session}
		if err := d.Subscribe(ctx, recordAccessPoint); err != nil {
			return err
		}
	}
	for _, c := range []string{currentTime, batteryLevel} {
		if d.offers(c) {
			if err := d.Subscribe(ctx, c); err != nil && gone(err) {
				return err
			} // many of them can only be read
		}
	}
	return nil
}

// introduce reads what the device says of itself, and sets its clock.
func (d *standard) introduce(ctx context.Context) error {
	if err := d.tellTime(ctx); err != nil {
		return err
	}
	if d.records != nil {
		if err := d.records.begin(ctx); err != nil {
			return err
		}
	}
	if d.offers(batteryLevel) {
		value, err := d.Read(ctx, batteryLevel)
		if err == nil {
			d.charge(value)
		} else if gone(err) {
			return err
		}
	}
	return d.describe(ctx)
}

// describe reads the Device Information Service, once.
func (d *standard) describe(ctx context.Context) error {
	p := &d.Paired
	if p.Maker != "" || p.Model != "" || p.Serial != "" {
		return nil
	}
	for c, field := range map[string]*string{manufacturerName: &p.Maker, modelNumber: &p.Model, serialNumber: &p.Serial} {
		if !d.offers(c) {
			continue
		}
		value, err := d.Read(ctx, c)
		if err == nil {
			*field = Text(value)
		} else if gone(err) {
			return err
		}
	}
	if d.offers(systemID) {
		if value, err := d.Read(ctx, systemID); err == nil {
			p.EUI64, _ = EUI64(value)
		} else if gone(err) {
			return err
		}
	}
	d.Keep()
	return nil
}

// tellTime learns by how much the device's clock is wrong, before it sets it:
// what the device measured until now bears the old time.
func (d *standard) tellTime(ctx context.Context) error {
	for _, c := range []string{currentTime, dateTime} {
		if !d.offers(c) {
			continue
		}
		value, err := d.Read(ctx, c)
		if err != nil && gone(err) {
			return err
		}
		if err == nil {
			d.readClock(value)
		}
		if err := d.setClock(ctx, c); err != nil && gone(err) {
			return err
		}
		return nil
	}
	return nil
}

func (d *standard) readClock(value []byte) {
	at, err := ReadClock(value, d.Zone)
	if err != nil || d.ClockRead {
		return
	}
	d.ClockRead, d.Ahead = true, at.Sub(d.Now())
}

func (d *standard) setClock(ctx context.Context, c string) error {
	now := d.Now().In(d.Zone)
	value := EncodeDateTime(now)
	if c == currentTime {
		value = EncodeCurrentTime(now)
	}
	return d.Write(ctx, c, value, true)
}

func (d *standard) charge(value []byte) {
	if percent, err := BatteryLevel(value); err == nil {
		d.Battery(percent)
	}
}

// listen takes what the device sends until it has nothing more to say.
func (d *standard) listen(ctx context.Context) error {
	idle := time.NewTimer(quiet)
	defer idle.Stop()
	for d.records == nil || !d.records.done {
		select {
		case n, open := <-d.Notifications():
			if !open {
				return d.leave(ctx, nil)
			}
			if err := d.take(ctx, n); err != nil {
				return d.leave(ctx, err)
			}
			idle.Reset(quiet)
		case <-idle.C:
			return d.leave(ctx, nil)
		case <-ctx.Done():
			return d.leave(ctx, ctx.Err())
		}
	}
	return d.leave(ctx, nil)
}

// parting is how long the program takes, when it ends, to record what a device
// has already sent.
const parting = 2 * time.Second

// leave ends the link, and takes over what came before.
func (d *standard) leave(ctx context.Context, err error) error {
	d.Disconnect()
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), parting)
	defer stop()
	for n := range d.Notifications() {
		if failed := d.take(ctx, n); failed != nil && err == nil {
			err = failed
		}
	}
	if failed := d.flush(ctx); failed != nil && err == nil {
		err = failed
	}
	switch {
	case d.records != nil && (err == nil || gone(err)):
		return d.records.interrupted()
	case err != nil && gone(err) && d.yielded:
		return nil // it has said what it had to say, and gone
	}
	return err
}

func (d *standard) take(ctx context.Context, n Notification) error {
	switch n.Characteristic {
	case recordAccessPoint:
		if d.records == nil {
			return nil
		}
		if err := d.flush(ctx); err != nil {
			return err
		}
		return d.records.answered(ctx, n.Value)
	case currentTime:
		d.readClock(n.Value)
		if err := d.setClock(ctx, currentTime); err != nil && !gone(err) {
			d.Logger.Warn("setting a device's clock", "device", d.Paired.ID, "error", err)
		}
		return nil
	case batteryLevel:
		d.charge(n.Value)
		return nil
	}
	decoder := d.decoders[n.Characteristic]
	if decoder == nil {
		return nil
	}
	decoded, err := decoder.Feed(n.Value, d.Context())
	if err != nil {
		d.Logger.Warn("a Bluetooth value was malformed", "device", d.Paired.ID, "characteristic", n.Characteristic, "error", err)
		return nil
	}
	return d.took(ctx, decoded)
}

func (d *standard) flush(ctx context.Context) error {
	for _, c := range measuring {
		if decoder := d.decoders[c]; decoder != nil {
			if err := d.took(ctx, decoder.Flush(d.Context())); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *standard) took(ctx context.Context, decoded Decoded) error {
	if decoded.Dropped != "" {
		d.Logger.Info("a Bluetooth reading was left out", "device", d.Paired.ID, "reason", decoded.Dropped)
	}
	if decoded.Live != nil {
		d.Show(ctx, decoded.Live)
	}
	if decoded.Stream != nil {
		if err := d.Stream(ctx, decoded.Stream); err != nil {
			return err
		}
	}
	if d.records != nil && d.records.asking() {
		d.records.saw(decoded.Taken)
		return nil
	}
	return d.Record(ctx, decoded.Taken)
}
