package hl7link

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
)

// ofSession is a report in lines.
func ofSession(r fhirmap.Report) []string {
	lines := summaries([]fhirmap.Report{r})
	for i, m := range r.Measurements {
		lines[i] += whose(m.Patient)
		for _, reading := range m.Readings {
			if reading.Low != nil || reading.High != nil {
				lines[i] += fmt.Sprintf(" %s in %v..%v", reading.Type, reading.Low, reading.High)
			}
		}
	}
	for _, l := range r.Live {
		for _, v := range l.Values {
			line := fmt.Sprintf("live %s %v%s %s%s", v.Type, v.Value, v.Unit.Label, v.State, whose(l.Patient))
			if v.Low != nil || v.High != nil {
				line += fmt.Sprintf(" in %v..%v", v.Low, v.High)
			}
			lines = append(lines, line)
		}
	}
	for _, a := range r.Alarms {
		lines = append(lines, fmt.Sprintf("alarms %v%s", a.Complete, whose(a.Patient)))
		for _, alarm := range a.List {
			lines = append(lines, fmt.Sprintf("alarm %s %s %s %q", alarm.Priority, alarm.Kind, alarm.Code, alarm.Text))
		}
	}
	return lines
}

func whose(p *fhirmap.Patient) string {
	switch {
	case p == nil:
		return " of the consultation's"
	case p.ID == "":
		return " of nobody"
	}
	return " of " + p.ID
}

// A connected session, and what it tells of messages that come in one go.
type connected struct {
	t *testing.T
	*rtiSession
	now time.Time
}

func connectedTo(t *testing.T, history *rtiHistory) *connected {
	now := time.Date(2026, 7, 7, 19, 0, 0, 0, paris)
	return &connected{t, newRTISession("192.0.2.7:4601", "Salle 2", "192.0.2.7", paris, history, now), now}
}

func (c *connected) say(messages ...string) []string {
	c.t.Helper()
	var reports []fhirmap.Report
	for _, text := range messages {
		m, err := Parse([]byte(text))
		if err != nil {
			c.t.Fatal(err)
		}
		told, troubles := c.read(m, c.now)
		if len(troubles) > 0 {
			c.t.Error(troubles)
		}
		m.release()
		reports = append(reports, told...)
	}
	return allLines(append(reports, c.flush()...))
}

func allLines(reports []fhirmap.Report) []string {
	var lines []string
	for _, r := range reports {
		lines = append(lines, ofSession(r)...)
	}
	return lines
}

func (c *connected) expect(want []string, messages ...string) {
	c.t.Helper()
	if diff := cmp.Diff(want, c.say(messages...)); diff != "" {
		c.t.Error(diff)
	}
}

const typedSize = "body_height | body_height=170.0 cm | admission of %s"

func sized(id string) []string {
	return []string{fmt.Sprintf(typedSize, id), fmt.Sprintf("body_weight | body_weight=70.0 kg | admission of %s", id)}
}

func stated(id, state string) string { return rti("205", "OBX||CE|2037^|"+id+"|"+state+"^||||||F") }

