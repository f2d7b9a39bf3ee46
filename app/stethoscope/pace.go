package stethoscope

import "time"

// When sound has stopped, is missing, or is not what the settings say.
const (
	stallAfter = 400 * time.Millisecond // without sound
	settled    = time.Second            // after a stall, since it last caught up
	catchingUp = 50 * time.Millisecond  // less is no catching up
	tolerated  = 100 * time.Millisecond // of delay after a stall: less is not missing
	drift      = 3 * time.Second        // between the clock and the sound, either way
)

// A pace compares how much sound has come with how much time has passed, since
// nothing in bare samples tells that some are missing. Sound that only came
// late is there in the end; how far it stays behind the clock after a stall is
// what is missing.
type pace struct {
	format Format
	began  time.Time
	first  int64 // samples that came at began
	got    int64 // samples that came, or are accounted for as missing
	last   time.Time
	lag    int64 // samples behind the clock at last

	stalled  bool  // sound has come back, and how much is missing is not known yet
	before   int64 // lag before the stall
	least    int64 // lag since
	improved time.Time
}

// A verdict is what to do with sound that has come.
type verdict struct {
	gap     int64 // samples that are missing before everything held back
	release bool  // what was held back, behind the gap
	hold    bool  // back this sound, until it is known what is missing before it
}

// arrived takes note of n samples that came at now. exact: the source itself
// tells what is missing.
func (p *pace) arrived(now time.Time, n int64, exact bool) (v verdict) {
	if p.began.IsZero() {
		p.began, p.first = now, n
	} else if now.Sub(p.last) >= stallAfter && !exact {
		v = verdict{p.settle(), true, false}
		p.stalled, p.before, p.least, p.improved = true, p.lag, 1<<62, now
	}
	p.got += n
	p.last = now
	p.lag = p.first + p.format.samples(now.Sub(p.began)) - p.got
	if !p.stalled {
		return v
	}
	if p.lag < p.least-p.format.samples(catchingUp) {
		p.least, p.improved = p.lag, now
	}
	if v.hold = now.Sub(p.improved) < settled; !v.hold {
		v.gap, v.release = p.settle(), true
	}
	return v
}

// settle decides how much is missing since the stall.
func (p *pace) settle() (gap int64) {
	if !p.stalled {
		return 0
	}
	p.stalled = false
	if gap = p.least - p.before; gap <= p.format.samples(tolerated) {
		return 0
	}
	p.got += gap
	p.lag -= gap
	return gap
}

// missed accounts for samples that the source itself says are missing.
func (p *pace) missed(n int64) { p.got += n }

// wrong tells why the sound cannot have the rate of its format; empty: it can.
func (p *pace) wrong() string {
	switch most := p.format.samples(drift); {
	case p.lag < -most:
		return "sound comes faster than its rate"
	case p.lag > most && !p.stalled:
		return "sound comes slower than its rate, or a part of it is lost"
	}
	return ""
}
