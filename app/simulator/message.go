package simulator

import (
	"bytes"
	"fmt"
	"time"
)

// message is an ORU^R01 of HL7 2.6 in the making, MDC coded as in IHE PCD-01.
type message struct {
	device  string // MSH-4
	bed     string // PV1-3.3
	patient string // PID-3 on; empty: the device knows nobody
	now     time.Time
	results []string
}

func (m *message) add(code, containment, value, unit string) {
	m.results = append(m.results, fmt.Sprintf("OBX|%d|NM|%s|%s|%s|%s|||||F|||%s",
		len(m.results)+1, code, containment, value, unit, m.stamp()))
}

func (m *message) pressure(b *patientBody) {
	systolic, diastolic, mean := b.pressure()
	const unit = "266016^MDC_DIM_MMHG^MDC"
	m.add("150021^MDC_PRESS_BLD_NONINV_SYS^MDC", "1.1.9.150021", fmt.Sprint(systolic), unit)
	m.add("150022^MDC_PRESS_BLD_NONINV_DIA^MDC", "1.1.9.150022", fmt.Sprint(diastolic), unit)
	m.add("150023^MDC_PRESS_BLD_NONINV_MEAN^MDC", "1.1.9.150023", fmt.Sprint(mean), unit)
}

func (m *message) stamp() string { return m.now.Format("20060102150405-0700") }

// bytes is the message, its segments ended by CR. MSH-11 T marks it as test
// data.
func (m *message) bytes(controlID string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "MSH|^~\\&|VITALIEN_SIMULATION|%s|||%s||ORU^R01^ORU_R01|%s|T|2.6||||||UNICODE UTF-8\r", m.device, m.stamp(), controlID)
	if m.patient != "" {
		fmt.Fprintf(&b, "PID|||%s\r", m.patient)
	}
	fmt.Fprintf(&b, "PV1||I|^^%s\r", m.bed)
	fmt.Fprintf(&b, "OBR|1|||182777000^monitoring of patient^SCT|||%s\r", m.stamp())
	for _, result := range m.results {
		b.WriteString(result)
		b.WriteByte('\r')
	}
	return b.Bytes()
}
