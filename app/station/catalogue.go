package station

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// The catalogue tells which Observations of the log can be an answer, without
// reading the log: of each it knows the times, the type, the person and the
// device, the last three as a hash, and the figures that a plot is made of. It
// follows the log by a cursor, is written to the store in segments, and can be
// made anew from the log at any time.
const (
	catalogueBucket = "catalogue"
	segmentRows     = 4096
	segmentsKept    = 64 // of those read last, in memory
)

// How much of the log the catalogue follows by itself: one segment at a time,
// so that those who measure do not notice. Who searches has it follow to the
// end.
const catalogueEvery = 2 * time.Second

// A row is one Observation, or a later version of it.
type row struct {
	seq      uint64 // of its measurement, or of the correction
	nth      int    // which of the measurement's Observations
	taken    int64  // when it was measured, in ms since 1970
	received int64
	what     uint64 // hashes; 0 for nobody
	who      uint64
	device   uint64
	figures
}

// A catalogue is the rows of all Observations up to its cursor.
type catalogue struct {
	size  int                        // rows of a segment
	write func(string, []byte) error // how one is written; nil: to the store

	mu     sync.Mutex
	loaded bool
	cursor uint64     // the last sequence number that it knows of
	sealed []*segment // without their rows, but for the newest in use
	recent []*segment // those with rows, the last used last
	tail   []row      // behind the last segment
}

// term stands for something that is searched for. What one log has of a person
// does not tell that another has of the same.
func (s *Station) term(kind, text string) uint64 {
	if text == "" {
		return 0
	}
	return max(1, binary.BigEndian.Uint64(s.store.Pseudonym(kind, text)))
}

// keepCatalogue follows the log until ctx ends.
func (s *Station) keepCatalogue(ctx context.Context) {
	tick := time.NewTicker(catalogueEvery)
	defer tick.Stop()
	for told := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		c := &s.catalogue
		c.mu.Lock()
		err := c.follow(ctx, s, segmentRows)
		c.mu.Unlock()
		if failed := err != nil && ctx.Err() == nil; failed != told {
			told = failed
			s.log.Warn("the catalogue of measurements", "error", err)
		}
	}
}

// follow takes up what has come to the log, about as many rows. What cannot be
// read is not found, either. On a full disk the rows stay in memory.
func (c *catalogue) follow(ctx context.Context, s *Station, most int) error {
	if err := c.load(s); err != nil {
		return err
	}
	head, full := s.Head(), false
	c.cursor = max(c.cursor, s.store.First()-1)
	for taken := 0; c.cursor < head && taken < most; {
		if err := ctx.Err(); err != nil {
			return err
		}
		records, err := s.store.Read(c.cursor+1, followRecords, followBytes)
		for _, r := range records {
			before := len(c.tail)
			c.add(s, r)
			taken += len(c.tail) - before
			if len(c.tail) < c.size || full {
				continue
			}
			if err := c.seal(s); err != nil {
				full = true
				s.log.Warn("the catalogue is kept in memory", "error", err)
			}
		}
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return nil
		}
	}
	return nil
}

// add takes up one record of the log.
func (c *catalogue) add(s *Station, r localstore.Record) {
	c.cursor = r.Last()
	if r.Kind != kindReport && r.Kind != kindDetail && r.Kind != kindCorrection {
		return
	}
	e, err := decode(r)
	if err != nil {
		return
	}
	for _, m := range s.recorded(r, e) {
		c.put(s, m.Seq, &m)
	}
	if e.Correction == nil {
		return
	}
	if m, err := s.asRecorded(e.Correction.Of); err == nil {
		(&version{*e.Correction, r.First, e.Received}).apply(&m)
		c.put(s, r.First, &m)
	}
}

// put adds the rows of a version that stands under that number.
func (c *catalogue) put(s *Station, seq uint64, m *fhirmap.Recorded) {
	at := row{
		seq: seq, taken: m.Effective().UnixMilli(), received: m.Updated().UnixMilli(),
		who: s.term("patient", m.Subject.Key()), device: s.term("device", m.Device.ID),
	}
	for n, t := range m.ObservationTypes() {
		at.nth, at.what, at.figures = n, s.term("type", string(t)), figuresOf(m, t)
		c.tail = append(c.tail, at)
	}
}

// seal writes the tail as a segment.
func (c *catalogue) seal(s *Station) error {
	g := newSegment(c.tail, c.sealedUpTo(), c.cursor)
	write := c.write
	if write == nil {
		write = func(key string, value []byte) error { return s.store.Put(catalogueBucket, key, value) }
	}
	if err := write(g.key(), g.encode()); err != nil {
		return fmt.Errorf("catalogue: %w", err)
	}
	c.sealed = append(c.sealed, g)
	c.tail = nil
	c.use(g)
	return nil
}

// sealedUpTo is the last number that the segments tell of.
func (c *catalogue) sealedUpTo() uint64 {
	if len(c.sealed) == 0 {
		return 0
	}
	return c.sealed[len(c.sealed)-1].last
}

// load reads what segments there are, which stand in no order. From one on that
// cannot be read, or tells of what is not in the log, they are made anew.
func (c *catalogue) load(s *Station) error {
	if c.loaded {
		return nil
	}
	c.sealed, c.recent, c.cursor, c.tail = nil, nil, 0, nil
	var stale []string
	var found []*segment
	err := s.store.Each(catalogueBucket, func(key string, value []byte) bool {
		g, err := decodeSegment(value)
		if err != nil || g.key() != key {
			stale = append(stale, key)
			return true
		}
		g.rows = nil
		found = append(found, g)
		return true
	})
	slices.SortFunc(found, func(a, b *segment) int { return cmp.Compare(a.first, b.first) })
	if len(found) > 0 && found[0].after < s.store.First() {
		c.cursor = found[0].after // the log was cut there
	}
	for _, g := range found {
		if g.after != c.cursor || g.last > s.Head() {
			stale = append(stale, g.key())
			continue
		}
		c.sealed, c.cursor = append(c.sealed, g), g.last
	}
	for _, key := range stale {
		err = errors.Join(err, s.store.Delete(catalogueBucket, key))
	}
	c.loaded = err == nil
	return err
}

// rowsOf reads the rows of a segment, unless it was among the last ones used.
func (c *catalogue) rowsOf(s *Station, g *segment) (rows []row, err error) {
	if g.rows == nil {
		if g.rows, err = s.readSegment(g, nil); err != nil {
			c.loaded = c.loaded && !errors.Is(err, errSegment) // else made anew by the next
			return nil, err
		}
	}
	c.use(g)
	return g.rows, nil
}

// readSegment reads the rows of a segment, into room if there is enough. One that
// cannot be read is errSegment.
func (s *Station) readSegment(g *segment, room []row) ([]row, error) {
	value, found, err := s.store.Get(catalogueBucket, g.key())
	if err != nil {
		return nil, err
	}
	_, _, rows, _, err := segmentRowsOf(value, room)
	if !found || err != nil {
		return nil, fmt.Errorf("segment %s: %w", g.key(), errSegment)
	}
	return rows, nil
}

// use keeps the rows of g in memory, and lets go of those used longest ago.
func (c *catalogue) use(g *segment) {
	if i := slices.Index(c.recent, g); i >= 0 {
		c.recent = slices.Delete(c.recent, i, i+1)
	} else if len(c.recent) >= segmentsKept {
		c.recent[0].rows = nil
		c.recent = slices.Delete(c.recent, 0, 1)
	}
	c.recent = append(c.recent, g)
}
