package hl7link

import (
	"testing"

	"vitalien/fhirmap"
)

// How alarms are set: limits of an alarm that is off are none, and that all are
// off or paused is an alarm itself.
func TestRTISession_AlarmSettings(t *testing.T) {
	c := connectedTo(t, &rtiHistory{})
	c.say(admitted("812"))
	hear := func(text string) []fhirmap.Report {
		m, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		reports, _ := c.read(m, c.now)
		return append(reports, c.flush()...)
	}
	hear(rti("51", "OBX||NM|2002^|101|120||||||F", "OBX||NM|2003^|101|50||||||F"))
	limits := func() (low, high *fhirmap.Decimal) {
		reports := hear(periodic("101", "72"))
		r := reports[len(reports)-1].Measurements[0].Readings[0]
		return r.Low, r.High
	}
	if low, high := limits(); low == nil || high == nil {
		t.Error(low, high)
	}
	told := hear(rti("60", "OBX||CE|2004^|101|0^||||||F", "OBX||CE|2004^|160|1^||||||F", "OBX||CE|2006^|101|0^||||||F"))
	if v := told[0].Live[0].Values; len(told) != 1 || len(v) != 1 || v[0].Type != fhirmap.HeartRate || v[0].State != "" || v[0].Low != nil || v[0].High != nil {
		t.Errorf("%+v", told)
	}
	if low, high := limits(); low != nil || high != nil {
		t.Error(low, high)
	}
	told = hear(rti("60", "OBX||CE|2004^|101|1^||||||F"))
	if v := told[0].Live[0].Values; v[0].Low.String() != "50" || v[0].High.String() != "120" {
		t.Errorf("%+v", v)
	}

	bare := rti("54", "OBX||CE|1||10002^HR low||||||F|||")
	c.expect([]string{"alarms [physiological] of 812", `alarm medium physiological 10002 "HR low"`}, bare)
	c.expect([]string{"alarms [physiological] of 812"}, rti("54"))
	c.expect([]string{"alarms [physiological] of 812", `alarm high physiological 10002 "HR low"`}, rti("58", "OBX||CE|2009^|101|1^||||||F"), bare)

	off := rti("53", "OBX||NM|2013^Volume||1||||||F", "OBX||NM|2014^Alarm Mute||1||||||F", "OBX||NM|2027^Alm off||1||||||F", "OBX||NM|2016^||2||||||F")
	c.expect(nil, off) // the list of message 56 is still to come
	lead := rti("56", "OBX||CE|4||5^ECG Lead Off||||||F|")
	c.expect([]string{"alarms [technical] of 812", `alarm low technical 5 "ECG Lead Off"`, `alarm low technical 2027 "Alm off"`, `alarm low technical 2016 "Alarms paused"`}, lead)
	c.expect(nil, off, lead)
	c.expect([]string{"alarms [technical] of 812", `alarm low technical 5 "ECG Lead Off"`},
		rti("53", "OBX||NM|2027^Alm off||0||||||F", "OBX||NM|2016^||0||||||F"))
}
