package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

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
