package api

import (
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// alertEvent is what subscriptions get of a change of an alarm condition.
func alertEvent(change *station.AlertChange, seq uint64, log string) (e shared, err error) {
	a := &change.Alert
	e.about = &about{
		event: change.Type, device: &a.Device, patient: a.Patient, consultation: a.Consultation, bed: a.Bed,
		coding: func() []fhirmap.Coding { return alertCodings(a) },
	}
	e.frame, err = encodeR4(openData(seq, change.Type, "Alert"), fhirmap.Issue(a, log))
	return e, err
}

// alertCodings is the alarm's own code, and those of the parameter that it is
// about.
func alertCodings(a *fhirmap.Alert) []fhirmap.Coding {
	return append(parameterCodings(a.Type), fhirmap.Coding{System: a.System, Code: a.Code})
}

// liveCodings is the codes of all parameters that a monitor shows.
func liveCodings(l *fhirmap.Live) (list []fhirmap.Coding) {
	for i := range l.Values {
		list = append(list, parameterCodings(l.Values[i].Type)...)
	}
	return list
}

// parameterCodings are the LOINC and MDC codes of t, and its name.
func parameterCodings(t fhirmap.Type) []fhirmap.Coding {
	if t == "" {
		return nil
	}
	list := []fhirmap.Coding{{Code: string(t)}}
	if vital, ok := fhirmap.Lookup(t); ok {
		for _, c := range vital.LOINC {
			list = append(list, fhirmap.Coding{System: fhirmap.LOINC, Code: c.Code})
		}
	}
	if p, ok := fhirmap.LookupParameter(t); ok && p.MDC.Code != "" {
		list = append(list, fhirmap.Coding{System: fhirmap.MDC, Code: p.MDC.Code})
	}
	return list
}
