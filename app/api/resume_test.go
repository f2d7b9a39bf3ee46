package api

import (
	"fmt"
	"testing"
)

// Who was dropped because it stopped reading goes on from its last sequence
// number: nothing is missing, nothing comes twice.
func TestSlow_CursorResumes(t *testing.T) {
	eachLine(t, func(t *testing.T, eio int, transport string) {
		p := newPost(t, func(o *Options) { o.SlowAfter = soon })
		last := uint64(0)
		next := func(c *client2) {
			t.Helper()
			d, err := c.delivered()
			if err != nil || d.Seq != last+1 {
				t.Fatalf("behind %d: %+v, %v", last, d, err)
			}
			last = d.Seq
		}
		for range short(1, 3) {
			c := p.mustConnect(eio, transport, "")
			c.subscribe(t, fmt.Sprintf(`{"resource":"Observation","after":%d}`, last))
			p.record(100)
			for range 50 {
				next(c)
			}
			p.record(1500) // which it does not read
			p.awaitClients(0)
			p.awaitSessions(0)
			c.close()
		}
		p.log.await(t, "client gone", "limit: too slow")
		c := p.mustConnect(eio, transport, "")
		c.subscribe(t, fmt.Sprintf(`{"resource":"Observation","after":%d}`, last))
		for last < p.station.Head() {
			next(c)
		}
	})
}
