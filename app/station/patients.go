package station

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"vitalien/fhirmap"
)

// Where the ids of patients come from that no EHR has given with its own source.
const (
	EHRSystem = "urn:vitalien:ehr" // ids that an EHR gives without one, or a person types
	OwnSystem = "urn:vitalien:own" // ids that the station makes for who is typed in without one
)

// The patients that the EHR or a person has named are kept, so that a monitor
// that asks for one by id gets an answer, and a person can choose them again.
const (
	patientsBucket = "patients"
	mostPatients   = 10_000
	seenPrecision  = 24 * time.Hour // of knownPatient.Seen, which is not written more often
)

type knownPatient struct {
	Patient fhirmap.Patient `json:"patient"`
	Seen    time.Time       `json:"seen"` // when the EHR named them last
	named   time.Time       // the same, to the moment, since the start
}

type patients struct {
	mu  sync.Mutex
	all map[string]knownPatient        // by Patient.Key
	ids map[string]map[string]struct{} // the keys of those with an id
}

func (p *patients) load(s *Station) error {
	p.all, p.ids = map[string]knownPatient{}, map[string]map[string]struct{}{}
	stored, err := s.store.List(patientsBucket)
	if err != nil {
		return err
	}
	for key, text := range stored {
		var known knownPatient
		if err := json.Unmarshal(text, &known); err != nil || known.Patient.Key() != key {
			s.log.Warn("a patient for look-up cannot be read; the next consultation writes it anew")
			continue
		}
		known.named = known.Seen
		p.put(known)
	}
	return nil
}

func (p *patients) put(known knownPatient) {
	key, id := known.Patient.Key(), known.Patient.ID
	p.all[key] = known
	if p.ids[id] == nil {
		p.ids[id] = map[string]struct{}{}
	}
	p.ids[id][key] = struct{}{}
}

func (p *patients) drop(key string) {
	id := p.all[key].Patient.ID
	delete(p.all, key)
	if delete(p.ids[id], key); len(p.ids[id]) == 0 {
		delete(p.ids, id)
	}
}

// remember keeps whom the EHR has named. A failure of the disk is logged: the
// consultation goes on, and the next one tries again.
func (s *Station) remember(who *fhirmap.Patient) {
	key := who.Key()
	if key == "" {
		return
	}
	p, now := &s.patients, s.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.all[key]
	if ok && known.Patient == *who && now.Sub(known.Seen).Abs() < seenPrecision {
		known.named = now
		p.all[key] = known
		return
	}
	text, err := json.Marshal(knownPatient{Patient: *who, Seen: now})
	if err == nil && !ok {
		err = p.makeRoom(s)
	}
	if err == nil {
		err = s.store.Put(patientsBucket, key, text)
	}
	if err != nil {
		s.log.Warn("a patient was not kept for look-up by monitors", "error", err)
		return
	}
	p.put(knownPatient{*who, now, now})
}

func (p *patients) makeRoom(s *Station) error {
	if len(p.all) < mostPatients {
		return nil
	}
	oldest := ""
	for key, known := range p.all {
		if oldest == "" || known.Seen.Before(p.all[oldest].Seen) {
			oldest = key
		}
	}
	if err := s.store.Delete(patientsBucket, oldest); err != nil {
		return err
	}
	p.drop(oldest)
	return nil
}

// FindPatient finds whom the EHR has named with this id; nil when nobody has
// it, or more than one: the same id of two sources is two persons.
func (s *Station) FindPatient(_ context.Context, id string) (*fhirmap.Patient, error) {
	p := &s.patients
	p.mu.Lock()
	defer p.mu.Unlock()
	keys := p.ids[strings.TrimSpace(id)]
	if len(keys) != 1 {
		return nil, nil
	}
	for key := range keys {
		return new(p.all[key].Patient), nil
	}
	return nil, nil
}

// RecentPatients are those that the EHR or a person has named, the latest first,
// at most n.
func (s *Station) RecentPatients(n int) []fhirmap.Patient {
	p := &s.patients
	p.mu.Lock()
	defer p.mu.Unlock()
	keys := slices.SortedFunc(maps.Keys(p.all), func(a, b string) int {
		return cmp.Or(p.all[b].named.Compare(p.all[a].named), strings.Compare(a, b))
	})
	list := make([]fhirmap.Patient, 0, min(n, len(keys)))
	for _, key := range keys[:min(n, len(keys))] {
		list = append(list, p.all[key].Patient)
	}
	return list
}

// Identify gives an identity to whom a person has typed in: the EHR's when there
// is an id, else a new one of the station's own. known is whom the station knows
// under that identity, nil when it knows nobody: a person must say whether both
// are one. The error is a Fault bad_request for what StartConsultation would
// refuse.
func (s *Station) Identify(typed fhirmap.Patient) (who fhirmap.Patient, known *fhirmap.Patient, err error) {
	who = typed
	for _, text := range []*string{&who.ID, &who.Family, &who.Given} {
		*text = strings.TrimSpace(*text)
	}
	if who.System = EHRSystem; who.ID == "" {
		who.System, who.ID = OwnSystem, s.newID()
	}
	if err := (&Consultation{Patient: &who}).Check(); err != nil {
		return who, nil, badEntry(fhirmap.FaultOf(err).English, "Les données du patient sont incomplètes ou incorrectes.")
	}
	p := &s.patients
	p.mu.Lock()
	defer p.mu.Unlock()
	if found, ok := p.all[who.Key()]; ok {
		known = new(found.Patient)
	}
	return who, known, nil
}
