package station

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"vitalien/app/stethoscope"
	"vitalien/fhirmap"
)

// A tap is a source whose sound the test lets out.
type tap struct{ sound chan []byte }

func (tap) Format() stethoscope.Format {
	return stethoscope.Format{Rate: 8000, Channels: 1, Encoding: "s16le"}
}

func (t tap) Open(context.Context) (stethoscope.Stream, error) {
	return &tapped{t, make(chan struct{}), sync.Once{}}, nil
}

type tapped struct {
	tap
	closed chan struct{}
	once   sync.Once
}

func (s *tapped) Next(p []byte) (n int, lost int64, err error) {
	select {
	case sound, more := <-s.sound:
		if !more {
			return 0, 0, io.EOF
		}
		return copy(p, sound), 0, nil
	case <-s.closed:
		return 0, 0, io.ErrClosedPipe
	}
}

func (s *tapped) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

// A booth is a desk with a stethoscope.
type booth struct {
	*desk
	tap tap
}

func newBooth(t *testing.T) *booth {
	b := &booth{desk: newDesk(t), tap: tap{make(chan []byte)}}
	b.reopen()
	return b
}

func (b *booth) reopen() {
	b.t.Helper()
	if err := b.Close(); err != nil {
		b.t.Fatal(err)
	}
	b.open()
}