func TestRTISession_ValuesWithStatesAndLimits(t *testing.T) {
	c := connectedTo(t, &rtiHistory{})
	c.expect(sized("812"), admitted("812"))
	c.expect([]string{"live heart_rate <nil>bpm  of 812 in 63..120", "live st_ii <nil>mV  of 812 in <nil>..0.20"},
		rti("51", "OBX||NM|2002^|101|120||||||F", "OBX||NM|2003^|101|63||||||F", "OBX||NM|2002^|106|0.20||||||F", "OBX||NM|2002^|9999|1||||||F"))
	c.expect([]string{
		"heart_rate | heart_rate=72 /min of 812 heart_rate in 63..120",
		"oxygen_saturation | oxygen_saturation=98 % | heart_rate=71 /min of 812",
		"live st_ii 0.05mV valid of 812 in <nil>..0.20",
		"live perfusion_index 1.2% valid of 812",
	}, periodic("101", "72"), rti("204", "OBX||NM|106^|2101|0.05||||||F", "OBX||NM|160^|2103|98||||||F", "OBX||NM|161^|2103|71||||||F", "OBX||NM|162^|2103|1.2||||||F"))
	// The state comes behind the value, and counts for it.
	c.expect([]string{"live heart_rate 20bpm invalid of 812 in 63..120"}, periodic("101", "20"), stated("101", "2"))
	c.expect([]string{"live heart_rate 21bpm invalid of 812 in 63..120"}, periodic("101", "21"))
	c.expect([]string{"heart_rate | heart_rate=73 /min of 812 heart_rate in 63..120"}, periodic("101", "73"), stated("101", "3"))
	c.expect([]string{"live heart_rate <nil>bpm missing of 812 in 63..120"}, periodic("101", "-100"))
	// The second temperature stands beside the first, and alone counts as one.
	c.expect([]string{"body_temperature | body_temperature=37.0 Cel of 812", "live temperature_2 33.1°C valid of 812"},
		rti("204", "OBX||NM|200^|2104|37.0||||||F", "OBX||NM|201^|2104|33.1||||||F"))
	c.expect([]string{"body_temperature | body_temperature=36.9 Cel of 812"}, periodic("201", "36.9"))
	// A second later is another batch.
	c.expect([]string{"heart_rate | heart_rate=74 /min of 812 heart_rate in 63..120", "heart_rate | heart_rate=75 /min of 812 heart_rate in 63..120"},
		periodic("101", "74"), periodic("101", "75"))
	// Gases come in a unit that is not said.
	c.expect(nil, rti("11", "OBX||CE|2023^||2106^CO2||||||F"))
	if lines := c.say(periodic("250", "38")); len(lines) != 1 || !strings.Contains(lines[0], " 38 valid") {
		t.Error(lines)
	}
	// Lines of which it is not known what they measure are shown, and never recorded.
	c.expect([]string{"live invasive_pressure_1a 121 valid of 812", "live invasive_pressure_2c <nil> missing of 812"},
		rti("204", "OBX||NM|174^|2116|121||||||F", "OBX||NM|180^|2117|-100||||||F"))
	// The module is pulled out.
	c.expect(nil, rti("12", "OBX||CE|2024^||2199^||||||F"))
	if lines := c.say(rti("12", "OBX||CE|2024^||2103^||||||F")); len(lines) != 3 || !strings.HasPrefix(lines[0], "live oxygen_saturation <nil>% missing") {
		t.Error(lines)
	}
}

func TestRTISession_PressuresAreOne(t *testing.T) {
	history := &rtiHistory{}
	c := connectedTo(t, history)
	first := "blood_pressure | systolic_blood_pressure=120 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | mean_blood_pressure=93 mm[Hg] | 2026-07-07T19:00:00+02:00 of 812"
	shown := func(state, limits string) []string {
		return []string{"live diastolic_blood_pressure 80mmHg " + state + " of 812", "live mean_blood_pressure 93mmHg " + state + " of 812",
			"live systolic_blood_pressure 120mmHg " + state + " of 812" + limits}
	}
	c.expect(append(sized("812"), first), admitted("812"), pressureAt(seven, "120"))
	c.expect(shown("valid", ""), pressureAt(seven, "120"))
	c.expect([]string{"live systolic_blood_pressure <nil>mmHg  of 812 in 90..160"}, rti("51", "OBX||NM|2002^|170|160||||||F", "OBX||NM|2003^|170|90||||||F"))
	c.expect(shown("invalid", " in 90..160"), rti("504", "OBX||CE|2037^|170|2^||||||F", "OBX||CE|2037^|171|2^||||||F", "OBX||CE|2037^|172|2^||||||F"))
	second := strings.NewReplacer("120", "121", "T19:00", "T19:10").Replace(first) + " systolic_blood_pressure in 90..160"
	c.expect([]string{second}, pressureAt(sevenTen, "121"))

	// After a reconnection nothing comes twice, and what was measured meanwhile comes.
	c = connectedTo(t, history)
	third := strings.NewReplacer("120", "125", "T19:00", "T19:20").Replace(first)
	lines := c.say(pressureAt(sevenTen, "121"), admitted("812"), pressureAt(seven, "120"), pressureAt("20260707192000", "125"))
	if want := append(shown("valid", ""), third); !cmp.Equal(want, lines) {
		t.Error(cmp.Diff(want, lines))
	}
	// None is none, whatever its time.
	c.expect([]string{"live diastolic_blood_pressure <nil>mmHg missing of 812"},
		rti("503", "OBX||NM|171^Dia|2105|-100||||||F||APERIODIC|20260707193000"))
	// One without a time is known by its values.
	c.expect([]string{strings.Replace(first, " | 2026-07-07T19:00:00+02:00", "", 1)}, pressureAt("00000000000000", "120"))
	c.expect(shown("valid", ""), pressureAt("00000000000000", "120"))
}

