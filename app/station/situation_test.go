package station

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"vitalien/fhirmap"
)

// running starts what keeps Recent up to date, and gives what ends it.
func (d *desk) running() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			d.t.Errorf("Run: %v", err)
		}
	}
}

// until waits for a change after which ready is true.
func until(t *testing.T, changed <-chan struct{}, ready func() bool) {
	t.Helper()
	for !ready() {
		select {
		case <-changed:
		case <-time.After(10 * time.Second):
			t.Fatal("no change came")
		}
	}
}

func newest(list []fhirmap.Recorded) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].Reading(fhirmap.HeartRate).Value.String()
}

func TestRecent_NewestFirstAndBounded(t *testing.T) {
	d := newDesk(t)
	rest := d.running()
	changed, stop := d.Watch()
	defer stop()
	for i := range recentSize + 50 {
		d.record(report(pulse(fmt.Sprint(20 + i))))
	}
	last := fmt.Sprint(20 + recentSize + 49)
	until(t, changed, func() bool { return newest(d.Recent(1)) == last })
	if list := d.Recent(1000); len(list) != recentSize || newest(list[1:]) != fmt.Sprint(20+recentSize+48) {
		t.Errorf("%d, the second is %s", len(list), newest(list[1:]))
	}
	if list := d.Recent(3); len(list) != 3 {
		t.Errorf("%d of 3", len(list))
	}
	before := d.Recent(recentSize)
	rest()
	d.reopen()
	after := d.Recent(recentSize)
	if len(after) != recentSize || after[0].Seq != before[0].Seq || after[recentSize-1].Seq != before[recentSize-1].Seq {
		t.Errorf("after reopening: %d from %d to %d", len(after), after[0].Seq, after[len(after)-1].Seq)
	}
}

func TestRecent_OfALargeMessage(t *testing.T) {
	d := newDesk(t)
	many := make([]fhirmap.Measurement, 3*recentSize)
	for i := range many {
		many[i] = pulse("72")
	}
	d.record(report(many...))
	d.reopen()
	if list := d.Recent(10 * recentSize); len(list) != recentSize || list[0].Seq != 3*recentSize {
		t.Errorf("%d, newest %d", len(list), list[0].Seq)
	}
}

func TestWatch_ManyChangesAreOne(t *testing.T) {
	d := newDesk(t)
	changed, stop := d.Watch()
	other, stopOther := d.Watch()
	defer stopOther()
	for i := range 100 {
		d.SetLink(Link{ID: "hl7", Peers: i})
	}
	<-changed
	<-other
	select {
	case <-changed:
		t.Error("woken twice")
	default:
	}
	stop()
	stop()
	d.SetLink(Link{ID: "hl7"})
	<-other
	select {
	case <-changed:
		t.Error("woken after the end")
	default:
	}
}

func TestSituation_TellsEverything(t *testing.T) {
	d := newDesk(t)
	d.demo = true
	d.reopen()
	d.start("c", claire())
	d.connect(Software{Token: "EHR"})
	d.connect(Software{})
	d.CheckOrigin("https://ehr.example")
	d.SetLink(Link{ID: "hl7", Name: "Moniteurs", State: LinkConnected, Peers: 1})
	got := d.Situation()
	if got.Consultation.ID != "c" || got.Clients != 2 || len(got.Origins) != 1 || len(got.Links) != 1 || !got.Demo {
		t.Errorf("%+v", got)
	}
	d.end()
	if got.Consultation == nil || d.Situation().Consultation != nil {
		t.Error("a snapshot changes, or an end is not shown")
	}
}

func TestNotice_StandsUntilItIsSettled(t *testing.T) {
	d := newDesk(t)
	codes := func() (all []string) {
		for _, f := range d.Situation().Notices {
			all = append(all, f.Code)
		}
		return all
	}
	if got := codes(); !slices.Equal(got, []string{"key_in_file"}) { // there is no keyring here
		t.Errorf("at first: %v", got)
	}
	changed, stop := d.Watch()
	defer stop()
	d.Notice(&fhirmap.Fault{Code: "other"})
	<-changed
	d.Notice(&fhirmap.Fault{Code: "key_in_file"})
	if got := codes(); !slices.Equal(got, []string{"key_in_file", "other"}) {
		t.Errorf("then %v", got)
	}
	d.Settle("key_in_file")
	d.Settle("never there")
	if got := codes(); !slices.Equal(got, []string{"other"}) {
		t.Errorf("at last %v", got)
	}
}

func TestSetLink_SinceTheStateChanged(t *testing.T) {
	d := newDesk(t)
	oops := fhirmap.FaultOf(errors.New("oops"))
	for _, step := range []struct {
		link  Link
		since time.Duration
	}{
		{Link{ID: "hl7", State: LinkConnected}, 0},
		{Link{ID: "hl7", State: LinkConnected, Peers: 2}, 0},
		{Link{ID: "hl7", State: LinkFailed, Fault: oops}, 2 * time.Minute},
		{Link{ID: "hl7", State: LinkFailed, Fault: oops}, 2 * time.Minute},
		{Link{ID: "hl7", State: LinkConnected}, 4 * time.Minute},
	} {
		d.SetLink(step.link)
		links := d.Situation().Links
		want := step.link
		want.Since = morning.Add(step.since)
		if len(links) != 1 || links[0] != want {
			t.Errorf("got %+v, want %+v", links, want)
		}
		d.clock.advance(time.Minute)
	}
	d.SetLink(Link{ID: "server", State: LinkConnected})
	if links := d.Situation().Links; len(links) != 2 || links[1].ID != "server" {
		t.Errorf("%+v", links)
	}
}
