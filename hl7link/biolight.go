package hl7link

import "vitalien/fhirmap"

// biolightDialect is the data service of Biolight's PDS gateway, HL7 2.6:
// codes with the system BHC. MSH-10 is the number of the message type.
var biolightDialect = dialect{
	name:         "Biolight",
	lookup:       biolightTerms.byCode("BHC"),
	missing:      map[string]fhirmap.Absent{"-100": fhirmap.AbsentUnknown},
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

// biolightStreaming are the periodic values: 1001 with the modules that are
// plugged in, 1004 in the ordinary. A cuff pressure (1005) and a cardiac output
// (1006) come once.
var biolightStreaming = set("1001", "1004")

// biolightSettings tells messages that hold how the alarms are set (1009
// limits, 1010 levels, 1011 switches) or waveforms (1015), under the codes of
// the values themselves.
func biolightSettings(_ *decoded, m *Message, _ sender) bool {
	switch m.Header().Text(10) {
	case "1009", "1010", "1011", "1015":
		return true
	}
	return false
}

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
