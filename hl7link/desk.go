package hl7link

import (
	"bytes"
	"strings"
	"sync"

	"github.com/lenaten/hl7"
)

// A desk is where a message is taken apart. What lies there helps with the next
// one: the room for its fields, and the codes and limits that monitors say again
// in every message.
type desk struct {
	fields []hl7.Field // of all segments
	d      Delimiters  // of what and codes
	what   [256]role
	codes  map[string][]hl7.Component
	limits map[boundsText]bounds
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

var desks = sync.Pool{New: func() any { return &desk{codes: map[string][]hl7.Component{}, limits: map[boundsText]bounds{}} }}

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
