package stethoscope

import (
	"slices"
	"time"

	"vitalien/fhirmap"
)

// pieceLength is how much sound is handed on at a time: what a crash costs at
// most.
const pieceLength = 500 * time.Millisecond

// A take is the sound of one recording as it is put together.
type take struct {
	format Format
	limit  int64 // samples
	keep   func(at int64, piece []byte) error

	pace  pace
	meter *meter
	rest  []byte // of a sample that has not come whole
	held  []byte // whole samples, until it is known what is missing before them

	piece   []byte // not handed on yet
	kept    int64  // bytes handed on
	samples int64  // in kept and piece
	gaps    []fhirmap.SoundGap
}

func newTake(f Format, limit time.Duration, keep func(int64, []byte) error) *take {
	return &take{format: f, limit: f.samples(limit), keep: keep, pace: pace{format: f}, meter: newMeter(f)}
}

// full tells that the limit is reached.
func (t *take) full() bool { return t.samples >= t.limit }

// add takes over sound that came at now. lost is how many samples the source
// says are missing before it; negative: it cannot know. Errors are those of
// keep, or the Fault wrong_rate.
func (t *take) add(now time.Time, sound []byte, lost int64) error {
	whole := sound
	if len(t.rest) > 0 {
		whole = append(t.rest, sound...)
	}
	n := len(whole) / t.format.frame() * t.format.frame()
	whole, t.rest = whole[:n:n], append([]byte(nil), whole[n:]...)
	if lost > 0 {
		t.pace.missed(lost)
		if err := t.miss(lost); err != nil {
			return err
		}
	}
	v := t.pace.arrived(now, int64(n/t.format.frame()), lost >= 0)
	if v.release {
		if err := t.release(v.gap); err != nil {
			return err
		}
	}
	if why := t.pace.wrong(); why != "" {
		return wrongRate(why)
	}
	if v.hold {
		t.held = append(t.held, whole...)
		return nil
	}
	return t.take(whole)
}

// finish decides what is not decided yet, and hands on everything.
func (t *take) finish() error {
	if err := t.release(t.pace.settle()); err != nil {
		return err
	}
	return t.flush()
}

// release takes over what was held back, behind a gap.
func (t *take) release(gap int64) error {
	held := t.held
	t.held = nil
	if err := t.miss(gap); err != nil {
		return err
	}
	return t.take(held)
}

// miss puts silence in the place of n samples.
func (t *take) miss(n int64) error {
	if n = min(n, t.limit-t.samples); n <= 0 {
		return nil
	}
	t.gaps = append(t.gaps, fhirmap.SoundGap{At: t.samples, Samples: n})
	t.meter.gap()
	for n > 0 {
		part := min(n, t.format.samples(pieceLength))
		if err := t.put(t.format.silence(part)); err != nil {
			return err
		}
		n -= part
	}
	return nil
}

// take takes over whole samples.
func (t *take) take(sound []byte) error {
	sound = sound[:min(int64(len(sound)), (t.limit-t.samples)*int64(t.format.frame()))]
	t.meter.add(sound)
	t.format.toWAV(sound)
	for most := t.pieceBytes(); len(sound) > 0; {
		part := sound[:min(len(sound), most)]
		if err := t.put(part); err != nil {
			return err
		}
		sound = sound[len(part):]
	}
	return nil
}

func (t *take) pieceBytes() int { return int(t.format.samples(pieceLength)) * t.format.frame() }

func (t *take) put(sound []byte) error {
	t.piece = append(t.piece, sound...)
	t.samples += int64(len(sound) / t.format.frame())
	if len(t.piece) < t.pieceBytes() {
		return nil
	}
	return t.flush()
}

// flush hands on what has not been. What cannot be is not part of the
// recording.
func (t *take) flush() error {
	if len(t.piece) == 0 {
		return nil
	}
	err := t.keep(t.kept, t.piece)
	if err == nil {
		t.kept += int64(len(t.piece))
	}
	t.piece = t.piece[:0]
	t.samples = t.kept / int64(t.format.frame())
	return err
}

// describe adds to r what the take knows.
func (t *take) describe(r *fhirmap.Recording) {
	r.Rate, r.Channels, r.Encoding = t.format.Rate, t.format.Channels, t.format.Encoding
	r.Samples, r.Gaps = t.samples, slices.Clone(t.gaps)
	reading := t.meter.read()
	r.Clipped, r.HeartHint = reading.clipped, reading.hint
}
