package blelink_test

import (
	"testing"
	"testing/synctest"
	"time"

	"vitalien/app/blelink"
	"vitalien/app/simulator"
	"vitalien/fhirmap"
)

const foraAddress = "5A:00:00:00:00:06"

func theFora(o *office) *simulator.TaiDoc {
	d := simulator.NewTaiDoc("DIAMOND MINI", foraAddress, func() time.Time { return o.now().UTC() })
	o.air.Add(&d.Gadget)
	return d
}

func pairedFora() blelink.Paired {
	p := paired(foraAddress, "fora-diamond-mini", fhirmap.Glucometer)
	p.Called = "DIAMOND MINI"
	return p
}

// TestLink_TaiDocFromWhereItWas: the new records are taken over oldest first,
// control solution is not, the clock is set and the meter turned off; what was
// taken over before is not asked for again.
func TestLink_TaiDocFromWhereItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, nil, pairedFora())
		meter := theFora(o)
		meter.SetAhead(3 * time.Hour)
		day := o.now().Truncate(time.Minute).Add(-10 * time.Hour)
		meter.Store(day, 100, 1)
		meter.Store(day.Add(time.Hour), 180, 3)
		meter.Store(day.Add(2*time.Hour), 300, 2)
		meter.Wake()
		list := o.awaitRecorded(2)
		for i, want := range []struct {
			value string
			meal  fhirmap.Meal
			at    time.Time
		}{{"100 mg/dL", fhirmap.MealPreprandial, day}, {"300 mg/dL", fhirmap.MealPostprandial, day.Add(2 * time.Hour)}} {
			m := list[i]
			if value(&m, fhirmap.BloodGlucose) != want.value || m.Meal != want.meal || m.Time.Sub(want.at).Abs() > time.Minute {
				t.Errorf("%+v instead of %+v", m, want)
			}
		}
		if meter.Ahead() != 0 || meter.Off() == 0 {
			t.Errorf("clock %v ahead, turned off %d times", meter.Ahead(), meter.Off())
		}
		meter.Store(o.now(), 91, 0)
		o.awaitRecorded(3)
	})
}

// TestLink_TaiDocCutAtEachReply: wherever the link is lost, all records arrive
// in the end, once.
func TestLink_TaiDocCutAtEachReply(t *testing.T) {
	for after := 1; after <= 12; after++ {
		synctest.Test(t, func(t *testing.T) {
			o := open(t, nil, pairedFora())
			meter := theFora(o)
			for i := range 3 {
				meter.Store(o.now().Add(time.Duration(i-9)*time.Hour), 90+i, 0)
			}
			meter.CutAfter(after)
			meter.Wake()
			for i, m := range o.awaitRecorded(3) {
				if m.Reading(fhirmap.BloodGlucose).Value.Cmp(fhirmap.NewDecimal(int64(90+i), 0)) != 0 {
					t.Errorf("cut after %d: %+v", after, m)
				}
			}
		})
	}
}
