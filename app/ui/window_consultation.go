package ui

import (
	"context"
	"fmt"
	"slices"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// Consultations is what the page «Consultation» needs of the station. What is
// under way stands in Situation.
type Consultations interface {
	Sheet() (station.Sheet, error)
	RecentPatients(n int) []fhirmap.Patient
	Identify(typed fhirmap.Patient) (who fhirmap.Patient, known *fhirmap.Patient, err error)
	ReceivedBy(seq uint64) []station.Receiver
	Assign(ctx context.Context, seq uint64, to station.Attribution) (fhirmap.Recorded, error)
	Discard(ctx context.Context, seq uint64, reason string) (fhirmap.Recorded, error)
	UndoCorrection(ctx context.Context, seq uint64) (fhirmap.Recorded, error)
}

// mostKnown is how many patients are there to be chosen again.
const mostKnown = 500

// A desk is what the page «Consultation» shows, read while it is in front.
type desk struct {
	station.Sheet
	fault error // why the sheet could not be read
	known []fhirmap.Patient
}

func readDesk(core Consultations) *desk {
	sheet, err := core.Sheet()
	return &desk{sheet, err, core.RecentPatients(mostKnown)}
}

// find is the measurement seq as it stands now; nil when it is not on the desk.
func (d *desk) find(seq uint64) *fhirmap.Recorded {
	if d == nil {
		return nil
	}
	for _, list := range [][]fhirmap.Recorded{d.Measured, d.Unassigned, d.Corrected} {
		if i := slices.IndexFunc(list, func(m fhirmap.Recorded) bool { return m.Seq == seq }); i >= 0 {
			return &list[i]
		}
	}
	return nil
}

// A whom is the person that somebody has chosen, or typed in.
type whom struct {
	station.Attribution
	typed bool // has no identity yet
}

// decide does what a person has decided, unless the decision before is still on
// its way: who presses twice has meant it once. do calls free when the next one
// may come.
func (x *window) decide(do func(free func())) {
	if !x.deciding {
		x.deciding = true
		do(func() { x.deciding = false })
	}
}

// inquire asks q as soon as no other question is open.
func (x *window) inquire(q question) {
	x.notices = append(x.notices, q)
	x.next()
}

// identified goes on with who has an identity, or is free. Where the one that was
// typed in is known under other traits, a person says whether both are one.
func (x *window) identified(who whom, free func(), then func(station.Attribution)) {
	if !who.typed {
		then(who.Attribution)
		return
	}
	x.fetch("identify a patient", func(context.Context) (func(), error) {
		typed, known, err := x.options.Core.Identify(*who.Patient)
		return func() {
			if known == nil || sameTraits(known, &typed) {
				then(station.Attribution{Patient: &typed})
				return
			}
			x.inquire(x.words.knownQuestion(known, &typed, free, func() { then(station.Attribution{Patient: known}) }))
		}, err
	}, free)
}

// begin starts a consultation for who, nobody's where there is no patient.
func (x *window) begin(who whom, done func()) {
	x.decide(func(free func()) {
		x.identified(who, free, func(to station.Attribution) {
			x.fetch("start consultation", func(ctx context.Context) (func(), error) {
				_, err := x.options.Core.StartConsultation(ctx, station.Consultation{Patient: to.Patient})
				return func() { free(); done() }, err
			}, free)
		})
	})
}

// askAssign asks whether a measurement is to be who's, naming the software that
// has it already.
func (x *window) askAssign(m fhirmap.Recorded, who whom, done func()) {
	x.decide(func(free func()) {
		x.identified(who, free, func(to station.Attribution) {
			x.askCorrection(m, free, func(had []station.Receiver) question {
				return x.words.assignQuestion(&m, to, had, x.options.Now(), func() {
					x.fetch("assign measurement", func(ctx context.Context) (func(), error) {
						_, err := x.options.Core.Assign(ctx, m.Seq, to)
						return done, err
					}, func() {})
				})
			})
		})
	})
}

func (x *window) askDiscard(m fhirmap.Recorded) {
	x.decide(func(free func()) {
		x.askCorrection(m, free, func(had []station.Receiver) question {
			return x.words.discardQuestion(&m, had, x.options.Now(), func(reason string) {
				x.tell("discard measurement", func(ctx context.Context) error {
					_, err := x.options.Core.Discard(ctx, m.Seq, reason)
					return err
				}, func() {})
			})
		})
	})
}

func (x *window) askUndo(m fhirmap.Recorded) {
	x.decide(func(free func()) {
		x.askCorrection(m, free, func(had []station.Receiver) question {
			return x.words.undoQuestion(&m, had, x.options.Now(), func() {
				x.tell("undo correction", func(ctx context.Context) error {
					_, err := x.options.Core.UndoCorrection(ctx, m.Seq)
					return err
				}, func() {})
			})
		})
	})
}

// askCorrection asks what is to become of m, as it stands.
func (x *window) askCorrection(m fhirmap.Recorded, free func(), ask func([]station.Receiver) question) {
	x.fetch("who has a measurement", func(context.Context) (func(), error) {
		had := x.options.Core.ReceivedBy(m.Seq)
		return func() {
			free()
			q := ask(had)
			q.id = correctionID(&m)
			x.inquire(q)
		}, nil
	}, free)
}

// correctionPrefix tells questions about a measurement from those about an origin.
const correctionPrefix = "measurement "

func correctionID(m *fhirmap.Recorded) string {
	return fmt.Sprint(correctionPrefix, m.Seq, " ", m.Version)
}

// overtaken tells that what a question of that id is about was corrected by
// somebody else.
func (d *desk) overtaken(id string) bool {
	var seq uint64
	var version int
	if _, err := fmt.Sscanf(id, correctionPrefix+"%d %d", &seq, &version); err != nil {
		return false
	}
	m := d.find(seq)
	return m != nil && m.Version != version
}
