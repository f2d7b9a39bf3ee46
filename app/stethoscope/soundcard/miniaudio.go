//go:build cgo && !headless

package soundcard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"unsafe"

	"github.com/gen2brain/malgo"

	"vitalien/app/stethoscope"
	"vitalien/fhirmap"
)

// formats are the encodings that miniaudio knows, on machines that have the
// lowest byte first, as all do that the program is built for.
var formats = map[string]malgo.FormatType{
	"u8": malgo.FormatU8, "s16le": malgo.FormatS16, "s24le": malgo.FormatS24, "s32le": malgo.FormatS32, "f32le": malgo.FormatF32,
}

// waiting is how many blocks the sound system may be ahead: some seconds.
const waiting = 256

// Open begins to listen.
func (s Source) Open(context.Context) (stethoscope.Stream, error) {
	format, known := formats[s.Sound.Encoding]
	if !known {
		return nil, fault("a sound input has no samples of the form "+s.Sound.Encoding, nil)
	}
	var backends []malgo.Backend
	if s.null {
		backends = []malgo.Backend{malgo.BackendNull + 1} // malgo forgets that a custom one stands before it
	}
	system, err := malgo.InitContext(backends, malgo.ContextConfig{}, nil)
	if err != nil {
		return nil, fault("there is no sound system", err)
	}
	c := &capture{system: system, blocks: make(chan block, waiting), ended: make(chan struct{})}
	if c.device, err = s.listen(c, format); err != nil {
		c.free()
		return nil, err
	}
	return c, nil
}

func (s Source) listen(c *capture, format malgo.FormatType) (*malgo.Device, error) {
	config := malgo.DefaultDeviceConfig(malgo.Capture)
	config.Capture.Format, config.Capture.Channels = format, uint32(s.Sound.Channels)
	config.SampleRate = uint32(s.Sound.Rate)
	config.Alsa.NoMMap = 1 // which some drivers do badly (miniaudio, ma_device_config)
	if s.Name != "" {
		id, err := c.find(s.Name)
		if err != nil {
			return nil, err
		}
		var pinned runtime.Pinner
		defer pinned.Unpin()
		pinned.Pin(id)
		config.Capture.DeviceID = unsafe.Pointer(id)
	}
	device, err := malgo.InitDevice(c.system.Context, config, malgo.DeviceCallbacks{Data: c.heard, Stop: c.stopped})
	if err != nil {
		return nil, fault("the sound input cannot be opened", err)
	}
	if err := device.Start(); err != nil {
		device.Uninit()
		return nil, fault("the sound input cannot be started", err)
	}
	return device, nil
}

// A capture is a sound input that is listened to.
type capture struct {
	system *malgo.AllocatedContext
	device *malgo.Device
	blocks chan block
	ended  chan struct{} // closed when the input is gone, or closed
	end    sync.Once
	lost   int64  // samples for which there was no room; belongs to heard
	rest   []byte // of a block; belongs to Next
}

type block struct {
	sound []byte
	lost  int64 // samples before it
}

func (c *capture) find(name string) (*malgo.DeviceID, error) {
	inputs, err := c.system.Devices(malgo.Capture)
	if err != nil {
		return nil, fault("the sound inputs cannot be listed", err)
	}
	for i := range inputs {
		if inputs[i].Name() == name {
			return &inputs[i].ID, nil
		}
	}
	return nil, fault(fmt.Sprintf("there is no sound input %q", name), nil)
}

// heard is called in a thread of the sound system, which must not wait.
func (c *capture) heard(_, sound []byte, samples uint32) {
	select {
	case c.blocks <- block{bytes.Clone(sound), c.lost}:
		c.lost = 0
	default:
		c.lost += int64(samples)
	}
}

func (c *capture) stopped() { c.end.Do(func() { close(c.ended) }) }

// Next implements stethoscope.Stream. What the sound system itself has lost it
// does not tell.
func (c *capture) Next(p []byte) (n int, lost int64, err error) {
	if lost = -1; len(c.rest) == 0 {
		select {
		case b := <-c.blocks:
			if c.rest = b.sound; b.lost > 0 {
				lost = b.lost
			}
		case <-c.ended:
			return 0, 0, io.EOF
		}
	}
	n = copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, lost, nil
}

// Close implements stethoscope.Stream.
func (c *capture) Close() error {
	c.stopped()
	c.device.Uninit()
	return c.free()
}

func (c *capture) free() error {
	err := c.system.Uninit()
	c.system.Free()
	return err
}

func fault(english string, cause error) error {
	if cause == nil {
		cause = errors.New("see the sound settings of the system")
	}
	return &fhirmap.Fault{
		Code: "no_sound", English: english, Cause: cause, Temporary: true,
		French: "L’entrée son du stéthoscope ne peut pas être utilisée. Vérifiez qu’il est branché, et son nom dans les réglages de son du poste.",
	}
}
