package station

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// Where the log has corrections: a key for each, and, while one is being written
// or could not be indexed, the number behind which the log must be searched.
const (
	correctionsBucket = "corrections"
	unindexedKey      = "behind"
	completeKey       = "complete" // all that are not behind unindexedKey have a key
)

// A correction is a version of a measurement, from the second on, as the log
// keeps it.
type correction struct {
	Of           uint64           `json:"of"` // the measurement
	Version      int              `json:"version"`
	Subject      *fhirmap.Patient `json:"subject,omitempty"`
	Consultation string           `json:"consultation,omitempty"`
	Discarded    bool             `json:"discarded,omitempty"`
	Reason       string           `json:"reason,omitempty"`
}

// same tells whether both say the same of the measurement.
func (c *correction) same(o *correction) bool {
	who := c.Subject == o.Subject || c.Subject != nil && o.Subject != nil && *c.Subject == *o.Subject
	return who && c.Consultation == o.Consultation && c.Discarded == o.Discarded && c.Reason == o.Reason
}

// A version is a correction with its place in the log.
type version struct {
	correction
	seq uint64
	at  time.Time
}

// corrections are all that the log holds, in memory: people make them one by one.
type corrections struct {
	making    sync.Mutex // held while one is made, or the log is rewritten
	behind    *uint64    // unindexedKey; nil: not there
	unindexed []version

	mu       sync.RWMutex
	of       map[uint64][]version // by measurement, oldest first
	measured map[uint64]uint64    // the measurement of each, by its own number
}

// load reads what the index names, and searches the log where it says, or all of
// it when there is no telling.
func (c *corrections) load(s *Station, doubtful bool) error {
	c.of, c.measured, c.unindexed, c.behind = map[uint64][]version{}, map[uint64]uint64{}, nil, nil
	index, err := s.store.List(correctionsBucket)
	if err != nil {
		return err
	}
	if _, complete := index[completeKey]; !complete || doubtful {
		return c.reindex(s)
	}
	if at, found := index[unindexedKey]; found {
		c.behind = new(sequenceOf(at))
	}
	delete(index, completeKey)
	delete(index, unindexedKey)
	var numbers []uint64
	for key, at := range index {
		if seq := sequenceOf(at); seq >= s.First() {
			numbers = append(numbers, seq)
		} else if err := s.store.Delete(correctionsBucket, key); err != nil { // past its retention
			return err
		}
	}
	slices.Sort(numbers)
	for _, seq := range numbers {
		if err := c.read(s, seq); err != nil {
			return err
		}
	}
	if c.unindexed = nil; c.behind == nil {
		return nil
	}
	return c.find(s, *c.behind)
}

// reload is load while others read: the log was rewritten.
func (c *corrections) reload(s *Station) error {
	fresh := new(corrections)
	if err := fresh.load(s, false); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of, c.measured, c.unindexed, c.behind = fresh.of, fresh.measured, fresh.unindexed, fresh.behind
	return nil
}

// reindex makes the index anew of the whole log.
func (c *corrections) reindex(s *Station) error {
	c.behind = new(uint64(0))
	return c.find(s, 0)
}

// find reads the corrections behind that number, and indexes them.
func (c *corrections) find(s *Station, behind uint64) error {
	var numbers []uint64
	err := s.store.Heads(0, func(r localstore.Record) bool {
		if r.Kind == kindCorrection && r.First > behind && c.measured[r.First] == 0 {
			numbers = append(numbers, r.First)
		}
		return r.First > behind
	})
	if err != nil {
		return err
	}
	for _, seq := range slices.Backward(numbers) {
		if err := c.read(s, seq); err != nil {
			return err
		}
	}
	c.index(s)
	return nil
}

// read takes up the correction of that number. One that cannot be read is an
// error: what it says of whose a measurement is must not be passed over.
func (c *corrections) read(s *Station, seq uint64) error {
	records, err := s.store.Read(seq, 1, 1)
	if err != nil {
		return err
	}
	if len(records) == 0 || records[0].First != seq || records[0].Kind != kindCorrection {
		return fmt.Errorf("log record %d should be a correction", seq)
	}
	e, err := decode(records[0])
	if err != nil {
		return err
	}
	return c.add(func() (version, error) { return version{*e.Correction, seq, e.Received}, nil })
}

// add takes up a version that put appends to the log. Who reads of it there
// finds it here.
func (c *corrections) add(put func() (version, error)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, err := put()
	if err != nil {
		return err
	}
	c.of[v.Of] = append(c.of[v.Of], v)
	c.measured[v.seq] = v.Of
	c.unindexed = append(c.unindexed, v)
	return nil
}

// announce notes that a correction will come behind the head of the log, so that
// a crash after it is written does not lose it.
func (c *corrections) announce(s *Station) error {
	if c.behind != nil {
		return nil
	}
	head := s.Head()
	if err := s.store.Put(correctionsBucket, unindexedKey, sequence(head)); err != nil {
		return err
	}
	c.behind = &head
	return nil
}

// index writes what is not indexed yet. Where that fails, the note of announce
// stays, and the next correction or start tries again.
func (c *corrections) index(s *Station) {
	put := func() error {
		for len(c.unindexed) > 0 {
			seq := c.unindexed[0].seq
			if err := s.store.Put(correctionsBucket, fmt.Sprintf("%016x", seq), sequence(seq)); err != nil {
				return err
			}
			c.unindexed = c.unindexed[1:]
		}
		if err := s.store.Put(correctionsBucket, completeKey, nil); err != nil {
			return err
		}
		return s.store.Delete(correctionsBucket, unindexedKey)
	}
	if err := put(); err != nil {
		s.log.Warn("a correction is not indexed; the next start searches for it", "error", err)
		return
	}
	c.behind = nil
}

func sequence(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// versions are those of the measurement seq from the second on.
func (c *corrections) versions(seq uint64) []version {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Clip(c.of[seq])
}

// newest is the newest version of each measurement that was corrected.
func (c *corrections) newest() map[uint64]version {
	c.mu.RLock()
	defer c.mu.RUnlock()
	all := make(map[uint64]version, len(c.of))
	for seq, versions := range c.of {
		all[seq] = versions[len(versions)-1]
	}
	return all
}

// apply makes each of list its newest version.
func (c *corrections) apply(list []fhirmap.Recorded) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if len(c.of) == 0 {
		return
	}
	for i := range list {
		if versions := c.of[list[i].Seq]; len(versions) > 0 {
			versions[len(versions)-1].apply(&list[i])
		}
	}
}

func (v *version) apply(m *fhirmap.Recorded) {
	m.First = m.Subject
	m.Subject, m.Consultation, m.Discarded, m.Reason = v.Subject, v.Consultation, v.Discarded, v.Reason
	m.Version, m.Corrected = v.Version, v.at
}

// measurementOf is the measurement that a row of the catalogue stands for: of
// its rows up to head the last one alone does.
func (c *corrections) measurementOf(seq, head uint64) (of uint64, current bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	of, corrected := c.measured[seq]
	if !corrected {
		of = seq
	}
	newest := of
	for _, v := range c.of[of] {
		if v.seq <= head {
			newest = v.seq
		}
	}
	return of, newest == seq
}

// any tells whether anything was ever corrected.
func (c *corrections) any() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.of) > 0
}
