package station

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"

	"vitalien/fhirmap"
)

// The types of Version: codes of the contract's events.
const (
	Created = "CREATE"
	Updated = "UPDATE"
	Deleted = "DELETE"
)

// settled is how long a description must have stood before one that was there
// earlier replaces it. A gateway that serves a whole ward has another name in
// every message; a mistake that was corrected is right again soon enough.
const settled = time.Hour

// A Version is what the log says of a patient, a device or a consultation from
// one entry on.
type Version[T any] struct {
	Seq      uint64    // where the log says so first; a resource has one version at most under a number
	Received time.Time // when the station received that
	Type     string    // CREATE for the first version, else UPDATE; DELETE when nothing else is known
	ID       string    // the FHIR id of what was deleted
	Test     bool      // simulated devices, or those in training mode, alone have told of it
	What     T
}

// A history is all versions of one resource, in log order.
type history[T comparable] struct {
	list  []Version[T]
	known map[string]*lineage[T]
	full  func(said, before *T) T // said, with what is known and said leaves out
	clone func(*T) T              // without the message that its texts are parts of
}

// A lineage is the versions of one patient, device or consultation.
type lineage[T any] struct {
	newest  int // in history.list
	earlier []T // descriptions, each once
}

// newest is the newest version of key.
func (h *history[T]) newest(key string) (Version[T], bool) {
	if l := h.known[key]; l != nil {
		return h.list[l.newest], true
	}
	return Version[T]{}, false
}

// add takes over v as the newest version of key.
func (h *history[T]) add(key string, v Version[T]) {
	l := h.known[key]
	if v.Type = Updated; l == nil {
		v.Type, l = Created, &lineage[T]{}
		h.known[strings.Clone(key)] = l
	}
	l.newest = len(h.list)
	h.list = append(h.list, v)
}

// remove takes over that what had this FHIR id was deleted. The log tells nothing
// of it before that, and what it tells behind is the first version of something.
func (h *history[T]) remove(id string, seq uint64, received time.Time) {
	h.list = append(h.list, Version[T]{Seq: seq, Received: received, Type: Deleted, ID: id})
}

// describe takes over what an entry says of key, if that is news.
func (h *history[T]) describe(key string, v Version[T], said *T) {
	before, ok := h.newest(key)
	if !ok {
		v.What = h.clone(said)
		h.add(key, v)
		return
	}
	l, full := h.known[key], h.full(said, &before.What)
	v.Test = v.Test && before.Test
	again := slices.Index(l.earlier, full)
	switch real := v.Test != before.Test; {
	case real:
	case full == before.What, again >= 0 && v.Received.Sub(before.Received) < settled:
		return
	}
	if !slices.Contains(l.earlier, before.What) {
		l.earlier = append(l.earlier, before.What)
	}
	if again >= 0 {
		v.What = l.earlier[again]
	} else {
		v.What = h.clone(&full)
	}
	h.add(key, v)
}

// behind is the versions with a number above after, at most so many, and the
// number up to which there are no others, when the log has been read up to
// cursor.
func (h *history[T]) behind(after, cursor uint64, most int) (list []Version[T], upTo uint64) {
	first := sort.Search(len(h.list), func(i int) bool { return h.list[i].Seq > after })
	list = h.list[first:]
	if len(list) > most {
		return slices.Clone(list[:most]), list[most-1].Seq
	}
	return slices.Clone(list), cursor
}

// all is the newest version of each, in log order.
func (h *history[T]) all() []Version[T] {
	list := make([]Version[T], 0, len(h.known))
	for _, l := range h.known {
		list = append(list, h.list[l.newest])
	}
	slices.SortFunc(list, func(a, b Version[T]) int { return cmp.Compare(a.Seq, b.Seq) })
	return list
}

func newPatients() history[fhirmap.Patient] {
	return history[fhirmap.Patient]{
		known: map[string]*lineage[fhirmap.Patient]{},
		clone: func(p *fhirmap.Patient) fhirmap.Patient { return *clonePatient(p) },
		full: func(p, before *fhirmap.Patient) fhirmap.Patient { // a monitor may know an id alone
			return fhirmap.Patient{
				System: p.System, ID: p.ID, Family: cmp.Or(p.Family, before.Family), Given: cmp.Or(p.Given, before.Given),
				BirthDate: cmp.Or(p.BirthDate, before.BirthDate), Sex: cmp.Or(p.Sex, before.Sex),
			}
		},
	}
}

func newDevices() history[fhirmap.Device] {
	return history[fhirmap.Device]{
		known: map[string]*lineage[fhirmap.Device]{}, clone: cloneDevice,
		full: func(d, before *fhirmap.Device) fhirmap.Device {
			return fhirmap.Device{
				ID: d.ID, Type: cmp.Or(d.Type, before.Type), Name: cmp.Or(d.Name, before.Name),
				Manufacturer: cmp.Or(d.Manufacturer, before.Manufacturer), Model: cmp.Or(d.Model, before.Model),
				Serial: cmp.Or(d.Serial, before.Serial), EUI64: cmp.Or(d.EUI64, before.EUI64),
			}
		},
	}
}
