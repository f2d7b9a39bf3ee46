package main

import (
	"encoding/json"
	"fmt"
	"image"
	"strings"
	"testing"
	"time"
)

// pulseOfNobody is a message with a pulse, now, that names no patient.
func pulseOfNobody(id string, rate int) string {
	return strings.Join([]string{
		`MSH|^~\&|MONITOR|WARD|||` + time.Now().Format("20060102150405-0700") + `||ORU^R01^ORU_R01|` + id + `|P|2.6||||||UNICODE UTF-8`,
		`OBR|1|||182777000^monitoring of patient^SCT`,
		fmt.Sprintf(`OBX|1|NM|8867-4^Heart rate^LN||%d|/min|||||F`, rate),
	}, "\r") + "\r"
}

// buttonsRight are the middles of the grey buttons at the right edge of the
// measurements on the page, from above.
func buttonsRight(picture image.Image) (list []image.Point) {
	const x = 1100 // between the text of such a button and its end
	from := 0
	for y := 240; y < picture.Bounds().Max.Y-60; y++ {
		r, g, b, _ := picture.At(x, y).RGBA()
		switch grey := r>>8 == 0xe4 && g>>8 == 0xec && b>>8 == 0xee; {
		case grey && from == 0:
			from = y
		case !grey && from > 0:
			if y-from > 24 {
				list = append(list, image.Pt(x-20, (from+y)/2))
			}
			from = 0
		}
	}
	return list
}

// act presses the primary button of what is in front, once there is one where
// there was another picture before.
func (c *clinician) act(what string) {
	c.t.Helper()
	var x, y int
	until(c.t, what, func() (there bool) {
		x, y, there = primary(screenshot(c.t, c.display))
		return there
	})
	c.click(x, y)
}

// actThen presses the primary button until that shows.
func (c *clinician) actThen(what string, shows func(image.Image) bool) {
	c.t.Helper()
	c.act(what)
	until(c.t, what+" is done", func() bool { return shows(screenshot(c.t, c.display)) })
}

// keys types into what has the keyboard.
func (c *clinician) keys(window string, words ...string) {
	c.t.Helper()
	xdotool(c.t, c.display, append([]string{"windowfocus", "--sync", window}, words...)...)
}

// events are those of a subscriber.
type told struct {
	Type, Resource string
	Data           struct {
		Status  string
		Subject struct{ Display string }
	}
}

func (c *realClient) told(resource string) (e told) {
	c.t.Helper()
	for e.Resource != resource {
		if err := json.Unmarshal([]byte(c.expect("event")), &e); err != nil {
			c.t.Fatal(err)
		}
	}
	return e
}

func (c *realClient) wantTold(kind, status, whose string) {
	c.t.Helper()
	if e := c.told("Observation"); e.Type != kind || e.Data.Status != status || e.Data.Subject.Display != whose {
		c.t.Fatalf("told: %+v, want %s, %s, of %q", e, kind, status, whose)
	}
}

// TestWindow_Consultation drives the real window from its first start: the
// welcome, a consultation for a patient who is typed in, a measurement that
// arrives, is discarded and restored, the end.
func TestWindow_Consultation(t *testing.T) {
	path, display := windowed(t), screen(t)
	command := newcomersCommand(t, display, t.TempDir(), path, "--data-dir", t.TempDir(), "--listen", "localhost:0", "--hl7-listen", "127.0.0.1:0")
	command.Stderr = testLog{t}
	p := ready(t, command)
	client := run(t, "sio4", "node", "testdata/clients/receive.js", "sio4", p.url)
	client.expect("connect")
	for _, resource := range []string{"Observation", "Consultation"} {
		if answer := client.emit("subscribe", map[string]any{"resource": resource}); answer["ok"] != true {
			t.Fatal(answer)
		}
	}
	window := strings.Fields(xdotool(t, display, "search", "--sync", "--onlyvisible", "--name", "Vitalien"))[0]
	c := &clinician{t: t, display: display}

	amber := func(picture image.Image) bool { return share(picture, 0xff, 0xf0, 0xc2) > 0.02 }
	footless := func(picture image.Image) bool { // no button at the foot: the welcome is over
		_, y, there := primary(picture)
		return !there || y < 600
	}
	until(t, "nobody is assigned, in amber", func() bool { return amber(screenshot(t, display)) })
	for _, part := range []string{"first", "second", "third"} {
		before := screenshot(t, display)
		c.actThen("the "+part+" screen of the welcome", func(now image.Image) bool { return differ(before, now) })
	}
	until(t, "the welcome is over", func() bool { return footless(screenshot(t, display)) })
	c.click(178, 167) // Consultation
	before := screenshot(t, display)
	c.actThen("to start a consultation", func(now image.Image) bool { return differ(before, now) && footless(now) })
	c.keys(window, "type", "--delay", "20", "Martin\tPaul\t02/11/1951")
	until(t, "the form is sound", func() bool { return !footless(screenshot(t, display)) })
	c.act("who is typed in")
	if e := client.told("Consultation"); e.Type != "CREATE" || e.Data.Subject.Display != "MARTIN Paul" {
		t.Fatalf("told: %+v", e)
	}
	until(t, "the band is calm", func() bool { return !amber(screenshot(t, display)) })

	send(t, dial(t, p.mllp), pulseOfNobody("C1", 72))
	client.wantTold("CREATE", "final", "MARTIN Paul")
	pressButton := func(n, of int) {
		t.Helper()
		var at []image.Point
		until(t, fmt.Sprintf("%d buttons", of), func() bool { at = buttonsRight(screenshot(t, display)); return len(at) == of })
		c.click(at[n].X, at[n].Y)
	}
	pressButton(1, 2) // Écarter
	dimmed := func(picture image.Image) bool { return share(picture, 0xf4, 0xf7, 0xf8) < 0.01 }
	until(t, "a reason is asked for", func() bool { return dimmed(screenshot(t, display)) })
	c.keys(window, "type", "--delay", "20", "essai\r")
	client.wantTold("UPDATE", "entered-in-error", "MARTIN Paul")

	pressButton(0, 1) // Rétablir
	until(t, "it is asked", func() bool { return dimmed(screenshot(t, display)) })
	c.act("to restore it")
	client.wantTold("UPDATE", "amended", "MARTIN Paul")

	until(t, "the page is back", func() bool { return len(buttonsRight(screenshot(t, display))) == 2 })
	c.act("to end the consultation")
	until(t, "it is asked", func() bool { return dimmed(screenshot(t, display)) })
	c.act("really")
	if e := client.told("Consultation"); e.Type != "UPDATE" || e.Data.Status != "finished" {
		t.Errorf("told: %+v", e)
	}
	until(t, "nobody is assigned again", func() bool { return amber(screenshot(t, display)) })
	if err := press(t, display, window, "ctrl+q", p.command); err != nil {
		t.Errorf("Ctrl+Q: %v", err)
	}
}

// differ tells whether more than a cursor has changed.
func differ(a, b image.Image) bool {
	changed := 0
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y += 2 {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x += 2 {
			if a.At(x, y) != b.At(x, y) {
				changed++
			}
		}
	}
	return changed > 1000
}
