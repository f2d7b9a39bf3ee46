package blelink

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"vitalien/fhirmap"
)

// A Format is something that can be decoded: a characteristic, or an exchange
// in a maker's own form.
type Format struct {
	Name  string // the UUID of 16 bits ("2A35"), or a name ("taidoc")
	UUID  string // of its characteristic, in the form of UUID16; empty: not published
	Title string
	new   func(model string) Decoder
}

// formats is the registry of decoders.
var formats = []Format{
	sig("2A35", "Blood Pressure Measurement", plain(decodeBloodPressure)),
	sig("2A36", "Intermediate Cuff Pressure", plain(decodeCuffPressure)),
	sig("2A1C", "Temperature Measurement", plain(decodeThermometer)),
	sig("2A1E", "Intermediate Temperature", plain(decodeIntermediateTemperature)),
	sig("2A1D", "Temperature Type", plain(sized(1, 1))),
	sig("2A9D", "Weight Measurement", plain(decodeWeight)),
	sig("2A9C", "Body Composition Measurement", func(string) Decoder { return &composition{} }),
	sig("2A5E", "PLX Spot-Check Measurement", plain(decodeSpotOximetry)),
	sig("2A5F", "PLX Continuous Measurement", plain(decodeContinuousOximetry)),
	sig("2A60", "PLX Features", plain(sized(2, 7))),
	sig("2A37", "Heart Rate Measurement", plain(decodeHeartRate)),
	sig("2A18", "Glucose Measurement, with its contexts", func(string) Decoder { return &glucose{} }),
	sig("2A34", "Glucose Measurement Context", plain(decodeContextAlone)),
	sig("2A52", "Record Access Control Point", plain(decodeRecordAccess)),
	sig("2A2B", "Current Time", plain(sized(10, 10))),
	sig("2A08", "Date Time", plain(sized(7, 7))),
	sig("2A19", "Battery Level", plain(decodeBattery)),
	sig("2A23", "System ID", plain(sized(8, 8))),
	sig("2A24", "Model Number String", plain(sized(0, 512))),
	sig("2A25", "Serial Number String", plain(sized(0, 512))),
	sig("2A29", "Manufacturer Name String", plain(sized(0, 512))),
	{"taidoc", taidocChannel, "FORA, TaiDoc; the kind by --model, such as TD8255", func(model string) Decoder { return &taidoc{name: model} }},
	{"nonin", noninOximetry, "Nonin 3230, 3231, 3150", plain(decodeNonin)},
	{"jumper-500f", jumperOximetry, "Jumper JPD-500F, pulse oximeter", plain(decodeJumperOximeter)},
	{"jumper-ha120", "", "Jumper JPD-HA120, blood pressure", plain(decodeJumperCuff)},
	{"jumper-fr400", "", "Jumper JPD-FR400, thermometer", plain(decodeJumperThermometer)},
	{"jumper-bfs710", "", "Jumper BFS710, scale", plain(decodeJumperScale)},
	{"bs200", "", "BS200, scale", plain(decodeBS200)},
	{"omron-classic", "", "Omron, 14-byte EEPROM record, little endian", plain(decodeOmronClassic)},
	{"omron-packed", "", "Omron, 14-byte EEPROM record, big endian", func(model string) Decoder { return omronPacked(model) }},
	{"omron-time", "", "Omron, EEPROM clock", plain(decodeOmronTime)},
}

func sig(short, title string, decoder func(model string) Decoder) Format {
	return Format{short, UUID16(short), title, decoder}
}

// Formats are all that can be decoded.
func Formats() []Format { return slices.Clone(formats) }

// NewDecoder makes a decoder of a characteristic or a format, given by its
// UUID, long or short, or its name. nil: there is none. model is the name of
// the device, which some makers' formats need; it may be empty.
func NewDecoder(name, model string) Decoder {
	name = strings.TrimPrefix(strings.ToLower(name), "0x")
	for _, f := range formats {
		if name != "" && (name == f.UUID || name == strings.ToLower(f.Name)) {
			return f.new(model)
		}
	}
	return nil
}

func plain(decode stateless) func(string) Decoder {
	return func(string) Decoder { return decode }
}

// sized is the decoder of what measures nothing and has a length.
func sized(least, most int) stateless {
	return func(frame []byte, _ Context) (Decoded, error) {
		if len(frame) < least || len(frame) > most {
			return Decoded{}, errLength
		}
		return Decoded{}, nil
	}
}

func decodeBattery(frame []byte, _ Context) (Decoded, error) {
	_, err := BatteryLevel(frame)
	return Decoded{}, err
}

func decodeRecordAccess(frame []byte, _ Context) (Decoded, error) {
	_, err := readRecordAccess(frame)
	return Decoded{}, err
}

func decodeContextAlone(frame []byte, _ Context) (Decoded, error) {
	_, _, err := readContext(frame)
	return Decoded{}, err
}

// ErrFormat says that there is no decoder of that name.
var ErrFormat = errors.New("no such characteristic or format")

// Decode reads the frames of one exchange and gives all that they tell, with
// no judgement: what a device streams as well as what it measured once. Errors:
// ErrFormat, and what is malformed in which frame.
func Decode(name, model string, frames [][]byte, at Context) (list []fhirmap.Measurement, err error) {
	decoder := NewDecoder(name, model)
	if decoder == nil {
		return nil, ErrFormat
	}
	take := func(d Decoded) {
		for i := range d.Taken {
			list = append(list, d.Taken[i].Measurement)
		}
		if d.Stream != nil && d.Stream.HasValue() {
			list = append(list, *d.Stream)
		}
	}
	for i, frame := range frames {
		d, err := decoder.Feed(frame, at)
		if err != nil {
			return nil, fmt.Errorf("frame %d is malformed: %w", i+1, err)
		}
		take(d)
	}
	take(decoder.Flush(at))
	return list, nil
}
