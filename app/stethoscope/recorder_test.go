package stethoscope

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vitalien/fhirmap"
)

// A script is what a source does, step by step, after which it is mute.
type script struct {
	openFor time.Duration // how long it takes to open
	openErr error
	steps   []step
}

type step struct {
	after time.Duration
	sound []byte
	err   error
	panic bool
}

func (script) Format() Format { return phone }

func (s script) Open(ctx context.Context) (Stream, error) {
	select {
	case <-time.After(s.openFor):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return &played{steps: s.steps, closed: make(chan struct{})}, s.openErr
}

type played struct {
	steps  []step
	closed chan struct{}
}

func (p *played) Next(buffer []byte) (n int, lost int64, err error) {
	if len(p.steps) == 0 {
		<-p.closed
		return 0, 0, errors.New("closed")
	}
	next := p.steps[0]
	p.steps = p.steps[1:]
	select {
	case <-time.After(next.after):
	case <-p.closed:
		return 0, 0, errors.New("closed")
	}
	if next.panic {
		panic("a driver that fails")
	}
	return copy(buffer, next.sound), -1, next.err
}

func (p *played) Close() error {
	close(p.closed)
	return nil
}

// steady is d of sound in real time.
func steady(d time.Duration) (steps []step) {
	for i := range int(d / (20 * time.Millisecond)) {
		steps = append(steps, step{after: 20 * time.Millisecond, sound: counted(160*i, 160)})
	}
	return steps
}

// A cupboard keeps recordings in memory.
type cupboard struct {
	mu              sync.Mutex
	notes, ended    []fhirmap.Recording
	sound           shelf
	noteErr, endErr error
}

func (c *cupboard) Note(r fhirmap.Recording) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notes = append(c.notes, r)
	return c.noteErr
}

func (c *cupboard) Append(_ string, at int64, piece []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sound.keep(at, piece)
}

func (c *cupboard) End(r fhirmap.Recording) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.endErr == nil {
		c.ended = append(c.ended, r)
	}
	return c.endErr
}

// A wifi is joined and left.
type wifi struct {
	mu      sync.Mutex
	joinFor time.Duration
	joinErr error
	in      string
	trail   []string
}

func (w *wifi) Join(ctx context.Context, ssid string) (func(context.Context) error, error) {
	select {
	case <-time.After(w.joinFor):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if w.joinErr != nil {
		return nil, w.joinErr
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.in, w.trail = ssid, append(w.trail, "join "+ssid)
	return func(context.Context) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.in, w.trail = "", append(w.trail, "leave")
		return nil
	}, nil
}

// A stage is a Recorder with all that is around it.
type stage struct {
	*Recorder
	kept *cupboard
	wifi *wifi
	mu   sync.Mutex
	told []Status
}

func newStage(source Source, change ...func(*Options)) *stage {
	s := &stage{kept: &cupboard{}, wifi: &wifi{}}
	o := Options{Source: source, Network: s.wifi, Keeper: s.kept, Limit: time.Minute, OnChange: func(now Status) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told = append(s.told, now)
	}}
	for _, c := range change {
		c(&o)
	}
	s.Recorder = New(o)
	return s
}

// over waits until the recording under way, if there is one, has ended by
// itself, and gives what was told last, and the states on the way.
func (s *stage) over() (last Status, states []State) {
	if now := s.current(); now != nil {
		<-now.done
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, told := range s.told {
		if len(states) == 0 || states[len(states)-1] != told.State {
			states = append(states, told.State)
		}
		last = told
	}
	return last, states
}

func (s *stage) mustStart(t *testing.T) (begun func(context.Context) error) {
	t.Helper()
	begun, err := s.Start("r1", "ekuorePro_1", "")
	if err != nil {
		t.Fatal(err)
	}
	return begun
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return fhirmap.FaultOf(err).Code
}

func TestRecorder_StartStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(script{openFor: time.Second, steps: steady(time.Minute)})
		began := time.Now()
		if err := s.mustStart(t)(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10*time.Second + 5*time.Millisecond)
		stored, err := s.Stop()
		if err != nil {
			t.Fatal(err)
		}
		status, err := stored(t.Context())
		if err != nil || status.State != Stopped || !status.Kept || status.Fault != nil {
			t.Errorf("%+v, %v", status, err)
		}
		last, states := s.over()
		if last != status || !slices.Equal(states, []State{Connecting, Recording, Saving, Stopped}) {
			t.Errorf("%v, then %+v", states, last)
		}
		if len(s.kept.ended) != 1 {
			t.Fatal(s.kept.ended)
		}
		r := s.kept.ended[0]
		if r.Samples != 80_160 || r.Duration() != status.Length || r.CutShort != "" || r.Gaps != nil || r.SSID != "ekuorePro_1" ||
			!r.Start.Equal(began.Add(time.Second+20*time.Millisecond)) || r.Validate() != nil {
			t.Errorf("%+v, %v", r, r.Validate())
		}
		if !slices.Equal(s.wifi.trail, []string{"join ekuorePro_1", "leave"}) {
			t.Error(s.wifi.trail)
		}
		if _, err := s.Stop(); codeOf(err) != "not_recording" {
			t.Error(err)
		}
	})
}

