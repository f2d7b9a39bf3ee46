package fhirmap

import "slices"

// ObservationTypes are what the Observations of m are about, in the order of R4.
func (m *Measurement) ObservationTypes() []Type {
	var first, others []Type
	for i := range m.Readings {
		switch t := m.Readings[i].Type; {
		case t == m.Type, inPanel(m.Type, t):
			first = []Type{m.Type}
		default:
			others = append(others, t)
		}
	}
	return append(first, others...)
}

// TypesWithCode are the types of Observations that can have that code, in
// system or, where it is empty, in any: in their own code, or with parts in that
// of a component. None: no Observation of ours has it, unless the device gave a
// code of its own.
func TypesWithCode(system, code string, parts bool) []Type {
	var list []Type
	for i := range vitals {
		t := vitals[i].Type
		if hasCode(t, system, code) || parts && slices.ContainsFunc(partsOf(t), func(part Type) bool { return hasCode(part, system, code) }) {
			list = append(list, t)
		}
	}
	return list
}

func partsOf(panel Type) []Type { return slices.Concat(panels[panel].demanded, panels[panel].optional) }

func hasCode(t Type, system, code string) bool {
	vital := byType[t]
	if system == "" || system == LOINC {
		if slices.ContainsFunc(vital.LOINC, func(c Code) bool { return c.Code == code }) {
			return true
		}
	}
	pulse := t == HeartRate && (code == pulses[OxygenSaturation].Code || code == pulses[BloodPressure].Code)
	return (system == "" || system == MDC) && (vital.MDC.Code == code || pulse)
}