func TestRTISession_NobodyUntilNamed(t *testing.T) {
	c := connectedTo(t, &rtiHistory{})
	c.expect(nil, periodic("101", "72"), rti("51", "OBX||NM|2002^|102|120||||||F"))
	c.expect(nil, pressureAt(seven, "120"), pressureAt(seven, "120"))
	c.expect(nil, rti("54", "OBX||CE|1|2|10002^**HR low||||||F"), rti("54"), rti("54", "OBX||CE|1|1|10002^***HR low||||||F"))
	pressure := "blood_pressure | systolic_blood_pressure=120 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | mean_blood_pressure=93 mm[Hg] | 2026-07-07T19:00:00+02:00 of "
	c.expect(append([]string{pressure + "812", "alarms [physiological] of 812", `alarm high physiological 10002 "HR low"`}, sized("812")...), admitted("812"))

	// Where the monitor does not say, they are nobody's: never of a consultation.
	c = connectedTo(t, &rtiHistory{})
	c.expect(nil, pressureAt(seven, "120"))
	c.now = c.now.Add(patientGrace)
	c.expect([]string{pressure + "nobody", "heart_rate | heart_rate=72 /min of nobody"}, periodic("101", "72"))
	// Named later, they are not handed over.
	c.expect(sized("812"), admitted("812"), pressureAt(seven, "120"))
}

func TestRTISession_AnotherPatient(t *testing.T) {
	history := &rtiHistory{}
	c := connectedTo(t, history)
	c.say(admitted("812"), rti("51", "OBX||NM|2002^|101|120||||||F"), stated("101", "2"), pressureAt(seven, "120"), periodic("101", "70"))
	// Nothing of the former is left: no limit, no doubt, no pressure that is repeated.
	c.expect(sized("813"), admitted("813"))
	c.expect([]string{"heart_rate | heart_rate=72 /min of 813"}, periodic("101", "72"))
	c.expect(nil, pressureAt(seven, "120"))
	c.expect(nil, rti("504", "OBX||CE|2037^|170|3^||||||F"))
	// Nor after a reconnection.
	c = connectedTo(t, history)
	c.expect(nil, admitted("813"), pressureAt(seven, "120"))
	c.expect(sized("812"), admitted("812"))
	// Values that came with the name of the next one are still the former's.
	c.expect(append([]string{"heart_rate | heart_rate=75 /min of 812"}, sized("813")...), periodic("101", "75"), admitted("813"))
}

