package station

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"vitalien/app/stethoscope"
	"vitalien/fhirmap"
)

// soundKeeper stores recordings as they come.
type soundKeeper struct{ *Station }

var _ stethoscope.Keeper = soundKeeper{}

// Note writes down what is known of a recording that is not finished, behind
// what was written before, sealed as its sound is.
func (k soundKeeper) Note(r fhirmap.Recording) error {
	note := recordingNote{k.entryOf(r), k.Head()}
	text, err := json.Marshal(note)
	if err != nil {
		return fmt.Errorf("encode the note of a recording: %w", err)
	}
	notes := k.recordings.notes
	size, err := notes.Size(r.ID)
	if err != nil {
		return err
	}
	return notes.Append(r.ID, size, append(text, '\n'))
}

func (k soundKeeper) Append(id string, at int64, piece []byte) error {
	return k.recordings.sounds.Append(id, at, piece)
}

// End takes the recording into the log, and notes that its stethoscope has been
// used. Once it is in the log, it is kept: what else fails is made up for at the
// next start.
func (k soundKeeper) End(r fhirmap.Recording) error {
	return k.finish(k.entryOf(r), func() {
		used := k.now().Format(time.RFC3339)
		if err := k.store.Put(stethoscopeBucket, r.SSID, []byte(used)); err != nil {
			k.log.Warn("noting which stethoscope was used", "error", err)
		}
	})
}

// entryOf is r with what only the station knows of it.
func (k soundKeeper) entryOf(r fhirmap.Recording) recordingEntry {
	k.recordings.mu.Lock()
	defer k.recordings.mu.Unlock()
	e := k.recordings.whose
	e.Recording = r
	return e
}

// finish takes a recording into the log.
func (s *Station) finish(r recordingEntry, kept func()) error {
	if err := r.Validate(); err != nil {
		return err
	}
	s.ward.RLock()
	e := entry{Received: s.now(), Open: s.open.seqOrZero(), Recording: &r}
	seq, err := s.appendEntry(context.Background(), kindRecording, 1, &e)
	s.ward.RUnlock()
	if err != nil {
		return err
	}
	if s.indexRecording(s.recordedSound(seq, &e)); kept != nil {
		kept()
	}
	return nil
}

// indexRecording makes a recording of the log one that is found.
func (s *Station) indexRecording(found *fhirmap.RecordedSound) {
	r := &s.recordings
	r.mu.Lock()
	r.recent = slices.DeleteFunc(r.recent, func(have fhirmap.RecordedSound) bool { return have.ID == found.ID })
	r.recent = append(r.recent, *found)
	r.recent = r.recent[max(0, len(r.recent)-recordingsKept):]
	r.mu.Unlock()
	err := s.store.Put(recordingsBucket, found.ID, binary.BigEndian.AppendUint64(nil, found.Seq))
	if err == nil {
		err = r.notes.Delete(found.ID)
	}
	if err != nil {
		s.log.Warn("a recording is not finished; the next start does it", "recording", found.ID, "error", err)
	}
}

// recoverRecordings finishes what a process that ended early has left. What
// cannot be read is left as it is, and logged.
func (s *Station) recoverRecordings() error {
	ids, err := s.recordings.notes.IDs()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.recoverRecording(id); err != nil {
			s.log.Error("a recording that was not finished", "recording", id, "error", err)
		}
	}
	return nil
}

func (s *Station) recoverRecording(id string) error {
	note, err := s.readNote(id)
	if err != nil {
		return err
	}
	seq, err := s.findInLog(id, note.Head)
	if err != nil {
		return err
	}
	if seq > 0 {
		found, err := s.recordingAt(seq)
		if err == nil {
			s.indexRecording(found)
		}
		return err
	}
	size, err := s.recordings.sounds.Size(id)
	if err != nil {
		return err
	}
	samples, err := stethoscope.Samples(&note.Recording, size)
	if err != nil {
		return err
	}
	if samples == 0 {
		return s.recordings.notes.Delete(id)
	}
	note.Shorten(samples)
	note.CutShort = "interrupted"
	s.log.Warn("a recording was interrupted; what had come of it is kept", "recording", id)
	return s.finish(note.recordingEntry, nil)
}

// readNote is the last line of the note.
func (s *Station) readNote(id string) (note recordingNote, err error) {
	size, err := s.recordings.notes.Size(id)
	if err != nil {
		return note, err
	}
	text, err := io.ReadAll(io.NewSectionReader(s.recordings.notes.Reader(id), 0, size))
	if err != nil {
		return note, err
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	if err := json.Unmarshal(lines[len(lines)-1], &note); err != nil {
		return note, fmt.Errorf("the note of a recording is damaged") // and the text would tell of a patient
	}
	return note, nil
}

// findInLog looks behind the number after for the recording id; 0: it is not
// there.
func (s *Station) findInLog(id string, after uint64) (seq uint64, err error) {
	for cursor := after; cursor < s.Head(); {
		records, err := s.store.Read(cursor+1, followRecords, followBytes)
		if err != nil || len(records) == 0 {
			return 0, err
		}
		for _, r := range records {
			cursor = r.Last()
			if r.Kind != kindRecording {
				continue
			}
			e, err := decode(r)
			if err != nil {
				return 0, err
			}
			if e.Recording.ID == id {
				return r.First, nil
			}
		}
	}
	return 0, nil
}

// cutRecordings removes the sound of what the log does not hold any more.
func (s *Station) cutRecordings() error {
	index, err := s.store.List(recordingsBucket)
	if err != nil {
		return err
	}
	r := &s.recordings
	for id, at := range index {
		if sequenceOf(at) >= s.store.First() {
			continue
		}
		r.mu.Lock()
		r.recent = slices.DeleteFunc(r.recent, func(have fhirmap.RecordedSound) bool { return have.ID == id })
		r.mu.Unlock()
		if err := errors.Join(r.sounds.Delete(id), s.store.Delete(recordingsBucket, id)); err != nil {
			return err
		}
	}
	return nil
}
