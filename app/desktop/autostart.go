package desktop

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ID names the program to the desktops: its desktop entry, its launch agent.
const ID = "fr.vitalien.desktop"

// Autostart is whether the program starts with the session of the user, in the
// tray.
type Autostart struct {
	// Program is the executable to start; empty: the one that runs.
	Program string
}

func (a Autostart) program() (string, error) {
	if a.Program != "" {
		return a.Program, nil
	}
	return os.Executable()
}

// write replaces a file of the user whole, or not at all.
func write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".vitalien-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Chmod(0o600), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// remove does nothing where there is nothing.
func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
