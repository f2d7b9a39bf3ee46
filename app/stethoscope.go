package main

import (
	"context"
	"fmt"
	"time"

	"vitalien/app/config"
	"vitalien/app/simulator"
	"vitalien/app/stethoscope"
	"vitalien/app/stethoscope/soundcard"
	"vitalien/fhirmap"
)

// stethoscope is what records sound: what the settings say, or in a
// demonstration the simulated one, whose sound needs no network.
func (a *App) stethoscope() (o stethoscope.Options, err error) {
	set := a.config.Stethoscope
	o.Limit = time.Duration(set.Max)
	if a.flags.Demo {
		a.auscultated, err = simulator.ListenStethoscope(context.Background(), simulator.StethoscopeOptions{
			Listen: "127.0.0.1:0", Seed: uint64(time.Now().UnixNano()), Logger: a.log,
		})
		if err != nil {
			return o, err
		}
		o.Test = true
		o.Source = stethoscope.TCP{Address: a.auscultated.Address(), Sound: simulatedSound}
		return o, nil
	}
	sound := stethoscope.Format{Rate: set.Rate, Channels: set.Channels, Encoding: set.Encoding}
	if err := sound.Check(); err != nil {
		return o, &fhirmap.Fault{
			Code: "bad_config", English: "settings: stethoscope", Cause: err,
			French: fmt.Sprintf("Un réglage du stéthoscope est incorrect\u202f: %v. Corrigez-le ou effacez la ligne.", err),
		}
	}
	switch set.Source {
	case config.SourceTCP:
		o.Source = stethoscope.TCP{Address: set.Address, Sound: sound}
	case config.SourceUDP:
		o.Source = stethoscope.UDP{Address: set.Address, Sound: sound}
	case config.SourceRTP:
		o.Source = stethoscope.RTP{Address: set.Address, Sound: sound}
	case config.SourceSoundCard:
		o.Source = soundcard.Source{Name: set.Address, Sound: sound}
		return o, nil // which is in no network
	}
	if o.Source != nil && set.WiFi {
		o.Network = stethoscope.SystemNetwork()
	}
	return o, nil
}

// simulatedSound is what the simulated stethoscope sends.
var simulatedSound = stethoscope.Format{Rate: simulator.SoundRate, Channels: 1, Encoding: "s16le"}
