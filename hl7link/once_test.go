package hl7link

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
)

// cuff is a periodic message of a monitor: a heart rate of now, and the cuff
// pressure that it has shown since at.
func cuff(bed, patient, systolic, at string, rate int) string {
	return "MSH|^~\\&|||||20260101120001||ORU^R01^ORU_R01|1004|P|2.6\rPID|||" + patient + "\rPV1||I|^^Salle&" + bed + "&1\rOBR||||M|||20260101120000\r" +
		fmt.Sprintf("OBX||NM|201^HR^BHC|5001|%d||||||F\r", rate) +
		"OBX||NM|351^NIBP S^BHC|5004|" + systolic + "|11^mmHg^BHC|||||F||APERIODIC|" + at + "\r" +
		"OBX||NM|352^NIBP D^BHC|5004|80|11^mmHg^BHC|||||F||APERIODIC|" + at + "\r"
}

func pressures(sink *memorySink) (all []string) {
	sink.mu.Lock()
	defer sink.mu.Unlock()
	for _, r := range sink.reports {
		for _, m := range r.Measurements {
			if m.Type == fhirmap.BloodPressure {
				all = append(all, fmt.Sprintf("%s %s %s", m.Bed, m.Reading(fhirmap.Systolic).Value, m.Time.Format("15:04")))
			}
		}
	}
	return all
}

func TestListener_CuffPressureIsOne(t *testing.T) {
	sink := &memorySink{}
	address, _ := start(t, ListenerOptions{Sink: sink})
	send := func(c *Client, text string) {
		t.Helper()
		if code, err := c.Send(t.Context(), []byte(text)); err != nil || code != "AA" {
			t.Fatal(code, err)
		}
	}
	first := dial(t, address)
	send(first, cuff("7", "1", "120", "20260101114500", 60))
	if sink.reports[0].Streaming {
		t.Error("a new cuff pressure is among what comes again by itself")
	}
	for i := range 3 {
		send(first, cuff("7", "1", "120", "20260101114500", 61+i))
	}
	first.Close()
	again := dial(t, address) // the monitor reconnects
	send(again, cuff("7", "1", "120", "20260101114500", 70))
	send(again, cuff("7", "2", "120", "20260101114500", 71)) // the next person, the pressure of the one before
	send(again, cuff("8", "3", "120", "20260101114500", 72)) // another bed
	send(again, cuff("7", "2", "120", "20260101115500", 73)) // measured again, the same numbers
	send(again, cuff("7", "2", "121", "20260101115500", 74)) // corrected
	want := []string{"7 120 11:45", "8 120 11:45", "7 120 11:55", "7 121 11:55"}
	if diff := cmp.Diff(want, pressures(sink)); diff != "" {
		t.Error(diff)
	}
	r := sink.reports[1]
	if !r.Streaming || len(r.Measurements) != 1 || len(r.Live) != 1 || len(r.Live[0].Values) != 2 {
		t.Errorf("a known pressure is not shown: %+v", r)
	}
}

// What could not be stored is recorded when it comes again.
func TestListener_CuffPressureAfterAFailure(t *testing.T) {
	sink := &memorySink{fail: errors.New("disk")}
	address, _ := start(t, ListenerOptions{Sink: sink})
	client := dial(t, address)
	text := []byte(cuff("7", "1", "120", "20260101114500", 60))
	if code, err := client.Send(t.Context(), text); err != nil || code != "AR" {
		t.Fatal(code, err)
	}
	sink.mu.Lock()
	sink.fail = nil
	sink.mu.Unlock()
	if code, err := client.Send(t.Context(), text); err != nil || code != "AA" {
		t.Fatal(code, err)
	}
	if diff := cmp.Diff([]string{"7 120 11:45"}, pressures(sink)); diff != "" {
		t.Error(diff)
	}
}

