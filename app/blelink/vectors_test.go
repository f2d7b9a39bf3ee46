package blelink

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vitalien/fhirmap"
)

// A vector is an entry of ble.json, published bytes with what they mean.
type vector struct {
	ID, Characteristic, Hex string
	Expected                json.RawMessage
}

func vectors(t *testing.T) []vector {
	folder := os.Getenv("VITALIEN_VECTORS")
	if folder == "" {
		t.Skip("VITALIEN_VECTORS names no folder of test vectors")
	}
	text, err := os.ReadFile(filepath.Join(folder, "ble.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Vectors
}

// formatOf is the name under which a vector's bytes are decoded; empty for
// what is no exchange of its own.
func (v *vector) formatOf() string {
	switch c := v.Characteristic; {
	case strings.HasPrefix(c, "omron classic"):
		return "omron-classic"
	case strings.HasPrefix(c, "omron bit-packed"):
		return "omron-packed"
	case c == "omron EEPROM time":
		return "omron-time"
	default:
		name, _, _ := strings.Cut(c, " ")
		return name
	}
}

func TestDecode_PublishedVectors(t *testing.T) {
	list := vectors(t)
	if len(list) < 64 {
		t.Errorf("%d vectors", len(list))
	}
	for _, v := range list {
		t.Run(v.ID, func(t *testing.T) { v.check(t) })
	}
}

func (v *vector) check(t *testing.T) {
	value := unhex(v.Hex)
	var expected map[string]any
	isObject := json.Unmarshal(v.Expected, &expected) == nil
	switch v.Characteristic {
	case "SFLOAT(le)":
		checkNumber(t, sfloat(binary.LittleEndian.Uint16(value)), expected)
	case "FLOAT(le)":
		checkNumber(t, float(binary.LittleEndian.Uint32(value)), expected)
	case "2A08":
		var want string
		at, err := ReadClock(value, paris)
		if json.Unmarshal(v.Expected, &want) != nil || err != nil || at.Format("2006-01-02T15:04:05") != want {
			t.Errorf("%v, %v, want %s", at, err, want)
		}
	case "omron EEPROM time":
		at, err := omronClock(value, paris)
		if err != nil || at.time.Format("2006-01-02T15:04:05") != expected["timestamp"] {
			t.Errorf("%v, %v", at, err)
		}
	case "advertisement":
		checkAdvertisement(t, value)
	default:
		if !isObject {
			t.Fatalf("expected is no object: %s", v.Expected)
		}
		list, err := Decode(v.formatOf(), "", [][]byte{value}, testContext)
		if _, bad := expected["error"]; bad {
			if err == nil {
				t.Errorf("decoded to %+v", list)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		checkMeasurements(t, list, expected)
	}
}

func checkNumber(t *testing.T, got number, expected map[string]any) {
	if special, ok := expected["special"]; ok {
		want := map[any]fhirmap.Absent{
			"NaN": fhirmap.AbsentNotANumber, "+INF": fhirmap.AbsentPositiveInfinity, "-INF": fhirmap.AbsentNegativeInfinity,
			"NRes": fhirmap.AbsentError, "RFU": fhirmap.AbsentError,
		}[special]
		if got.value != nil || got.absent != want || want == "" {
			t.Errorf("%s, want %s", got, want)
		}
		return
	}
	if got.value == nil || got.value.Float64() != expected["value"] {
		t.Errorf("%s, want %v", got, expected["value"])
	}
}

// fields are what a vector may expect of the measurements of its bytes.
var fields = map[string]func(list []fhirmap.Measurement) any{
	"systolic": reading(fhirmap.Systolic), "diastolic": reading(fhirmap.Diastolic), "map": reading(fhirmap.Mean),
	"pulse": reading(fhirmap.HeartRate), "bpm": reading(fhirmap.HeartRate), "spo2": reading(fhirmap.OxygenSaturation),
	"kg": reading(fhirmap.BodyWeight), "weightKg": reading(fhirmap.BodyWeight), "bodyFatPct": reading(fhirmap.BodyFat),
	"unit": func(list []fhirmap.Measurement) any { return list[0].Readings[0].Unit.Label },
	"contact": func(list []fhirmap.Measurement) any {
		return !slices.Contains(list[0].Quality, fhirmap.SensorOff)
	},
}

func reading(of fhirmap.Type) func(list []fhirmap.Measurement) any {
	return func(list []fhirmap.Measurement) any {
		for i := range list {
			if r := list[i].Reading(of); r != nil && r.Value != nil {
				return r.Value.Float64()
			}
		}
		return nil
	}
}

// unmeasured are what vectors say beside measurements, or of what is none:
// users and impedance, which are not kept, the perfusion index, whose scale its
// source only assumes, and the answers to requests.
var unmeasured = []string{
	"userId", "status", "impedanceOhm", "pi", "contactSupported", "model",
	"note", "command", "checksumOK", "op", "request", "result", "count",
}

func checkMeasurements(t *testing.T, list []fhirmap.Measurement, expected map[string]any) {
	left := maps.Clone(expected)
	for _, name := range unmeasured {
		delete(left, name)
	}
	if len(left) == 0 {
		if len(list) > 0 {
			t.Errorf("measured %+v", list)
		}
		return
	}
	if len(list) == 0 {
		t.Fatalf("nothing measured, want %v", expected)
	}
	for name, want := range left {
		switch name {
		case "timestamp":
			checkTimestamp(t, &list[0], want)
		case "statusFlags":
			checkStatus(t, list[0].Quality, want.(map[string]any))
		default:
			field := fields[name]
			if field == nil {
				t.Fatalf("a field that this test does not know: %s", name)
			}
			if got := field(list); got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
	}
}

func checkTimestamp(t *testing.T, m *fhirmap.Measurement, want any) {
	switch want := want.(type) {
	case string:
		if got := m.Time.In(paris).Format("2006-01-02T15:04:05"); got != want {
			t.Errorf("time %s, want %s", got, want)
		}
	default: // nil, or an object with a part that is not known
		if !m.TimeUnknown || !m.Time.IsZero() {
			t.Errorf("time %v, want none that can be known", m.Time)
		}
	}
}

func checkStatus(t *testing.T, got []fhirmap.Quality, flags map[string]any) {
	for name, quality := range map[string]fhirmap.Quality{
		"bodyMovement": fhirmap.BodyMovement, "cuffLoose": fhirmap.CuffLoose,
		"irregularPulse": fhirmap.IrregularPulse, "improperPosition": fhirmap.ImproperPosition,
	} {
		if slices.Contains(got, quality) != (flags[name] == true) {
			t.Errorf("%s: %v, want %v", name, got, flags[name])
		}
	}
}

// checkAdvertisement has the driver recognise what was heard on air (AD
// structures: Core Specification, volume 3, part C, 11).
func checkAdvertisement(t *testing.T, air []byte) {
	heard := Advertisement{Manufacturer: map[string][]byte{}}
	for len(air) > 1 {
		data := air[2 : 1+int(air[0])]
		switch kind := air[1]; kind {
		case 0x02, 0x03:
			heard.Services = append(heard.Services, UUID16(fmt.Sprintf("%04x", binary.LittleEndian.Uint16(data))))
		case 0xff:
			heard.Manufacturer[fmt.Sprintf("%04x", binary.LittleEndian.Uint16(data))] = data[2:]
		}
		air = air[1+int(air[0]):]
	}
	if omronHEM9210T.Recognise(&heard) == 0 {
		t.Errorf("%+v is no device of Omron", heard)
	}
}

// TestDecode_TimesOfTheComputer: what bears no time gets none, so that the
// time of reception counts.
func TestDecode_TimesOfTheComputer(t *testing.T) {
	list, err := Decode("2A35", "", [][]byte{unhex("00bdf00b009ff0")}, testContext)
	if err != nil || len(list) != 1 || list[0].TimeUnknown || !list[0].Time.IsZero() {
		t.Fatalf("%+v, %v", list, err)
	}
	r := fhirmap.Recorded{Measurement: list[0], Received: testContext.Received}
	if !r.Effective().Equal(time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)) {
		t.Error(r.Effective())
	}
}
