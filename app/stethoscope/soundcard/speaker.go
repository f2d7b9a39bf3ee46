//go:build cgo && !headless

package soundcard

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"github.com/gen2brain/malgo"
)

// audible are all sound systems but miniaudio's own, which nobody hears.
var audible = []malgo.Backend{
	malgo.BackendWasapi, malgo.BackendDsound, malgo.BackendWinmm, malgo.BackendCoreaudio, malgo.BackendSndio, malgo.BackendAudio4,
	malgo.BackendOss, malgo.BackendPulseaudio, malgo.BackendAlsa, malgo.BackendJack,
}

// afterSound is how long the sound system goes on, for what it holds back.
const afterSound = 200 * time.Millisecond

// Play implements ui.Speaker. Nothing is kept open between two sounds, so that
// what is plugged in later is found. Errors are Faults "no_speaker".
func (s Speaker) Play(ctx context.Context, rate int, samples []int16) error {
	backends := audible
	if s.null {
		backends = []malgo.Backend{malgo.BackendNull + 1} // malgo forgets that a custom one stands before it
	}
	system, err := malgo.InitContext(backends, malgo.ContextConfig{}, nil)
	if err != nil {
		return noSpeaker("there is no sound system", err)
	}
	defer func() {
		system.Uninit()
		system.Free()
	}()
	config := malgo.DefaultDeviceConfig(malgo.Playback)
	config.Playback.Format, config.Playback.Channels, config.SampleRate = malgo.FormatS16, 1, uint32(rate)
	config.Alsa.NoMMap = 1 // which some drivers do badly (miniaudio, ma_device_config)
	p := newPlayback(rate, samples)
	device, err := malgo.InitDevice(system.Context, config, malgo.DeviceCallbacks{Data: p.wanted, Stop: p.stopped})
	if err != nil {
		return noSpeaker("the sound output cannot be opened", err)
	}
	defer device.Uninit()
	if err := device.Start(); err != nil {
		return noSpeaker("the sound output cannot be started", err)
	}
	select {
	case <-p.played:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.ended:
		return noSpeaker("the sound output is gone", nil)
	}
}

// A playback is what is played. Its methods are called in a thread of the sound
// system.
type playback struct {
	rest          []byte
	played, ended chan struct{}
	all, end      sync.Once
}

func newPlayback(rate int, samples []int16) *playback {
	p := &playback{played: make(chan struct{}), ended: make(chan struct{})}
	for _, sample := range samples {
		p.rest = binary.NativeEndian.AppendUint16(p.rest, uint16(sample))
	}
	silence := int(afterSound.Seconds() * float64(rate))
	p.rest = append(p.rest, make([]byte, 2*silence)...)
	return p
}

func (p *playback) wanted(room, _ []byte, _ uint32) {
	n := copy(room, p.rest)
	clear(room[n:])
	if p.rest = p.rest[n:]; len(p.rest) == 0 {
		p.all.Do(func() { close(p.played) })
	}
}

func (p *playback) stopped() { p.end.Do(func() { close(p.ended) }) }

func noSpeaker(english string, cause error) error {
	if cause == nil {
		cause = errors.New("see the sound settings of the system")
	}
	f := faultNoSpeaker
	f.English, f.Cause = english, cause
	return &f
}
