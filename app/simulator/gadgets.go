package simulator

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"vitalien/app/blelink"
)

// Characteristics of the Bluetooth SIG (Assigned Numbers, 3.8).
var (
	uuidBloodPressure = blelink.UUID16("2a35")
	uuidCuffPressure  = blelink.UUID16("2a36")
	uuidTemperature   = blelink.UUID16("2a1c")
	uuidWeight        = blelink.UUID16("2a9d")
	uuidOximetry      = blelink.UUID16("2a5f")
	uuidGlucose       = blelink.UUID16("2a18")
	uuidRecordAccess  = blelink.UUID16("2a52")
	uuidBattery       = blelink.UUID16("2a19")
	uuidManufacturer  = blelink.UUID16("2a29")
	uuidModel         = blelink.UUID16("2a24")
	uuidSerial        = blelink.UUID16("2a25")
	uuidDateTime      = blelink.UUID16("2a08")
)

// medfloat is n × 10^exponent as IEEE 11073-20601 writes it in 16 bits.
func medfloat(n, exponent int) []byte {
	return binary.LittleEndian.AppendUint16(nil, uint16(exponent&0xf)<<12|uint16(n&0xfff))
}

// dateTime is t as the Date Time characteristic (Bluetooth SIG, GATT
// Specification Supplement, 3.70).
func dateTime(t time.Time) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(t.Year()))
	return append(b, byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second()))
}

// information is the services that every simulated device has.
func information(g *Gadget, model, serial string) {
	g.Services = append(g.Services,
		blelink.Service{UUID: blelink.UUID16("180a"), Characteristics: []string{uuidManufacturer, uuidModel, uuidSerial}},
		blelink.Service{UUID: blelink.UUID16("180f"), Characteristics: []string{uuidBattery}},
	)
	if g.Values == nil {
		g.Values = map[string][]byte{}
	}
	g.Values[uuidManufacturer], g.Values[uuidModel], g.Values[uuidSerial] = []byte("Vitalien (simulé)"), []byte(model), []byte(serial)
	g.Values[uuidBattery] = []byte{82}
}

// A Cuff is a simulated blood pressure monitor of the standard profile (Blood
// Pressure Service 1.1.1). It needs a bond, keeps what it has measured until a
// client takes it, and has a clock that can be set.
type Cuff struct {
	Gadget
	now func() time.Time

	mu     sync.Mutex
	ahead  time.Duration // of its clock
	stored [][]byte
}

// NewCuff makes one; address distinguishes it from others.
func NewCuff(name, address string, now func() time.Time) *Cuff {
	c := &Cuff{now: now}
	c.Bond = true
	c.Advertisement = blelink.Advertisement{Address: address, Name: name, RSSI: -55, Services: []string{blelink.UUID16("1810")}}
	c.Services = []blelink.Service{{UUID: blelink.UUID16("1810"), Characteristics: []string{uuidBloodPressure, uuidCuffPressure, uuidDateTime}}}
	information(&c.Gadget, "UA-651BLE", "SIMUL-"+address[len(address)-2:])
	c.Values[uuidDateTime] = dateTime(now())
	c.Subscribed = map[string]func(*GadgetLink){uuidBloodPressure: c.send}
	c.Written = map[string]func(*GadgetLink, []byte) error{uuidDateTime: c.setClock}
	return c
}

// SetAhead has the cuff's clock go wrong.
func (c *Cuff) SetAhead(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead = by
	c.Values[uuidDateTime] = dateTime(c.now().Add(by))
}

func (c *Cuff) setClock(_ *GadgetLink, value []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead = 0
	c.Values[uuidDateTime] = value
	return nil
}

// Store has the cuff measure: systolic, diastolic and mean pressure in mmHg,
// pulse per minute, and the status bits of the profile.
func (c *Cuff) Store(systolic, diastolic, mean, pulse int, status uint16) {
	c.mu.Lock()
	at := c.now().Add(c.ahead)
	c.mu.Unlock()
	c.StoreAt(at, systolic, diastolic, mean, pulse, status)
}

// StoreAt is Store with the time by the cuff's clock. Whoever is connected gets
// it at once.
func (c *Cuff) StoreAt(at time.Time, systolic, diastolic, mean, pulse int, status uint16) {
	b := []byte{0x02 | 0x04 | 0x10} // time, pulse, status
	b = slices.Concat(b, medfloat(systolic, 0), medfloat(diastolic, 0), medfloat(mean, 0))
	b = slices.Concat(b, dateTime(at), medfloat(pulse, 0))
	c.Resend(binary.LittleEndian.AppendUint16(b, status))
}

// Resend has the cuff send measurements, as Stored gives them, once more.
func (c *Cuff) Resend(measurements ...[]byte) {
	c.mu.Lock()
	c.stored = append(c.stored, measurements...)
	c.mu.Unlock()
	if l := c.listener(uuidBloodPressure); l != nil {
		c.send(l)
	}
}

// Stored is what no client has taken yet.
func (c *Cuff) Stored() [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.stored)
}

func (c *Cuff) send(l *GadgetLink) {
	c.mu.Lock()
	stored := c.stored
	c.stored = nil
	c.mu.Unlock()
	for _, b := range stored {
		l.Notify(uuidBloodPressure, b)
	}
}

// Inflate shows a pressure in the cuff, in mmHg, while it measures.
func (c *Cuff) Inflate(l *GadgetLink, pressure int) {
	none := medfloat(0x7ff, 0)
	l.Notify(uuidCuffPressure, slices.Concat([]byte{0}, medfloat(pressure, 0), none, none))
}

