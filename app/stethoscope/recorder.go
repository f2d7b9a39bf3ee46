package stethoscope

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"vitalien/fhirmap"
)

// DefaultLimit is how long a recording is at most, if nothing else is said.
const DefaultLimit = 120 * time.Second

// A Keeper stores sound while it comes.
type Keeper interface {
	// Note is called when the first sound has come, and when something is missing
	// in it. From its first return on, what Append has taken is found again after a
	// crash, with what the last Note said.
	Note(r fhirmap.Recording) error
	// Append stores a piece of the sound of id, which has at bytes so far.
	Append(id string, at int64, piece []byte) error
	// End stores r as finished. It is called once, if anything was appended.
	End(r fhirmap.Recording) error
}

// A Network takes this computer into the Wi-Fi of a stethoscope.
type Network interface {
	// Join returns once the computer is in the network ssid. leave returns to what
	// was there before; it is called once. When ctx ends, or on an error, Join
	// itself leaves nothing changed. Errors are Faults wifi_refused.
	Join(ctx context.Context, ssid string) (leave func(ctx context.Context) error, err error)
}

// Options are what a Recorder is made of.
type Options struct {
	Source  Source  // nil: no stethoscope is set up
	Network Network // nil: the source is reached without one
	Keeper  Keeper
	Limit   time.Duration // of a recording; 0: DefaultLimit
	Test    bool          // the source is a simulated stethoscope
	Logger  *slog.Logger
	Now     func() time.Time // nil: time.Now
	// OnChange is told each new Status, in order. It must not wait for the Recorder.
	OnChange func(Status)
}

// A State is how far a recording is.
type State string

// The states of the contract.
const (
	Connecting State = "connecting" // joining the Wi-Fi, waiting for the first sound
	Recording  State = "recording"
	Saving     State = "saving"  // storing the end, returning to the former network
	Stopped    State = "stopped" // there may be no sound, when it was stopped early
	Failed     State = "failed"  // nothing was kept
)

// A Status is what people and clients are told of a recording.
type Status struct {
	ID     string
	SSID   string
	State  State
	Length time.Duration // of the sound so far
	Kept   bool          // the sound is in the record
	// Fault is why it failed, or was cut short. While it records: what is wrong
	// at the moment, no_sound.
	Fault     *fhirmap.Fault
	Clipping  bool    // too loud, in the last second
	Gaps      int     // pieces of sound that are missing
	HeartHint int     // beats per minute; 0: none
	Level     float32 // the loudest of the last moment, 0 to 1
}

// Active tells whether the recording is under way.
func (s Status) Active() bool {
	return s.State == Connecting || s.State == Recording || s.State == Saving
}

// A Recorder makes recordings, one at a time. Its methods are safe for
// concurrent use.
type Recorder struct {
	o Options

	mu      sync.Mutex
	session *session // nil: none is under way
	closed  bool
}

// New prepares a Recorder.
func New(o Options) *Recorder {
	if o.Limit == 0 {
		o.Limit = DefaultLimit
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnChange == nil {
		o.OnChange = func(Status) {}
	}
	return &Recorder{o: o}
}

// Start begins a recording with the stethoscope of that network, under an id
// that is new. It returns at once; begun waits until sound comes and says why
// none did. Errors are the Faults no_stethoscope, unknown_ssid and
// already_recording.
func (r *Recorder) Start(id, ssid, site string) (begun func(context.Context) error, err error) {
	if r.o.Source == nil {
		return nil, noStethoscope()
	}
	if err := CheckSSID(ssid); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, noStethoscope()
	}
	if r.session != nil {
		return nil, alreadyRecording()
	}
	s := newSession(&r.o, fhirmap.Recording{ID: id, SSID: ssid, Site: site, Device: DeviceOf(ssid), Test: r.o.Test})
	r.session = s
	s.publish()
	go func() {
		defer close(s.done)
		s.run()
		r.mu.Lock() // whoever is told that it is over can start the next
		defer r.mu.Unlock()
		r.session = nil
		s.publish()
	}()
	return s.wait, nil
}

func (r *Recorder) current() *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.session
}

// Stop ends the recording that is under way; one that waits for sound is given
// up. It returns at once; stored waits until the sound is stored, and its errors
// are why it could not be, and that of ctx. The errors of Stop are the Faults
// no_stethoscope and not_recording.
func (r *Recorder) Stop() (stored func(context.Context) (Status, error), err error) {
	if r.o.Source == nil {
		return nil, noStethoscope()
	}
	s := r.current()
	if s == nil {
		return nil, notRecording()
	}
	s.stop()
	return s.ended, nil
}

// Cut ends the recording that is under way, if there is one, without waiting:
// sound that comes from now on is no part of it.
func (r *Recorder) Cut() {
	if s := r.current(); s != nil {
		s.stop()
	}
}

// Close ends the recording that is under way and waits until it is stored. None
// is started any more.
func (r *Recorder) Close() {
	r.mu.Lock()
	r.closed = true
	s := r.session
	r.mu.Unlock()
	if s != nil {
		s.stop()
		<-s.done
	}
}

// Wave is the newest seconds of the recording under way, a Bar for each 10 ms,
// oldest first; empty when none is.
func (r *Recorder) Wave() []Bar {
	if s := r.current(); s != nil {
		return s.wave()
	}
	return nil
}
