package desktop

import (
	"runtime"
	"strings"
	"testing"
)

// The program under test is its own child here, as the real one is.

func TestTryDisplay_AChildDecides(t *testing.T) {
	t.Setenv("DISPLAY", ":0")
	if err := TryDisplay(t.Context(), "-test.run=^$"); err != nil {
		t.Errorf("a child that succeeds: %v", err)
	}
	err := TryDisplay(t.Context(), "-no-such-flag")
	if err == nil || !strings.Contains(err.Error(), "no-such-flag") {
		t.Errorf("a child that fails: %v", err)
	}
}

func TestTryDisplay_WithoutADisplayNoChild(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("there is always a display")
	}
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	if err := TryDisplay(t.Context(), "-test.run=^$"); err == nil || !strings.Contains(err.Error(), "no display") {
		t.Error(err)
	}
}
