package station

import (
	"testing"

	"vitalien/hl7link"
)

// TestMonitors_Names: the name of the settings stays; else it is that of the
// beacon, else what the connection tells, which may be no more than the host.
func TestMonitors_Names(t *testing.T) {
	s, err := Open(t.TempDir(), Options{Monitors: []Monitor{{Address: "192.0.2.1:4601", Name: "Salle 2"}, {Address: "192.0.2.2:4601"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := func(first, second string) {
		t.Helper()
		list := map[string]string{}
		for _, m := range s.Monitors() {
			list[m.Address] = m.Name
		}
		if list["192.0.2.1:4601"] != first || list["192.0.2.2:4601"] != second {
			t.Errorf("%v, want %q and %q", list, first, second)
		}
	}
	tell := func(name string) {
		for _, host := range []string{"192.0.2.1", "192.0.2.2"} {
			given := name
			if given == "" {
				given = host
			}
			s.SetMonitor(hl7link.MonitorStatus{Address: host + ":4601", Name: given, State: hl7link.MonitorConnected})
		}
	}
	want("Salle 2", "")
	tell("")
	want("Salle 2", "")
	tell("Lit 7")
	want("Salle 2", "Lit 7")
	for _, address := range []string{"192.0.2.1:4601", "192.0.2.2:4601"} {
		s.MonitorSeen(hl7link.Sighting{Address: address, Name: "iPM 12"})
	}
	want("Salle 2", "iPM 12")
	tell("Lit 7")
	want("Salle 2", "iPM 12")
}
