package stethoscope

import (
	"context"
	"io"
)

// A Source is where sound comes from. Its methods are called by one recording
// at a time.
type Source interface {
	Format() Format
	// Open begins to listen. Errors that people can mend are Faults.
	Open(ctx context.Context) (Stream, error)
}

// A Stream is the sound of a source as it comes.
type Stream interface {
	// Next fills p with what has come, at least one byte, which need not be whole
	// samples unless the stream knows of lost ones. lost is how many samples are
	// known to be missing before it; a stream that cannot know says 0. io.EOF
	// says that the source has ended.
	Next(p []byte) (n int, lost int64, err error)
	// Close ends Next, whose error then does not matter. It is called once.
	io.Closer
}
