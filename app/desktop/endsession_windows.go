package desktop

import (
	"errors"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	user32          = windows.NewLazySystemDLL("user32.dll")
	registerClass   = user32.NewProc("RegisterClassExW")
	createWindow    = user32.NewProc("CreateWindowExW")
	defWindowProc   = user32.NewProc("DefWindowProcW")
	getMessage      = user32.NewProc("GetMessageW")
	dispatchMessage = user32.NewProc("DispatchMessageW")

	setShutdownParameters = windows.NewLazySystemDLL("kernel32.dll").NewProc("SetProcessShutdownParameters")
)

const (
	queryEndSession = 0x11 // WM_QUERYENDSESSION
	endSession      = 0x16 // WM_ENDSESSION

	afterMost = 0x200 // of the levels of SetProcessShutdownParameters; programs have 0x280
)

// A windowClass is WNDCLASSEXW.
type windowClass struct {
	size, style            uint32
	procedure              uintptr
	classExtra, windExtra  int32
	instance, icon, cursor windows.Handle
	background             windows.Handle
	menu, name             *uint16
	smallIcon              windows.Handle
}

// A windowMessage is MSG.
type windowMessage struct {
	window         windows.Handle
	message        uint32
	wParam, lParam uintptr
	time           uint32
	x, y           int32
	private        uint32
}

// OnSessionEnd has end called when the session ends, by logging off or shutting
// down, and keeps Windows waiting until the process has ended by itself, for
// 2.5 s at most.
// Windows ends a program of windows without a signal: it asks its windows, and
// so there is one for this, which is never shown.
func OnSessionEnd(end func()) error {
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // a window belongs to its thread
		err := openListener(end)
		failed <- err
		for m := new(windowMessage); err == nil; {
			if more, _, _ := getMessage.Call(uintptr(unsafe.Pointer(m)), 0, 0, 0); int32(more) <= 0 {
				return
			}
			dispatchMessage.Call(uintptr(unsafe.Pointer(m)))
		}
	}()
	return <-failed
}

func openListener(end func()) error {
	name, err := windows.UTF16PtrFromString("VitalienSession")
	if err != nil {
		return err
	}
	class := windowClass{name: name, procedure: windows.NewCallback(func(window, message, wParam, lParam uintptr) uintptr {
		switch message {
		case queryEndSession:
			return 1
		case endSession:
			if wParam != 0 { // nobody has said no
				end()
				time.Sleep(stopPatience)
			}
			return 0
		}
		result, _, _ := defWindowProc.Call(window, message, wParam, lParam)
		return result
	})}
	class.size = uint32(unsafe.Sizeof(class))
	if done, _, err := registerClass.Call(uintptr(unsafe.Pointer(&class))); done == 0 {
		return errors.Join(errors.New("RegisterClassEx"), err)
	}
	if window, _, err := createWindow.Call(0, uintptr(unsafe.Pointer(name)), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); window == 0 {
		return errors.Join(errors.New("CreateWindowEx"), err)
	}
	return nil
}

// EndLast has Windows end this process, a supervisor, after its child, which it
// would take with it.
func EndLast() { setShutdownParameters.Call(afterMost, 0) }
