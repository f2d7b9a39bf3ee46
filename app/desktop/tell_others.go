//go:build !windows

package desktop

import "errors"

func messageBox(string, string) error { return errors.New("a message box is of Windows") }
