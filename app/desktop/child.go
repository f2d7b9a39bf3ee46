package desktop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// ErrDied says that a child crashed, or failed without a word.
var ErrDied = errors.New("the child process died")

// EndWithParent ends this process, a Child, when its parent has gone: what it
// holds, others wait for.
func EndWithParent() {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
}

// Child runs this program once more with args, for at most limit, and gives the
// first line that it prints when it fails; none when all is well. Errors are
// ErrDied, context.DeadlineExceeded when it took too long, and why it could not
// be started.
func Child(ctx context.Context, limit time.Duration, args ...string) (word string, err error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	child := exec.CommandContext(limited, program, args...)
	child.WaitDelay = time.Second // what it has started may hold its output open
	var out bytes.Buffer
	child.Stdout = &out
	alive, err := child.StdinPipe() // see EndWithParent
	if err != nil {
		return "", err
	}
	defer alive.Close()
	err = child.Run()
	word, _, _ = strings.Cut(strings.TrimSpace(out.String()), "\n")
	switch _, ended := errors.AsType[*exec.ExitError](err); {
	case err == nil:
		return "", nil
	case limited.Err() != nil:
		return "", limited.Err()
	case word != "":
		return word, nil
	case ended:
		return "", fmt.Errorf("%w: %w", ErrDied, err)
	}
	return "", err
}
