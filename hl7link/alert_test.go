package hl7link

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
)

// r40 is an ORU^R40 with these segments after its header.
func r40(segments ...string) string {
	return "MSH|^~\\&|A|B|||20260101120000||ORU^R40^ORU_R40|1|P|2.6|||AL|NE|||||IHE_PCD_ACM_001^IHE PCD\r" + strings.Join(segments, "\r") + "\r"
}

const (
	alertOrder = "OBR|1|x|y|196616^MDC_EVT_ALARM^MDC|||20260101115900"
	lowAlert   = "OBX|1|ST|196674^MDC_EVT_LO_VAL_LT_LIM^MDC|1.1.0.1.1|low||||||R|||20260101115958"
	ofSaO2     = "OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.0.1.2|85|262688^MDC_DIM_PERCENT^MDC|90-100||||R"
)

// alarmLines are the alarms of reports, each in a line without its device.
func alarmLines(reports ...fhirmap.Report) (all []string) {
	for i, r := range reports {
		for _, line := range beside(i, r) {
			if _, alarm, found := strings.Cut(line, fhirmap.MDC+" "); found {
				all = append(all, alarm)
			}
		}
	}
	return all
}

func TestDecode_AlertFacets(t *testing.T) {
	facet := func(code, value string) string { return "OBX|9|ST|" + code + "^MDC|1.1|" + value + "||||||R" }
	const start = "since 2026-01-01T11:59:58+01:00"
	for name, c := range map[string]struct {
		segments []string
		want     string
	}{
		"nothing said": {[]string{lowAlert, ofSaO2}, `196674 "low" about "oxygen_saturation", priority medium, ` + start + `, ended false, acknowledged false`},
		"by reference id": {[]string{lowAlert, ofSaO2, facet("0^MDC_ATTR_ALARM_PRIORITY", "PH"), facet("0^MDC_ATTR_EVENT_PHASE", "start")},
			`196674 "low" about "oxygen_saturation", priority high, ` + start + `, ended false, acknowledged false`},
		"reference id first": {[]string{lowAlert, ofSaO2, facet("MDC_ATTR_ALARM_PRIORITY^68484", "PL"), facet("MDC_ATTR_EVT_PHASE^68481", "start")},
			`196674 "low" about "oxygen_saturation", priority low, ` + start + `, ended false, acknowledged false`},
		"by number": {[]string{lowAlert, ofSaO2, facet("68484^", "PH"), facet("68482^", "inactive")},
			`196674 "low" about "oxygen_saturation", priority high, ` + start + `, ended true, acknowledged false`},
		"by the reference ids of older editions": {[]string{lowAlert, facet("68164^MDC_ATTR_ALERT_SOURCE", "150456^MDC_PULS_OXIM_SAT_O2^MDC"), facet("68166^MDC_ATTR_ALERT_STATE", "latched"), facet("68165^MDC_ATTR_EVENT_PHASE", "end")},
			`196674 "low" about "oxygen_saturation", priority medium, since 0001-01-01T00:00:00Z, ended false, acknowledged false`},
		"in OBX-8": {[]string{strings.Replace(lowAlert, "|low||||", "|low|||L~PH~SP|", 1), ofSaO2},
			`196674 "low" about "oxygen_saturation", priority high, ` + start + `, ended false, acknowledged false`},
		"event in OBX-5": {[]string{facet("196616^MDC_EVT_ALARM", "197218^MDC_EVT_SYRINGE^MDC"), facet("68546^MDC_ATTR_ALERT_TEXT", "seringue"), facet("68485^MDC_ATTR_ALERT_TYPE", "ST")},
			`197218 "seringue" about "", priority low, since 2026-01-01T11:59:00+01:00, ended false, acknowledged false`},
		"continued and acknowledged": {[]string{lowAlert, ofSaO2, facet("68481^", "continue"), facet("68482^", "active"), facet("68483^", "alert-acknowledged")},
			`196674 "low" about "oxygen_saturation", priority medium, since 0001-01-01T00:00:00Z, ended false, acknowledged true`},
		"sound off is not acknowledged": {[]string{lowAlert, ofSaO2, facet("68481^", "update"), facet("68483^", "audio-off")},
			`196674 "low" about "oxygen_saturation", priority medium, since 0001-01-01T00:00:00Z, ended false, acknowledged false`},
		"event without a number": {[]string{"OBX|1|ST|0^MDCX_EVT_ALERT_ADVISORY^MDC|1|recheck|||A~PM~SA|||R"},
			`MDCX_EVT_ALERT_ADVISORY "recheck" about "", priority medium, since 2026-01-01T11:59:00+01:00, ended false, acknowledged false`},
	} {
		reports, err := Decode([]byte(r40(append([]string{alertOrder}, c.segments...)...)), paris)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff([]string{c.want}, alarmLines(reports...)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if len(reports[0].Measurements) > 0 || reports[0].Key == "" {
			t.Errorf("%s: %+v", name, reports[0])
		}
	}
}

// Alerts under several orders, of several devices and persons, stay apart.
// When the monitor says that an alarm is over is known as well as its start.
func TestDecode_AlertSaid(t *testing.T) {
	const over = "OBX|3|ST|68481^MDC_ATTR_EVENT_PHASE^MDC|1.1|end||||||R"
	for alert, want := range map[string]string{
		lowAlert: "2026-01-01T11:59:58+01:00",
		strings.TrimSuffix(lowAlert, "20260101115958"): "2026-01-01T11:59:00+01:00",
	} {
		d := decode([]byte(r40(alertOrder, alert, over)), decoding{zone: paris, dialects: dialects})
		if a := d.report.Alarms[0].List[0]; a.Said.Format(time.RFC3339) != want || !a.Ended || !a.Start.IsZero() {
			t.Errorf("%+v, want %s", a, want)
		}
	}
}

func TestDecode_SeveralAlerts(t *testing.T) {
	reports, err := Decode([]byte(r40(
		"PID|||1||One", "PV1|||^^A", alertOrder, lowAlert, ofSaO2, "OBX|3|ST|68484^^MDC||PH||||||R",
		alertOrder, strings.Replace(lowAlert, "196674^MDC_EVT_LO_VAL_LT_LIM", "196648^MDC_EVT_HI", 1), strings.Replace(ofSaO2, "150456^MDC_PULS_OXIM_SAT_O2", "149530^MDC_PULS_OXIM_PULS_RATE", 1),
		alertOrder, lowAlert+"||||001122FFFE334455^^001122FFFE334455^EUI-64",
		"PID|||2||Two", "PV1|||^^B", alertOrder, lowAlert, ofSaO2)), paris)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, all := range reports[0].Alarms {
		for _, a := range all.List {
			got = append(got, fmt.Sprint(all.Patient.Name(), all.Bed, " ", all.Device.EUI64, " ", a.Code, " ", a.Type, " ", a.Priority))
		}
	}
	want := []string{
		"ONEA  196674 oxygen_saturation high", "ONEA  196648 pulse_rate medium",
		"ONEA 001122FFFE334455 196674  low", "TWOB  196674 oxygen_saturation medium",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestListener_Alerts(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		stored           int
	}{
		{"alert", r40(alertOrder, lowAlert, ofSaO2), "CA", 1},
		{"no event", r40(alertOrder, ofSaO2), "CE", 0},
		{"event without a code", r40(alertOrder, "OBX|1|ST|196616^MDC_EVT_ALARM^MDC|1|||||||R"), "CE", 0},
		{"endless code", r40(alertOrder, "OBX|1|ST|"+strings.Repeat("9", 2000)+"^MDC_EVT_X^MDC|1|x||||||R"), "CE", 0},
		{"endless text", r40(alertOrder, strings.Replace(lowAlert, "|low|", "|"+strings.Repeat("é", 5000)+"|", 1), ofSaO2), "CA", 1},
	} {
		sink := &memorySink{}
		address, stop := start(t, ListenerOptions{Sink: sink})
		client := dial(t, address)
		for range 2 { // the same message again is one
			if got, err := client.Send(t.Context(), []byte(c.text)); err != nil || got != c.want {
				t.Errorf("%s: %s, %v", c.name, got, err)
			}
		}
		if sink.count() != c.stored {
			t.Errorf("%s: %d stored", c.name, sink.count())
		}
		stop()
	}
}

// The settings of Biolight's alarms stand under the codes of the values.
func TestDecode_BiolightSettings(t *testing.T) {
	for number, want := range map[string]int{"1001": 1, "1004": 1, "1005": 1, "1009": 0, "1010": 0, "1011": 0, "1015": 0} {
		text := "MSH|^~\\&|||||||ORU^R01|" + number + "|P|2.6\rOBX||NM|201^HR^BHC||120||||||F\r"
		reports, err := Decode([]byte(text), paris)
		if err != nil || len(reports[0].Measurements) != want {
			t.Errorf("%s: %v, %v", number, summaries(reports), err)
		}
		if reports[0].Streaming != (number == "1001" || number == "1004") {
			t.Errorf("%s: streaming %v", number, reports[0].Streaming)
		}
	}
}

// Whatever a Biolight monitor says in words about its alarms is an alarm, of
// medium priority: it says none that is known. Levels and switches are numbers.
func TestDecode_BiolightAlarms(t *testing.T) {
	for _, number := range []string{"1009", "1010", "1011"} {
		text := "MSH|^~\\&|||||||ORU^R01|" + number + "|P|2.6\rPV1||I|^^ICU&7\r" + strings.Join([]string{
			"OBX||CE|3^^BHC|201|12^HR trop basse||||||F",
			"OBX||CE|3^^BHC|201|12^HR trop basse||||||F", // once more
			"OBX||ST|3^^BHC||Capteur débranché||||||F",
			"OBX||NM|3^^BHC|251|1||||||F", // a level
			"OBX||NM|4^^BHC|251|0||||||F", // a switch
			"OBX||CE|3^^BHC|201|||||||F",  // nothing
		}, "\r") + "\r"
		reports, err := Decode([]byte(text), paris)
		if err != nil || len(reports[0].Measurements) != 0 || len(reports[0].Alarms) != 1 || reports[0].Alarms[0].Bed != "7" || reports[0].Alarms[0].Complete != nil {
			t.Fatalf("%s: %+v, %v", number, reports, err)
		}
		want := []fhirmap.Alarm{
			{Kind: fhirmap.Physiological, System: biolightAlarm, Code: "12", Text: "HR trop basse", Priority: fhirmap.PriorityMedium, Type: fhirmap.HeartRate},
			{Kind: fhirmap.Technical, System: biolightAlarm, Text: "Capteur débranché", Priority: fhirmap.PriorityMedium},
		}
		if got := reports[0].Alarms[0].List; !slices.Equal(got, want) {
			t.Errorf("%s: %+v", number, got)
		}
	}
}

// What the limits of Biolight's alarms are is kept with their parameters: the
// upper ones have the code 1, the lower ones 2, and OBX-4 names the parameter.
func TestDecode_BiolightLimits(t *testing.T) {
	text := "MSH|^~\\&|||||||ORU^R01|1009|P|2.6\rPV1||I|^^ICU&7\r" + strings.Join([]string{
		"OBX||NM|1^^BHC|201|120||||||F", "OBX||NM|2^^BHC|201|50||||||F",
		"OBX||NM|1^^BHC|351|21.3|^kPa^BHC|||||F",    // converted
		"OBX||NM|2^^BHC|352|60||||||F",              // in which unit?
		"OBX||NM|2^^BHC|259|45||||||F",              // the pulse
		"OBX||NM|1^^BHC|251|-100||||||F",            // none
		"OBX||NM|1^^BHC|9999|5||||||F",              // of what?
		"OBX||NM|3^^BHC|251|1||||||F",               // a level
		"OBX||NM|1^^BHC|401|thirty|^/min^BHC|||||F", // no number
	}, "\r") + "\r"
	reports, err := Decode([]byte(text), paris)
	if err != nil || len(reports[0].Measurements) != 0 || len(reports[0].Live) != 1 || reports[0].Live[0].Bed != "7" {
		t.Fatalf("%+v, %v", reports, err)
	}
	var got []string
	for _, v := range reports[0].Live[0].Values {
		limit := func(d *fhirmap.Decimal) string {
			if d == nil {
				return "none"
			}
			return d.String()
		}
		if v.Value != nil || v.State != "" {
			t.Errorf("%s has a value", v.Type)
		}
		got = append(got, fmt.Sprintf("%s %s to %s %s", v.Type, limit(v.Low), limit(v.High), v.Unit.UCUM))
	}
	want := []string{"heart_rate 50 to 120 /min", "systolic_blood_pressure none to 160 mm[Hg]", "pulse_rate 45 to none /min"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// An alarm of a simulator or of a monitor in training mode is none of a person.
func TestDecode_TestAlarms(t *testing.T) {
	physiological := rti("54", "OBX||CE|1|1|10002^***HR||||||F")
	for text, want := range map[string]bool{
		r40(alertOrder, lowAlert): false, strings.Replace(r40(alertOrder, lowAlert), "|1|P|", "|1|T|", 1): true, strings.Replace(r40(alertOrder, lowAlert), "|1|P|", "|1|D|", 1): true,
		physiological: false, strings.Replace(physiological, "|P|", "|T|", 1): true,
	} {
		d := decode([]byte(text), decoding{zone: paris, dialects: dialects, ward: &rtiWard{}})
		if len(d.report.Alarms) != 1 || d.report.Alarms[0].Test != want {
			t.Errorf("%q: %+v", text, d.report.Alarms)
		}
	}
}

func TestDecode_TooManyAlerts(t *testing.T) {
	many := make([]string, 2*maxObservations)
	for i := range many {
		many[i] = strings.Replace(lowAlert, "196674", fmt.Sprint(196608+i), 1)
	}
	if d := decode([]byte(r40(many...)), decoding{zone: paris, dialects: dialects}); d.verdict.code != "AE" || len(d.report.Alarms) > 0 {
		t.Errorf("%+v", d.verdict)
	}
}
