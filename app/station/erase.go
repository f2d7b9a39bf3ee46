package station

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// An Erased is what was deleted of a patient.
type Erased struct {
	Measurements  int
	Recordings    int       // of sound
	Alerts        int       // changes of alerts
	Consultations int       // starts and ends
	Rejected      int       // messages in quarantine that name them
	BackupsUntil  time.Time // when the last backup leaves that still holds them; zero: none does
}

// FindErasable finds the one patient of that id, given by the EHR or by a
// device, or the FHIR id (fhirmap.Patient.Key). Errors are Faults: not_found;
// bad_request when the same id stands for several patients, whose FHIR ids it
// tells; and those of the store.
func (s *Station) FindErasable(ctx context.Context, id string) (fhirmap.Patient, error) {
	versions, err := s.Patients(ctx)
	if err != nil {
		return fhirmap.Patient{}, err
	}
	var keys []string
	var found fhirmap.Patient
	for i := range versions {
		if p := &versions[i].What; p.ID == id || p.Key() == id {
			found, keys = *p, append(keys, p.Key())
		}
	}
	switch len(keys) {
	case 0:
		return fhirmap.Patient{}, &fhirmap.Fault{
			Code: "not_found", English: "the log names no patient of this id", French: "Aucun patient enregistré ne porte cet identifiant.",
		}
	case 1:
		return found, nil
	}
	return fhirmap.Patient{}, &fhirmap.Fault{
		Code: "bad_request", English: "several patients have this id; name one of them: " + strings.Join(keys, " "),
		French: "Plusieurs patients portent cet identifiant. Indiquez l’un de ceux-ci\u00a0: " + strings.Join(keys, " "),
	}
}

// ErasePatient deletes all that is kept of a patient (the GDPR's right to
// erasure): afterwards the data folder holds nothing of them that can be
// decrypted, but for backups. Their numbers in the log stay, with nothing in
// them. progress is told how far it is, in sequence numbers. Errors are Faults:
// patient_present while their consultation is open or an alarm of theirs is
// present; and those of localstore.Rewrite, after which nothing has changed.
func (s *Station) ErasePatient(ctx context.Context, who fhirmap.Patient, progress func(done, of uint64)) (Erased, error) {
	if s.attended(&who) {
		return Erased{}, &fhirmap.Fault{
			Code: "patient_present", English: "the patient's consultation is open, or an alarm of theirs is present",
			French: "Ce patient est en consultation ou sous surveillance. Terminez la consultation ou l’alarme, puis recommencez.",
		}
	}
	s.corrections.making.Lock()
	defer s.corrections.making.Unlock()
	e := &erasure{
		id: s.newID(), behind: s.Head(),
		key: who.Key(), who: who, sounds: map[string]bool{}, corrected: s.corrections.newest(),
	}
	s.catalogue.mu.Lock() // its segments would tell when the patient was measured
	err := s.store.Rewrite(ctx, localstore.Rewriting{
		Record: e.record, Setting: e.setting, Also: e.pending, Value: e.value, Progress: progress,
	})
	s.catalogue.loaded = s.catalogue.loaded && err != nil
	s.catalogue.mu.Unlock()
	if err != nil {
		return Erased{}, err
	}
	s.forget(e.key)
	s.tellOf(e)
	e.done.BackupsUntil = s.backups.heldUntil()
	s.audit(AuditErased, hex.EncodeToString(s.store.Pseudonym("erased", e.key))[:16], fmt.Sprintf("%d measurements", e.done.Measurements))
	return e.done, s.store.DropOldFormat()
}

// tellOf has followers told of what e has deleted.
func (s *Station) tellOf(e *erasure) {
	_, unnamed := e.deleted.finished(e.key)
	for i, ids := range unnamed {
		s.directory.remove(entryKey(pendingKey(e.id, i)), ids)
	}
	if err := s.tellDeletions(); err != nil {
		s.log.Warn("the log does not tell of a deletion yet; the next start tries again", "error", err)
	}
}

// attended tells whether the patient is being measured now.
func (s *Station) attended(who *fhirmap.Patient) bool {
	s.ward.RLock()
	defer s.ward.RUnlock()
	return s.open != nil && who.Same(s.open.Patient) || s.alerts.concerns(who)
}

