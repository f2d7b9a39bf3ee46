package station

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// aheadTolerance is how far a device's clock may be ahead of the station's
// for a measurement to count as taken now. What seems older than the
// consultation never counts, however little.
const aheadTolerance = 2 * time.Minute

// forgottenAfter is how long a consultation lasts at most. One that is still
// open the next morning was forgotten, and the first measurement of the day is
// not yesterday's patient's.
const forgottenAfter = 12 * time.Hour

// interruption is how long the program may have been away for a consultation to
// go on. After a longer one the end of the consultation may have been missed.
const interruption = 5 * time.Minute

// Where the station notes each minute that a consultation goes on.
const (
	stateBucket = "state"
	aliveKey    = "consultation-alive"
)

// openConsultation is the one that is under way, with the number of its start
// in the log.
type openConsultation struct {
	Consultation
	seq uint64
	// left: somebody ended it, but the log could not take that. Whoever is with
	// the clinician now, it need not be this patient: nothing more is theirs.
	left bool
}

func (c *openConsultation) seqOrZero() uint64 {
	if c == nil || c.left {
		return 0
	}
	return c.seq
}

// covers tells whether a measurement was taken within the consultation: by
// the device's own time, or by the time of reception when it has none.
func (c *openConsultation) covers(own, received time.Time) bool {
	if c.left || c.forgotten(received) {
		return false
	}
	if own.IsZero() {
		own = received
	}
	return !own.Before(c.Start.Truncate(time.Second)) && !own.After(received.Add(aheadTolerance))
}

func (c *openConsultation) forgotten(now time.Time) bool { return now.Sub(c.Start) > forgottenAfter }

// maxName bounds each text that an EHR gives for a consultation or a patient,
// in characters.
const maxName = 256

// StartConsultation opens a consultation and ends the one before. The id is
// made when c has none. Starting the open consultation again, with the same id
// and patient, changes nothing, so that an EHR page can be reloaded.
//
// Errors are Faults: bad_request, and those of the store. The consultation
// before has ended all the same: whoever starts one has another patient.
func (s *Station) StartConsultation(ctx context.Context, c Consultation) (Consultation, error) {
	if c.Patient != nil {
		c.Patient = new(*c.Patient) // the caller's may change
	}
	var named *fhirmap.Patient
	defer func() { s.remember(named) }() // which the ward need not wait for
	s.ward.Lock()
	defer s.ward.Unlock()
	bad := c.Check()
	if bad == nil && s.open != nil && !s.open.left && c.ID != "" && c.ID == s.open.ID {
		if (c.Patient == nil && s.open.Patient == nil) || c.Patient.Same(s.open.Patient) {
			return s.open.Consultation, nil
		}
		bad = badRequest("a consultation with this id was open for another patient")
	}
	if err := s.endLocked(ctx); err != nil || bad != nil {
		return Consultation{}, errors.Join(bad, err)
	}
	if c.ID == "" {
		c.ID = s.newID()
	}
	c.Start, c.End = s.now(), time.Time{}
	// The entry cannot name its own number; restoreConsultation reads it off the record.
	seq, err := s.appendEntry(ctx, kindConsultationStart, 1, &entry{Received: c.Start, Consultation: &c})
	if err != nil {
		return Consultation{}, err
	}
	s.open = &openConsultation{Consultation: c, seq: seq}
	s.board.setConsultation(&c)
	named = c.Patient
	return c, nil
}

// EndConsultation ends the open consultation; it is no error when none is. A
// Fault of the store says that the log could not take it: try again.
func (s *Station) EndConsultation(ctx context.Context) error {
	s.ward.Lock()
	defer s.ward.Unlock()
	return s.endLocked(ctx)
}

// watchForgotten looks every minute, by the clock on the wall, which goes on
// while the computer sleeps.
func (s *Station) watchForgotten(ctx context.Context) {
	for tick := time.NewTicker(time.Minute); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		if err := s.endForgotten(ctx); err != nil {
			s.log.Warn("a forgotten consultation could not be ended; trying again", "error", err)
		}
		s.noteAlive()
		s.resumeInTime()
	}
}

// noteAlive writes down that the open consultation goes on now.
func (s *Station) noteAlive() {
	s.ward.RLock()
	open := s.open != nil && !s.open.left
	s.ward.RUnlock()
	if !open {
		return
	}
	if err := s.store.Put(stateBucket, aliveKey, []byte(s.now().Format(time.RFC3339Nano))); err != nil {
		s.log.Warn("noting that the consultation goes on", "error", err)
	}
}

