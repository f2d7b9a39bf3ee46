package blelink_test

import (
	"testing"
	"testing/synctest"
	"time"

	"vitalien/app/blelink"
	"vitalien/app/simulator"
	"vitalien/fhirmap"
)

// TestLink_OneReadingForEachFinger: an oximeter sends every second. A link that
// breaks and comes back is the same finger; a pause is another one.
func TestLink_OneReadingForEachFinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const address = "5A:00:00:00:00:03"
		o := open(t, nil, paired(address, "pulse-oximeter", fhirmap.PulseOxymeter))
		oximeter := simulator.NewOximeter("Oxymètre", address)
		links := make(chan *simulator.GadgetLink, 1)
		oximeter.Subscribed = map[string]func(*simulator.GadgetLink){
			blelink.UUID16("2a5f"): func(l *simulator.GadgetLink) { links <- l },
		}
		o.air.Add(oximeter)
		oximeter.Wake()

		finger := func(l *simulator.GadgetLink, seconds, saturation int) {
			for range seconds {
				l.Notify(simulator.Oximetry(saturation, 72))
				time.Sleep(time.Second) // of the bubble
			}
		}
		first := <-links
		finger(first, 8, 97)
		first.Disconnect()
		again := <-links
		finger(again, 8, 97)
		if m := o.awaitRecorded(1)[0]; value(&m, fhirmap.OxygenSaturation) != "97 %" || value(&m, fhirmap.HeartRate) != "72 /min" || m.Status != fhirmap.StatusFinal {
			t.Errorf("%+v", m)
		}
		finger(<-links, 8, 93) // awaitRecorded has waited for three minutes
		if m := o.awaitRecorded(2)[1]; value(&m, fhirmap.OxygenSaturation) != "93 %" {
			t.Errorf("%+v", m)
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.lives < 24 {
			t.Errorf("%d values shown", o.lives)
		}
	})
}
