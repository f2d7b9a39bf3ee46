package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"vitalien/app/cli"
	"vitalien/fhirmap"
	"vitalien/hl7link"
)

// patience is how long a test waits for what must happen; generous, since the
// machines that run tests are shared.
const patience = 60 * time.Second

// start runs the program on free ports and a folder of the test's own, where
// it does not look for monitors.
func start(t *testing.T, f cli.Flags, change ...func(*App)) *App {
	t.Helper()
	if f.DataDir == "" {
		f.DataDir = t.TempDir()
	}
	f.Headless, f.Listen = true, "localhost:0"
	if f.HL7Listen == "" {
		f.HL7Listen = "127.0.0.1:0"
	}
	a, err := New(f, io.Discard, testLog{t})
	if err != nil {
		t.Fatal(err)
	}
	a.config.HL7.Discover = false
	for _, c := range change {
		c(a)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

type testLog struct{ t *testing.T }

func (l testLog) Write(line []byte) (int, error) {
	fmt.Fprint(l.t.Output(), string(line))
	return len(line), nil
}

// dial connects a device to the listener.
func dial(t *testing.T, address string) *hl7link.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	device, err := hl7link.Dial(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { device.Close() })
	return device
}

// send sends a message and demands AA.
func send(t *testing.T, device *hl7link.Client, message string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	code, err := device.Send(ctx, []byte(message))
	if err != nil || code != "AA" {
		t.Fatalf("answered %q, %v", code, err)
	}
}

// oru is a message with one heart rate, and a saturation with its pulse.
func oru(id string, rate int) string {
	return strings.Join([]string{
		`MSH|^~\&|MONITOR|WARD|||20261120101500+0100||ORU^R01^ORU_R01|` + id + `|P|2.6||||||UNICODE UTF-8`,
		`PID|||` + id + `^^^CLINIQUE||Lefèvre^Éloïse||19800312|F`,
		`PV1||I|^^3`,
		`OBR|1|||182777000^monitoring of patient^SCT|||20261120101500+0100`,
		fmt.Sprintf(`OBX|1|NM|8867-4^Heart rate^LN||%d|/min|||||F|||20261120101500+0100`, rate),
		`OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1.150456|97|262688^MDC_DIM_PERCENT^MDC|||||F|||20261120101500+0100`,
		`OBX|3|NM|149530^MDC_PULS_OXIM_PULS_RATE^MDC|1.3.1.149530|71|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||F|||20261120101500+0100`,
	}, "\r") + "\r"
}

// A realClient is a client of its own process, whose lines are read as they
// come.
type realClient struct {
	t     *testing.T
	name  string
	lines chan string
	input io.WriteCloser
}

// run starts a client; it ends with the test.
func run(t *testing.T, name string, command ...string) *realClient {
	t.Helper()
	c := &realClient{t: t, name: name, lines: make(chan string, 10_000)}
	process := exec.CommandContext(t.Context(), command[0], command[1:]...)
	process.Stderr = os.Stderr
	output, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if c.input, err = process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatalf("%s: %v (make deps installs what the tests need)", name, err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(c.lines)
		for scanner := lineScanner(output); scanner.Scan(); {
			c.lines <- scanner.Text()
		}
	}()
	t.Cleanup(func() {
		c.input.Close()
		<-read
		process.Wait()
	})
	return c
}

func lineScanner(r io.Reader) *bufio.Scanner {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, 1<<20)
	return scanner
}

// expect waits for the next line of a kind and gives what follows it.
func (c *realClient) expect(kind string) string {
	c.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case line, open := <-c.lines:
			if !open {
				c.t.Fatalf("%s ended while %q was expected", c.name, kind)
			}
			if have, rest, _ := strings.Cut(line, " "); have == kind {
				return rest
			}
		case <-timeout:
			c.t.Fatalf("%s: no %q", c.name, kind)
		}
	}
}

// emit sends an event and gives the acknowledgement.
func (c *realClient) emit(event ...any) (answer map[string]any) {
	c.t.Helper()
	if err := json.NewEncoder(c.input).Encode(event); err != nil {
		c.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(c.expect("ack")), &answer); err != nil {
		c.t.Fatal(err)
	}
	return answer
}

// get asks the local server.
func get(t *testing.T, a *App, path string) (status int, body string) {
	t.Helper()
	response, err := http.Get(a.server.URL() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

// recorded is what the log of the program holds.
func recorded(t *testing.T, a *App) (list []fhirmap.Recorded) {
	t.Helper()
	for cursor := uint64(0); ; {
		events, err := a.station.Follow(cursor)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			return list
		}
		for _, event := range events {
			list, cursor = append(list, event.Measurements...), event.Last
		}
	}
}
