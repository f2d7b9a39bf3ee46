package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"vitalien/fhirmap"
)

// The messages of Mindray's Realtime Result Interface, HL7 2.3.1: a number of
// the message's type in MSH-10, parameters by number, labels in the language
// of the firmware, one byte a character.
const (
	rtiBeacon   = 101
	rtiPatient  = 103
	rtiEcho     = 106
	rtiModuleOn = 11
	rtiLabels   = 1202
	rtiQuery    = 1203
	rtiLimits   = 51
	rtiSwitches = 60
	rtiLevels   = 58
	rtiSystem   = 53
	rtiPhysio   = 54
	rtiTech     = 56
	rtiPeriodic = 204
	rtiStates   = 205
	rtiNIBP     = 503
	rtiNIBPDone = 504
)

// A script writes messages in the bytes of a firmware's language.
type script struct {
	cyrillic bool
	test     bool // MSH-11: T, not P
}

// label is the label of a parameter or alarm on this firmware.
func (s script) label(latin, cyrillic string) string {
	if s.cyrillic && cyrillic != "" {
		return cyrillic
	}
	return latin
}

// bytes is one byte a character: ISO-8859-1, or the Cyrillic firmware's
// windows-1251 lowered by 16. What has no such byte becomes "?".
func (s script) bytes(text string) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		switch {
		case r < 0x80:
			out = append(out, byte(r))
		case s.cyrillic && r >= 'А' && r <= 'я':
			out = append(out, byte(0xB0+r-'А'))
		case !s.cyrillic && r >= 0xA0 && r <= 0xFF:
			out = append(out, byte(r))
		default:
			out = append(out, '?')
		}
	}
	return out
}

func (s script) message(kind string, id int, segments ...string) []byte {
	return s.bytes(strings.Join(append([]string{s.header(kind, id)}, segments...), "\r") + "\r")
}

func (s script) result(id int, observations ...string) []byte {
	return s.message("ORU^R01", id, observations...)
}

func (s script) header(kind string, id int) string {
	mode := "P"
	if s.test {
		mode = "T"
	}
	return fmt.Sprintf(`MSH|^~\&|||||||%s|%d|%s|2.3.1|`, kind, id, mode)
}

// obx is an OBX segment whose identifier has a label.
func obx(kind string, id int, label, sub, value string) string {
	return fmt.Sprintf("OBX||%s|%d^%s|%s|%s||||||F", kind, id, label, sub, value)
}

// place is PV1-3: department, bed, IPv4 address, port, and whether a patient is
// admitted.
func (b *bedside) place() string {
	admitted := 0
	if b.patient != nil {
		admitted = 1
	}
	return fmt.Sprintf("^^%s&%s&%d&%d&&%d", b.department, b.bed, b.address, b.port, admitted)
}

func (b *bedside) pid() string {
	p := b.patient
	if p == nil {
		return "PID|||||"
	}
	sex := map[string]string{"male": "M", "female": "F"}[p.Sex]
	sum := sha256.Sum256([]byte(b.serial + "\x00" + p.ID))
	guid := hex.EncodeToString(sum[:16])
	return fmt.Sprintf("PID|||%s-%s-%s-%s||%s^%s||%s|%s|", guid[:8], guid[8:12], guid[12:16], guid[16:],
		p.Family, p.Given, strings.ReplaceAll(p.BirthDate, "-", ""), sex)
}

func (s script) patient(b *bedside) []byte {
	number, height, weight := "", "", ""
	if b.patient != nil {
		number, height, weight = b.patient.ID, "172.0", "68.0"
	}
	return s.message("ORU^R01", rtiPatient, b.pid(),
		"PV1||I|"+b.place()+"|||||||||||||||A|||",
		"OBR||||"+b.name+"|||0|",
		obx("NM", 52, "", "", height), obx("NM", 51, "", "", weight), obx("ST", 2301, "", "", number),
		obx("CE", 2302, "", "", "0^N"), obx("CE", 2303, "", "", "0^"), obx("ST", 2308, "BedNoStr", "", b.bed))
}

// modules names what is plugged in, a message a module.
func (s script) modules() (messages [][]byte) {
	for i := 0; i < len(periodic); {
		module := periodic[i].module
		list := []string{obx("CE", 2023, "", "", strconv.Itoa(module)+"^")}
		for ; i < len(periodic) && periodic[i].module == module; i++ {
			p := periodic[i]
			list = append(list, obx("CE", 2025, "", strconv.Itoa(module), fmt.Sprintf("%d^%s", p.id, s.label(p.label, p.cyrillic))))
		}
		messages = append(messages, s.result(rtiModuleOn, list...))
	}
	return messages
}

func (s script) limits() []byte {
	var list []string
	for _, l := range limits {
		parameter := strconv.Itoa(l.id)
		list = append(list, obx("NM", 2002, "", parameter, strconv.Itoa(l.high)), obx("NM", 2003, "", parameter, strconv.Itoa(l.low)))
	}
	return s.result(rtiLimits, list...)
}

