package simulator

import (
	"math"
	"slices"
	"time"

	"vitalien/fhirmap"
)

// A Condition is something that can happen to the simulated patient or to what
// is fastened to it.
type Condition string

// The conditions. The first two are physiological alarms, which a monitor
// gives up by itself when the value is within its limits again.
const (
	Bradycardia  Condition = "bradycardia"  // the heart rate below its limit: medium priority, high when it lasts
	Desaturation Condition = "desaturation" // the saturation below its limit: medium priority
	SensorOff    Condition = "sensor off"   // no saturation, pulse and perfusion; a technical alarm
	CuffOff      Condition = "cuff off"     // no blood pressure; a technical alarm
	Motion       Condition = "motion"       // saturation, pulse and perfusion that the monitor itself doubts
)

// raisedAfter is how many periodic values a bradycardia goes on for before its
// alarm is of high priority.
const raisedAfter = 10

// A shown is a parameter of the periodic values (message 204).
type shown struct {
	id, module int
	label      string
	cyrillic   string // on a Cyrillic firmware; empty: label
	places     int
}

// periodic are the twenty parameters of a well equipped bed, numbered as in
// Mindray's Realtime Result Interface.
var periodic = []shown{
	{101, 2101, "FC", "ЧСС", 0},
	{102, 2101, "ESV", "ЖЭ", 0},
	{105, 2101, "ST-I", "", 2},
	{106, 2101, "ST-II", "", 2},
	{107, 2101, "ST-III", "", 2},
	{108, 2101, "ST-aVR", "", 2},
	{109, 2101, "ST-aVL", "", 2},
	{110, 2101, "ST-aVF", "", 2},
	{117, 2101, "ST-V", "", 2},
	{151, 2102, "FR", "ЧД", 0},
	{160, 2103, "SpO2", "", 0},
	{161, 2103, "FP", "ЧП", 0},
	{162, 2103, "IP", "", 2},
	{200, 2104, "T1", "", 1},
	{201, 2104, "T2", "", 1},
	{202, 2104, "TD", "", 1},
	{500, 2116, "ART-S", "", 0},
	{501, 2116, "ART-M", "", 0},
	{502, 2116, "ART-D", "", 0},
	{566, 2117, "PVC", "", 0},
}

const (
	noValue    = -100 // how a monitor writes that there is none
	oximeter   = 2103
	validState = 3 // of parameter 2037
	doubtful   = 2
)

// A limit is the range of a parameter outside of which the monitor alarms.
type limit struct{ id, low, high int }

var limits = []limit{
	{101, 50, 120}, {151, 8, 30}, {160, 90, 100}, {170, 90, 160}, {171, 50, 90}, {172, 60, 110}, {200, 35, 39},
}

// An alarm is an alarm condition that the monitor displays.
type alarm struct {
	kind           int // OBX-3: 1 and 2 physiological, 3 and 4 technical
	level          int // OBX-4: 1 high, 2 medium, 3 low; 0: none is given
	code           int
	text, cyrillic string
	since          time.Time
}

func (a *alarm) technical() bool { return a.kind >= 3 }

// A cuffPressure is a non-invasive blood pressure in mmHg; its time is zero
// while there is none.
type cuffPressure struct {
	systolic, diastolic, mean int
	at                        time.Time
}

// bedside is what a monitor and its patient are at one moment.
type bedside struct {
	name, bed, department string
	address               uint32 // IPv4, as an unsigned number
	port                  int
	serial                string // of the monitor, in its beacon

	body       *patientBody
	patient    *fhirmap.Patient // nil: nobody is admitted
	conditions map[Condition]*happening
	pressure   cuffPressure
	values     map[int]float64 // by parameter
	alarms     []alarm         // present now, the longest present first
}

// A happening is a condition that is there.
type happening struct {
	since time.Time
	ticks int // periodic values since then
}

// step goes on by one set of periodic values.
func (b *bedside) step() {
	body, random := b.body, b.body.random
	heart := body.heart.step(random)
	saturation := body.saturation.step(random)
	if b.has(Bradycardia) {
		heart *= 0.6
	}
	if b.has(Desaturation) {
		saturation -= 12
	}
	temperature := body.temp.step(random)
	systolic, diastolic, mean := body.pressure()
	b.values = map[int]float64{
		101: heart, 102: 0, 151: body.breath.step(random),
		105: 0.02, 106: 0.04, 107: 0.02, 108: -0.03, 109: 0.01, 110: 0.03, 117: 0.05,
		160: saturation, 161: heart + random.NormFloat64()*0.4, 162: 2.4 + 0.1*random.NormFloat64(),
		200: temperature, 201: temperature - 0.6, 202: 0.6,
		500: float64(systolic), 501: float64(mean), 502: float64(diastolic), 566: 7,
	}
	if b.has(SensorOff) {
		for _, p := range periodic {
			if p.module == oximeter {
				b.values[p.id] = noValue
			}
		}
	}
	for _, h := range b.conditions {
		h.ticks++
	}
}

func (b *bedside) has(c Condition) bool { return b.conditions[c] != nil }

// state is the value of parameter 2037 for a periodic parameter.
func (b *bedside) state(p shown) int {
	if p.module == oximeter && (b.has(SensorOff) || b.has(Motion)) {
		return doubtful
	}
	return validState
}

// refreshAlarms tells whether an alarm has come, gone or risen.
func (b *bedside) refreshAlarms() (changed bool) {
	before := b.alarms
	b.alarms = nil
	for condition, h := range b.conditions {
		if a, alarming := alarmOf(condition, h); alarming {
			b.alarms = append(b.alarms, a)
		}
	}
	slices.SortFunc(b.alarms, func(x, y alarm) int {
		if order := x.since.Compare(y.since); order != 0 {
			return order
		}
		return x.code - y.code
	})
	return !slices.Equal(before, b.alarms)
}

// alarmOf is the alarm that a condition causes. Codes 10002, 205 and 458 and
// their types are those of captures of such monitors; that of the saturation
// is the simulator's own.
func alarmOf(c Condition, h *happening) (alarm, bool) {
	switch c {
	case Bradycardia:
		if h.ticks >= raisedAfter {
			return alarm{1, 1, 10002, "***FC trop basse", "***ЧСС - сл. низ", h.since}, true
		}
		return alarm{2, 2, 10002, "**FC trop basse", "**ЧСС - сл. низ", h.since}, true
	case Desaturation:
		return alarm{2, 2, 19160, "**SpO2 trop basse", "**SpO2 - сл. низ", h.since}, true
	case SensorOff:
		return alarm{4, 0, 205, "SpO2 : capteur débranché", "SpO2 - датч. откл.", h.since}, true
	case CuffOff:
		return alarm{3, 0, 458, "PNI : brassard débranché", "нАД - манж. отсоед.", h.since}, true
	}
	return alarm{}, false
}

// inflate measures a blood pressure, whole seconds being all that its time has.
func (b *bedside) inflate(now time.Time) {
	if b.has(CuffOff) {
		return
	}
	p := &b.pressure
	p.systolic, p.diastolic, p.mean = b.body.pressure()
	p.at = now.Truncate(time.Second)
}

// round is how a monitor rounds what it shows.
func round(value float64, places int) float64 {
	scale := math.Pow10(places)
	return math.Round(value*scale) / scale
}
