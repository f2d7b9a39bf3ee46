package station

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// inJSON is e in the form of before.
func inJSON(t testing.TB, e entry) []byte {
	t.Helper()
	body, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return append(make([]byte, headerSize), body...)
}

func reportRecord(data []byte, count int) localstore.Record {
	return localstore.Record{First: 1, Count: count, Kind: kindReport, Data: data}
}

// fill gives everything in v a value of its own, so that what a codec forgets
// is missed.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(morning.Add(time.Duration(*n) * time.Nanosecond)))
		return
	case fhirmap.Decimal:
		v.Set(reflect.ValueOf(fhirmap.NewDecimal(int64(*n), -2)))
		return
	case fhirmap.Unit: // its number is that of the vocabulary and not stored
		v.Set(reflect.ValueOf(fhirmap.Unit{UCUM: "u" + string(rune('a'+*n%26)), Label: "U"}))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("é" + string(rune(0x100+*n)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), n)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Uint64:
		v.SetUint(uint64(*n))
	default:
		panic("a kind that the entry did not have: " + v.Kind().String())
	}
}

var exactly = cmp.Options{
	cmp.Comparer(func(a, b time.Time) bool { return a.Format(time.RFC3339Nano) == b.Format(time.RFC3339Nano) }),
	cmp.Comparer(func(a, b fhirmap.Decimal) bool { return a.String() == b.String() }),
	cmpopts.EquateEmpty(),
}

// Whatever an entry can hold comes back: one whose fields are all set, and one
// whose fields are all empty.
func TestCompact_ForgetsNothing(t *testing.T) {
	full := entry{Received: morning, Key: keyed("k").Key}
	n := 0
	for _, field := range []any{&full.Link, &full.Peer, &full.Open, &full.Measurements} {
		fill(reflect.ValueOf(field).Elem(), &n)
	}
	full.Measurements = append(full.Measurements, recordedEntry{}, full.Measurements[0])
	full.Measurements[1].Readings[0].Value = nil
	data, err := full.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(reportRecord(data, 4))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&full, got, exactly); diff != "" {
		t.Error(diff)
	}
}

// A log that was written before the compact form is read as it was then.
func TestEntry_OfTheFirstForm(t *testing.T) {
	body, err := os.ReadFile("testdata/entry_json.json")
	if err != nil {
		t.Fatal(err)
	}
	body = bytes.TrimSpace(body)
	d := newDesk(t)
	first, err := d.store.Append(t.Context(), localstore.Entry{
		Kind: kindReport, Count: 2, Data: append(make([]byte, headerSize), body...),
	})
	if err != nil {
		t.Fatal(err)
	}
	then := d.all()[0]
	if m := then.Measurements[1]; m.Type != fhirmap.BloodPressure || len(m.Readings) != 3 || m.Readings[0].Value.String() != "128" ||
		m.Subject.Family != "Lefèvre" || m.Consultation != "c-1" || m.Time.Format(time.RFC3339) != "2026-11-20T08:59:30+01:00" {
		t.Errorf("%+v", m)
	}
	// Written in the form of now, it is the same.
	e, err := decode(reportRecord(append(make([]byte, headerSize), body...), 2))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.appendEntry(t.Context(), kindReport, 2, e); err != nil {
		t.Fatal(err)
	}
	now := d.all()[1]
	for i := range now.Measurements {
		now.Measurements[i].Seq -= first + 1
		now.Measurements[i].Last -= first + 1
	}
	if diff := cmp.Diff(then.Measurements, now.Measurements, exactly); diff != "" {
		t.Error(diff)
	}
	if again, err := d.store.Read(3, 1, 1<<20); err != nil || again[0].Data[headerSize] != formCompact || 2*len(again[0].Data) > len(body) {
		t.Errorf("%d bytes instead of %d: %v", len(again[0].Data), len(body), err)
	}
}

