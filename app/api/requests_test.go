package api

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func codeOf(answer map[string]any) string {
	fault, _ := answer["error"].(map[string]any)
	code, _ := fault["code"].(string)
	return code
}

func TestRequests_Answers(t *testing.T) {
	eachLine(t, func(t *testing.T, eio int, transport string) {
		p := newPost(t)
		c := p.mustConnect(eio, transport, "")
		for i, q := range []struct{ event, code string }{
			{`["startConsultation",{"id":"C1","patient":{"id":"7","family":"LEFÈVRE","given":"Éloïse 🩺"}}]`, ""},
			{`["startConsultation"]`, ""},
			{`["startConsultation",null]`, ""},
			{`["endConsultation"]`, ""},
			{`["endConsultation",{"more":1},[2]]`, ""},
			{`["startConsultation","C1"]`, "bad_request"},
			{`["startConsultation",7]`, "bad_request"},
			{`["startConsultation",[]]`, "bad_request"},
			{`["startConsultation",{"id":7}]`, ""},
			{`["startConsultation",{"id":true}]`, "bad_request"},
			{`["startConsultation",{"patient":"7"}]`, "bad_request"},
			{`["startConsultation",{"patient":{"id":{}}}]`, "bad_request"},
			{`["ekuoreStartRecording","SSID"]`, "no_stethoscope"},
			{`["ekuoreStopRecording"]`, "no_stethoscope"},
			{`["fhir",{}]`, "bad_request"},
			{`[""]`, "bad_request"},
			{`["disconnect"]`, "bad_request"},
			{`["` + strings.Repeat("x", 5000) + `"]`, "bad_request"},
		} {
			answer, err := c.ask(i, q.event)
			if err != nil {
				t.Fatalf("%s: %v", q.event, err)
			}
			if answer["ok"] != (q.code == "") || codeOf(answer) != q.code {
				t.Errorf("%s: %v, want code %q", q.event, answer, q.code)
			}
			if i == 0 && answer["consultation"] != "C1" {
				t.Errorf("consultation %v", answer["consultation"])
			}
		}
	})
}

func TestRequests_WithoutAcknowledgement(t *testing.T) {
	p := newPost(t)
	c := p.mustConnect(4, "websocket", "")
	c.write(c.ctx, `42["startConsultation",{"id":"C9"}]`)
	c.write(c.ctx, `42["nothing"]`)
	if answer, err := c.ask(1, `["ekuoreStopRecording"]`); err != nil || codeOf(answer) != "no_stethoscope" {
		t.Fatal("something came before the one answer: ", answer, err)
	}
	if open := p.station.Situation().Consultation; open == nil || open.ID != "C9" {
		t.Errorf("consultation %v", open)
	}
}

// Two hundred requests without waiting: served and answered in their order.
func TestRequests_KeepTheirOrder(t *testing.T) {
	eachLine(t, func(t *testing.T, eio int, transport string) {
		p := newPost(t)
		c := p.mustConnect(eio, transport, "")
		const pairs = 100
		sent := make(chan error, 1)
		go func() {
			for i := range pairs {
				start := fmt.Sprintf(`42%d["startConsultation",{"id":"C%d"}]`, 2*i, i)
				if err := c.write(c.ctx, start); err != nil {
					sent <- err
					return
				}
				if err := c.write(c.ctx, fmt.Sprintf(`42%d["endConsultation"]`, 2*i+1)); err != nil {
					sent <- err
					return
				}
			}
			sent <- nil
		}()
		for i := range 2 * pairs {
			answer, err := c.answer(i)
			if err != nil || answer["ok"] != true {
				t.Fatalf("answer %d: %v, %v", i, answer, err)
			}
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		var order []string
		for after := uint64(0); after < p.station.Head(); {
			events, err := p.station.Follow(after)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				after = e.Last
				if e.Started != nil {
					order = append(order, "start "+e.Started.ID)
				}
				if e.Ended != nil {
					order = append(order, "end "+e.Ended.ID)
				}
			}
		}
		for i := range pairs {
			if start, end := order[2*i], order[2*i+1]; start != fmt.Sprintf("start C%d", i) || end != fmt.Sprintf("end C%d", i) {
				t.Fatalf("pair %d: %s, %s", i, start, end)
			}
		}
	})
}

