package fhirmap

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// DeviceType is a device type of the contract.
type DeviceType string

// The device types that clients filter by. pulse_oxymeter is spelt as the
// clients of 2019 know it.
const (
	WeightScale          DeviceType = "weight_scale"
	Thermometer          DeviceType = "thermometer"
	PulseOxymeter        DeviceType = "pulse_oxymeter"
	BloodPressureMonitor DeviceType = "blood_pressure_monitor"
	Glucometer           DeviceType = "glucometer"
	HeartRateMonitor     DeviceType = "heart_rate_monitor"
	PatientMonitor       DeviceType = "patient_monitor"
	Stethoscope          DeviceType = "stethoscope"
)

// A Device is what is known of the apparatus that measured.
type Device struct {
	ID           string     `json:"id"` // stable over time; a FHIR id (see DeviceID)
	Type         DeviceType `json:"type"`
	Name         string     `json:"name,omitempty"` // what people call it: "Lit 3", "KC575235977G"
	Manufacturer string     `json:"manufacturer,omitempty"`
	Model        string     `json:"model,omitempty"`
	Serial       string     `json:"serial,omitempty"`
	EUI64        string     `json:"eui64,omitempty"` // 16 hexadecimal digits, as in OBX-18 and BLE System ID
}

// DeviceID makes the stable id of a device (24 hexadecimal digits, the form
// that clients of 2019 know) from what distinguishes it: the link and the
// device's address or serial number.
func DeviceID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:12])
}

// A Patient is a person as one source names them. Its identity is the pair
// (System, ID): the number 2 of a monitor is never the number 2 of the EHR.
type Patient struct {
	System    string `json:"system,omitempty"` // a URI that names the assigning source
	ID        string `json:"id,omitempty"`     // empty: named without an id, so nobody that can be found again
	Family    string `json:"family,omitempty"`
	Given     string `json:"given,omitempty"`
	BirthDate string `json:"birthDate,omitempty"` // YYYY, YYYY-MM or YYYY-MM-DD
	Sex       string `json:"sex,omitempty"`       // FHIR administrative gender: male, female, other, unknown
}

// Key is the FHIR id of the patient within this program. It reveals neither
// id nor name. It is empty for a patient without an id.
func (p *Patient) Key() string {
	if p == nil || p.ID == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(p.System + "\x00" + p.ID))
	return hex.EncodeToString(sum[:16])
}

// Same tells whether p and o are one person, which only identity decides.
func (p *Patient) Same(o *Patient) bool { return p.Key() != "" && p.Key() == o.Key() }

// Name is the name as a French list shows it: "LEFÈVRE Éloïse".
func (p *Patient) Name() string {
	if p == nil {
		return ""
	}
	return strings.TrimSpace(strings.ToUpper(p.Family) + " " + p.Given)
}

// Absent says why a reading has no value: a code of FHIR
// data-absent-reason.
type Absent string

// The reasons that devices can express.
const (
	AbsentUnknown          Absent = "unknown"
	AbsentError            Absent = "error" // the device or its message was faulty
	AbsentNotANumber       Absent = "not-a-number"
	AbsentNegativeInfinity Absent = "negative-infinity"
	AbsentPositiveInfinity Absent = "positive-infinity"
	AbsentNotPerformed     Absent = "not-performed" // the device did not measure
)

// Interpretation is a code of HL7 v3 ObservationInterpretation (HL7 v2 table
// 0078): the device's own judgement.
type Interpretation string

// A Reading is one value of a Measurement.
type Reading struct {
	Type Type `json:"type"`
	// Value is nil when the device gave none; Absent then says why. It is never
	// 0 for nothing.
	Value          *Decimal         `json:"value,omitempty"`
	Unit           Unit             `json:"unit"`
	Absent         Absent           `json:"absent,omitempty"`
	MDC            Code             `json:"mdc,omitzero"` // as the device coded it; zero: the usual one of Type
	Interpretation []Interpretation `json:"interpretation,omitempty"`
	// Low and High are the bounds that the device was set to or states (alarm
	// limits, OBX-7), in Unit; nil: none, or not known.
	Low  *Decimal `json:"low,omitempty"`
	High *Decimal `json:"high,omitempty"`
}

