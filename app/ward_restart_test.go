package main

import (
	"context"
	"testing"
	"time"

	"vitalien/app/cli"
	"vitalien/fhirmap"
)

// TestPlug_Restart: the blood pressure that a monitor keeps showing is recorded
// once, however often the program is ended, killed or not, and started again.
func TestPlug_Restart(t *testing.T) {
	all := openBeds(t, 1, nil)
	folder := t.TempDir()
	all.configure(t, folder, "")
	base := time.Now().Truncate(time.Second)
	for run := range 3 {
		p := launch(t, folder)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		came := make(chan struct{}, 1)
		c := &wardClient{base: base, had: make([]int, 3), have: func() { came <- struct{}{} }}
		if err := c.connect(ctx, p.url, false); err != nil {
			t.Fatal(err)
		}
		read := make(chan error, 1)
		go func() { read <- c.read(ctx) }()
		for all[0].Connections() <= run && ctx.Err() == nil {
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
			}
		}
		all[0].Pressure(120, 80, 93, base.Add(time.Duration(run)*time.Second))
		select {
		case <-came:
		case err := <-read:
			t.Fatal(err)
		}
		if run == 1 {
			p.kill()
		} else {
			p.stop(t)
		}
		<-read
		cancel()
	}
	counts := map[time.Duration]int{}
	for _, r := range recorded(t, start(t, cli.Flags{DataDir: folder})) {
		if r.Type == fhirmap.BloodPressure {
			counts[r.Time.Sub(base)]++
		}
	}
	for run := range 3 {
		if n := counts[time.Duration(run)*time.Second]; n != 1 {
			t.Errorf("pressure %d was recorded %d times", run, n)
		}
	}
	if len(counts) != 3 {
		t.Errorf("recorded %v", counts)
	}
}
