package hl7link

import (
	"fmt"
	"testing"

	"github.com/lenaten/hl7"
)

// monitorMessage is an ORU^R01 of 2 kB with 20 OBX, as a monitor with five
// modules sends it: a saturation with its pulse, a temperature and a
// respiratory rate of each.
func monitorMessage() []byte {
	segments := []string{
		"PID|||80012345^^^Hospital^PI||LEFEVRE^Claire||19800203|F",
		"PV1||I|Unit^Room^Bed 3",
		"OBR|1|||182777000^monitoring of patient^SCT|||20260101120000+0100",
	}
	add := func(code, metric string, module, value int, unit string) {
		segments = append(segments, fmt.Sprintf("OBX|%d|NM|%s|1.%d.1.%s|%d|%s|||||F|||20260101120000+0100",
			len(segments)-2, code, module, metric, value, unit))
	}
	for module := range 5 {
		add("150456^MDC_PULS_OXIM_SAT_O2^MDC", "150456", module, 95+module, "262688^MDC_DIM_PERCENT^MDC")
		add("149530^MDC_PULS_OXIM_PULS_RATE^MDC", "149530", module, 60+module, "264864^MDC_DIM_BEAT_PER_MIN^MDC")
		add("150344^MDC_TEMP^MDC", "150344", module, 36+module, "268192^MDC_DIM_DEGC^MDC")
		add("151562^MDC_RESP_RATE^MDC", "151562", module, 14+module, "264928^MDC_DIM_RESP_PER_MIN^MDC")
	}
	return []byte(oru(segments...))
}

// BenchmarkDecode compares the whole way from bytes to measurements with the
// parser that stands below it.
func BenchmarkDecode(b *testing.B) {
	data := monitorMessage()
	b.Run("lenaten", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			text := append(make([]byte, 0, len(data)+8), data...) // it wants room behind its input
			if err := hl7.NewMessage(text).Parse(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("whole", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			reports, err := Decode(data, paris)
			if err != nil || len(reports[0].Measurements) != 15 {
				b.Fatal(err, len(reports[0].Measurements))
			}
		}
	})
}