// Status is how far the device itself vouches for a measurement.
type Status string

// The states of a measurement, codes of FHIR R4 observation-status.
const (
	StatusFinal       Status = "final"
	StatusPreliminary Status = "preliminary" // HL7 v2 table 0085: P, R, S
	StatusCorrected   Status = "corrected"   // C
)

// Origin says how a value came about when it was not measured.
type Origin string

// OriginAdmission marks a value that a person typed at admission, such as the
// height and weight that a bedside monitor knows.
const OriginAdmission Origin = "admission"

// A Measurement is what a device measured at one time in one go: a single
// vital sign, a saturation with its pulse, or a blood pressure with its mean
// and pulse. It says what the bytes said and nothing more.
type Measurement struct {
	Type     Type      `json:"type"` // the vital, or the panel: OxygenSaturation, BloodPressure, ArterialBloodPressure
	Readings []Reading `json:"readings"`
	// Time is the device's own, with its offset; zero when the device gave none
	// or a void one.
	Time time.Time `json:"time,omitzero"`
	// TimeUnknown: the device gave a time that cannot be read, so when it
	// measured is not known, and Time is zero. Nobody's consultation covers it.
	TimeUnknown bool `json:"timeUnknown,omitempty"`

	Device  Device   `json:"device"`
	Patient *Patient `json:"patient,omitempty"` // whom the message names; nil: nobody
	Bed     string   `json:"bed,omitempty"`
	Status  Status   `json:"status"`
	// Quality is what the device says of how well it could measure, each at most
	// once.
	Quality []Quality `json:"quality,omitempty"`
	Meal    Meal      `json:"meal,omitempty"` // of a glucose; empty: not told
	Origin  Origin    `json:"origin,omitempty"`
	// Test marks what a simulator or a device in training mode says (HL7 v2
	// MSH-11 T or D). It carries the security label HTEST in R4.
	Test bool `json:"test,omitempty"`
}

// HasValue tells whether any reading has a value. Without one there is no
// measurement.
func (m *Measurement) HasValue() bool {
	for i := range m.Readings {
		if m.Readings[i].Value != nil {
			return true
		}
	}
	return false
}

// Reading finds the reading of type t, nil when there is none.
func (m *Measurement) Reading(t Type) *Reading {
	for i := range m.Readings {
		if m.Readings[i].Type == t {
			return &m.Readings[i]
		}
	}
	return nil
}

// Validate holds the invariants that every link must keep: a known type, the
// readings that this type can have, each at most once, at least one value, no
// reading with both a value and a reason for its absence, a time that can be
// written, and no number or text longer than any device has a use for.
func (m *Measurement) Validate() error {
	vital, known := Lookup(m.Type)
	if !known {
		return fmt.Errorf("unknown type %q", m.Type)
	}
	if !m.HasValue() {
		return fmt.Errorf("%s without any value", m.Type)
	}
	if m.Device.ID == "" {
		return fmt.Errorf("%s without a device", m.Type)
	}
	allowed := vital.Parts
	if len(allowed) == 0 {
		allowed = []Type{m.Type}
	}
	for i := range m.Readings {
		r := &m.Readings[i]
		if len(m.Readings) > 1 && m.Reading(r.Type) != r || !slices.Contains(allowed, r.Type) {
			return fmt.Errorf("%s cannot hold %q here", m.Type, r.Type)
		}
		if (r.Value == nil) == (r.Absent == "") {
			return fmt.Errorf("%s needs either a value or a reason", r.Type)
		}
		if !r.fits() || max(len(r.MDC.Code), len(r.MDC.Display)) > maxText {
			return fmt.Errorf("%s is too long", r.Type)
		}
	}
	if err := checkTime(m.Time); err != nil {
		return err
	}
	if err := m.checkCircumstances(); err != nil {
		return err
	}
	return checkTexts(m.Bed, &m.Device, m.Patient)
}

