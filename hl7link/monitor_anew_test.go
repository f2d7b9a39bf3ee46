package hl7link

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// After a sleep neither a connection that nobody ended nor a call or a pause
// that would go on is waited for.
func TestRunMonitor_Anew(t *testing.T) {
	for name, dead := range map[string]func(monitor net.Conn){
		"connected": func(net.Conn) {},
		"pausing":   func(monitor net.Conn) { monitor.Close() },
		"calling": func(monitor net.Conn) {
			monitor.Close()
			time.Sleep(2 * time.Second) // the pause is over, and nobody answers
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sink := &memorySink{}
				var anew atomic.Pointer[chan struct{}]
				anew.Store(new(make(chan struct{})))
				network, stop := runFake(t, sink, func(o *MonitorOptions) { o.Anew = func() <-chan struct{} { return *anew.Load() } })
				defer stop()
				monitor := <-network.dialled
				listen(monitor)
				say(t, monitor, admitted("812"), pressureAt(seven, "120"))
				dead(monitor)
				synctest.Wait()
				before := time.Now()
				close(*anew.Swap(new(make(chan struct{}))))
				synctest.Wait()
				monitor = <-network.dialled
				if waited := time.Since(before); waited > 0 {
					t.Errorf("called again after %v", waited)
				}
				listen(monitor)
				say(t, monitor, admitted("812"), pressureAt(seven, "120"), pressureAt(sevenTen, "121"))
				if s := network.last(); s.State != MonitorConnected || s.Fault != nil {
					t.Errorf("%+v", s)
				}
				if pressures := strings.Count(strings.Join(recordedIn(sink), "\n"), "blood_pressure | systolic"); pressures != 2 {
					t.Errorf("%d pressures: %v", pressures, recordedIn(sink))
				}
			})
		})
	}
}