// An entry of before readings had limits is read as it was then, and still
// written so.
func TestEntry_OfTheFormWithoutLimits(t *testing.T) {
	text, err := os.ReadFile("testdata/entry_compact.hex")
	if err != nil {
		t.Fatal(err)
	}
	data, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	e, err := decode(reportRecord(data, 2))
	if err != nil {
		t.Fatal(err)
	}
	if m := e.Measurements[0]; m.Reading(fhirmap.HeartRate).Value.String() != "72.0" || m.Subject.Family != "Lefèvre" || m.Consultation != "c-1" ||
		m.Bed != "4" || !m.Time.Equal(morning) || m.form() != formCompact || m.Readings[0].Interpretation[0] != "N" {
		t.Errorf("%+v", m)
	}
	if again, err := e.encode(); err != nil || !bytes.Equal(again, data) {
		t.Errorf("%x %v", again, err)
	}
	e.Measurements[1].Readings[0].Low = new(fhirmap.MustDecimal("50.0"))
	limited, err := e.encode()
	if err != nil || limited[headerSize] != formLimits {
		t.Fatal(err)
	}
	if again, err := decode(reportRecord(limited, 2)); err != nil || again.Measurements[1].Readings[0].Low.String() != "50.0" || again.Measurements[0].form() != formCompact {
		t.Errorf("%+v %v", again, err)
	}
	e.Measurements[0].Quality, e.Measurements[0].Meal = []fhirmap.Quality{fhirmap.CuffLoose, fhirmap.BodyMovement}, fhirmap.MealFasting
	whole, err := e.encode()
	if err != nil || whole[headerSize] != formQuality {
		t.Fatal(err)
	}
	again, err := decode(reportRecord(whole, 2))
	if err != nil || len(again.Measurements[0].Quality) != 2 || again.Measurements[0].Meal != fhirmap.MealFasting || again.Measurements[1].Quality != nil {
		t.Errorf("%+v %v", again, err)
	}
}

// A text of a device that is no UTF-8 leaves the program as JSON, which is.
func TestCompact_KeepsTextsUTF8(t *testing.T) {
	m := pulse("72")
	m.Bed = "R\xe9a"
	data, err := (&entry{Received: morning, Measurements: []recordedEntry{{Measurement: m}}}).encode()
	if err != nil {
		t.Fatal(err)
	}
	if e, err := decode(reportRecord(data, 1)); err != nil || e.Measurements[0].Bed != "R\uFFFDa" {
		t.Errorf("%+v %v", e, err)
	}
}

// A text that is a time's bytes by chance, or by intent, is one of its own.
func TestCompact_TextLikeATime(t *testing.T) {
	m := pulse("72")
	m.Time = morning.Add(0x80 * time.Second)
	bytes, err := m.Time.MarshalBinary()
	if err != nil || utf8.Valid(bytes) {
		t.Fatal(bytes, err)
	}
	m.Device.Serial = string(bytes)
	data, err := (&entry{Received: morning, Measurements: []recordedEntry{{Measurement: m}}}).encode()
	if err != nil {
		t.Fatal(err)
	}
	e, err := decode(reportRecord(data, 1))
	if err != nil || !e.Measurements[0].Time.Equal(m.Time) || e.Measurements[0].Device.Serial != strings.ToValidUTF8(string(bytes), "\uFFFD") {
		t.Errorf("%+v %v", e, err)
	}
}

func TestEntry_OfANewerForm(t *testing.T) {
	d := newDesk(t)
	_, err := d.events(reportRecord(append(make([]byte, headerSize), formQuality+1, 7), 1))
	wantFault(t, err, "store_newer")
}

func TestEntry_CountsWhatItsRecordCounts(t *testing.T) {
	e := entry{Received: morning, Measurements: []recordedEntry{{Measurement: pulse("72")}}}
	data, err := e.encode()
	if err != nil {
		t.Fatal(err)
	}
	_, err = decode(reportRecord(data, 2))
	wantFault(t, err, "store_corrupt")
}

// FuzzEntry: damage never brings the program down, and what can be read can be
// written again.
func FuzzEntry(f *testing.F) {
	m := pulse("72.0")
	m.Time, m.Patient = morning, claire()
	e := entry{Received: morning, Link: "hl7", Measurements: []recordedEntry{{Measurement: m, Subject: claire()}, {Measurement: pulse("61")}}}
	data, err := e.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(inJSON(f, e))
	f.Add(append(make([]byte, headerSize), formCompact, 0, 15))
	e.Measurements[0].Readings[0].Low = new(fhirmap.MustDecimal("50.0"))
	if data, err = e.encode(); err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := decode(reportRecord(data, 2))
		if err != nil {
			if code := fhirmap.FaultOf(err).Code; code != localstore.CodeCorrupt && code != localstore.CodeNewer {
				t.Fatal(err)
			}
			return
		}
		again, err := got.encode()
		if err != nil {
			return // JSON can hold times that are none
		}
		same, err := decode(reportRecord(again, 2))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, same, exactly); diff != "" {
			t.Fatal(diff)
		}
	})
}
