package station

import (
	"fmt"
	"testing"
	"time"

	"vitalien/fhirmap"
)

// pressureWithPulse is a pressure with its pulse.
func pressureWithPulse(at time.Time, systolic, beats string) fhirmap.Measurement {
	m := pulse(beats)
	m.Type, m.Time = fhirmap.BloodPressure, at
	m.Readings = append(m.Readings, fhirmap.Reading{Type: fhirmap.Systolic, Value: new(fhirmap.MustDecimal(systolic)), Unit: fhirmap.MillimetreOfMercury})
	return m
}

// again is what is shown of a measurement that is known already.
func again(m fhirmap.Measurement) fhirmap.Live {
	return fhirmap.Live{Device: m.Device, Bed: m.Bed, Patient: m.Patient, Time: m.Time, Values: m.LiveValues()}
}

// A monitor repeats its last cuff pressure in every message. That makes it no
// newer, whatever the monitor's clock says, and its pulse does not replace the
// present one.
func TestLive_ACuffPressureThatComesAgainStaysOld(t *testing.T) {
	for name, own := range map[string]time.Time{"right": morning, "years behind": morning.AddDate(-3, 0, 0), "a day ahead": morning.AddDate(0, 0, 1)} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			oximeter := saturation("97")
			oximeter.Readings = append(oximeter.Readings, pulse("61").Readings[0])
			pressure := pressureWithPulse(own.Add(-8*time.Minute), "125", "84")
			d.record(report(pressure))
			for range 3 {
				d.clock.advance(time.Second)
				own = own.Add(time.Second)
				oximeter.Time = own
				r := streaming(oximeter)
				r.Live = []fhirmap.Live{again(pressure)}
				d.record(r)
			}
			wantBoard(t, d.board(), "pulse_rate 61 valid", "systolic_blood_pressure 125 valid", "oxygen_saturation 97 valid")
			for _, v := range d.Live()[0].Values {
				want := d.clock.now()
				if v.Type == fhirmap.Systolic {
					want = want.Add(-8*time.Minute - 3*time.Second)
				}
				if !v.AsOf.Equal(want) {
					t.Errorf("%s as of %v, want %v", v.Type, v.AsOf, want)
				}
			}
		})
	}
}

// The clock of a monitor that was set right is no reason to show what it
// measured before for ever.
func TestLive_AClockThatIsSetBack(t *testing.T) {
	d := newDesk(t)
	timed := func(at time.Time, value string) fhirmap.Report {
		m := pulse(value)
		m.Time = at
		return report(m)
	}
	d.record(timed(morning.AddDate(0, 0, 1), "70"))
	d.clock.advance(time.Minute)
	d.record(timed(d.clock.now(), "71"))
	wantBoard(t, d.board(), "heart_rate 71 valid")
	d.record(timed(d.clock.now().Add(-time.Hour), "72")) // from the memory of a device
	wantBoard(t, d.board(), "heart_rate 71 valid")
	d.clock.advance(liveAge + time.Minute)
	wantBoard(t, d.board())
	d.record(timed(morning.Add(-time.Hour), "73")) // nothing newer is shown
	wantBoard(t, d.board(), "heart_rate 73 valid")
}

// Who follows what changes hears that the values of the person before are gone,
// though there are none of the next one yet.
func TestLiveSince_TellsOfABedThatIsEmpty(t *testing.T) {
	d := newDesk(t)
	height := pulse("170")
	height.Type, height.Origin, height.Patient = fhirmap.BodyHeight, fhirmap.OriginAdmission, denis()
	height.Readings[0].Type, height.Readings[0].Unit = fhirmap.BodyHeight, fhirmap.Centimetre
	d.record(streaming(of(claire(), pulse("72"))))
	_, version := d.LiveSince(0)
	d.record(report(height))
	changed, next := d.LiveSince(version)
	if len(changed) != 1 || len(changed[0].Values) != 0 || changed[0].Patient.ID != "3" || changed[0].Time.IsZero() {
		t.Errorf("%+v", changed)
	}
	d.record(report(height))
	if changed, _ := d.LiveSince(next); len(changed) != 0 {
		t.Errorf("told again: %+v", changed)
	}
	if all := d.Live(); len(all) != 0 {
		t.Errorf("shown: %+v", all)
	}
}

// The second probe of a monitor is often on the skin.
func TestLive_OfTwoProbesTheFirst(t *testing.T) {
	d := newDesk(t)
	for i := range 2 {
		d.record(streaming(pulse(fmt.Sprint(70+i)), pulse("33")))
		wantBoard(t, d.board(), fmt.Sprintf("heart_rate %d valid", 70+i))
	}
	d.record(streaming(pulse("999"), pulse("72"))) // which can be true
	wantBoard(t, d.board(), "heart_rate 72 valid")
	later := pulse("73")
	later.Time = morning
	d.record(report(of(nil, from(later.Device.ID, pulse("71"))), later))
	wantBoard(t, d.board(), "heart_rate 71 valid")
}
