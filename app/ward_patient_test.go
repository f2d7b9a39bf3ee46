package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vitalien/app/cli"
	"vitalien/app/simulator"
	"vitalien/fhirmap"
)

// TestWardPatient_NeverInAnothersConsultation: bedside monitors of both ways,
// with a patient and without, before, during and after consultations of
// somebody else, of somebody with the same number, and of nobody.
func TestWardPatient_NeverInAnothersConsultation(t *testing.T) {
	all := openBeds(t, 2, func(i int, o *simulator.MonitorOptions) {
		o.Every = 50 * time.Millisecond
		if i == 1 {
			o.Patient = nil // nobody is admitted
		}
	})
	folder := t.TempDir()
	all.configure(t, folder, `record_every = "1s"`)
	a := start(t, cli.Flags{DataDir: folder})
	device := dial(t, a.monitor.Addr().String())
	count := 0
	measure := func() {
		t.Helper()
		head := a.station.Head()
		for _, m := range all {
			m.MeasurePressure()
		}
		count++
		send(t, device, wardORU(count))
		a.awaitStation(t, "all three have measured", func() bool {
			beds := map[string]bool{}
			for _, r := range recorded(t, a) {
				if r.Seq > head && r.Type == fhirmap.HeartRate {
					beds[r.Bed] = true
				}
			}
			return beds["1"] && beds["2"] && beds["MLLP"]
		})
	}
	measure()                      // before any consultation
	consult(t, a, "somebody-else") // during
	measure()                      //
	consult(t, a, "BED-1")         // the EHR's patient happens to have the monitor's number
	measure()                      //
	consult(t, a, "WARD-1")        // and that of the message's
	measure()                      //
	if err := a.station.EndConsultation(t.Context()); err != nil {
		t.Fatal(err)
	}
	measure() // after
	seen := map[string]int{}
	for _, r := range recorded(t, a) {
		seen[r.Bed]++
		if r.Consultation != "" {
			t.Errorf("%s of bed %q is in consultation %q", r.Type, r.Bed, r.Consultation)
		}
		want := map[string]string{"1": "BED-1", "MLLP": "WARD-1"}[r.Bed]
		have := ""
		if r.Subject != nil {
			have = r.Subject.ID
		}
		if have != want || r.Subject != nil && r.Subject.System == "urn:test:ehr" {
			t.Errorf("%s of bed %q is recorded for %+v", r.Type, r.Bed, r.Subject)
		}
	}
	if seen["1"] == 0 || seen["2"] == 0 || seen["MLLP"] == 0 {
		t.Errorf("recorded of beds: %v", seen)
	}
}

// wardORU is a heart rate of now, of a message that names its patient.
func wardORU(count int) string {
	now := time.Now().Format("20060102150405-0700")
	return strings.Join([]string{
		`MSH|^~\&|MONITOR|WARD|||` + now + `||ORU^R01^ORU_R01|` + fmt.Sprint("W", count) + `|P|2.6||||||UNICODE UTF-8`,
		`PID|||WARD-1^^^CLINIQUE||Lefèvre^Éloïse||19800312|F`, `PV1||I|^^MLLP`,
		`OBR|1|||182777000^monitoring of patient^SCT|||` + now,
		fmt.Sprintf(`OBX|1|NM|8867-4^Heart rate^LN||%d|/min|||||F|||%s`, 60+count, now),
	}, "\r") + "\r"
}
