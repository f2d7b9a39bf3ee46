package blelink

import "vitalien/fhirmap"

// measurementStatus are bits of the Measurement Status of a pulse oximeter
// (GATT Specification Supplement, 3.192.1).
var measurementStatus = []statusBit{
	{1 << 6, 1 << 6, fhirmap.EarlyEstimate},
	{1 << 12, 1 << 12, fhirmap.CalibrationOngoing},
	{1 << 14, 1 << 14, fhirmap.Questionable},
	{1 << 15, 1 << 15, fhirmap.InvalidMeasurement},
}

// Bits of it that say that nobody was measured.
const (
	forDemonstration = 1 << 10
	forTesting       = 1 << 11
	unavailable      = 1 << 13
)

// sensorStatus are the bits of the Device and Sensor Status (3.192.2).
var sensorStatus = []statusBit{
	{1 << 0, 1 << 0, fhirmap.ExtendedUpdate},
	{1 << 1, 1 << 1, fhirmap.DeviceMalfunction},
	{1 << 2, 1 << 2, fhirmap.SignalIrregularity},
	{1 << 3, 1 << 3, fhirmap.SignalInadequate},
	{1 << 4, 1 << 4, fhirmap.SignalPoor},
	{1 << 5, 1 << 5, fhirmap.SignalLowPerfusion},
	{1 << 6, 1 << 6, fhirmap.SignalErratic},
	{1 << 7, 1 << 7, fhirmap.SignalNonPulsatile},
	{1 << 8, 1 << 8, fhirmap.PulseQuestionable},
	{1 << 9, 1 << 9, fhirmap.SignalSearching},
	{1 << 10, 1 << 10, fhirmap.SensorInterference},
	{1 << 11, 1 << 11, fhirmap.SensorOff},
	{1 << 12, 1 << 12, fhirmap.SensorUnsupported},
	{1 << 13, 1 << 13, fhirmap.SensorDisplaced},
	{1 << 14, 1 << 14, fhirmap.SensorMalfunction},
	{1 << 15, 1 << 15, fhirmap.SensorDisconnected},
}

// decodeSpotOximetry reads a PLX Spot-Check Measurement (2A5E; Pulse Oximeter
// Service 1.0.1, 3.1): percent, per minute.
func decodeSpotOximetry(frame []byte, at Context) (Decoded, error) {
	r := &reader{rest: frame}
	flags := r.u8()
	saturation, pulse := r.sfloat(), r.sfloat()
	var when moment
	if flags&0x01 != 0 {
		when = r.dateTime(at.Zone)
	}
	if flags&0x10 != 0 && flags&0x01 != 0 { // its clock is not set
		when = moment{unknown: true}
	}
	m, err := finishOximetry(r, flags>>1, saturation, pulse, when, at)
	if err != nil {
		return Decoded{}, err
	}
	return m.taken(), nil
}

// decodeContinuousOximetry reads a PLX Continuous Measurement (2A5F; 3.2). Of
// its values the normal ones count; fast and slow ones are averaged otherwise.
func decodeContinuousOximetry(frame []byte, at Context) (Decoded, error) {
	r := &reader{rest: frame}
	flags := r.u8()
	saturation, pulse := r.sfloat(), r.sfloat()
	for range flags&0x01 + flags>>1&0x01 {
		r.u32()
	}
	m, err := finishOximetry(r, flags>>2, saturation, pulse, moment{}, at)
	if err != nil {
		return Decoded{}, err
	}
	return m.continuous(), nil
}

// finishOximetry reads what both end with: status words and the pulse
// amplitude, which flags tell of from their lowest bit on.
func finishOximetry(r *reader, flags byte, saturation, pulse number, when moment, at Context) (*measured, error) {
	var status uint16
	var sensor uint32
	if flags&0x01 != 0 {
		status = r.u16()
	}
	if flags&0x02 != 0 {
		sensor = r.u24()
	}
	if flags&0x04 != 0 {
		r.sfloat()
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	m := at.measurement(fhirmap.OxygenSaturation, when)
	m.Quality = append(qualities(uint32(status), measurementStatus), qualities(sensor, sensorStatus)...)
	m.Test = status&(forDemonstration|forTesting) != 0
	if len(qualities(uint32(status), measurementStatus)) > 0 {
		m.Status = fhirmap.StatusPreliminary // the device does not stand by it
	}
	if status&unavailable != 0 {
		saturation, pulse = number{absent: fhirmap.AbsentNotPerformed}, number{absent: fhirmap.AbsentNotPerformed}
	}
	if err := m.add(saturation, fhirmap.OxygenSaturation, "%"); err != nil {
		return nil, err
	}
	return m, m.add(pulse, fhirmap.HeartRate, "/min")
}
