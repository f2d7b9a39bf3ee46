package main

import (
	"fmt"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"vitalien/app/cli"
	"vitalien/app/simulator"
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// frameEnds are the ends of the messages that a monitor sends by itself when
// somebody connects, up to the first that has blood pressures, in bytes.
func frameEnds(t *testing.T, m *simulator.Monitor) (ends []int) {
	t.Helper()
	conn, err := net.Dial("tcp", m.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	var all []byte
	for buffer := make([]byte, 4096); len(ends) < 12; {
		n, err := conn.Read(buffer)
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		for i, c := range buffer[:n] {
			if c == 0x1c {
				ends = append(ends, len(all)+i+2)
			}
		}
		all = append(all, buffer[:n]...)
	}
	return ends
}

// cuts are places to cut a connection: within a header, in the middle of a
// segment, before, in and behind each end of a frame.
func cuts(ends []int) (places []int) {
	from := 0
	for _, end := range ends {
		places = append(places, from+1, from+20, (from+end)/2, end-2, end-1, end)
		from = end
	}
	slices.Sort(places)
	return slices.Compact(places)
}

// TestPlug_Cut pulls the plug of a monitor at each class of places of what it
// sends; each connects again. The blood pressure that every monitor keeps
// showing is recorded once, for that monitor's own patient, although another
// patient's consultation is open.
func TestPlug_Cut(t *testing.T) {
	probe := openBeds(t, 1, nil)
	at := time.Now().Truncate(time.Second)
	probe[0].Pressure(120, 80, 93, at)
	places := cuts(frameEnds(t, probe[0]))
	all := openBeds(t, len(places), func(i int, o *simulator.MonitorOptions) {
		o.Faults.CutAfter = func(connection int) int {
			if connection == 1 {
				return places[i]
			}
			return 0
		}
	})
	for _, m := range all {
		m.Pressure(120, 80, 93, at)
	}
	folder := t.TempDir()
	all.configure(t, folder, "")
	a := start(t, cli.Flags{DataDir: folder})
	consult(t, a, "somebody-else")
	a.awaitStation(t, "every monitor is connected again, and its pressure recorded", func() bool {
		return !slices.ContainsFunc(all, func(m *simulator.Monitor) bool { return m.Connections() < 2 }) &&
			len(pressuresOf(recorded(t, a))) >= len(all)
	})
	for _, m := range all {
		m.DropClients() // once more, so that each shows its pressure again
	}
	a.awaitStation(t, "every monitor is connected for the third time", func() bool {
		return !slices.ContainsFunc(a.station.Monitors(), func(m station.Monitor) bool { return m.State != station.LinkConnected }) &&
			!slices.ContainsFunc(all, func(m *simulator.Monitor) bool { return m.Connections() < 3 })
	})
	for _, m := range all { // what comes after these has passed
		m.Pressure(130, 85, 100, at.Add(time.Second))
	}
	a.awaitStation(t, "the second pressures are recorded", func() bool { return len(pressuresOf(recorded(t, a))) >= 2*len(all) })
	list := recorded(t, a)
	wantOwn(t, list)
	if n := len(pressuresOf(list)); n != 2*len(all) {
		t.Errorf("%d blood pressures of %d monitors, 2 of each", n, len(all))
	}
	t.Logf("cut at %d places of %d bytes", len(places), places[len(places)-1])
}

// pressuresOf are the different blood pressures, by bed and time, with how
// often each is there.
func pressuresOf(list []fhirmap.Recorded) (found []string) {
	for i := range list {
		if m := &list[i]; m.Type == fhirmap.BloodPressure {
			found = append(found, m.Bed+" "+m.Time.String())
		}
	}
	return found
}

// wantOwn demands that everything of a bed is its own patient's and in
// nobody's consultation.
func wantOwn(t *testing.T, list []fhirmap.Recorded) {
	t.Helper()
	for i := range list {
		m := &list[i]
		if m.Consultation != "" {
			t.Errorf("%s of bed %q is in consultation %q", m.Type, m.Bed, m.Consultation)
		}
		if m.Subject != nil && m.Subject.ID != "" && m.Subject.ID != "BED-"+m.Bed {
			t.Errorf("%s of bed %q is recorded for %q", m.Type, m.Bed, m.Subject.ID)
		}
	}
}

func consult(t *testing.T, a *App, id string) {
	t.Helper()
	_, err := a.station.StartConsultation(t.Context(), station.Consultation{
		ID: "consultation-" + id, Patient: &fhirmap.Patient{System: "urn:test:ehr", ID: id, Family: "Martin"},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// awaitStation waits until something holds, which is looked at whenever the
// station has changed, and now and then.
func (a *App) awaitStation(t *testing.T, what string, holds func() bool) {
	t.Helper()
	changed, stop := a.station.Watch()
	defer stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(2 * patience); !holds(); {
		select {
		case <-changed:
		case <-tick.C:
		case <-end:
			for _, m := range a.station.Monitors() {
				t.Logf("%+v", m)
			}
			for _, x := range a.station.Alerts() {
				t.Logf("%+v", x)
			}
			t.Fatalf("not so: %s", what)
		}
	}
}

// TestPlug_Silence: a monitor that says nothing more, its connection and its
// beacon as dead as behind a pulled cable, is offline and no longer discovered
// within ten seconds, and is shown so. It comes back by itself, and nothing is
// recorded twice.
func TestPlug_Silence(t *testing.T) {
	port := freeUDP(t)
	all := openBeds(t, 1, func(_ int, o *simulator.MonitorOptions) { o.Beacon = fmt.Sprint("127.0.0.1:", port) })
	m := all[0]
	folder := t.TempDir()
	all.configure(t, folder, "")
	a := start(t, cli.Flags{DataDir: folder}, func(a *App) { a.config.HL7.Discover, a.beacons = true, []int{port} })
	shown := func() station.Monitor { return a.monitorAt(m.Address()) }
	m.Pressure(120, 80, 93, time.Now().Truncate(time.Second))
	a.awaitStation(t, "the monitor is connected and discovered", func() bool {
		s := shown()
		return s.State == station.LinkConnected && s.Discovered && len(pressuresOf(recorded(t, a))) == 1
	})
	began := time.Now()
	m.Misbehave(simulator.Faults{Mute: true, NoBeacon: true})
	a.awaitStation(t, "the monitor is offline", func() bool { return shown().State != station.LinkConnected && !shown().Discovered })
	if took := time.Since(began); took > 13*time.Second { // its last word may be a second old
		t.Errorf("offline after %v", took)
	}
	m.Misbehave(simulator.Faults{})
	a.awaitStation(t, "the monitor is back", func() bool { return shown().State == station.LinkConnected && shown().Discovered })
	m.Pressure(130, 85, 100, time.Now().Truncate(time.Second).Add(time.Second))
	a.awaitStation(t, "the second pressure is recorded", func() bool { return len(pressuresOf(recorded(t, a))) >= 2 })
	if found := pressuresOf(recorded(t, a)); len(found) != 2 {
		t.Errorf("recorded %v", found)
	}
	wantOwn(t, recorded(t, a))
}

// TestPlug_OtherPatient: another patient is admitted while the cable is out.
// Nothing that the monitor says afterwards is the first one's.
func TestPlug_OtherPatient(t *testing.T) {
	var connections atomic.Int64
	all := openBeds(t, 1, func(_ int, o *simulator.MonitorOptions) {
		o.Faults.CutAfter = func(int) int { connections.Add(1); return 0 }
	})
	m := all[0]
	folder := t.TempDir()
	all.configure(t, folder, `record_every = "1s"`)
	a := start(t, cli.Flags{DataDir: folder})
	at := time.Now().Truncate(time.Second)
	m.Pressure(120, 80, 93, at)
	a.awaitStation(t, "the first patient's pressure is recorded", func() bool { return len(pressuresOf(recorded(t, a))) == 1 })
	before := connections.Load()
	m.Misbehave(simulator.Faults{Mute: true})
	m.DropClients()
	m.Admit(&fhirmap.Patient{ID: "OTHER", Family: "Démonstration", Given: "Paul", BirthDate: "1980-01-01", Sex: "male"})
	head := a.station.Head()
	m.Misbehave(simulator.Faults{})
	m.DropClients() // of those that came while it was mute
	m.Pressure(160, 95, 117, at.Add(time.Minute))
	a.awaitStation(t, "the other patient's pressure is recorded", func() bool { return len(pressuresOf(recorded(t, a))) >= 2 })
	for _, r := range recorded(t, a) {
		switch {
		case r.Seq > head && (r.Subject == nil || r.Subject.ID != "OTHER"):
			t.Errorf("%s, number %d, is recorded for %+v", r.Type, r.Seq, r.Subject)
		case r.Seq <= head && (r.Subject == nil || r.Subject.ID != "BED-1"):
			t.Errorf("%s, number %d, is recorded for %+v", r.Type, r.Seq, r.Subject)
		}
	}
	if before == 0 || m.Connections() < 2 {
		t.Errorf("%d connections", m.Connections())
	}
}
