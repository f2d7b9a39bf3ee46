package config

import (
	"os"
	"path/filepath"
	"runtime"
)

// DataFolder is where the data of the user is kept, unless --data-dir says
// otherwise: %LocalAppData%\Vitalien, ~/Library/Application Support/Vitalien,
// or $XDG_DATA_HOME/vitalien.
func DataFolder() (string, error) {
	switch runtime.GOOS {
	case "windows":
		if local := os.Getenv("LocalAppData"); local != "" {
			return filepath.Join(local, "Vitalien"), nil
		}
	case "darwin":
	default:
		if data := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
			return filepath.Join(data, "vitalien"), nil
		}
		home, err := os.UserHomeDir()
		return filepath.Join(home, ".local", "share", "vitalien"), err
	}
	return Folder()
}

// Folder is where config.toml of the user is, unless --data-dir says
// otherwise.
func Folder() (string, error) {
	base, err := os.UserConfigDir()
	name := "Vitalien"
	if runtime.GOOS != "windows" && runtime.GOOS != "darwin" {
		name = "vitalien"
	}
	return filepath.Join(base, name), err
}
