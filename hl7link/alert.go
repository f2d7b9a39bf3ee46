package hl7link

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"vitalien/fhirmap"
)

// A facet is what an OBX of an alert says (IHE PCD Technical Framework, volume
// 2, appendix B.8: profile IHE_PCD_ACM_001).
type facet int

const (
	noFacet facet = iota
	alertEvent
	alertSource
	alertPhase
	alertState
	alertInactivation
	alertPriority
	alertType
	alertText
)

// facets leads from reference ids, also those of older editions of the profile,
// and numbers of IEEE 11073-10101 to facets.
var facets = map[string]facet{
	"MDC_ATTR_ALERT_SOURCE": alertSource, "68480": alertSource, "68164": alertSource,
	"MDC_ATTR_EVENT_PHASE": alertPhase, "MDC_ATTR_EVT_PHASE": alertPhase, "68481": alertPhase, "68165": alertPhase,
	"MDC_ATTR_ALARM_STATE": alertState, "MDC_ATTR_ALERT_STATE": alertState, "68482": alertState, "68166": alertState,
	"MDC_ATTR_ALARM_INACTIVATION_STATE": alertInactivation, "68483": alertInactivation, "68167": alertInactivation,
	"MDC_ATTR_ALARM_PRIORITY": alertPriority, "MDC_ATTR_ALERT_PRIORITY": alertPriority, "68484": alertPriority, "68168": alertPriority,
	"MDC_ATTR_ALERT_TYPE": alertType, "68485": alertType,
	"MDC_ATTR_ALERT_TEXT": alertText, "68546": alertText,
}

// facetOf reads OBX-3. The reference id decides, in whichever component it
// stands. Events are partition 3 of the nomenclature.
func facetOf(c coding) facet {
	for _, name := range [...]string{c.text, c.code} {
		switch {
		case strings.HasPrefix(name, "MDC_EVT_"), strings.HasPrefix(name, "MDCX_EVT_"), strings.HasPrefix(name, "MNDRY_EVT_"):
			return alertEvent
		case strings.HasPrefix(name, "MDC"):
			return facets[name]
		}
	}
	if n, ok := number(c.code); ok && len(c.code) == 6 && n>>16 == 3 {
		return alertEvent
	}
	return facets[c.code]
}

// An alert is one alarm condition in the reading: what stands under one OBR.
type alert struct {
	fhirmap.Alarm
	found             bool
	phase, state      string
	inactivated       string
	priority, kind    string // codes of the profile
	device            fhirmap.Device
	ordered, observed time.Time // OBR-7, OBX-14
}

// alerts reads an ORU^R40. Every OBR begins an alert.
func (d *decoded) alerts(m *Message, with decoding) {
	if m.count("OBX") > maxObservations {
		d.verdict = verdict{"AE", trouble{errInternal, "OBX", maxObservations + 1, 1, "too many observations"}}
		return
	}
	spoken := spokenBy(with.dialects, m)
	from := originOf(m, with.peer, spoken)
	for _, person := range m.persons() {
		bed := from.bed(person)
		who := sender{from.device(bed), bed, from.patient(person), with.zone}
		d.name, d.bed = who.device.Name, bed
		current := alert{device: who.device}
		for _, s := range person.Segments {
			switch s.Name {
			case "OBR":
				d.raise(current, who)
				current = alert{device: who.device, ordered: readTime(s.Text(7), with.zone).time}
			case "OBX":
				current.read(s, who, spoken)
			}
		}
		d.raise(current, who)
	}
	if len(d.report.Alarms) == 0 {
		d.verdict = verdict{"AE", trouble{errSegmentSequence, "OBX", 1, 3, "no alert event"}}
		return
	}
	for i := range d.report.Alarms {
		d.report.Alarms[i].Test = m.isTest()
	}
	if broken := d.tooLong(); broken != nil {
		d.refuse(verdict{"AE", trouble{code: errDataType, text: broken.Error()}})
		return
	}
	d.report.Key = d.key(m, with.peer, spoken)
}

