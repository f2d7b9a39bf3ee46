package desktop

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"time"
)

const (
	firstPause   = 200 * time.Millisecond // before a child that died is started again
	longestPause = 30 * time.Second
	deathsCount  = 10 * time.Minute // for so long
	tooMany      = 3                // deaths: the next child is to try less
	stopPatience = 2500 * time.Millisecond
)

// Again is the exit status of a child that wants to be started again at once.
const Again = 75

// A Supervisor runs the program as a child of this process and starts it again
// when it dies, so that nothing that ends a process ends the service.
type Supervisor struct {
	// Arguments are those of the next child. said is every line that the
	// children before wrote to standard output, crashing that they died three
	// times within ten minutes, and asked that the last one ended with Again.
	Arguments func(said []string, crashing, asked bool) []string
	Stdin     *os.File // passed on, where there is one
	Stdout    io.Writer
	Stderr    io.Writer // of the child and of what it starts
	Log       *slog.Logger
}

// Run goes on until a child ends by its own will or ctx ends, and returns the
// exit status to end with. A child that ends before it has said anything could
// not start, and its status is passed on; one that had served and ends with
// anything but 0 has died. When ctx ends the child is asked to end, and after
// 2.5 s ended. The child never outlives this process. Run must be called on the
// goroutine of main.
func (s *Supervisor) Run(ctx context.Context) (status int, err error) {
	runtime.LockOSThread() // Linux ends the child when the thread that started it ends
	leash, err := newLeash()
	if err != nil {
		return 1, err
	}
	defer leash.close()
	var seen lines
	var past deaths
	crashing, asked := false, false
	for {
		status, err = s.live(ctx, leash, &seen, crashing, asked)
		if err != nil || status == 0 || len(seen.said) == 0 || ctx.Err() != nil {
			return status, err
		}
		if asked = status == Again; asked {
			s.Log.Info("starting the program again, as somebody has asked")
			continue
		}
		var pause time.Duration
		pause, often := past.note(time.Now())
		crashing = crashing || often
		s.Log.Error("the program died, starting it again", "status", status, "after", pause, "crashing", crashing)
		select {
		case <-ctx.Done():
			return 0, nil
		case <-time.After(pause):
		}
	}
}

// live runs one child to its end.
func (s *Supervisor) live(ctx context.Context, leash *leash, seen *lines, crashing, asked bool) (status int, err error) {
	program, err := os.Executable()
	if err != nil {
		return 1, err
	}
	seen.to, seen.rest = s.Stdout, nil
	child := exec.Command(program, s.Arguments(seen.said, crashing, asked)...)
	child.Stdout, child.Stderr, child.WaitDelay = seen, s.Stderr, time.Second // what it has started may hold its output open
	if exists(s.Stdin) {
		child.Stdin = s.Stdin
	}
	leash.prepare(child)
	if err := child.Start(); err != nil {
		return 1, err
	}
	if err := leash.hold(child.Process); err != nil {
		s.Log.Warn("the program may outlive its supervisor", "error", err)
	}
	ended := ending(ctx, child.Process)
	child.Wait()
	forced := ended()
	switch status = child.ProcessState.ExitCode(); {
	case status >= 0: // of its own
	case ctx.Err() != nil && !forced:
		status = 0 // it was asked before it could listen
	default:
		status = 1
	}
	return status, nil
}

// exists tells whether there is such a stream: a Windows program without a
// console has none.
func exists(stream *os.File) bool {
	_, err := stream.Stat()
	return err == nil
}

// ending asks a child to end when ctx does, and ends it when it does not. The
// function that it returns is called when the child has ended, and tells
// whether it had to be forced.
func ending(ctx context.Context, child *os.Process) (ended func() (forced bool)) {
	end, watched := make(chan struct{}), make(chan bool, 1)
	go func() {
		select {
		case <-end:
			watched <- false
			return
		case <-ctx.Done():
		}
		ask(child)
		select {
		case <-end:
			watched <- false
		case <-time.After(stopPatience):
			child.Kill()
			watched <- true
		}
	}()
	return func() bool {
		close(end)
		return <-watched
	}
}

// deaths are the times of those that count.
type deaths []time.Time

// note counts a death, and gives the pause before the next child and whether
// there were too many.
func (d *deaths) note(now time.Time) (pause time.Duration, often bool) {
	*d = append(slices.DeleteFunc(*d, func(at time.Time) bool { return now.Sub(at) > deathsCount }), now)
	pause = firstPause
	for range len(*d) - 1 {
		pause = min(2*pause, longestPause)
	}
	return pause, len(*d) >= tooMany
}

// lines passes on whole lines but those that it has passed on before: where it
// serves, a child that was started again repeats. Who read them once need not
// read on.
type lines struct {
	to   io.Writer
	said []string
	rest []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		l.rest = rest
		if text := string(line); !slices.Contains(l.said, text) {
			l.said = append(l.said, text)
			if _, err := io.WriteString(l.to, text+"\n"); err != nil {
				return len(p), err
			}
		}
	}
}
