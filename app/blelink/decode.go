package blelink

import (
	"errors"
	"strings"

	"vitalien/fhirmap"
)

// A Format is something that can be decoded: a characteristic, or an exchange
// in a maker's own form.
type Format struct {
	Name  string // a UUID in the form of UUID16, or a name
	Title string
	new   func(model string) Decoder
}

// formats is the registry of decoders.
var formats = []Format{
	{UUID16("2a35"), "Blood Pressure Measurement", plain(decodeBloodPressure)},
	{UUID16("2a36"), "Intermediate Cuff Pressure", plain(decodeCuffPressure)},
	{UUID16("2a1c"), "Temperature Measurement", plain(decodeThermometer)},
	{UUID16("2a1e"), "Intermediate Temperature", plain(decodeIntermediateTemperature)},
	{UUID16("2a1d"), "Temperature Type", plain(sized(1, 1))},
	{UUID16("2a9d"), "Weight Measurement", plain(decodeWeight)},
	{UUID16("2a9c"), "Body Composition Measurement", func(string) Decoder { return &composition{} }},
	{UUID16("2a5e"), "PLX Spot-Check Measurement", plain(decodeSpotOximetry)},
	{UUID16("2a5f"), "PLX Continuous Measurement", plain(decodeContinuousOximetry)},
	{UUID16("2a60"), "PLX Features", plain(sized(2, 7))},
	{UUID16("2a37"), "Heart Rate Measurement", plain(decodeHeartRate)},
	{glucoseMeasurement, "Glucose Measurement", func(string) Decoder { return &glucose{} }},
	{glucoseContext, "Glucose Measurement Context", plain(decodeContextAlone)},
	{recordAccessPoint, "Record Access Control Point", plain(decodeRecordAccess)},
	{currentTime, "Current Time", plain(decodeClock)},
	{dateTime, "Date Time", plain(decodeClock)},
	{batteryLevel, "Battery Level", plain(decodeBattery)},
	{systemID, "System ID", plain(sized(8, 8))},
	{modelNumber, "Model Number String", plain(sized(0, 512))},
	{serialNumber, "Serial Number String", plain(sized(0, 512))},
	{manufacturerName, "Manufacturer Name String", plain(sized(0, 512))},
	{taidocChannel, "FORA, TaiDoc", func(model string) Decoder { return &taidoc{name: model} }},
	{"taidoc", "FORA, TaiDoc", func(model string) Decoder { return &taidoc{name: model} }},
	{noninOximetry, "Nonin 3230, 3231, 3150", plain(decodeNonin)},
	{"nonin", "Nonin 3230, 3231, 3150", plain(decodeNonin)},
	{jumperOximetry, "Jumper JPD-500F", plain(decodeJumperOximeter)},
	{"jumper-500f", "Jumper JPD-500F", plain(decodeJumperOximeter)},
	{"jumper-ha120", "Jumper JPD-HA120", plain(decodeJumperCuff)},
	{"jumper-fr400", "Jumper JPD-FR400", plain(decodeJumperThermometer)},
	{"jumper-bfs710", "Jumper BFS710", plain(decodeJumperScale)},
	{"omron-classic", "Omron, 14-byte EEPROM record, little endian", plain(decodeOmronClassic)},
	{"omron-packed", "Omron, 14-byte EEPROM record, big endian", plain(decodeOmronPacked)},
	{"omron-time", "Omron, EEPROM clock", plain(decodeOmronTime)},
}

// Formats are all that can be decoded.
func Formats() []Format { return append([]Format(nil), formats...) }

// NewDecoder makes a decoder of a characteristic or a format, given by its
// UUID, long or short, or its name. nil: there is none. model is the name of
// the device, which some makers' formats need; it may be empty.
func NewDecoder(name, model string) Decoder {
	name = strings.ToLower(strings.TrimPrefix(name, "0x"))
	for _, f := range formats {
		if f.Name == name || f.Name == UUID16(name) {
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

func decodeClock(frame []byte, at Context) (Decoded, error) {
	if len(frame) != 7 && len(frame) != 10 {
		return Decoded{}, errLength
	}
	return Decoded{}, nil
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

// ErrMalformed says that frames are not what their name says.
var ErrMalformed = errors.New("malformed")

// Decode reads the frames of one exchange and gives all that they tell, with
// no judgement: what a device streams as well as what it measured once. An
// error is ErrMalformed.
func Decode(name, model string, frames [][]byte, at Context) (list []fhirmap.Measurement, err error) {
	decoder := NewDecoder(name, model)
	if decoder == nil {
		return nil, errors.New("no such characteristic or format")
	}
	take := func(d Decoded) {
		for i := range d.Taken {
			list = append(list, d.Taken[i].Measurement)
		}
		if d.Stream != nil && d.Stream.HasValue() {
			list = append(list, *d.Stream)
		}
	}
	for _, frame := range frames {
		d, err := decoder.Feed(frame, at)
		if err != nil {
			return nil, errors.Join(ErrMalformed, err)
		}
		take(d)
	}
	take(decoder.Flush(at))
	return list, nil
}
