package simulator

import (
	"fmt"
	"strings"
	"time"
)

// newLOINCDevice is a spot-check device that codes with LOINC and UCUM, names
// no patient, and measures everything it has in one go.
func newLOINCDevice(seed uint64) func(time.Time) []byte {
	body := newBody(seed)
	return func(now time.Time) []byte {
		at := now.Format("20060102150405-0700")
		systolic, diastolic, mean := body.pressure()
		heart := body.heart.step(body.random)
		values := []struct{ code, value, unit string }{
			{"8480-6^Systolic blood pressure^LN", fmt.Sprint(systolic), "mm[Hg]^^UCUM"},
			{"8462-4^Diastolic blood pressure^LN", fmt.Sprint(diastolic), "mm[Hg]^^UCUM"},
			{"8478-0^Mean blood pressure^LN", fmt.Sprint(mean), "mm[Hg]^^UCUM"},
			{"8867-4^Heart rate^LN", fmt.Sprintf("%.0f", heart), "/min^^UCUM"},
			{"59408-5^Oxygen saturation^LN", fmt.Sprintf("%.0f", body.saturation.step(body.random)), "%^^UCUM"},
			{"9279-1^Respiratory rate^LN", fmt.Sprintf("%.0f", body.breath.step(body.random)), "/min^^UCUM"},
			{"8310-5^Body temperature^LN", fmt.Sprintf("%.1f", body.temp.step(body.random)), "Cel^^UCUM"},
		}
		var b strings.Builder
		fmt.Fprintf(&b, "MSH|^~\\&|VITALIEN_SIMULATION|Tensiomètre simulé|||%s||ORU^R01^ORU_R01|LN%d|T|2.5.1|||NE|AL||UNICODE UTF-8\r", at, now.UnixNano())
		fmt.Fprintf(&b, "OBR|1|||85353-1^Vital signs panel^LN|||%s\r", at)
		for i, v := range values {
			fmt.Fprintf(&b, "OBX|%d|NM|%s||%s|%s|||||F|||%s\r", i+1, v.code, v.value, v.unit, at)
		}
		return []byte(b.String())
	}
}
