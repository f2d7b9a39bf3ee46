package hl7link

import (
	"slices"
	"strings"

	"vitalien/fhirmap"
)

// screen collects what a monitor shows and measurements do not say.
type screen struct {
	devices []fhirmap.Live
	// said are the measurements of the message.
	said []fhirmap.Measurement
}

// show adds what no measurement of found says: other parameters, vital signs
// without a value, and values in a unit that is not known.
func (d *decoded) show(beside []*observation, valueless []*group, patient *fhirmap.Patient, bed string) {
	if len(beside) == 0 && len(valueless) == 0 {
		return
	}
	s := screen{devices: d.report.Live, said: d.report.Measurements}
	for _, o := range beside {
		s.add(o, patient, bed)
	}
	for _, g := range valueless {
		for _, o := range g.members {
			s.add(o, patient, bed)
		}
	}
	d.report.Live = s.devices
}

// add shows o, unless the message says better of that parameter.
func (s *screen) add(o *observation, patient *fhirmap.Patient, bed string) {
	v := o.live()
	if v.State == fhirmap.LiveMissing && unmonitored[v.Type] || v.State != fhirmap.LiveValid && s.measured(o.device.ID, v.Type) {
		return
	}
	live := s.of(o, patient, bed)
	if i := slices.IndexFunc(live.Values, func(w fhirmap.LiveValue) bool { return w.Type == v.Type }); i >= 0 {
		if live.Values[i].State != fhirmap.LiveValid && v.State == fhirmap.LiveValid {
			live.Values[i] = v
		}
		return
	}
	if len(live.Values) == 0 {
		live.Time = o.time
	}
	if !o.time.Equal(live.Time) {
		v.Time = o.time
	}
	live.Values = append(live.Values, v)
}

// of is what the device of o shows in this message.
func (s *screen) of(o *observation, patient *fhirmap.Patient, bed string) *fhirmap.Live {
	for i := range s.devices {
		if l := &s.devices[i]; l.Device.ID == o.device.ID && l.Bed == bed && l.Patient == patient {
			return l
		}
	}
	s.devices = append(s.devices, fhirmap.Live{Device: *o.device, Bed: bed, Patient: patient})
	return &s.devices[len(s.devices)-1]
}

// measured tells whether a measurement of the message holds that value.
func (s *screen) measured(device string, t fhirmap.Type) bool {
	return slices.ContainsFunc(s.said, func(m fhirmap.Measurement) bool {
		return m.Device.ID == device && slices.ContainsFunc(m.LiveValues(), func(v fhirmap.LiveValue) bool {
			return v.Type == t && v.Value != nil
		})
	})
}

// unmonitored are vital signs that nobody expects on a screen: that they are
// missing says nothing.
var unmonitored = map[fhirmap.Type]bool{
	fhirmap.BodyWeight: true, fhirmap.BodyHeight: true, fhirmap.BodyMassIndex: true, fhirmap.BodyFat: true,
	fhirmap.BodyWater: true, fhirmap.MuscleMass: true, fhirmap.BloodGlucose: true,
}

// live is o as a screen shows it.
func (o *observation) live() fhirmap.LiveValue {
	v := fhirmap.LiveValue{
		Type: o.vital, Value: o.reading.Value, Unit: o.reading.Unit, State: fhirmap.LiveValid,
		Low: o.reading.Low, High: o.reading.High,
	}
	if v.Type == fhirmap.HeartRate && o.pulse != notOfOthers {
		v.Type = fhirmap.PulseRate
	}
	switch {
	case o.strange != nil:
		v.Value, v.State = &o.strange.value, fhirmap.LiveInvalid
		v.Unit = fhirmap.Unit{Label: o.strange.unit}
	case v.Value == nil:
		v.State = fhirmap.LiveMissing
	case !fhirmap.Plausible(o.reading):
		v.State = fhirmap.LiveImplausible
	}
	return v
}

// A strange value is in a unit that is not known, or that cannot be one of its
// parameter.
type strange struct {
	value fhirmap.Decimal
	unit  string // as the device wrote it; empty: none, or too long for one
}

// maxUnit bounds the text of a strange unit, in bytes.
const maxUnit = 40

// limits reads OBX-7 (7.4.2.7): low-high, >low or <high, in the unit that the
// value is in.
func (o *observation) limits(s Segment, unit string) {
	if text := strings.TrimSpace(s.Text(7)); text != "" && text != "-" {
		b := s.m.desk.bounds(boundsText{o.vital, unit, text})
		o.reading.Low, o.reading.High = b.low, b.high
	}
}

// A boundsText is what a device writes of the bounds of a parameter, in its
// unit.
type boundsText struct {
	vital      fhirmap.Type
	unit, text string
}

// read gives no bounds where one of them cannot be read.
func (t boundsText) read() (b bounds) {
	text := t.text
	low, high := text, ""
	switch {
	case text[0] == '>':
		low = strings.TrimPrefix(text[1:], "=")
	case text[0] == '<':
		low, high = "", strings.TrimPrefix(text[1:], "=")
	default:
		dash := strings.IndexByte(text[1:], '-') // the first character may be a sign
		if dash < 0 {
			return b
		}
		low, high = text[:1+dash], text[2+dash:]
	}
	var lowOK, highOK bool
	b.low, lowOK = t.bound(low)
	b.high, highOK = t.bound(high)
	if !lowOK || !highOK || b.low != nil && b.high != nil && b.low.Cmp(*b.high) > 0 {
		return bounds{}
	}
	return b
}

// bound reads one of them, nil for none; not ok when it cannot be read.
func (t boundsText) bound(text string) (b *fhirmap.Decimal, ok bool) {
	if text = strings.TrimSpace(text); text == "" {
		return nil, true
	}
	value, err := parseNumber(text)
	if err != nil || !isNumber(text) {
		return nil, false
	}
	value, _, err = fhirmap.In(t.vital, value, t.unit)
	return &value, err == nil
}
