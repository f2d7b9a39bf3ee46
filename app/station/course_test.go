package station

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitalien/fhirmap"
	"vitalien/hl7link"
)

// points are those of a parameter, as "step back:value", the newest first.
func (d *desk) points(t fhirmap.Type) (list []string) {
	for _, course := range d.Courses() {
		if course.Type != t {
			continue
		}
		for back := range CourseSteps {
			if p := course.Points[CourseSteps-1-back]; Measured(p) {
				list = append(list, fmt.Sprintf("%d:%v", back, p))
			}
		}
	}
	return list
}

// show puts values on the board that no message could bring.
func (d *desk) show(v fhirmap.LiveValue) {
	r := shown(nil, v)
	d.live.put(&r, d.clock.now())
}

func TestCourse_APointForEachStepAndGapsBetween(t *testing.T) {
	d := newDesk(t)
	for _, rate := range []string{"70", "71", "72"} { // within one step
		d.record(shown(nil, beats(rate)))
		d.clock.advance(time.Second)
	}
	d.clock.advance(2 * time.Second)
	off := beats("1")
	off.Value, off.State = nil, fhirmap.LiveMissing
	d.record(shown(nil, off))
	d.clock.advance(CourseStep)
	d.record(shown(nil, beats("999"))) // which cannot be
	d.clock.advance(CourseStep)
	doubted := beats("80")
	doubted.State = fhirmap.LiveInvalid
	d.record(shown(nil, doubted))
	d.clock.advance(CourseStep)
	d.record(shown(nil, beats("74")))
	wantBoard(t, d.points(fhirmap.HeartRate), "0:74", "4:72")
	d.clock.advance(CourseSpan - 4*CourseStep)
	wantBoard(t, d.points(fhirmap.HeartRate), "176:74")
	d.clock.advance(4 * CourseStep)
	if list := d.Courses(); len(list) != 0 {
		t.Errorf("%d courses of what is long ago", len(list))
	}
}

// What was measured on one person is never in the course of another's.
func TestCourse_AnotherPatientBeginsAnew(t *testing.T) {
	d := newDesk(t)
	d.record(streaming(of(claire(), pulse("72"))))
	d.clock.advance(CourseStep)
	next := of(denis(), pulse("61"))
	next.Time = morning.Add(CourseStep)
	d.record(streaming(next))
	wantBoard(t, d.points(fhirmap.HeartRate), "0:61")
	d.clock.advance(CourseStep)
	d.record(streaming(of(claire(), saturation("97"))))
	wantBoard(t, d.points(fhirmap.HeartRate))
}

func TestCourse_AnotherUnitBeginsAnew(t *testing.T) {
	d := newDesk(t)
	fahrenheit := fhirmap.LiveValue{Type: "of_its_own", Value: new(fhirmap.MustDecimal("99")), Unit: fhirmap.Unit{UCUM: "[degF]"}, State: fhirmap.LiveValid}
	d.show(fahrenheit)
	d.clock.advance(CourseStep)
	celsius := fahrenheit
	celsius.Unit, celsius.Value = fhirmap.Celsius, new(fhirmap.MustDecimal("37.5"))
	d.show(celsius)
	wantBoard(t, d.points("of_its_own"), "0:37.5")
}

// A cuff pressure that comes again with every message was measured once.
func TestCourse_WhatIsSaidAgainIsOnePoint(t *testing.T) {
	d := newDesk(t)
	cuff := beats("128")
	cuff.Type, cuff.Unit, cuff.Time = fhirmap.Systolic, fhirmap.MillimetreOfMercury, morning.Add(-time.Hour) // by the monitor's clock
	for i := range 60 {
		rate := pulse("72")
		rate.Time = morning.Add(-time.Hour + time.Duration(i)*time.Second)
		both := streaming(rate)
		both.Live = shown(nil, cuff).Live
		d.record(both)
		d.clock.advance(time.Second + time.Duration(i%3-1)*400*time.Millisecond) // the way here wavers
	}
	if have := d.points(fhirmap.Systolic); len(have) != 1 {
		t.Errorf("%q", have)
	}
	if have := d.points(fhirmap.HeartRate); len(have) != 12 && len(have) != 13 {
		t.Errorf("%q", have)
	}
}

func TestCourse_AMonitorWhoseClockStandsHasACourse(t *testing.T) {
	d := newDesk(t)
	for range 60 {
		d.record(streaming(pulse("72")))
		d.clock.advance(time.Second)
	}
	if have := d.points(fhirmap.HeartRate); len(have) < 6 {
		t.Errorf("%q", have)
	}
}

func TestCourse_ABoundedNumberOfParameters(t *testing.T) {
	d := newDesk(t)
	for i := range liveValues + 1 {
		v := beats("70")
		v.Type = fhirmap.Type(fmt.Sprint("parameter_", i))
		d.show(v)
	}
	if n := len(d.Courses()); n != coursesEach {
		t.Errorf("%d courses of one place", n)
	}
}