// A Meter is a simulated glucose meter (Glucose Service 1.0.1) with a passkey
// and stored records.
type Meter struct {
	Gadget
	mu      sync.Mutex
	records []glucoseRecord
	cut     int // the link is lost after as many records; 0: never
}

type glucoseRecord struct {
	sequence uint16
	frame    []byte
}

// NewMeter makes one.
func NewMeter(name, address, passkey string) *Meter {
	m := &Meter{}
	m.Bond, m.Passkey = true, passkey
	m.Advertisement = blelink.Advertisement{Address: address, Name: name, RSSI: -62, Services: []string{blelink.UUID16("1808")}}
	m.Services = []blelink.Service{{UUID: blelink.UUID16("1808"), Characteristics: []string{uuidGlucose, uuidRecordAccess}}}
	information(&m.Gadget, "Accu-Chek Guide", "SIMUL-"+address[len(address)-2:])
	m.Written = map[string]func(*GadgetLink, []byte) error{uuidRecordAccess: m.access}
	return m
}

// Store has the meter measure: mg/dL, in capillary whole blood of a finger, or
// control solution.
func (m *Meter) Store(sequence uint16, at time.Time, milligrams int, control bool) {
	kind := byte(0x11) // capillary whole blood, finger
	if control {
		kind = 0x4a // control solution
	}
	b := binary.LittleEndian.AppendUint16([]byte{0x02}, sequence) // concentration in kg/L, type and location
	b = slices.Concat(b, dateTime(at), medfloat(milligrams, -5), []byte{kind})
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records = append(m.records, glucoseRecord{sequence, b})
}

// Renumber has the meter forget its records, as when its battery is changed.
func (m *Meter) Renumber() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records = nil
}

// CutAfter has the link lost after n records of a report; 0: never.
func (m *Meter) CutAfter(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cut = n
}

// The operators and answers of the Record Access Control Point.
const (
	reportRecords = 1
	allRecords    = 1
	sinceRecord   = 3
	lastRecord    = 6
)

func (m *Meter) access(l *GadgetLink, request []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	answer := func(result byte) { l.Notify(uuidRecordAccess, []byte{6, 0, request[0], result}) }
	if len(request) < 2 || request[0] != reportRecords {
		answer(2) // op code not supported
		return nil
	}
	wanted := m.records
	switch {
	case request[1] == allRecords:
	case request[1] == lastRecord:
		wanted = wanted[max(len(wanted)-1, 0):]
	case request[1] == sinceRecord && len(request) == 5 && request[2] == 1:
		from := binary.LittleEndian.Uint16(request[3:])
		wanted = slices.DeleteFunc(slices.Clone(wanted), func(r glucoseRecord) bool { return r.sequence < from })
	default:
		answer(4) // operator not supported
		return nil
	}
	if len(wanted) == 0 {
		answer(6) // no records found
		return nil
	}
	for i, r := range wanted {
		if m.cut > 0 && i == m.cut && request[1] != lastRecord {
			return l.Disconnect()
		}
		l.Notify(uuidGlucose, r.frame)
	}
	answer(1)
	return nil
}

// newSimple is a device that notifies one characteristic and needs no bond.
func newSimple(name, address, service, characteristic, model string) *Gadget {
	g := &Gadget{
		Advertisement: blelink.Advertisement{Address: address, Name: name, RSSI: -60, Services: []string{blelink.UUID16(service)}},
		Services:      []blelink.Service{{UUID: blelink.UUID16(service), Characteristics: []string{characteristic}}},
	}
	information(g, model, "SIMUL-"+address[len(address)-2:])
	return g
}

// NewThermometer, NewScale and NewOximeter are simulated devices of the
// standard profiles; Temperature, Weight and Oximetry are what they say.
func NewThermometer(name, address string) *Gadget {
	return newSimple(name, address, "1809", uuidTemperature, "Thermomètre")
}

// NewScale is a simulated scale.
func NewScale(name, address string) *Gadget {
	return newSimple(name, address, "181d", uuidWeight, "Balance")
}

// NewOximeter is a simulated pulse oximeter that measures continuously.
func NewOximeter(name, address string) *Gadget {
	return newSimple(name, address, "1822", uuidOximetry, "Oxymètre")
}

// Temperature is a measurement of tenths of a degree Celsius with its time
// (Health Thermometer Service 1.0, 3.1).
func Temperature(tenths int, at time.Time) (characteristic string, value []byte) {
	b := binary.LittleEndian.AppendUint32([]byte{0x02}, uint32(tenths&0xffffff)|0xff<<24)
	return uuidTemperature, append(b, dateTime(at)...)
}

// Weight is a measurement in steps of 5 g with its time (Weight Scale Service
// 1.0, 3.2).
func Weight(steps int, at time.Time) (characteristic string, value []byte) {
	b := binary.LittleEndian.AppendUint16([]byte{0x02}, uint16(steps))
	return uuidWeight, append(b, dateTime(at)...)
}

// Oximetry is a continuous measurement: saturation in percent, pulse per
// minute (Pulse Oximeter Service 1.0.1, 3.3).
func Oximetry(saturation, pulse int) (characteristic string, value []byte) {
	return uuidOximetry, slices.Concat([]byte{0}, medfloat(saturation, 0), medfloat(pulse, 0))
}

// somebody is a body for each simulated device.
func somebody(seed uint64) *patientBody { return newBody(seed ^ rand.Uint64()) }