// A message of a cuff pressure alone that has no control id gets a key, so that
// it is known after a restart, too.
func TestListener_CuffPressureHasAKey(t *testing.T) {
	keys := map[string]int{}
	for _, bed := range []string{"7", "7", "8"} {
		sink := &memorySink{}
		address, stop := start(t, ListenerOptions{Sink: sink}) // a new listener remembers nothing
		text := cuff(bed, "1", "120", "20260101114500", 60)
		text = strings.Replace(strings.Replace(text, "OBX||NM|201^HR^BHC|5001|60||||||F\r", "", 1), "|1004|", "|1005|", 1)
		if code, err := dial(t, address).Send(t.Context(), []byte(text)); err != nil || code != "AA" {
			t.Fatal(code, err)
		}
		keys[sink.reports[0].Key]++
		stop()
	}
	if len(keys) != 2 || keys[""] > 0 {
		t.Errorf("%v", keys)
	}
}

// The same height, typed once, comes with every connection of a monitor.
func TestListener_AdmissionIsOne(t *testing.T) {
	sink := &memorySink{}
	address, _ := start(t, ListenerOptions{Sink: sink})
	client := dial(t, address)
	for _, height := range []string{"170", "170", "171"} {
		for _, patient := range []string{"1", "2"} {
			text := "MSH|^~\\&|||||20260101120001||ORU^R01|1004|P|2.6\rPID|||" + patient + "\rPV1||I|^^S&7&1\rOBX||NM|4201^Height^BHC||" + height + "|31^cm^BHC|||||F\r"
			if code, err := client.Send(t.Context(), []byte(text)); err != nil || code != "AA" {
				t.Fatal(code, err)
			}
		}
	}
	var got []string
	for _, r := range sink.reports {
		for _, m := range r.Measurements {
			got = append(got, m.Patient.ID+" "+m.Readings[0].Value.String())
		}
	}
	if diff := cmp.Diff([]string{"1 170", "2 170", "1 171", "2 171"}, got); diff != "" {
		t.Error(diff)
	}
}

// What was recorded in an earlier run is not recorded again, and a pressure of
// the person before is not shown as the next one's.
func TestListener_KnownFromBefore(t *testing.T) {
	sink := &memorySink{}
	asked := 0
	address, _ := start(t, ListenerOptions{Sink: sink, Recorded: func(_ context.Context, m fhirmap.Measurement) (*fhirmap.Measurement, error) {
		if asked++; m.Bed != "7" {
			return nil, nil
		}
		patient := *m.Patient
		patient.ID = "1"
		m.Patient = &patient
		return &m, nil
	}})
	monitor := dial(t, address)
	for i, text := range []string{
		cuff("7", "2", "120", "20260101114500", 60), cuff("7", "1", "120", "20260101114500", 61),
		cuff("8", "1", "130", "20260101114500", 62), cuff("8", "1", "130", "20260101114500", 63), cuff("8", "2", "130", "20260101114500", 64),
		cuff("7", "1", "121", "20260101115500", 65),
	} {
		if code, err := monitor.Send(t.Context(), []byte(text)); err != nil || code != "AA" {
			t.Fatal(i, code, err)
		}
	}
	if diff := cmp.Diff([]string{"8 130 11:45", "7 121 11:55"}, pressures(sink)); diff != "" || asked != 2 {
		t.Error(asked, diff)
	}
	var shown []string
	for _, r := range sink.reports {
		for _, l := range r.Live {
			shown = append(shown, l.Bed+" "+l.Patient.ID+" "+l.Values[0].Value.String())
		}
	}
	if diff := cmp.Diff([]string{"7 1 120", "8 1 130"}, shown); diff != "" {
		t.Error(diff)
	}
}

func TestMemory_IsBounded(t *testing.T) {
	y := newMemory()
	for i := range 2 * maxPlaces {
		for j := range 2 * maxRemembered {
			one := remembrance{place: fmt.Sprint(i)}
			one.digest[0] = byte(j)
			y.keep([]remembrance{one, one})
		}
	}
	if len(y.places) != maxPlaces || len(y.order) != maxPlaces || len(y.places[y.order[0]]) != maxRemembered {
		t.Errorf("%d places", len(y.places))
	}
	newest := remembrance{place: y.order[len(y.order)-1]}
	newest.digest[0] = 2*maxRemembered - 1
	if _, known, _ := y.knows(newest); !known {
		t.Error("the newest is forgotten")
	}
}

