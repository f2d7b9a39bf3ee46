package ui

import (
	"cmp"
	"slices"
	"time"

	"vitalien/fhirmap"
)

// An alarmText is an alarm as the band and the page of alarms write it.
type alarmText struct {
	title    string   // Lit 3 · SpO₂ basse
	details  []string // LEFÈVRE Éloïse · depuis 35 s · Priorité haute · BeneView T8, then with less and less behind whose it is
	priority fhirmap.Priority
	waiting  bool // nobody has acknowledged it
	lit      bool // and it is present
}

func (w words) alarm(a *fhirmap.Alert, now time.Time) alarmText {
	where, device := w.bed(a.Bed), w.place("", &a.Device)
	if where == "" || says(device, where) {
		where, device = device, ""
	}
	text := alarmText{
		title:    joined(" · ", where, w.condition(a)),
		priority: a.Priority, waiting: a.Acknowledged.IsZero(), lit: lit(a),
	}
	person := ""
	if a.Patient != nil {
		person, _ = w.whose(a.Patient)
	}
	if a.Test {
		person = joined(" · ", person, w.say("live.simulated"))
	}
	lasted := w.say("alarm.since", "age", w.brief(max(now.Sub(a.Start), 0)))
	ended, acknowledged := "", ""
	if !a.Active() {
		lasted = w.say("alarm.lasted", "age", w.brief(max(a.End.Sub(a.Start), 0)))
		ended = w.say("alarm.ended", "time", w.at(moment(a.End, now)))
	}
	if !text.waiting {
		acknowledged = w.say("alarm.acknowledged", "time", w.at(moment(a.Acknowledged, now)))
	}
	detail := joined(" · ", person, lasted)
	text.details = []string{detail}
	for _, more := range []string{joined(" · ", ended, acknowledged), joined(" · ", w.priority(a.Priority), w.kind(a.Kind)), device} {
		if more != "" {
			detail = joined(" · ", detail, more)
			text.details = slices.Insert(text.details, 0, detail)
		}
	}
	return text
}

// condition is what the monitor calls the alarm; what it is about where the
// monitor has no words.
func (w words) condition(a *fhirmap.Alert) string {
	switch {
	case a.Text != "":
		return a.Text
	case a.Type != "":
		return w.vital(a.Type)
	}
	return w.say("alarm.nameless", "code", a.Code)
}

func (w words) priority(p fhirmap.Priority) string {
	switch p {
	case fhirmap.PriorityHigh:
		return w.say("alarm.high")
	case fhirmap.PriorityMedium:
		return w.say("alarm.medium")
	case fhirmap.PriorityLow:
		return w.say("alarm.low")
	}
	return w.say("alarm.unknown")
}

// kind is only said of what is about the equipment.
func (w words) kind(k fhirmap.AlarmKind) string {
	if k == fhirmap.Technical {
		return w.say("alarm.technical")
	}
	return ""
}

// byUrgency puts what nobody has acknowledged first, in it what is present, in
// it the more urgent, in it the newer.
func byUrgency(alerts []fhirmap.Alert) []fhirmap.Alert {
	sorted := slices.Clone(alerts)
	slices.SortStableFunc(sorted, func(a, b fhirmap.Alert) int {
		return cmp.Or(before(a.Acknowledged.IsZero(), b.Acknowledged.IsZero()), fhirmap.Urgency(a, b))
	})
	return sorted
}

// lit tells whether the mark of an alarm is to be seen from afar: it is
// present, and nobody has acknowledged it.
func lit(a *fhirmap.Alert) bool { return a.Active() && a.Acknowledged.IsZero() }

func before(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// waiting counts the alarms that nobody has acknowledged.
func waiting(alerts []fhirmap.Alert) (n int) {
	for i := range alerts {
		if alerts[i].Acknowledged.IsZero() {
			n++
		}
	}
	return n
}