func (a *alerts) concerns(who *fhirmap.Patient) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, shown := range a.shown {
		if shown.Alert.Active() && shown.names(who.Key()) {
			return true
		}
	}
	return false
}

func (e *alertEntry) names(key string) bool {
	return e.Alert.Patient.Key() == key || e.Named.Key() == key
}

// forget drops what memory holds of a patient, or makes it anew from the log.
func (s *Station) forget(key string) {
	s.alerts.mu.Lock()
	for id, shown := range s.alerts.shown {
		if shown.names(key) {
			delete(s.alerts.shown, id)
			s.alerts.changed = true
		}
	}
	s.alerts.mu.Unlock()
	s.patients.mu.Lock()
	s.patients.drop(key)
	s.patients.mu.Unlock()
	s.directory.reset()
	s.traffic.clear() // most of its messages name nobody, whoever they are of
	if err := s.corrections.reload(s); err != nil {
		s.log.Error("reading the corrections", "error", err)
	}
	s.latest.mu.Lock()
	s.latest.known = nil
	s.latest.mu.Unlock()
	s.recent.mu.Lock()
	if err := s.recent.load(s); err != nil {
		s.log.Error("reading the newest measurements", "error", err)
	}
	s.recent.mu.Unlock()
	s.sheet.forget()
	s.recordings.mu.Lock()
	s.recordings.recent = slices.DeleteFunc(s.recordings.recent, func(r fhirmap.RecordedSound) bool {
		return r.Subject.Key() == key
	})
	s.recordings.mu.Unlock()
	s.board.changed()
	s.onRevise.tell()
}

// An erasure rewrites the log without one patient.
type erasure struct {
	key  string
	who  fhirmap.Patient
	at   uint64 // the record that was rewritten last
	done Erased

	id      string // of this erasure
	behind  uint64 // the end of the log when it began
	deleted deletions

	sounds    map[string]bool    // ids of their recordings
	corrected map[uint64]version // the newest, by measurement
}

func (e *erasure) record(r localstore.Record) ([]localstore.Entry, error) {
	if r.First <= e.at { // once more, for comparison
		e.done, e.deleted = Erased{}, deletions{}
	}
	e.at = r.First
	old, err := decode(r)
	if err != nil {
		return nil, err
	}
	pieces, erased := e.split(r, old)
	if !erased {
		return nil, nil
	}
	entries := make([]localstore.Entry, len(pieces))
	for i, p := range pieces {
		data, err := p.encode()
		if err != nil {
			return nil, err
		}
		entries[i] = localstore.Entry{Kind: p.kind, Count: p.count, Data: data}
	}
	return entries, nil
}

// A piece is what becomes of a part of a record.
type piece struct {
	entry
	kind  byte
	count int // sequence numbers
}

