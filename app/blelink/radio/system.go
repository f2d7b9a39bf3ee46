package radio

import (
	"context"
	"io"
	"log/slog"
	"time"

	"vitalien/app/blelink"
	"vitalien/fhirmap"
)

// retryAfter is how long a child whose system offers no Bluetooth says so,
// before it ends and the next one looks again.
const retryAfter = 15 * time.Second

// ServeSystem is Serve with the adapter of this computer.
func ServeSystem(ctx context.Context, in io.Reader, out io.Writer, logger *slog.Logger) error {
	adapter, release, err := System(logger)
	if err != nil {
		ctx, cancel := context.WithTimeout(ctx, retryAfter)
		defer cancel()
		return Serve(ctx, in, out, broken{fhirmap.FaultOf(err)}, logger)
	}
	defer release()
	return Serve(ctx, in, out, adapter, logger)
}

// broken is an adapter that cannot be used.
type broken struct{ fault *fhirmap.Fault }

var _ Adapter = broken{}

func (b broken) Watch(ctx context.Context, told func(*fhirmap.Fault)) error {
	told(b.fault)
	<-ctx.Done()
	return ctx.Err()
}

func (b broken) Scan(context.Context, func(blelink.Advertisement)) error { return b.fault }
func (b broken) Pair(context.Context, string, blelink.Agent) error       { return b.fault }
func (b broken) Unpair(context.Context, string) error                    { return b.fault }

func (b broken) Connect(context.Context, string) (blelink.Peripheral, error) {
	return nil, b.fault
}
