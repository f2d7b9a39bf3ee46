package station

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"

	"vitalien/app/stethoscope"
	"vitalien/fhirmap"
	"vitalien/localstore"
)

// Where recordings are kept: their sound, what is known of one that is not
// finished, where in the log a finished one stands, and which stethoscopes have
// been used.
const (
	soundBlobs        = "sounds"
	soundNotes        = "sound-notes"
	recordingsBucket  = "recordings"
	stethoscopeBucket = "stethoscopes"
)

// recordingsKept is how many recordings the window can look back on.
const recordingsKept = 50

// What the screen and clients are told of recordings.
type (
	RecordingStatus = stethoscope.Status
	RecordingState  = stethoscope.State
	SoundBar        = stethoscope.Bar
	SoundPlot       = stethoscope.Plot
)

// The bands of a SoundPlot are equally wide, up to so many Hz.
const (
	SoundBands = stethoscope.PlotBands
	SoundTop   = stethoscope.PlotTop
)

// The states of a recording.
const (
	RecordingConnecting = stethoscope.Connecting
	RecordingSound      = stethoscope.Recording
	RecordingSaving     = stethoscope.Saving
	RecordingStopped    = stethoscope.Stopped
	RecordingFailed     = stethoscope.Failed
)

// recordingEntry is a recording as the log keeps it.
type recordingEntry struct {
	fhirmap.Recording
	Subject      *fhirmap.Patient `json:"subject,omitempty"`
	Consultation string           `json:"consultation,omitempty"`
}

// recordingNote is what a crash must not lose of one that is under way.
type recordingNote struct {
	recordingEntry
	Head uint64 `json:"head"` // of the log, before its own entry
}

// recordings are those of stethoscopes.
type recordings struct {
	recorder *stethoscope.Recorder
	ready    bool // a stethoscope is set up
	test     bool // a simulated one
	sounds   *localstore.Blobs
	notes    *localstore.Blobs

	mu     sync.Mutex
	whose  recordingEntry          // the one under way: what only the station knows of it
	recent []fhirmap.RecordedSound // newest last
	told   told
}

func (s *Station) openRecordings(o stethoscope.Options) {
	r := &s.recordings
	r.sounds, r.notes = s.store.Blobs(soundBlobs), s.store.Blobs(soundNotes)
	r.ready, r.test = o.Source != nil, o.Test
	r.told.wake = make(chan struct{})
	o.Keeper, o.Logger, o.Now, o.OnChange = soundKeeper{s}, s.log, s.now, s.recordingChanged
	r.recorder = stethoscope.New(o)
}

// restoreRecordings reads the newest recordings, and finishes what a crash has
// left unfinished.
func (s *Station) restoreRecordings() error {
	index, err := s.store.List(recordingsBucket)
	if err != nil {
		return err
	}
	var numbers []uint64
	for _, at := range index {
		numbers = append(numbers, sequenceOf(at))
	}
	slices.Sort(numbers)
	for _, seq := range numbers[max(0, len(numbers)-recordingsKept):] {
		found, err := s.recordingAt(seq)
		if err != nil {
			s.log.Error("a recording cannot be read", "record", seq, "error", err)
			continue
		}
		s.recordings.recent = append(s.recordings.recent, *found)
	}
	return s.recoverRecordings()
}

func sequenceOf(value []byte) uint64 {
	if len(value) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(value)
}

// RecordingAt is the recording of that number in the log; nil when it is that of
// something else.
func (s *Station) RecordingAt(seq uint64) (*fhirmap.RecordedSound, error) {
	if seq == 0 || seq > s.Head() {
		return nil, nil
	}
	events, err := s.Follow(seq - 1)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	return events[0].Recording, nil
}

// recordingAt reads the recording that the index has under that number.
func (s *Station) recordingAt(seq uint64) (*fhirmap.RecordedSound, error) {
	records, err := s.store.Read(seq, 1, 1)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 || records[0].First != seq || records[0].Kind != kindRecording {
		return nil, fmt.Errorf("log record %d should be a recording", seq)
	}
	e, err := decode(records[0])
	if err != nil {
		return nil, err
	}
	return s.recordedSound(seq, e), nil
}

func (s *Station) recordedSound(seq uint64, e *entry) *fhirmap.RecordedSound {
	return &fhirmap.RecordedSound{
		Recording: e.Recording.Recording, Seq: seq, Log: s.store.ID(), Received: e.Received,
		Subject: e.Recording.Subject, Consultation: e.Recording.Consultation,
	}
}

// StartRecording begins to record with the stethoscope whose network is ssid, or
// with the one that there is when ssid is empty. The recording is of the open
// consultation and ends with it. site may say where it is held. It returns at
// once with the id of the recording; begun waits until sound comes, and says why
// none did. Errors are Faults: no_stethoscope, unknown_ssid, already_recording,
// bad_request; of begun also wifi_refused, no_sound, not_recording when it was
// stopped, and those of the store.
func (s *Station) StartRecording(ssid, site string) (id string, begun func(context.Context) error, err error) {
	if err := checkText(site); err != nil {
		return "", nil, err
	}
	if ssid == "" {
		if ssid, err = s.onlyStethoscope(); err != nil {
			return "", nil, err
		}
	}
	r := &s.recordings
	s.ward.RLock() // no other consultation begins meanwhile
	defer s.ward.RUnlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	id = s.newID()
	var whose recordingEntry
	now := s.now()
	whose.Subject, whose.Consultation = s.attribute(&fhirmap.Measurement{Time: now, Test: r.test}, now)
	begun, err = r.recorder.Start(id, ssid, site)
	if err != nil {
		return "", nil, err
	}
	whose.ID, r.whose = id, whose
	return id, begun, nil
}

