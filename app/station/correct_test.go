package station

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

func (d *desk) assign(seq uint64, to Attribution) fhirmap.Recorded {
	d.t.Helper()
	m, err := d.Assign(d.t.Context(), seq, to)
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}

func (d *desk) discard(seq uint64, reason string) fhirmap.Recorded {
	d.t.Helper()
	m, err := d.Discard(d.t.Context(), seq, reason)
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}

func (d *desk) undo(seq uint64) fhirmap.Recorded {
	d.t.Helper()
	m, err := d.UndoCorrection(d.t.Context(), seq)
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}

// lineOf is a version as one line: status, version, whose, in which consultation.
func lineOf(m *fhirmap.Recorded) string {
	return fmt.Sprintf("%s %d %q %q", m.VersionStatus(), max(1, m.Version), m.Subject.Key(), m.Consultation)
}

// found are all that a search for a patient finds.
func (d *desk) found(who *fhirmap.Patient) (list []string) {
	d.t.Helper()
	q := Search{Limit: 10}
	if who != nil {
		q.Patients = []string{who.Key()}
	}
	found, _, err := d.Search(d.t.Context(), q)
	if err != nil {
		d.t.Fatal(err)
	}
	for i := range found {
		list = append(list, fmt.Sprintf("%d-%d %s", found[i].Seq, found[i].Nth, lineOf(&found[i].Recorded)))
	}
	return list
}

// Each correction is a version of its own, behind the others, that all who read
// see, also after a restart; nothing else of the measurement changes.
func TestCorrect_Versions(t *testing.T) {
	d := newDesk(t)
	d.start("c1", denis())
	d.end()
	seq := d.record(report(pulse("72"))).Seq
	before := d.stored(seq)
	id := fhirmap.R4(&before)[0].Identifier
	steps := []struct {
		name string
		do   func() fhirmap.Recorded
		want string
	}{
		{"assign", func() fhirmap.Recorded { return d.assign(seq, Attribution{Patient: claire()}) }, fmt.Sprintf("amended 2 %q %q", claire().Key(), "")},
		{"again", func() fhirmap.Recorded { return d.assign(seq, Attribution{Patient: claire()}) }, fmt.Sprintf("amended 2 %q %q", claire().Key(), "")},
		{"to a consultation", func() fhirmap.Recorded { return d.assign(seq, Attribution{Consultation: "c1"}) }, fmt.Sprintf("amended 3 %q %q", denis().Key(), "c1")},
		{"discard", func() fhirmap.Recorded { return d.discard(seq, " essai de l’appareil ") }, fmt.Sprintf("entered-in-error 4 %q %q", denis().Key(), "c1")},
		{"undo", func() fhirmap.Recorded { return d.undo(seq) }, fmt.Sprintf("amended 5 %q %q", denis().Key(), "c1")},
		{"undo the undoing", func() fhirmap.Recorded { return d.undo(seq) }, fmt.Sprintf("entered-in-error 6 %q %q", denis().Key(), "c1")},
		{"undo that", func() fhirmap.Recorded { return d.undo(seq) }, fmt.Sprintf("amended 7 %q %q", denis().Key(), "c1")},
		{"to nobody", func() fhirmap.Recorded { return d.assign(seq, Attribution{}) }, `amended 8 "" ""`},
	}
	head := d.Head()
	for _, step := range steps {
		d.clock.advance(time.Minute)
		m := step.do()
		if step.name != "again" {
			head++
		}
		for range 2 {
			got := d.stored(seq)
			if lineOf(&m) != step.want || lineOf(&got) != step.want || d.Head() != head {
				t.Fatalf("%s: %s, read %s, head %d; want %s, %d", step.name, lineOf(&m), lineOf(&got), d.Head(), step.want, head)
			}
			if !slices.EqualFunc(fhirmap.R4(&got)[0].Identifier, id, func(a, b fhirmap.Identifier) bool { return a == b }) {
				t.Errorf("%s: other identifiers", step.name)
			}
			if all := d.found(nil); len(all) != 1 || all[0] != fmt.Sprintf("%d-0 %s", seq, step.want) {
				t.Errorf("%s: found %q", step.name, all)
			}
			if mine := d.found(got.Subject); got.Subject != nil && len(mine) != 1 {
				t.Errorf("%s: found of the patient %q", step.name, mine)
			}
			if others := len(d.found(claire())) + len(d.found(denis())); others > 1 {
				t.Errorf("%s: found of %d patients", step.name, others)
			}
			if shown := d.Recent(9); len(shown) == 1 == m.Discarded || len(shown) == 1 && lineOf(&shown[0]) != step.want {
				t.Errorf("%s: shown %v", step.name, shown)
			}
			d.reopen()
		}
	}
	last := d.all()[len(d.all())-1]
	if c := last.Correction; c == nil || c.Entry != head || c.Seq != seq || lineOf(&c.Recorded) != steps[len(steps)-1].want || len(c.Whose) != 8 {
		t.Errorf("followers get %+v", last.Correction)
	}
	want := []string{"measurement_assigned", "measurement_assigned", "measurement_discarded essai de l’appareil", "correction_undone", "correction_undone essai de l’appareil", "correction_undone", "measurement_assigned"}
	var noted []string
	if _, err := d.Audit(t.Context(), func(e AuditEntry) bool {
		if e.Subject == fmt.Sprint(seq) {
			noted = append(noted, strings.TrimSpace(string(e.Action)+" "+e.Detail))
		}
		return true
	}); err != nil || !slices.Equal(noted, want) {
		t.Errorf("audit log %q, %v", noted, err)
	}
}

