package fhirmap

import "time"

// Priority is how soon somebody must come (IEC 60601-1-8, 6.1.2).
type Priority string

// The priorities, the most urgent first.
const (
	PriorityHigh   Priority = "high"
	PriorityMedium Priority = "medium"
	PriorityLow    Priority = "low"
)

// Rank orders priorities: 3 for high, 0 for what is none.
func (p Priority) Rank() int {
	switch p {
	case PriorityHigh:
		return 3
	case PriorityMedium:
		return 2
	case PriorityLow:
		return 1
	}
	return 0
}

// AlarmKind tells alarms about the patient from those about the equipment
// (IEC 60601-1-8, 3.31 and 3.36).
type AlarmKind string

// The kinds of alarm.
const (
	Physiological AlarmKind = "physiological"
	Technical     AlarmKind = "technical"
)

// An Alarm is an alarm condition as a monitor reports it.
type Alarm struct {
	Kind     AlarmKind
	System   string // of Code: MDC, or "urn:hl7:mindray:alarm" and the like
	Code     string
	Text     string // in the monitor's own words and language
	Priority Priority
	Type     Type      // the parameter that it is about; empty: none, or not known
	Start    time.Time // the monitor's own; zero: when it was first heard of
	// Ended: the monitor says that the condition is over.
	Ended bool
	// Acknowledged: somebody has confirmed it at the monitor.
	Acknowledged bool
}

// Key tells the alarm conditions of one device apart.
func (a *Alarm) Key() string {
	return string(a.Kind) + "\x00" + a.System + "\x00" + a.Code + "\x00" + string(a.Type)
}

// Alarms are what one message says of the alarm conditions of a monitor.
type Alarms struct {
	Device  Device
	Bed     string
	Patient *Patient
	// Complete names the kinds of which every condition that is present is
	// listed: those that are not have ended.
	Complete []AlarmKind
	List     []Alarm
}

// An Alert is an alarm condition from its start to its end, as it is kept.
type Alert struct {
	ID           string    `json:"id"` // a FHIR id
	Kind         AlarmKind `json:"kind"`
	System       string    `json:"system,omitempty"`
	Code         string    `json:"code"`
	Text         string    `json:"text,omitempty"`
	Priority     Priority  `json:"priority"` // the highest that it has had
	Type         Type      `json:"type,omitempty"`
	Device       Device    `json:"device"`
	Bed          string    `json:"bed,omitempty"`
	Patient      *Patient  `json:"patient,omitempty"`
	Start        time.Time `json:"start"`
	End          time.Time `json:"end,omitzero"`          // zero while it is present
	Acknowledged time.Time `json:"acknowledged,omitzero"` // zero: by nobody yet
}

// Active tells whether the condition is present.
func (a *Alert) Active() bool { return a.End.IsZero() }