func TestRecorder_RefusesToStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if _, err := newStage(nil).Start("r1", "ekuorePro_1", ""); codeOf(err) != "no_stethoscope" {
			t.Error(err)
		}
		s := newStage(script{})
		if _, err := s.Start("r1", "cabinet", ""); codeOf(err) != "unknown_ssid" {
			t.Error(err)
		}
		s.mustStart(t)
		if _, err := s.Start("r2", "ekuorePro_2", ""); codeOf(err) != "already_recording" {
			t.Error(err)
		}
		s.Close()
		if _, err := s.Start("r3", "ekuorePro_1", ""); codeOf(err) != "no_stethoscope" {
			t.Error(err)
		}
	})
}

// TestRecorder_Ends: however a recording ends, people are told why, what came is
// kept, and the computer is back in its network.
func TestRecorder_Ends(t *testing.T) {
	full := func(s *stage) { s.kept.sound.full = 20_000 }
	silent := steady(3 * time.Second)
	for i := range silent {
		silent[i].sound = make([]byte, 320)
	}
	doubled := steady(time.Minute)
	for i := range doubled {
		doubled[i].sound = counted(320*i, 320)
	}
	for name, q := range map[string]struct {
		source script
		change func(*stage)
		state  State
		code   string // of the fault
		begun  string // what the start is answered
		kept   int64  // samples
	}{
		"limit":                         {script{steps: steady(2 * time.Minute)}, nil, Stopped, "", "", 480_000},
		"the source ends":               {script{steps: append(steady(2*time.Second), step{err: io.EOF})}, nil, Stopped, "no_sound", "", 16_000},
		"the source breaks":             {script{steps: append(steady(2*time.Second), step{err: io.ErrUnexpectedEOF})}, nil, Stopped, "no_sound", "", 16_000},
		"the source stalls":             {script{steps: steady(2 * time.Second)}, nil, Stopped, "no_sound", "", 16_000},
		"the source stalls and goes on": {script{steps: append(append(steady(2*time.Second), step{after: 3 * time.Second}), steady(time.Second)...)}, nil, Stopped, "no_sound", "", 48_000},
		"the source doubles its rate":   {script{steps: append(steady(2*time.Second), doubled...)}, nil, Stopped, "wrong_rate", "", -1},
		"the source fails":              {script{steps: append(steady(2*time.Second), step{panic: true})}, nil, Stopped, "no_sound", "", 16_000},
		"silence":                       {script{steps: append(silent, step{err: io.EOF})}, nil, Stopped, "no_sound", "", 24_000},
		"no sound":                      {script{}, nil, Failed, "no_sound", "no_sound", 0},
		"not reached":                   {script{openErr: errors.New("refused")}, nil, Failed, "no_sound", "no_sound", 0},
		"reached too late":              {script{openFor: time.Hour}, nil, Failed, "no_sound", "no_sound", 0},
		"ends before any sound":         {script{steps: []step{{err: io.EOF}}}, nil, Failed, "no_sound", "no_sound", 0},
		"wifi refused":                  {script{}, func(s *stage) { s.wifi.joinErr = wifiRefused("no", nil) }, Failed, "wifi_refused", "wifi_refused", 0},
		"disk full":                     {script{steps: steady(time.Minute)}, full, Stopped, "disk_full", "", 8000},
		"disk full from the first":      {script{steps: steady(time.Minute)}, func(s *stage) { s.kept.noteErr = errFull }, Failed, "disk_full", "disk_full", 0},
		"disk full at the first piece":  {script{steps: steady(time.Minute)}, func(s *stage) { s.kept.sound.full = 1 }, Failed, "disk_full", "", 0},
		"disk full at the end":          {script{steps: steady(2 * time.Minute)}, func(s *stage) { s.kept.endErr = errFull }, Failed, "disk_full", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(q.source)
				if q.change != nil {
					q.change(s)
				}
				if err := s.mustStart(t)(t.Context()); codeOf(err) != q.begun {
					t.Errorf("answered %v, want %q", err, q.begun)
				}
				last, _ := s.over()
				code := ""
				if last.Fault != nil {
					code = last.Fault.Code
					if last.Fault.French == "" || strings.Contains(last.Fault.French, "«") && !strings.Contains(last.Fault.French, "\u00a0") {
						t.Errorf("%+v", last.Fault)
					}
				}
				if last.State != q.state || code != q.code || last.Kept != (q.state == Stopped) {
					t.Errorf("%+v, %q; want %s, %q", last, code, q.state, q.code)
				}
				if q.state == Failed {
					if len(s.kept.ended) != 0 {
						t.Errorf("kept %+v", s.kept.ended)
					}
				} else if r := s.kept.ended[0]; r.Validate() != nil || q.kept >= 0 && r.Samples != q.kept || int64(len(s.kept.sound.sound)) != 2*r.Samples || r.CutShort != q.code {
					t.Errorf("%d samples of %d bytes, cut short by %q: %v", r.Samples, len(s.kept.sound.sound), r.CutShort, r.Validate())
				}
				if s.wifi.in != "" {
					t.Error("still in the network of the stethoscope")
				}
			})
		})
	}
}

