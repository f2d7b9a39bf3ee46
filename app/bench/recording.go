package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vitalien/app/simulator"
)

const (
	recordingRate   = 44_100
	recordingPiece  = 20 * time.Millisecond
	recordingWarmUp = 15 * time.Second
)

// recording is what a recording at 44.1 kHz takes of the machine, for as long as
// it is measured: processor time, and memory, which does not hold the sound.
func recording(b *bench) ([]row, error) {
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	source, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer source.Close()
	go auscultate(ctx, source)
	folder, err := os.MkdirTemp(b.folder, "recording")
	if err != nil {
		return nil, err
	}
	settings := fmt.Sprintf("[stethoscope]\nsource = \"tcp\"\naddress = %q\nrate = %d\nwifi = false\nmax = \"30m\"\n", source.Addr(), recordingRate)
	if err := os.WriteFile(filepath.Join(folder, "config.toml"), []byte(settings), 0o600); err != nil {
		return nil, err
	}
	p, err := b.vitalienIn(folder)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	client, err := connect(p.ready[""])
	if err != nil {
		return nil, err
	}
	defer client.conn.Close()
	client.conn.SetDeadline(time.Now().Add(b.recording + 2*time.Minute))
	if err := client.write(`42["ekuoreStartRecording","ekuorePro_bench"]`); err != nil {
		return nil, err
	}
	return b.watchRecording(p, client)
}

// watchRecording follows the events of the recording until it has been measured.
func (b *bench) watchRecording(p *process, client *reader) ([]row, error) {
	var began, ends time.Duration // of the sound
	var busy time.Duration
	var most int64
	for {
		status, err := client.recording()
		if err != nil {
			return nil, err
		}
		if status.Error != nil || status.Gaps > 0 || status.State != "connecting" && status.State != "recording" {
			return nil, fmt.Errorf("the recording does not go on: %+v", status)
		}
		at := time.Duration(status.Seconds * float64(time.Second))
		if at < recordingWarmUp {
			continue
		}
		memory, err := p.rssAnon()
		if err != nil {
			return nil, err
		}
		if ends == 0 {
			began, ends = at, at+b.recording
			if busy, err = p.cpu(); err != nil {
				return nil, err
			}
		}
		most = max(most, memory)
		if at < ends {
			continue
		}
		after, err := p.cpu()
		if err != nil {
			return nil, err
		}
		share, megabytes := 100*float64(after-busy)/float64(at-began), float64(most)/(1<<20)
		work := fmt.Sprintf("recording at 44.1 kHz, %v: ", b.recording)
		return []row{
			{work: work + "of a core", figure: fmt.Sprintf("%.2f %%", share), value: share, limit: 3, unit: "%", atMost: true},
			{work: work + "RssAnon", figure: fmt.Sprintf("%.1f MB", megabytes), value: megabytes, limit: 40, unit: "MB", atMost: true},
		}, nil
	}
}

// auscultate sends the sound of a heart in real time to whoever connects.
func auscultate(ctx context.Context, source net.Listener) {
	conn, err := source.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	sound := simulator.NewAuscultation(recordingRate, 0, 0, 1)
	tick := time.NewTicker(recordingPiece)
	defer tick.Stop()
	for began, sent := time.Now(), 0; ; {
		due := int(time.Since(began)*recordingRate/time.Second) - sent
		if _, err := conn.Write(sound.Next(due)); err != nil {
			return
		}
		sent += due
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

type recordingStatus struct {
	State   string
	Seconds float64
	Gaps    int
	Error   *struct{ Code string }
}

// recording is the next event of that name.
func (c *reader) recording() (status recordingStatus, err error) {
	for {
		packet, err := c.read()
		if err != nil {
			return status, err
		}
		if body, ok := strings.CutPrefix(string(packet), `42["recording",`); ok {
			return status, json.Unmarshal([]byte(strings.TrimSuffix(body, "]")), &status)
		}
	}
}
