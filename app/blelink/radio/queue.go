package radio

import (
	"sync"

	"vitalien/app/blelink"
)

// mostQueued is how many values of one device may wait to be taken. A stored
// record has some twenty bytes, and no device stores so many.
const mostQueued = 4096

// A queue holds what a device has sent until it is taken, in order.
type queue struct {
	values chan blelink.Notification // closed when the link is lost and the last was taken

	mu   sync.Mutex
	list []blelink.Notification
	lost bool
	more chan struct{} // list or lost has changed
}

func newQueue() *queue {
	q := &queue{values: make(chan blelink.Notification), more: make(chan struct{}, 1)}
	go q.deliver()
	return q
}

// put adds a value; false when it is one too many, with which the queue ends.
func (q *queue) put(n blelink.Notification) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.lost:
		return true
	case len(q.list) >= mostQueued:
		q.loseLocked()
		return false
	}
	q.list = append(q.list, n)
	q.wake()
	return true
}

func (q *queue) wake() {
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// lose ends the queue behind what it holds.
func (q *queue) lose() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.loseLocked()
}

func (q *queue) loseLocked() {
	q.lost = true
	q.wake()
}

func (q *queue) isLost() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.lost
}

func (q *queue) deliver() {
	defer close(q.values)
	for {
		q.mu.Lock()
		list, lost := q.list, q.lost
		q.list = nil
		q.mu.Unlock()
		for _, n := range list {
			q.values <- n
		}
		switch {
		case len(list) > 0:
		case lost:
			return
		default:
			<-q.more
		}
	}
}
