package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"vitalien/app/simulator"
	"vitalien/fhirmap"
)

const (
	windowBeds   = 16
	windowRounds = 5
	windowWarmUp = 20 * time.Second // until the window is drawn and some points are there
	shownLimit   = 10               // % of a core
	hiddenLimit  = 0.2              // %: what two programs that do the same differ by
	clickLimit   = 50               // ms
	flatLimit    = 1.05             // × the memory of before
)

// windowed is what the window takes of a core, with a ward of beds that send each
// second, drawn in software: shown, and hidden, each beside the same program
// without a window at the same time. Then it clicks on the one that is shown.
func windowed(b *bench) ([]row, error) {
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	var serving sync.WaitGroup
	defer serving.Wait()
	defer cancel()
	settings, err := bedsAtOnce(ctx, &serving)
	if err != nil {
		return nil, err
	}
	display, err := b.virtualDisplay(ctx)
	if err != nil {
		return nil, err
	}
	defer display.close()
	var programs [3]*process
	for i, how := range [][]string{{"--headless"}, {"--minimized"}, nil} {
		if programs[i], err = b.onDisplay(settings, display.name, how...); err != nil {
			return nil, err
		}
		defer programs[i].stop()
	}
	if err := b.wait(windowWarmUp); err != nil {
		return nil, err
	}
	var none, hidden, shown []float64
	for range windowRounds {
		busy, err := b.busy(b.ward/windowRounds, programs[:])
		if err != nil {
			return nil, err
		}
		none, hidden, shown = append(none, busy[0]), append(hidden, busy[1]-busy[0]), append(shown, busy[2]-busy[0])
	}
	clicks, err := display.clicks(ctx)
	if err != nil {
		return nil, err
	}
	work, bare := fmt.Sprintf("%d beds at 1 Hz, %v: window ", windowBeds, b.ward), fmt.Sprintf("no window %.2f %%", median(none))
	share := func(what string, more []float64, limit float64) row {
		return row{
			work: work + what + ", of a core", figure: fmt.Sprintf("%.2f %%", median(none)+median(more)), baseline: bare,
			value: median(more), limit: limit, unit: "%", atMost: true,
		}
	}
	rows := []row{
		share("shown", shown, shownLimit), share("hidden", hidden, hiddenLimit),
		{
			work: fmt.Sprintf("%d beds at 1 Hz: from a click to its page", windowBeds), figure: millis(median(clicks)), p99: millis(quantile(clicks, 0.99)),
			value: float64(median(clicks)) / float64(time.Millisecond), limit: clickLimit, unit: "ms", atMost: true,
		},
	}
	if b.window > 0 {
		flat, err := b.flat(programs[2])
		if err != nil {
			return nil, err
		}
		rows = append(rows, flat)
	}
	return rows, nil
}

// flat is whether the memory of a program with a window grows: the last third of
// a long time beside the second.
func (b *bench) flat(p *process) (row, error) {
	const every = 5 * time.Second
	var memory []float64
	for range b.window / every {
		if err := b.wait(every); err != nil {
			return row{}, err
		}
		now, err := p.rssAnon()
		if err != nil {
			return row{}, err
		}
		memory = append(memory, float64(now)/(1<<20))
	}
	third := len(memory) / 3
	first, second, last := median(memory[:min(third, int(2*time.Minute/every))]), median(memory[third:2*third]), median(memory[2*third:])
	return row{
		work:   fmt.Sprintf("%d beds at 1 Hz, %v: window shown, RssAnon", windowBeds, b.window),
		figure: fmt.Sprintf("%.1f MB", last), baseline: fmt.Sprintf("first 2 min %.1f MB, 2nd third %.1f MB", first, second),
		value: last / second, limit: flatLimit, unit: "×", atMost: true,
	}, nil
}

// bedsAtOnce starts the monitors, and gives the settings that name them.
func bedsAtOnce(ctx context.Context, serving *sync.WaitGroup) (string, error) {
	var settings strings.Builder
	for i := range windowBeds {
		m, err := simulator.ListenMonitor(ctx, simulator.MonitorOptions{
			Listen: "127.0.0.1:0", Name: "Moniteur simulé", Bed: fmt.Sprint(i + 1), Department: "BENCH", Seed: uint64(i + 1), PressureEvery: time.Minute,
			Patient: &fhirmap.Patient{ID: fmt.Sprint("BENCH-", i+1), Family: "Démonstration", BirthDate: "1954-07-02", Sex: "female"},
		})
		if err != nil {
			return "", err
		}
		serving.Go(func() { m.Serve(ctx) })
		fmt.Fprintf(&settings, "[[hl7.monitor]]\naddress = %q\n", m.Address())
	}
	return settings.String(), nil
}

// onDisplay starts the program on a display, in one of its forms.
func (b *bench) onDisplay(settings, display string, how ...string) (*process, error) {
	folder, err := os.MkdirTemp(b.folder, "window")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(folder, "config.toml"), []byte(settings), 0o600); err != nil {
		return nil, err
	}
	if folder, err = filepath.Abs(folder); err != nil { // relative ones are no settings
		return nil, err
	}
	known := filepath.Join(folder, "fyne", "fr.vitalien.desktop")
	if err := errors.Join(os.MkdirAll(known, 0o700), os.WriteFile(filepath.Join(known, "preferences.json"), []byte(`{"welcome.shown":true}`), 0o600)); err != nil {
		return nil, err
	}
	command := []string{"XDG_CONFIG_HOME=" + folder, "DISPLAY=" + display, "LIBGL_ALWAYS_SOFTWARE=1", b.program, "--data-dir", folder, "--listen", "localhost:0"}
	return b.start(1, "env", append(command, how...)...)
}

// busy gives the parts of a core that programs take in a time, in percent.
func (b *bench) busy(during time.Duration, programs []*process) ([]float64, error) {
	before, began := make([]time.Duration, len(programs)), time.Now()
	for i, p := range programs {
		var err error
		if before[i], err = p.cpu(); err != nil {
			return nil, err
		}
	}
	if err := b.wait(during); err != nil {
		return nil, err
	}
	parts := make([]float64, len(programs))
	for i, p := range programs {
		after, err := p.cpu()
		if err != nil {
			return nil, err
		}
		parts[i] = 100 * float64(after-before[i]) / float64(time.Since(began))
	}
	return parts, nil
}

func (b *bench) wait(d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
}
