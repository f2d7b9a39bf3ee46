package hl7link

import (
	"slices"
	"strings"

	"vitalien/fhirmap"
)

// panels are the types that hold several readings, by reading.
var panels = map[fhirmap.Type]fhirmap.Type{
	fhirmap.Systolic:          fhirmap.BloodPressure,
	fhirmap.Diastolic:         fhirmap.BloodPressure,
	fhirmap.Mean:              fhirmap.BloodPressure,
	fhirmap.ArterialSystolic:  fhirmap.ArterialPressure,
	fhirmap.ArterialDiastolic: fhirmap.ArterialPressure,
	fhirmap.ArterialMean:      fhirmap.ArterialPressure,
	fhirmap.OxygenSaturation:  fhirmap.OxygenSaturation,
}

// panel is the type of the panel that the observation is part of; empty when
// it stands alone.
func (o *observation) panel() fhirmap.Type {
	switch o.pulse {
	case ofOximeter:
		return fhirmap.OxygenSaturation
	case ofCuff:
		return fhirmap.BloodPressure
	}
	return panels[o.vital]
}

// A moment tells times apart, also those that cannot be read.
type moment struct {
	instant int64 // 0 for the zero time
	unread  string
}

func (s stamp) moment() moment {
	if s.time.IsZero() {
		return moment{unread: s.unread}
	}
	return moment{instant: s.time.UnixNano()}
}

// A place is where in a message an observation stands. Readings of one panel
// share it.
type place struct {
	panel  fhirmap.Type
	order  int
	moment moment
	device string
	part   string // channel of the device, or what of OBX-4 tells panels apart
}

// A group is a measurement in the making.
type group struct {
	place
	members []*observation
}

func holds(members []*observation, t fhirmap.Type) bool {
	return slices.ContainsFunc(members, func(o *observation) bool { return o.vital == t })
}

func (g *group) hasValue() bool {
	return slices.ContainsFunc(g.members, func(o *observation) bool { return o.reading.Value != nil })
}

func (g *group) hasSpecificPulse() bool {
	return slices.ContainsFunc(g.members, func(o *observation) bool {
		return o.panel() != "" && o.pulse != notOfOthers && o.reading.Value != nil
	})
}

// groups sorts observations into measurements: readings of one panel at one
// place make one, a pulse joins the saturation or pressure it was taken with,
// everything else stands alone. What only repeats another is left out.
func groups(found []*observation) []*group {
	places := placesOf(found)
	at := map[place][]*observation{}
	for i, o := range found {
		if places[i].panel != "" {
			at[places[i]] = append(at[places[i]], o)
		}
	}
	all, pulses := make([]*group, 0, len(found)), []*group(nil)
	room := make([]group, 0, len(found))
	add := func(p place, members []*observation) {
		room = append(room, group{place: p, members: members})
		g := &room[len(room)-1]
		if len(members) == 1 && members[0].pulse != notOfOthers {
			pulses = append(pulses, g)
		} else {
			all = append(all, g)
		}
	}
	for i := range found {
		p := places[i]
		if p.panel == "" {
			add(p, found[i:i+1:i+1])
			continue
		}
		for _, members := range separate(at[p]) { // nothing when an earlier one brought them
			add(p, members)
		}
		delete(at, p)
	}
	all = joinPulses(withoutRepeats(all, true), pulses)
	return withoutRepeats(all, false)
}

// joinPulses adds each pulse that stands apart to the one panel that it can
// belong to. A pulse without a value comes last, so that it takes no place.
func joinPulses(all, pulses []*group) []*group {
	known := slices.ContainsFunc(append(slices.Clone(all), pulses...), (*group).hasSpecificPulse)
	slices.SortStableFunc(pulses, func(a, b *group) int { return rank(a) - rank(b) })
	for _, p := range pulses {
		o := p.members[0]
		if o.pulse == ofAnyArtery && !known {
			p.panel = fhirmap.OxygenSaturation
		}
		if owner := ownerOf(p, all); owner != nil {
			owner.members = append(owner.members, o)
			continue
		}
		p.panel = ""
		all = append(all, p)
	}
	return all
}

