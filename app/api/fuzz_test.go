package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"vitalien/fhirmap"
)

// errorLog keeps what is logged as an error.
type errorLog struct {
	slog.Handler
	mu    sync.Mutex
	lines []string
}

func (*errorLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }
func (l *errorLog) WithAttrs([]slog.Attr) slog.Handler             { return l }

func (l *errorLog) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, r.Message)
	return nil
}

func (l *errorLog) take() (lines []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines, l.lines = l.lines, nil
	return lines
}

// Whatever Engine.IO packets a live session receives, the server answers the
// request behind them or ends the session: nothing panics, nothing hangs.
func FuzzPackets(f *testing.F) {
	for i, packet := range hostilePackets {
		if len(packet) < 5000 {
			f.Add(byte(i), packet)
		}
	}
	f.Add(byte(0), "42[\"a\"]\x1e421[\"endConsultation\"]\x1e41")
	f.Add(byte(1), "7:42[\"a\"]2:411:3")
	failed := &errorLog{}
	p := newPost(f, func(o *Options) { o.Logger = slog.New(failed) })
	f.Fuzz(func(t *testing.T, kind byte, packets string) {
		if len(packets) > maxBody {
			return
		}
		live := *p
		live.tb = t
		transport := "websocket"
		if kind&1 != 0 {
			transport = "polling"
		}
		c, err := live.connect(3+int(kind>>1&1), transport, "")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(c.ctx, 20*time.Second)
		defer cancel()
		defer c.close()
		c.ctx = ctx
		c.send(packets, kind&4 != 0)
		c.write(ctx, `42777["ekuoreStopRecording"]`) // an error: the session has ended
		for {
			packet, err := c.read(ctx)
			if strings.HasPrefix(packet, "43777[") {
				break
			}
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("%q over %s: neither answered nor ended", packets, transport)
			}
			if err != nil {
				break
			}
		}
		p.server.sockets.conns.Range(func(_, conn any) bool { conn.(*socketConn).drop("test"); return true })
		live.awaitSessions(0)
		if lines := failed.take(); len(lines) > 0 {
			t.Errorf("%q: %q", packets, lines)
		}
	})
}

// send writes packets apart, or as they are: over long-polling one body.
func (c *client2) send(packets string, asTheyAre bool) {
	poll, polling := c.line.(*polling2)
	switch {
	case polling && asTheyAre:
		poll.do(c.ctx, "POST", packets)
	case asTheyAre:
		c.write(c.ctx, packets)
	default:
		for packet := range strings.SplitSeq(packets, "\x1e") {
			c.write(c.ctx, packet)
		}
	}
}

// told is text as JSON can tell it.
func told(text string) string { return string([]rune(text)) }

// What the station can record is told in valid packets that say the same,
// whatever bytes a device sent as text.
func FuzzEventPayload(f *testing.F) {
	f.Add("d1", "Lit 3", "LEFÈVRE", "Éloïse", "7", "C1", byte(0), int64(366), int8(-1), int64(1766000000))
	f.Add("\xff\xfe", "</script>\u2028\u2029", "\"\\\n\r\t\x00\x1f\x7f", "🩺\xed\xa0\x80", "\x0b\x1c", "'", byte(7), int64(-9), int8(9), int64(-1))
	f.Add("", "", "", "", "", "", byte(255), int64(0), int8(0), int64(0))
	vitals := fhirmap.Vitals()
	f.Fuzz(func(t *testing.T, device, name, family, given, id, consultation string, kind byte, coefficient int64, exponent int8, seconds int64) {
		vital := vitals[int(kind)%len(vitals)]
		value := fhirmap.NewDecimal(coefficient, int32(exponent)%8)
		r := fhirmap.Recorded{
			Measurement: fhirmap.Measurement{
				Type: vital.Type, Time: time.Unix(seconds%(1<<37), 0), Bed: name,
				Device: fhirmap.Device{ID: device, Name: name, Type: fhirmap.DeviceType(given), Manufacturer: family, Model: id},
			},
			Seq: 7, Last: 10, Log: "l", Received: time.Unix(1766000000, 0), Consultation: consultation,
			Subject: &fhirmap.Patient{System: given, ID: id, Family: family, Given: given},
		}
		parts := vital.Parts
		if len(parts) == 0 {
			parts = []fhirmap.Type{vital.Type}
		}
		for _, part := range parts {
			of, _ := fhirmap.Lookup(part)
			r.Readings = append(r.Readings, fhirmap.Reading{Type: part, Value: &value, Unit: of.Units[int(kind)%len(of.Units)]})
		}
		for _, form := range []form{formKligo, formR4} {
			events, err := encode(form, &r, r.Seq)
			if err != nil || len(events) == 0 {
				t.Fatalf("form %q: %d events, %v", form, len(events), err)
			}
			for _, event := range events {
				checkPayload(t, form, event.frame.packet(), &r, value.String())
			}
		}
	})
}

