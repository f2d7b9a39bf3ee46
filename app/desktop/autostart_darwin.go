package desktop

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A launch agent of the user (launchd.plist(5)) takes effect at the next login.
const agent = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key><string>%s</string>
	<key>ProgramArguments</key><array><string>%s</string><string>--minimized</string></array>
	<key>RunAtLoad</key><true/>
	<key>ProcessType</key><string>Interactive</string>
</dict>
</plist>
`

func agentFile() (string, error) {
	home, err := os.UserHomeDir()
	return filepath.Join(home, "Library", "LaunchAgents", ID+".plist"), err
}

// Enabled tells whether the program starts with the session.
func (a Autostart) Enabled() (bool, error) {
	path, err := agentFile()
	if err != nil {
		return false, err
	}
	_, err = os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Enable makes the program start with the session, or not.
func (a Autostart) Enable(on bool) error {
	path, err := agentFile()
	if err != nil {
		return err
	}
	if !on {
		return remove(path)
	}
	program, err := a.program()
	if err != nil {
		return err
	}
	var name strings.Builder
	if err := xml.EscapeText(&name, []byte(program)); err != nil {
		return err
	}
	return write(path, fmt.Sprintf(agent, ID, name.String()))
}
