package hl7link

import (
	"slices"
	"strings"

	"vitalien/fhirmap"
)

// mindrayDialect is Mindray's Realtime Result Interface (RTI), HL7 2.3.1: plain
// numbers in OBX-3.1, no coding system, no units, and labels in the language
// of the monitor, which mean nothing here.
var mindrayDialect = dialect{
	name:         "Mindray RTI",
	spoken:       spokenByMindray,
	lookup:       mindrayTerms.byCode(""),
	missing:      map[string]fhirmap.Absent{"-100": fhirmap.AbsentUnknown, "-1000": fhirmap.AbsentUnknown, "-10000": fhirmap.AbsentUnknown},
	numbered:     func(id string) bool { return mindrayTypes[id] },
	streaming:    func(m *Message) bool { return m.Header().Text(10) == rtiPeriodic },
	manufacturer: "Mindray",
}

// rtiDialects is what a connection to a monitor understands.
var rtiDialects = []*dialect{&mindrayDialect}

func spokenByMindray(m *Message) bool {
	header := m.Header()
	sender := header.Text(3) + header.Text(4)
	return header.Text(12) == "2.3.1" && header.Component(9, 1) == "ORU" && header.Component(9, 2) == "R01" &&
		(sender == "" || strings.Contains(strings.ToUpper(sender), "MINDRAY")) && !m.namesCodingSystem()
}

// namesCodingSystem tells whether some OBX-3 does, which those of RTI never do:
// the message is another sender's, and its MSH-10 a control id.
func (m *Message) namesCodingSystem() bool {
	return slices.ContainsFunc(m.Segments, func(s Segment) bool { return s.Name == "OBX" && s.Component(3, 3) != "" })
}

var mindrayTerms = terms{
	"51":  {vital: fhirmap.BodyWeight, unit: "kg", origin: fhirmap.OriginAdmission},
	"52":  {vital: fhirmap.BodyHeight, unit: "cm", origin: fhirmap.OriginAdmission},
	"101": {vital: fhirmap.HeartRate, unit: "/min"},
	"151": {vital: fhirmap.RespiratoryRate, unit: "/min"},
	"160": {vital: fhirmap.OxygenSaturation, unit: "%"},
	"161": {vital: fhirmap.HeartRate, unit: "/min", pulse: ofOximeter},
	"170": {vital: fhirmap.Systolic, unit: "mmHg"},
	"171": {vital: fhirmap.Diastolic, unit: "mmHg"},
	"172": {vital: fhirmap.Mean, unit: "mmHg"},
	"200": {vital: fhirmap.BodyTemperature, unit: "Cel"},
	"201": {vital: fhirmap.BodyTemperature, unit: "Cel"},
	"500": {vital: fhirmap.ArterialSystolic, unit: "mmHg"},
	"501": {vital: fhirmap.ArterialMean, unit: "mmHg"},
	"502": {vital: fhirmap.ArterialDiastolic, unit: "mmHg"},
}

// An rtiParameter is what a parameter of the monitor is on a screen.
type rtiParameter struct {
	shown fhirmap.Type
	// bare: the unit depends on how the monitor is set (mmHg, kPa or %), which
	// it does not say.
	bare bool
}

