package fhirmap

import (
	"fmt"
	"strings"
)

// A Unit of measurement. UCUM is its code, Label what people and the clients
// of 2019 read, MDC its number in IEEE 11073-10101 (0 where unknown).
type Unit struct {
	UCUM  string `json:"ucum"`
	Label string `json:"label"`
	MDC   int    `json:"-"`
}

// The units in which measurements leave the program.
var (
	Kilogram              = Unit{"kg", "kg", 263875}
	Centimetre            = Unit{"cm", "cm", 263441}
	KilogramPerSquare     = Unit{"kg/m2", "kg/m²", 264096}
	Celsius               = Unit{"Cel", "°C", 268192}
	BeatsPerMinute        = Unit{"/min", "bpm", 264864}
	BreathsPerMinute      = Unit{"/min", "/min", 264928}
	Percent               = Unit{"%", "%", 262688}
	MillimetreOfMercury   = Unit{"mm[Hg]", "mmHg", 266016}
	MilligramPerDecilitre = Unit{"mg/dL", "mg/dl", 264274}
	MillimolePerLitre     = Unit{"mmol/L", "mmol/l", 266866}
	Millivolt             = Unit{"mV", "mV", 266418}
	LitrePerMinute        = Unit{"L/min", "l/min", 265216}
	LitrePerMinuteSquare  = Unit{"L/min/m2", "l/min/m²", 264992}
	Unity                 = Unit{"1", "", 262656} // a plain number
)

// A conversion turns a value in some source unit into (v + before) × factor +
// after in a unit of ours. places is how many digits behind the point are
// gained (or, if negative, lost), so that the precision stays what the device
// gave.
type conversion struct {
	to     Unit
	before Decimal
	factor Decimal
	after  Decimal
	places int
}

func factor(to Unit, by string, places int) conversion {
	return conversion{to: to, factor: MustDecimal(by), places: places}
}

// atLeast is how many digits behind the point a converted value has at least,
// where a whole unit of the source is finer than one of ours.
var atLeast = map[string]int{"degf": 1}

// conversions holds, by normalised source unit, every way into a unit of
// ours. A rate has two targets; the vital's type chooses.
var conversions = map[string][]conversion{
	"kg": {factor(Kilogram, "1", 0)},
	"g":  {factor(Kilogram, "0.001", 3)},
	"lb": {factor(Kilogram, "0.45359237", 1)}, // international pound; a whole one is finer than a kilogram
	"cm": {factor(Centimetre, "1", 0)},
	"m":  {factor(Centimetre, "100", -2)},
	"mm": {factor(Centimetre, "0.1", 1)},
	"in": {factor(Centimetre, "2.54", 0)},

	"kg/m2": {factor(KilogramPerSquare, "1", 0)},

	"cel": {factor(Celsius, "1", 0)},
	"degf": {{
		to: Celsius, before: MustDecimal("-32"),
		factor: MustDecimal("0.555555555555555555555555555556"),
	}},
	"k": {{to: Celsius, before: MustDecimal("-273.15"), factor: MustDecimal("1")}},

	"/min": {factor(BeatsPerMinute, "1", 0), factor(BreathsPerMinute, "1", 0)},
	"%":    {factor(Percent, "1", 0)},

	"mmhg": {factor(MillimetreOfMercury, "1", 0)},
	"kpa":  {factor(MillimetreOfMercury, "7.500615758456564", -1)}, // 101.325 kPa = 760 mmHg

	"cmh2o": {factor(MillimetreOfMercury, "0.7355592400691", 0)}, // 980.665 dyn/cm² in 1333.22

	"1":        {factor(Unity, "1", 0)},
	"mv":       {factor(Millivolt, "1", 0)},
	"uv":       {factor(Millivolt, "0.001", 3)},
	"l/min":    {factor(LitrePerMinute, "1", 0)},
	"l/min/m2": {factor(LitrePerMinuteSquare, "1", 0)},

	"mg/dl":  {factor(MilligramPerDecilitre, "1", 0)},
	"g/l":    {factor(MilligramPerDecilitre, "100", -2)},
	"mmol/l": {factor(MillimolePerLitre, "1", 0)},
}

