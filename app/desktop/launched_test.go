package desktop

import (
	"os"
	"runtime"
	"testing"
)

func TestLaunched_ByADesktopThatSaysSo(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("told by the console there")
	}
	names := []string{launchedVar, "GIO_LAUNCHED_DESKTOP_FILE", "DESKTOP_STARTUP_ID", "XDG_ACTIVATION_TOKEN"}
	for _, name := range names {
		t.Setenv(name, "")
	}
	if Launched() {
		t.Error("a start in a terminal passes for a double-click")
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "x")
			if !Launched() {
				t.Error("a double-click passes for a start in a terminal")
			}
		})
	}
}

func TestPassOnLaunched(t *testing.T) {
	t.Setenv(launchedVar, "")
	t.Setenv("DESKTOP_STARTUP_ID", "x")
	PassOnLaunched()
	if runtime.GOOS == "linux" && os.Getenv(launchedVar) == "" {
		t.Error("the children are not told")
	}
}
