package blelink

import (
	"encoding/binary"
	"errors"
	"time"

	"vitalien/fhirmap"
)

const (
	NoninOximetry  = "0aad7ea0-0d60-11e2-8e3c-0002a5d5c51b"
	JumperOximetry = "cdeacb81-5235-4c07-8846-93a37ee6b86d"
)

var (
	glucoseMeasurement = UUID16("2a18")
	glucoseContext     = UUID16("2a34")
	recordAccessPoint  = UUID16("2a52")
	currentTime        = UUID16("2a2b")
	dateTime           = UUID16("2a08")
	batteryLevel       = UUID16("2a19")
	manufacturerName   = UUID16("2a29")
	modelNumber        = UUID16("2a24")
	serialNumber       = UUID16("2a25")
	systemID           = UUID16("2a23")
)

const (
	RACPSuccess   = 1
	RACPNoRecords = 6
)

type RACPResponse struct{ Result byte }

func ReportLast() []byte { return []byte{1, 6} }
func ReportAll() []byte  { return []byte{1, 1} }
func ReportSince(n uint16) []byte {
	return binary.LittleEndian.AppendUint16([]byte{1, 3, 1}, n)
}
func DecodeRACP(b []byte) (RACPResponse, error) {
	if len(b) != 4 {
		return RACPResponse{}, errors.New("short")
	}
	return RACPResponse{b[3]}, nil
}
func Text(b []byte) string                                    { return string(b) }
func EUI64(b []byte) (string, error)                          { return "", errors.New("none") }
func BatteryLevel(b []byte) (int, error)                      { return int(b[0]), nil }
func ReadClock(b []byte, z *time.Location) (time.Time, error) { return dt(b, z), nil }
func EncodeDateTime(t time.Time) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(t.Year()))
	return append(b, byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second()))
}
func EncodeCurrentTime(t time.Time) []byte { return append(EncodeDateTime(t), 0, 0, 0) }
func dt(b []byte, z *time.Location) time.Time {
	return time.Date(int(binary.LittleEndian.Uint16(b)), time.Month(b[2]), int(b[3]), int(b[4]), int(b[5]), int(b[6]), 0, z)
}
func sf(b []byte) *fhirmap.Decimal {
	u := binary.LittleEndian.Uint16(b)
	m := int16(u<<4) >> 4
	d := fhirmap.NewDecimal(int64(m), int32(int16(u)>>12))
	return &d
}

type tmp func(b []byte, at Context) (Decoded, error)

func (f tmp) Feed(b []byte, at Context) (Decoded, error) { return f(b, at) }
func (f tmp) Flush(Context) Decoded                      { return Decoded{} }

func NewDecoder(c string) Decoder {
	one := func(at Context, ty fhirmap.Type, t time.Time, r ...fhirmap.Reading) Decoded {
		return Decoded{Taken: []Taken{{Measurement: fhirmap.Measurement{Type: ty, Time: t, Device: at.Device, Readings: r}}}}
	}
	switch c {
	case UUID16("2a35"):
		return tmp(func(b []byte, at Context) (Decoded, error) {
			u := fhirmap.MillimetreOfMercury
			return one(at, fhirmap.BloodPressure, dt(b[7:], at.Zone), fhirmap.Reading{Type: fhirmap.Systolic, Value: sf(b[1:]), Unit: u}, fhirmap.Reading{Type: fhirmap.Diastolic, Value: sf(b[3:]), Unit: u},
				fhirmap.Reading{Type: fhirmap.Mean, Value: sf(b[5:]), Unit: u}, fhirmap.Reading{Type: fhirmap.HeartRate, Value: sf(b[14:]), Unit: fhirmap.BeatsPerMinute}), nil
		})
	case UUID16("2a36"):
		return tmp(func(b []byte, at Context) (Decoded, error) {
			return Decoded{Live: &fhirmap.Live{Device: at.Device, Values: []fhirmap.LiveValue{{Type: fhirmap.Systolic, Value: sf(b[1:]), Unit: fhirmap.MillimetreOfMercury, State: fhirmap.LiveValid}}}}, nil
		})
	case UUID16("2a18"):
		return tmp(func(b []byte, at Context) (Decoded, error) {
			if b[12] == 0x4a {
				return Decoded{Dropped: "control solution"}, nil
			}
			n := binary.LittleEndian.Uint16(b[1:])
			v := fhirmap.NewDecimal(int64(binary.LittleEndian.Uint16(b[10:])&0xfff), 0)
			d := one(at, fhirmap.BloodGlucose, dt(b[3:], at.Zone), fhirmap.Reading{Type: fhirmap.BloodGlucose, Value: &v, Unit: fhirmap.MilligramPerDecilitre})
			d.Taken[0].Sequence = &n
			return d, nil
		})
	}
	return nil
}

var foraDiamondMini = Driver{
	ID: "fora-diamond-mini", Maker: "Fora", Model: "Diamond Mini", Type: fhirmap.Glucometer, Bond: BondJust,
	Recognise: func(a *Advertisement) int {
		return sureIf(a.offers("00001523-1212-efde-1523-785feabcd123") && (a.named("diamond") || a.named("fora") || a.named("taidoc")), 2)
	},
	Serve: serveStandard,
}
