package hl7link

import (
	"strings"
	"time"

	"vitalien/fhirmap"
)

// rtiSettings are how the alarms of a monitor are set.
type rtiSettings struct {
	off       map[string]bool                   // parameters whose alarms are switched off
	levels    map[fhirmap.Type]fhirmap.Priority // of alarms that do not say theirs
	technical []fhirmap.Alarm                   // those that message 56 listed last
	silenced  []fhirmap.Alarm                   // that alarms are off or paused, as alarms
}

func newRTISettings() rtiSettings {
	return rtiSettings{off: map[string]bool{}, levels: map[fhirmap.Type]fhirmap.Priority{}}
}

// limitsOf are the limits of a parameter that alarms.
func (s *rtiSession) limitsOf(id string) bounds {
	if s.settings.off[id] {
		return bounds{}
	}
	return s.limits[id]
}

// switchAlarms reads message 60: for which parameters alarms are on (OBX 2004, 0
// for off). Limits that alarm nobody are not shown as if they did.
func (s *rtiSession) switchAlarms(m *Message) {
	var told []fhirmap.LiveValue
	for _, segment := range m.Segments {
		id := strings.Clone(segment.Text(4))
		parameter, known := rtiParameters[id]
		if segment.Name != "OBX" || !known || segment.Text(3) != "2004" {
			continue
		}
		off := value(segment.Text(5)) == "0"
		if off == s.settings.off[id] {
			continue
		}
		s.settings.off[id] = off
		told = s.withLimits(told, id, parameter)
	}
	s.tellLimits(told)
}

// level reads message 58: the level of the alarms of each parameter (OBX 2009).
func (s *rtiSession) level(m *Message) {
	for _, segment := range m.Segments {
		parameter, known := rtiParameters[segment.Text(4)]
		if segment.Name == "OBX" && known && segment.Text(3) == "2009" {
			s.settings.levels[parameter.shown] = rtiLevels[value(segment.Text(5))]
		}
	}
}

// rtiSilenced are the states of the alarm system in which alarms do not come,
// whatever happens: all off, all paused. What they are called where the monitor
// has no label.
var rtiSilenced = map[string]string{"2027": "Alarms off", "2016": "Alarms paused"}

// alarmSystem reads message 53. That a monitor does not alarm is told as a
// technical alarm, since nobody would come to know otherwise.
func (s *rtiSession) alarmSystem(m *Message, now time.Time) {
	s.settings.silenced = nil
	for _, segment := range m.Segments {
		code := segment.Text(3)
		name, known := rtiSilenced[code]
		if state := value(segment.Text(5)); segment.Name != "OBX" || !known || state == "" || strings.Trim(state, "0") == "" {
			continue
		}
		if label := value(segment.Component(3, 2)); label != "" {
			name = label
		}
		s.settings.silenced = append(s.settings.silenced, fhirmap.Alarm{
			Kind: fhirmap.Technical, System: mindrayAlarms, Code: strings.Clone(code), Priority: fhirmap.PriorityLow,
			Text: shorten(strings.Clone(strings.TrimSpace(name)), maxAlarmText),
		})
	}
	if _, listed := s.told[fhirmap.Technical]; listed { // else message 56 is still to come
		s.tellAlarms(fhirmap.Technical, append(s.settings.technical[:len(s.settings.technical):len(s.settings.technical)], s.settings.silenced...), now)
	}
}