// settings are the alarm switches and levels, and the state of the alarm
// system.
func (s script) settings() [][]byte {
	var switches, levels []string
	for _, l := range limits {
		switches = append(switches, obx("CE", 2004, "", strconv.Itoa(l.id), "1^"))
		levels = append(levels, obx("CE", 2009, "", strconv.Itoa(l.id), "2^"))
	}
	return [][]byte{
		s.result(rtiSwitches, switches...), s.result(rtiLevels, levels...),
		s.result(rtiSystem,
			obx("NM", 2013, "Volume", "", "1"), obx("NM", 2014, "Alarm Mute", "", "0"), obx("NM", 2027, "Alm off", "", "0"),
			obx("NM", 2028, "Alm Sound Pause", "", "0"), obx("NM", 2016, "Alarm Pause", "", "0"), obx("NM", 2042, "", "", "0")),
	}
}

// alarmed lists every alarm that is present, physiological ones in one message
// and technical ones in another; an empty list says that there is none.
func (s script) alarmed(b *bedside) [][]byte {
	var physiological, technical []string
	for _, a := range b.alarms {
		text := fmt.Sprintf("%d^%s", a.code, s.label(a.text, a.cyrillic))
		if a.technical() {
			technical = append(technical, fmt.Sprintf("OBX||CE|%d||%s||||||F|", a.kind, text))
		} else {
			physiological = append(physiological, fmt.Sprintf("OBX||CE|%d|%d|%s||||||F|||%s|", a.kind, a.level, text, stamp(a.since)))
		}
	}
	end := obx("CE", 2041, "", "", "0^")
	return [][]byte{
		s.result(rtiPhysio, append(physiological, obx("CE", 2040, "", "", "0^"))...),
		s.result(rtiTech, append(technical, end, end)...),
	}
}

func (s script) values(b *bedside) []byte {
	list := make([]string, 0, len(periodic))
	for _, p := range periodic {
		value := strconv.FormatFloat(round(b.values[p.id], p.places), 'f', p.places, 64)
		list = append(list, obx("NM", p.id, s.label(p.label, p.cyrillic), strconv.Itoa(p.module), value))
	}
	return s.result(rtiPeriodic, list...)
}

func (s script) states(b *bedside) []byte {
	list := make([]string, 0, len(periodic))
	for _, p := range periodic {
		list = append(list, obx("CE", 2037, "", strconv.Itoa(p.id), strconv.Itoa(b.state(p))+"^"))
	}
	return s.result(rtiStates, list...)
}

// nibp is the last blood pressure and its state.
func (s script) nibp(b *bedside) [][]byte {
	p := b.pressure
	if p.at.IsZero() {
		p.systolic, p.diastolic, p.mean = noValue, noValue, noValue
	}
	one := func(id int, label string, value int) string {
		return fmt.Sprintf("OBX||NM|%d^%s|2105|%d||||||F||APERIODIC|%s", id, label, value, stamp(p.at))
	}
	return [][]byte{
		s.result(rtiNIBP, one(171, "Dia", p.diastolic), one(172, "Moy", p.mean), one(170, "Sys", p.systolic)),
		s.result(rtiNIBPDone, obx("CE", 2037, "", "170", "3^"), obx("CE", 2038, "", "170", "0^"), obx("CE", 2039, "", "170", "0^")),
	}
}

// everything is what a client gets when it connects, and when it queries.
func (s script) everything(b *bedside) [][]byte {
	messages := append([][]byte{s.patient(b)}, s.modules()...)
	messages = append(messages, s.limits())
	messages = append(messages, s.settings()...)
	messages = append(messages, s.nibp(b)...)
	messages = append(messages, s.alarmed(b)...)
	return append(messages, s.result(rtiLabels, obx("ST", 4502, "", "", `138\^130`), obx("CE", 2025, "", "", "407^")), s.states(b))
}

// beacon is the datagram by which a monitor makes itself known.
func (s script) beacon(b *bedside, freeConnections int) []byte {
	highest := 0
	for _, a := range b.alarms {
		switch {
		case !a.technical():
			highest = 1
		case highest == 0:
			highest = 2
		}
	}
	return s.message("ADT^A01", rtiBeacon, "EVN||00000000|", b.pid(),
		"PV1||I|"+b.place()+"|||||||||||||||A|4294967040||",
		obx("ST", 2304, "MonitorName", "", b.name), obx("CE", 2305, "", "", "0^"), obx("CE", 2307, "", "", strconv.Itoa(highest)+"^"),
		obx("NM", 2211, "", "", "0"), obx("NM", 4524, "", "", strconv.Itoa(freeConnections)), obx("CE", 4526, "", "", "1^"),
		obx("ST", 2308, "BedNoStr", "", b.bed), obx("ST", 4527, "", "", b.serial), obx("CE", 4528, "", "", "16^"),
		obx("ST", 4529, "", "", "001005000004"), obx("CE", 4530, "", "", "1^"))
}

// stamp is a local time without zone, as these monitors write it; the zero
// time is written in zeros.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "00000000000000"
	}
	return t.Format("20060102150405")
}

// admission is the number typed at the monitor, the name marked as simulated.
func admission(number, given string) *fhirmap.Patient {
	return &fhirmap.Patient{ID: number, Family: "Démonstration", Given: given, BirthDate: "1954-07-02", Sex: "male"}
}