// StopRecording ends the recording under way. It returns at once; stored waits
// until the sound is stored, and says why it could not be. Errors are the Faults
// no_stethoscope and not_recording.
func (s *Station) StopRecording() (stored func(context.Context) (RecordingStatus, error), err error) {
	return s.recordings.recorder.Stop()
}

// CheckStethoscope refuses, with the Fault unknown_ssid, what is not the name of a
// stethoscope's network.
func CheckStethoscope(ssid string) error { return stethoscope.CheckSSID(ssid) }

// onlyStethoscope is the one that has been used, where there is one alone. A
// demonstration has the simulated one.
func (s *Station) onlyStethoscope() (ssid string, err error) {
	known, err := s.store.List(stethoscopeBucket)
	if err != nil {
		return "", err
	}
	switch {
	case len(known) == 1:
		for ssid = range known {
		}
		return ssid, nil
	case len(known) > 1:
		return "", &fhirmap.Fault{
			Code: "bad_request", English: "several stethoscopes have been used: name the network of one",
			French: "Plusieurs stéthoscopes sont connus. Indiquez lequel par le nom de son réseau (ekuorePro_…).",
		}
	case s.recordings.test:
		return simulatedSSID, nil
	}
	return "", &fhirmap.Fault{
		Code: "no_stethoscope", English: "no stethoscope has been used yet: name its network",
		French: "Aucun stéthoscope n’est connu. Indiquez le nom de son réseau (ekuorePro_…), inscrit sur l’appareil.",
	}
}

// simulatedSSID is the network of the simulated stethoscope, where nobody names
// one.
const simulatedSSID = "ekuorePro_simule"

// Wave is the newest seconds of the sound that is recorded now, oldest first;
// empty when none is.
func (s *Station) Wave() []SoundBar { return s.recordings.recorder.Wave() }

// Recordings is the newest recordings, newest first, at most n.
func (s *Station) Recordings(n int) []fhirmap.RecordedSound {
	r := &s.recordings
	r.mu.Lock()
	defer r.mu.Unlock()
	list := slices.Clone(r.recent[max(0, len(r.recent)-n):])
	slices.Reverse(list)
	return list
}

// Sound is the recording id as a WAV file. Errors are Faults: not_found, and
// those of the store.
func (s *Station) Sound(id string) (*fhirmap.RecordedSound, *io.SectionReader, error) {
	found, err := s.findRecording(id)
	if err != nil {
		return nil, nil, err
	}
	size, err := s.recordings.sounds.Size(id)
	if err != nil {
		return nil, nil, err
	}
	wav, err := stethoscope.WAV(&found.Recording, s.recordings.sounds.Reader(id), size)
	return found, wav, err
}

// Plot is the recording id as a picture of so many columns shows it. Errors are
// those of Sound.
func (s *Station) Plot(id string, columns int) (*SoundPlot, error) {
	found, err := s.findRecording(id)
	if err != nil {
		return nil, err
	}
	size, err := s.recordings.sounds.Size(id)
	if err != nil {
		return nil, err
	}
	return stethoscope.NewPlot(&found.Recording, io.NewSectionReader(s.recordings.sounds.Reader(id), 0, size), columns)
}

// stethoscope is what the window shows of recordings.
func (s *Station) stethoscope() Stethoscope {
	view := Stethoscope{Ready: s.recordings.ready, Now: s.LastRecording(), Recordings: s.Recordings(recordingsKept)}
	if len(view.Recordings) > 0 {
		view.Last = view.Recordings[0].SSID
	} else if s.recordings.test {
		view.Last = simulatedSSID
	}
	return view
}

// within is s with no recordings but those of a consultation, if one is open.
func (s Stethoscope) within(open *Consultation) Stethoscope {
	if open != nil {
		s.Recordings = slices.DeleteFunc(s.Recordings, func(r fhirmap.RecordedSound) bool { return r.Consultation != open.ID })
	}
	return s
}

func (s *Station) findRecording(id string) (*fhirmap.RecordedSound, error) {
	r := &s.recordings
	r.mu.Lock()
	i := slices.IndexFunc(r.recent, func(have fhirmap.RecordedSound) bool { return have.ID == id })
	if i >= 0 {
		defer r.mu.Unlock()
		return new(r.recent[i]), nil
	}
	r.mu.Unlock()
	unknown := &fhirmap.Fault{Code: "not_found", English: "no such recording", French: "Cet enregistrement n’existe pas."}
	if id == "" || len(id) > maxName {
		return nil, unknown
	}
	at, found, err := s.store.Get(recordingsBucket, id)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, unknown
	}
	return s.recordingAt(sequenceOf(at))
}