// split divides a record into what stays and what does not.
func (e *erasure) split(r localstore.Record, old *entry) (pieces []piece, erased bool) {
	head := entry{Received: old.Received, Link: old.Link, Peer: old.Peer, Key: old.Key, Open: old.Open}
	add := func(theirs bool, count int) *piece {
		kind := r.Kind
		if theirs {
			kind, erased = kindErased, true
		}
		if len(pieces) == 0 || pieces[len(pieces)-1].kind != kind {
			p := piece{entry: head, kind: kind}
			if theirs {
				p.entry = entry{Received: old.Received, Open: old.Open}
			}
			pieces = append(pieces, p)
		}
		p := &pieces[len(pieces)-1]
		p.count += count
		return p
	}
	switch r.Kind {
	case kindConsultationStart, kindConsultationEnd:
		theirs := old.Consultation != nil && old.Consultation.Patient.Key() == e.key
		if add(theirs, r.Count); theirs {
			e.done.Consultations++
			e.deleted.consultation(old.Consultation.ID)
		}
	case kindAlerts:
		for i := range old.Alerts {
			theirs := old.Alerts[i].names(e.key)
			if p := add(theirs, 1); theirs {
				e.done.Alerts++
				e.deleted.alert(old.Alerts[i].Alert.ID)
			} else {
				p.Alerts = append(p.Alerts, old.Alerts[i])
			}
		}
	case kindRecording:
		theirs := old.Recording.Subject.Key() == e.key
		if p := add(theirs, r.Count); theirs {
			e.done.Recordings++
			e.sounds[old.Recording.ID] = true
			e.deleted.recording(r.First)
		} else {
			p.Recording = old.Recording
		}
	case kindReport, kindDetail:
		old.each(r, func(seq, last uint64, m *recordedEntry) {
			named := m.Subject.Key() == e.key || m.Patient.Key() == e.key
			theirs := e.owns(seq, named)
			p := add(theirs, int(last-seq+1))
			if theirs {
				e.done.Measurements++
				e.deleted.measurement(seq, m.Observations())
				return
			}
			p.Measurements = append(p.Measurements, *m)
			if named { // it turned out to be somebody else's, and stays
				erased = true
				stays := &p.Measurements[len(p.Measurements)-1]
				stays.without(e.key)
			}
		})
	case kindCorrection:
		c := *old.Correction
		p := add(e.owns(c.Of, c.Subject.Key() == e.key), r.Count)
		if p.kind == kindErased {
			break
		}
		if c.Subject.Key() == e.key {
			erased = true
			c.Subject, c.Consultation = nil, ""
		}
		p.Correction = &c
	}
	return pieces, erased
}

// owns tells whether a measurement is theirs now; named, whether it was at first.
func (e *erasure) owns(seq uint64, named bool) bool {
	if newest, corrected := e.corrected[seq]; corrected {
		return newest.Subject.Key() == e.key
	}
	return named
}

func (m *recordedEntry) without(key string) {
	if m.Subject.Key() == key {
		m.Subject, m.Consultation = nil, ""
	}
	if m.Patient.Key() == key {
		m.Patient = nil
	}
}

func (e *erasure) setting(bucket, key string, _ []byte) (keep bool) {
	switch bucket {
	case catalogueBucket, correctionsBucket: // made anew
		return false
	case patientsBucket:
		return key != e.key
	case recordingsBucket:
		return !e.sounds[key]
	}
	return true
}

// pending puts beside the log what it must still tell.
func (e *erasure) pending(put func(bucket, key string, value []byte) error) error {
	list, _ := e.deleted.finished(e.key)
	for i := range list {
		text, err := json.Marshal(pendingDeletion{e.behind, list[i]})
		if err != nil {
			return err
		}
		if err := put(deletionsBucket, pendingKey(e.id, i), text); err != nil {
			return err
		}
	}
	return nil
}

// value takes the sound of the patient's recordings, the messages that name them
// from the quarantine, and their ids from what the audit log tells of exports.
func (e *erasure) value(vault string, key, value []byte) []byte {
	switch vault {
	case soundNotes, soundBlobs:
		if id, _, _ := bytes.Cut(key, []byte{0}); e.sounds[string(id)] {
			return nil
		}
	case quarantineVault:
		var r Rejection
		if err := json.Unmarshal(value, &r); err == nil && mentions(r.Message, &e.who) {
			e.done.Rejected++
			return nil
		}
	case auditVault:
		for _, id := range []string{e.who.ID, e.key} {
			quoted, _ := json.Marshal(fmt.Sprintf("%q", id)) // as Export notes it
			value = bytes.ReplaceAll(value, quoted[1:len(quoted)-1], []byte("erased"))
		}
		return e.withoutReason(value)
	}
	return value
}

// withoutReason takes from an entry of the audit log why a measurement of the
// patient was discarded: people write names there.
func (e *erasure) withoutReason(value []byte) []byte {
	var noted AuditEntry
	if json.Unmarshal(value, &noted) != nil || noted.Detail == "" || noted.Action != AuditDiscarded && noted.Action != AuditUndone {
		return value
	}
	seq, err := strconv.ParseUint(noted.Subject, 10, 64)
	if err != nil || !e.owns(seq, false) {
		return value
	}
	noted.Detail = ""
	if without, err := json.Marshal(noted); err == nil {
		return without
	}
	return nil
}
