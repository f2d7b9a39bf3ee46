package hl7link

import (
	"bytes"
	"strings"
	"sync"

	"github.com/lenaten/hl7"

	"vitalien/fhirmap"
)

// A desk is where a message is taken apart. What lies there helps with the next
// one: the room for its fields, and the codes, units and limits that monitors
// say again in every message.
type desk struct {
	fields []hl7.Field // of all segments
	d      Delimiters  // of what, codes and units
	what   [256]role
	codes  map[string][]hl7.Component
	limits map[boundsText]bounds
	units  map[unitText]unitNamed
}

// A unitText is how a device writes the unit of a parameter (OBX-6).
type unitText struct {
	vital         fhirmap.Type
	text, implied string
}

// A unitNamed is a unit of ours in which a value is as the device wrote it, and
// one of the device's names of it.
type unitNamed struct {
	fhirmap.Unit
	name string
}

// A role is what a character does within a segment.
type role byte

const (
	ordinary role = iota
	divides
	dividesComponents
	endsRepetition
	endsField
)

var desks = sync.Pool{New: func() any {
	return &desk{codes: map[string][]hl7.Component{}, limits: map[boundsText]bounds{}, units: map[unitText]unitNamed{}}
}}

// The limits of what stays on a desk: of a large message, in fields, and of
// what monitors say again, in number and in bytes each.
const (
	maxPooled = 4096
	maxAgain  = 512
	longAgain = 80
)

func deskFor(d Delimiters) *desk {
	k := desks.Get().(*desk)
	if k.d != d {
		k.d = d
		clear(k.codes)
		clear(k.units)
		clear(k.what[:])
		k.what[d.Escape], k.what[d.Subcomponent], k.what[d.Component] = divides, divides, dividesComponents
		k.what[d.Repetition], k.what[d.Field] = endsRepetition, endsField
	}
	return k
}

// clear ends the use of the fields. What stays tells nothing of
// persons.
func (k *desk) clear() {
	if clear(k.fields); cap(k.fields) <= maxPooled {
		desks.Put(k)
	}
}

// coded is takeApart for a coded element (OBX-3, OBX-6).
func (k *desk) coded(value []byte, components int, delimiters *hl7.Delimeters) []hl7.Component {
	if known, ok := k.codes[string(value)]; ok {
		return known
	}
	if len(value) > longAgain {
		return takeApart(value, components, delimiters)
	}
	if len(k.codes) >= maxAgain {
		clear(k.codes)
	}
	value = bytes.Clone(value) // not to keep its message in memory
	parts := takeApart(value, components, delimiters)
	k.codes[shared(value)] = parts
	return parts
}

// takeApart gives the components of a field.
func takeApart(value []byte, components int, delimiters *hl7.Delimeters) []hl7.Component {
	f := hl7.Field{Value: value, Components: make([]hl7.Component, 0, components)} // the parser only appends
	_ = f.Parse(delimiters)                                                        // it never fails
	return f.Components
}

// bounds is t.read.
func (k *desk) bounds(t boundsText) bounds {
	known, ok := k.limits[t]
	if ok {
		return known
	}
	b := t.read()
	if len(t.unit)+len(t.text) > longAgain {
		return b
	}
	if len(k.limits) >= maxAgain {
		clear(k.limits)
	}
	t.unit, t.text = strings.Clone(t.unit), strings.Clone(t.text)
	k.limits[t] = b
	return b
}

// convert is convert for the value of o, in the unit that s names.
func (k *desk) convert(o *observation, value fhirmap.Decimal, s Segment) (fhirmap.Decimal, fhirmap.Unit, string, trouble) {
	written := unitText{vital: o.vital, implied: o.unit}
	if f := s.field(6, 1); f != nil {
		written.text = shared(f.Value)
	}
	if known, ok := k.units[written]; ok {
		return value, known.Unit, known.name, trouble{}
	}
	converted, unit, name, wrong := convert(o.vital, value, s, o.unit)
	if wrong.code != 0 || !stays(o, s) || len(written.text) > longAgain || strings.IndexByte(written.text, tokenStart) >= 0 {
		return converted, unit, name, wrong
	}
	if len(k.units) >= maxAgain {
		clear(k.units)
	}
	written.text = strings.Clone(written.text)
	k.units[written] = unitNamed{unit, strings.Clone(name)}
	return converted, unit, name, wrong
}

// stays tells whether any value of o stays as it is in each unit that s names.
func stays(o *observation, s Segment) bool {
	for _, name := range [...]string{s.Component(6, 1), s.Component(6, 2), s.Component(6, 4), s.Component(6, 5), o.unit} {
		if _, same := fhirmap.Same(o.vital, name); !same && fhirmap.KnownUnit(name) {
			return false
		}
	}
	return true
}
