package ui

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// A recordingText is what the page says of the recording under way, or of the
// last one.
type recordingText struct {
	time   string
	state  string
	colour fyne.ThemeColorName
	note   string // gaps
	hint   string // of a heart rate
	fault  string // what is wrong, for a person to mend
	action string // what the button does
}

func (w words) recording(now station.RecordingStatus) recordingText {
	t := recordingText{time: clockTime(now.Length), colour: colourMuted, action: w.say("steth.record")}
	switch now.State {
	case station.RecordingConnecting:
		t.state, t.action = w.say("steth.connecting", "ssid", now.SSID), w.say("steth.cancel")
	case station.RecordingSound:
		t.state, t.colour, t.action = w.say("steth.recording"), colourGood, w.say("steth.stop")
	case station.RecordingSaving:
		t.state = w.say("steth.saving")
	case station.RecordingStopped:
		if t.state = w.say("steth.abandoned"); now.Kept {
			t.state, t.colour = w.say("steth.stopped"), colourGood
		}
	case station.RecordingFailed:
		t.state, t.colour = w.say("steth.failed"), colourTrouble
	default:
		t.state = w.say("steth.ready")
	}
	switch {
	case now.Fault != nil:
		t.fault, t.colour = w.fault(now.Fault), colourTrouble
	case now.Clipping:
		t.fault, t.colour = w.say("steth.clipping"), colourTrouble
	}
	if now.Gaps > 0 {
		t.note = w.count(now.Gaps, "", "steth.gaps.single", "steth.gaps.several")
	}
	if now.HeartHint > 0 {
		t.hint = w.say("steth.hint", "n", fmt.Sprint(now.HeartHint))
	}
	return t
}

// clockTime is 1:05 for 65 seconds.
func clockTime(d time.Duration) string {
	seconds := int(d / time.Second)
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}

// A soundText is what a row of the list says of a recording.
type soundText struct{ name, whose, notes string }

func (w words) sound(r *fhirmap.RecordedSound, now time.Time) soundText {
	whose, assigned := w.whose(r.Subject)
	if !assigned && r.Subject.Name() == "" {
		whose = w.say("steth.unassigned")
	}
	cut, clipped, gaps, simulated := "", "", "", ""
	if r.CutShort != "" {
		cut = w.say("steth.cut")
	}
	if r.Clipped {
		clipped = w.say("steth.clipped")
	}
	if n := len(r.Gaps); n > 0 {
		gaps = w.count(n, "", "steth.gaps.single", "steth.gaps.several")
	}
	if r.Test {
		simulated = w.say("steth.simulated")
	}
	return soundText{
		name:  joined(" · ", moment(r.Start, now), clockTime(r.Duration()), r.Site),
		whose: joined(" · ", whose, r.SSID, simulated),
		notes: joined(" · ", cut, gaps, clipped),
	}
}
