package blelink_test

import (
	"testing"
	"testing/synctest"
	"time"

	"vitalien/fhirmap"
)

// TestLink_Suspended: nobody is listened for, and what a device measured
// meanwhile, and keeps, comes afterwards.
func TestLink_Suspended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, nil, paired(cuffAddress, "and-ua-651ble", fhirmap.BloodPressureMonitor))
		cuff := theCuff(o)
		o.link.Suspend(true)
		cuff.Store(128, 82, 97, 64, 0x04)
		cuff.Wake()
		time.Sleep(10 * time.Minute) // of the bubble
		o.awaitRecorded(0)
		o.link.Suspend(false)
		cuff.Store(131, 84, 99, 66, 0x04)
		cuff.Wake()
		list := o.awaitRecorded(2)
		if first, second := value(&list[0], fhirmap.Systolic), value(&list[1], fhirmap.Systolic); first != "128 mm[Hg]" || second != "131 mm[Hg]" {
			t.Errorf("%s, %s", first, second)
		}
	})
}
