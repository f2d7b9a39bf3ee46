package hl7link

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"vitalien/fhirmap"
)

// Decode reads the messages in data: with MLLP frames or without, one or many,
// segments ended by CR, LF or both, in batches or not. It gives a Report for
// each, without measurements where nothing was measured. A time without offset
// is taken to be in zone. Any malformed message makes the whole an error, a
// *fhirmap.Fault with the code "malformed".
func Decode(data []byte, zone *time.Location) ([]fhirmap.Report, error) {
	texts, err := split(data)
	if err != nil {
		return nil, malformed(err.Error())
	}
	if len(texts) == 0 {
		return nil, malformed("no HL7 message found")
	}
	reports := make([]fhirmap.Report, 0, len(texts))
	for i, text := range texts {
		d := decode(text, decoding{zone: zone, dialects: dialects})
		if d.verdict.malformed() {
			return nil, malformed(fmt.Sprintf("message %d: %s", i+1, d.verdict.trouble))
		}
		reports = append(reports, d.report)
	}
	return reports, nil
}

func malformed(reason string) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code:    "malformed",
		French:  "Ces données ne sont pas des messages HL7 v2 lisibles. Vérifiez le fichier, puis recommencez.",
		English: "malformed HL7: " + reason,
	}
}

// split cuts data into messages and refuses what stands outside of them.
func split(data []byte) ([][]byte, error) {
	s := NewSplitter(len(data) + 1)
	s.Feed(data)
	var texts [][]byte
	for {
		frame, err := s.Next()
		if err != nil {
			return nil, err
		}
		if frame == nil {
			frame = s.Flush()
		}
		if frame == nil {
			break
		}
		messages, err := messagesIn(frame)
		if err != nil {
			return nil, err
		}
		texts = append(texts, messages...)
	}
	if s.Dropped > 0 || s.Broken > 0 || len(bytes.TrimSpace(s.buf)) > 0 || s.mode != between {
		return nil, fmt.Errorf("data outside of messages, or a message without its end")
	}
	return texts, nil
}

// messagesIn gives the messages in the content of a frame, as they came: usually
// one, more in a batch (2.10.3), whose own segments are left out.
func messagesIn(frame []byte) ([][]byte, error) {
	text := bytes.TrimPrefix(frame, []byte("\xEF\xBB\xBF"))
	var messages [][]byte
	whole := true // the message under way is one piece of text, which ends here
	for begin, end := 0, 0; begin < len(text); begin = end {
		end = begin + lineLength(text[begin:])
		line := text[begin:end]
		last := len(messages) - 1
		switch {
		case isHeader(line):
			messages, whole = append(messages, line[:len(line):len(line)]), true
		case isBatch(line):
			whole = false
		case last < 0 && len(bytes.TrimSpace(line)) == 0:
		case last < 0:
			return nil, errNoHeader
		case whole:
			messages[last] = text[end-len(line)-len(messages[last]) : end : end]
		default:
			messages[last] = append(messages[last], line...)
		}
	}
	return messages, nil
}

// lineLength is the length of the first line of text with its end, CR or LF.
func lineLength(text []byte) int {
	if i := indexEither(text, cr, lf); i >= 0 {
		return i + 1
	}
	return len(text)
}

func isBatch(line []byte) bool {
	if len(line) < 4 || !isDelimiter(line[3]) {
		return false
	}
	switch string(line[:3]) {
	case "FHS", "BHS", "BTS", "FTS":
		return true
	}
	return false
}

// decoding is what reading a message needs to know beside its bytes.
type decoding struct {
	zone     *time.Location
	peer     string
	dialects []*dialect
	ward     *rtiWard // of the connection; nil: there is none
}

// decoded is what a message came to.
type decoded struct {
	report      fhirmap.Report
	digest      digest // of the message
	verdict     verdict
	troubles    []trouble // of what could not be read beside what could
	charset     bool      // MSH-18 was contradicted by the bytes
	acknowledge bool      // it is itself no acknowledgement
	query       *query    // nil: it asks nothing
	single      []int     // measurements that monitors say again and again, each one measurement
	name, bed   string    // of the sender, as the message says
}

