package blelink

import (
	"context"
	"errors"
	"slices"
	"testing"

	"vitalien/fhirmap"
)

// A driver to copy from: a device with a service of its maker's own, whose
// values have a decoder in decode.go already. One for a device that has to be
// asked begins like driver_taidoc.go.
var blueprint = Driver{
	ID:    "example-bp-1", // drawing assets/devices/example-bp-1.svg, texts ritual.example-bp-1
	Maker: "Example", Model: "BP-1", Type: fhirmap.BloodPressureMonitor, Bond: BondJust,
	Recognise: func(a *Advertisement) int { return sureIf(a.offers(serviceBloodPressure) && a.named("example"), 3) },
	Serve: func(ctx context.Context, s *Session) error {
		if err := s.Subscribe(ctx, UUID16("2a35")); err != nil {
			return err
		}
		decoder := NewDecoder("2a35", "")
		for n := range s.Notifications() { // until the link is lost
			decoded, err := decoder.Feed(n.Value, s.Context())
			if err != nil {
				s.Logger.Warn("malformed", "device", s.Paired.ID, "error", err)
				continue
			}
			if err := s.Record(ctx, decoded.Taken); err != nil {
				return err
			}
		}
		return nil
	},
}

func TestBlueprint(t *testing.T) {
	if sure := blueprint.Recognise(&Advertisement{Name: "Example 7", Services: []string{serviceBloodPressure}}); sure != 3 {
		t.Error(sure)
	}
	failed := errors.New("no link")
	s := &Session{Peripheral: failing{failed}}
	if err := blueprint.Serve(t.Context(), s); !errors.Is(err, failed) {
		t.Error(err)
	}
	if slices.Contains(Drivers(), &blueprint) {
		t.Error("the blueprint is in the registry")
	}
}

// failing is a Peripheral that can do nothing.
type failing struct{ err error }

func (f failing) Services(context.Context) ([]Service, error)       { return nil, f.err }
func (f failing) Read(context.Context, string) ([]byte, error)      { return nil, f.err }
func (f failing) Write(context.Context, string, []byte, bool) error { return f.err }
func (f failing) Subscribe(context.Context, string) error           { return f.err }
func (f failing) Notifications() <-chan Notification                { return nil }
func (f failing) Disconnect() error                                 { return nil }
