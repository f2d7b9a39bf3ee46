package blelink

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"vitalien/fhirmap"
)

// TestRegistry instantiates every driver: each has an id of its own, what a
// session needs, and recognises nothing in an empty advertisement.
func TestRegistry(t *testing.T) {
	seen := map[string]bool{}
	types := map[fhirmap.DeviceType]string{}
	for _, d := range Drivers() {
		if d.ID == "" || seen[d.ID] || DriverByID(d.ID) != d {
			t.Errorf("%q is not its own", d.ID)
		}
		seen[d.ID] = true
		if d.Serve == nil || d.Recognise == nil || d.Type == "" {
			t.Fatalf("%s is not whole", d.ID)
		}
		if sure := d.Recognise(&Advertisement{}); sure != 0 {
			t.Errorf("%s recognises nothing at all: %d", d.ID, sure)
		}
		if (d.Maker == "") != (d.Model == "") {
			t.Errorf("%s: a model has a maker", d.ID)
		}
		if d.Model == "" {
			types[d.Type] = d.ID
		} else if types[d.Type] != "" {
			t.Errorf("%s stands behind the general %s", d.ID, types[d.Type])
		}
	}
	if DriverByID("") != nil {
		t.Error("a driver without an id")
	}
}

func TestRecognise(t *testing.T) {
	omron := Advertisement{Services: []string{serviceBloodPressure}, Manufacturer: map[string][]byte{"020e": {1, 1, 0xc1}}}
	taidoc := []string{"00001523-1212-efde-1523-785feabcd123"}
	tests := map[string]struct {
		heard Advertisement
		want  []string // who recognises it, the surest first
	}{
		// eigger/hass-omron, issue 11: advertisement of a HEM-6232T-E.
		"Omron":                   {omron, []string{"omron-hem-9210t", "blood-pressure"}},
		"Omron by its name":       {Advertisement{Name: "BLESmart_00000244005FBF718118", Services: []string{serviceBloodPressure}}, []string{"omron-hem-9210t", "blood-pressure"}},
		"A&D":                     {Advertisement{Name: "A&D_UA-651BLE_718118", Services: []string{serviceBloodPressure}}, []string{"and-ua-651ble", "blood-pressure"}},
		"any cuff":                {Advertisement{Name: "BPM", Services: []string{serviceBloodPressure}}, []string{"blood-pressure"}},
		"Nordic's LED button":     {Advertisement{Name: "Nordic_Blinky", Services: taidoc}, nil},
		"Diamond Mini":            {Advertisement{Name: "DIAMOND MINI", Services: taidoc}, []string{"fora-diamond-mini"}},
		"TaiDoc":                  {Advertisement{Name: "TAIDOC TD4257", Services: taidoc}, []string{"fora-diamond-mini"}},
		"its name alone":          {Advertisement{Name: "DIAMOND MINI"}, nil},
		"Accu-Chek":               {Advertisement{Name: "meter+01234567", Services: []string{serviceGlucose}}, []string{"accu-chek", "glucometer"}},
		"Nonin":                   {Advertisement{Name: "Nonin3230_502613194"}, []string{"nonin-3230"}},
		"Jumper":                  {Advertisement{Name: "My Oximeter"}, []string{"jumper-jpd-500f"}},
		"scale":                   {Advertisement{Services: []string{serviceComposition}}, []string{"weight-scale"}},
		"a headset":               {Advertisement{Name: "WH-1000", Services: []string{UUID16("110b")}}, nil},
		"heart rate of a chest":   {Advertisement{Services: []string{serviceHeartRate}}, []string{"heart-rate"}},
		"thermometer":             {Advertisement{Services: []string{serviceThermometer}}, []string{"thermometer"}},
		"continuous or spot oxim": {Advertisement{Services: []string{serviceOximeter}}, []string{"pulse-oximeter"}},
	}
	for name, test := range tests {
		var got []string
		sure := map[string]int{}
		for _, d := range Drivers() {
			if n := d.Recognise(&test.heard); n > 0 {
				got, sure[d.ID] = append(got, d.ID), n
			}
		}
		slices.SortStableFunc(got, func(a, b string) int { return sure[b] - sure[a] })
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v instead of %v", name, got, test.want)
		}
	}
}

// readme is where the table of compatibility stands, between two marks.
const (
	readme     = "../../README.md"
	tableBegin = "<!-- devices: written by go test ./app/blelink -update -->\n"
	tableEnd   = "<!-- end of devices -->\n"
)

// kinds are the types of devices for whoever reads the table.
var kinds = map[fhirmap.DeviceType]string{
	fhirmap.BloodPressureMonitor: "blood pressure", fhirmap.Thermometer: "temperature", fhirmap.WeightScale: "weight, body composition",
	fhirmap.PulseOxymeter: "oxygen saturation", fhirmap.Glucometer: "blood glucose", fhirmap.HeartRateMonitor: "heart rate",
}

// compatibility is the table of the registry.
func compatibility() string {
	var b strings.Builder
	b.WriteString("| device | measures | pairing | tried on the device |\n|---|---|---|---|\n")
	pairing := map[Bond]string{BondNone: "none needed", BondJust: "bond", BondPasskey: "bond with a number"}
	for _, d := range Drivers() {
		name, tried := joined(d.Maker, d.Model), "no, with its protocol alone"
		if d.Model == "" {
			name = "any that keeps to the Bluetooth SIG profile"
		}
		if d.Tried {
			tried = "yes"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, kinds[d.Type], pairing[d.Bond], tried)
	}
	return b.String()
}

// TestCompatibility holds the table of the README to the registry.
func TestCompatibility(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegin)
	have, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		t.Fatal("the README has no place for the table")
	}
	want := compatibility()
	if have == want {
		return
	}
	if !*update {
		t.Fatalf("the README has another table than the registry:\n%s", want)
	}
	if err := os.WriteFile(readme, []byte(before+tableBegin+want+tableEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
