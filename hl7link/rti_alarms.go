package hl7link

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vitalien/fhirmap"
)

// mindrayAlarms is the system of the alarm codes of Mindray's monitors.
const mindrayAlarms = "urn:hl7:mindray:alarm"

const (
	maxAlarms    = 64  // that a monitor has at once
	maxAlarmText = 256 // bytes
)

// rtiAlarmKinds is what OBX-3 says of an alarm in messages 54 and 56.
var rtiAlarmKinds = map[string]fhirmap.AlarmKind{
	"1": fhirmap.Physiological, "2": fhirmap.Physiological,
	"3": fhirmap.Technical, "4": fhirmap.Technical,
}

// rtiLevels is the level of an alarm in OBX-4, and how many asterisks stand for
// it before its text.
var rtiLevels = map[string]fhirmap.Priority{
	"1": fhirmap.PriorityHigh, "2": fhirmap.PriorityMedium, "3": fhirmap.PriorityLow,
}

var rtiAsterisks = [...]fhirmap.Priority{"", fhirmap.PriorityLow, fhirmap.PriorityMedium, fhirmap.PriorityHigh}

// rtiAlarmed is what the alarms are about whose codes captures of monitors show
// beside their texts.
var rtiAlarmed = map[string]fhirmap.Type{
	"10002": fhirmap.HeartRate,        // HR too low
	"10076": fhirmap.BodyTemperature,  // T1 too low
	"205":   fhirmap.OxygenSaturation, // SpO2 sensor off
	"458":   fhirmap.Systolic,         // NIBP cuff off
	"5":     fhirmap.HeartRate,        // ECG lead off
}

// An rtiSaid is a list of alarms, and when it was told.
type rtiSaid struct {
	list string
	at   time.Time
}

// alarmsAgain is how often alarms are told that do not change, so that one that
// lasts is not taken for forgotten.
const alarmsAgain = 10 * time.Minute

// alarm reads messages 54 and 56, which list all alarms of their kind that are
// present. Monitors send them each second: a change is told, and now and then
// that there is none.
func (s *rtiSession) alarm(m *Message, kind fhirmap.AlarmKind, now time.Time) {
	var list []fhirmap.Alarm
	for _, segment := range m.Segments {
		if segment.Name != "OBX" || rtiAlarmKinds[segment.Text(3)] != kind || len(list) == maxAlarms {
			continue
		}
		a, ok := s.alarmIn(segment, kind)
		same := slices.IndexFunc(list, func(o fhirmap.Alarm) bool { return o.Key() == a.Key() })
		switch {
		case ok && same < 0:
			list = append(list, a)
		case ok && a.Priority.Rank() > list[same].Priority.Rank():
			list[same] = a
		}
	}
	if kind == fhirmap.Technical {
		s.settings.technical = list
		list = slices.Concat(list, s.settings.silenced)
	}
	s.tellAlarms(kind, list, now)
}

// tellAlarms tells all alarms of a kind, if that says anything new.
func (s *rtiSession) tellAlarms(kind fhirmap.AlarmKind, list []fhirmap.Alarm, now time.Time) {
	state := fmt.Sprintf("%q %v", s.patient.Key(), list)
	if last, said := s.told[kind]; said && last.list == state && now.Sub(last.at).Abs() < alarmsAgain && !s.guest {
		return
	}
	s.told[kind] = rtiSaid{state, now}
	r := fhirmap.Report{Alarms: []fhirmap.Alarms{{
		Device: s.device, Bed: s.bed, Patient: s.subject(), Complete: []fhirmap.AlarmKind{kind}, List: list, Test: s.test,
	}}}
	if s.waiting() {
		s.hold(r)
		return
	}
	s.tell(r)
}

// alarmIn reads one alarm: its level (OBX-4), code and text (OBX-5), and when
// it began (OBX-14). Where level and asterisks disagree, the higher counts.
func (s *rtiSession) alarmIn(segment Segment, kind fhirmap.AlarmKind) (fhirmap.Alarm, bool) {
	code, text := value(segment.Component(5, 1)), value(segment.Component(5, 2))
	own := strings.TrimLeft(text, "*")
	if code == "" && strings.TrimSpace(own) == "" {
		return fhirmap.Alarm{}, false
	}
	asterisks := min(len(text)-len(own), 3)
	priority := rtiLevels[value(segment.Text(4))]
	if said := rtiAsterisks[asterisks]; said.Rank() > priority.Rank() {
		priority = said
	}
	if priority == "" && kind == fhirmap.Physiological {
		priority = s.settings.levels[rtiAlarmed[code]]
	}
	if priority == "" {
		priority = fhirmap.PriorityLow
		if kind == fhirmap.Physiological {
			priority = fhirmap.PriorityMedium
		}
	}
	return fhirmap.Alarm{
		Kind: kind, System: mindrayAlarms, Code: shorten(code, maxAlarmText), Type: rtiAlarmed[code], Text: shorten(strings.TrimSpace(own), maxAlarmText),
		Priority: priority, Start: readTime(segment.Text(14), s.zone).time,
	}, true
}

// shorten is the beginning of text, at most limit bytes of whole characters.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
