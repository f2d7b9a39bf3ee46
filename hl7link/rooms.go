package hl7link

import (
	"slices"
	"sync"
)

// rooms are observations of messages that nobody needs any more.
var rooms = sync.Pool{New: func() any { return new([]observation) }}

// room is for n observations of one message, in place of those of the person
// before, who are done with.
func (r *reader) room(n int) []observation {
	if r.all == nil {
		r.all = rooms.Get().(*[]observation)
	}
	clear(*r.all)
	*r.all = slices.Grow((*r.all)[:0], n)[:n]
	return *r.all
}

// release ends the use of what r has found, but not of what was made of it.
func (r *reader) release() {
	if r.all == nil {
		return
	}
	if clear(*r.all); cap(*r.all) <= maxPooled/16 {
		rooms.Put(r.all)
	}
	r.found, r.beside, r.all = nil, nil, nil
}
