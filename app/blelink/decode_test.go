package blelink

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
)

var paris = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	return zone
}()

func unhex(text string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// summary is a measurement in one line: what a test wants to say of it.
func summary(m fhirmap.Measurement) string {
	parts := []string{string(m.Type)}
	for _, r := range m.Readings {
		value := string(r.Absent)
		if r.Value != nil {
			value = r.Value.String()
		}
		part := string(r.Type) + "=" + value + " " + r.Unit.UCUM
		if r.MDC != (fhirmap.Code{}) {
			part += " " + r.MDC.Display
		}
		parts = append(parts, part)
	}
	if !m.Time.IsZero() {
		parts = append(parts, m.Time.Format(time.RFC3339))
	}
	if m.TimeUnknown {
		parts = append(parts, "time unknown")
	}
	for _, q := range m.Quality {
		parts = append(parts, string(q))
	}
	if m.Meal != "" {
		parts = append(parts, string(m.Meal))
	}
	if m.Origin != "" {
		parts = append(parts, string(m.Origin))
	}
	if m.Status != fhirmap.StatusFinal {
		parts = append(parts, string(m.Status))
	}
	if m.Test {
		parts = append(parts, "test")
	}
	return strings.Join(parts, " | ")
}

var testContext = Context{
	Device:   fhirmap.Device{ID: "5da0709c1b23d30019e47f7f", Name: "Cabinet"},
	Received: time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC), Zone: paris,
}

func decoded(name, model string, frames ...[]byte) (lines []string, err error) {
	list, err := Decode(name, model, frames, testContext)
	for i := range list {
		lines = append(lines, summary(list[i]))
	}
	return lines, err
}

// An exchange is frames of one characteristic or format and what they say.
type exchange struct {
	format, model string
	frames        []string
	want          []string
}

func (x *exchange) bytes() (frames [][]byte) {
	for _, f := range x.frames {
		frames = append(frames, unhex(f))
	}
	return frames
}

// exchanges are of every format, by name. Those taken from others say from
// whom; the rest was written by the specifications named in the decoders.
var exchanges = gather(profileExchanges, scaleExchanges, oximeterExchanges, glucoseExchanges, makerExchanges)

func gather(tables ...map[string]exchange) map[string]exchange {
	all := map[string]exchange{}
	for _, table := range tables {
		for name, x := range table {
			if _, twice := all[name]; twice {
				panic(name)
			}
			all[name] = x
		}
	}
	return all
}

func TestDecode(t *testing.T) {
	for name, x := range exchanges {
		t.Run(name, func(t *testing.T) {
			lines, err := decoded(x.format, x.model, x.bytes()...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(x.want, lines); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDecode_EveryFormatHasAnExchange keeps the tables whole.
func TestDecode_EveryFormatHasAnExchange(t *testing.T) {
	for _, f := range Formats() {
		used := false
		for _, x := range exchanges {
			used = used || NewDecoder(x.format, "") != nil && (strings.EqualFold(x.format, f.Name) || x.format == f.UUID)
		}
		if !used {
			t.Errorf("%s (%s) is in no test", f.Name, f.Title)
		}
	}
}

// TestDecode_LengthsThatLie: of a frame that was cut short, or goes on too
// long, nothing comes but what the whole one said.
func TestDecode_LengthsThatLie(t *testing.T) {
	for name, x := range exchanges {
		frames := x.bytes()
		last := frames[len(frames)-1]
		for n := range len(last) + 20 {
			if n == len(last) {
				continue
			}
			lying := slices.Clone(frames)
			lying[len(lying)-1] = append(slices.Clone(last[:min(n, len(last))]), make([]byte, max(n-len(last), 0))...)
			lines, err := decoded(x.format, x.model, lying...)
			for _, line := range lines {
				if err == nil && !slices.Contains(x.want, line) {
					t.Errorf("%s: of %d bytes of %d came %s", name, n, len(last), line)
				}
			}
		}
	}
}

// TestDecode_FramesInPieces: the decoders of frames without a length of their
// own are the only ones that take a frame of another length.
func TestDecode_FramesInPieces(t *testing.T) {
	open := []string{"2A37", "2A24", "2A25", "2A29", "2A60", "jumper-bfs710"}
	for name, x := range exchanges {
		if len(x.want) == 0 || slices.Contains(open, x.format) {
			continue
		}
		frames := x.bytes()
		last := len(frames) - 1
		whole := frames[last]
		for _, frame := range [][]byte{nil, whole[:len(whole)-1], append(slices.Clone(whole), 0)} {
			frames[last] = frame
			if lines, err := decoded(x.format, x.model, frames...); err == nil {
				t.Errorf("%s: %x was taken for %q", name, frame, lines)
			}
		}
	}
}

func TestDecode_Malformed(t *testing.T) {
	for name, x := range malformed {
		t.Run(name, func(t *testing.T) {
			if lines, err := decoded(x.format, x.model, x.bytes()...); err == nil || lines != nil {
				t.Errorf("%q, %v", lines, err)
			}
		})
	}
}

func TestNewDecoder_Names(t *testing.T) {
	for _, name := range []string{"2a35", "2A35", "0x2A35", "0X2a35", "00002a35-0000-1000-8000-00805f9b34fb", "00002A35-0000-1000-8000-00805F9B34FB", "Nonin", strings.ToUpper(noninOximetry)} {
		if NewDecoder(name, "") == nil {
			t.Errorf("%q is not known", name)
		}
	}
	for _, name := range []string{"", "0x", "2a", "2a3", "ffff", "2A51", "2a35-0000-1000-8000-00805f9b34fb", "00002a35", "omron"} {
		if NewDecoder(name, "") != nil {
			t.Errorf("%q is known", name)
		}
	}
	seen := map[string]bool{}
	for _, f := range Formats() {
		for _, name := range []string{f.Name, f.UUID} {
			if name != "" && (seen[name] || NewDecoder(name, "") == nil) {
				t.Errorf("%q: seen before %v", name, seen[name])
			}
			seen[name] = true
		}
		if f.UUID != "" && len(f.UUID) != 36 {
			t.Errorf("%q", f.UUID)
		}
	}
}

// TestDecoder_GoesOn: after a frame that is malformed the next one counts.
func TestDecoder_GoesOn(t *testing.T) {
	for name, x := range exchanges {
		d := NewDecoder(x.format, x.model)
		if _, err := d.Feed(nil, testContext); err == nil && len(x.want) > 0 {
			t.Errorf("%s: nothing is taken for a frame", name)
		}
		var lines []string
		took := func(d Decoded) {
			for _, taken := range d.Taken {
				lines = append(lines, summary(taken.Measurement))
			}
			if d.Stream != nil && d.Stream.HasValue() {
				lines = append(lines, summary(*d.Stream))
			}
		}
		for _, frame := range x.bytes() {
			out, err := d.Feed(frame, testContext)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			took(out)
		}
		took(d.Flush(testContext))
		if diff := cmp.Diff(x.want, lines); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestDecode_UnknownFormat(t *testing.T) {
	if _, err := Decode("2AFF", "", nil, testContext); err != ErrFormat {
		t.Error(err)
	}
	if _, err := decoded("2A35", "", unhex("00bdf00b009ff0"), unhex("00")); err == nil || !strings.Contains(fmt.Sprint(err), "frame 2") {
		t.Errorf("does not say which frame: %v", err)
	}
}
