package blelink

import (
	"time"

	"vitalien/fhirmap"
)

// A Context is what a decoder is told beside the bytes.
type Context struct {
	Device   fhirmap.Device
	Received time.Time      // of the frame, by this computer's clock
	Zone     *time.Location // of device times, which have none
}

// A Decoder turns the frames of one characteristic, or of one exchange in a
// maker's format, into measurements. It is fed in the order of arrival and
// keeps nothing but what a frame to come can complete.
type Decoder interface {
	// Feed takes the next frame. An error says that the frame is malformed; the
	// decoder goes on with the next one.
	Feed(frame []byte, at Context) (Decoded, error)
	// Flush gives what was held back for a frame that did not come.
	Flush(at Context) Decoded
}

// Decoded is what a frame told.
type Decoded struct {
	Taken []Taken
	// Stream is one of the values that come again by themselves: they are shown,
	// and become measurements as Session.Stream says.
	Stream *fhirmap.Measurement
	// Live is to be shown and not recorded: a cuff that is being inflated.
	Live *fhirmap.Live
	// Dropped says in English, for the log, why a reading was left out, such as
	// one of control solution.
	Dropped string
}

// A Taken is a measurement with what tells it from others of the same device.
type Taken struct {
	fhirmap.Measurement
	Sequence *uint16 // the record's number on the device; nil: it has none
}
