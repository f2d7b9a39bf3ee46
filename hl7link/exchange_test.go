package hl7link

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"vitalien/fhirmap"
)

// watching has OnMessage keep copies, as it must.
func watching() (see func(Exchange), next chan Exchange) {
	next = make(chan Exchange, 64)
	return func(e Exchange) {
		e.Message, e.Reply = bytes.Clone(e.Message), bytes.Clone(e.Reply)
		next <- e
	}, next
}

func TestListener_ShowsEachMessageWithItsAnswer(t *testing.T) {
	unwanted := strings.Replace(heartRate, "2.5\r", "2.5|||NE|ER\r", 1)
	for _, c := range []struct {
		name, message, code, reason string
		fail                        error
	}{
		{"taken", heartRate, "AA", "", nil},
		{"in part", heartRate + "OBX|2|NM|9279-1^RR^LN||fast||||||F\r", "AA", "OBX[2]-5: ", nil},
		{"unreadable", strings.Replace(heartRate, "72", "fast", 1), "AE", "OBX[1]-5: ", nil},
		{"refused", strings.Replace(heartRate, "ORU^R01", "ORM^O01", 1), "AR", "MSH[1]-9: ", nil},
		{"not stored", heartRate, "AR", "not stored: ", errors.New("closed")},
		{"no answer wanted", unwanted, "", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			see, next := watching()
			address, _ := start(t, ListenerOptions{Sink: &memorySink{fail: c.fail}, OnMessage: see})
			client := dial(t, address)
			if _, err := client.conn.Write(Frame([]byte(c.message))); err != nil {
				t.Fatal(err)
			}
			e := <-next
			if e.Peer != "127.0.0.1" || string(e.Message) != c.message || e.At.IsZero() {
				t.Errorf("%+v", e)
			}
			if got := ReplyCode(e.Reply); got != c.code || (c.code == "") != (e.Reply == nil) {
				t.Errorf("answered %q (%q), want %q", got, e.Reply, c.code)
			}
			if !strings.HasPrefix(e.Reason, c.reason) || (c.reason == "") != (e.Reason == "") {
				t.Errorf("reason %q, want %q", e.Reason, c.reason)
			}
		})
	}
}

func TestListener_ShowsWhatIsNoMessage(t *testing.T) {
	see, next := watching()
	address, _ := start(t, ListenerOptions{Sink: &memorySink{}, OnMessage: see, MaxFrame: 1000})
	client := dial(t, address)
	long := heartRate + strings.Repeat("X", 2000)
	if _, err := client.conn.Write(Frame([]byte(long))); err != nil {
		t.Fatal(err)
	}
	e := <-next
	if !strings.HasPrefix(string(e.Message), heartRate) || ReplyCode(e.Reply) != "AE" || !strings.Contains(e.Reason, "1000") {
		t.Errorf("%+v", e)
	}
}

// What a monitor that we call says is never answered, and each message is shown
// once, whatever becomes of it.
func TestRunMonitor_ShowsEachMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		see, next := watching()
		network, stop := runFake(t, &memorySink{}, func(o *MonitorOptions) { o.OnMessage = see })
		monitor := <-network.dialled
		listen(monitor)
		broken := rti("204", "OBX||NM|101^|2101|fast||||||F")
		said := []string{admitted("7"), periodic("101", "72"), broken, broken, "MSH|^~\\&|X||||||ORM^O01|1|P|2.3.1\r"}
		say(t, monitor, said...)
		stop()
		for i, want := range said {
			e := <-next
			if string(e.Message) != want || e.Reply != nil || e.Peer != "192.0.2.7:4601" || (i == 2 || i == 3) != (e.Reason != "") {
				t.Errorf("%d: %q, reason %q", i, e.Message, e.Reason)
			}
		}
		if len(next) > 0 {
			t.Errorf("shown twice: %q", (<-next).Message)
		}
	})
}

func TestExplain(t *testing.T) {
	e := Explain([]byte(heartRate), "192.0.2.7", paris)
	if e.Type != "ORU^R01" || e.Control == "" || len(e.Report.Measurements) != 1 || e.Unread != nil {
		t.Errorf("%+v", e)
	}
	e = Explain([]byte(admitted("7")), "192.0.2.7", paris)
	if !slices.ContainsFunc(e.Report.Measurements, func(m fhirmap.Measurement) bool { return m.Type == fhirmap.BodyHeight }) {
		t.Errorf("what a monitor says of a patient: %+v", e)
	}
	for _, bad := range []string{"", "hello", "MSH|^~\\&|||||||ORM^O01|1|P|2.5\r", "MSH|^~\\&"} {
		if e := Explain([]byte(bad), "", paris); len(e.Unread) == 0 || len(e.Report.Measurements) > 0 {
			t.Errorf("%q: %+v", bad, e)
		}
	}
}

func FuzzExplain(f *testing.F) {
	f.Add([]byte(heartRate))
	f.Add([]byte(admitted("7")))
	f.Add([]byte("MSH|^~\\&|A\rMSA|AE|7\r"))
	f.Fuzz(func(t *testing.T, text []byte) {
		before := bytes.Clone(text)
		e := Explain(text, "192.0.2.7", paris)
		ReplyCode(text)
		if !bytes.Equal(before, text) {
			t.Error("the message was changed")
		}
		if len(e.Unread) > maxWarnings {
			t.Error("more is told than bounded")
		}
	})
}
