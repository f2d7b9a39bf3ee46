package hl7link

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"vitalien/fhirmap"
)

// An rtiBatch is the periodic values (message 204) that came in one go. A
// monitor writes a message for each of its modules.
type rtiBatch struct {
	values []rtiValue
	found  []*observation
}

// An rtiValue is one parameter as the monitor wrote it.
type rtiValue struct {
	id string
	fhirmap.LiveValue
}

// collect adds the values of a message to the batch.
func (s *rtiSession) collect(m *Message) []trouble {
	values := s.values(m)
	if slices.ContainsFunc(values, s.batch.holds) {
		s.flushBatch() // it is a second later
	}
	found, troubles := s.readings(m, "")
	for _, v := range values {
		s.batch.values = with(s.batch.values, v)
	}
	s.batch.found = append(s.batch.found, found...)
	return troubles
}

func (b *rtiBatch) holds(v rtiValue) bool {
	return slices.ContainsFunc(b.values, func(o rtiValue) bool { return o.id == v.id })
}

// values reads the parameters in a message, each once: a number stands before
// none, and the first number before others.
func (s *rtiSession) values(m *Message) []rtiValue {
	var all []rtiValue
	for _, segment := range m.Segments {
		id := strings.Clone(segment.Text(3))
		parameter, known := rtiParameters[id]
		if segment.Name != "OBX" || !known {
			continue
		}
		s.module[id] = strings.Clone(segment.Text(4))
		all = with(all, rtiValue{id, parameter.value(segment)})
	}
	return all
}

// with adds v unless there is a value of its type already: two modules can
// measure the same.
func with(all []rtiValue, v rtiValue) []rtiValue {
	i := slices.IndexFunc(all, func(o rtiValue) bool { return o.Type == v.Type })
	switch {
	case i < 0:
		return append(all, v)
	case all[i].Value == nil:
		all[i] = v
	}
	return all
}

// none is the parameter without a value.
func (p rtiParameter) none() fhirmap.LiveValue {
	v := fhirmap.LiveValue{Type: p.shown, State: fhirmap.LiveMissing}
	if parameter, known := fhirmap.LookupParameter(p.shown); known && !p.bare {
		v.Unit = parameter.Unit
	}
	return v
}

func (p rtiParameter) value(segment Segment) fhirmap.LiveValue {
	v := p.none()
	if unit := value(segment.Text(6)); unit != "" { // it never is, and must not be taken for ours
		v.Unit = fhirmap.Unit{Label: strings.Clone(shorten(unit, maxBedName))}
	}
	text, absent, ok := numberText(segment)
	if !ok || len(text) > maxNumber {
		v.State = fhirmap.LiveInvalid
		return v
	}
	if absent == "" {
		absent = missing(integral(text), rtiDialects)
	}
	if absent != "" {
		return v
	}
	number, err := parseNumber(text)
	if err != nil {
		v.State = fhirmap.LiveInvalid
		return v
	}
	v.Value, v.State = &number, fhirmap.LiveValid
	if !fhirmap.Plausible(fhirmap.Reading{Type: p.shown, Value: &number, Unit: v.Unit}) {
		v.State = fhirmap.LiveImplausible
	}
	return v
}

// flushBatch tells of the values of the batch: those that the monitor vouches
// for as measurements, everything else as it is shown.
func (s *rtiSession) flushBatch() {
	s.tellPressure()
	batch := s.batch
	s.batch = rtiBatch{}
	if len(batch.values) == 0 || s.waiting() { // they come again
		return
	}
	twoSites := batch.holds(rtiValue{id: "200"})
	vouched := slices.DeleteFunc(batch.found, func(o *observation) bool {
		// The second temperature is that of another site, often the skin.
		return s.doubted[o.said.code] || o.said.code == "201" && twoSites
	})
	measured := map[string]bool{}
	for _, o := range vouched {
		measured[o.said.code] = measured[o.said.code] || o.reading.Value != nil
		s.bound(o)
	}
	s.tell(fhirmap.Report{
		Streaming: true, Measurements: s.measurements(vouched),
		Live: s.live(time.Time{}, s.shown(batch.values, measured)),
	})
}

// bound gives a reading its alarm limits.
func (s *rtiSession) bound(o *observation) {
	limits := s.limitsOf(o.said.code)
	o.reading.Low, o.reading.High = limits.low, limits.high
}

// shown are the values with their limits and states, without those that a
// measurement says.
func (s *rtiSession) shown(values []rtiValue, measured map[string]bool) []fhirmap.LiveValue {
	var all []fhirmap.LiveValue
	for _, v := range values {
		if measured[v.id] {
			continue
		}
		limits := s.limitsOf(v.id)
		v.Low, v.High = limits.low, limits.high
		if v.Value != nil && s.doubted[v.id] {
			v.State = fhirmap.LiveInvalid
		}
		all = append(all, v.LiveValue)
	}
	return all
}

// valid is the state of a value (OBX 2037) that the monitor vouches for; 2 is
// the one that it doubts.
const valid = "3"

// state reads messages 205 and 504.
func (s *rtiSession) state(m *Message) {
	for _, segment := range m.Segments {
		id, state := strings.Clone(segment.Text(4)), segment.Text(5)
		if _, known := rtiParameters[id]; segment.Name == "OBX" && segment.Text(3) == "2037" && known && state != "" {
			s.doubted[id] = state != valid
		}
	}
}

// limit reads message 51, and tells of the limits alone.
func (s *rtiSession) limit(m *Message) {
	var told []fhirmap.LiveValue
	for _, segment := range m.Segments {
		id, which := strings.Clone(segment.Text(4)), segment.Text(3)
		parameter, known := rtiParameters[id]
		if segment.Name != "OBX" || !known || which != "2002" && which != "2003" {
			continue
		}
		limits, at := s.limits[id], parameter.value(segment).Value
		if which == "2002" {
			limits.high = at
		} else {
			limits.low = at
		}
		s.limits[id] = limits
		told = s.withLimits(told, id, parameter)
	}
	s.tellLimits(told)
}

// withLimits adds the limits of a parameter alone.
func (s *rtiSession) withLimits(told []fhirmap.LiveValue, id string, parameter rtiParameter) []fhirmap.LiveValue {
	limits, v := s.limitsOf(id), parameter.none()
	v.State, v.Low, v.High = "", limits.low, limits.high
	told = slices.DeleteFunc(told, func(o fhirmap.LiveValue) bool { return o.Type == v.Type })
	return append(told, v)
}

func (s *rtiSession) tellLimits(told []fhirmap.LiveValue) {
	if !s.waiting() {
		s.tell(fhirmap.Report{Live: s.live(time.Time{}, told)})
	}
}

// unplug reads message 12: the parameters of a module are no longer measured.
func (s *rtiSession) unplug(m *Message) {
	var gone []fhirmap.LiveValue
	for _, segment := range m.Segments {
		number := segment.Text(5)
		if segment.Name != "OBX" || segment.Text(3) != "2024" || number == "" {
			continue
		}
		for id, module := range s.module {
			if module != number {
				continue
			}
			gone = append(gone, rtiParameters[id].none())
			delete(s.module, id)
			delete(s.limits, id)
			delete(s.doubted, id)
			s.pressure = slices.DeleteFunc(s.pressure, func(v rtiValue) bool { return v.id == id })
		}
	}
	slices.SortFunc(gone, func(a, b fhirmap.LiveValue) int { return cmp.Compare(a.Type, b.Type) })
	s.tell(fhirmap.Report{Live: s.live(time.Time{}, gone)})
}
