package station

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"vitalien/fhirmap"
	"vitalien/hl7link"
)

func shown(who *fhirmap.Patient, values ...fhirmap.LiveValue) fhirmap.Report {
	return fhirmap.Report{Link: "hl7", Live: []fhirmap.Live{{Device: pulse("1").Device, Patient: who, Values: values}}}
}

func beats(text string) fhirmap.LiveValue {
	return fhirmap.LiveValue{Type: fhirmap.HeartRate, Value: new(fhirmap.MustDecimal(text)), Unit: fhirmap.BeatsPerMinute, State: fhirmap.LiveValid}
}

func beatLimits(low, high string) fhirmap.LiveValue {
	return fhirmap.LiveValue{Type: fhirmap.HeartRate, Low: new(fhirmap.MustDecimal(low)), High: new(fhirmap.MustDecimal(high)), Unit: fhirmap.BeatsPerMinute}
}

// board is what is shown, as "type value unit state low-high".
func (d *desk) board() (list []string) {
	for _, l := range d.Live() {
		for _, v := range l.Values {
			line := fmt.Sprintf("%s %s %s", v.Type, text(v.Value), v.State)
			if v.Low != nil || v.High != nil {
				line += " " + text(v.Low) + "-" + text(v.High)
			}
			list = append(list, line)
		}
	}
	return list
}

func wantBoard(t *testing.T, have []string, want ...string) {
	t.Helper()
	if !slices.Equal(have, want) {
		t.Errorf("shown %q, want %q", have, want)
	}
}

// Limits stay until the monitor says others, or that there are none.
func TestLive_LimitsThatAreSwitchedOff(t *testing.T) {
	d := newDesk(t)
	d.record(shown(nil, beats("72"), beatLimits("50", "120")))
	d.record(shown(nil, beats("73")))
	wantBoard(t, d.board(), "heart_rate 73 valid 50-120")
	d.record(shown(nil, fhirmap.LiveValue{Type: fhirmap.HeartRate, Unit: fhirmap.BeatsPerMinute}))
	wantBoard(t, d.board(), "heart_rate 73 valid")
	d.record(shown(nil, beats("74")))
	wantBoard(t, d.board(), "heart_rate 74 valid")
}

func TestLive_MergesWhatAMonitorSays(t *testing.T) {
	d := newDesk(t)
	d.record(shown(nil, beatLimits("50", "120")))
	wantBoard(t, d.board()) // limits of nothing
	d.record(streaming(pulse("72")))
	wantBoard(t, d.board(), "heart_rate 72 valid 50-120")
	d.clock.advance(time.Second)
	d.record(streaming(saturation("97.0")))
	wantBoard(t, d.board(), "heart_rate 72 valid 50-120", "oxygen_saturation 97.0 valid")
	l := d.Live()[0]
	if !l.Time.Equal(morning.Add(time.Second)) || !l.Values[0].Time.Equal(morning) {
		t.Errorf("%+v", l)
	}
	off := beats("1")
	off.Value, off.State = nil, fhirmap.LiveMissing
	both := streaming(saturation("98"))
	both.Live = shown(nil, off, beatLimits("40", "140")).Live
	d.record(both)
	wantBoard(t, d.board(), "heart_rate  missing 40-140", "oxygen_saturation 98 valid")
	d.record(shown(nil, fhirmap.LiveValue{Type: fhirmap.HeartRate, Low: new(fhirmap.MustDecimal("1")), Unit: fhirmap.Percent}))
	wantBoard(t, d.board(), "heart_rate  missing 40-140", "oxygen_saturation 98 valid")
}

func TestLive_NamesThePulseOfAnOximeterApart(t *testing.T) {
	d := newDesk(t)
	oximeter := saturation("97")
	oximeter.Readings = append(oximeter.Readings, pulse("61").Readings[0])
	d.record(streaming(pulse("72"), oximeter))
	wantBoard(t, d.board(), "heart_rate 72 valid", "oxygen_saturation 97 valid", "pulse_rate 61 valid")
}

func TestLive_WhatCannotBeTrue(t *testing.T) {
	d := newDesk(t)
	pressure := pulse("72")
	pressure.Type = fhirmap.BloodPressure
	pressure.Readings = []fhirmap.Reading{
		{Type: fhirmap.Systolic, Value: new(fhirmap.MustDecimal("80")), Unit: fhirmap.MillimetreOfMercury},
		{Type: fhirmap.Diastolic, Value: new(fhirmap.MustDecimal("90")), Unit: fhirmap.MillimetreOfMercury},
	}
	first := d.record(streaming(pulse("999"), pressure)).Seq
	d.record(shown(nil, fhirmap.LiveValue{Type: fhirmap.BodyTemperature, Value: new(fhirmap.MustDecimal("384.5")), Unit: fhirmap.Celsius, State: fhirmap.LiveValid}))
	wantBoard(t, d.board(), "heart_rate 999 implausible", "systolic_blood_pressure 80 implausible",
		"diastolic_blood_pressure 90 implausible", "body_temperature 384.5 implausible")
	if !d.stored(first).Implausible {
		t.Error("recorded as if it were plausible")
	}
}

