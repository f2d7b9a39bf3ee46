package ui

import (
	"image"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

func (c *fakeCore) Courses() []station.Course {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.courses
}

// coursed are courses that end in the values of beds: the first parameter of each
// rises, the second falls, the others waver, and a cuff measured three times.
func coursed(beds []fhirmap.Live) courses {
	var all []station.Course
	for _, l := range beds {
		for n, v := range l.Values {
			if v.Value == nil {
				continue
			}
			t := station.Course{Device: l.Device.ID, Bed: l.Bed, Patient: l.Patient, Type: v.Type, Unit: v.Unit}
			last := float32(v.Value.Float64())
			for i := range t.Points {
				t.Points[i] = float32(math.NaN())
				back := float64(station.CourseSteps - 1 - i)
				switch wave := float32(math.Sin(back/9)+math.Sin(back/3.7)) * last / 60; {
				case v.Type == fhirmap.Systolic || v.Type == fhirmap.Diastolic || v.Type == fhirmap.Mean:
					if i%60 == 20 {
						t.Points[i] = last + float32(back)/8
					}
				case 60 < i && i < 72: // nothing came for a minute
				case n == 0:
					t.Points[i] = last + wave - float32(back)*last/900
				case n == 1:
					t.Points[i] = last + wave/2 + float32(back)*last/1800
				default:
					t.Points[i] = last + wave
				}
			}
			all = append(all, t)
		}
	}
	return coursesOf(all)
}

func figuresOf(t *tile) (main, aside *canvas.Text) {
	objects := test.WidgetRenderer(t.value).Objects()
	return objects[0].(*canvas.Text), objects[1].(*canvas.Text)
}

// What was measured on one person is never drawn beside the values of another.
func TestCourses_OfNobodyElse(t *testing.T) {
	beds := threeBeds()[1:2]
	c := coursed(beds)
	l := beds[0]
	if c.of(&l, &l.Values[0]) == nil {
		t.Fatal("no course")
	}
	l.Patient = &fhirmap.Patient{System: "urn:ehr", ID: "2", Family: "Petit"}
	if c.of(&l, &l.Values[0]) != nil {
		t.Error("the course of the person before")
	}
	l.Patient = nil
	if c.of(&l, &l.Values[0]) != nil {
		t.Error("the course of the person who has left")
	}
	l.Patient = beds[0].Patient
	v := l.Values[0]
	v.Unit = fhirmap.Percent
	if c.of(&l, &v) != nil {
		t.Error("a course in another unit")
	}
}

func pointsOf(values map[int]float32) (p station.Points) {
	for i := range p {
		p[i] = float32(math.NaN())
		if v, ok := values[i]; ok {
			p[i] = v
		}
	}
	return p
}

func TestCurve_Scale(t *testing.T) {
	rate := func(values map[int]float32) *station.Course {
		return &station.Course{Type: fhirmap.HeartRate, Unit: fhirmap.BeatsPerMinute, Points: pointsOf(values)}
	}
	for name, c := range map[string]struct {
		curve       curve
		bottom, top float32
		any         bool
	}{
		"nothing":    {curve{}, 0, 0, false},
		"no points":  {curve{upper: rate(nil)}, 0, 0, false},
		"wavering":   {curve{upper: rate(map[int]float32{1: 70, 2: 74})}, 62, 82, true},
		"swinging":   {curve{upper: rate(map[int]float32{1: 60, 2: 140})}, 60, 140, true},
		"pressure":   {curve{upper: rate(map[int]float32{1: 128}), lower: rate(map[int]float32{1: 82})}, 82, 128, true},
		"no rule":    {curve{upper: &station.Course{Type: fhirmap.PerfusionIndex, Points: pointsOf(map[int]float32{3: 10})}}, 9, 11, true},
		"below zero": {curve{upper: &station.Course{Type: fhirmap.STSegmentI, Points: pointsOf(map[int]float32{3: -1})}}, -1.1, -0.9, true},
	} {
		bottom, top, any := c.curve.scale()
		if any != c.any || math.Abs(float64(bottom-c.bottom)) > 1e-5 || math.Abs(float64(top-c.top)) > 1e-5 {
			t.Errorf("%s: %v to %v, %v", name, bottom, top, any)
		}
	}
}

// inked are the columns of a picture that have something drawn on them.
func inked(img image.Image) (columns []bool) {
	for x := range img.Bounds().Dx() {
		ink := false
		for y := range img.Bounds().Dy() {
			_, _, _, alpha := img.At(x, y).RGBA()
			ink = ink || alpha > 0
		}
		columns = append(columns, ink)
	}
	return columns
}

func TestSparkline_AGapStaysAGap(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(calm{})
	values := map[int]float32{5: 80}
	for i := range station.CourseSteps {
		if (i > 20 && i < 60 || i > 100) && i%3 == 0 { // each third step: 15 s
			values[i] = 70 + float32(i%7)
		}
	}
	s := newSparkline(20)
	s.show(curve{upper: &station.Course{Type: fhirmap.HeartRate, Unit: fhirmap.BeatsPerMinute, Points: pointsOf(values)}, low: 65, high: 300}, colourPulse)
	columns := inked(s.draw(4*station.CourseSteps, 40))
	for step, want := range map[int]bool{5: true, 10: false, 30: true, 40: true, 57: true, 80: false, 110: true, 150: true, 177: true} {
		if got := columns[4*step+2]; got != want && step != 80 && step != 10 {
			t.Errorf("step %d is drawn: %v", step, got)
		}
	}
	s.curve.low = -1 // far below
	columns = inked(s.draw(4*station.CourseSteps, 40))
	if columns[4*80] || columns[4*10] {
		t.Error("the gaps are bridged")
	}
	for _, size := range []image.Point{{X: 0, Y: 0}, {X: 1, Y: 1}, {X: 3, Y: 200}, {X: 500, Y: 1}} {
		if got := s.draw(size.X, size.Y).Bounds().Size(); got != size {
			t.Errorf("drawn %v, want %v", got, size)
		}
	}
}

// A sparkline is drawn again for new points, not for a new value.
func TestSparkline_IsDrawnOnlyForWhatIsNew(t *testing.T) {
	p := testLive(t)
	v := view{live: threeBeds()[1:2], courses: coursed(threeBeds()[1:2])}
	p.update(v)
	tile := p.beds.panels[p.beds.order[0]].bed.gauges[0].(*tile)
	before := tile.course.curve
	v.live = threeBeds()[1:2] // decimals of their own
	p.update(v)
	if tile.course.curve != before {
		t.Error("would be drawn again for the same points and limits")
	}
	v.courses = coursed(threeBeds()[1:2])
	p.update(v)
	if tile.course.curve == before {
		t.Error("is not drawn again for new points")
	}
}

func TestTile_ArrowAndCourseOfWhatIsSound(t *testing.T) {
	p := testLive(t)
	beds := threeBeds()[1:2]
	c := coursed(beds)
	p.update(view{live: beds, courses: c})
	gauges := p.beds.panels[p.beds.order[0]].bed.gauges
	for i, want := range map[int]string{0: "rising", 1: "falling", 3: "steady"} {
		if a := gauges[i].(*tile).arrow; !a.Visible() || a.name != want {
			t.Errorf("gauge %d: %s, shown %v, want %s", i, a.name, a.Visible(), want)
		}
	}
	if gauges[2].(*tile).arrow.Visible() {
		t.Error("three pressures are no trend")
	}
	beds[0].Values[0].State = invalid
	p.update(view{live: beds, courses: c})
	if a := gauges[0].(*tile).arrow; a.Visible() {
		t.Error("an arrow beside a value that is doubted")
	}
	if got := gauges[0].(*tile).course; got.colour != colourPulse || got.curve.upper == nil {
		t.Error("what was measured before it was doubted is gone")
	}
}

var _ fyne.Widget = (*sparkline)(nil)
