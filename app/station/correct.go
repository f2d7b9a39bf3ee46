package station

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vitalien/fhirmap"
)

// An Attribution is whose a measurement is said to be; the zero value is
// nobody's.
type Attribution struct {
	Patient      *fhirmap.Patient // with an id
	Consultation string           // the id of one that the log knows, whose patient counts
}

// Assign says whose the measurement seq is: an unassigned one is assigned, one
// that stood with the wrong person is put right. As every correction it is a new
// entry of the log, which followers get; the one before stays as it is. Saying
// again what stands already changes nothing. It returns the newest version.
//
// Errors are Faults: not_found for what is no measurement or no consultation;
// bad_request for a patient without an id, one that is not the consultation's,
// or a measurement that was discarded; and those of the store.
func (s *Station) Assign(ctx context.Context, seq uint64, to Attribution) (fhirmap.Recorded, error) {
	to, err := s.checked(ctx, to)
	if err != nil {
		return fhirmap.Recorded{}, err
	}
	changed, err := s.correct(ctx, seq, func(now, next *correction) error {
		if now.Discarded {
			return refuseCorrection("the measurement was discarded; undo that first", "Cette mesure a été écartée. Rétablissez-la d’abord.")
		}
		next.Subject, next.Consultation = to.Patient, to.Consultation
		return nil
	}, AuditAssigned)
	if err == nil {
		s.remember(to.Patient)
	}
	return changed, err
}

// Discard says that the measurement seq was recorded in error, and why, in at
// most 256 characters. It is kept, and told as entered in error. Errors are
// Faults: not_found, bad_request without a reason, and those of the store.
func (s *Station) Discard(ctx context.Context, seq uint64, reason string) (fhirmap.Recorded, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || checkText(reason) != nil {
		return fhirmap.Recorded{}, refuseCorrection("a reason of 1 to 256 characters is required", "Indiquez le motif, en 256 caractères au plus.")
	}
	return s.correct(ctx, seq, func(_, next *correction) error {
		next.Discarded, next.Reason = true, reason
		return nil
	}, AuditDiscarded)
}

// UndoCorrection says of the measurement seq again what was said before its
// newest correction, an undoing among them. Errors are Faults: not_found,
// bad_request when nothing was corrected, and those of the store.
func (s *Station) UndoCorrection(ctx context.Context, seq uint64) (fhirmap.Recorded, error) {
	return s.correct(ctx, seq, func(now, next *correction) error {
		versions := s.corrections.versions(seq)
		switch n := len(versions); n {
		case 0:
			return refuseCorrection("nothing was corrected", "Cette mesure n’a pas été corrigée.")
		case 1:
			first, err := s.asRecorded(seq)
			if err != nil {
				return err
			}
			*next = correction{Subject: first.Subject, Consultation: first.Consultation}
		default:
			*next = versions[n-2].correction
		}
		return nil
	}, AuditUndone)
}

// checked completes an attribution, or says what is wrong with it.
func (s *Station) checked(ctx context.Context, to Attribution) (Attribution, error) {
	if to.Patient != nil {
		if err := (&Consultation{Patient: to.Patient}).Check(); err != nil {
			return to, refuseCorrection(fhirmap.FaultOf(err).English, "Les données du patient sont incomplètes ou incorrectes.")
		}
		to.Patient = clonePatient(to.Patient)
	}
	if to.Consultation == "" {
		return to, nil
	}
	c, found, err := s.ConsultationByID(ctx, fhirmap.EncounterID(to.Consultation))
	switch {
	case err != nil:
		return to, err
	case !found:
		return to, &fhirmap.Fault{Code: "not_found", English: "the log knows no consultation of this id", French: "Cette consultation n’existe pas."}
	case to.Patient != nil && !to.Patient.Same(c.What.Patient):
		return to, refuseCorrection("the consultation is another patient's", "Cette consultation est celle d’un autre patient.")
	}
	return Attribution{c.What.Patient, c.What.ID}, nil
}

// correct writes a new version of the measurement seq, which change makes of the
// newest one: it gets that twice, the second to change.
func (s *Station) correct(ctx context.Context, seq uint64, change func(now, next *correction) error, action Action) (m fhirmap.Recorded, err error) {
	c := &s.corrections
	c.making.Lock()
	defer c.making.Unlock()
	if m, err = s.measurement(seq); err != nil {
		return m, err
	}
	now := correction{Subject: m.Subject, Consultation: m.Consultation, Discarded: m.Discarded, Reason: m.Reason}
	next := now
	if err := change(&now, &next); err != nil {
		return m, err
	}
	if next.same(&now) {
		return m, nil
	}
	next.Of, next.Version = seq, max(1, m.Version)+1
	if err := s.appendCorrection(ctx, &m, next); err != nil {
		return m, err
	}
	s.log.Info("measurement corrected", "action", string(action), "measurement", seq, "version", next.Version)
	s.audit(action, strconv.FormatUint(seq, 10), next.Reason)
	s.onRevise.tell()
	return s.measurement(seq)
}

// appendCorrection makes a version durable and known. It takes as many numbers
// as the measurement has Observations, so that who follows the log can stop
// behind any of them.
func (s *Station) appendCorrection(ctx context.Context, m *fhirmap.Recorded, next correction) error {
	s.ward.RLock()
	defer s.ward.RUnlock()
	c := &s.corrections
	if err := c.announce(s); err != nil {
		return err
	}
	at := s.now()
	err := c.add(func() (version, error) {
		entry := entry{Received: at, Open: s.open.seqOrZero(), Correction: &next}
		first, err := s.appendEntry(ctx, kindCorrection, m.Observations(), &entry)
		return version{next, first, at}, err
	})
	if err == nil {
		c.index(s)
	}
	return err
}

// measurement is the newest version of the measurement seq.
func (s *Station) measurement(seq uint64) (fhirmap.Recorded, error) {
	f, err := s.Observation(seq, 0)
	if err == nil && f == nil {
		err = noMeasurement()
	}
	if err != nil {
		return fhirmap.Recorded{}, err
	}
	return f.Recorded, nil
}

// asRecorded is the measurement seq without its corrections.
func (s *Station) asRecorded(seq uint64) (m fhirmap.Recorded, err error) {
	records, err := s.store.Read(seq, 1, 1)
	if err != nil {
		return m, err
	}
	for _, r := range records {
		e, err := decode(r)
		if err != nil {
			return m, err
		}
		all := s.recorded(r, e)
		if i := slices.IndexFunc(all, func(one fhirmap.Recorded) bool { return one.Seq == seq }); i >= 0 {
			return all[i], nil
		}
	}
	return m, noMeasurement()
}

func noMeasurement() error {
	return &fhirmap.Fault{Code: "not_found", English: "the log has no measurement of this number", French: "Cette mesure n’existe pas."}
}

func refuseCorrection(english, french string) error {
	return &fhirmap.Fault{Code: "bad_request", English: fmt.Sprint("correction refused: ", english), French: french}
}