// What was measured on one person is never shown as another's.
func TestLive_AnotherPatient(t *testing.T) {
	d := newDesk(t)
	d.record(shown(claire(), beats("72"), beatLimits("50", "120")))
	d.record(streaming(of(claire(), saturation("97"))))
	d.record(streaming(of(denis(), saturation("93"))))
	wantBoard(t, d.board(), "oxygen_saturation 93 valid")
	if l := d.Live()[0]; l.Patient.ID != "3" {
		t.Errorf("%+v", l.Patient)
	}
	d.record(shown(nil, beatLimits("40", "130"))) // limits name nobody
	d.record(streaming(of(denis(), pulse("61"))))
	wantBoard(t, d.board(), "heart_rate 61 valid 40-130", "oxygen_saturation 93 valid")
	d.record(streaming(pulse("62"))) // nobody is admitted any more
	wantBoard(t, d.board(), "heart_rate 62 valid 40-130")
}

func TestLive_WhatWasTypedIsNotMeasured(t *testing.T) {
	d := newDesk(t)
	height := pulse("170")
	height.Type, height.Origin, height.Patient = fhirmap.BodyHeight, fhirmap.OriginAdmission, denis()
	height.Readings[0].Type, height.Readings[0].Unit = fhirmap.BodyHeight, fhirmap.Centimetre
	d.record(streaming(of(claire(), pulse("72"))))
	d.record(report(height)) // and somebody else is admitted
	wantBoard(t, d.board())
}

func TestLive_OfSpotChecksTheNewestIsShown(t *testing.T) {
	d := newDesk(t)
	at := func(value string, age time.Duration) fhirmap.Measurement {
		m := pulse(value)
		m.Time = morning.Add(-age)
		return m
	}
	d.record(report(at("72", time.Minute)))
	d.record(report(at("60", time.Hour))) // read out later
	wantBoard(t, d.board(), "heart_rate 72 valid")
	d.record(report(at("75", 0)))
	wantBoard(t, d.board(), "heart_rate 75 valid")
	d.record(streaming(at("76", time.Hour))) // a clock that was set back
	wantBoard(t, d.board(), "heart_rate 76 valid")
}

func TestLive_OldValuesLeave(t *testing.T) {
	d := newDesk(t)
	d.record(streaming(pulse("72")))
	d.clock.advance(40 * time.Minute)
	d.record(streaming(saturation("97")))
	d.clock.advance(30 * time.Minute)
	wantBoard(t, d.board(), "oxygen_saturation 97 valid")
	d.clock.advance(31 * time.Minute)
	if list := d.Live(); len(list) != 0 || len(d.live.places) != 0 {
		t.Errorf("%+v", list)
	}
}

func TestLive_Since(t *testing.T) {
	d := newDesk(t)
	a, b := from("a", pulse("70")), from("b", pulse("71"))
	a.Bed, b.Bed = "2", "1"
	d.record(streaming(a, b))
	all, version := d.LiveSince(0)
	if len(all) != 2 || all[0].Bed != "1" || all[1].Device.ID != "a" {
		t.Fatalf("%+v", all)
	}
	if none, again := d.LiveSince(version); len(none) != 0 || again != version {
		t.Errorf("%+v", none)
	}
	d.record(streaming(a))
	changed, now := d.LiveSince(version)
	if len(changed) != 1 || changed[0].Device.ID != "a" || now <= version {
		t.Errorf("%+v", changed)
	}
	changed[0].Values[0].State = "spoilt"
	if l, _ := d.LiveSince(version); l[0].Values[0].State != fhirmap.LiveValid {
		t.Error("a reader can change what others see")
	}
}

func TestLive_WakesThoseWhoWatch(t *testing.T) {
	d := newDesk(t)
	changed, stop := d.WatchLive()
	defer stop()
	for range 3 {
		d.record(streaming(pulse("70")))
	}
	<-changed
	select {
	case <-changed:
		t.Error("woken twice for what it has not looked at")
	default:
	}
	d.record(streaming(pulse("71")))
	<-changed
	stop()
	d.record(streaming(pulse("72")))
	select {
	case <-changed:
		t.Error("woken after the end")
	default:
	}
}

func TestLive_ABoundedNumber(t *testing.T) {
	l := newLive()
	for i := range liveDevices + 50 {
		r := streaming(from(fmt.Sprint(i), pulse("70")))
		l.put(&r, morning.Add(time.Duration(i)))
	}
	list, _ := l.since(0, morning.Add(time.Minute))
	if len(list) != liveDevices || slices.ContainsFunc(list, func(v fhirmap.Live) bool { return v.Device.ID == "0" }) {
		t.Errorf("%d places", len(list))
	}
}

func TestLive_ARepeatedMessageIsNotShownAgain(t *testing.T) {
	d := newDesk(t)
	d.record(keyed("a", pulse("70")))
	d.record(keyed("b", pulse("71")))
	d.record(keyed("a", pulse("70")))
	wantBoard(t, d.board(), "heart_rate 71 valid")
}

func BenchmarkLive_Put(b *testing.B) {
	reports, err := hl7link.Decode(monitorMessage("1"), paris)
	if err != nil {
		b.Fatal(err)
	}
	l := newLive()
	b.ReportAllocs()
	for b.Loop() {
		l.put(&reports[0], morning)
	}
}