// holdsAnything tells whether there is something for the sink.
func (d *decoded) holdsAnything() bool {
	return len(d.report.Measurements)+len(d.report.Live)+len(d.report.Alarms) > 0
}

// maxObservations bounds the OBX segments of a message: an hour of a monitor's
// values each second comes in many messages, not in one.
const maxObservations = 5000

// A verdict is what a message is answered with: AA, AE or AR (HL7 table 0008),
// and why when it is not AA.
type verdict struct {
	code string
	trouble
}

// malformed tells whether the message cannot be read. One whose observations are
// well written and mean nothing here, such as a value in an unknown unit, can.
func (v verdict) malformed() bool {
	foreign := v.segment == "OBX" && (v.trouble.code == errTableValue || v.trouble.code == errRequiredMissing)
	return v.code != "AA" && !foreign
}

var (
	version = regexp.MustCompile(`^(2\.[1-9](\.[0-9])?[A-Z]?)?$`)
	// measured are the trigger events of ORU that carry results: unsolicited,
	// and those of point-of-care devices.
	measured = set("", "R01", "R30", "R31", "R32")
)

// decode reads one message.
func decode(text []byte, with decoding) decoded {
	d := decoded{report: fhirmap.Report{Link: "hl7", Peer: with.peer}, digest: digestOf(text), verdict: verdict{code: "AA"}, acknowledge: true}
	m, err := Parse(text)
	if err != nil {
		d.verdict = verdict{"AE", trouble{code: errSegmentSequence, segment: "MSH", sequence: 1, field: 1, text: err.Error()}}
		return d
	}
	defer m.release()
	d.charset = m.CharsetContradicted
	header := m.Header()
	kind, event := header.Component(9, 1), header.Component(9, 2)
	switch {
	case kind == "ACK" || m.First("MSA").Name != "":
		d.acknowledge = false
	case !version.MatchString(value(header.Text(12))):
		d.verdict = verdict{"AR", trouble{errUnsupportedVer, "MSH", 1, 12, "unsupported version"}}
	case kind == "":
		d.verdict = verdict{"AE", trouble{errRequiredMissing, "MSH", 1, 9, "no message type"}}
	case kind == "ORU" && measured[event]:
		d.observe(m, with)
	case kind == "ADT": // who lies where, typed at the monitor: no measurement, and nothing wrong
	case kind == "QRY" && (event == "R02" || event == "A19"):
		d.readQuery(m, event)
	case kind == "ORU" && event == "R40":
		d.alerts(m, with)
	case kind == "ORU":
		d.unsupported(errUnsupportedEvent, "unsupported event")
	default:
		d.unsupported(errUnsupportedType, "unsupported message type")
	}
	return d
}

// unsupported marks a message that is well formed and carries nothing for us.
func (d *decoded) unsupported(code int, text string) {
	d.troubles = append(d.troubles, trouble{code, "MSH", 1, 9, text})
}

// refusal is the verdict over the wire, where a sender must not believe that
// its message was of use when its type is not supported.
func (d *decoded) refusal() verdict {
	if d.query != nil {
		return verdict{"AR", trouble{errUnsupportedType, "MSH", 1, 9, "no patients to look up here"}}
	}
	for _, t := range d.troubles {
		if t.code == errUnsupportedType || t.code == errUnsupportedEvent {
			return verdict{"AR", t}
		}
	}
	return d.verdict
}

