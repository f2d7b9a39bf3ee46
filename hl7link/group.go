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
	members []observation
}

func holds(members []observation, t fhirmap.Type) bool {
	return slices.ContainsFunc(members, func(o observation) bool { return o.vital == t })
}

func (g *group) hasValue() bool {
	return slices.ContainsFunc(g.members, func(o observation) bool { return o.reading.Value != nil })
}

func (g *group) hasSpecificPulse() bool {
	return slices.ContainsFunc(g.members, func(o observation) bool {
		return o.panel() != "" && o.pulse != notOfOthers && o.reading.Value != nil
	})
}

// groups sorts observations into measurements: readings of one panel at one
// place make one, a pulse joins the saturation or pressure it was taken with,
// everything else stands alone. What only repeats another is left out.
func groups(found []observation) []*group {
	several := repeatedPanels(found)
	at := map[place][]observation{}
	for _, o := range found {
		if p := placeOf(o, several); p.panel != "" {
			at[p] = append(at[p], o)
		}
	}
	var all, pulses []*group
	for _, o := range found {
		p := placeOf(o, several)
		sets := [][]observation{{o}}
		if p.panel != "" {
			sets = separate(at[p]) // nothing when an earlier one brought them
			delete(at, p)
		}
		for _, members := range sets {
			g := &group{place: p, members: members}
			if len(members) == 1 && members[0].pulse != notOfOthers {
				pulses = append(pulses, g)
			} else {
				all = append(all, g)
			}
		}
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

// repeatedPanels finds the places at which one reading of a panel stands
// several times with an OBX-4 of its own each, which then tells the
// measurements apart.
func repeatedPanels(found []observation) map[place]bool {
	type slot struct {
		place
		vital fhirmap.Type
	}
	parts, several := map[slot]string{}, map[place]bool{}
	for _, o := range found {
		at := slot{placeOf(o, nil), o.vital}
		if first, seen := parts[at]; seen && first != part(o.sub) {
			several[at.place] = true
		} else if !seen {
			parts[at] = part(o.sub)
		}
	}
	return several
}

func placeOf(o observation, several map[place]bool) place {
	at := place{o.panel(), o.order, o.moment(), o.device.ID, channel(o.sub)}
	if several[at] {
		at.part = part(o.sub)
	}
	return at
}

// channel is the device part of an OBX-4 that states the containment, as the
// IHE device profiles do: MDS.VMD.channel.metric. The VMD is the module.
func channel(sub string) string {
	parts := strings.Split(sub, ".")
	if len(parts) < 3 {
		return ""
	}
	return parts[0] + "." + parts[1]
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
func (g *group) measurement() (fhirmap.Measurement, bool) {
	first := g.members[0]
	m := fhirmap.Measurement{
		Type: g.panel, Time: first.time, TimeUnknown: first.unread != "",
		Device: first.device, Origin: first.origin, Status: fhirmap.StatusFinal,
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
	if vital, _ := fhirmap.Lookup(m.Type); len(vital.Parts) > 0 {
		slices.SortStableFunc(m.Readings, func(a, b fhirmap.Reading) int {
			return slices.Index(vital.Parts, a.Type) - slices.Index(vital.Parts, b.Type)
		})
	}
	return m, m.HasValue()
}
