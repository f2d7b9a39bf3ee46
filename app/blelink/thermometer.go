package blelink

import "vitalien/fhirmap"

// decodeThermometer reads a Temperature Measurement (2A1C; Health Thermometer
// Service 1.0, 3.1), in °C or °F.
func decodeThermometer(frame []byte, at Context) (Decoded, error) {
	m, err := readTemperature(frame, at)
	if err != nil {
		return Decoded{}, err
	}
	return m.taken(), nil
}

// decodeIntermediateTemperature reads an Intermediate Temperature (2A1E; 3.3):
// the thermometer is still warming up.
func decodeIntermediateTemperature(frame []byte, at Context) (Decoded, error) {
	m, err := readTemperature(frame, at)
	if err != nil {
		return Decoded{}, err
	}
	m.Status = fhirmap.StatusPreliminary
	return m.continuous(), nil
}

// temperatureSites are where it was measured (2A1D; GATT Specification
// Supplement, 3.229) as IEEE 11073-10101 codes the temperature there.
var temperatureSites = map[byte]fhirmap.Code{
	1: {Code: "188452", Display: "MDC_TEMP_AXILLA"},
	3: {Code: "188428", Display: "MDC_TEMP_EAR"},
	4: {Code: "188432", Display: "MDC_TEMP_FINGER"},
	5: {Code: "188456", Display: "MDC_TEMP_GIT"},
	6: {Code: "188424", Display: "MDC_TEMP_ORAL"},
	7: {Code: "188420", Display: "MDC_TEMP_RECT"},
	8: {Code: "188448", Display: "MDC_TEMP_TOE"},
	9: {Code: "150392", Display: "MDC_TEMP_TYMP"},
}

func readTemperature(frame []byte, at Context) (*measured, error) {
	r := &reader{rest: frame}
	flags := r.u8()
	unit := "Cel"
	if flags&0x01 != 0 {
		unit = "[degF]"
	}
	value := r.float()
	var when moment
	if flags&0x02 != 0 {
		when = r.dateTime(at.Zone)
	}
	var site byte
	if flags&0x04 != 0 {
		site = r.u8()
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	m := at.measurement(fhirmap.BodyTemperature, when)
	if err := m.add(value, fhirmap.BodyTemperature, unit); err != nil {
		return nil, err
	}
	m.Readings[0].MDC = temperatureSites[site]
	return m, nil
}
