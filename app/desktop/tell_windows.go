package desktop

import "golang.org/x/sys/windows"

func messageBox(title, text string) error {
	caption, err := windows.UTF16PtrFromString(title)
	if err != nil {
		return err
	}
	message, err := windows.UTF16PtrFromString(text)
	if err != nil {
		return err
	}
	_, err = windows.MessageBox(0, message, caption, windows.MB_OK|windows.MB_ICONWARNING|windows.MB_SETFOREGROUND)
	return err
}
