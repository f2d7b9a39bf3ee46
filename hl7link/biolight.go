package hl7link

import (
	"slices"

	"vitalien/fhirmap"
)

// biolightDialect is the data service of Biolight's PDS gateway, HL7 2.6:
// codes with the system BHC. MSH-10 is the number of the message type.
var biolightDialect = dialect{
	name:         "Biolight",
	lookup:       biolightTerms.byCode("BHC"),
	missing:      biolightMissing,
	numbered:     func(id string) bool { return len(id) == 4 && id >= "1001" && id <= "1015" },
	streaming:    func(m *Message) bool { return biolightStreaming[m.Header().Text(10)] },
	special:      biolightSettings,
	manufacturer: "Biolight",
	spoken: func(m *Message) bool {
		for _, s := range m.Segments {
			if s.Name == "OBX" && s.Component(3, 3) == "BHC" {
				return true
			}
		}
		return false
	},
}

var biolightMissing = map[string]fhirmap.Absent{"-100": fhirmap.AbsentUnknown}

// biolightStreaming are the periodic values: 1001 with the modules that are
// plugged in, 1004 in the ordinary. A cuff pressure (1005) and a cardiac output
// (1006) come once.
var biolightStreaming = set("1001", "1004")

// biolightSettings reads messages about alarms: their limits (1009), levels
// (1010) and switches (1011), which are numbers, and conditions that are
// present, which are words. Waveforms (1015) stand under the codes of the values
// themselves, and show nothing.
func biolightSettings(d *decoded, m *Message, from sender) bool {
	switch m.Header().Text(10) {
	case "1009":
		d.biolightLimits(m, from)
		d.biolightAlarms(m, from)
		return true
	case "1010", "1011":
		d.biolightAlarms(m, from)
		return true
	case "1015":
		return true
	}
	return false
}

// biolightAlarm is the system of the codes of Biolight's alarms.
const biolightAlarm = "urn:hl7:biolight:alarm"

// worded are the value types of what is said in words.
var worded = set("CE", "CWE", "CNE", "ST", "TX", "FT", "IS")

// biolightAlarms reads the conditions that a message names: number^words (CE) or
// words alone. No capture of one is published, so nothing more is taken for
// known: neither its priority, which counts as medium so that nobody overlooks
// it, nor that a condition which is not named again is over.
func (d *decoded) biolightAlarms(m *Message, from sender) {
	var list []fhirmap.Alarm
	for _, s := range m.Segments {
		code, text := s.Component(5, 1), s.Component(5, 2)
		if s.Name != "OBX" || !worded[s.Text(2)] || code+text == "" || len(list) == maxAlarms {
			continue
		}
		if text == "" {
			code, text = "", code
		}
		a := fhirmap.Alarm{Kind: fhirmap.Technical, System: biolightAlarm, Code: code, Text: text, Priority: fhirmap.PriorityMedium}
		if o := (observation{term: biolightTerms[s.Text(4)]}); o.vitalSign() {
			a.Kind, a.Type = fhirmap.Physiological, o.vital
		}
		if !slices.ContainsFunc(list, func(have fhirmap.Alarm) bool { return have.Key() == a.Key() }) {
			list = append(list, a)
		}
	}
	if len(list) > 0 {
		d.report.Alarms = append(d.report.Alarms, fhirmap.Alarms{Device: from.device, Bed: from.bed, Patient: from.patient, List: list})
	}
}

// biolightLimits reads the upper (1^^BHC) and lower limit (2^^BHC) of each
// parameter, which OBX-4 names.
func (d *decoded) biolightLimits(m *Message, from sender) {
	live := fhirmap.Live{Device: from.device, Bed: from.bed, Patient: from.patient}
	for _, s := range m.Segments {
		o := observation{term: biolightTerms[s.Text(4)]}
		which := s.Text(3)
		if s.Name != "OBX" || which != "1" && which != "2" || !o.vitalSign() || len(live.Values) == maxLimits {
			continue
		}
		text, absent, ok := numberText(s)
		limit, err := parseNumber(text)
		limit, unit, _, wrong := convert(o.vital, limit, s, o.unit)
		if !ok || absent != "" || biolightMissing[integral(text)] != "" || err != nil || wrong.code != 0 {
			continue
		}
		o.reading.Unit = unit
		v := o.live()
		v.State = ""
		i := slices.IndexFunc(live.Values, func(w fhirmap.LiveValue) bool { return w.Type == v.Type })
		if i < 0 {
			i = len(live.Values)
			live.Values = append(live.Values, v)
		}
		if which == "1" {
			live.Values[i].High = &limit
		} else {
			live.Values[i].Low = &limit
		}
	}
	if len(live.Values) > 0 {
		d.report.Live = append(d.report.Live, live)
	}
}

// maxLimits bounds the parameters of one message.
const maxLimits = 64

var biolightTerms = terms{
	"201":  {vital: fhirmap.HeartRate, unit: "/min"},
	"219":  {vital: fhirmap.PrematureBeats, unit: "/min"},
	"251":  {vital: fhirmap.OxygenSaturation, unit: "%"},
	"252":  {vital: fhirmap.PerfusionIndex, unit: "%"},
	"259":  {vital: fhirmap.HeartRate, unit: "/min", pulse: ofOximeter},
	"351":  {vital: fhirmap.Systolic},
	"352":  {vital: fhirmap.Diastolic},
	"353":  {vital: fhirmap.Mean},
	"355":  {vital: fhirmap.HeartRate, unit: "/min", pulse: ofCuff},
	"401":  {vital: fhirmap.RespiratoryRate, unit: "/min"},
	"751":  {vital: fhirmap.CardiacOutput},
	"1051": {vital: fhirmap.BodyTemperature},
	"1052": {vital: fhirmap.BodyTemperature},
	"1501": {vital: fhirmap.InvasiveSystolic}, // of line P1, wherever that is
	"4201": {vital: fhirmap.BodyHeight, origin: fhirmap.OriginAdmission},
	"4202": {vital: fhirmap.BodyWeight, origin: fhirmap.OriginAdmission},
}
