package main

import (
	"encoding/json"
	"image"
	"strconv"
	"strings"
	"testing"

	"vitalien/fhirmap"
)

// teal tells whether a pixel has the colour of the primary button, of the steps
// done and of the signal (#00696B).
func teal(picture image.Image, x, y int) bool {
	r, g, b, _ := picture.At(x, y).RGBA()
	return r>>8 < 8 && g>>8 > 0x61 && g>>8 < 0x71 && b>>8 > 0x63 && b>>8 < 0x73
}

// row is how much of a row of the screen, right of the rail, is teal.
func row(picture image.Image, y int) (count, first, last int) {
	first = -1
	for x := 300; x < picture.Bounds().Max.X; x++ {
		if teal(picture, x, y) {
			if count++; first < 0 {
				first = x
			}
			last = x
		}
	}
	return count, first, last
}

// step is how far the wizard is, by its bar of seven parts of 105 pixels; 0
// where there is none.
func step(picture image.Image) (number, y int) {
	for y := 120; y < 400; y++ {
		count, first, _ := row(picture, y)
		if count < 90 || teal(picture, first+2, y+14) || teal(picture, first+2, y-14) {
			continue // a button is higher than the bar
		}
		return (count + 50) / 105, y
	}
	return 0, 0
}

// primary is within the primary button, the lowest one: above and below its
// text it is teal over 40 pixels, which no figure is.
func primary(picture image.Image) (x, y int, there bool) {
	stripe := func(x, y int) bool {
		for dx := range 40 {
			if !teal(picture, x+dx, y) {
				return false
			}
		}
		return true
	}
	for y := picture.Bounds().Max.Y - 30; y > 140; y-- {
		for x := 330; x < picture.Bounds().Max.X-70; x += 4 {
			if stripe(x, y+14) && stripe(x, y-14) {
				return x + 20, y, true
			}
		}
	}
	return 0, 0, false
}

// strengthDrawn is where the signal of the first device in the list is drawn.
func strengthDrawn(picture image.Image, below int) (x, y int, there bool) {
	for y := below + 40; y < picture.Bounds().Max.Y; y++ {
		for x := 900; x < picture.Bounds().Max.X; x++ {
			if teal(picture, x, y) {
				return x, y, true
			}
		}
	}
	return 0, 0, false
}

// A clinician is who drives the window.
type clinician struct {
	t       *testing.T
	display string
	clicks  int
}

func (c *clinician) click(x, y int) {
	c.t.Helper()
	c.clicks++
	xdotool(c.t, c.display, "mousemove", strconv.Itoa(x), strconv.Itoa(y), "click", "1")
}

// press waits for a step of the wizard and presses its primary button.
func (c *clinician) press(at int) {
	c.t.Helper()
	var x, y int
	until(c.t, "step "+strconv.Itoa(at)+" with its button", func() (there bool) {
		picture := screenshot(c.t, c.display)
		if now, _ := step(picture); now != at {
			return false
		}
		x, y, there = primary(picture)
		return there
	})
	c.click(x, y)
}

// TestWindow_Pairing drives the wizard of the real window, with the mouse, from
// its first click to the event at a client: seven clicks.
func TestWindow_Pairing(t *testing.T) {
	path, display := windowed(t), screen(t)
	command := desktopCommand(t, display, path, "--demo", "--data-dir", t.TempDir(), "--listen", "localhost:0")
	command.Stderr = testLog{t}
	p := ready(t, command)
	client := run(t, "sio4", "node", "testdata/clients/receive.js", "sio4", p.url)
	client.expect("connect")
	xdotool(t, display, "search", "--sync", "--onlyvisible", "--name", "Vitalien")
	c := &clinician{t: t, display: display}
	until(t, "the window is drawn", func() bool { return share(screenshot(t, display), 0xf4, 0xf7, 0xf8) > 0.05 })
	c.click(178, 211) // Appareils
	c.clicks = 0
	c.press(0)
	until(t, "the kinds of devices", func() bool { now, _ := step(screenshot(t, display)); return now == 1 })
	_, bar := step(screenshot(t, display))
	c.click(480, bar+110) // Tensiomètre
	c.press(2)
	var x, y int
	until(t, "a device is heard", func() (there bool) {
		picture := screenshot(t, display)
		now, bar := step(picture)
		x, y, there = strengthDrawn(picture, bar)
		return there && now == 3
	})
	c.click(x-300, y)
	c.press(5)
	c.press(6)
	c.press(7)
	if c.clicks != 7 {
		t.Errorf("%d clicks", c.clicks)
	}
	for {
		var observation struct {
			Device  struct{ Reference string }
			Subject struct{ Display string }
		}
		if err := json.Unmarshal([]byte(client.expect("fhir")), &observation); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(observation.Device.Reference, fhirmap.DeviceID("ble", "5A:00:00:00:00:01")) {
			if observation.Subject.Display != "" {
				t.Errorf("the test measurement is %q's", observation.Subject.Display)
			}
			break
		}
	}
	window := strings.Fields(xdotool(t, display, "search", "--onlyvisible", "--name", "Vitalien"))[0]
	if err := press(t, display, window, "ctrl+q", p.command); err != nil {
		t.Errorf("Ctrl+Q: %v", err)
	}
}
