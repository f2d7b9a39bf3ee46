package blelink

import "vitalien/fhirmap"

// decodeHeartRate reads a Heart Rate Measurement (2A37; Heart Rate Service
// 1.0, 3.1), per minute. It says when the sensor touches nobody.
func decodeHeartRate(frame []byte, at Context) (Decoded, error) {
	r := &reader{rest: frame}
	flags := r.u8()
	var rate number
	if flags&0x01 != 0 {
		rate = decimal(int64(r.u16()), 0)
	} else {
		rate = decimal(int64(r.u8()), 0)
	}
	if flags&0x08 != 0 {
		r.u16() // energy expended in kJ
	}
	if flags&0x10 != 0 { // intervals between beats, in 1/1024 s
		if len(r.rest) == 0 || len(r.rest)%2 != 0 {
			return Decoded{}, errLength
		}
		r.bytes(len(r.rest))
	}
	if err := r.end(); err != nil {
		return Decoded{}, err
	}
	m := at.measurement(fhirmap.HeartRate, moment{})
	if flags&0x06 == 0x04 { // contact is supported, and there is none
		m.Quality = []fhirmap.Quality{fhirmap.SensorOff}
	}
	return m.continuous(), m.add(rate, fhirmap.HeartRate, "/min")
}
