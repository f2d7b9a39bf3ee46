package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"vitalien/app/cli"
	"vitalien/app/simulator"
	"vitalien/fhirmap"
)

// openOne starts the program with one monitor, whose values are recorded once
// and then only when something happens.
func openOne(t *testing.T, change func(o *simulator.MonitorOptions)) (*App, *simulator.Monitor) {
	t.Helper()
	all := openBeds(t, 1, func(_ int, o *simulator.MonitorOptions) {
		o.Every = 100 * time.Millisecond
		if change != nil {
			change(o)
		}
	})
	folder := t.TempDir()
	all.configure(t, folder, `record_every = "1h"`)
	a := start(t, cli.Flags{DataDir: folder})
	a.awaitStation(t, "the first values are recorded", func() bool { return heartRates(recorded(t, a)) == 1 })
	return a, all[0]
}

func heartRates(list []fhirmap.Recorded) (n int) {
	for i := range list {
		if list[i].Type == fhirmap.HeartRate {
			n++
		}
	}
	return n
}

// alert finds the alert of a code, nil when there is none.
func (a *App) alert(code string) *fhirmap.Alert {
	list := a.station.Alerts()
	if i := slices.IndexFunc(list, func(x fhirmap.Alert) bool { return x.Code == code }); i >= 0 {
		return &list[i]
	}
	return nil
}

// TestWardAlarm_StartsRisesAndEnds: an alarm is an alert at once, with the
// values of the moment in the log; it rises with the monitor's, and ends when
// the monitor no longer sends it.
func TestWardAlarm_StartsRisesAndEnds(t *testing.T) {
	a, m := openOne(t, nil)
	m.Begin(simulator.Bradycardia)
	a.awaitStation(t, "the alert is of medium priority", func() bool {
		x := a.alert("10002")
		return x != nil && x.Priority == fhirmap.PriorityMedium && x.Active() && x.Bed == "1" && x.Patient != nil && x.Patient.ID == "BED-1"
	})
	a.awaitStation(t, "the values of its start are recorded", func() bool { return heartRates(recorded(t, a)) == 2 })
	a.awaitStation(t, "it rises", func() bool { x := a.alert("10002"); return x != nil && x.Priority == fhirmap.PriorityHigh })
	m.End(simulator.Bradycardia)
	a.awaitStation(t, "it has ended", func() bool { x := a.alert("10002"); return x != nil && !x.Active() })
	a.awaitStation(t, "the values of its end are recorded", func() bool { return heartRates(recorded(t, a)) >= 3 })
	if x := a.alert("10002"); x.Priority != fhirmap.PriorityHigh || x.Acknowledged != (time.Time{}) {
		t.Errorf("%+v", x)
	}
	if err := a.station.AcknowledgeAlert(t.Context(), a.alert("10002").ID); err != nil {
		t.Error(err)
	}
	if x := a.alert("10002"); x != nil {
		t.Errorf("acknowledged and over, and still there: %+v", x)
	}
}

// TestWardAlarm_Cyrillic: the text comes through in the letters of the
// monitor's language.
func TestWardAlarm_Cyrillic(t *testing.T) {
	a, m := openOne(t, func(o *simulator.MonitorOptions) { o.Faults.Cyrillic = true })
	m.Begin(simulator.Bradycardia)
	m.Begin(simulator.CuffOff)
	a.awaitStation(t, "both alarms are there in Russian", func() bool {
		low, off := a.alert("10002"), a.alert("458")
		return low != nil && strings.Contains(low.Text, "ЧСС") && off != nil && strings.Contains(off.Text, "отсоед") &&
			off.Kind == fhirmap.Technical
	})
}

// TestWardAlarm_SensorOff: a value that is not measured is missing, one that
// the monitor doubts is invalid, and neither is recorded.
func TestWardAlarm_SensorOff(t *testing.T) {
	a, m := openOne(t, nil)
	saturation := func() fhirmap.LiveState {
		for _, l := range a.station.Live() {
			for _, v := range l.Values {
				if v.Type == fhirmap.OxygenSaturation {
					return v.State
				}
			}
		}
		return ""
	}
	saturations := func() (n int) {
		for _, r := range recorded(t, a) {
			if r.Type == fhirmap.OxygenSaturation {
				n++
			}
		}
		return n
	}
	a.awaitStation(t, "the saturation is shown", func() bool { return saturation() == fhirmap.LiveValid && saturations() == 1 })
	m.Begin(simulator.Motion)
	a.awaitStation(t, "the saturation is doubted", func() bool { return saturation() == fhirmap.LiveInvalid })
	m.Begin(simulator.SensorOff)
	a.awaitStation(t, "the saturation is missing, which is a technical alarm", func() bool {
		x := a.alert("205")
		return saturation() == fhirmap.LiveMissing && x != nil && x.Kind == fhirmap.Technical
	})
	before := saturations()
	m.Begin(simulator.Desaturation) // an alarm records what there is
	a.awaitStation(t, "the alarm's values are recorded", func() bool { return heartRates(recorded(t, a)) >= 3 })
	if n := saturations(); n != before {
		t.Errorf("%d saturations are recorded, %d before: there is none to record", n, before)
	}
	m.End(simulator.Motion)
	m.End(simulator.SensorOff)
	a.awaitStation(t, "the saturation is back", func() bool { return saturation() == fhirmap.LiveValid })
}
