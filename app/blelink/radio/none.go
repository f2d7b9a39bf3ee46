//go:build !linux && !windows && !(darwin && cgo)

package radio

import "log/slog"

// System fails: on this system, or in this build (macOS without cgo), there is
// no Bluetooth.
func System(*slog.Logger) (Adapter, func(), error) { return nil, nil, noAdapter() }