// A value in a unit that nobody knows is shown as it stands and refused as a
// measurement; a parameter beside the vital signs is shown, and no error.
func TestListener_ShownOnly(t *testing.T) {
	for _, c := range []struct{ obx, answer, want string }{
		{"OBX|1|NM|8310-5^T^LN||99|Rankine|||||F", "AE", "body_temperature 99 Rankine invalid"},
		{"OBX|1|NM|8310-5^T^LN||37||||||F", "AE", "body_temperature 37  invalid"},
		{"OBX|1|NM|8867-4^HR^LN||8388607|/min|||||F", "AA", "heart_rate - bpm missing"},
		{"OBX|1|NM|8867-4^HR^LN||||||||X", "AA", "heart_rate - bpm missing"},
		{"OBX|1|NM|150488^MDC_BLD_PERF_INDEX^MDC||1.76|%|||||F", "AA", "perfusion_index 1.76 % valid"},
		{"OBX|1|NM|150488^MDC_BLD_PERF_INDEX^MDC||1.76|apples|||||F", "AA", "perfusion_index 1.76 apples invalid"},
		{"OBX|1|NM|29463-7^W^LN||||||||X", "AA", ""},
		{"OBX|1|NM|8310-5^T^LN||99|" + strings.Repeat("x", 500) + "|||||F", "AE", "body_temperature 99  invalid"},
	} {
		sink := &memorySink{}
		address, stop := start(t, ListenerOptions{Sink: sink})
		code, err := dial(t, address).Send(t.Context(), []byte(oru(c.obx)))
		if err != nil || code != c.answer || sink.count() != 0 {
			t.Errorf("%s: %s, %v, %d recorded", c.obx, code, err, sink.count())
		}
		var got []string
		for _, r := range sink.reports {
			for _, l := range r.Live {
				for _, v := range l.Values {
					got = append(got, fmt.Sprintf("%s %s %s %s", v.Type, decimal(v.Value), v.Unit.Label, v.State))
				}
			}
		}
		if strings.Join(got, "; ") != c.want {
			t.Errorf("%s: %q", c.obx, got)
		}
		stop()
	}
}

// A stale duplicate never overwrites a good value, whichever comes first.
func TestDecode_StaleDuplicates(t *testing.T) {
	good := "OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1.150456|97|262688^MDC_DIM_PERCENT^MDC|||||F"
	for _, stale := range []string{
		"OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.6.1.150456|8388607|262688^MDC_DIM_PERCENT^MDC|||||X",
		"OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1.150456||262688^MDC_DIM_PERCENT^MDC|||||F",
		"OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC||32767|262688^MDC_DIM_PERCENT^MDC|||||F",
		"OBX|2|NM|59408-5^SpO2^LN||97|%|||||X",
		"OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC||96|furlong|||||F",
	} {
		for _, pair := range [][]string{{good, stale}, {stale, good}} {
			d := decode([]byte(oru(pair...)), decoding{zone: paris, dialects: dialects})
			want := []string{"oxygen_saturation | oxygen_saturation=97 %" + noon}
			if diff := cmp.Diff(want, summaries([]fhirmap.Report{d.report})); diff != "" || len(d.report.Live) > 0 {
				t.Errorf("%q: %s %+v", pair, diff, d.report.Live)
			}
		}
	}
}

func TestDecode_Limits(t *testing.T) {
	for text, want := range map[string]string{
		"60-100": "60 100", "60 - 100": "60 100", ">90": "90 -", "<160": "- 160", ">=90": "90 -", "<=160": "- 160", "-5-10": "-5 10", "-10--5": "-10 -5",
		"36.5-37.5": "36.5 37.5", "": "- -", "-": "- -", "60-": "60 -", "100-60": "- -", "low-high": "- -", "60^100": "- -", "60": "- -", "1e1-20": "- -",
	} {
		d := decode([]byte(oru("OBX|1|NM|8867-4^HR^LN||72|/min|"+text+"||||F")), decoding{zone: paris, dialects: dialects})
		r := d.report.Measurements[0].Readings[0]
		if got := decimal(r.Low) + " " + decimal(r.High); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	d := decode([]byte(oru("OBX|1|NM|8310-5^T^LN||98.6|[degF]|95.0-100.4||||F")), decoding{zone: paris, dialects: dialects})
	if r := d.report.Measurements[0].Readings[0]; decimal(r.Low) != "35.0" || decimal(r.High) != "38.0" {
		t.Errorf("limits in °F: %s %s", decimal(r.Low), decimal(r.High))
	}
}
