package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"vitalien/app/station"
	"vitalien/app/stethoscope"
	"vitalien/fhirmap"
)

// A tap is a source whose sound the test lets out.
type tap struct {
	sound chan []byte
	fault error // of Open
}

func newTap() *tap { return &tap{sound: make(chan []byte)} }

func (tap) Format() stethoscope.Format {
	return stethoscope.Format{Rate: 8000, Channels: 1, Encoding: "s16le"}
}

func (t *tap) Open(context.Context) (stethoscope.Stream, error) {
	return &tapStream{t, make(chan struct{}), sync.Once{}}, t.fault
}

type tapStream struct {
	*tap
	closed chan struct{}
	once   sync.Once
}

func (s *tapStream) Next(p []byte) (n int, lost int64, err error) {
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

func (s *tapStream) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

func heardFrom(source stethoscope.Source) func(*station.Options) {
	return func(o *station.Options) { o.Stethoscope = stethoscope.Options{Source: source} }
}

// loud is so many samples of sound.
func loud(samples int) []byte { return []byte(strings.Repeat("\x00\x20\x00\xE0", samples/2)) }

// until passes over messages that do not begin so.
func (c *client2) until(t *testing.T, begin string) (rest string) {
	t.Helper()
	for {
		packet, err := c.message()
		if err != nil {
			t.Fatalf("no %s: %v", begin, err)
		}
		if rest, ok := strings.CutPrefix(packet, begin); ok {
			return rest
		}
	}
}

// request asks and waits for the acknowledgement, whatever comes before it.
func (c *client2) request(t *testing.T, id, event string) (answer map[string]any) {
	t.Helper()
	if err := c.write(c.ctx, "42"+id+event); err != nil {
		t.Fatal(err)
	}
	return c.answered(t, id)
}

func (c *client2) answered(t *testing.T, id string) map[string]any {
	t.Helper()
	var answers []map[string]any
	if err := json.Unmarshal([]byte("["+c.until(t, "3"+id+"[")), &answers); err != nil {
		t.Fatal(err)
	}
	return answers[0]
}

// recordingIs reads events "recording" until one is of that state.
func (c *client2) recordingIs(t *testing.T, state station.RecordingState) (e recordingStatus) {
	t.Helper()
	for e.State != state {
		e = recordingStatus{}
		if err := json.Unmarshal([]byte(strings.TrimSuffix(c.until(t, `2["recording",`), "]")), &e); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// refuses is a Network in which no stethoscope is.
type refuses struct{}

func (refuses) Join(context.Context, string) (func(context.Context) error, error) {
	return nil, &fhirmap.Fault{Code: "wifi_refused", English: "the network is not in reach"}
}

// TestRecording_Acknowledgements: every outcome has its code, whatever form the
// request has.
func TestRecording_Acknowledgements(t *testing.T) {
	eachLine(t, func(t *testing.T, eio int, transport string) {
		source := newTap()
		p := newPostOf(t, heardFrom(source))
		c, told := p.mustConnect(eio, transport, ""), p.mustConnect(eio, transport, "")
		next := 1
		ask := func(event, code string) {
			t.Helper()
			next++
			if answer := c.request(t, strconv.Itoa(next), event); answer["ok"] != (code == "") || codeOf(answer) != code {
				t.Errorf("%s: %v, want code %q", event, answer, code)
			}
		}
		ask(`["ekuoreStopRecording"]`, "not_recording")
		ask(`["ekuoreStartRecording"]`, "no_stethoscope")
		ask(`["ekuoreStartRecording",null]`, "no_stethoscope")
		ask(`["ekuoreStartRecording",{}]`, "no_stethoscope")
		ask(`["ekuoreStartRecording",{"ssid":"livebox"}]`, "unknown_ssid")
		ask(`["ekuoreStartRecording","ekuorePro_1; reboot"]`, "unknown_ssid")
		ask(`["ekuoreStartRecording",{"ssid":"ekuorePro_1","site":"\u0007"}]`, "bad_request")
		ask(`["ekuoreStartRecording",{"ssid":5}]`, "bad_request")
		ask(`["ekuoreStartRecording",["ekuorePro_1"]]`, "bad_request")
		ask(`["ekuoreStartRecording",7]`, "bad_request")
		for _, start := range []string{
			`["ekuoreStartRecording","ekuorePro_1"]`, `["ekuoreStartRecording",{"ssid":"ekuorePro_1","site":"foyer mitral"}]`,
			`["ekuoreStartRecording"]`, // there is one alone by now
		} {
			c.write(c.ctx, "421"+start)
			ask(`["ekuoreStartRecording","ekuorePro_1"]`, "already_recording")
			source.sound <- loud(800)
			answer := c.answered(t, "1")
			if id, _ := answer["recording"].(string); answer["ok"] != true || id == "" {
				t.Fatal(start, answer)
			}
			ask(`["ekuoreStartRecording","ekuorePro_2"]`, "already_recording")
			if stopped := c.request(t, "9", `["ekuoreStopRecording"]`); stopped["ok"] != true || stopped["recording"] != answer["recording"] ||
				stopped["url"] != "/recordings/"+answer["recording"].(string) || stopped["seconds"] != 0.1 {
				t.Error(stopped)
			}
			if last := told.recordingIs(t, station.RecordingStopped); last.URL == "" || last.Seconds != 0.1 || last.Error != nil {
				t.Errorf("%+v", last)
			}
		}
		c.write(c.ctx, `421["ekuoreStartRecording","ekuorePro_2"]`)
		source.sound <- loud(800)
		c.answered(t, "1")
		ask(`["ekuoreStopRecording",{"anything":1}]`, "")
		ask(`["ekuoreStartRecording"]`, "bad_request") // there are two
		close(source.sound)
		ask(`["ekuoreStartRecording","ekuorePro_1"]`, "no_sound")
		if last := told.recordingIs(t, station.RecordingFailed); last.Error == nil || last.Error.Code != "no_sound" || last.URL != "" {
			t.Errorf("%+v", last)
		}
	})
}

func TestRecording_WiFiRefused(t *testing.T) {
	c := newPostOf(t, func(o *station.Options) {
		o.Stethoscope = stethoscope.Options{Source: newTap(), Network: refuses{}}
	}).mustConnect(4, "websocket", "")
	if answer := c.request(t, "1", `["ekuoreStartRecording","ekuorePro_1"]`); codeOf(answer) != "wifi_refused" {
		t.Error(answer)
	}
}

// TestRecording_StoppedBeforeAnySound: the connection that waits for the start is
// read on, so that the same client can give it up.
func TestRecording_StoppedBeforeAnySound(t *testing.T) {
	eachLine(t, func(t *testing.T, eio int, transport string) {
		p := newPostOf(t, heardFrom(newTap()))
		c := p.mustConnect(eio, transport, "")
		c.write(c.ctx, `421["ekuoreStartRecording","ekuorePro_1"]`)
		c.write(c.ctx, `422["ekuoreStopRecording"]`)
		answers := map[string]map[string]any{}
		for len(answers) < 2 {
			packet := c.until(t, "3")
			var one []map[string]any
			if err := json.Unmarshal([]byte(packet[1:]), &one); err != nil {
				t.Fatal(packet, err)
			}
			answers[packet[:1]] = one[0]
		}
		if codeOf(answers["1"]) != "not_recording" || answers["2"]["ok"] != true || answers["2"]["url"] != nil {
			t.Error(answers)
		}
		if list := p.station.Recordings(10); len(list) != 0 || p.station.Head() != 0 {
			t.Errorf("%d recordings, %d in the log", len(list), p.station.Head())
		}
	})
}

// TestRecording_Newcomer: who connects while one is under way is told so, and who
// comes later is not told of the past.
func TestRecording_Newcomer(t *testing.T) {
	source := newTap()
	p := newPostOf(t, heardFrom(source))
	c := p.mustConnect(4, "websocket", "")
	c.write(c.ctx, `421["ekuoreStartRecording","ekuorePro_1"]`)
	source.sound <- loud(800)
	c.answered(t, "1")
	late := p.mustConnect(3, "polling", "")
	if now := late.recordingIs(t, station.RecordingSound); now.SSID != "ekuorePro_1" {
		t.Errorf("%+v", now)
	}
	first := c.request(t, "2", `["ekuoreStopRecording"]`)
	later := p.mustConnect(4, "websocket", "")
	c.write(c.ctx, `421["ekuoreStartRecording","ekuorePro_1"]`)
	if now := later.recordingIs(t, station.RecordingConnecting); now.ID == first["recording"] {
		t.Error("told of the past")
	}
	c.request(t, "2", `["ekuoreStopRecording"]`)
}

// TestRecording_Sound serves it whole and in ranges, to who may have it.
func TestRecording_Sound(t *testing.T) {
	source := newTap()
	p := newPostOf(t, heardFrom(source))
	url := recordedURL(t, p, source)
	status, h, body := p.request("GET", url, "")
	if status != http.StatusOK || h.Get("Content-Type") != "audio/wav" || len(body) != 44+16_000 || body[44:] != string(loud(8000)) {
		t.Fatal(status, h, len(body))
	}
	for _, q := range []struct {
		bytes string
		from  int
		to    int
	}{{"0-3", 0, 4}, {"40-51", 40, 52}, {"16000-", 16_000, len(body)}, {"-4", len(body) - 4, len(body)}} {
		status, h, part := p.request("GET", url, "", "Range: bytes="+q.bytes)
		if status != http.StatusPartialContent || part != body[q.from:q.to] {
			t.Errorf("%s: %d, %v, %d bytes", q.bytes, status, h, len(part))
		}
	}
	if status, h, part := p.request("HEAD", url, ""); status != http.StatusOK || part != "" || h.Get("Content-Length") != "16044" || h.Get("Accept-Ranges") != "bytes" {
		t.Error(status, h)
	}
	if status, _, _ := p.request("GET", url, "", "Range: bytes=99999-"); status != http.StatusRequestedRangeNotSatisfiable {
		t.Error(status)
	}
	if status, _, part := p.request("GET", url, "", "If-None-Match: "+h.Get("ETag")); status != http.StatusNotModified || part != "" {
		t.Error(status)
	}
	for path, want := range map[string]int{
		"/recordings/": http.StatusNotFound, "/recordings/unknown": http.StatusNotFound, url + "/x": http.StatusNotFound,
		"/recordings/%2e%2e%2fkey": http.StatusNotFound, "/recordings/" + strings.Repeat("x", 5000): http.StatusNotFound,
	} {
		if status, _, _ := p.request("GET", path, ""); status != want {
			t.Errorf("%.60s: %d, want %d", path, status, want)
		}
	}
	if status, _, _ := p.request("POST", url, ""); status != http.StatusMethodNotAllowed {
		t.Error(status)
	}
	for _, header := range []string{"Origin: https://evil.example", "Host: evil.example", "Sec-Fetch-Site: cross-site"} {
		if status, _, part := p.request("GET", url, "", header); status != http.StatusForbidden || strings.Contains(part, "RIFF") {
			t.Errorf("%s: %d", header, status)
		}
	}
}

// TestRecording_Token: with require_token the sound has it demanded as well.
func TestRecording_Token(t *testing.T) {
	p := newPost(t, func(o *Options) { o.RequireToken = true })
	if status, _, _ := p.request("GET", "/recordings/x", ""); status != http.StatusUnauthorized {
		t.Error(status)
	}
}

// TestRecording_Subscription: a recording is one event, live and replayed, that
// filters see; the form of 2019 has none.
func TestRecording_Subscription(t *testing.T) {
	source := newTap()
	p := newPostOf(t, heardFrom(source))
	if _, err := p.station.StartConsultation(t.Context(), station.Consultation{ID: "c-1", Patient: &fhirmap.Patient{System: "ehr", ID: "7"}}); err != nil {
		t.Fatal(err)
	}
	c := p.mustConnect(4, "websocket", "")
	live := p.mustConnect(4, "websocket", "")
	live.subscribe(t, `{"resource":"Recording","filter":{"patient":"7","consultation":"c-1","deviceType":"stethoscope"}}`)
	c.write(c.ctx, `421["ekuoreStartRecording",{"ssid":"ekuorePro_1","site":"foyer mitral"}]`)
	source.sound <- loud(800)
	id := c.answered(t, "1")["recording"].(string)
	c.request(t, "2", `["ekuoreStopRecording"]`)
	seq := p.station.Head()
	want := live.until(t, `2["event",`)
	for _, part := range []string{`"type":"CREATE","resource":"Recording"`, `"url":"/recordings/` + id + `"`, `"text":"foyer mitral"`, `"reference":"Encounter/c-1"`, `"duration":0.100`} {
		if !strings.Contains(want, part) {
			t.Errorf("no %s in %s", part, want)
		}
	}
	p.record(1)
	for payload, events := range map[string]int{
		`{"resource":"Recording","after":0}`: 1, `{"resource":"Recording","after":0,"filter":{"patient":"8"}}`: 0,
		`{"resource":"Recording","after":0,"filter":{"code":"37931006"}}`:      1,
		`{"resource":"Observation","after":0,"filter":{"code":"37931006"}}`:    1,
		`{"resource":"Observation","after":0,"filter":{"deviceType":"other"}}`: 0,
	} {
		asked, err := readSubscription(json.RawMessage(payload))
		if err != nil {
			t.Fatal(err)
		}
		shared, cursor, err := p.server.frames[subscribed[asked.Resource]].after(0)
		if frames := asked.picker("1", func(uint64, uint64) {})(shared); err != nil || len(frames) != events || cursor < seq {
			t.Errorf("%s: %d events up to %d, %v", payload, len(frames), cursor, err)
		}
	}
	_, _, body := p.request("GET", "/fhir/Observation/"+p.station.ID()[:8]+"-"+strconv.FormatUint(seq, 10), "")
	if !strings.Contains(body, `"url":"/recordings/`+id+`"`) || !strings.Contains(body, `"versionId":"1"`) {
		t.Error(body)
	}
	old, _, err := p.server.frames[formKligo].after(0)
	if err != nil || len(old) != 1 { // the measurement
		t.Errorf("%d events in the form of 2019, %v", len(old), err)
	}
}

// recordedURL makes a recording, and tells where its sound is.
func recordedURL(t *testing.T, p *post, from *tap) string {
	t.Helper()
	c := p.mustConnect(4, "websocket", "")
	c.write(c.ctx, `421["ekuoreStartRecording","ekuorePro_1"]`)
	from.sound <- loud(8000)
	c.answered(t, "1")
	return c.request(t, "2", `["ekuoreStopRecording"]`)["url"].(string)
}
