package desktop

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// Endings are the signals that ask the program to end: Ctrl+C, and the close of
// the console, the end of the session or of Windows.
func Endings() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

var attachConsole = windows.NewLazySystemDLL("kernel32.dll").NewProc("AttachConsole")

const parentProcess = ^uintptr(0) // ATTACH_PARENT_PROCESS

// AttachConsole gives the program the console that it was started from.
// Windows does not: the program is one of windows, so that a double-click opens
// no console. What is redirected stays so.
func AttachConsole() {
	if done, _, _ := attachConsole.Call(parentProcess); done == 0 {
		return
	}
	for _, stream := range []struct {
		file   **os.File
		handle uint32
		name   string
		mode   int
	}{
		{&os.Stdin, windows.STD_INPUT_HANDLE, "CONIN$", os.O_RDONLY},
		{&os.Stdout, windows.STD_OUTPUT_HANDLE, "CONOUT$", os.O_WRONLY},
		{&os.Stderr, windows.STD_ERROR_HANDLE, "CONOUT$", os.O_WRONLY},
	} {
		if _, err := (*stream.file).Stat(); err == nil {
			continue
		}
		if console, err := os.OpenFile(stream.name, stream.mode, 0); err == nil {
			*stream.file = console
			windows.SetStdHandle(stream.handle, windows.Handle(console.Fd()))
		}
	}
}

// independent keeps a Ctrl+C in the console of this program from a program
// beside. The job of the supervisor does not hold it (see leash).
func independent(other *exec.Cmd) {
	other.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}