// TestRing_Model compares the ring with a list of all that was measured,
// whatever the clocks at both ends do.
func TestRing_Model(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c ring
		now := morning
		all := map[int64]float32{}
		last := int64(0)
		for i := range rapid.IntRange(1, 400).Draw(t, "values") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 1, 1, 1, 5, 7, 60, 1000, -3600}).Draw(t, "later")) * time.Second)
			present := stepOf(now)
			if len(all) > 0 && last > present+1 {
				clear(all)
			}
			before := time.Duration(rapid.SampledFrom([]int{0, 0, 0, 3, 30, 899, 900, -10}).Draw(t, "before")) * time.Second
			asOf := now.Add(-before)
			if step := stepOf(asOf); step <= present+1 && step > present-int64(CourseSteps) {
				if all[step] = float32(i); len(all) == 1 || step > last {
					last = step
				}
			}
			own := morning.Add(time.Duration(i) * time.Hour) // no two are the same measurement
			c.add(&fhirmap.LiveValue{Value: new(fhirmap.NewDecimal(int64(i), 0)), Time: own, AsOf: asOf}, now)
			var have Points
			c.read(&have, now)
			for k := range have {
				step := present - int64(CourseSteps-1-k)
				want, there := all[step]
				if there != Measured(have[k]) || there && have[k] != want {
					t.Fatalf("value %d: %d steps back is %v, want %v (%v)", i, CourseSteps-1-k, have[k], want, there)
				}
			}
		}
	})
}

// courseOf has one value over the former minutes and another over the recent.
func courseOf(t fhirmap.Type, u fhirmap.Unit, former, recent float32, formerPoints, recentPoints int) *Course {
	course := &Course{Type: t, Unit: u}
	course.Points.empty()
	for i := range recentPoints {
		course.Points[CourseSteps-1-i] = recent
	}
	for i := range formerPoints {
		course.Points[CourseSteps-recentSteps-1-i] = former
	}
	return course
}

func TestCourse_Direction(t *testing.T) {
	rate, bpm := fhirmap.HeartRate, fhirmap.BeatsPerMinute
	spiked := courseOf(rate, bpm, 72, 72, 96, 24)
	for i := range 11 { // of 24: less than half of the time
		spiked.Points[CourseSteps-1-i] = 150
	}
	for name, c := range map[string]struct {
		course *Course
		want   Direction
	}{
		"rising":                         {courseOf(rate, bpm, 72, 77, 96, 24), Rising},
		"falling":                        {courseOf(rate, bpm, 72, 67, 96, 24), Falling},
		"wavering":                       {courseOf(rate, bpm, 72, 76, 96, 24), Steady},
		"a spike is no trend":            {spiked, Steady},
		"just enough points":             {courseOf(rate, bpm, 72, 90, 24, 8), Rising},
		"too few of late":                {courseOf(rate, bpm, 72, 90, 96, 7), DirectionUnknown},
		"too few before":                 {courseOf(rate, bpm, 72, 90, 23, 24), DirectionUnknown},
		"none of late":                   {courseOf(rate, bpm, 72, 90, 96, 0), DirectionUnknown},
		"saturation by 2":                {courseOf(fhirmap.OxygenSaturation, fhirmap.Percent, 97, 95, 96, 24), Falling},
		"saturation by 1":                {courseOf(fhirmap.OxygenSaturation, fhirmap.Percent, 97, 96, 96, 24), Steady},
		"breath by 3":                    {courseOf(fhirmap.RespiratoryRate, fhirmap.BreathsPerMinute, 16, 19, 96, 24), Rising},
		"temperature by 0.4":             {courseOf(fhirmap.BodyTemperature, fhirmap.Celsius, 37.1, 37.5, 96, 24), Rising},
		"temperature by 0.2":             {courseOf(fhirmap.BodyTemperature, fhirmap.Celsius, 37.1, 37.3, 96, 24), Steady},
		"another unit is not judged":     {courseOf(fhirmap.BodyTemperature, fhirmap.Unit{UCUM: "[degF]"}, 98, 103, 96, 24), DirectionUnknown},
		"nor what has no rule":           {courseOf(fhirmap.PerfusionIndex, fhirmap.Percent, 1, 9, 96, 24), DirectionUnknown},
		"nor a cuff, three times in all": {courseOf(fhirmap.Systolic, fhirmap.MillimetreOfMercury, 120, 160, 2, 1), DirectionUnknown},
	} {
		if have := c.course.Direction(); have != c.want {
			t.Errorf("%s: %d, want %d", name, have, c.want)
		}
	}
}

func BenchmarkLive_Courses(b *testing.B) {
	reports, err := hl7link.Decode(monitorMessage("1"), paris)
	if err != nil {
		b.Fatal(err)
	}
	l := newLive()
	l.put(&reports[0], morning)
	b.ReportAllocs()
	for b.Loop() {
		l.courses(morning)
	}
}
