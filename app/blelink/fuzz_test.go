package blelink

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
)

// models are names that tell makers' devices apart.
var models = []string{"", "FORA D40", "FORA P30 PLUS", "TAIDOC TD8255", "FORA IR40", "FORA W310", "HEM-6232T"}

// FuzzDecode feeds any two frames to any decoder. What comes out can be
// recorded, is not made of nothing, and is the same again.
func FuzzDecode(f *testing.F) {
	index := func(name string) uint8 {
		return uint8(slices.IndexFunc(formats, func(known Format) bool { return known.Name == name || known.UUID == name }))
	}
	for _, x := range exchanges {
		frames := x.bytes()
		first, second := frames[0], []byte(nil)
		if len(frames) > 1 {
			second = frames[1]
		}
		f.Add(index(x.format), uint8(max(slices.Index(models, x.model), 0)), first, second)
	}
	f.Fuzz(func(t *testing.T, index, model uint8, first, second []byte) {
		format, name := formats[int(index)%len(formats)], models[int(model)%len(models)]
		frames := [][]byte{first}
		if second != nil {
			frames = append(frames, second)
		}
		list, err := Decode(format.Name, name, frames, testContext)
		if err != nil && list != nil {
			t.Fatalf("an error, %v, and %d measurements", err, len(list))
		}
		if len(first) == 0 && len(second) == 0 && list != nil {
			t.Fatalf("measurements of nothing: %+v", list)
		}
		for i := range list {
			checkDecoded(t, &list[i])
		}
		again, _ := Decode(format.Name, name, frames, testContext)
		if diff := cmp.Diff(lines(list), lines(again)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func lines(list []fhirmap.Measurement) (all []string) {
	for i := range list {
		all = append(all, summary(list[i]))
	}
	return all
}

func checkDecoded(t *testing.T, m *fhirmap.Measurement) {
	t.Helper()
	if err := m.Validate(); err != nil {
		t.Fatalf("%v: %s", err, summary(*m))
	}
	for _, o := range fhirmap.R4(&fhirmap.Recorded{Measurement: *m, Received: testContext.Received}) {
		if text, err := json.Marshal(o); err != nil || !json.Valid(text) {
			t.Fatalf("%v: %s", err, text)
		}
	}
}

// FuzzTaidoc puts any time and value into frames whose sums are right: the
// values of a record are those in its bytes, and control solution is none.
func FuzzTaidoc(f *testing.F) {
	f.Add(uint8(0), uint32(0x7c351e08), uint32(0x69000000))
	f.Add(uint8(1), uint32(0x7c359e08), uint32(0x7b005048))
	f.Add(uint8(3), uint32(0x7c351e08), uint32(0x610000c8))
	f.Fuzz(func(t *testing.T, model uint8, time, value uint32) {
		when := [4]byte{byte(time >> 24), byte(time >> 16), byte(time >> 8), byte(time)}
		data := [4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}
		reply := func(command byte, d [4]byte) []byte {
			return unhex(taidocReply(command, d[0], d[1], d[2], d[3]))
		}
		list, err := Decode("taidoc", models[int(model)%len(models)], [][]byte{reply(taidocRecordTime, when), reply(taidocRecordValue, data)}, testContext)
		if err != nil || len(list) > 1 {
			t.Fatalf("%d measurements, %v", len(list), err)
		}
		if len(list) == 0 {
			return
		}
		m := &list[0]
		checkDecoded(t, m)
		possible := []int64{int64(data[0]), int64(data[0]) | int64(data[1])<<8, int64(data[2]), int64(data[3])}
		for _, r := range m.Readings {
			if r.Value == nil || !slices.ContainsFunc(possible, func(n int64) bool { return r.Value.Cmp(fhirmap.NewDecimal(n, 0)) == 0 }) {
				t.Fatalf("%s is in no byte of %x", summary(*m), data)
			}
		}
		if m.Type == fhirmap.BloodGlucose && data[3]>>6 == 3 || (m.Type == fhirmap.BloodPressure) != (when[2]&0x80 != 0) {
			t.Fatalf("%s of %x %x", summary(*m), when, data)
		}
		if !m.Time.IsZero() && (m.Time.Minute() != int(when[2]&63) || m.Time.Day() != int(when[0]&31)) {
			t.Fatalf("%s of %x", summary(*m), when)
		}
	})
}
