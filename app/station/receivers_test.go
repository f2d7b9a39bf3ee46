package station

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What is noted in whatever order is known, and nothing else, as long as it is
// not too much.
func TestReception_Model(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		one, model := &reception{}, map[uint64]bool{}
		for range rapid.IntRange(1, 60).Draw(r, "n") {
			first := rapid.Uint64Range(1, 200).Draw(r, "first")
			last := first + rapid.Uint64Range(0, 6).Draw(r, "more")
			one.take(numbers{first, last})
			for seq := first; seq <= last; seq++ {
				model[seq] = true
			}
		}
		for seq := range uint64(210) {
			if one.has(seq) != model[seq] {
				r.Fatalf("%d: %v, want %v in %v", seq, one.has(seq), model[seq], one.Spans)
			}
		}
		for i := 1; i < len(one.Spans); i++ {
			if one.Spans[i-1].Last+1 >= one.Spans[i].First {
				r.Fatalf("%v touch", one.Spans)
			}
		}
	})
}

// However scattered it is, what is kept is bounded, and never says less.
func TestReception_Bounded(t *testing.T) {
	one := &reception{}
	for seq := uint64(1); seq < 5000; seq += 2 {
		one.take(numbers{seq, seq})
	}
	if len(one.Spans) != mostSpans || !one.has(1) || !one.has(4999) || one.has(4998) {
		t.Error(len(one.Spans), one.Spans[:3])
	}
}

func receiversOf(list []Receiver) (names []string) {
	for _, r := range list {
		names = append(names, r.Origin+r.Token)
	}
	return names
}

func TestReceivers_AreKnownAfterARestart(t *testing.T) {
	d := newDesk(t)
	for range 10 {
		d.record(report(pulse("72")))
	}
	d.NoteReceived(Software{Origin: "https://ehr.example"}, 1, 4)
	d.clock.advance(time.Second)
	d.NoteReceived(Software{Token: "scripts"}, 3, 3)
	d.clock.advance(time.Second)
	d.NoteReceived(Software{Origin: "https://ehr.example"}, 6, 6)
	for range 2 {
		for seq, want := range map[uint64][]string{2: {"https://ehr.example"}, 3: {"https://ehr.example", "scripts"}, 5: nil, 6: {"https://ehr.example"}, 10: nil} {
			if got := receiversOf(d.ReceivedBy(seq)); !slices.Equal(got, want) {
				t.Errorf("%d was received by %q, want %q", seq, got, want)
			}
		}
		if all := receiversOf(d.Receivers()); len(all) != 2 {
			t.Errorf("all are %q", all)
		}
		d.reopen()
	}
}

// After a crash nobody is forgotten who may have received something last.
func TestReceivers_AfterACrash(t *testing.T) {
	d := newDesk(t)
	d.record(report(pulse("72")))
	d.NoteReceived(Software{Token: "gone for long"}, 1, 1)
	d.clock.advance(time.Hour)
	d.NoteReceived(Software{Token: "there"}, 1, 1)
	d.reopen()
	for range 3 {
		d.record(report(pulse("72")))
	}
	d.NoteReceived(Software{Token: "there"}, 2, 3)
	if err := d.saveReceivers(); err != nil {
		t.Fatal(err)
	}
	d.record(report(pulse("73")))
	if err := d.store.Close(); err != nil { // without what Close notes
		t.Fatal(err)
	}
	d.reopen()
	if got := receiversOf(d.ReceivedBy(d.Head())); !slices.Equal(got, []string{"there"}) {
		t.Errorf("%q", got)
	}
}

func TestReceivers_Bounded(t *testing.T) {
	d := newDesk(t)
	d.record(report(pulse("72")))
	for i := range mostReceivers + 5 {
		d.clock.advance(time.Second)
		d.NoteReceived(Software{Token: fmt.Sprintf("%03d", i)}, 1, 1)
	}
	for range 2 {
		all := receiversOf(d.Receivers())
		if len(all) != mostReceivers || all[0] != "068" || all[mostReceivers-1] != "005" {
			t.Errorf("%d: %q", len(all), all)
		}
		d.reopen()
	}
}
