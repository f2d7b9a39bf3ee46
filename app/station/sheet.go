package station

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// How much of the log a Sheet looks back on.
const (
	sheetSize     = 200   // of each kind
	sheetReach    = 5_000 // measurements that are read to find them
	correctedLong = 24 * time.Hour
)

// A Sheet is the newest measurements whose attribution people may still have to
// put right, newest first, at most 200 of each kind. What was discarded stays on
// it, so that it can be restored.
type Sheet struct {
	Consultation string             // whose Measured are: the open one, or the last one that has measurements
	Patient      *fhirmap.Patient   // of that consultation; nil: nobody
	Measured     []fhirmap.Recorded // in that consultation
	Unassigned   []fhirmap.Recorded // nobody's, and of no open consultation
	Corrected    []fhirmap.Recorded // others that a person has corrected within a day
}

// sheet holds what Sheet is made of, as of when somebody last looked.
type sheet struct {
	mu       sync.Mutex
	cursor   uint64 // 0: nothing was read yet
	nobodys  []fhirmap.Recorded
	attended []fhirmap.Recorded // somebody's, in a consultation or corrected; both oldest first
}

// Sheet reads what has come since the last call. Errors are those of the store.
func (s *Station) Sheet() (Sheet, error) {
	h := &s.sheet
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.catchUp(s); err != nil {
		return Sheet{}, err
	}
	return h.sorted(s.Situation().Consultation, s.now()), nil
}

func (h *sheet) sorted(open *Consultation, now time.Time) (sheet Sheet) {
	if open != nil {
		sheet.Consultation, sheet.Patient = open.ID, open.Patient
	}
	for _, m := range slices.Backward(h.attended) {
		if sheet.Consultation == "" && m.Consultation != "" {
			sheet.Consultation, sheet.Patient = m.Consultation, m.Subject
		}
		switch {
		case m.Consultation != "" && m.Consultation == sheet.Consultation:
			sheet.Measured = append(sheet.Measured, m)
		case m.Version > 1 && now.Sub(m.Corrected) < correctedLong:
			sheet.Corrected = append(sheet.Corrected, m)
		}
	}
	for _, m := range slices.Backward(h.nobodys) {
		if open != nil && m.Consultation == open.ID {
			sheet.Measured = append(sheet.Measured, m)
		} else {
			sheet.Unassigned = append(sheet.Unassigned, m)
		}
	}
	slices.SortFunc(sheet.Measured, func(a, b fhirmap.Recorded) int { return cmp.Compare(b.Seq, a.Seq) })
	return sheet
}

// forget has the next call read anew.
func (h *sheet) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cursor, h.nobodys, h.attended = 0, nil, nil
}

func (h *sheet) catchUp(s *Station) error {
	head := s.Head()
	if h.cursor == 0 || head > h.cursor+sheetReach {
		return h.load(s)
	}
	for h.cursor < head {
		events, err := s.Follow(h.cursor)
		if err != nil {
			return err
		}
		for _, event := range events {
			for _, m := range event.Measurements {
				h.put(m)
			}
			if event.Correction != nil {
				h.put(event.Correction.Recorded)
			}
			h.cursor = event.Last
		}
	}
	return nil
}

// load reads the end of the log. What was measured long before it was corrected
// is not found.
func (h *sheet) load(s *Station) error {
	h.cursor, h.nobodys, h.attended = 0, nil, nil
	read := 0
	var newest []fhirmap.Recorded
	var bad error
	err := s.store.Backward(func(record localstore.Record) bool {
		h.cursor = max(h.cursor, record.Last())
		events, err := s.events(record)
		if err != nil {
			bad = err
			return false
		}
		for _, event := range events {
			read += len(event.Measurements)
			newest = append(newest, event.Measurements...)
		}
		return read < sheetReach
	})
	for _, m := range slices.Backward(newest) {
		h.put(m)
	}
	return cmp.Or(err, bad)
}

// put adds the newest version of a measurement, in the place of the one before.
func (h *sheet) put(m fhirmap.Recorded) {
	for _, list := range []*[]fhirmap.Recorded{&h.nobodys, &h.attended} {
		if at, found := position(*list, m.Seq); found {
			*list = slices.Delete(*list, at, at+1)
		}
	}
	list := &h.attended
	switch {
	case m.Subject.Key() == "":
		list = &h.nobodys
	case m.Consultation == "" && m.Version < 2:
		return // the patient that its device names
	}
	at, _ := position(*list, m.Seq)
	*list = slices.Insert(*list, at, m)
	if extra := len(*list) - sheetSize; extra > 0 {
		*list = slices.Delete(*list, 0, extra)
	}
}

func position(list []fhirmap.Recorded, seq uint64) (at int, found bool) {
	return slices.BinarySearchFunc(list, seq, func(m fhirmap.Recorded, seq uint64) int { return cmp.Compare(m.Seq, seq) })
}
