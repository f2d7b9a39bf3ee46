package desktop

import (
	"os"
	"runtime"
)

// launchedVar is the environment variable that tells a child that its parent was
// started from the desktop.
const launchedVar = "VITALIEN_LAUNCHED"

// PassOnLaunched has Launched tell the same in the children of this process,
// whose standard error is another.
func PassOnLaunched() {
	if Launched() {
		os.Setenv(launchedVar, "1")
	}
}

// Launched tells whether a person started the program from the desktop, with
// nobody to read standard error: a launcher that says so (Linux; freedesktop.org
// startup notification and activation), or no standard error at all (a Windows
// program without a console, a macOS application).
func Launched() bool {
	if os.Getenv(launchedVar) != "" {
		return true
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		_, err := os.Stderr.Stat()
		return err != nil
	}
	for _, name := range []string{"GIO_LAUNCHED_DESKTOP_FILE", "DESKTOP_STARTUP_ID", "XDG_ACTIVATION_TOKEN"} {
		if os.Getenv(name) != "" {
			return true
		}
	}
	return false
}