// rtiParameters are the parameters by their number. Of the two lines that the
// monitor has no name for (174 to 180, IBP) it is not known which value is the
// systolic one, so they are shown in their order.
var rtiParameters = map[string]rtiParameter{
	"101": {shown: fhirmap.HeartRate},
	"102": {shown: fhirmap.PrematureBeats},
	"105": {shown: fhirmap.STSegmentI},
	"106": {shown: fhirmap.STSegmentII},
	"107": {shown: fhirmap.STSegmentIII},
	"108": {shown: fhirmap.STSegmentAVR},
	"109": {shown: fhirmap.STSegmentAVL},
	"110": {shown: fhirmap.STSegmentAVF},
	"111": {shown: fhirmap.STSegmentV1},
	"112": {shown: fhirmap.STSegmentV2},
	"113": {shown: fhirmap.STSegmentV3},
	"114": {shown: fhirmap.STSegmentV4},
	"115": {shown: fhirmap.STSegmentV5},
	"116": {shown: fhirmap.STSegmentV6},
	"117": {shown: fhirmap.STSegmentV},
	"151": {shown: fhirmap.RespiratoryRate},
	"160": {shown: fhirmap.OxygenSaturation},
	"161": {shown: fhirmap.PulseRate},
	"162": {shown: fhirmap.PerfusionIndex},
	"170": {shown: fhirmap.Systolic},
	"171": {shown: fhirmap.Diastolic},
	"172": {shown: fhirmap.Mean},
	"174": {shown: fhirmap.Invasive1A, bare: true},
	"175": {shown: fhirmap.Invasive1B, bare: true},
	"176": {shown: fhirmap.Invasive1C, bare: true},
	"178": {shown: fhirmap.Invasive2A, bare: true},
	"179": {shown: fhirmap.Invasive2B, bare: true},
	"180": {shown: fhirmap.Invasive2C, bare: true},
	"200": {shown: fhirmap.BodyTemperature},
	"201": {shown: fhirmap.Temperature2},
	"202": {shown: fhirmap.TemperatureDiff},
	"210": {shown: fhirmap.CardiacOutput},
	"212": {shown: fhirmap.CardiacIndex},
	"213": {shown: fhirmap.BloodTemperature},
	"220": {shown: fhirmap.EndTidalCO2, bare: true},
	"222": {shown: fhirmap.AirwayRate},
	"250": {shown: fhirmap.EndTidalCO2, bare: true},
	"251": {shown: fhirmap.InspiredCO2, bare: true},
	"253": {shown: fhirmap.EndTidalO2, bare: true},
	"254": {shown: fhirmap.InspiredO2, bare: true},
	"256": {shown: fhirmap.EndTidalN2O, bare: true},
	"257": {shown: fhirmap.InspiredN2O, bare: true},
	"268": {shown: fhirmap.EndTidalIso, bare: true},
	"269": {shown: fhirmap.InspiredIso, bare: true},
	"280": {shown: fhirmap.AirwayRate},
	"281": {shown: fhirmap.AlveolarConc},
	"500": {shown: fhirmap.ArterialSystolic},
	"501": {shown: fhirmap.ArterialMean},
	"502": {shown: fhirmap.ArterialDiastolic},
	"503": {shown: fhirmap.PulmonarySys},
	"504": {shown: fhirmap.PulmonaryMean},
	"505": {shown: fhirmap.PulmonaryDia},
	"506": {shown: fhirmap.AorticSys},
	"507": {shown: fhirmap.AorticMean},
	"508": {shown: fhirmap.AorticDia},
	"515": {shown: fhirmap.FemoralSys},
	"516": {shown: fhirmap.FemoralMean},
	"517": {shown: fhirmap.FemoralDia},
	"566": {shown: fhirmap.CentralVenous},
	"587": {shown: fhirmap.PulsePressureVar},
	"600": {shown: fhirmap.PulseRate2},
}

// The message numbers of RTI (MSH-10) that say something of the patient.
const (
	rtiModuleOff     = "12"
	rtiLimits        = "51"
	rtiSystem        = "53"
	rtiLevelsSet     = "58"
	rtiSwitches      = "60"
	rtiPhysiological = "54"
	rtiTechnical     = "56"
	rtiPatient       = "103"
	rtiPeriodic      = "204"
	rtiValueState    = "205"
	rtiPressure      = "503"
	rtiPressureState = "504"
)

// mindrayTypes are the message numbers that RTI writes into MSH-10, so that
// two different messages share one.
var mindrayTypes = set("5", "11", "12", "51", "53", "54", "56", "58", "60", "101", "103", "106",
	"159", "160", "161", "204", "205", "251", "253", "256", "301", "320", "451", "501", "502",
	"503", "504", "701", "851", "1202", "1203", "1205")

func set(members ...string) map[string]bool {
	s := make(map[string]bool, len(members))
	for _, m := range members {
		s[m] = true
	}
	return s
}