// checkTime tells whether RFC 3339 can hold t: "+2400" is an offset to some
// parsers.
func checkTime(t time.Time) error {
	_, offset := t.Zone()
	if year := t.Year(); year < 0 || year > 9999 || offset <= -24*3600 || offset >= 24*3600 {
		return errors.New("a time that cannot be written")
	}
	return nil
}

func (r *Reading) fits() bool {
	for _, d := range [...]*Decimal{r.Value, r.Low, r.High} {
		if d != nil && d.check() != nil {
			return false
		}
	}
	return true
}

// maxText bounds each text of a measurement, in bytes: every event repeats
// them. HL7 v2 has at most 427 characters for one (EI, 2.A.28).
const maxText = 1 << 10

func checkTexts(bed string, d *Device, p *Patient) error {
	if p == nil {
		p = &Patient{}
	}
	for _, text := range [...]string{
		bed, d.ID, d.Name, d.Manufacturer, d.Model, d.Serial, d.EUI64,
		p.System, p.ID, p.Family, p.Given, p.BirthDate, p.Sex,
	} {
		if len(text) > maxText {
			return fmt.Errorf("a text of %d bytes: at most %d", len(text), maxText)
		}
	}
	return nil
}

// A Report is what one message of a device holds. It is stored whole or not
// at all.
type Report struct {
	Link string // which link it came through: "hl7", "ble"
	Peer string // the other end's address, without a port
	// Key identifies the message among those of the last ten minutes: the same
	// key is the same message sent again. Empty when the protocol cannot tell.
	Key          string
	Measurements []Measurement
	// Streaming: such values come again by themselves within seconds, so the
	// station shows all of them and records some.
	Streaming bool
	// Live is what Measurements do not say and a monitor shows all the same:
	// other parameters, values that are missing or doubted, limits. Where both
	// have a type, Live wins.
	Live []Live
	// Alarms are the alarm conditions that the message tells of.
	Alarms []Alarms
}

// The limits of what one message tells beside measurements.
func (r *Report) validateLive() error {
	if len(r.Live) > maxLive || len(r.Alarms) > maxLive {
		return fmt.Errorf("more than %d beds in one message", maxLive)
	}
	for i := range r.Live {
		if err := r.Live[i].Validate(); err != nil {
			return err
		}
	}
	for i := range r.Alarms {
		if err := r.Alarms[i].Validate(); err != nil {
			return err
		}
	}
	return nil
}

// Validate holds the invariants of all that r tells. A report that tells
// nothing is refused.
func (r *Report) Validate() error {
	if len(r.Measurements) == 0 && len(r.Live) == 0 && len(r.Alarms) == 0 {
		return errors.New("no measurement, no live value and no alarm")
	}
	for i := range r.Measurements {
		if err := r.Measurements[i].Validate(); err != nil {
			return err
		}
	}
	return r.validateLive()
}

// A Receipt is the answer to a Report that is safe on disk.
type Receipt struct {
	Seq      uint64    // log number of its first measurement; 0 when it held none
	Received time.Time // when it first came
	Repeated bool      // it was there already
}

// A Recorded is a Measurement with what the station added to it.
type Recorded struct {
	Measurement
	Seq          uint64    // its number in the log, that of its first Observation
	Last         uint64    // the number of its last Observation
	Log          string    // the UUID of the log; empty for what is not stored
	Received     time.Time // when the station received it
	Subject      *Patient  // whose it is; nil or without an id: unassigned
	Consultation string    // id of the consultation it belongs to, or empty
	Implausible  bool      // some value is outside its plausible range

	// What a person has corrected since. The first version is 1, or 0.
	Version   int
	Corrected time.Time // when this version was made; zero for the first
	Discarded bool      // it was recorded in error
	Reason    string    // of this version
	First     *Patient  // whose the first version was, of which identifiers are made; not used for that itself
}

// Updated is when this version was made: the time of the correction, or that of
// reception.
func (r *Recorded) Updated() time.Time {
	if r.Corrected.IsZero() {
		return r.Received
	}
	return r.Corrected
}

// Effective is the time of the measurement: the device's own, or that of
// reception.
func (r *Recorded) Effective() time.Time {
	if r.Time.IsZero() {
		return r.Received
	}
	return r.Time
}