func TestRequests_Panic(t *testing.T) {
	requests["panic"] = func(context.Context, *socketConn, json.RawMessage) (answer, error) { panic("Mme Lefèvre") }
	t.Cleanup(func() { delete(requests, "panic") })
	p := newPost(t)
	c := p.mustConnect(4, "websocket", "")
	if answer, err := c.ask(1, `["panic"]`); err != nil || codeOf(answer) != "internal" {
		t.Fatal(answer, err)
	}
	if answer, err := c.ask(2, `["endConsultation"]`); err != nil || answer["ok"] != true {
		t.Fatal("after the panic: ", answer, err)
	}
	p.log.await(t, "request failed")
	if line, found, _ := p.log.has([]string{"Lefèvre"}); found {
		t.Errorf("a panic's text, which can hold patient data, is in the log: %s", line)
	}
}

// Requests sent right behind CONNECT, before the server has said that the
// client is accepted.
func TestRequests_RightBehindTheConnection(t *testing.T) {
	p := newPost(t)
	for round := range 150 {
		c, err := p.open(4, "websocket", "")
		if err != nil {
			t.Fatal(err)
		}
		for _, packet := range []string{"40", `421["startConsultation",{"id":"C"}]`, `422["endConsultation"]`} {
			if err := c.write(c.ctx, packet); err != nil {
				t.Fatal(err)
			}
		}
		if packet, err := c.message(); err != nil || packet[0] != '0' {
			t.Fatalf("round %d: %q, %v", round, packet, err)
		}
		for id := 1; id <= 2; id++ {
			if answer, err := c.answer(id); err != nil || answer["ok"] != true {
				t.Fatalf("round %d: %v, %v", round, answer, err)
			}
		}
		c.close()
	}
	for round := range 50 { // clients 2.x speak as soon as the transport is open
		c, err := p.open(3, "websocket", "")
		if err != nil {
			t.Fatal(err)
		}
		c.write(c.ctx, `421["endConsultation"]`)
		if packet, err := c.message(); err != nil || packet != "0" {
			t.Fatalf("round %d: %q, %v", round, packet, err)
		}
		if answer, err := c.answer(1); err != nil || answer["ok"] != true {
			t.Fatalf("round %d: %v, %v", round, answer, err)
		}
		c.close()
	}
}

func TestRequests_BeforeTheConnection(t *testing.T) {
	p := newPost(t)
	c, err := p.open(4, "websocket", "")
	if err != nil {
		t.Fatal(err)
	}
	c.write(c.ctx, `421["startConsultation",{"id":"early"}]`)
	if packet, err := c.message(); err == nil {
		t.Errorf("answered %q", packet)
	}
	p.log.await(t, "packet before the connection")
	if p.station.Head() != 0 {
		t.Error("the request was served")
	}
}

// Another namespace is refused, and the default one can still be asked for.
func TestConnection_OtherNamespace(t *testing.T) {
	p := newPost(t)
	c, err := p.open(4, "websocket", "")
	if err != nil {
		t.Fatal(err)
	}
	c.write(c.ctx, "40/admin,")
	if packet, err := c.message(); err != nil || !strings.HasPrefix(packet, `4/admin,{`) {
		t.Fatal(packet, err)
	}
	c.write(c.ctx, "40")
	if packet, err := c.message(); err != nil || !strings.HasPrefix(packet, `0{`) {
		t.Fatal(packet, err)
	}
	p.record(1)
	if err := expect(c, 1, 1); err != nil {
		t.Fatal(err)
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, seed := range []string{`["a"]`, `12["a",{"b":1}]`, `/,1["a"]`, ``, `[]`, `[1]`, `["a"`, `99999999999999999999["a"]`, `["\ud800"]`, strings.Repeat("[", 20000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, name, args, err := parseEvent(text)
		if err != nil {
			return
		}
		if len(id) > 19 || strings.Trim(id, "0123456789") != "" {
			t.Errorf("id %q", id)
		}
		again, err := json.Marshal(append([]any{name}, raw(args)...))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		id2, name2, args2, err := parseEvent(id + string(again))
		if err != nil || id2 != id || name2 != name || len(args2) != len(args) {
			t.Errorf("%q read again as %q: %q %q %d, %v", text, again, id2, name2, len(args2), err)
		}
	})
}

func raw(args []json.RawMessage) (values []any) {
	for _, a := range args {
		values = append(values, a)
	}
	return values
}