// TestRecorder_StopAtEachStep: it can be given up at any time, and at once.
func TestRecorder_StopAtEachStep(t *testing.T) {
	for name, q := range map[string]struct {
		source script
		join   time.Duration
	}{
		"joining":           {script{steps: steady(time.Minute)}, time.Hour},
		"opening":           {script{openFor: time.Hour}, 0},
		"waiting for sound": {script{steps: []step{{after: time.Hour}}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(q.source)
				s.wifi.joinFor = q.join
				begun := s.mustStart(t)
				time.Sleep(time.Second)
				at := time.Now()
				stored, err := s.Stop()
				if err != nil {
					t.Fatal(err)
				}
				status, err := stored(t.Context())
				if err != nil || status.State != Stopped || status.Kept || status.Fault != nil {
					t.Errorf("%+v, %v", status, err)
				}
				if err := begun(t.Context()); codeOf(err) != "not_recording" {
					t.Error(err)
				}
				if took := time.Since(at); took > 0 || s.wifi.in != "" || len(s.kept.notes) > 0 {
					t.Errorf("took %v, in %q, %v", took, s.wifi.in, s.kept.notes)
				}
			})
		})
	}
}

// TestRecorder_TellsAtOnce what people can do something about.
func TestRecorder_TellsAtOnce(t *testing.T) {
	quiet, loud := steady(4*time.Second), steady(2*time.Second)
	for i := range quiet {
		quiet[i].sound = make([]byte, 320)
	}
	for i := range loud {
		loud[i].sound = []byte(strings.Repeat("\xFF\x7F\x00\x80", 80))
	}
	synctest.Test(t, func(t *testing.T) {
		s := newStage(script{steps: slices.Concat(steady(time.Second), quiet, loud, []step{{after: 3 * time.Second}}, steady(3*time.Second), []step{{err: io.EOF}})})
		began := time.Now()
		var silent, clipping, gap time.Duration
		s.o.OnChange = func(now Status) {
			since := time.Since(began)
			switch {
			case silent == 0 && now.State == Recording && now.Fault != nil && now.Fault.Code == "no_sound":
				silent = since
			case clipping == 0 && now.Clipping:
				clipping = since
			case gap == 0 && now.Gaps == 1:
				gap = since
			}
		}
		s.mustStart(t)
		s.over()
		for name, q := range map[string][3]time.Duration{
			"silence": {silent, 3 * time.Second, 3300 * time.Millisecond}, "clipping": {clipping, 6 * time.Second, 7300 * time.Millisecond},
			"gap": {gap, 10 * time.Second, 11500 * time.Millisecond},
		} {
			if q[0] < q[1] || q[0] > q[2] {
				t.Errorf("%s is told after %v, want %v to %v", name, q[0], q[1], q[2])
			}
		}
		if r := s.kept.ended[0]; !r.Clipped || len(r.Gaps) != 1 {
			t.Errorf("%+v", r)
		}
		if n := len(s.kept.notes); n != 2 || len(s.kept.notes[1].Gaps) != 1 {
			t.Errorf("%d notes", n)
		}
	})
}

// TestRecorder_Cut: what comes after it is not part of the recording.
func TestRecorder_Cut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(script{steps: steady(time.Minute)})
		s.Cut() // nothing
		s.mustStart(t)
		time.Sleep(2*time.Second + time.Millisecond)
		s.Cut()
		last, _ := s.over()
		if r := s.kept.ended[0]; r.Samples != 16_000 || !last.Kept || last.Fault != nil {
			t.Errorf("%d samples, %+v", r.Samples, last)
		}
	})
}

// TestRecorder_Close keeps what has come.
func TestRecorder_Close(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(script{steps: steady(time.Minute)})
		s.mustStart(t)
		time.Sleep(2*time.Second + time.Millisecond)
		if wave := s.Wave(); len(wave) != 200 {
			t.Errorf("%d bars", len(wave))
		}
		s.Close()
		if len(s.kept.ended) != 1 || s.kept.ended[0].Samples != 16_000 || s.wifi.in != "" {
			t.Errorf("%+v", s.kept.ended)
		}
		if s.Wave() != nil {
			t.Error("a wave of nothing")
		}
	})
}

// A faulty cupboard panics when it is given something.
type faulty struct{ cupboard }

func (*faulty) Append(string, int64, []byte) error { panic("a store that fails") }

// TestRecorder_KeeperPanics: the recording ends, and nothing else does.
func TestRecorder_KeeperPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(script{steps: steady(time.Minute)}, func(o *Options) { o.Keeper = &faulty{} })
		s.mustStart(t)
		if last, _ := s.over(); last.State != Failed || last.Fault.Code != "internal" || s.wifi.in != "" {
			t.Errorf("%+v in %q", last, s.wifi.in)
		}
		s.o.Keeper = s.kept
		s.mustStart(t)
		s.Close()
	})
}
