package station

import (
	"fmt"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitalien/fhirmap"
)

// TestAlerts_Model holds the lifecycle to its rules, across restarts.
func TestAlerts_Model(t *testing.T) {
	type condition struct {
		rank         int
		acknowledged bool
	}
	rapid.Check(t, func(r *rapid.T) {
		folder, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			r.Fatal(err)
		}
		d := &desk{t: t, folder: folder, clock: &clock{time: morning}}
		d.reopen()
		defer func() { d.Close() }()
		present, changes := map[string]condition{}, 0
		priorities := []fhirmap.Priority{"", fhirmap.PriorityLow, fhirmap.PriorityMedium, fhirmap.PriorityHigh}
		r.Repeat(map[string]func(*rapid.T){
			"message": func(r *rapid.T) {
				d.clock.advance(time.Second)
				report := alarming(nil)
				complete := rapid.Bool().Draw(r, "complete")
				if !complete {
					report.Alarms[0].Complete = nil
				}
				listed := map[string]bool{}
				for _, code := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 3, rapid.ID).Draw(r, "codes") {
					a := sensorOff()
					rank := rapid.IntRange(0, 3).Draw(r, "rank")
					a.Code, a.Priority = code, priorities[rank]
					a.Ended, a.Acknowledged = rapid.Bool().Draw(r, "ended"), rapid.Bool().Draw(r, "acknowledged")
					report.Alarms[0].List = append(report.Alarms[0].List, a)
					was, there := present[code]
					switch {
					case a.Ended:
						if there {
							changes++
						}
						delete(present, code)
						continue
					case !there:
						changes++
						present[code] = condition{rank, a.Acknowledged}
					default:
						next := was
						if rank > was.rank {
							next = condition{rank, false}
						}
						next.acknowledged = next.acknowledged || a.Acknowledged
						if next != was {
							changes++
						}
						present[code] = next
					}
					listed[code] = true
				}
				for code := range present {
					if complete && !listed[code] {
						delete(present, code)
						changes++
					}
				}
				d.record(report)
			},
			"acknowledge": func(r *rapid.T) {
				for _, a := range d.Alerts() {
					if a.Active() && a.Acknowledged.IsZero() {
						if err := d.AcknowledgeAlert(t.Context(), a.ID); err != nil {
							r.Fatal(err)
						}
						present[a.Code] = condition{present[a.Code].rank, true}
						changes++
						return
					}
				}
			},
			"note":   func(r *rapid.T) { _ = d.noteAlerts() },
			"reopen": func(*rapid.T) { d.reopen() },
			"": func(r *rapid.T) {
				have := map[string]condition{}
				for _, a := range d.Alerts() {
					if a.Active() {
						have[a.Code] = condition{a.Priority.Rank(), !a.Acknowledged.IsZero()}
					} else if !a.Acknowledged.IsZero() {
						r.Fatalf("over, acknowledged and shown: %+v", a)
					}
				}
				if fmt.Sprint(have) != fmt.Sprint(present) || d.Head() != uint64(changes) {
					r.Fatalf("%v after %d changes, want %v after %d", have, d.Head(), present, changes)
				}
			},
		})
	})
}
