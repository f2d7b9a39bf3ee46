package api

import (
	"fmt"
	"math/rand/v2"
	"sync"
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

// The network is cut a hundred times in the middle of a burst: each client that
// subscribes again behind what it has got ends with every event, once and in
// order.
func TestCut_AHundredTimes(t *testing.T) {
	eachLine(t, func(t *testing.T, eio int, transport string) {
		p := newPost(t)
		const cuts = 100
		burst := short(2500, 5000)
		var writing sync.WaitGroup
		writing.Go(func() { p.record(burst) })
		defer writing.Wait()
		random, last := rand.New(rand.NewPCG(uint64(eio), 7)), uint64(0)
		follow := func(most int) {
			c := p.mustConnect(eio, transport, "")
			defer c.close() // whatever is under way
			c.subscribe(t, fmt.Sprintf(`{"resource":"Observation","after":%d}`, last))
			for range most {
				d, err := c.delivered()
				if err != nil || d.Seq != last+1 {
					t.Fatalf("behind %d: %+v, %v", last, d, err)
				}
				last = d.Seq
			}
		}
		for range cuts {
			follow(random.IntN(40))
		}
		follow(burst - int(last))
	})
}
