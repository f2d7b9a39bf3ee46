package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// startRecording begins a recording. It is answered when sound comes, or when it
// is clear that none will.
func startRecording(client *socketConn, payload json.RawMessage) (later, error) {
	ssid, site, err := readRecording(payload)
	if err != nil {
		return nil, err
	}
	id, begun, err := client.station().StartRecording(ssid, site)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (answer, error) {
		if err := begun(ctx); err != nil {
			return nil, err
		}
		return answer{"ok": true, "recording": id}, nil
	}, nil
}

// stopRecording ends the recording that is under way at this moment. It is
// answered when the sound is stored.
func stopRecording(client *socketConn, _ json.RawMessage) (later, error) {
	stored, err := client.station().StopRecording()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (answer, error) {
		status, err := stored(ctx)
		if err != nil {
			return nil, err
		}
		done := answer{"ok": true, "recording": status.ID, "seconds": secondsOf(status.Length)}
		if status.Kept {
			done["url"] = urlOf(status.ID)
		}
		return done, nil
	}, nil
}

// readRecording reads {ssid?, site?}, the SSID as a string, or nothing.
func readRecording(payload json.RawMessage) (ssid, site string, err error) {
	payload = bytes.TrimSpace(payload)
	if len(payload) == 0 || string(payload) == "null" {
		return "", "", nil
	}
	if json.Unmarshal(payload, &ssid) == nil {
		return ssid, "", nil
	}
	var asked struct{ SSID, Site string }
	if err := json.Unmarshal(payload, &asked); err != nil {
		return "", "", badRequest("ekuoreStartRecording takes {ssid, site?}, the SSID as a string, or nothing")
	}
	return asked.SSID, asked.Site, nil
}

func urlOf(id string) string { return (&fhirmap.Recording{ID: id}).URL() }

// secondsOf is d as events have it: whole milliseconds, as in the Media.
func secondsOf(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

// recordingStatus is the event "recording" of the contract.
type recordingStatus struct {
	ID       string                 `json:"id"`
	SSID     string                 `json:"ssid"`
	State    station.RecordingState `json:"state"`
	Seconds  float64                `json:"seconds"`
	URL      string                 `json:"url,omitempty"`
	Error    *recordingError        `json:"error,omitempty"`
	Gaps     int                    `json:"gaps,omitempty"`     // pieces of sound that are missing
	Clipping bool                   `json:"clipping,omitempty"` // too loud
}

type recordingError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// recordingPacket is the EVENT packet of it.
func recordingPacket(s *station.RecordingStatus) ([]byte, error) {
	told := recordingStatus{ID: s.ID, SSID: s.SSID, State: s.State, Seconds: secondsOf(s.Length), Gaps: s.Gaps, Clipping: s.Clipping}
	if s.Kept {
		told.URL = urlOf(s.ID)
	}
	if s.Fault != nil {
		told.Error = &recordingError{publicCode(s.Fault.Code), s.Fault.English}
	}
	text, err := json.Marshal(told)
	return append(append([]byte(`2["recording",`), text...), ']'), err
}

// recordings tells all clients what becomes of recordings: newcomers of the one
// under way, then all of all that follow. It is little, a second apart, and goes
// the way of acknowledgements: who does not take it is too slow for these too.
type recordings struct {
	station *station.Station
	log     *slog.Logger

	mu      sync.Mutex
	cursor  uint64 // what has been told
	clients map[*socketConn]struct{}
}

func newRecordings(o *Options) *recordings {
	return &recordings{station: o.Station, log: o.Logger, cursor: o.Station.RecordingsBegin(), clients: map[*socketConn]struct{}{}}
}

// run returns when ctx ends.
func (r *recordings) run(ctx context.Context) {
	for cursor := r.cursor; r.station.WaitRecordings(ctx, cursor) == nil; {
		cursor = r.tell()
	}
}

func (r *recordings) tell() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	list, next := r.station.RecordingsTold(r.cursor)
	for c := range r.clients {
		r.write(c, list)
	}
	r.cursor = next
	return next
}

func (r *recordings) enter(c *socketConn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clients[c] = struct{}{}
	if begin := r.station.RecordingsBegin(); begin < r.cursor {
		list, next := r.station.RecordingsTold(begin)
		r.write(c, list[:len(list)-int(next-r.cursor)]) // what has not been told yet comes with the others'
	}
}

func (r *recordings) leave(c *socketConn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.clients, c)
}

func (r *recordings) write(c *socketConn, list []station.RecordingStatus) {
	for i := range list {
		packet, err := recordingPacket(&list[i])
		if err != nil {
			r.log.Error("telling of a recording", "error", err)
			return
		}
		c.write(packet)
	}
}

// recordingEvent is a recording as R4 clients and subscriptions get it.
func recordingEvent(f form, r *fhirmap.RecordedSound) (e shared, err error) {
	o := fhirmap.R4Recording(r)
	if f == formR4 {
		e.frame, err = encodeR4(openEvent("fhir"), &o)
		e.frame = closeEvent(e.frame)
		return e, err
	}
	resource := "Observation"
	if f == formRecording {
		resource = "Recording"
	}
	e.about = &about{
		event: "CREATE", device: &r.Device, patient: r.Subject, consultation: r.Consultation,
		coding: func() []fhirmap.Coding { return o.Code.Coding },
	}
	e.frame, err = encodeR4(openData(r.Seq, "CREATE", resource), &o)
	return e, err
}

// soundObservation reads the recording of that number in the log.
func soundObservation(s *Server, seq uint64, missing error) (resource, error) {
	r, err := s.o.Station.RecordingAt(seq)
	if err != nil || r == nil {
		return resource{}, cmp.Or(err, missing)
	}
	o := fhirmap.R4Recording(r)
	o.Meta = versioned(o.Meta, 1, r.Received)
	return resource{o, o.Meta.VersionID}, nil
}

// recordingSound serves the sound of a recording, whole or in ranges.
func (s *Server) recordingSound(w http.ResponseWriter, r *http.Request) {
	found, wav, err := s.o.Station.Sound(r.PathValue("id"))
	if err != nil {
		s.log.Warn("sound of a recording", "error", err)
		no := refusal{http.StatusInternalServerError, "internal", "the sound cannot be read"}
		if fault := fhirmap.FaultOf(err); fault.Code == "not_found" {
			no = refusal{http.StatusNotFound, fault.Code, fault.English}
		}
		no.write(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "audio/wav")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", `"`+found.ID+`"`) // it never changes
	http.ServeContent(w, r, "", found.Start, wav)
}