// read adds what one OBX says.
func (a *alert) read(s Segment, from sender, spoken []*dialect) {
	if own, named := obxDevice(s, from.device); named {
		a.device = own
	}
	c := coding{s.Component(3, 1), s.Component(3, 2), s.Component(3, 3)}
	said := value(s.Text(5))
	switch facetOf(c) {
	case alertEvent:
		a.event(s, c, from.zone)
	case alertSource:
		a.about(coding{s.Component(5, 1), s.Component(5, 2), s.Component(5, 3)}, spoken)
	case alertPhase:
		a.phase = state(said)
	case alertState:
		a.state = state(said)
	case alertInactivation:
		a.inactivated = state(said)
	case alertPriority:
		a.priority = state(said)
	case alertType:
		a.kind = state(said)
	case alertText:
		a.Text = orElse(said, a.Text)
	default:
		a.about(c, spoken)
	}
}

func state(text string) string {
	return strings.ToLower(strings.NewReplacer("_", "-", " ", "-").Replace(text))
}

// event reads which alert it is: its code is that of OBX-3, or, where that is
// only MDC_EVT_ALARM, the one in OBX-5. OBX-8 may say its priority and type.
func (a *alert) event(s Segment, c coding, zone *time.Location) {
	text := value(s.Text(5))
	if c.text == "MDC_EVT_ALARM" || c.code == "196616" {
		if c = (coding{value(s.Component(5, 1)), value(s.Component(5, 2)), value(s.Component(5, 3))}); c.code == "" {
			return
		}
		text = c.text
	}
	a.found, a.observed = true, readTime(s.Text(14), zone).time
	a.System, a.Code = fhirmap.MDC, c.code
	if c.code == "" || c.code == "0" {
		a.Code = c.text
	}
	if system := strings.ToUpper(c.system); system != "" && system != "MDC" && !strings.Contains(system, "11073") {
		a.System = "urn:hl7:" + url.PathEscape(c.system)
	}
	a.Text = cmp.Or(a.Text, text, c.text)
	for i := range s.fewRepetitions(8) {
		switch code := state(s.At(8, i+1, 1, 1)); code {
		case "ph", "pm", "pl", "pn":
			a.priority = orElse(a.priority, code)
		case "sp", "st", "sa":
			a.kind = orElse(a.kind, code)
		}
	}
}

// about notes which parameter the alert is about, if c means one.
func (a *alert) about(c coding, spoken []*dialect) {
	if a.Type != "" || c.code == "" && c.text == "" {
		return
	}
	for _, d := range spoken {
		if found, ok := d.lookup(c); ok {
			a.Type = found.vital
			if found.vital == fhirmap.HeartRate && found.pulse != notOfOthers {
				a.Type = fhirmap.PulseRate
			}
			return
		}
	}
}

// raise adds an alert that was read. One that was over as soon as it began
// (phase tpoint) is begun and ended.
func (d *decoded) raise(a alert, from sender) {
	if !a.found || a.Code == "" {
		return
	}
	a.conclude()
	list := []fhirmap.Alarm{a.Alarm}
	if a.phase == "tpoint" {
		list[0].Ended = false
		list = append(list, a.Alarm)
		list[1].Ended = true
	}
	for i := range d.report.Alarms {
		if all := &d.report.Alarms[i]; all.Device.ID == a.device.ID && all.Bed == from.bed && all.Patient == from.patient {
			all.List = append(all.List, list...)
			return
		}
	}
	d.report.Alarms = append(d.report.Alarms, fhirmap.Alarms{Device: a.device, Bed: from.bed, Patient: from.patient, List: list})
}

// conclude judges what the facets say together. A latched alert is still
// signalled, so it is not over. Without a priority a physiological alarm is
// taken to be of medium one, which nobody overlooks.
func (a *alert) conclude() {
	switch {
	case a.kind == "sp", a.kind != "st" && a.Type != "":
		a.Kind = fhirmap.Physiological
	default:
		a.Kind = fhirmap.Technical
	}
	switch a.priority {
	case "ph", "high":
		a.Priority = fhirmap.PriorityHigh
	case "pm", "medium":
		a.Priority = fhirmap.PriorityMedium
	case "pl", "low", "pn":
		a.Priority = fhirmap.PriorityLow
	default:
		a.Priority = fhirmap.PriorityLow
		if a.Kind == fhirmap.Physiological {
			a.Priority = fhirmap.PriorityMedium
		}
	}
	switch a.state {
	case "inactive":
		a.Ended = true
	case "latched":
	default:
		a.Ended = a.phase == "end" || a.phase == "reset"
	}
	a.Acknowledged = a.inactivated == "alert-acknowledged"
	a.Said = cmp.Or(a.observed, a.ordered)
	if a.phase == "start" || a.phase == "tpoint" || a.phase == "" {
		a.Start = a.Said
	}
	a.Text = a.Words()
}
