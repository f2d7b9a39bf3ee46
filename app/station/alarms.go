package station

import (
	"maps"
	"slices"
	"time"

	"vitalien/fhirmap"
)

// A comparison finds what changes the alarms of a message make to the alerts
// that are present at a place.
type comparison struct {
	now     time.Time
	alarms  *fhirmap.Alarms
	present map[string]alertEntry // by Alarm.Key; becomes what is present afterwards
	start   func(*fhirmap.Alarm) alertEntry
	changes []alertEntry
}

func (c *comparison) compare() {
	listed := make(map[string]bool, len(c.alarms.List))
	for i := range c.alarms.List {
		alarm := &c.alarms.List[i]
		key := alarm.Key()
		have, present := c.present[key]
		if present && !samePerson(have.Named, c.alarms.Patient) {
			c.end(key) // it was somebody else's
			present = false
		}
		switch {
		case alarm.Ended && present:
			c.end(key)
		case alarm.Ended:
		case present:
			c.goOn(key, have, alarm)
		default:
			c.present[key] = c.start(alarm)
			c.changes = append(c.changes, c.present[key])
		}
		listed[key] = !alarm.Ended
	}
	for _, key := range slices.Sorted(maps.Keys(c.present)) {
		if !listed[key] && slices.Contains(c.alarms.Complete, c.present[key].Alert.Kind) {
			c.end(key)
		}
	}
}

// goOn notes what is new of an alert that is still present: a higher priority,
// which must be acknowledged anew, or an acknowledgement at the monitor.
func (c *comparison) goOn(key string, have alertEntry, alarm *fhirmap.Alarm) {
	next := have
	if alarm.Priority.Rank() > have.Alert.Priority.Rank() {
		next.Alert.Priority, next.Alert.Acknowledged = alarm.Priority, time.Time{}
		if alarm.Code != "" {
			next.Alert.Text = alarm.Words()
		}
	}
	if alarm.Acknowledged && next.Alert.Acknowledged.IsZero() {
		next.Alert.Acknowledged = c.now
	}
	if next.Alert.Priority != have.Alert.Priority || !next.Alert.Acknowledged.Equal(have.Alert.Acknowledged) {
		next.Type = AlertUpdated
		c.present[key] = next
		c.changes = append(c.changes, next)
	}
}

func (c *comparison) end(key string) {
	ended := c.present[key]
	ended.Type, ended.Alert.End = AlertUpdated, c.now
	if c.now.Before(ended.Alert.Start) { // the monitor's clock is ahead
		ended.Alert.End = ended.Alert.Start
	}
	delete(c.present, key)
	c.changes = append(c.changes, ended)
}