// lastAlive is when the consultation is last known to have gone on: at its
// start, at the last note, or at the last entry of the log.
func (s *Station) lastAlive(lastEntry time.Time) (time.Time, error) {
	last := s.open.Start
	if lastEntry.After(last) {
		last = lastEntry
	}
	text, found, err := s.store.Get(stateBucket, aliveKey)
	if err != nil || !found {
		return last, err
	}
	noted, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return last, fmt.Errorf("note of the open consultation: %w", err)
	}
	if noted.After(last) {
		last = noted
	}
	return last, nil
}

// endForgotten ends a consultation that was left open for too long.
func (s *Station) endForgotten(ctx context.Context) error {
	s.ward.Lock()
	defer s.ward.Unlock()
	if s.open == nil || !s.open.forgotten(s.now()) {
		return nil
	}
	s.log.Info("a forgotten consultation was ended", "after", forgottenAfter)
	return s.endLocked(ctx)
}

func (s *Station) endLocked(ctx context.Context) error {
	if s.open == nil {
		return nil
	}
	s.open.left = true
	s.recordings.recorder.Cut() // what is heard from now on may be somebody else
	s.board.setConsultation(nil)
	ended := s.open.Consultation
	ended.End = s.now()
	if _, err := s.appendEntry(ctx, kindConsultationEnd, 1, &entry{Received: ended.End, Consultation: &ended}); err != nil {
		return err
	}
	s.open = nil
	return nil
}

// restoreConsultation finds the consultation that was open when the station
// stopped: the last record of the log says which. It goes on only if the
// program was away for a short while.
func (s *Station) restoreConsultation() error {
	var open uint64
	var bad error
	var lastEntry time.Time
	err := s.store.Backward(func(r localstore.Record) bool {
		e, err := decode(r)
		if err == nil {
			lastEntry = e.Received
		}
		switch {
		case err != nil:
			bad = err
		case r.Kind == kindConsultationStart:
			open = r.First
		default:
			open = e.Open
		}
		return false
	})
	if err == nil {
		err = bad
	}
	if err != nil || open == 0 {
		return err
	}
	if open < s.store.First() {
		s.log.Warn("the consultation that was open is past its retention")
		return nil
	}
	records, err := s.store.Read(open, 1, 1)
	if err != nil {
		return err
	}
	if len(records) == 0 || records[0].First != open || records[0].Kind != kindConsultationStart {
		return fmt.Errorf("log record %d should start a consultation", open)
	}
	e, err := decode(records[0])
	if err != nil {
		return err
	}
	if e.Consultation == nil {
		return fmt.Errorf("log record %d starts no consultation", open)
	}
	s.open = &openConsultation{Consultation: *e.Consultation, seq: open}
	s.board.setConsultation(e.Consultation)
	alive, err := s.lastAlive(lastEntry)
	if err != nil {
		return err
	}
	if s.now().Sub(alive) > interruption {
		s.log.Info("the program was away for too long: the consultation was ended", "after", interruption)
		return s.EndConsultation(context.Background())
	}
	return s.endForgotten(context.Background())
}

// Check refuses what StartConsultation would, with a Fault "bad_request", before
// anything has changed.
func (c *Consultation) Check() error {
	texts := []string{c.ID}
	if p := c.Patient; p != nil {
		if strings.TrimSpace(p.ID) == "" {
			return badRequest("patient.id is required")
		}
		if p.BirthDate != "" && !fhirmap.IsDate(p.BirthDate) {
			return badRequest("patient.birthDate must be YYYY, YYYY-MM or YYYY-MM-DD")
		}
		switch p.Sex {
		case "", "male", "female", "other", "unknown":
		default:
			return badRequest("patient.sex must be male, female, other or unknown")
		}
		texts = append(texts, p.ID, p.System, p.Family, p.Given)
	}
	for _, text := range texts {
		if err := checkText(text); err != nil {
			return err
		}
	}
	return nil
}

func checkText(text string) error {
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxName {
		return badRequest(fmt.Sprintf("texts are at most %d characters long", maxName))
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return badRequest("texts hold no control characters")
		}
	}
	return nil
}

func badRequest(english string) error {
	return &fhirmap.Fault{
		Code: "bad_request", English: english,
		French: "Le logiciel médical a envoyé une demande incorrecte\u202f; elle a été refusée.",
	}
}
