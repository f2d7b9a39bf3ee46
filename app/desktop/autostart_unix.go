//go:build unix && !darwin

package desktop

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The autostart of freedesktop.org ("Desktop Application Autostart
// Specification"): an entry in a folder of the system, which a package puts
// there, and one of the same name in the user's, which wins.

const autostartEntry = `[Desktop Entry]
Type=Application
Name=Vitalien
Icon=vitalien
Exec=%s --minimized
X-GNOME-Autostart-enabled=true
`

const autostartHidden = "[Desktop Entry]\nType=Application\nName=Vitalien\nHidden=true\n"

func userEntry() (string, error) {
	folder, err := os.UserConfigDir()
	return filepath.Join(folder, "autostart", ID+".desktop"), err
}

func systemEntry() bool {
	folders := os.Getenv("XDG_CONFIG_DIRS")
	if folders == "" {
		folders = "/etc/xdg"
	}
	for _, folder := range filepath.SplitList(folders) {
		if _, err := os.Stat(filepath.Join(folder, "autostart", ID+".desktop")); err == nil {
			return true
		}
	}
	return false
}

// Enabled tells whether the program starts with the session.
func (a Autostart) Enabled() (bool, error) {
	path, err := userEntry()
	if err != nil {
		return false, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return systemEntry(), nil
	}
	return err == nil && !says(string(text), "Hidden", "true") && !says(string(text), "X-GNOME-Autostart-enabled", "false"), err
}

// Enable makes the program start with the session, or not.
func (a Autostart) Enable(on bool) error {
	path, err := userEntry()
	if err != nil {
		return err
	}
	switch system := systemEntry(); {
	case on == system: // as the package has it
		return remove(path)
	case !on:
		return write(path, autostartHidden)
	}
	program, err := a.program()
	if err != nil {
		return err
	}
	return write(path, fmt.Sprintf(autostartEntry, quoted(program)))
}

func says(entry, key, value string) bool {
	for line := range strings.Lines(entry) {
		have, is, _ := strings.Cut(line, "=")
		if strings.TrimSpace(have) == key && strings.TrimSpace(is) == value {
			return true
		}
	}
	return false
}

// quoted is an argument of Exec: in quotes, within which some characters are
// escaped, and then again as every string of an entry is; a percent sign is
// doubled.
func quoted(argument string) string {
	escaped := strings.NewReplacer(`"`, `\\"`, "`", "\\\\`", `$`, `\\$`, `\`, `\\\\`, "%", "%%").Replace(argument)
	return `"` + escaped + `"`
}