// A payload holds what both forms tell.
type payload struct {
	ResourceType string
	Context      struct{ Reference string }
	Device       struct{ Reference, Display string }
	Subject      struct {
		Display    string
		Identifier struct{ System, Value string }
	}
	ValueQuantity *struct{ Value json.Number }
	Component     []struct{ ValueQuantity *struct{ Value json.Number } }
}

func checkPayload(t *testing.T, form form, packet []byte, r *fhirmap.Recorded, value string) {
	t.Helper()
	body, ok := bytes.CutPrefix(packet, []byte{packetEvent})
	if !ok || !utf8.Valid(packet) {
		t.Fatalf("form %q: %q", form, packet)
	}
	var event []json.RawMessage
	var name string
	var got payload
	err := json.Unmarshal(body, &event)
	if err == nil && len(event) == 2 {
		err = errors.Join(json.Unmarshal(event[0], &name), json.Unmarshal(event[1], &got))
	}
	if err != nil || name != "fhir" || got.ResourceType != "Observation" {
		t.Fatalf("form %q: %s: %v", form, packet, err)
	}
	if got.ValueQuantity == nil && len(got.Component) == 0 {
		t.Errorf("form %q: neither value nor components: %s", form, packet)
	}
	quantities := got.Component
	quantities = append(quantities, struct{ ValueQuantity *struct{ Value json.Number } }{got.ValueQuantity})
	for _, q := range quantities {
		if q.ValueQuantity != nil && string(q.ValueQuantity.Value) != value {
			t.Errorf("form %q: value %s, want %s", form, q.ValueQuantity.Value, value)
		}
	}
	device, display := r.Device.ID, string(r.Device.Type)
	if form == formR4 {
		device, display = "Device/"+r.Device.ID, r.Device.Name
	}
	for _, text := range [][2]string{
		{got.Device.Reference, device},
		{got.Device.Display, display},
		{got.Subject.Display, r.Subject.Name()},
		{got.Subject.Identifier.Value, r.Subject.ID},
	} {
		if text[0] != told(text[1]) {
			t.Errorf("form %q: %q, want %q", form, text[0], told(text[1]))
		}
	}
	if form == formKligo && got.Context.Reference != told(r.Consultation) {
		t.Errorf("context %q, want %q", got.Context.Reference, r.Consultation)
	}
}

// Whatever is asked for is served or refused with a code of the contract.
func FuzzSubscription(f *testing.F) {
	for _, seed := range []string{
		`{"resource":"Vitals","filter":{"bed":"3","code":"http://loinc.org|8867-4"}}`, `{"resource":"Alert","after":0,"events":["UPDATE"]}`,
		`{"resource":"Observation","after":18446744073709551615}`, `{"resource":"Vitals","filter":{"bed":{}}}`, `[]`, `{"resource":"Vitals","resource":"Alert"}`,
	} {
		f.Add(seed)
	}
	live := fhirmap.Live{Device: fhirmap.Device{ID: "m"}, Bed: "3", Values: []fhirmap.LiveValue{{Type: fhirmap.HeartRate}}}
	f.Fuzz(func(t *testing.T, text string) {
		asked, err := readSubscription(json.RawMessage(text))
		if err != nil {
			if code := fhirmap.FaultOf(err).Code; code != "bad_request" {
				t.Fatalf("%q: %s", text, code)
			}
			return
		}
		if _, logged := subscribed[asked.Resource]; !logged && asked.Resource != resourceVitals {
			t.Fatalf("%q: serves %q", text, asked.Resource)
		}
		about := about{device: &live.Device, patient: live.Patient, bed: live.Bed, coding: func() []fhirmap.Coding { return liveCodings(&live) }}
		if empty := asked.Filter == (filter{}); empty && !asked.Filter.matches(&about) {
			t.Fatalf("%q: no filter lets nothing through", text)
		}
	})
}
