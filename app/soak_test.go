package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"vitalien/hl7link"
)

// endurance is how long TestEndurance goes on.
func endurance() time.Duration {
	if os.Getenv("VITALIEN_SOAK") != "" {
		return 30 * time.Minute
	}
	return 8 * time.Second
}

// TestEndurance sends 200 messages a second while clients come, read some
// events, go and come back with their last sequence number, and others come
// and never read. Whoever has a cursor misses nothing and gets nothing twice;
// memory stays flat, and no goroutine is left over.
func TestEndurance(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory and goroutines are read the way of Linux")
	}
	const rate, devices, subscribers = 200, 10, 6
	idle := goroutines(t, func(*process) {})
	total := uint64(endurance().Seconds() * rate)
	var memory []int64
	left := goroutines(t, func(p *process) {
		ctx, cancel := context.WithTimeout(t.Context(), endurance()+5*time.Minute)
		defer cancel()
		var group sync.WaitGroup
		for d := range devices {
			group.Go(func() {
				if err := pace(ctx, p.mllp, d, devices, rate, int(total)); err != nil {
					t.Errorf("device %d: %v", d, err)
				}
			})
		}
		for i := range subscribers {
			group.Go(func() {
				if err := comeAndGo(ctx, p.url, total); err != nil {
					t.Errorf("subscriber %d: %v", i, err)
				}
			})
		}
		loaded, done := context.WithTimeout(ctx, endurance())
		defer done()
		group.Go(func() { stare(loaded, t, p.url) })
		for tick := time.NewTicker(endurance() / 60); loaded.Err() == nil; {
			select {
			case <-tick.C:
				memory = append(memory, rssAnon(t, p.worker(t)))
			case <-loaded.Done():
			}
		}
		group.Wait()
	})
	if left > idle {
		t.Errorf("%d goroutines, %d before the first client came", left, idle)
	}
	third := len(memory) / 3
	middle, end := median(memory[third:2*third]), median(memory[2*third:])
	t.Logf("%d messages at %d/s; RssAnon %.1f MB in the second third, %.1f MB in the last, at most %.1f MB; goroutines %d, idle %d",
		total, rate, mega(middle), mega(end), mega(slices.Max(memory)), left, idle)
	if os.Getenv("VITALIEN_SOAK") != "" && end > middle+middle/10 {
		t.Errorf("memory grows from %.1f to %.1f MB", mega(middle), mega(end))
	}
	if slices.Max(memory) > 120<<20 {
		t.Errorf("memory rose to %.1f MB", mega(slices.Max(memory)))
	}
}

func mega(bytes int64) float64 { return float64(bytes) / (1 << 20) }

func median(values []int64) int64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// goroutines runs a load against the program and counts the goroutines that
// are left, from the stacks that Go prints on SIGQUIT.
func goroutines(t *testing.T, load func(*process)) int {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	var stacks bytes.Buffer
	command := commandOf(t, path, t.TempDir())
	command.Stderr = &stacks
	p := ready(t, command)
	load(p)
	awaitNoClients(t, p.url)
	until(t, "the connections of the load are closed", func() bool { return connections(t, p) == 0 })
	p.endWorker(t, syscall.SIGQUIT)
	p.stop(t)
	return own(stacks.String())
}

// connections is how many the program has open, as the kernel tells (proc(5),
// /proc/net/tcp).
func connections(t *testing.T, p *process) (n int) {
	t.Helper()
	pid := p.worker(t)
	open := map[string]bool{} // inodes of connections that are established, or half closed
	for _, table := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); len(fields) > 9 && (fields[3] == "01" || fields[3] == "08") {
				open["socket:["+fields[9]+"]"] = true
			}
		}
	}
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if target, err := os.Readlink(file); err == nil && open[target] {
			n++
		}
	}
	return n
}

// own counts the goroutines in stacks that are not the runtime's, which starts
// those of the garbage collector under load, one for each thread.
func own(stacks string) (n int) {
	for _, stack := range strings.Split(stacks, "\ngoroutine ")[1:] {
		if !strings.Contains(stack, "created by runtime.") {
			n++
		}
	}
	return n
}

