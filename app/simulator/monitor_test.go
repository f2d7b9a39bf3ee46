package simulator

import (
	"bytes"
	"context"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vitalien/fhirmap"
	"vitalien/hl7link"
)

const patience = 20 * time.Second

// serve starts a monitor of bed 7 that ends with the test.
func serve(t *testing.T, o MonitorOptions) *Monitor {
	t.Helper()
	o.Listen, o.Name, o.Bed, o.Department = "127.0.0.1:0", "Moniteur simulé", "7", "REA"
	if o.Every == 0 {
		o.Every = 5 * time.Millisecond
	}
	if o.Now == nil {
		o.Now = func() time.Time { return noon }
	}
	m, err := ListenMonitor(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return m
}

// A station is what connects to a monitor.
type station struct {
	t        *testing.T
	conn     net.Conn
	splitter *hl7link.Splitter
}

func connect(t *testing.T, m *Monitor) *station {
	t.Helper()
	conn, err := net.Dial("tcp", m.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return &station{t, conn, hl7link.NewSplitter(0)}
}

func (s *station) send(id int) {
	s.conn.Write(hl7link.Frame([]byte("MSH|^~\\&|||||||ORU^R01|" + strconv.Itoa(id) + "|P|2.3.1|\r")))
}

// next is the next message's number, its text, and its bytes.
func (s *station) next() (id int, m *hl7link.Message, raw []byte, err error) {
	buffer := make([]byte, 4096)
	for {
		raw, err = s.splitter.Next()
		if raw != nil || err != nil {
			break
		}
		n, err := s.conn.Read(buffer)
		if err != nil {
			return 0, nil, nil, err
		}
		s.splitter.Feed(buffer[:n])
	}
	if err != nil {
		return 0, nil, nil, err
	}
	raw = bytes.Clone(raw)
	if m, err = hl7link.Parse(raw); err != nil {
		return 0, nil, raw, err
	}
	id, err = strconv.Atoi(m.Header().Text(10))
	return id, m, raw, err
}

// await reads until a message of a number fits.
func (s *station) await(id int, fits func(*hl7link.Message) bool) *hl7link.Message {
	s.t.Helper()
	for {
		have, m, _, err := s.next()
		if err != nil {
			s.t.Fatalf("no %d that fits: %v", id, err)
		}
		s.send(rtiEcho)
		if have == id && (fits == nil || fits(m)) {
			return m
		}
	}
}

// value is OBX-5 of a parameter, or "".
func value(m *hl7link.Message, parameter int) string {
	for _, segment := range m.Segments {
		if segment.Text(0) == "OBX" && segment.Component(3, 1) == strconv.Itoa(parameter) {
			return segment.Text(5)
		}
	}
	return ""
}

// listed are OBX-3 to OBX-5.1 of the alarms of a message.
func listed(m *hl7link.Message) (list []string) {
	for _, segment := range m.Segments {
		if kind := segment.Text(3); segment.Text(0) == "OBX" && len(kind) == 1 {
			list = append(list, kind+"/"+segment.Text(4)+"/"+segment.Component(5, 1))
		}
	}
	return list
}

func alarming(list ...string) func(*hl7link.Message) bool {
	return func(m *hl7link.Message) bool { return slices.Equal(listed(m), list) }
}

func TestMonitor_TellsEverythingAtOnceThenStreams(t *testing.T) {
	m := serve(t, MonitorOptions{Patient: admission("42", "Anne")})
	m.MeasurePressure()
	s := connect(t, m)
	var numbers []int
	for len(numbers) == 0 || numbers[len(numbers)-1] != rtiPeriodic {
		id, message, raw, err := s.next()
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, id)
		switch id {
		case rtiPatient:
			if pid := message.First("PID"); pid.Component(5, 2) != "Anne" || pid.Text(7) != "19540702" || value(message, 2301) != "42" {
				t.Errorf("%q", raw)
			}
			if place := message.First("PV1").At(3, 1, 3, 4); place != m.Address()[strings.LastIndex(m.Address(), ":")+1:] {
				t.Errorf("port %q of %s", place, m.Address())
			}
		case rtiNIBP:
			if at := message.First("OBX").Text(14); at != "20261120120000" {
				t.Errorf("measured at %q", at)
			}
		case rtiPeriodic:
			if n := bytes.Count(raw, []byte("\rOBX|")); n != 20 {
				t.Errorf("%d values", n)
			}
		}
	}
	if numbers[0] != rtiPatient {
		t.Errorf("the first message is %d: whose the values are must come first", numbers[0])
	}
	for _, want := range []int{rtiModuleOn, rtiLimits, rtiLevels, rtiSwitches, rtiSystem, rtiPhysio, rtiTech, rtiNIBP, rtiNIBPDone, rtiLabels, rtiStates} {
		if !slices.Contains(numbers, want) {
			t.Errorf("%d is missing in %v", want, numbers)
		}
	}
	s.send(rtiQuery)
	s.await(rtiPatient, nil)
	s.await(rtiPeriodic, nil)
}

// TestMonitor_Measurements: what it sends decodes as the vital signs of an adult.
func TestMonitor_Measurements(t *testing.T) {
	m := serve(t, MonitorOptions{Patient: admission("42", "Anne"), PressureEvery: 10 * time.Millisecond})
	s, found := connect(t, m), map[fhirmap.Type]int{}
	for i := 0; i < 400; i++ {
		_, _, raw, err := s.next()
		if err != nil {
			t.Fatal(err)
		}
		s.send(rtiEcho)
		reports, err := hl7link.Decode(raw, time.UTC)
		if err != nil {
			t.Fatalf("%v: %q", err, raw)
		}
		for _, r := range reports {
			for _, measured := range r.Measurements {
				if err := measured.Validate(); err != nil || !measured.Plausible() {
					t.Errorf("%v: %+v", err, measured)
				}
				found[measured.Type]++
			}
		}
	}
	for _, vital := range []fhirmap.Type{
		fhirmap.HeartRate, fhirmap.OxygenSaturation, fhirmap.RespiratoryRate, fhirmap.BodyTemperature, fhirmap.BloodPressure, fhirmap.ArterialPressure,
	} {
		if found[vital] < 5 {
			t.Errorf("%d of %s", found[vital], vital)
		}
	}
}

func TestMonitor_DropsWhoDoesNotEcho(t *testing.T) {
	m := serve(t, MonitorOptions{EchoTimeout: 60 * time.Millisecond})
	silent, echoing := connect(t, m), connect(t, m)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		io.Copy(io.Discard, silent.conn)
	}()
	for waiting := true; waiting; {
		echoing.await(rtiPeriodic, nil)
		select {
		case <-gone:
			waiting = false
		default:
		}
	}
	echoing.await(rtiPeriodic, nil)
}

