package desktop

import (
	"errors"

	"golang.org/x/sys/windows/registry"
)

// Where Windows keeps what starts with a session, for this user or for all, and
// what a person has switched off in the Task Manager: a value whose first byte
// is odd.
const (
	runKey      = `Software\Microsoft\Windows\CurrentVersion\Run`
	approvedKey = `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run`
	runValue    = "Vitalien"
)

// errForAll says that an administrator has installed the program for all users.
var errForAll = errors.New("the administrator starts the program for all users of this computer: switch it off in the Task Manager")

// Enabled tells whether the program starts with the session.
func (a Autostart) Enabled() (bool, error) {
	for _, root := range []registry.Key{registry.CURRENT_USER, registry.LOCAL_MACHINE} {
		starts, err := hasValue(root)
		if err != nil {
			return false, err
		}
		if starts {
			off, err := switchedOff(root)
			return !off, err
		}
	}
	return false, nil
}

// Enable makes the program start with the session, or not.
func (a Autostart) Enable(on bool) error {
	if !on {
		if err := deleteValue(runKey); err != nil {
			return err
		}
		if forAll, err := a.Enabled(); err != nil || forAll {
			return errors.Join(err, errForAll)
		}
		return nil
	}
	program, err := a.program()
	if err != nil {
		return err
	}
	key, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer key.Close()
	if err := key.SetStringValue(runValue, `"`+program+`" --minimized`); err != nil {
		return err
	}
	return deleteValue(approvedKey)
}

func hasValue(root registry.Key) (bool, error) {
	key, err := registry.OpenKey(root, runKey, registry.QUERY_VALUE)
	if err == nil {
		defer key.Close()
		_, _, err = key.GetStringValue(runValue)
	}
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func switchedOff(root registry.Key) (bool, error) {
	key, err := registry.OpenKey(root, approvedKey, registry.QUERY_VALUE)
	var state []byte
	if err == nil {
		defer key.Close()
		state, _, err = key.GetBinaryValue(runValue)
	}
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	return len(state) > 0 && state[0]&1 == 1, err
}

func deleteValue(path string) error {
	key, err := registry.OpenKey(registry.CURRENT_USER, path, registry.SET_VALUE)
	if err == nil {
		defer key.Close()
		err = key.DeleteValue(runValue)
	}
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	return err
}
