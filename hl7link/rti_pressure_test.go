package hl7link

import (
	"strings"
	"testing"
	"time"

	"vitalien/fhirmap"
)

// A cuff pressure that the monitor doubts is shown as such and not recorded,
// until it no longer doubts it.
func TestRTISession_DoubtedPressure(t *testing.T) {
	history := &rtiHistory{}
	c := connectedTo(t, history)
	c.expect(sized("812"), admitted("812"))
	state := func(value string) string { return rti("504", "OBX||CE|2037^|170|"+value+"^||||||F") }
	shown := func(systolic, state string) []string {
		return []string{"live diastolic_blood_pressure 80mmHg valid of 812", "live mean_blood_pressure 93mmHg valid of 812", "live systolic_blood_pressure " + systolic + "mmHg " + state + " of 812"}
	}
	recorded := func(systolic, time string) string {
		return "blood_pressure | systolic_blood_pressure=" + systolic + " mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | mean_blood_pressure=93 mm[Hg] | 2026-07-07T" + time + ":00+02:00 of 812"
	}
	c.expect(shown("220", "invalid"), pressureAt(seven, "220"), state("2"))
	c.expect(shown("220", "invalid"), pressureAt(seven, "220"))
	c.expect([]string{recorded("121", "19:10")}, pressureAt(sevenTen, "121"))
	c.expect(shown("121", "valid"), state("3"))
	c.expect(shown("130", "invalid"), pressureAt("20260707192000", "130"), state("2"))
	c.expect(append([]string{recorded("130", "19:20")}, shown("130", "valid")...), state("3"))
	c.expect(shown("130", "valid"), pressureAt("20260707192000", "130"))
	c.expect(shown("140", "invalid"), pressureAt("20260707193000", "140"), state("2"))
	c.expect(sized("813"), admitted("813"))
	c.expect(nil, state("3"))

	// As long as nobody is named, too.
	c = connectedTo(t, history)
	c.expect(sized("812"), pressureAt("20260707194000", "150"), state("2"), admitted("812"))
}

// What was recorded in an earlier run is shown to the one whose it is.
func TestRTISession_RecordedAsSomebodyElses(t *testing.T) {
	before := connectedTo(t, &rtiHistory{})
	reports := []fhirmap.Report{}
	for _, text := range []string{admitted("812"), pressureAt(seven, "120")} {
		m, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		told, _ := before.read(m, before.now)
		reports = append(reports, append(told, before.flush()...)...)
		m.release()
	}
	earlier := earlierRun(reports)
	restarted := func() *connected {
		return connectedTo(t, &rtiHistory{recorded: func(m *fhirmap.Measurement) *fhirmap.Measurement {
			was, _ := earlier(t.Context(), *m)
			return was
		}})
	}
	state := rti("504", "OBX||CE|2037^|170|3^||||||F")
	for _, messages := range [][]string{
		{admitted("813"), pressureAt(seven, "120"), state, pressureAt(seven, "120")},
		{pressureAt(seven, "120"), admitted("813"), pressureAt(seven, "120"), state},
	} {
		for _, line := range restarted().say(messages...) {
			if !strings.HasPrefix(line, "body_") {
				t.Errorf("of another person: %s", line)
			}
		}
	}
	c := restarted()
	c.expect([]string{"live diastolic_blood_pressure 80mmHg valid of 812", "live mean_blood_pressure 93mmHg valid of 812", "live systolic_blood_pressure 120mmHg valid of 812"},
		admitted("812"), pressureAt(seven, "120"))
}

// What was typed, changed, and changed back is told each time, and not taken
// for the first message sent again.
func TestRTISession_TypedChangedBack(t *testing.T) {
	c := connectedTo(t, &rtiHistory{})
	keys := map[string]bool{}
	for i, height := range []string{"170.0", "107.0", "170.0", "107.0"} {
		m, err := Parse([]byte(strings.Replace(admitted("812"), "170.0", height, 1)))
		if err != nil {
			t.Fatal(err)
		}
		told, _ := c.read(m, c.now.Add(time.Duration(i)*time.Second))
		if len(told) != 1 || told[0].Measurements[0].Readings[0].Value.String() != height || keys[told[0].Key] {
			t.Errorf("%s: %+v", height, told)
		}
		keys[told[0].Key] = true
		m.release()
	}
}