func TestMonitor_LetsInOnlySoMany(t *testing.T) {
	m := serve(t, MonitorOptions{Clients: 2})
	first, second := connect(t, m), connect(t, m)
	first.await(rtiPeriodic, nil)
	second.await(rtiPeriodic, nil)
	if _, _, _, err := connect(t, m).next(); err == nil {
		t.Error("a third client is served")
	}
	m.DropClients()
	for {
		if _, _, _, err := first.next(); err != nil {
			break
		}
	}
	for { // its place is free as soon as the monitor has noticed
		if again := connect(t, m); again != nil {
			if _, _, _, err := again.next(); err == nil {
				return
			}
		}
	}
}

func TestMonitor_AlarmsStartRiseAndEnd(t *testing.T) {
	m := serve(t, MonitorOptions{})
	s := connect(t, m)
	s.await(rtiPhysio, alarming())
	s.await(rtiTech, alarming())
	m.Begin(Bradycardia)
	low := s.await(rtiPeriodic, func(v *hl7link.Message) bool {
		heart, err := strconv.Atoi(value(v, 101))
		return err == nil && heart < 50
	})
	if low == nil {
		t.Error("no low heart rate")
	}
	s.await(rtiPhysio, alarming("2/2/10002"))
	s.await(rtiPhysio, alarming("1/1/10002"))
	m.Begin(Desaturation)
	s.await(rtiPhysio, func(a *hl7link.Message) bool { return len(listed(a)) == 2 })
	m.End(Bradycardia)
	s.await(rtiPhysio, alarming("2/2/19160"))
	m.End(Desaturation)
	s.await(rtiPhysio, alarming())
}

func TestMonitor_SensorsOff(t *testing.T) {
	m := serve(t, MonitorOptions{})
	s := connect(t, m)
	s.await(rtiPeriodic, nil)
	m.Begin(SensorOff)
	s.await(rtiStates, func(v *hl7link.Message) bool { return states(v)["160"] == "2" && states(v)["101"] == "3" })
	s.await(rtiPeriodic, func(v *hl7link.Message) bool { return value(v, 160) == "-100" && value(v, 162) == "-100.00" })
	s.await(rtiTech, alarming("4//205"))
	m.Begin(CuffOff)
	s.await(rtiTech, func(a *hl7link.Message) bool { return len(listed(a)) == 2 })
	m.MeasurePressure()
	s.await(rtiNIBP, func(p *hl7link.Message) bool {
		return value(p, 170) == "-100" && p.First("OBX").Text(14) == "00000000000000"
	})
	m.End(SensorOff)
	m.End(CuffOff)
	s.await(rtiTech, alarming())
	m.Begin(Motion)
	s.await(rtiStates, func(v *hl7link.Message) bool { return states(v)["160"] == "2" })
	s.await(rtiPeriodic, func(v *hl7link.Message) bool { return value(v, 160) != "-100" })
	m.MeasurePressure()
	s.await(rtiNIBP, func(p *hl7link.Message) bool { return value(p, 170) != "-100" })
}

// states are those of message 205, by parameter.
func states(m *hl7link.Message) map[string]string {
	found := map[string]string{}
	for _, segment := range m.Segments {
		if segment.Component(3, 1) == "2037" {
			found[segment.Text(4)] = segment.Component(5, 1)
		}
	}
	return found
}

func TestMonitor_AdmitsAndDischarges(t *testing.T) {
	m := serve(t, MonitorOptions{Patient: admission("42", "Anne")})
	s := connect(t, m)
	s.await(rtiPeriodic, nil)
	m.MeasurePressure()
	s.await(rtiNIBP, func(p *hl7link.Message) bool { return value(p, 170) != "-100" })
	m.Admit(nil)
	gone := s.await(rtiPatient, func(p *hl7link.Message) bool { return value(p, 2301) == "" })
	if admitted := gone.First("PV1").At(3, 1, 3, 6); admitted != "0" || gone.First("PID").Text(5) != "" {
		t.Errorf("admitted %q, name %q", admitted, gone.First("PID").Text(5))
	}
	s.await(rtiNIBP, func(p *hl7link.Message) bool { return value(p, 170) == "-100" })
	m.Admit(admission("43", "Paul"))
	s.await(rtiPatient, func(p *hl7link.Message) bool { return value(p, 2301) == "43" && p.First("PV1").At(3, 1, 3, 6) == "1" })
}
