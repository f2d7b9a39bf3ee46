package hl7link

import (
	"slices"
	"strings"
	"time"

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

// A place is where in a message an observation stands. Readings of one panel
// share it.
type place struct {
	panel  fhirmap.Type
	order  int
	time   int64
	device string
	part   string // channel of the device, or OBX-4 where that tells panels apart
}

// A group is a measurement in the making.
type group struct {
	place
	members []observation
}

func (g *group) holds(t fhirmap.Type) bool {
	return slices.ContainsFunc(g.members, func(o observation) bool { return o.vital == t })
}

// groups sorts observations into measurements: readings of one panel at one
// place make one, a pulse joins the saturation or pressure it was taken with,
// everything else stands alone.
func groups(found []observation) []*group {
	found = withoutDuplicates(found)
	several := repeatedPanels(found)
	var all []*group
	for _, o := range found {
		if o.pulse != notOfOthers {
			continue
		}
		at := placeOf(o, several)
		joined := false
		if at.panel != "" {
			for _, g := range all {
				if g.place == at && !g.holds(o.vital) {
					g.members = append(g.members, o)
					joined = true
					break
				}
			}
		}
		if !joined {
			all = append(all, &group{place: at, members: []observation{o}})
		}
	}
	return joinPulses(all, found)
}

// joinPulses adds each pulse to the one panel that it can belong to.
func joinPulses(all []*group, found []observation) []*group {
	specific := slices.ContainsFunc(found, func(o observation) bool {
		return (o.pulse == ofOximeter || o.pulse == ofCuff) && o.reading.Value != nil
	})
	for _, o := range found {
		var owner *group
		switch {
		case o.pulse == notOfOthers:
			continue
		case o.pulse == ofOximeter, o.pulse == ofAnyArtery && !specific:
			owner = ownerOf(o, fhirmap.OxygenSaturation, all)
		case o.pulse == ofCuff:
			owner = ownerOf(o, fhirmap.BloodPressure, all)
		}
		if owner == nil {
			owner = &group{place: place{order: o.order}}
			all = append(all, owner)
		}
		owner.members = append(owner.members, o)
	}
	return all
}

// ownerOf is the panel under the same order, of the same time and device, that
// has no pulse yet: the one of the same channel, or else the only one.
func ownerOf(o observation, panel fhirmap.Type, all []*group) *group {
	var candidates []*group
	for _, g := range all {
		if g.panel == panel && g.order == o.order && g.time == instant(o.time) &&
			g.device == o.device.ID && !g.holds(fhirmap.HeartRate) {
			candidates = append(candidates, g)
		}
	}
	if len(candidates) == 1 {
		return candidates[0]
	}
	for _, g := range candidates {
		if channel(g.members[0].sub) != "" && channel(g.members[0].sub) == channel(o.sub) {
			return g
		}
	}
	return nil
}

// withoutDuplicates drops what is said again: the same code at the same time
// with the same value, or from the same sensor. A value wins over none, the
// first value over later ones.
func withoutDuplicates(found []observation) []observation {
	var kept []observation
next:
	for _, o := range found {
		for i := range kept {
			k := &kept[i]
			if k.code != o.code || !k.time.Equal(o.time) || k.device.ID != o.device.ID {
				continue
			}
			switch {
			case o.reading.Value == nil:
				continue next
			case k.reading.Value == nil:
				*k = o
				continue next
			case k.reading.Value.Cmp(*o.reading.Value) == 0, k.order == o.order && k.sub == o.sub:
				continue next
			}
		}
		kept = append(kept, o)
	}
	return kept
}

// repeatedPanels finds the panels of which one reading stands twice at one
// place: OBX-4 then tells the measurements apart.
func repeatedPanels(found []observation) map[place]bool {
	type slot struct {
		place
		vital fhirmap.Type
	}
	seen, several := map[slot]bool{}, map[place]bool{}
	for _, o := range found {
		at := slot{placeOf(o, nil), o.vital}
		if seen[at] {
			several[at.place] = true
		}
		seen[at] = true
	}
	return several
}

func placeOf(o observation, several map[place]bool) place {
	at := place{panels[o.vital], o.order, instant(o.time), o.device.ID, channel(o.sub)}
	if several[at] {
		at.part = o.sub
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

// instant tells times apart in keys; zero for the zero time.
func instant(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// measurement makes the group a Measurement; false when it has no value.
func (g *group) measurement() (fhirmap.Measurement, bool) {
	first := g.members[0]
	m := fhirmap.Measurement{
		Type: g.panel, Time: first.time, Device: first.device, Origin: first.origin, Status: fhirmap.StatusFinal,
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
