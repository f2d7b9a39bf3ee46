// Package desktop is what the operating system's desktop demands of the
// program: whether a window can open at all, that it goes on when it dies, that it
// starts with the session.
package desktop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// probeTimeout is how long opening a window may take.
const probeTimeout = 15 * time.Second

// TryDisplay finds out whether a window can open. The toolkit ends the process
// when there is no OpenGL, so a child of the same program tries it first,
// started with flag alone.
func TryDisplay(ctx context.Context, flag string) error {
	if runtime.GOOS != "windows" && runtime.GOOS != "darwin" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return errors.New("no display (DISPLAY and WAYLAND_DISPLAY are empty)")
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	child := exec.CommandContext(ctx, program, flag)
	child.WaitDelay = time.Second // what it has started may hold its output open
	if output, err := child.CombinedOutput(); err != nil {
		return fmt.Errorf("no window can open here: %w: %.200s", err, output)
	}
	return nil
}
