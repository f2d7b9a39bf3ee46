package desktop

import (
	"errors"
	"os"
	"os/exec"
	"unsafe"

	"golang.org/x/sys/windows"
)

// A leash ends the child when this process ends, however it ends: it is in a
// job whose only handle closes then. What the child starts, a browser for
// example, is not in the job.
type leash struct{ job windows.Handle }

func newLeash() (*leash, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, err
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{
			LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | windows.JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK,
		},
	}
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err != nil {
		windows.CloseHandle(job)
		return nil, err
	}
	return &leash{job}, nil
}

func (*leash) prepare(*exec.Cmd) {}

func (l *leash) hold(child *os.Process) (err error) {
	return errors.Join(child.WithHandle(func(handle uintptr) {
		err = windows.AssignProcessToJobObject(l.job, windows.Handle(handle))
	}), err)
}

func (l *leash) close() { windows.CloseHandle(l.job) }

// Leashed makes this process, the child of a Supervisor, end with it.
func Leashed() {}

// ask has nothing to do: whatever tells this process to end, Ctrl+C in a
// console or the end of the session, tells the child as well.
func ask(*os.Process) {}
