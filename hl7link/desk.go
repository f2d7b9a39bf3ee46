package hl7link

import (
	"bytes"
	"sync"

	"github.com/lenaten/hl7"
)

// A desk is where a message is taken apart. What lies there helps with the next
// one: the room for its fields, and the codes that monitors say again in every
// message.
type desk struct {
	fields []hl7.Field // of all segments
	d      Delimiters  // of codes
	codes  map[string][]hl7.Component
}

var desks = sync.Pool{New: func() any { return &desk{codes: map[string][]hl7.Component{}} }}

// The bounds of what stays on a desk: of a large message, in fields, and of
// codes, in number and in bytes each.
const (
	maxPooled = 4096
	maxCodes  = 512
	maxCode   = 80
)

func deskFor(d Delimiters) *desk {
	k := desks.Get().(*desk)
	if k.d != d {
		k.d = d
		clear(k.codes)
	}
	return k
}

// clear ends the use of the fields. Codes stay: they name parameters and units,
// never persons.
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
	if len(value) > maxCode {
		return takeApart(value, components, delimiters)
	}
	if len(k.codes) >= maxCodes {
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
