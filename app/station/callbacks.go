package station

import (
	"slices"
	"sync"
)

// callbacks are those who want to know of something.
type callbacks struct {
	mu  sync.Mutex
	all []func()
}

func (c *callbacks) add(tell func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, tell)
}

func (c *callbacks) tell() {
	c.mu.Lock()
	all := slices.Clone(c.all)
	c.mu.Unlock()
	for _, tell := range all {
		tell()
	}
}

// OnRevise has tell called after each deletion of a patient and each correction:
// what was read from the log before must be read again.
func (s *Station) OnRevise(tell func()) { s.onRevise.add(tell) }
