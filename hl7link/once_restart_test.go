package hl7link

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
)

// An earlierRun knows the measurements of reports, as the log does.
func earlierRun(reports []fhirmap.Report) func(context.Context, fhirmap.Measurement) (*fhirmap.Measurement, error) {
	return func(_ context.Context, m fhirmap.Measurement) (*fhirmap.Measurement, error) {
		for _, r := range slices.Backward(reports) {
			for i := range r.Measurements {
				was := &r.Measurements[i]
				if was.Type == m.Type && was.Bed == m.Bed && was.Device.ID == m.Device.ID {
					if signature(was) != signature(&m) || !was.Time.Equal(m.Time) {
						return nil, nil
					}
					return was, nil
				}
			}
		}
		return nil, nil
	}
}

// repeatedAll is what a monitor says of somebody in every message: what was typed,
// and the last cuff pressure.
func repeatedAll(id string) string {
	return "MSH|^~\\&|||||20260101120001||ORU^R01|1004|P|2.6\rPID|||" + id + "\rPV1||I|^^S&7&1\r" +
		"OBX||NM|4201^Height^BHC||170|31^cm^BHC|||||F\rOBX||NM|4202^Weight^BHC||70|31^kg^BHC|||||F\r" +
		"OBX||NM|351^S^BHC||120|11^mmHg^BHC|||||F||APERIODIC|20260101114500\rOBX||NM|352^D^BHC||80|11^mmHg^BHC|||||F||APERIODIC|20260101114500\r"
}

// All that a message repeats is known after a restart, and shown to whom it is
// of.
func TestListener_AllOfAMessageIsKnownFromBefore(t *testing.T) {
	before, after := &memorySink{}, &memorySink{}
	address, stop := start(t, ListenerOptions{Sink: before})
	sendAll(t, dial(t, address), repeatedAll("1"))
	stop()
	address, _ = start(t, ListenerOptions{Sink: after, Recorded: earlierRun(before.reports)})
	sendAll(t, dial(t, address), repeatedAll("1"), strings.Replace(repeatedAll("2"), "OBX||NM|420", "NTE||", 2))
	for _, r := range after.reports {
		for _, m := range r.Measurements {
			t.Errorf("recorded again: %s", m.Type)
		}
	}
	if len(after.reports) != 1 || len(after.reports[0].Live) != 1 || after.reports[0].Live[0].Patient.ID != "1" {
		t.Errorf("%v", linesOf(after))
	}
}

// A value that was typed, changed, and changed back is the first one again.
func TestListener_AdmissionChangedBack(t *testing.T) {
	sink := &memorySink{}
	address, _ := start(t, ListenerOptions{Sink: sink})
	client := dial(t, address)
	for _, height := range []string{"170", "107", "107", "170"} {
		sendAll(t, client, "MSH|^~\\&|||||||ORU^R01|1004|P|2.6\rPID|||1\rPV1||I|^^S&7&1\rOBX||NM|4201^Height^BHC||"+height+"|31^cm^BHC|||||F\r")
	}
	want := []string{"body_height | body_height=170 cm | admission of 1", "body_height | body_height=107 cm | admission of 1", "body_height | body_height=170 cm | admission of 1"}
	var got []string
	for _, line := range linesOf(sink) {
		if strings.HasPrefix(line, "body_height") {
			got = append(got, line)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A monitor that connects again while its first message is being recorded does
// not bring the pressure twice.
func TestListener_TwoConnectionsAtOnce(t *testing.T) {
	sink := &memorySink{enter: make(chan struct{}), leave: make(chan struct{})}
	address, _ := start(t, ListenerOptions{Sink: sink})
	answers := make(chan error, 2)
	send := func(rate int) {
		client := dial(t, address)
		go func() {
			code, err := client.Send(t.Context(), []byte(cuff("7", "1", "120", "20260101114500", rate)))
			if err == nil && code != "AA" {
				err = fmt.Errorf("answered %s", code)
			}
			answers <- err
		}()
	}
	send(60)
	<-sink.enter
	send(61)
	select {
	case <-sink.enter: // it did not wait
		sink.leave <- struct{}{}
	case <-time.After(200 * time.Millisecond):
		sink.leave <- struct{}{}
		<-sink.enter
	}
	sink.leave <- struct{}{}
	for range 2 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff([]string{"7 120 11:45"}, pressures(sink)); diff != "" {
		t.Error(diff)
	}
}

// A list of pressures that comes with each message is recorded once, and known
// after a restart.
func TestListener_ListOfPressures(t *testing.T) {
	sink, after := &memorySink{}, &memorySink{}
	address, stop := start(t, ListenerOptions{Sink: sink})
	var text strings.Builder
	text.WriteString("MSH|^~\\&|||||||ORU^R01|1005|P|2.6\rPID|||1\rPV1||I|^^S&7&1\r")
	for i := range 24 {
		fmt.Fprintf(&text, "OBX||NM|351^S^BHC||%d|11^mmHg^BHC|||||F|||20260101%02d0000\r", 100+i, i)
	}
	sendAll(t, dial(t, address), text.String(), text.String(), text.String())
	if got := pressuresRecorded(sink); got != 24 {
		t.Errorf("%d pressures", got)
	}
	stop()
	log := pressuresOf(sink.reports)
	address, _ = start(t, ListenerOptions{Sink: after, Recorded: func(_ context.Context, m fhirmap.Measurement) (*fhirmap.Measurement, error) {
		return log[m.Time.UnixNano()], nil
	}})
	sendAll(t, dial(t, address), text.String(), text.String())
	if got := pressuresRecorded(after); got != 0 {
		t.Errorf("%d pressures once more", got)
	}
}

func pressuresOf(reports []fhirmap.Report) map[int64]*fhirmap.Measurement {
	all := map[int64]*fhirmap.Measurement{}
	for _, r := range reports {
		for i := range r.Measurements {
			all[r.Measurements[i].Time.UnixNano()] = &r.Measurements[i]
		}
	}
	return all
}

func pressuresRecorded(sink *memorySink) (n int) {
	sink.mu.Lock()
	defer sink.mu.Unlock()
	for _, r := range sink.reports {
		n += len(r.Measurements)
	}
	return n
}
