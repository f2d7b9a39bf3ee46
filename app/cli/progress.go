package cli

import (
	"fmt"
	"io"
	"time"
)

// progressEvery is how often long work tells how far it is.
const progressEvery = time.Second

// A Progress is how far long work is.
type Progress struct {
	Done uint64 `json:"done"`
	Of   uint64 `json:"of"`
}

// A reporting is where a command prints, and tells its progress.
type reporting struct {
	io.Writer
	tell func(Progress)
}

// progressOf is who wants to know the progress of what prints to out.
func progressOf(out io.Writer) func(Progress) {
	if r, ok := out.(reporting); ok {
		return r.tell
	}
	return func(Progress) {}
}

// nowAndThen tells progress to whoever reads out, and not every step of it.
func nowAndThen(out io.Writer) func(done, of uint64) {
	tell, last := progressOf(out), time.Now()
	return func(done, of uint64) {
		if now := time.Now(); now.Sub(last) >= progressEvery {
			last = now
			tell(Progress{done, of})
		}
	}
}

// output is standard output, with progress on standard error.
func (p *Program) output() io.Writer {
	return reporting{p.Stdout, func(at Progress) {
		fmt.Fprintf(p.Stderr, "%3d %%  %d / %d\n", 100*at.Done/max(1, at.Of), at.Done, at.Of)
	}}
}
