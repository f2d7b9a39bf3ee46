package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"vitalien/app/simulator"
	"vitalien/fhirmap"
)

const (
	windowBeds   = 16
	windowWarmUp = 20 * time.Second // until the window is drawn and some points are there
	hiddenLimit  = 2                // %: the toolkit looks for events sixty times a second, whether it shows a window or not
)

// windowed is what the window takes of a core: shown with a ward of beds that
// send each second, drawn in software, and hidden, each beside the same program
// without a window in front of the same beds.
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
	display, err := virtualDisplay(ctx)
	if err != nil {
		return nil, err
	}
	var busy [3]float64
	for i, how := range [][]string{{"--headless"}, {"--minimized"}, nil} {
		if busy[i], err = b.busy(settings, display, how...); err != nil {
			return nil, err
		}
	}
	work := fmt.Sprintf("%d beds at 1 Hz, %v: window ", windowBeds, b.ward)
	bare := fmt.Sprintf("no window %.2f %%", busy[0])
	return []row{
		{work: work + "shown, of a core", figure: fmt.Sprintf("%.2f %%", busy[2]), baseline: bare, value: busy[2] - busy[0], limit: 10, unit: "%", atMost: true},
		{work: work + "hidden, of a core", figure: fmt.Sprintf("%.2f %%", busy[1]), baseline: bare, value: busy[1] - busy[0], limit: hiddenLimit, unit: "%", atMost: true},
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

// virtualDisplay starts an X server in memory until ctx ends, and gives its name.
func virtualDisplay(ctx context.Context) (string, error) {
	server := exec.CommandContext(ctx, "Xvfb", "-displayfd", "1", "-screen", "0", "1400x900x24", "-nolisten", "tcp")
	said, err := server.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := server.Start(); err != nil {
		return "", err
	}
	number, err := bufio.NewReader(said).ReadString('\n')
	go server.Wait()
	if err != nil {
		return "", fmt.Errorf("Xvfb has no display: %w", err)
	}
	return ":" + strings.TrimSpace(number), nil
}

// busy runs the program and gives its part of a core.
func (b *bench) busy(settings, display string, how ...string) (float64, error) {
	folder, err := os.MkdirTemp(b.folder, "window")
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(folder, "config.toml"), []byte(settings), 0o600); err != nil {
		return 0, err
	}
	if folder, err = filepath.Abs(folder); err != nil { // relative ones are no settings
		return 0, err
	}
	known := filepath.Join(folder, "fyne", "fr.vitalien.desktop")
	if err := errors.Join(os.MkdirAll(known, 0o700), os.WriteFile(filepath.Join(known, "preferences.json"), []byte(`{"welcome.shown":true}`), 0o600)); err != nil {
		return 0, err
	}
	command := []string{"XDG_CONFIG_HOME=" + folder, "DISPLAY=" + display, "LIBGL_ALWAYS_SOFTWARE=1", b.program, "--data-dir", folder, "--listen", "localhost:0"}
	p, err := b.start(1, "env", append(command, how...)...)
	if err != nil {
		return 0, err
	}
	defer p.stop()
	wait := func(d time.Duration) error {
		select {
		case <-time.After(d):
			return nil
		case <-b.ctx.Done():
			return b.ctx.Err()
		}
	}
	if err := wait(windowWarmUp); err != nil {
		return 0, err
	}
	before, err := p.cpu()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := wait(b.ward); err != nil {
		return 0, err
	}
	after, err := p.cpu()
	if err != nil {
		return 0, err
	}
	return 100 * float64(after-before) / float64(time.Since(began)), nil
}
