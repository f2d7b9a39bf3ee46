// Package simulator is devices that speak the real protocols over real
// sockets, for demonstrations and tests: bedside monitors, spot-check devices
// and a stethoscope. What they send is marked as test data (HL7 v2 MSH-11 T) where the
// protocol has a mark for it, and always by their names.
package simulator

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"vitalien/hl7link"
)

// Options are what the simulated devices are made of.
type Options struct {
	Address string // of the MLLP listener
	Logger  *slog.Logger
	Now     func() time.Time
	Seed    uint64
	// Bedside are monitors to be connected to, those of Monitors; Run serves them.
	Bedside []*Monitor
	// Stethoscope is one to be connected to; nil: none. Run serves it.
	Stethoscope *Stethoscope
	// How often the devices that connect measure.
	Monitor, SpotCheck time.Duration
	Reconnect          time.Duration // pause after a failed connection; 0: 2 s
}

// Run starts the devices and keeps them going until ctx ends. Those that
// connect do so again when the listener goes away.
func Run(ctx context.Context, o Options) error {
	if o.Reconnect == 0 {
		o.Reconnect = reconnectAfter
	}
	var devices sync.WaitGroup
	defer devices.Wait()
	devices.Go(func() { device(ctx, o, o.Monitor, newWardMonitor(o.Seed)) })
	devices.Go(func() { device(ctx, o, o.SpotCheck, newSpotCheck(o.Seed+1)) })
	devices.Go(func() { device(ctx, o, o.SpotCheck, newLOINCDevice(o.Seed+2)) })
	if o.Stethoscope != nil {
		devices.Go(func() { o.Stethoscope.Serve(ctx) })
	}
	for i, m := range o.Bedside {
		devices.Go(func() { m.guard(ctx, "server", m.Serve) })
		devices.Go(func() {
			m.guard(ctx, "story", func(ctx context.Context) error { return m.play(ctx, stories[i%len(stories)]) })
		})
	}
	return nil
}

const (
	reconnectAfter = 2 * time.Second
	answerTimeout  = 30 * time.Second // of connecting, or of one message
)

// device sends what next makes, at once and then at each interval.
func device(ctx context.Context, o Options, interval time.Duration, next func(now time.Time) []byte) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		err := guarded(func() error { return session(ctx, o, ticker.C, next) })
		if ctx.Err() != nil {
			return
		}
		o.Logger.Warn("simulated device lost its connection", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(o.Reconnect):
		}
	}
}

// guarded makes an error of a panic, which must not end the program.
func guarded(run func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return run()
}

func session(ctx context.Context, o Options, tick <-chan time.Time, next func(now time.Time) []byte) error {
	dialing, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	client, err := hl7link.Dial(dialing, o.Address)
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		code, err := send(ctx, client, next(o.Now()))
		if err != nil {
			return err
		}
		if code != "AA" {
			o.Logger.Warn("simulated device was answered", "code", code)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick:
		}
	}
}

func send(ctx context.Context, client *hl7link.Client, message []byte) (code string, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	return client.Send(ctx, message)
}

// A walk is a value that varies slowly around a rest: each step goes part of
// the way back and adds some noise, within bounds.
type walk struct {
	value, rest, noise, low, high float64
}

func (w *walk) step(r *rand.Rand) float64 {
	w.value += 0.1*(w.rest-w.value) + w.noise*r.NormFloat64()
	w.value = min(max(w.value, w.low), w.high)
	return w.value
}

// patientBody is the vital signs of one resting adult.
type patientBody struct {
	random                               *rand.Rand
	heart, saturation, breath, temp, sys walk
}

func newBody(seed uint64) *patientBody {
	return &patientBody{
		random:     rand.New(rand.NewPCG(seed, 0x5649_5441)),
		heart:      walk{72, 72, 1.5, 52, 110},
		saturation: walk{97.5, 97.5, 0.3, 93, 100},
		breath:     walk{16, 16, 0.6, 10, 24},
		temp:       walk{36.8, 36.8, 0.03, 36.0, 38.2},
		sys:        walk{124, 124, 2.5, 98, 158},
	}
}

