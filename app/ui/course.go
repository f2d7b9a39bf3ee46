package ui

import (
	"math"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// courses are how live values went over the last minutes.
type courses map[courseKey]*station.Course

type courseKey struct {
	bed  bedKey
	what fhirmap.Type
}

func coursesOf(all []station.Course) courses {
	c := make(courses, len(all))
	for i := range all {
		t := &all[i]
		c[courseKey{bedKey{t.Device, t.Bed}, t.Type}] = t
	}
	return c
}

// of is the course of a value that l shows. It is nil for one of somebody else,
// who may have been in the bed when the courses were read, or of another unit.
func (c courses) of(l *fhirmap.Live, v *fhirmap.LiveValue) *station.Course {
	t := c[courseKey{bedKey{l.Device.ID, l.Bed}, v.Type}]
	if t == nil || t.Unit.UCUM != v.Unit.UCUM || !sameAs(t.Patient, l.Patient) {
		return nil
	}
	return t
}

func sameAs(a, b *fhirmap.Patient) bool { return a == b || a != nil && b != nil && *a == *b }

// A curve is what the sparkline of a tile draws: the course of a parameter, or
// of a pressure from its systolic to its diastolic.
type curve struct {
	upper, lower *station.Course // nil: none
	low, high    float32         // the monitor's limits of upper; infinite: none
}

// curve is that of a group whose values are in byType.
func (c courses) curve(g group, byType map[fhirmap.Type]*fhirmap.LiveValue, l *fhirmap.Live) (t curve) {
	t.low, t.high = float32(math.Inf(-1)), float32(math.Inf(1))
	if first := byType[g.parts[0]]; first != nil {
		t.upper = c.of(l, first)
		if first.Low != nil {
			t.low = float32(first.Low.Float64())
		}
		if first.High != nil {
			t.high = float32(first.High.Float64())
		}
	}
	if len(g.parts) == 3 && byType[g.parts[1]] != nil {
		t.lower = c.of(l, byType[g.parts[1]])
	}
	return t
}

func (t curve) direction() station.Direction {
	if t.upper == nil {
		return station.DirectionUnknown
	}
	return t.upper.Direction()
}

// leastSpan is what the height of a sparkline stands for at least, in shifts of
// its parameter, or as a part of its value where no shift is known: a value that
// only wavers must not look like one that swings.
const (
	leastSpan     = 4
	leastSpanPart = 0.2
)

// scale is what the bottom and the top of the sparkline stand for.
func (t curve) scale() (bottom, top float32, any bool) {
	for _, course := range []*station.Course{t.upper, t.lower} {
		if course == nil {
			continue
		}
		for _, p := range course.Points {
			switch {
			case !station.Measured(p):
			case !any:
				bottom, top, any = p, p, true
			default:
				bottom, top = min(bottom, p), max(top, p)
			}
		}
	}
	if !any {
		return 0, 0, false
	}
	middle, least := (bottom+top)/2, float32(0)
	if t.upper != nil {
		least = leastSpan * t.upper.Shift()
	}
	if least == 0 {
		least = max(leastSpanPart*max(middle, -middle), 0.1)
	}
	if top-bottom < least {
		bottom, top = middle-least/2, middle+least/2
	}
	return bottom, top, true
}