// pace sends every message of one device when it is due.
func pace(ctx context.Context, address string, first, devices, rate, total int) error {
	device, err := hl7link.Dial(ctx, address)
	if err != nil {
		return err
	}
	defer device.Close()
	began := time.Now()
	due := time.NewTimer(0)
	defer due.Stop()
	for i := first; i < total; i += devices {
		due.Reset(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		select {
		case <-due.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if code, err := device.Send(ctx, []byte(one("E"+strconv.Itoa(i), 60+i%60))); err != nil || code != "AA" {
			return fmt.Errorf("message %d answered %q, %w", i, code, err)
		}
	}
	return nil
}

// one is a message with one heart rate.
func one(id string, rate int) string {
	lines := strings.SplitAfter(oru(id, rate), "\r")
	return strings.Join(lines[:5], "")
}

// comeAndGo reads all events up to last over many short visits.
func comeAndGo(ctx context.Context, url string, last uint64) error {
	for cursor := uint64(0); cursor < last; {
		c, err := subscriber(ctx, url, cursor)
		if err != nil {
			return err
		}
		for range 1 + rand.IntN(1500) {
			if cursor == last {
				break
			}
			seq, err := c.next(ctx)
			if err != nil {
				return err
			}
			if seq != cursor+1 {
				return fmt.Errorf("event %d follows %d", seq, cursor)
			}
			cursor = seq
		}
		if rand.IntN(2) == 0 {
			c.conn.Close(websocket.StatusNormalClosure, "")
		}
		c.conn.CloseNow()
	}
	return nil
}

// stare keeps some clients that never read, new ones when they are dropped.
func stare(ctx context.Context, t *testing.T, url string) {
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for ctx.Err() == nil {
				c, err := subscriber(ctx, url, 0)
				if err != nil {
					if ctx.Err() == nil {
						t.Error(err)
					}
					return
				}
				stay, leave := context.WithTimeout(ctx, endurance()/20)
				<-stay.Done()
				leave()
				c.conn.CloseNow()
			}
		})
	}
	group.Wait()
}

// A cursorClient is a client with a subscription.
type cursorClient struct{ conn *websocket.Conn }

func subscriber(ctx context.Context, url string, after uint64) (*cursorClient, error) {
	conn, _, err := websocket.Dial(ctx, strings.Replace(url, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(1 << 20)
	c := &cursorClient{conn}
	for _, step := range []struct{ send, await string }{
		{"", "0"}, {"40", "40"}, {fmt.Sprintf(`420["subscribe",{"resource":"Observation","after":%d}]`, after), `430[{"`},
	} {
		if step.send != "" {
			if err := conn.Write(ctx, websocket.MessageText, []byte(step.send)); err != nil {
				return nil, err
			}
		}
		if _, err := c.await(ctx, step.await); err != nil {
			return nil, fmt.Errorf("%q: %w", step.send, err)
		}
	}
	return c, nil
}

// await reads until a packet begins so. Heartbeats are answered, events "fhir"
// passed over; they are not what a cursor is about.
func (c *cursorClient) await(ctx context.Context, prefix string) (string, error) {
	for {
		_, packet, err := c.conn.Read(ctx)
		if err != nil {
			return "", err
		}
		rest, ok := strings.CutPrefix(string(packet), prefix)
		switch {
		case ok:
			return rest, nil
		case string(packet) == "2":
			if err := c.conn.Write(ctx, websocket.MessageText, []byte("3")); err != nil {
				return "", err
			}
		case !strings.HasPrefix(string(packet), `42["fhir",`):
			return "", fmt.Errorf("unexpected %.100q", packet)
		}
	}
}

// next is the sequence number of the next event.
func (c *cursorClient) next(ctx context.Context) (uint64, error) {
	rest, err := c.await(ctx, `42["event",{"subscription":"1","seq":`)
	if err != nil {
		return 0, err
	}
	digits, _, ok := strings.Cut(rest, ",")
	if !ok {
		return 0, errors.New("event without an end")
	}
	return strconv.ParseUint(digits, 10, 64)
}

func rssAnon(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "RssAnon:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		t.Fatal("no RssAnon in /proc")
	}
	kilobytes, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}

// awaitNoClients waits until the program counts neither clients nor devices.
func awaitNoClients(t *testing.T, url string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for end := time.Now().Add(patience); ; {
		response, err := client.Get(url + "/status")
		if err != nil {
			t.Fatal(err)
		}
		var status struct {
			Clients int
			Links   []struct{ Peers int }
		}
		err = json.NewDecoder(response.Body).Decode(&status)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range status.Links {
			status.Clients += link.Peers
		}
		if status.Clients == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d clients and devices are still there", status.Clients)
		}
		runtime.Gosched()
	}
}
