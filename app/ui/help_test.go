package ui

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"
)

func testHost() host {
	h := host{name: "poste-accueil"}
	for _, a := range []string{"127.0.0.1", "::1", "fe80::1", "2001:db8::20", "192.168.1.20", "10.0.0.7", "192.168.1.20", "169.254.3.4", "224.0.0.1", "0.0.0.0"} {
		h.add(netip.MustParseAddr(a))
	}
	return h
}

func TestHost_Reachable(t *testing.T) {
	w := newWords("fr")
	for listener, want := range map[string]struct {
		places []string
		note   string
	}{
		"0.0.0.0:2575":      {[]string{"10.0.0.7:2575", "192.168.1.20:2575"}, "help.addresses.wall"},
		"[::]:2575":         {[]string{"10.0.0.7:2575", "192.168.1.20:2575", "[2001:db8::20]:2575"}, "help.addresses.wall"},
		"127.0.0.1:2575":    {[]string{"127.0.0.1:2575"}, "help.addresses.loopback"},
		"192.168.1.20:2575": {[]string{"192.168.1.20:2575"}, "help.addresses.wall"},
		"":                  {nil, "help.addresses.off"},
	} {
		places, note := w.reachable(testHost(), listener)
		if !slices.Equal(places, want.places) || note != w.say(want.note) {
			t.Errorf("%q: %q, %q", listener, places, note)
		}
	}
	if places, note := w.reachable(host{}, "0.0.0.0:2575"); !slices.Equal(places, []string{"0.0.0.0:2575"}) || note != w.say("help.addresses.none") {
		t.Errorf("without a network: %q, %q", places, note)
	}
}

func TestHost_IsThisComputer(t *testing.T) {
	h, err := readHost()
	if err != nil || h.name == "" {
		t.Fatal(h, err)
	}
	for _, a := range h.addresses {
		if a.IsLoopback() || a.IsLinkLocalUnicast() {
			t.Errorf("%v cannot be reached by others", a)
		}
	}
}

func TestHelp_AsksForTheAddressesWhileInFront(t *testing.T) {
	d := newDriven(t)
	now := testNow
	d.screen.help.now = func() time.Time { return now }
	asked := 0
	d.screen.help.do.host = func(done func(host)) { asked++; done(testHost()) }
	d.screen.help.options.Listener = "0.0.0.0:2575"
	d.front()
	d.show(view{})
	d.screen.age()
	if asked != 0 {
		t.Fatal("asked for a page that is not shown")
	}
	d.screen.open(pageHelp)
	d.screen.age()
	if asked != 1 {
		t.Errorf("asked %d times at once", asked)
	}
	now = now.Add(hostEvery)
	d.screen.age()
	if asked != 2 || len(d.screen.help.copiers) != 2 || !strings.Contains(test.RenderToMarkup(d.frame.Canvas()), "poste-accueil") {
		t.Errorf("asked %d times", asked)
	}
	test.Tap(d.screen.help.copiers[1].button)
	if got := d.app.Clipboard().Content(); got != "192.168.1.20:2575" {
		t.Errorf("copied %q", got)
	}
}

func TestScreen_Help(t *testing.T) {
	shows := func(h host) func(*screen) { return func(s *screen) { s.help.show(h) } }
	renderScenes(t, map[string]scene{
		"help-network": {page: pageHelp, prepare: shows(testHost()), options: func(o *Options) { o.Listener = "0.0.0.0:2575" }},
		"help-alone":   {page: pageHelp, prepare: shows(host{name: "poste"}), options: func(o *Options) { o.Listener = "127.0.0.1:2575" }},
	})
}
