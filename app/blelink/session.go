package blelink

import (
	"context"
	"log/slog"
	"time"

	"vitalien/fhirmap"
)

// A Session is one connection to a device, as its driver sees it.
type Session struct {
	Peripheral
	Paired *Paired // the session's own copy; the driver may complete what the device says of itself
	Logger *slog.Logger
	Now    func() time.Time
	Zone   *time.Location

	link    *Link
	pairing bool // it is being paired: nothing is known of it yet
}

// Record hands over what was taken. It returns once it is on disk, or with a
// Fault; what was taken over before is left out. Only then may the next
// record be asked for.
func (s *Session) Record(ctx context.Context, taken []Taken) error { return nil }

// Show shows values that are not to be recorded.
func (s *Session) Show(ctx context.Context, live *fhirmap.Live) {}

// Battery tells the charge, in percent.
func (s *Session) Battery(percent int) {}

// Link stub for the seam.
type Link struct{}