func (b *booth) open() {
	b.t.Helper()
	s, err := Open(b.folder, Options{
		Logger: slog.New(slog.DiscardHandler), Now: b.clock.now, Demo: b.demo, NewID: newUUID,
		Stethoscope: stethoscope.Options{Source: b.tap},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.Station = s
}

// hear begins a recording with a first second of sound.
func (b *booth) hear(ssid string) (id string) {
	b.t.Helper()
	id, begun, err := b.StartRecording(ssid, "")
	if err != nil {
		b.t.Fatal(err)
	}
	b.second(1)
	if err := begun(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	return id
}

// secondOf is the sound of a second.
func secondOf(n byte) []byte { return bytes.Repeat([]byte{n, 0x20, n, 0xE0}, 4000) }

// second returns once a second of sound has been taken over: the listener has at
// most one block in hand.
func (b *booth) second(n byte) {
	for _, block := range [][]byte{secondOf(n), nil, nil} {
		b.tap.sound <- block
	}
}

func (b *booth) stop() RecordingStatus {
	b.t.Helper()
	stored, err := b.StopRecording()
	if err != nil {
		b.t.Fatal(err)
	}
	status, err := stored(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return status
}

// over waits until no recording is under way.
func (b *booth) over() {
	b.t.Helper()
	for cursor := uint64(0); b.LastRecording().Active(); {
		if err := b.WaitRecordings(b.t.Context(), cursor); err != nil {
			b.t.Fatal(err)
		}
		_, cursor = b.RecordingsTold(cursor)
	}
}

// soundOf is what the WAV file of a recording holds.
func (b *booth) soundOf(id string) []byte {
	b.t.Helper()
	_, wav, err := b.Sound(id)
	if err != nil {
		b.t.Fatal(err)
	}
	file, err := io.ReadAll(wav)
	if err != nil {
		b.t.Fatal(err)
	}
	return file[44:]
}

func TestRecordings_KeptWithTheConsultation(t *testing.T) {
	b := newBooth(t)
	b.start("c-1", claire())
	id := b.hear("ekuorePro_1")
	b.second(2)
	if status := b.stop(); !status.Kept || status.ID != id {
		t.Errorf("%+v", status)
	}
	b.end()
	b.hear("ekuorePro_2")
	b.stop()
	for range 2 { // the second time after a restart
		list := b.Recordings(10)
		if len(list) != 2 || list[1].ID != id || list[1].Consultation != "c-1" || !list[1].Subject.Same(claire()) || list[1].Samples != 16_000 {
			t.Fatalf("%+v", list)
		}
		if list[0].Consultation != "" || list[0].Subject != nil {
			t.Errorf("nobody's: %+v", list[0])
		}
		if sound := b.soundOf(id); !bytes.Equal(sound, slices.Concat(secondOf(1), secondOf(2))) {
			t.Errorf("%d bytes of other sound", len(sound))
		}
		b.reopen()
	}
	device, found, err := b.DeviceByID(t.Context(), stethoscope.DeviceOf("ekuorePro_1").ID)
	if err != nil || !found || device.What.Type != fhirmap.Stethoscope {
		t.Errorf("%+v, %v, %v", device, found, err)
	}
	var seen []string
	for _, e := range b.all() {
		if e.Recording != nil {
			seen = append(seen, e.Recording.ID)
		}
	}
	if len(seen) != 2 || seen[0] != id {
		t.Error(seen)
	}
	dir := t.TempDir()
	if done, err := b.Export(t.Context(), ExportOptions{Dir: dir, Format: ExportFHIR, Patient: claire().ID}); err != nil || done.Recordings != 1 || done.Measurements != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "observations.ndjson")); err != nil || !strings.Contains(string(text), `"url":"/recordings/`+id) {
		t.Errorf("%s, %v", text, err)
	}
	if _, _, err := b.Sound("nothing"); fhirmap.FaultOf(err).Code != "not_found" {
		t.Error(err)
	}
}

// TestRecordings_EndWithTheConsultation: what is heard once another patient may be
// there is nobody's, and surely not the one's before.
func TestRecordings_EndWithTheConsultation(t *testing.T) {
	for name, change := range map[string]func(*booth){
		"ended":    func(b *booth) { b.end() },
		"replaced": func(b *booth) { b.start("c-2", &fhirmap.Patient{System: "ehr", ID: "2"}) },
		"forgotten": func(b *booth) {
			b.clock.advance(forgottenAfter + 1)
			if err := b.endForgotten(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBooth(t)
			b.start("c-1", claire())
			b.hear("ekuorePro_1")
			change(b)
			select {
			case b.tap.sound <- secondOf(9): // into the last room of the listener, and no further
			default:
			}
			b.over()
			list := b.Recordings(1)
			if len(list) != 1 || !list[0].Subject.Same(claire()) || list[0].Consultation != "c-1" || list[0].Samples != 8000 {
				t.Errorf("%+v", list)
			}
			if bytes.Contains(b.soundOf(list[0].ID), []byte{9}) {
				t.Error("holds what was heard afterwards")
			}
		})
	}
}

// TestRecordings_StartedTwice: the one under way keeps its patient.
func TestRecordings_StartedTwice(t *testing.T) {
	b := newBooth(t)
	b.hear("ekuorePro_1")
	b.start("c-1", claire())
	if _, _, err := b.StartRecording("ekuorePro_1", ""); fhirmap.FaultOf(err).Code != "already_recording" {
		t.Error(err)
	}
	b.stop()
	if r := b.Recordings(1)[0]; r.Subject != nil || r.Consultation != "" {
		t.Errorf("began before the consultation: %+v", r)
	}
}

// crash opens the folder as it is at this moment on the disk.
func (b *booth) crash() *booth {
	b.t.Helper()
	folder := b.t.TempDir()
	for _, name := range []string{StoreFile, StoreFile + ".journal", "vitalien.key"} {
		content, err := os.ReadFile(filepath.Join(b.folder, name))
		if err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	after := &booth{desk: &desk{t: b.t, folder: folder, clock: b.clock}, tap: b.tap}
	after.open()
	b.t.Cleanup(func() { after.Close() })
	return after
}

// TestRecordings_Crash: what had come is a recording of the same patient, and is
// one once alone.
func TestRecordings_Crash(t *testing.T) {
	b := newBooth(t)
	b.start("c-1", claire())
	id := b.hear("ekuorePro_1")
	b.second(2)
	after := b.crash()
	for range 2 { // a crash of the recovery changes nothing
		list := after.Recordings(10)
		if len(list) != 1 || list[0].ID != id || list[0].CutShort != "interrupted" || list[0].Consultation != "c-1" ||
			!list[0].Subject.Same(claire()) || list[0].Samples != 16_000 {
			t.Fatalf("%+v", list)
		}
		if sound := after.soundOf(id); !bytes.Equal(sound, slices.Concat(secondOf(1), secondOf(2))) {
			t.Errorf("%d bytes of other sound", len(sound))
		}
		if ids, err := after.recordings.notes.IDs(); err != nil || len(ids) > 0 {
			t.Error(ids, err)
		}
		after = after.crash()
	}
	b.stop()
	// As if the program had ended before it could note that it is done.
	if err := b.recordings.notes.Append(id, 0, []byte(`{"id":"`+id+`","head":0}`)); err != nil {
		t.Fatal(err)
	}
	if list := b.crash().Recordings(10); len(list) != 1 || list[0].CutShort != "" {
		t.Errorf("%+v", list)
	}
}

// TestRecordings_NothingIsReadable in the files of the store but what the log
// says, the log's own affair: neither the sound nor the notes.
func TestRecordings_NothingIsReadable(t *testing.T) {
	b := newBooth(t)
	b.start("c-1", &fhirmap.Patient{System: "ehr", ID: "4711", Family: "Lefèvre"})
	b.hear("ekuorePro_1")
	b.second(2)
	content, err := os.ReadFile(filepath.Join(b.folder, StoreFile))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(content, secondOf(1)[:64]) || strings.Contains(string(content), `"ssid":"ekuorePro_1"`) {
		t.Error("sound or note can be read")
	}
	b.stop()
}

// TestRecordings_Told: states are told in order, a part of a second is not.
func TestRecordings_Told(t *testing.T) {
	b := newBooth(t)
	if begin := b.RecordingsBegin(); begin != 0 {
		t.Error(begin)
	}
	b.hear("ekuorePro_1")
	begin := b.RecordingsBegin()
	if list, _ := b.RecordingsTold(begin); len(list) != 1 || list[0].State != RecordingSound {
		t.Errorf("a newcomer is told %+v", list)
	}
	b.stop()
	list, next := b.RecordingsTold(0)
	var states []RecordingState
	for _, s := range list {
		if len(states) == 0 || states[len(states)-1] != s.State {
			states = append(states, s.State)
		}
	}
	if !slices.Equal(states, []RecordingState{RecordingConnecting, RecordingSound, RecordingSaving, RecordingStopped}) || next != uint64(len(list)) {
		t.Error(states, next)
	}
	if b.RecordingsBegin() != next {
		t.Error("a newcomer is told of the past")
	}
	for i := range toldKept * 2 {
		b.recordingChanged(RecordingStatus{ID: "x", State: RecordingSound, Gaps: i})
	}
	if list, _ := b.RecordingsTold(0); len(list) != toldKept || list[len(list)-1].Gaps != 2*toldKept-1 {
		t.Errorf("%d are kept", len(list))
	}
	if list, _ := b.RecordingsTold(1 << 40); len(list) != 0 {
		t.Errorf("behind the end: %+v", list)
	}
}

// TestRecordings_Retention: with its entry the sound leaves, and no other.
func TestRecordings_Retention(t *testing.T) {
	b := newBooth(t)
	old := b.hear("ekuorePro_1")
	b.stop()
	b.clock.advance(11 * day)
	fresh := b.hear("ekuorePro_1")
	b.stop()
	b.retention = 10 * day
	if e, err := b.Retain(t.Context()); err != nil || e.Entries != 1 {
		t.Fatalf("%+v, %v", e, err)
	}
	size, err := b.recordings.sounds.Size(old)
	if _, _, missing := b.Sound(old); err != nil || size != 0 || fhirmap.FaultOf(missing).Code != "not_found" {
		t.Errorf("%d bytes are left, %v, %v", size, err, missing)
	}
	if list := b.Recordings(10); len(list) != 1 || list[0].ID != fresh || len(b.soundOf(fresh)) != 16_000 {
		t.Errorf("%+v", list)
	}
}
