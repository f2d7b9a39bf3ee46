package station

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// deletionsBucket holds what the log must still tell of a deletion: it is put
// there by the very rewriting that deletes, so that no crash between the two
// leaves followers with what is no more.
const deletionsBucket = "deletions"

// deletionSize is how many deleted things one entry of the log names.
const deletionSize = 200

// A deletion names what was deleted with a patient, in the order of the sequence
// numbers that it takes, one for each. Only what this program has numbered itself
// is named; of a patient or a consultation, whose FHIR id comes from the EHR,
// nothing is kept but that there was one.
type deletion struct {
	Measurements [][2]uint64 `json:"measurements,omitempty"` // number, and which of its Observations from 1 on
	Recordings   []uint64    `json:"recordings,omitempty"`   // numbers
	Alerts       []string    `json:"alerts,omitempty"`       // ids
	Unnamed      int         `json:"unnamed,omitempty"`
}

func (d *deletion) count() int {
	return len(d.Measurements) + len(d.Recordings) + len(d.Alerts) + d.Unnamed
}

// A Removed is something of a patient that was deleted: one Observation of a
// measurement, a recording or an alert. What it held is nowhere any more.
type Removed struct {
	Seq         uint64 // the number under which the log tells of it
	Measurement uint64 // its number
	Observation int    // which of the measurement's, from 1 on
	Recording   uint64 // its number
	Alert       string // its id
}

// told is what followers get of an entry that starts with the number seq.
func (d *deletion) told(seq uint64) (list []Removed) {
	for _, m := range d.Measurements {
		list = append(list, Removed{Measurement: m[0], Observation: int(m[1])})
	}
	for _, number := range d.Recordings {
		list = append(list, Removed{Recording: number})
	}
	for _, id := range d.Alerts {
		list = append(list, Removed{Alert: id})
	}
	for i := range list {
		list[i].Seq = seq + uint64(i)
	}
	return list
}

// A pendingDeletion is one entry that the log may not have yet. It stands behind
// the number Behind, at which the log ended before the deletion.
type pendingDeletion struct {
	Behind uint64   `json:"behind"`
	What   deletion `json:"what"`
}

// A deletedID is the FHIR id of a patient or a consultation. It is told to those
// who follow while the program runs, and is written nowhere.
type deletedID struct {
	consultation bool
	id           string
}

// deletions gathers what an erasure deletes.
type deletions struct {
	list    []deletion
	named   map[string]bool // alerts and consultations, each once
	unnamed []deletedID
}

func (d *deletions) first(id string) bool {
	if d.named[id] {
		return false
	}
	if d.named == nil {
		d.named = map[string]bool{}
	}
	d.named[id] = true
	return true
}

// last is the entry that has room for one more.
func (d *deletions) last() *deletion {
	if n := len(d.list); n == 0 || d.list[n-1].count() >= deletionSize {
		d.list = append(d.list, deletion{})
	}
	return &d.list[len(d.list)-1]
}

func (d *deletions) measurement(seq uint64, observations int) {
	for nth := range observations {
		last := d.last()
		last.Measurements = append(last.Measurements, [2]uint64{seq, uint64(nth) + 1})
	}
}

func (d *deletions) recording(seq uint64) {
	last := d.last()
	last.Recordings = append(last.Recordings, seq)
}

func (d *deletions) alert(id string) {
	if d.first("alert\x00" + id) {
		last := d.last()
		last.Alerts = append(last.Alerts, id)
	}
}

func (d *deletions) consultation(id string) {
	if d.first("consultation\x00" + id) {
		d.unnamed = append(d.unnamed, deletedID{true, fhirmap.EncounterID(id)})
	}
}

// finished is the list with what has no name at its end, the patient last, and
// what that is, by the place in the list.
func (d *deletions) finished(patient string) (list []deletion, unnamed map[int][]deletedID) {
	list, unnamed = slices.Clone(d.list), map[int][]deletedID{}
	for part := range slices.Chunk(append(slices.Clone(d.unnamed), deletedID{id: patient}), deletionSize) {
		unnamed[len(list)] = part
		list = append(list, deletion{Unnamed: len(part)})
	}
	return list, unnamed
}

func pendingKey(id string, i int) string { return fmt.Sprintf("%s/%08d", id, i) }

// entryKey is the message key of the log entry that a pending deletion becomes,
// by which it is found there.
func entryKey(pending string) string {
	sum := sha256.Sum256([]byte(deletionsBucket + "\x00" + pending))
	return hex.EncodeToString(sum[:])
}

// tellDeletions appends to the log what it must still tell, each once. What
// cannot be written is told later: at the next deletion, or the next start.
func (s *Station) tellDeletions() error {
	pending, err := s.store.List(deletionsBucket)
	if err != nil || len(pending) == 0 {
		return err
	}
	told, err := s.toldDeletions(pending)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(pending)) {
		if !told[entryKey(key)] {
			if err := s.tellDeletion(key, pending[key]); err != nil {
				return err
			}
		}
		if err := s.store.Delete(deletionsBucket, key); err != nil {
			return err
		}
	}
	return nil
}

func (s *Station) tellDeletion(key string, text []byte) error {
	var p pendingDeletion
	if err := json.Unmarshal(text, &p); err != nil {
		return fmt.Errorf("read what was deleted: %w", err)
	}
	s.ward.RLock()
	defer s.ward.RUnlock()
	e := entry{Received: s.now(), Key: entryKey(key), Open: s.open.seqOrZero(), Deletion: &p.What}
	_, err := s.appendEntry(context.Background(), kindDeletion, p.What.count(), &e)
	return err
}

// toldDeletions are the keys of the entries that the log has already.
func (s *Station) toldDeletions(pending map[string][]byte) (told map[string]bool, err error) {
	behind := s.Head()
	for _, text := range pending {
		var p pendingDeletion
		if err := json.Unmarshal(text, &p); err != nil {
			return nil, fmt.Errorf("read what was deleted: %w", err)
		}
		behind = min(behind, p.Behind)
	}
	told = map[string]bool{}
	err = s.store.Heads(headerSize, func(r localstore.Record) bool {
		if r.Kind == kindDeletion && r.First > behind {
			if _, key, err := header(r); err == nil {
				told[hex.EncodeToString([]byte(key))] = true
			}
		}
		return r.First > behind
	})
	return told, err
}
