package station

import (
	"slices"
	"strings"
	"time"

	"vitalien/fhirmap"
)

// A gateway can have several connections, so that what begins an alarm comes
// after what ended it. Such a latecomer would be an alarm that never ends.
const (
	lateBy   = time.Minute // at most
	mostEnds = 1024        // remembered
)

// endings are when the alarms that ended of late did so.
type endings map[endedAlarm]ending

type endedAlarm struct {
	place
	key string // Alarm.Key
}

type ending struct{ said, received time.Time }

// withoutLate is the alarms at a place without those that the monitor says were
// there before it said that they are over. The caller holds alerts.mu.
func (e endings) withoutLate(where place, list []fhirmap.Alarm, now time.Time) []fhirmap.Alarm {
	late := func(alarm fhirmap.Alarm) bool {
		over, ended := e[endedAlarm{where, alarm.Key()}]
		return ended && !alarm.Ended && !alarm.Said.IsZero() && alarm.Said.Before(over.said) && now.Sub(over.received).Abs() < lateBy
	}
	if slices.ContainsFunc(list, late) {
		list = slices.DeleteFunc(slices.Clone(list), late)
	}
	for i := range list {
		if alarm := &list[i]; alarm.Ended && !alarm.Said.IsZero() {
			e.note(where, alarm, now)
		}
	}
	return list
}

func (e endings) note(where place, alarm *fhirmap.Alarm, now time.Time) {
	if len(e) >= mostEnds {
		clear(e)
	}
	where = place{strings.Clone(where.device), strings.Clone(where.bed)}
	e[endedAlarm{where, alarm.Key()}] = ending{alarm.Said, now}
}
