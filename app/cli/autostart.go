package cli

import "fmt"

// An Autostart is whether the program starts with the user's session.
type Autostart interface {
	Enabled() (bool, error)
	Enable(on bool) error
}

func (p *Program) autostart(words []string) error {
	if len(words) != 1 {
		return wrong("usage: vitalien autostart on | off | status")
	}
	switch words[0] {
	case "on", "off":
		return p.Autostart.Enable(words[0] == "on")
	case "status":
		on, err := p.Autostart.Enabled()
		if err != nil {
			return err
		}
		state := "off"
		if on {
			state = "on"
		}
		_, err = fmt.Fprintln(p.Stdout, state)
		return err
	}
	return wrong("usage: vitalien autostart on | off | status")
}
