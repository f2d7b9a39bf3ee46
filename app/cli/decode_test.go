package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A said is what an Observation of "decode ble" says.
type said struct {
	code, value string // the first coding, and the value with its UCUM unit
	time        string // local, without offset; empty: when it was decoded
	components  []string
}

type printed struct {
	ResourceType      string
	EffectiveDateTime time.Time
	Code              struct{ Coding []struct{ Code string } }
	ValueQuantity     struct {
		Value json.Number
		Code  string
	}
	DataAbsentReason struct{ Coding []struct{ Code string } }
	Component        []printed
	ValueBoolean     bool
}

func (p *printed) value() string {
	switch {
	case p.ValueQuantity.Value != "":
		return p.ValueQuantity.Value.String() + " " + p.ValueQuantity.Code
	case len(p.DataAbsentReason.Coding) > 0:
		return p.DataAbsentReason.Coding[0].Code
	case p.ValueBoolean:
		return "true"
	}
	return ""
}

func read(t *testing.T, line string, began time.Time) said {
	t.Helper()
	var p printed
	if err := json.Unmarshal([]byte(line), &p); err != nil || p.ResourceType != "Observation" || len(p.Code.Coding) == 0 {
		t.Fatalf("%v in %s", err, line)
	}
	s := said{code: p.Code.Coding[0].Code, value: p.value(), time: p.EffectiveDateTime.In(time.Local).Format("2006-01-02T15:04:05")}
	if age := time.Since(p.EffectiveDateTime); age >= 0 && age <= time.Since(began)+time.Second {
		s.time = ""
	}
	for i := range p.Component {
		c := &p.Component[i]
		s.components = append(s.components, c.Code.Coding[0].Code+" "+c.value())
	}
	return s
}

func TestDecodeBLE(t *testing.T) {
	for line, want := range map[string][]said{
		"decode ble 2A35 1e8a00580078000000041114293b3c00012700": {
			{"85354-9", "", "", []string{
				"8480-6 138 mm[Hg]", "8462-4 88 mm[Hg]", "8478-0 120 mm[Hg]",
				"8410608.0 true", "8410608.1 true", "8410608.2 true", "8410608.5 true",
			}},
			{"8867-4", "60 /min", "", nil},
		},
		"decode ble 00002a35-0000-1000-8000-00805F9B34FB 00:bd:f0:0b:00:ff:07": {
			{"85354-9", "", "", []string{"8480-6 18.9 mm[Hg]", "8462-4 11 mm[Hg]", "8478-0 not-a-number"}},
		},
		"decode ble 2a9d 0x02b036e7070c190e1e2d":     {{"29463-7", "70.000 kg", "2023-12-25T14:30:45", nil}},
		"decode ble 0x2A1C 00-42-0E-00-FE":           {{"8310-5", "36.50 Cel", "", nil}},
		"decode ble 2A37 0055 0056":                  {{"8867-4", "85 /min", "", nil}, {"8867-4", "86 /min", "", nil}},
		"decode ble jumper-500f 81386344":            {{"59408-5", "99 %", "", nil}, {"8867-4", "56 /min", "", nil}},
		"decode ble 2A36 008a00ff07ff07":             nil,
		"decode ble 2A19 64":                         nil,
		"decode ble 2A35 04ff07ff07ff07ff07":         nil,
		"decode ble 2A18 020100ea070b1c081e0069b0fa": nil,
	} {
		t.Run(line, func(t *testing.T) { wantSaid(t, strings.Fields(line), want) })
	}
	oximeter := []string{"decode", "ble", "taidoc", "51257c351e08a5f2", "5126 6100 0048 a5c5"}
	wantSaid(t, append(oximeter, "--model", "TAIDOC TD8255"), []said{
		{"59408-5", "97 %", "2026-11-28T08:30:00", nil}, {"8867-4", "72 /min", "2026-11-28T08:30:00", nil},
	})
	wantSaid(t, append([]string{"decode", "--model=IR40"}, oximeter[1:]...), nil)
}

func wantSaid(t *testing.T, args []string, want []said) {
	t.Helper()
	began := time.Now()
	r := start(t, "", args...)
	if r.status != Done || r.stderr != "" || r.served != nil {
		t.Fatalf("%+v", r)
	}
	var have []said
	for line := range strings.Lines(r.stdout) {
		have = append(have, read(t, line, began))
	}
	if diff := cmp.Diff(want, have, cmp.AllowUnexported(said{})); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeBLE_MalformedPrintsNothing(t *testing.T) {
	for _, line := range []string{
		"decode ble 2A35 010203040506", "decode ble 2A35 zz", "decode ble 2A35 0", "decode ble 2A35 00bdf00b009ff0 00",
		"decode ble 2A35 00bdf00b009ff0 1", "decode ble 2A37 170101", "decode ble 2A52 0101", "decode ble taidoc 512500000000a31a",
		"decode ble omron-classic ffffffffffffffffffffffffffff", "decode ble 2A35 0x",
	} {
		t.Run(line, func(t *testing.T) {
			start(t, "", strings.Fields(line)...).wantOneLine(t, Failed)
		})
	}
	start(t, "", "decode", "ble", "2A35", "").wantOneLine(t, Failed)
}

func TestDecodeBLE_List(t *testing.T) {
	r := start(t, "", "decode", "ble", "--list")
	if r.status != Done || r.stderr != "" {
		t.Fatalf("%+v", r)
	}
	for _, name := range []string{"2A35", "2A1C", "2A9D", "2A9C", "2A5E", "2A5F", "2A37", "2A18", "2A34", "2A52", "2A2B", "2A19", "taidoc", "nonin", "jumper-500f", "omron-classic", "omron-packed"} {
		if !strings.Contains("\n"+r.stdout, "\n"+name+" ") {
			t.Errorf("%s is not listed", name)
		}
	}
}