func TestRTISession_Alarms(t *testing.T) {
	c := connectedTo(t, &rtiHistory{})
	c.say(admitted("812"))
	one := rti("54", "OBX||CE|2|1|10076^**T1 Too Low||||||F|||20200418190201|", "OBX||CE|2|3|10100^*RR||||||F|||00000000000000|", "OBX||CE|2|3|10100^**RR||||||F", "OBX||CE|2040^||0^||||||F")
	c.expect([]string{"alarms [physiological] of 812", `alarm high physiological 10076 "T1 Too Low"`, `alarm medium physiological 10100 "RR"`}, one)
	c.expect(nil, one)
	c.expect([]string{"alarms [technical] of 812", `alarm low technical 205 "SpO2 Sensor Off"`, `alarm low technical 5 "ECG Lead Off"`},
		rti("56", "OBX||CE|4||205^SpO2 Sensor Off||||||F|", "OBX||CE|3||5^ECG Lead Off||||||F|", "OBX||CE|2041^||0^||||||F"))
	c.expect([]string{"alarms [physiological] of 812"}, rti("54"))
	lead := rti("56", "OBX||CE|4||5^ECG Lead Off||||||F|")
	c.expect([]string{"alarms [technical] of 812", `alarm low technical 5 "ECG Lead Off"`}, lead)
	c.now = c.now.Add(alarmsAgain - time.Second)
	c.expect(nil, lead)
	c.now = c.now.Add(time.Second) // one that lasts is not forgotten
	c.expect([]string{"alarms [technical] of 812", `alarm low technical 5 "ECG Lead Off"`}, lead)
	c.expect(nil, lead)
	c.expect(append(sized("813"), "alarms [physiological] of 813"), admitted("813"), rti("54"))

	m, err := Parse([]byte(one))
	if err != nil {
		t.Fatal(err)
	}
	reports, _ := c.read(m, c.now)
	list := reports[0].Alarms[0].List
	if got := list[0].Start; !got.Equal(time.Date(2020, 4, 18, 19, 2, 1, 0, paris)) || !list[1].Start.IsZero() || list[0].System != mindrayAlarms {
		t.Errorf("%+v", list)
	}
}

// Monitors with Cyrillic letters write windows-1251 lowered by 16.
func TestRTISession_Cyrillic(t *testing.T) {
	c := connectedTo(t, &rtiHistory{})
	c.say(admitted("812"))
	c.expect([]string{"alarms [physiological] of 812", `alarm high physiological 10002 "ЧСС - сл. низ"`},
		rti("54", "OBX||CE|1|1|10002^***\xC7\xC1\xC1 - \xE1\xDB. \xDD\xD8\xD7||||||F|||20260707192356|"))
	// The patient is the same, whatever the name looks like.
	c.expect(sized("813"), admitted("813"))
	c.expect(nil, strings.Replace(admitted("813"), "DUPONT^Anne", "\xB8\xD2\xD0\xDD\xDE\xD2^\xB8\xD2\xD0\xDD", 1))
	if got := c.patient.Family; got != "Иванов" {
		t.Errorf("%q", got)
	}
}

// Texts that no record can hold cost neither the other readings nor who is
// meant.
func TestRTISession_TooLong(t *testing.T) {
	long := strings.Repeat("9", 2000)
	c := connectedTo(t, &rtiHistory{})
	read := func(text string) (told []fhirmap.Report, troubles []trouble) {
		m, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		told, troubles = c.read(m, c.now)
		return append(told, c.flush()...), troubles
	}
	told, troubles := read(admitted(long))
	if len(troubles) != 1 || len(told) != 1 || told[0].Measurements[0].Patient.ID != "" || told[0].Measurements[0].Patient == nil {
		t.Errorf("%v %v", troubles, allLines(told))
	}
	told, troubles = read(rti("204", "OBX||NM|101^|2101|"+long+"||||||F", "OBX||NM|151^|2102|14||||||F"))
	if len(troubles) != 1 || len(told) != 1 || !slices.Contains(allLines(told), "respiratory_rate | respiratory_rate=14 /min of nobody") {
		t.Errorf("%v %v", troubles, allLines(told))
	}
}

