package hl7link

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// rtiVectors is what published messages come to after the patient is known;
// those that are not named here tell nothing.
var rtiVectors = map[string][]string{
	"mindray_health24_054_t1_low.hl7": {"alarms [physiological] of 1", `alarm high physiological 10076 "T1 Too Low"`},
	"mindray_health24_056_tech.hl7": {"alarms [technical] of 1", `alarm low technical 205 "SpO2 Sensor Off"`,
		`alarm low technical 5 "ECG Lead Off"`},
	"mindray_health24_204_periodic.hl7": {"heart_rate | heart_rate=60 /min of 1",
		"live premature_ventricular_contractions 0bpm valid of 1",
		"live st_i <nil>mV missing of 1", "live st_ii <nil>mV missing of 1", "live st_iii <nil>mV missing of 1",
		"live st_avr <nil>mV missing of 1", "live st_avl <nil>mV missing of 1", "live st_avf <nil>mV missing of 1",
		"live st_v <nil>mV missing of 1"},
	"mindray_seed004_103_patient.hl7": {"body_height | body_height=189.0 cm | admission of 2", "body_weight | body_weight=100.0 kg | admission of 2"},
	"mindray_umec10_103_patient.hl7":  {"body_height | body_height=170.0 cm | admission of 812", "body_weight | body_weight=70.0 kg | admission of 812"},
	"mindray_umec10_051_limits.hl7": {"live systolic_blood_pressure <nil>mmHg  of 1 in 90..160", "live mean_blood_pressure <nil>mmHg  of 1 in 60..110",
		"live diastolic_blood_pressure <nil>mmHg  of 1 in 50..90"},
	"mindray_umec10_054_physio_alarm.hl7": {"alarms [physiological] of 1", `alarm high physiological 10002 "ЧСС - сл. низ"`},
	"mindray_umec10_056_tech_alarm.hl7": {"alarms [technical] of 1", `alarm low technical 458 "нАД - манж. отсоед."`,
		`alarm low technical 5 "ЭКГ - отв. откл."`},
	"mindray_umec10_503_nibp_none.hl7": {"live diastolic_blood_pressure <nil>mmHg missing of 1", "live mean_blood_pressure <nil>mmHg missing of 1",
		"live systolic_blood_pressure <nil>mmHg missing of 1"},
}

func TestRTISession_PublishedMessages(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(vectorDir(t), "mindray_*.hl7"))
	if err != nil || len(files) < len(rtiVectors) {
		t.Fatal(files, err)
	}
	for _, file := range files {
		base := filepath.Base(file)
		if base == "mindray_egateway_pcd01.hl7" { // another dialect
			continue
		}
		t.Run(base, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := connectedTo(t, &rtiHistory{})
			c.say(rti("103", "PID|||guid", "OBX||ST|2301^||1||||||F"))
			if diff := cmp.Diff(rtiVectors[base], c.say(string(data))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadBeacon_Published(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(vectorDir(t), "mindray_beacon_adt_a01_101.hl7"))
	if err != nil {
		t.Fatal(err)
	}
	want := Sighting{Address: "192.168.8.20:4601", Name: "M0001", Bed: "222", Department: "icu", Patient: true, Alarm: "physiological"}
	if got, ok := readBeacon(data, netip.MustParseAddr("192.168.8.20")); !ok || got != want {
		t.Errorf("%+v", got)
	}
}

// BenchmarkSession is a second of a monitor: twenty values in four messages,
// and their states.
func BenchmarkSession(b *testing.B) {
	var messages [][]byte
	for module, ids := range [][]string{{"101", "102", "105", "106", "107"}, {"151", "160", "161", "162", "600"},
		{"200", "202", "500", "501", "502"}, {"503", "504", "505", "566", "587"}} {
		var values, states []string
		for i, id := range ids {
			values = append(values, fmt.Sprintf("OBX||NM|%s^x|%d|%d||||||F", id, 2101+module, 36+i))
			states = append(states, fmt.Sprintf("OBX||CE|2037^|%s|3^||||||F", id))
		}
		messages = append(messages, []byte(rti("204", values...)), []byte(rti("205", states...)))
	}
	now := time.Unix(1_800_000_000, 0)
	s := newRTISession("a:1", "Salle", "192.0.2.7", paris, &rtiHistory{}, now)
	m, err := Parse([]byte(strings.ReplaceAll(admitted("812"), "\r", "\n")))
	if err != nil {
		b.Fatal(err)
	}
	s.read(m, now)
	b.ReportAllocs()
	for b.Loop() {
		for _, text := range messages {
			m, err := Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			s.read(m, now)
			m.release()
		}
		if reports := s.flush(); len(reports) != 1 {
			b.Fatal(len(reports))
		}
	}
}
