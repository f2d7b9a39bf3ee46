package ui

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// rawText is the bytes of a message as a technician reads them: each segment on
// a line, and whatever cannot be seen as its number, \x0B. The carriage return
// that ends a segment is the end of the line; a line feed, which should not be
// there, is shown as \n.
func rawText(text []byte) string {
	var out strings.Builder
	out.Grow(len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == '\r' && bytes.HasPrefix(text, []byte("\r\n")):
			out.WriteString("\\n\n")
			size = 2
		case r == '\r':
			out.WriteByte('\n')
		case r == '\n':
			out.WriteString("\\n\n")
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, "\\x%02X", text[0])
		case r < ' ' || r == 0x7F:
			fmt.Fprintf(&out, "\\x%02X", r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&out, "\\u%04X", r)
		default:
			out.WriteRune(r)
		}
		text = text[size:]
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// An answerText is how a message was answered, in words.
type answerText struct {
	short  string // AA
	long   string // AA : enregistré
	reason string // why not all of it
	colour fyne.ThemeColorName
}

func (w words) answer(m *station.Message) answerText {
	code := m.ReplyCode()
	text := answerText{short: code, reason: strings.Join(w.reasons(m.Reason), w.say("traffic.and")), colour: colourMuted}
	switch {
	case code == "":
		text.short, text.long = "—", w.say("traffic.silent")
		if m.Reason != "" {
			text.long, text.colour = w.say("traffic.unread"), colourTrouble
		}
	case strings.HasSuffix(code, "A") && m.Reason == "":
		text.long, text.colour = w.say("traffic.taken", "code", code), colourGood
	case strings.HasSuffix(code, "A"):
		text.long, text.colour = w.say("traffic.partly", "code", code), colourAmber
	case strings.HasSuffix(code, "R"):
		text.long, text.colour = w.say("traffic.refused", "code", code), colourTrouble
	default:
		text.long, text.colour = w.say("traffic.error", "code", code), colourTrouble
	}
	return text
}

// reasons are those in a Reason, for people.
func (w words) reasons(reason string) []string {
	if w.language == "fr" {
		return station.FrenchReasons(reason)
	}
	return slices.DeleteFunc(strings.Split(reason, "; "), func(one string) bool { return one == "" })
}

// size is how long a message is: 512 o, 2,4 Ko.
func (w words) size(bytes int) string {
	if bytes < 1000 {
		return w.say("traffic.bytes", "n", fmt.Sprint(bytes))
	}
	kilo := fmt.Sprintf("%.1f", float64(bytes)/1000)
	if w.language == "fr" {
		kilo = strings.Replace(kilo, ".", ",", 1)
	}
	return w.say("traffic.kilobytes", "n", kilo)
}

// explained is what a message says, in lines, and why not all of it was taken.
func (w words) explained(m *station.Message, e *station.Explained, now time.Time) string {
	var lines []string
	if m.Cut() {
		lines = append(lines, w.say("traffic.cut.decoded"))
	} else {
		lines = w.decoded(e, now)
	}
	unread := w.reasons(m.Reason)
	for _, reason := range e.Unread {
		unread = append(unread, w.reasons(reason)...)
	}
	for i, reason := range unread {
		if !slices.Contains(unread[:i], reason) {
			lines = append(lines, w.say("traffic.because", "reason", reason))
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// decoded is what a whole message says, in lines.
func (w words) decoded(e *station.Explained, now time.Time) []string {
	lines := []string{joined(" · ", e.Type, w.numbered(e.Control), e.Sender)}
	if e.Spread {
		lines = append(lines, w.say("traffic.alone"))
	}
	said, bed := len(lines), ""
	for i := range e.Report.Measurements {
		one := &e.Report.Measurements[i]
		lines = append(lines, w.head(&bed, e.Spread, one.Patient, one.Bed, &one.Device)...)
		lines = append(lines, w.measured(one, now))
	}
	for i := range e.Report.Live {
		l := &e.Report.Live[i]
		lines = append(lines, w.head(&bed, e.Spread, l.Patient, l.Bed, &l.Device)...)
		for j := range l.Values {
			lines = append(lines, w.showing(&l.Values[j]))
		}
	}
	for i := range e.Report.Alarms {
		a := &e.Report.Alarms[i]
		lines = append(lines, w.head(&bed, e.Spread, a.Patient, a.Bed, &a.Device)...)
		for j := range a.List {
			lines = append(lines, w.alarming(&a.List[j]))
		}
	}
	if len(lines) == said && len(e.Unread) == 0 {
		lines = append(lines, w.say("traffic.nothing"))
	}
	return lines
}

func (w words) numbered(control string) string {
	if control == "" {
		return ""
	}
	return w.say("traffic.number", "n", control)
}

// head says whose and where what follows is, once. Whose is not said where other
// messages would say it.
func (w words) head(before *string, spread bool, p *fhirmap.Patient, bed string, d *fhirmap.Device) []string {
	whose, _ := w.whose(p)
	if p != nil {
		whose = joined(", ", whose, w.birth(p))
	}
	head := w.place(bed, d)
	if !spread || p.Name() != "" {
		head = joined(" · ", head, w.say("traffic.patient", "name", whose))
	}
	if head == *before {
		return nil
	}
	*before = head
	return []string{"", head}
}

func (w words) measured(m *fhirmap.Measurement, now time.Time) string {
	f := w.figure(m)
	when := ""
	switch {
	case !m.Time.IsZero():
		when = moment(m.Time, now)
	case m.TimeUnknown:
		when = w.say("traffic.timeless")
	}
	test := ""
	if m.Test {
		test = w.say("live.simulated")
	}
	value := joined(" ", f.main, f.aside, f.unit)
	return w.say("traffic.value", "name", w.vital(m.Type), "value", joined(" · ", value, f.second, w.quality(m), test, when))
}

func (w words) showing(v *fhirmap.LiveValue) string {
	value := noValue
	if v.Value != nil {
		value = joined(" ", w.decimal(*v.Value), unitName(v.Unit))
	}
	doubt := ""
	if v.State != fhirmap.LiveValid && v.State != "" {
		doubt = w.doubt(v)
	}
	limits := ""
	if v.Low != nil || v.High != nil {
		limits = w.say("traffic.limits", "limits", w.limits(v))
	}
	return w.say("traffic.value", "name", w.vital(v.Type), "value", joined(" · ", value, doubt, limits))
}

func (w words) alarming(a *fhirmap.Alarm) string {
	name := joined(" ", a.Text, a.Code)
	ended := ""
	if a.Ended {
		ended = w.say("traffic.ended")
	}
	return w.say("traffic.alarm", "name", joined(" · ", name, w.priority(a.Priority), ended))
}
