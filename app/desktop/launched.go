package desktop

import (
	"os"
	"runtime"
)

// Launched tells whether a person started the program from the desktop, with
// nobody to read standard error: a launcher that says so (Linux; freedesktop.org
// startup notification and activation), or no standard error at all (a Windows
// program without a console, a macOS application).
func Launched() bool {
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