// aliases are the ways devices write those units: UCUM, IEEE 11073-10101
// reference ids and numbers, ISO 2955 (the ANS+ of old monitors), plain text.
var aliases = map[string]string{
	"mdc_dim_kilo_g": "kg", "263875": "kg", "kgs": "kg",
	"mdc_dim_x_g": "g", "263872": "g",
	"[lb_av]": "lb", "lbs": "lb", "mdc_dim_lb": "lb", "263904": "lb",
	"mdc_dim_centi_m": "cm", "263441": "cm",
	"mdc_dim_x_m": "m", "263424": "m",
	"mdc_dim_milli_m": "mm", "263442": "mm",
	"[in_i]": "in", "[in_us]": "in", "inch": "in", "mdc_dim_inch": "in", "263520": "in",
	"kg/m²": "kg/m2", "kg/m^2": "kg/m2", "mdc_dim_kg_per_m_sq": "kg/m2", "264096": "kg/m2",
	"°c": "cel", "c": "cel", "degc": "cel", "deg c": "cel", "℃": "cel", "celsius": "cel", "mdc_dim_degc": "cel", "268192": "cel",
	"°f": "degf", "f": "degf", "[degf]": "degf", "deg f": "degf", "℉": "degf", "fahrenheit": "degf", "mdc_dim_fahr": "degf", "268160": "degf",
	"bpm": "/min", "{beats}/min": "/min", "{beat}/min": "/min", "beats/min": "/min", "1/min": "/min",
	"beats/minute": "/min", "beats per minute": "/min", "b/min": "/min", "{h.b}/min": "/min", "{h.b.}/min": "/min",
	"mdc_dim_beat_per_min": "/min", "264864": "/min", "min-1": "/min",
	"rpm": "/min", "{breaths}/min": "/min", "{breath}/min": "/min", "breaths/min": "/min",
	"breaths/minute": "/min", "breaths per minute": "/min", "br/min": "/min", "resp/min": "/min", "{resp}/min": "/min", "brpm": "/min",
	"mdc_dim_resp_per_min": "/min", "264928": "/min",
	"mdc_dim_per_min": "/min", "264672": "/min",
	"percent": "%", "mdc_dim_percent": "%", "262688": "%", "{%}": "%",
	"mm[hg]": "mmhg", "mm hg": "mmhg", "mm(hg)": "mmhg", "mdc_dim_mmhg": "mmhg", "266016": "mmhg",
	"mdc_dim_kilo_pascal": "kpa", "265987": "kpa",
	"cm[h2o]": "cmh2o", "mdc_dim_cm_h2o": "cmh2o", "266048": "cmh2o",
	"mdc_dim_milli_volt": "mv", "266418": "mv", "mdc_dim_micro_volt": "uv", "266419": "uv", "µv": "uv",
	"mdc_dim_x_l_per_min": "l/min", "265216": "l/min",
	"mdc_dim_dimless": "1", "262656": "1",
	"l/min/m²": "l/min/m2", "l/min/m^2": "l/min/m2", "mdc_dim_x_l_per_min_per_m_sq": "l/min/m2", "264992": "l/min/m2",
	// Philips IntelliVue, HL7 export (codes of the nomenclature partition 4).
	"0004-0220": "%", "0004-0aa0": "/min", "0004-0ae0": "/min", "0004-0f20": "mmhg", "0004-17a0": "cel",
	"mdc_dim_milli_g_per_dl": "mg/dl", "264274": "mg/dl",
	"mdc_dim_milli_mole_per_l": "mmol/l", "266866": "mmol/l",
}

// KnownUnit tells whether text, a unit as devices write it, is understood.
func KnownUnit(text string) bool {
	_, known := conversions[normalUnit(text)]
	return known
}

func normalUnit(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if canonical, ok := aliases[text]; ok {
		return canonical
	}
	return text
}

// unitsOf is the units of ours that t can have, the usual first; none when t is
// neither a vital sign nor another parameter.
func unitsOf(t Type) []Unit {
	if vital, known := byType[t]; known {
		return vital.Units
	}
	if p, known := parameterIndex[t]; known {
		return []Unit{p.Unit}
	}
	return nil
}

// In expresses value, given in the unit that a device wrote as text, in a unit
// of t, a vital sign or another parameter, with about the device's precision and
// never a coarser unit step than clinicians read: 98.6 °F is 37.0 °C, 16.0 kPa
// is 120 mmHg. A unit that is unknown, or that cannot be one of t, is an error:
// such a value must not pass for a vital sign.
func In(t Type, value Decimal, text string) (Decimal, Unit, error) {
	way, known := usualWays[written{t, text}]
	if !known {
		var err error
		if way, err = wayTo(t, text); err != nil {
			return Decimal{}, Unit{}, err
		}
	}
	if way.same {
		return value, way.to, nil
	}
	places := max(value.Places()+way.places, way.atLeast)
	converted, err := value.linear(way.before, way.factor, way.after, places)
	return converted, way.to, err
}

// Same tells whether values in the unit that a device wrote as text stay as they
// are in one of t, and in which: the case of In that changes nothing.
func Same(t Type, text string) (Unit, bool) {
	way := usualWays[written{t, text}]
	return way.to, way.same
}

// A way is a conversion into a unit of one type.
type way struct {
	conversion
	same    bool // nothing is to be done
	atLeast int
}

type written struct {
	t    Type
	unit string
}

// usualWays spares nearly all values the search.
var usualWays = func() map[written]way {
	texts := map[string]bool{}
	for text := range conversions {
		texts[text], texts[strings.ToUpper(text)] = true, true
	}
	for text := range aliases {
		texts[text], texts[strings.ToUpper(text)] = true, true
	}
	ways := map[written]way{}
	for t, p := range parameterIndex {
		texts[p.Unit.UCUM], texts[p.Unit.Label] = true, true
		for text := range texts {
			if found, err := wayTo(t, text); err == nil {
				ways[written{t, text}] = found
			}
		}
	}
	return ways
}()

func wayTo(t Type, text string) (way, error) {
	units := unitsOf(t)
	if units == nil {
		return way{}, fmt.Errorf("unknown type %q", t)
	}
	text = normalUnit(text)
	all, known := conversions[text]
	if !known {
		return way{}, fmt.Errorf("unknown unit %q", text)
	}
	for _, unit := range units {
		for _, c := range all {
			shifts := c.before.Cmp(Decimal{}) != 0
			// The difference of two temperatures has no zero to shift.
			if c.to == unit && !(t == TemperatureDiff && shifts) {
				return way{c, c.factor.Cmp(NewDecimal(1, 0)) == 0 && !shifts, atLeast[text]}, nil
			}
		}
	}
	return way{}, fmt.Errorf("%q is no unit of %s", text, t)
}