// pressure is a systolic, diastolic and mean pressure that belong together.
func (b *patientBody) pressure() (systolic, diastolic, mean int) {
	systolic = int(b.sys.step(b.random))
	diastolic = int(float64(systolic)*0.5 + 17 + b.random.Float64()*4)
	return systolic, diastolic, diastolic + (systolic-diastolic)/3
}

// newWardMonitor is a bedside monitor of bed 1, IHE PCD-01, that knows its patient: heart rate,
// saturation, respiration and temperature each time, a pressure every sixth.
func newWardMonitor(seed uint64) func(time.Time) []byte {
	body, count := newBody(seed), 0
	return func(now time.Time) []byte {
		m := message{device: MonitorName, bed: "1", now: now, patient: "DEMO-1^^^VITALIEN-DEMO||Démonstration^Camille||19800312|F"}
		heart := body.heart.step(body.random)
		m.add("147842^MDC_ECG_HEART_RATE^MDC", "1.7.4.147842", fmt.Sprintf("%.0f", heart), "264864^MDC_DIM_BEAT_PER_MIN^MDC")
		m.add("150456^MDC_PULS_OXIM_SAT_O2^MDC", "1.3.1.150456", fmt.Sprintf("%.0f", body.saturation.step(body.random)), "262688^MDC_DIM_PERCENT^MDC")
		m.add("149530^MDC_PULS_OXIM_PULS_RATE^MDC", "1.3.1.149530", fmt.Sprintf("%.0f", heart+body.random.NormFloat64()*0.5), "264864^MDC_DIM_BEAT_PER_MIN^MDC")
		m.add("151562^MDC_RESP_RATE^MDC", "1.5.1.151562", fmt.Sprintf("%.0f", body.breath.step(body.random)), "264928^MDC_DIM_RESP_PER_MIN^MDC")
		m.add("150364^MDC_TEMP_BODY^MDC", "1.2.1.150364", fmt.Sprintf("%.1f", body.temp.step(body.random)), "268192^MDC_DIM_DEGC^MDC")
		if count%6 == 0 {
			m.pressure(body)
		}
		count++
		return m.bytes(fmt.Sprintf("MON%d", now.UnixNano()))
	}
}

// newSpotCheck is a spot-check device that names no patient: a pressure with
// its pulse, then a saturation, then a temperature, in turn.
func newSpotCheck(seed uint64) func(time.Time) []byte {
	body, count := newBody(seed), 0
	return func(now time.Time) []byte {
		m := message{device: "Appareil simulé", now: now}
		heart := fmt.Sprintf("%.0f", body.heart.step(body.random))
		switch count % 3 {
		case 0:
			m.pressure(body)
			m.add("149546^MDC_PULS_RATE_NON_INV^MDC", "1.1.9.149546", heart, "264864^MDC_DIM_BEAT_PER_MIN^MDC")
		case 1:
			m.add("150456^MDC_PULS_OXIM_SAT_O2^MDC", "1.3.1.150456", fmt.Sprintf("%.0f", body.saturation.step(body.random)), "262688^MDC_DIM_PERCENT^MDC")
			m.add("149530^MDC_PULS_OXIM_PULS_RATE^MDC", "1.3.1.149530", heart, "264864^MDC_DIM_BEAT_PER_MIN^MDC")
		case 2:
			m.add("150364^MDC_TEMP_BODY^MDC", "1.2.1.150364", fmt.Sprintf("%.1f", body.temp.step(body.random)), "268192^MDC_DIM_DEGC^MDC")
		}
		count++
		return m.bytes(fmt.Sprintf("SPOT%d", now.UnixNano()))
	}
}