func rank(g *group) int {
	if g.hasValue() {
		return 0
	}
	return 1
}

// ownerOf is the panel under the same order, of the same time and device, that
// the pulse was taken with: the only one, or else the one of the same channel.
// It is nil when that one has a pulse already.
func ownerOf(pulse *group, all []*group) *group {
	var candidates []*group
	for _, g := range all {
		if g.panel != "" && g.panel == pulse.panel && g.order == pulse.order &&
			g.moment == pulse.moment && g.device == pulse.device {
			candidates = append(candidates, g)
		}
	}
	if valued := slices.DeleteFunc(slices.Clone(candidates), func(g *group) bool { return !g.hasValue() }); len(valued) > 0 {
		candidates = valued
	}
	if len(candidates) > 1 {
		here := channel(pulse.members[0].sub)
		candidates = slices.DeleteFunc(candidates, func(g *group) bool {
			return here == "" || channel(g.members[0].sub) != here || holds(g.members, fhirmap.HeartRate)
		})
	}
	if len(candidates) != 1 || holds(candidates[0].members, fhirmap.HeartRate) {
		return nil
	}
	return candidates[0]
}

// placesOf is where each observation stands. Where one reading of a panel stands
// several times with an OBX-4 of its own each, that tells the measurements
// apart.
func placesOf(found []*observation) []place {
	type slot struct {
		place
		vital fhirmap.Type
	}
	places := make([]place, len(found))
	parts, several := map[slot]string{}, map[place]bool{}
	for i, o := range found {
		places[i] = place{o.panel(), o.order, o.moment(), o.device.ID, channel(o.sub)}
		if places[i].panel == "" {
			continue
		}
		at := slot{places[i], o.vital}
		if first, seen := parts[at]; !seen {
			parts[at] = part(o.sub)
		} else if first != part(o.sub) {
			several[places[i]] = true
		}
	}
	if len(several) > 0 {
		for i, o := range found {
			if several[places[i]] {
				places[i].part = part(o.sub)
			}
		}
	}
	return places
}

// channel is the device part of an OBX-4 that states the containment, as the
// IHE device profiles do: MDS.VMD.channel.metric. The VMD is the module.
func channel(sub string) string {
	first := strings.IndexByte(sub, '.')
	if first < 0 {
		return ""
	}
	second := strings.IndexByte(sub[first+1:], '.')
	if second < 0 {
		return ""
	}
	return sub[:first+1+second]
}

// part is what of OBX-4 the readings of one panel share: all of it, but not
// the metric of a containment.
func part(sub string) string {
	if strings.Count(sub, ".") < 3 {
		return sub
	}
	return sub[:strings.LastIndexByte(sub, '.')]
}

// measurement makes the group a Measurement; false when it has no value.
// Its readings are put into room, which holds as many.
func (g *group) measurement(room []fhirmap.Reading) (fhirmap.Measurement, bool) {
	first := g.members[0]
	m := fhirmap.Measurement{
		Type: g.panel, Time: first.time, TimeUnknown: first.unread != "",
		Device: *first.device, Origin: first.origin, Status: fhirmap.StatusFinal,
		Readings: room[:0:len(g.members)],
	}
	if m.Type == "" {
		m.Type = first.vital
	}
	for _, o := range g.members {
		m.Readings = append(m.Readings, o.reading)
		switch {
		case o.reading.Value == nil:
		case o.status == fhirmap.StatusPreliminary, m.Status == fhirmap.StatusPreliminary:
			m.Status = fhirmap.StatusPreliminary
		case o.status == fhirmap.StatusCorrected:
			m.Status = fhirmap.StatusCorrected
		}
	}
	if len(m.Readings) > 1 {
		vital, _ := fhirmap.Lookup(m.Type)
		slices.SortStableFunc(m.Readings, func(a, b fhirmap.Reading) int {
			return slices.Index(vital.Parts, a.Type) - slices.Index(vital.Parts, b.Type)
		})
	}
	return m, m.HasValue()
}