// observe reads the measurements of an ORU.
func (d *decoded) observe(m *Message, with decoding) {
	spoken := spokenBy(with.dialects, m)
	from := originOf(m, with.peer, spoken)
	r := reader{zone: with.zone, dialects: spoken}
	defer r.release()
	d.report.Streaming = slices.ContainsFunc(spoken, func(s *dialect) bool { return s.streaming != nil && s.streaming(m) })
	for _, person := range m.persons() {
		bed := from.bed(person)
		who := sender{from.device(bed), bed, from.patient(person), with.zone}
		d.name, d.bed = who.device.Name, bed
		if d.special(person, who, spoken) || from.mindray && with.ward != nil && with.ward.read(d, person, who) {
			continue
		}
		r.read(person, who.device)
		d.measure(&r, who.patient, bed)
	}
	d.troubles = append(d.troubles, r.troubles...)
	for i := range d.report.Measurements {
		d.report.Measurements[i].Test = m.isTest()
	}
	switch broken := d.tooLong(); {
	case broken != nil:
		d.refuse(verdict{"AE", trouble{code: errDataType, text: broken.Error()}})
	case r.sequence > maxObservations:
		d.refuse(verdict{"AE", trouble{errInternal, "OBX", maxObservations + 1, 1, "too many observations"}})
	case len(d.report.Measurements) == 0 && len(d.troubles) > 0:
		d.verdict = verdict{"AE", d.troubles[0]}
	case r.foreign > 0 && !d.holdsAnything() && !from.mindray: // whose other messages are numbers too
		d.troubles = append(d.troubles, trouble{errTableValue, "OBX", r.foreign, 3, "no parameter that is known here"})
	}
	d.report.Key = d.key(m, with.peer, spoken)
}

// tooLong finds what no record can hold.
func (d *decoded) tooLong() (broken error) {
	for i := range d.report.Measurements {
		broken = cmp.Or(broken, d.report.Measurements[i].Validate())
	}
	for i := range d.report.Live {
		broken = cmp.Or(broken, d.report.Live[i].Validate())
	}
	for i := range d.report.Alarms {
		broken = cmp.Or(broken, d.report.Alarms[i].Validate())
	}
	return broken
}

// refuse takes back all that was read.
func (d *decoded) refuse(v verdict) {
	d.verdict = v
	d.report.Measurements, d.report.Live, d.report.Alarms, d.single = nil, nil, nil, nil
}

// special lets the dialects read a message that holds something else than
// results.
func (d *decoded) special(m *Message, from sender, spoken []*dialect) bool {
	return slices.ContainsFunc(spoken, func(s *dialect) bool { return s.special != nil && s.special(d, m, from) })
}

// measure adds the measurements of one person, and what else a screen shows.
func (d *decoded) measure(r *reader, patient *fhirmap.Patient, bed string) {
	all := groups(r.found)
	readings := make([]fhirmap.Reading, len(r.found))
	var valueless []*group
	for i, g := range all {
		measurement, has := g.measurement(readings)
		readings = readings[len(g.members):]
		if !has {
			valueless = append(valueless, g)
			continue
		}
		d.report.Measurements = slices.Grow(d.report.Measurements, len(all)-i)
		measurement.Patient, measurement.Bed = patient, bed
		if measurement.Origin == fhirmap.OriginAdmission || measurement.Type == fhirmap.BloodPressure && g.members[0].own {
			d.single = append(d.single, len(d.report.Measurements))
		}
		d.report.Measurements = append(d.report.Measurements, measurement)
	}
	d.show(r.beside, valueless, patient, bed)
}

func originOf(m *Message, peer string, spoken []*dialect) origin {
	header := m.Header()
	o := origin{peer: peer, application: value(header.Text(3)), facility: value(header.Text(4))}
	for _, d := range spoken {
		if d.manufacturer != "" {
			o.manufacturer = d.manufacturer
		}
		o.mindray = o.mindray || d == &mindrayDialect
	}
	if o.manufacturer == "" && strings.Contains(strings.ToUpper(o.application+o.facility), "MINDRAY") {
		o.manufacturer = "Mindray"
	}
	return o
}

// key identifies the message among repetitions of it: peer, control id and all
// bytes. It is empty where MSH-10 is no control id, so that two equal readings
// remain two.
func (d *decoded) key(m *Message, peer string, spoken []*dialect) string {
	id := value(m.Header().Text(10))
	if id == "" {
		return ""
	}
	for _, s := range spoken {
		if s.numbered != nil && s.numbered(id) {
			return ""
		}
	}
	whole := sha256.Sum256(append([]byte(peer+"\x00"+id+"\x00"), d.digest[:]...))
	return hex.EncodeToString(whole[:])
}
