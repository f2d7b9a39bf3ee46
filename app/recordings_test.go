package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vitalien/app/cli"
)

// A recordingEvent is the event "recording" of the contract.
type recordingEvent struct {
	ID, SSID, State, URL string
	Seconds              float64
	Error                *struct{ Code, Message string }
}

func (c *realClient) recording() (e recordingEvent) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(c.expect("recording")), &e); err != nil {
		c.t.Fatal(err)
	}
	return e
}

// until reads events up to one of that state, and gives all states on the way,
// each once.
func (c *realClient) until(state string) (last recordingEvent, states []string) {
	c.t.Helper()
	for {
		last = c.recording()
		if len(states) == 0 || states[len(states)-1] != last.State {
			states = append(states, last.State)
		}
		if last.State == state {
			return last, states
		}
	}
}

// wav asks the local server for the sound of a recording, and gives what stands
// in its data chunk.
func wav(t *testing.T, a *App, url string) (sound []byte) {
	t.Helper()
	status, body := get(t, a, url)
	if status != http.StatusOK || len(body) < 44 || body[:4] != "RIFF" || body[8:16] != "WAVEfmt " || body[36:40] != "data" {
		t.Fatalf("%s: %d, %.44q", url, status, body)
	}
	if length := binary.LittleEndian.Uint32([]byte(body[4:])); int(length)+8 != len(body) {
		t.Errorf("%s: RIFF of %d bytes in a file of %d", url, length, len(body))
	}
	return []byte(body[44 : 44+binary.LittleEndian.Uint32([]byte(body[40:]))])
}

// TestRecordings_SeedUnchanged is the road of a recording: the JavaScript of the
// documentation of 2019, as it stands there, starts and stops one with clients of
// then and of today, all clients are told of it, and the sound is that which the
// stethoscope sent, sample for sample.
func TestRecordings_SeedUnchanged(t *testing.T) {
	a := start(t, cli.Flags{Demo: true})
	client := func(version, options string) *realClient {
		c := run(t, version, "node", filepath.Join(clients, "receive.js"), version, a.server.URL(), options)
		c.expect("connect")
		return c
	}
	old, today := client("sio2", `{}`), client("sio4", `{}`)
	filing, subscribed := client("sio4", `{"auth":{"format":"r4"}}`), client("sio3", `{}`)
	if answer := subscribed.emit("subscribe", map[string]any{"resource": "Recording"}); answer["ok"] != true {
		t.Fatal(answer)
	}
	if answer := old.emit("startConsultation", map[string]any{"id": "c-1", "patient": map[string]any{"id": "4711", "family": "Martin"}}); answer["ok"] != true {
		t.Fatal(answer)
	}
	for _, version := range []string{"sio2", "sio4"} {
		t.Run(version, func(t *testing.T) {
			c := run(t, version, "node", filepath.Join(clients, "ekuore.js"), version, a.server.URL())
			last, states := c.until("stopped")
			if len(states) != 4 || states[0] != "connecting" || states[1] != "recording" || states[2] != "saving" || last.SSID != "ekuorePro_xxxxx" || last.Error != nil {
				t.Errorf("%v, then %+v", states, last)
			}
			for name, other := range map[string]*realClient{"sio2": old, "sio4": today} {
				if seen, _ := other.until("stopped"); seen != last {
					t.Errorf("%s was told %+v, not %+v", name, seen, last)
				}
			}
			sound := wav(t, a, last.URL)
			if sent := a.auscultated.Sound().Next(len(sound) / 2); len(sound) < 2*2*8000 || !bytes.Equal(sound, sent) {
				t.Errorf("%d bytes are not the sound that was sent", len(sound))
			}
			if have := float64(len(sound)) / 2 / 8000; last.Seconds < have-0.001 || last.Seconds > have+0.001 {
				t.Errorf("%v s are said to be %v", have, last.Seconds)
			}
			subscribed.expectRecording(last, "event")
			filing.expectRecording(last, "fhir")
		})
	}
	// The helper of that page drops its payload: with one stethoscope there is no
	// doubt which is meant.
	if answer := old.emit("ekuoreStartRecording"); answer["ok"] != true {
		t.Error(answer)
	}
	if answer := today.emit("ekuoreStopRecording"); answer["ok"] != true {
		t.Error(answer)
	}
}

