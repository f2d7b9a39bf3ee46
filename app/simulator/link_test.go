package simulator

import (
	"context"
	"net"
	"slices"
	"testing"
	"time"

	"vitalien/fhirmap"
	"vitalien/hl7link"
)

// read runs the product's own client on a monitor. The reports come through
// the sink.
func read(t *testing.T, m *Monitor) *sink {
	t.Helper()
	s := &sink{reports: make(chan fhirmap.Report)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- hl7link.RunMonitor(ctx, hl7link.MonitorOptions{Address: m.Address(), Sink: s, Zone: noon.Location()})
	}()
	t.Cleanup(func() {
		cancel()
		for {
			select {
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
				return
			case <-s.reports:
			}
		}
	})
	return s
}

// await waits for a report that fits.
func (s *sink) await(t *testing.T, what string, fits func(*fhirmap.Report) bool) {
	t.Helper()
	for timeout := time.After(patience); ; {
		select {
		case r := <-s.reports:
			if fits(&r) {
				return
			}
		case <-timeout:
			t.Fatalf("no %s", what)
		}
	}
}

// TestLink: what a monitor says is what the product's client understands.
func TestLink(t *testing.T) {
	m := serve(t, MonitorOptions{Patient: admission("42", "Anne"), Every: 50 * time.Millisecond, EchoTimeout: 2 * time.Second})
	m.Pressure(120, 80, 93, noon)
	s := read(t, m)
	s.await(t, "pressure", func(r *fhirmap.Report) bool {
		return slices.ContainsFunc(r.Measurements, func(p fhirmap.Measurement) bool {
			return p.Type == fhirmap.BloodPressure && p.Time.Equal(noon) && p.Bed == "7" && p.Patient != nil && p.Patient.ID == "42" &&
				p.Reading(fhirmap.Systolic).Value.String() == "120" && p.Reading(fhirmap.Mean).Value.String() == "93"
		})
	})
	var shown []fhirmap.Type
	s.await(t, "all of the twenty values", func(r *fhirmap.Report) bool {
		if !r.Streaming {
			return false
		}
		for i := range r.Measurements {
			for _, v := range r.Measurements[i].LiveValues() {
				shown = append(shown, v.Type)
			}
		}
		for _, l := range r.Live {
			for _, v := range l.Values {
				shown = append(shown, v.Type)
			}
		}
		slices.Sort(shown)
		shown = slices.Compact(shown)
		return len(shown) >= len(periodic)
	})
	m.Begin(Bradycardia)
	alarmed := func(p fhirmap.Priority) func(*fhirmap.Report) bool {
		return func(r *fhirmap.Report) bool {
			return slices.ContainsFunc(r.Alarms, func(a fhirmap.Alarms) bool {
				return slices.ContainsFunc(a.List, func(x fhirmap.Alarm) bool { return x.Code == "10002" && x.Priority == p })
			})
		}
	}
	s.await(t, "alarm of medium priority", alarmed(fhirmap.PriorityMedium))
	s.await(t, "alarm of high priority", alarmed(fhirmap.PriorityHigh))
	m.End(Bradycardia)
	s.await(t, "end of the alarm", func(r *fhirmap.Report) bool {
		return slices.ContainsFunc(r.Alarms, func(a fhirmap.Alarms) bool {
			return slices.Contains(a.Complete, fhirmap.Physiological) && len(a.List) == 0
		})
	})
}

// TestLink_Misbehaving: the client reads on whatever stands around the frames.
func TestLink_Misbehaving(t *testing.T) {
	m := serve(t, MonitorOptions{Patient: admission("42", "Anne"), Every: 50 * time.Millisecond, Faults: Faults{Split: true, Junk: true, Cyrillic: true}})
	s := read(t, m)
	s.await(t, "streaming values", func(r *fhirmap.Report) bool { return r.Streaming && len(r.Measurements) >= 5 })
	m.Pressure(120, 80, 93, noon)
	s.await(t, "pressure", func(r *fhirmap.Report) bool {
		return len(r.Measurements) == 1 && r.Measurements[0].Type == fhirmap.BloodPressure
	})
}

// TestLink_Discovered: the product's discovery finds the monitor by its beacon,
// and knows whether somebody is admitted and what alarms.
func TestLink_Discovered(t *testing.T) {
	free, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	beacon := free.LocalAddr().(*net.UDPAddr)
	free.Close()
	seen := make(chan hl7link.Sighting, 100)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- hl7link.Discover(ctx, hl7link.DiscoverOptions{Ports: []int{beacon.Port}, OnSeen: func(s hl7link.Sighting) { seen <- s }})
	}()
	defer func() { cancel(); <-done }()
	m := serve(t, MonitorOptions{Patient: admission("42", "Anne"), Beacon: beacon.String()})
	m.Begin(SensorOff)
	for timeout := time.After(patience); ; {
		select {
		case s := <-seen:
			if s.Address != m.Address() || s.Bed != "7" || s.Department != "REA" || s.Name != "Moniteur simulé" || !s.Patient {
				t.Fatalf("%+v", s)
			}
			if s.Alarm == "technical" {
				return
			}
		case <-timeout:
			t.Fatal("no beacon with the alarm was heard")
		}
	}
}