func TestRTISession_Published(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(vectorDir(t), "mindray_umec10_real_excerpt.mllp"))
	if err != nil {
		t.Fatal(err)
	}
	texts, err := split(data)
	if err != nil {
		t.Fatal(err)
	}
	c := connectedTo(t, &rtiHistory{})
	var messages []string
	for _, text := range texts {
		messages = append(messages, string(text))
	}
	want := []string{
		"body_height | body_height=170.0 cm | admission of 812", "body_weight | body_weight=70.0 kg | admission of 812",
		"live systolic_blood_pressure <nil>mmHg  of 812 in 90..160", "live mean_blood_pressure <nil>mmHg  of 812 in 60..110",
		"live diastolic_blood_pressure <nil>mmHg  of 812 in 50..90",
		"live diastolic_blood_pressure <nil>mmHg missing of 812 in 50..90", "live mean_blood_pressure <nil>mmHg missing of 812 in 60..110",
		"live systolic_blood_pressure <nil>mmHg missing of 812 in 90..160",
		"blood_pressure | systolic_blood_pressure=120 mm[Hg] | diastolic_blood_pressure=80 mm[Hg] | mean_blood_pressure=93 mm[Hg] | 2026-07-07T19:23:55+02:00 of 812" +
			" systolic_blood_pressure in 90..160 diastolic_blood_pressure in 50..90 mean_blood_pressure in 60..110",
		"live diastolic_blood_pressure 80mmHg valid of 812 in 50..90", "live mean_blood_pressure 93mmHg valid of 812 in 60..110",
		"live systolic_blood_pressure 120mmHg valid of 812 in 90..160",
		"alarms [physiological] of 812", `alarm high physiological 10002 "ЧСС - сл. низ"`,
		"alarms [technical] of 812", `alarm low technical 458 "нАД - манж. отсоед."`, `alarm low technical 5 "ЭКГ - отв. откл."`,
	}
	c.expect(want, messages...)
}

// Whatever comes, what a session tells can be recorded, is told of nobody
// before a patient is named, and does not grow without bounds.
func FuzzSession(f *testing.F) {
	f.Add([]byte(admitted("812") + periodic("101", "72") + stated("101", "2") + pressureAt(seven, "120") + admitted("813") + pressureAt(seven, "120")))
	f.Add([]byte(rti("54", "OBX||CE|1|1|10002^***x||||||F|||20260707192356") + rti("56") + rti("12", "OBX||CE|2024^||2101^") + rti("51", "OBX||NM|2002^|101|1")))
	f.Fuzz(func(t *testing.T, data []byte) {
		messages, err := messagesIn(data)
		if err != nil {
			return
		}
		now := time.Unix(1_800_000_000, 0)
		s := newRTISession("a:1", "Salle", "192.0.2.7", paris, &rtiHistory{}, now)
		for _, text := range messages {
			m, err := Parse(text)
			if err != nil || !spokenByMindray(m) {
				continue
			}
			before := s.admitted
			told, _ := s.read(m, now)
			for _, r := range append(told, s.flush()...) {
				checkReport(t, r, before || s.admitted)
			}
			m.release()
		}
		for _, r := range s.close() {
			checkReport(t, r, s.admitted)
		}
		if len(s.history.pressures) > maxPast || len(s.held.Measurements) > 0 {
			t.Error("not bounded")
		}
	})
}

func checkReport(t *testing.T, r fhirmap.Report, named bool) {
	if err := r.Validate(); err != nil {
		t.Error(err)
	}
	for i := range r.Measurements {
		m := &r.Measurements[i]
		if m.Patient == nil || m.Patient.ID != "" && !named {
			t.Errorf("of whom? %+v", m)
		}
	}
	for _, l := range r.Live {
		if l.Patient == nil || len(l.Values) == 0 {
			t.Errorf("%+v", l)
		}
		var types []fhirmap.Type
		for _, v := range l.Values {
			if slices.Contains(types, v.Type) {
				t.Errorf("%+v", l.Values)
			}
			types = append(types, v.Type)
		}
	}
	for _, a := range r.Alarms {
		if len(a.Complete) != 1 || len(a.List) > maxAlarms {
			t.Errorf("%+v", a)
		}
		for _, alarm := range a.List {
			if alarm.Priority.Rank() == 0 || alarm.Kind != a.Complete[0] {
				t.Errorf("%+v", alarm)
			}
		}
	}
}
