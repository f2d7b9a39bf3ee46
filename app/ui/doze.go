package ui

import "time"

// napTime is how long the toolkit waits before it looks for events again while
// nothing is shown.
const napTime = 200 * time.Millisecond

// A doze posts to the toolkit's goroutine, which looks for events sixty times a
// second whether it shows a window or not. While the window is hidden the doze
// holds it up in between; whatever is posted wakes it at once.
type doze struct {
	do     func(func()) // the toolkit's: runs a function on its goroutine, some time
	hidden func() bool
	roused chan struct{}
	dozing bool // read on the toolkit's goroutine
}

func newDoze(do func(func())) *doze { return &doze{do: do, roused: make(chan struct{}, 1)} }

// post may be called on any goroutine.
func (d *doze) post(f func()) {
	d.do(f)
	select {
	case d.roused <- struct{}{}:
	default:
	}
}

// begin follows hidden, on the toolkit's goroutine.
func (d *doze) begin() {
	if !d.dozing {
		d.dozing = true
		d.do(d.nap)
	}
}

func (d *doze) nap() {
	if d.dozing = d.hidden(); !d.dozing {
		return
	}
	timer := time.NewTimer(napTime)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.roused:
	}
	d.do(d.nap)
}