// expectRecording waits for the Observation of a recording, as a subscription or
// as the R4 form of "fhir" has it.
func (c *realClient) expectRecording(r recordingEvent, as string) {
	c.t.Helper()
	type observation struct {
		Category  []struct{ Coding []struct{ Code string } }
		Contained []struct {
			ResourceType, ID string
			Duration         float64
			Content          struct{ ContentType, URL string }
		}
		DerivedFrom []struct{ Reference string }
		Encounter   struct{ Reference string }
		Subject     struct{ Display string }
		Device      struct{ Display string }
	}
	for {
		var o observation
		text := c.expect(as)
		if as == "event" {
			var event struct {
				Resource, Type string
				Data           *observation
			}
			event.Data = &o
			if err := json.Unmarshal([]byte(text), &event); err != nil || event.Resource != "Recording" || event.Type != "CREATE" {
				c.t.Fatal(err, text)
			}
		} else if err := json.Unmarshal([]byte(text), &o); err != nil {
			c.t.Fatal(err)
		}
		if o.Category[0].Coding[0].Code != "exam" {
			continue // the demonstration measures, too
		}
		if len(o.Contained) != 1 || len(o.DerivedFrom) != 1 || o.DerivedFrom[0].Reference != "#"+o.Contained[0].ID ||
			o.Contained[0].Content.ContentType != "audio/wav" || o.Contained[0].Content.URL != r.URL || o.Contained[0].Duration != r.Seconds ||
			o.Encounter.Reference != "Encounter/c-1" || o.Subject.Display != "MARTIN" || o.Device.Display != r.SSID {
			c.t.Errorf("%s: %s", as, text)
		}
		return
	}
}

// A soundServer sends sound in real time to whoever connects, whose samples are
// counted, and so is known.
type soundServer struct {
	net.Listener
	sent atomic.Int64 // samples, to the last who connected
}

func listenSound(t *testing.T) *soundServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &soundServer{Listener: l}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.sent.Store(0)
			serving.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
	return s
}

func (s *soundServer) serve(conn net.Conn) {
	defer conn.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		n := s.sent.Load()
		if _, err := conn.Write(countedSound(int(n), 160)); err != nil {
			return
		}
		s.sent.Add(160)
	}
}

func countedSound(first, n int) (sound []byte) {
	for i := range n {
		sound = binary.LittleEndian.AppendUint16(sound, uint16(first+i))
	}
	return sound
}

// TestRecordings_Kill ends the program in mid-recording as a power cut would:
// what had come is there afterwards, of the same patient, and says so.
func TestRecordings_Kill(t *testing.T) {
	source := listenSound(t)
	folder := t.TempDir()
	settings := fmt.Sprintf("[stethoscope]\nsource = \"tcp\"\naddress = %q\nwifi = false\n", source.Addr())
	if err := os.WriteFile(filepath.Join(folder, "config.toml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	p := launch(t, folder)
	c := run(t, "sio4", "node", filepath.Join(clients, "receive.js"), "sio4", p.url)
	c.expect("connect")
	c.emit("startConsultation", map[string]any{"id": "c-1", "patient": map[string]any{"id": "4711"}})
	id, _ := c.emit("ekuoreStartRecording", map[string]any{"ssid": "ekuorePro_12345", "site": "foyer mitral"})["recording"].(string)
	for c.recording().Seconds < 3 {
	}
	p.kill()
	p = launch(t, folder)
	defer p.stop(t)
	c = run(t, "sio2", "node", filepath.Join(clients, "receive.js"), "sio2", p.url)
	c.expect("connect")
	c.emit("subscribe", map[string]any{"resource": "Recording", "after": 0})
	event := c.expect("event")
	for _, part := range []string{`"url":"/recordings/` + id + `"`, `"reference":"Encounter/c-1"`, `"text":"foyer mitral"`, "(interrupted)"} {
		if !strings.Contains(event, part) {
			t.Errorf("no %s in %s", part, event)
		}
	}
	response, err := http.Get(p.url + "/recordings/" + id)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	file, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatal(response.Status, err)
	}
	if sound := file[44:]; len(sound) < 2*8000*5/2 || !bytes.Equal(sound, countedSound(0, len(sound)/2)) {
		t.Errorf("%d bytes of %d samples sent", len(sound), source.sent.Load())
	}
}
