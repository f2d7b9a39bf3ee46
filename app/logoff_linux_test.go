package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"vitalien/app/cli"
	"vitalien/hl7link"
)

// endLimit is what a session gives the program to end.
const endLimit = 3 * time.Second

// A burst is what several devices send at once, and what was acknowledged.
type burst struct {
	mu           sync.Mutex
	acknowledged map[string]bool
	came         chan struct{} // one for each, as far as anybody takes it
}

// send goes on until the program hangs up.
func (b *burst) send(ctx context.Context, address, name string) {
	device, err := hl7link.Dial(ctx, address)
	if err != nil {
		return
	}
	defer device.Close()
	for i := 0; ; i++ {
		id := fmt.Sprintf("%sN%d", name, i)
		code, err := device.Send(ctx, []byte(oru(id, 60+i%60)))
		if err != nil {
			return
		}
		if code == "AA" {
			b.mu.Lock()
			b.acknowledged[id] = true
			b.mu.Unlock()
			select {
			case b.came <- struct{}{}:
			default:
			}
		}
	}
}

// TestLogoff ends the session during a burst, with software connected that
// reads and some that does not: the program ends well and in time, and what was
// acknowledged is there.
func TestLogoff(t *testing.T) {
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.SIGHUP) // who starts the tests may have it ignored (nohup), and a child inherits that
	defer signal.Stop(heard)
	for name, end := range map[string]func(p *process, worker int) error{
		"the supervisor is told": func(p *process, _ int) error { return p.command.Process.Signal(syscall.SIGTERM) },
		"all are told": func(p *process, worker int) error {
			if err := syscall.Kill(worker, syscall.SIGTERM); err != nil {
				return err
			}
			return p.command.Process.Signal(syscall.SIGTERM)
		},
		"the terminal hangs up": func(p *process, worker int) error {
			if err := syscall.Kill(worker, syscall.SIGHUP); err != nil {
				return err
			}
			return p.command.Process.Signal(syscall.SIGHUP)
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			p := launch(t, folder)
			worker := p.worker(t)
			reader := run(t, "sio4", "node", "testdata/clients/receive.js", "sio4", p.url)
			reader.expect("connect")
			for _, address := range []string{p.mllp, p.url[len("http://"):]} { // who says half a word
				conn, err := net.Dial("tcp", address)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				fmt.Fprint(conn, "\x0bGET / HTTP/1.1\r\nHost: localhost\r\n")
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			b := &burst{acknowledged: map[string]bool{}, came: make(chan struct{}, 1)}
			var devices sync.WaitGroup
			for d := range 4 {
				devices.Go(func() { b.send(ctx, p.mllp, fmt.Sprintf("D%d", d)) })
			}
			for range 40 {
				<-b.came
			}
			told := time.Now()
			if err := end(p, worker); err != nil {
				t.Fatal(err)
			}
			if err := p.command.Wait(); err != nil {
				t.Errorf("ended with %v", err)
			}
			if took := time.Since(told); took > endLimit {
				t.Errorf("ended after %v", took)
			}
			if err := syscall.Kill(worker, 0); err == nil {
				if text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", worker)); len(text) > 0 {
					t.Errorf("process %d is still there", worker)
				}
			}
			devices.Wait()
			found := map[string]int{}
			for _, m := range recorded(t, start(t, cli.Flags{DataDir: folder})) {
				found[m.Patient.ID]++
			}
			for id := range b.acknowledged {
				if found[id] != 2 {
					t.Errorf("%s was acknowledged and is there %d times", id, found[id])
				}
			}
			if len(b.acknowledged) < 40 {
				t.Errorf("%d acknowledged: no burst", len(b.acknowledged))
			}
		})
	}
}
