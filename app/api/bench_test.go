package api

import (
	"fmt"
	"testing"
)

// BenchmarkFanout records events and has every client read them all, client
// and server in one process over loopback: deliveries/s is the sum over the
// clients.
func BenchmarkFanout(b *testing.B) {
	for _, fan := range []struct {
		name      string
		clients   int
		events    int
		eio       int
		transport string
		more      string
	}{
		{"kligo", 1, 10000, 4, "websocket", ""},
		{"kligo", 50, 1000, 4, "websocket", ""},
		{"r4", 1, 10000, 4, "websocket", "&format=r4"},
		{"r4", 50, 1000, 4, "websocket", "&format=r4"},
		{"kligo", 1, 10000, 4, "polling", ""},
		{"kligo", 1, 10000, 3, "polling", ""},
	} {
		b.Run(fmt.Sprintf("%s/EIO=%d-%s/%d×%d", fan.name, fan.eio, fan.transport, fan.clients, fan.events), func(b *testing.B) {
			p := newPost(b)
			var clients []*client2
			for range fan.clients {
				clients = append(clients, p.mustConnect(fan.eio, fan.transport, fan.more))
			}
			bytes := 0
			for b.Loop() {
				first := p.next
				p.record(fan.events)
				if err := everyone(clients, first, fan.events); err != nil {
					b.Fatal(err)
				}
				bytes = len(p.sample(fan.more))
			}
			b.ReportMetric(float64(fan.clients*fan.events*b.N)/b.Elapsed().Seconds(), "deliveries/s")
			b.ReportMetric(float64(bytes), "bytes/event")
		})
	}
}

// sample is the newest event in one form.
func (p *post) sample(more string) []byte {
	f := formKligo
	if more != "" {
		f = formR4
	}
	packets, _, err := newFrames(p.station, f).after(p.station.Head() - 100)
	if err != nil || len(packets) == 0 {
		p.tb.Fatal(err)
	}
	return packets[len(packets)-1].frame.packet()
}

// BenchmarkVitals has a ward of 200 beds change, and clients take the newest
// values of each: what one change costs, all told.
func BenchmarkVitals(b *testing.B) {
	const beds = 200
	for _, clients := range []int{0, 1, 10} {
		b.Run(fmt.Sprintf("%d×%d", clients, beds), func(b *testing.B) {
			p := newPost(b)
			var all []*client2
			for range clients {
				c := p.mustConnect(4, "websocket", "")
				c.subscribe(b, `{"resource":"Vitals"}`)
				all = append(all, c)
			}
			last := fmt.Sprint(beds - 1)
			for round := int64(1); b.Loop(); round++ {
				for bed := range beds {
					p.show(fmt.Sprint(bed), round)
				}
				for _, c := range all {
					for s, err := c.vitals(); s.Bed != last || s.rate() != fmt.Sprint(round); s, err = c.vitals() {
						if err != nil {
							b.Fatal(err)
						}
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*beds), "µs/change")
		})
	}
}