func TestCorrect_FirstVersionAgain(t *testing.T) {
	d := newDesk(t)
	seq := d.record(report(of(claire(), pulse("72")))).Seq
	d.assign(seq, Attribution{Patient: denis()})
	if m := d.undo(seq); lineOf(&m) != fmt.Sprintf("amended 3 %q %q", claire().Key(), "") {
		t.Error(lineOf(&m))
	}
}

// What was never final is not made so by saying whose it is.
func TestCorrect_PreliminaryStays(t *testing.T) {
	d := newDesk(t)
	seq := d.record(report(pulse("700"))).Seq
	if m := d.assign(seq, Attribution{Patient: claire()}); m.VersionStatus() != "preliminary" {
		t.Error(m.VersionStatus())
	}
}

func TestCorrect_Refused(t *testing.T) {
	d := newDesk(t)
	d.start("c1", denis())
	d.end()
	seq := d.record(report(pulse("72"))).Seq
	gone := d.record(report(pulse("73"))).Seq
	d.discard(gone, "essai")
	head := d.Head()
	for name, c := range map[string]struct {
		do   func() (fhirmap.Recorded, error)
		code string
	}{
		"no measurement":  {func() (fhirmap.Recorded, error) { return d.Assign(t.Context(), 1, Attribution{}) }, "not_found"},
		"behind the head": {func() (fhirmap.Recorded, error) { return d.Assign(t.Context(), 99, Attribution{}) }, "not_found"},
		"zero":            {func() (fhirmap.Recorded, error) { return d.Discard(t.Context(), 0, "x") }, "not_found"},
		"a correction":    {func() (fhirmap.Recorded, error) { return d.Discard(t.Context(), head, "x") }, "not_found"},
		"patient without an id": {func() (fhirmap.Recorded, error) {
			return d.Assign(t.Context(), seq, Attribution{Patient: &fhirmap.Patient{Family: "X"}})
		}, "bad_request"},
		"unknown consultation": {func() (fhirmap.Recorded, error) { return d.Assign(t.Context(), seq, Attribution{Consultation: "c2"}) }, "not_found"},
		"another's consultation": {func() (fhirmap.Recorded, error) {
			return d.Assign(t.Context(), seq, Attribution{Patient: claire(), Consultation: "c1"})
		}, "bad_request"},
		"no reason":       {func() (fhirmap.Recorded, error) { return d.Discard(t.Context(), seq, " ") }, "bad_request"},
		"endless reason":  {func() (fhirmap.Recorded, error) { return d.Discard(t.Context(), seq, strings.Repeat("x", 257)) }, "bad_request"},
		"control":         {func() (fhirmap.Recorded, error) { return d.Discard(t.Context(), seq, "a\x00b") }, "bad_request"},
		"discarded":       {func() (fhirmap.Recorded, error) { return d.Assign(t.Context(), gone, Attribution{Patient: claire()}) }, "bad_request"},
		"nothing to undo": {func() (fhirmap.Recorded, error) { return d.UndoCorrection(t.Context(), seq) }, "bad_request"},
	} {
		if _, err := c.do(); !isCode(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	if d.Head() != head {
		t.Errorf("the log has grown by %d", d.Head()-head)
	}
}

// Whatever became of the index, no correction is lost: the plug was pulled before
// it was written, the disk was full, or it is damaged.
func TestCorrect_IndexIsMadeAnew(t *testing.T) {
	for name, harm := range map[string]func(*localstore.Store, uint64) error{
		"not written": func(s *localstore.Store, seq uint64) error {
			if err := s.Delete(correctionsBucket, fmt.Sprintf("%016x", seq)); err != nil {
				return err
			}
			return s.Put(correctionsBucket, unindexedKey, sequence(seq-1))
		},
		"written, and the note not deleted": func(s *localstore.Store, seq uint64) error {
			return s.Put(correctionsBucket, unindexedKey, sequence(seq-1))
		},
		"incomplete": func(s *localstore.Store, seq uint64) error {
			if err := s.Delete(correctionsBucket, fmt.Sprintf("%016x", seq)); err != nil {
				return err
			}
			return s.Delete(correctionsBucket, completeKey)
		},
	} {
		d := newDesk(t)
		seq := d.record(report(pulse("72"))).Seq
		d.assign(seq, Attribution{Patient: claire()})
		d.assign(seq, Attribution{Patient: denis()})
		d.record(report(pulse("73")))
		if err := harm(d.store, d.Head()-1); err != nil {
			t.Fatal(err)
		}
		d.reopen()
		d.reopen()
		m := d.stored(seq)
		index, err := d.store.List(correctionsBucket)
		if !denis().Same(m.Subject) || m.Version != 3 || err != nil || len(index) != 3 {
			t.Errorf("%s: %s, index %v, %v", name, lineOf(&m), index, err)
		}
	}
}

// A follower who stops between the Observations of a measurement gets the rest of
// its correction.
func TestCorrect_TakesANumberForEachObservation(t *testing.T) {
	d := newDesk(t)
	m := pulse("72")
	m.Type = fhirmap.OxygenSaturation
	m.Readings = append(m.Readings, fhirmap.Reading{Type: fhirmap.OxygenSaturation, Value: new(fhirmap.MustDecimal("98")), Unit: fhirmap.Percent})
	seq := d.record(report(m)).Seq
	d.assign(seq, Attribution{Patient: claire()})
	events, err := d.Follow(seq + 2)
	if err != nil || len(events) != 1 || events[0].Correction == nil || events[0].First != seq+3 || events[0].Last != seq+3 {
		t.Fatalf("%+v, %v", events, err)
	}
	if found := d.found(claire()); len(found) != 2 {
		t.Errorf("found %q", found)
	}
}

// A measurement that turned out to be somebody else's is theirs in every respect
// when either of them is deleted.
func TestErasePatient_Corrected(t *testing.T) {
	for _, whose := range []string{"the former", "the present"} {
		d := newDesk(t)
		former, present := eloise(), denis()
		seq := d.record(keyed("k", of(former, pulse("137.25")), of(claire(), pulse("55")))).Seq
		d.assign(seq, Attribution{Patient: present})
		d.discard(seq, "bras de Lefèvre")
		d.undo(seq)
		erased, left, secret, told := former, 1, "IPP-778812", uint64(1) // the patient
		if whose == "the present" {
			erased, left, secret, told = present, 0, "137.25", 2
		}
		head := d.Head()
		if _, err := d.ErasePatient(t.Context(), *erased, nil); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if found := d.found(present); len(found) != left || len(d.found(former)) > 0 || len(d.found(claire())) != 1 {
				t.Errorf("%s: found %q, %q", whose, found, d.found(former))
			}
			if d.Head() != head+told || strings.Contains(everything(d), secret) || strings.Contains(everything(d), erased.Key()) {
				t.Errorf("%s: %q is still there, head %d, was %d", whose, secret, d.Head(), head)
			}
			if left == 0 && strings.Contains(everything(d), "bras de") {
				t.Errorf("%s: the reason is still there", whose)
			}
			d.all()
			d.reopen()
		}
		if left > 0 {
			if m := d.discard(seq, "essai"); m.Version != 5 {
				t.Errorf("%s: version %d", whose, m.Version)
			}
		}
	}
}

// Exports tell the newest version, and each measurement once.
func TestExport_Corrected(t *testing.T) {
	d := newDesk(t)
	moved := d.record(report(pulse("71"))).Seq
	wrong := d.record(report(of(claire(), pulse("72")))).Seq
	d.assign(moved, Attribution{Patient: denis()})
	d.discard(wrong, "essai")
	dir := t.TempDir()
	if done := d.export(ExportOptions{Dir: dir, Format: ExportPatientJSON}); done.Measurements != 1 || done.Discarded != 1 || len(done.Files) != 1 {
		t.Errorf("%+v", done)
	}
	if p := readPatient(t, dir+"/patient_"+denis().ID+".json"); len(p.Records) != 1 || p.Records[0]["ObservationValue"] != "71" {
		t.Errorf("%+v", p)
	}
	if done := d.export(ExportOptions{Dir: dir, Format: ExportFHIR}); done.Measurements != 2 {
		t.Errorf("%+v", done)
	}
	text, err := os.ReadFile(dir + "/observations.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for line := range bytes.Lines(text) {
		var o fhirmap.Observation
		if err := json.Unmarshal(line, &o); err != nil {
			t.Fatal(err)
		}
		states = append(states, o.Status+" "+o.Meta.VersionID)
	}
	if !slices.Equal(states, []string{"amended 2", "entered-in-error 2"}) {
		t.Errorf("%q", states)
	}
	d.export(ExportOptions{Dir: dir, Format: ExportCSV})
	if table, err := os.ReadFile(dir + "/observations.csv"); err != nil || strings.Count(string(table), "\n") != 3 || !strings.Contains(string(table), ",entered-in-error,") {
		t.Errorf("%s, %v", table, err)
	}
}

// A correction between two pages of a search moves nothing, and shows nobody a
// measurement that is theirs no more.
func TestSearch_CorrectedBetweenPages(t *testing.T) {
	d := newDesk(t)
	var numbers []uint64
	for range 6 {
		d.clock.advance(time.Second)
		numbers = append(numbers, d.record(report(of(claire(), pulse("72")))).Seq)
	}
	q := Search{Limit: 2, Patients: []string{claire().Key()}, OldestFirst: true, ByReceived: true}
	found, next, err := d.Search(t.Context(), q)
	if err != nil || next == nil {
		t.Fatal(err)
	}
	d.assign(numbers[0], Attribution{Patient: denis()})
	d.assign(numbers[3], Attribution{Patient: denis()})
	d.discard(numbers[4], "essai")
	got := names(found)
	for q.Page = next; q.Page != nil; q.Page = next {
		if found, next, err = d.Search(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		for i := range found {
			if !claire().Same(found[i].Subject) || found[i].Seq == numbers[4] && !found[i].Discarded {
				t.Errorf("%d is told as %s", found[i].Seq, lineOf(&found[i].Recorded))
			}
		}
		got = append(got, names(found)...)
	}
	if want := []string{"1-0", "2-0", "3-0", "5-0", "6-0"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// correctAny corrects some measurement, and says in the model what it is now.
func correctAny(t *testing.T, s *Station, r *rand.Rand, model map[uint64]changedTo) {
	t.Helper()
	seq := 1 + r.Uint64N(s.Head())
	m, err := s.Observation(seq, 0)
	if err != nil {
		t.Fatal(err)
	}
	if m == nil || m.Discarded {
		return
	}
	now := changedTo{who: m.Subject.Key(), entry: s.Head() + 1}
	var after fhirmap.Recorded
	if r.IntN(4) == 0 {
		after, err = s.Discard(t.Context(), seq, "x")
	} else {
		who := &fhirmap.Patient{System: "urn:test", ID: fmt.Sprint(1 + r.IntN(4))}
		now.who = who.Key()
		after, err = s.Assign(t.Context(), seq, Attribution{Patient: who})
	}
	if err != nil {
		t.Fatal(err)
	}
	if after.Version > max(1, m.Version) {
		now.at = after.Corrected
		model[seq] = now
	}
}

// changedTo is what the model knows of a measurement that was corrected.
type changedTo struct {
	who   string
	entry uint64
	at    time.Time
}
