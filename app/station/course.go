package station

import (
	"math"
	"slices"
	"time"

	"vitalien/fhirmap"
)

// What a Course reaches over: a point for each step.
const (
	CourseStep  = 5 * time.Second
	CourseSpan  = 15 * time.Minute
	CourseSteps = int(CourseSpan / CourseStep)

	coursesEach = 32 // parameters of a place that have one: 24 kB
)

// A Course is the course of one live value over the last CourseSpan.
type Course struct {
	Device, Bed string           // the ID of the device
	Patient     *fhirmap.Patient // who it was measured on, as Live says it
	Type        fhirmap.Type
	Unit        fhirmap.Unit
	Points      Points
}

// Points are the last value of each CourseStep in Unit, the oldest first, to be
// drawn. Where nothing valid was measured stands NaN.
type Points [CourseSteps]float32

// Courses are the courses of what Live shows, in no order. What was measured on
// somebody else or in another unit has left them.
func (s *Station) Courses() []Course { return s.live.courses(s.now()) }

func (l *live) courses(now time.Time) (list []Course) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, at := range l.places {
		for i := range at.values {
			slot := &at.values[i]
			t := Course{Device: at.place.device, Bed: at.place.bed, Patient: at.patient, Type: slot.Type, Unit: slot.Unit}
			if slot.course.read(&t.Points, now) {
				list = append(list, t)
			}
		}
	}
	return list
}

// A ring is what a Course is read from.
type ring struct {
	points Points    // by step modulo CourseSteps
	newest int64     // the last step with a point, by this computer's clock
	own    time.Time // of that point, by the monitor's clock
	begun  bool
}

func stepOf(t time.Time) int64 { return t.UnixMilli() / CourseStep.Milliseconds() }

// clear forgets all points.
func (c *ring) clear() {
	if c != nil {
		c.begun = false
	}
}

// add takes over a valid value. One that the monitor says again, as it does
// with a cuff pressure, is one point, however its clock and the way here
// waver; a later one of the same step takes the place of the one before.
func (c *ring) add(v *fhirmap.LiveValue, received time.Time) {
	if c == nil {
		return
	}
	step, present := stepOf(v.AsOf), stepOf(received)
	if c.begun && c.newest > present+1 { // this computer's clock was set back
		c.begun = false
	}
	if step > present+1 || step <= present-int64(CourseSteps) {
		return // of a clock that is wrong, or of long ago
	}
	switch ahead := step - c.newest; {
	case !c.begun || ahead >= int64(CourseSteps):
		c.points.empty()
	case v.Time.Equal(c.own) && -1 <= ahead && ahead <= 1:
		return
	case ahead <= -int64(CourseSteps):
		return
	default:
		for between := c.newest + 1; between < step; between++ {
			c.points[between%int64(CourseSteps)] = missingPoint
		}
	}
	c.points[step%int64(CourseSteps)] = float32(v.Value.Float64())
	if !c.begun || step >= c.newest {
		c.newest, c.own = step, v.Time
	}
	c.begun = true
}

var missingPoint = float32(math.NaN())

func (p *Points) empty() {
	for i := range p {
		p[i] = missingPoint
	}
}

// read tells whether there is a point.
func (c *ring) read(p *Points, now time.Time) (any bool) {
	p.empty()
	if c == nil || !c.begun {
		return false
	}
	last := stepOf(now)
	for i := range p {
		step := last - int64(CourseSteps-1-i)
		if step <= c.newest && step > c.newest-int64(CourseSteps) {
			p[i] = c.points[step%int64(CourseSteps)]
			any = any || Measured(p[i])
		}
	}
	return any
}

// Measured tells whether a point is one, and no gap.
func Measured(point float32) bool { return point == point }

// A Direction is where a value has been going.
type Direction int8

// The directions. Of most parameters nothing is said.
const (
	DirectionUnknown Direction = iota
	Falling
	Steady
	Rising
)

// The minutes that Direction compares, and how many points it asks of them: a
// third of the newest, and as many as two minutes have of those before.
const (
	recentSteps = int(2 * time.Minute / CourseStep)
	formerSteps = int(8 * time.Minute / CourseStep)
	leastRecent = recentSteps / 3
	leastFormer = recentSteps
)

// shifts are by how much a value has to move before it is going anywhere: more
// than monitors waver by from beat to beat and breath to breath.
var shifts = map[fhirmap.Type]struct {
	by   float32
	unit fhirmap.Unit
}{
	fhirmap.HeartRate:        {5, fhirmap.BeatsPerMinute},
	fhirmap.PulseRate:        {5, fhirmap.BeatsPerMinute},
	fhirmap.OxygenSaturation: {2, fhirmap.Percent},
	fhirmap.RespiratoryRate:  {3, fhirmap.BreathsPerMinute},
	fhirmap.BodyTemperature:  {0.3, fhirmap.Celsius},
	fhirmap.ArterialSystolic: {10, fhirmap.MillimetreOfMercury},
	fhirmap.EndTidalCO2:      {4, fhirmap.MillimetreOfMercury},
}

// Shift is by how much the value must move to be Rising or Falling, in its unit;
// 0 where that is not known.
func (t *Course) Shift() float32 {
	if shift := shifts[t.Type]; shift.unit.UCUM == t.Unit.UCUM {
		return shift.by
	}
	return 0
}

// Direction compares the median of the last two minutes with that of the eight
// before: Rising or Falling when they differ by Shift or more. It is unknown
// where Shift is, and where there are fewer than 8 points of the last two minutes
// or than 24 before them.
func (t *Course) Direction() Direction {
	shift := t.Shift()
	recent := measuredOf(t.Points[CourseSteps-recentSteps:])
	former := measuredOf(t.Points[CourseSteps-recentSteps-formerSteps : CourseSteps-recentSteps])
	if shift == 0 || len(recent) < leastRecent || len(former) < leastFormer {
		return DirectionUnknown
	}
	switch moved := medianOf(recent) - medianOf(former); {
	case moved >= shift:
		return Rising
	case moved <= -shift:
		return Falling
	}
	return Steady
}

func measuredOf(points []float32) []float32 {
	return slices.DeleteFunc(slices.Clone(points), func(p float32) bool { return !Measured(p) })
}

// medianOf is that of at least one value, of an even number the lower one.
func medianOf(values []float32) float32 {
	slices.Sort(values)
	return values[(len(values)-1)/2]
}
