package blelink

// bs200Frame is the length of a frame of the scales BS200: length, kind,
// version, serial number, weight, resistance, product and the address.
const bs200Frame = 17

// decodeBS200 checks a frame. In which unit its weight is counted is published
// nowhere, so that none is given.
func decodeBS200(frame []byte, _ Context) (Decoded, error) {
	if len(frame) != bs200Frame {
		return Decoded{}, errLength
	}
	return Decoded{Dropped: "the scale of a BS200's weight is not published"}, nil
}
