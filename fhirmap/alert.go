package fhirmap

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

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
	Said     time.Time // when the monitor said so, by its own clock; zero: not told. It is not kept
	// Ended: the monitor says that the condition is over.
	Ended bool
	// Acknowledged: somebody has confirmed it at the monitor.
	Acknowledged bool
}

// Key tells the alarm conditions of one device apart: by code, or by words
// where there is none.
func (a *Alarm) Key() string {
	code := a.Code
	if code == "" {
		code = "\x00" + a.Words()
	}
	return string(a.Kind) + "\x00" + a.System + "\x00" + code + "\x00" + string(a.Type)
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
	// Test marks what a simulator or a monitor in training mode says.
	Test bool
}

// The limits of what one message says of alarms.
const (
	maxAlarms    = 256 // conditions of one monitor
	maxAlarmText = 256 // bytes of its words; what is beyond is cut
)

// Validate holds the invariants of alarms: a device, a kind, a code or a text,
// a priority of IEC 60601-1-8 or none.
func (a *Alarms) Validate() error {
	if a.Device.ID == "" {
		return errors.New("alarms without a device")
	}
	if len(a.List) > maxAlarms {
		return fmt.Errorf("%d alarms: at most %d", len(a.List), maxAlarms)
	}
	for _, kind := range a.Complete {
		if kind != Physiological && kind != Technical {
			return fmt.Errorf("alarms of the unknown kind %q", kind)
		}
	}
	for i := range a.List {
		if err := a.List[i].validate(); err != nil {
			return err
		}
	}
	return checkTexts(a.Bed, &a.Device, a.Patient)
}

func (a *Alarm) validate() error {
	switch {
	case a.Kind != Physiological && a.Kind != Technical:
		return fmt.Errorf("alarm of the unknown kind %q", a.Kind)
	case a.Code == "" && a.Text == "":
		return errors.New("alarm without a code and without words")
	case a.Priority != "" && a.Priority.Rank() == 0:
		return fmt.Errorf("alarm of the unknown priority %q", a.Priority)
	case a.Type != "" && byType[a.Type] == nil && parameterIndex[a.Type] == nil:
		return fmt.Errorf("alarm about the unknown parameter %q", a.Type)
	case max(len(a.System), len(a.Code)) > maxText:
		return errors.New("the code of an alarm is too long")
	}
	return checkTime(a.Start)
}

// Words is Text as it is kept: of a length that any list can show, and UTF-8.
func (a *Alarm) Words() string {
	text := strings.ToValidUTF8(strings.TrimSpace(a.Text), "\uFFFD")
	if len(text) <= maxAlarmText {
		return text
	}
	cut := maxAlarmText - len("…")
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
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
	Patient      *Patient  `json:"patient,omitempty"`      // whose it is; nil: unassigned
	Consultation string    `json:"consultation,omitempty"` // id of the one that it started in
	Start        time.Time `json:"start"`
	End          time.Time `json:"end,omitzero"`          // zero while it is present
	Acknowledged time.Time `json:"acknowledged,omitzero"` // zero: by nobody yet
	Test         bool      `json:"test,omitempty"`        // from a simulator, or a monitor in training mode
}

// Active tells whether the condition is present.
func (a *Alert) Active() bool { return a.End.IsZero() }

// Urgency orders alerts for people: those that are present before those that
// are over, the most urgent first, then the newest.
func Urgency(a, b Alert) int {
	if a.Active() != b.Active() {
		if a.Active() {
			return -1
		}
		return 1
	}
	if d := b.Priority.Rank() - a.Priority.Rank(); d != 0 {
		return d
	}
	if d := b.Start.Compare(a.Start); d != 0 {
		return d
	}
	return strings.Compare(a.ID, b.ID)
}
