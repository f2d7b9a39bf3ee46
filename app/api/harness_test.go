package api

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// patience is how long a test waits for what must come, on a busy machine.
const patience = 90 * time.Second

// soon is a SlowAfter for tests in which somebody is dropped. Who reads must
// not be, however busy the machine.
const soon = 2 * time.Second

// A server that closes a connection whose request it did not read to the end
// keeps it for half a second, so that the client sees the answer.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// A post is a server over a station of its own, on a free port of 127.0.0.1.
type post struct {
	tb      testing.TB
	station *station.Station
	server  *Server
	log     *lines
	address string
	next    int // value of the next measurement
	stop    func()
}

func newPost(tb testing.TB, change ...func(*Options)) *post {
	tb.Helper()
	return newPostOf(tb, func(*station.Options) {}, change...)
}

// newPostAt is newPost with a clock of the station.
func newPostAt(tb testing.TB, now func() time.Time, change ...func(*Options)) *post {
	tb.Helper()
	return newPostOf(tb, clock(now), change...)
}

// clock is the option of a station that tells it the time.
func clock(now func() time.Time) func(*station.Options) {
	return func(o *station.Options) { o.Now = now }
}

// newPostOf is newPost with other options of the station.
func newPostOf(tb testing.TB, of func(*station.Options), change ...func(*Options)) *post {
	tb.Helper()
	return newPostIn(tb, tb.TempDir(), of, change...)
}

// newPostIn is newPostOf over a data folder, once the post before it has
// stopped.
func newPostIn(tb testing.TB, folder string, of func(*station.Options), change ...func(*Options)) *post {
	tb.Helper()
	p := &post{tb: tb, log: &lines{changed: make(chan struct{})}, next: 1}
	logger := slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: slog.LevelInfo}))
	so := station.Options{Logger: slog.New(slog.DiscardHandler)}
	of(&so)
	var err error
	if p.station, err = station.Open(folder, so); err != nil {
		tb.Fatal(err)
	}
	o := Options{Station: p.station, Logger: logger, Address: "127.0.0.1:0", Version: "1.2.3"}
	for _, c := range change {
		c(&o)
	}
	if p.server, err = Listen(o); err != nil {
		tb.Fatal(err)
	}
	p.address = p.server.listeners[0].Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- p.server.Serve(ctx) }()
	p.stop = sync.OnceFunc(func() {
		stop()
		if err := <-served; err != nil {
			tb.Errorf("Serve: %v", err)
		}
		p.station.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	tb.Cleanup(p.stop)
	return p
}

func demonstration(o *station.Options) { o.Demo = true }

// record stores n measurements, whose values count up from 1, a hundred in a
// message at most.
func (p *post) record(n int) {
	p.tb.Helper()
	for n > 0 {
		report := fhirmap.Report{Link: "test"}
		for range min(n, 100) {
			value := fhirmap.NewDecimal(int64(p.next), 0)
			report.Measurements = append(report.Measurements, fhirmap.Measurement{
				Type: fhirmap.HeartRate, Device: fhirmap.Device{ID: "d1", Type: fhirmap.HeartRateMonitor},
				Readings: []fhirmap.Reading{{Type: fhirmap.HeartRate, Value: &value, Unit: fhirmap.BeatsPerMinute}},
			})
			p.next++
			n--
		}
		if _, err := p.station.Record(context.Background(), report); err != nil {
			p.tb.Error(err)
			return
		}
	}
}

// get sends a request with headers given as "Name: value" and returns status,
// header and body.
func (p *post) request(method, path, body string, headers ...string) (int, http.Header, string) {
	p.tb.Helper()
	r, err := http.NewRequest(method, "http://"+p.address+path, strings.NewReader(body))
	if err != nil {
		p.tb.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header[name] = append(r.Header[name], value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.tb.Fatal(err)
	}
	defer response.Body.Close()
	content, _ := io.ReadAll(response.Body)
	return response.StatusCode, response.Header, string(content)
}

// lines is a log that tests can wait on.
type lines struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.changed)
	l.changed = make(chan struct{})
	return l.text.Write(b)
}

func (l *lines) has(all []string) (string, bool, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		missing := false
		for _, part := range all {
			missing = missing || !strings.Contains(line, part)
		}
		if !missing {
			return line, true, nil
		}
	}
	return "", false, l.changed
}

// await waits for a line of the log that holds all parts.
func (l *lines) await(tb testing.TB, parts ...string) {
	tb.Helper()
	late := time.After(patience)
	for {
		_, ok, changed := l.has(parts)
		if ok {
			return
		}
		select {
		case <-changed:
		case <-late:
			tb.Fatalf("no line of the log has %q:\n%s", parts, l.text.String())
		}
	}
}

// awaitClients waits until the station counts n clients.
func (p *post) awaitClients(n int) {
	p.tb.Helper()
	changed, stop := p.station.Watch()
	defer stop()
	late := time.After(patience)
	for p.station.Situation().Clients != n {
		select {
		case <-changed:
		case <-late:
			p.tb.Fatalf("%d clients, want %d", p.station.Situation().Clients, n)
		}
	}
}

// awaitSessions waits until n sessions are open.
func (p *post) awaitSessions(n int) {
	p.tb.Helper()
	for end := time.Now().Add(patience); p.server.sockets.places.taken() != n; runtime.Gosched() {
		if time.Now().After(end) {
			p.tb.Fatalf("%d sessions, want %d", p.server.sockets.places.taken(), n)
		}
	}
}

// expect reads n events of c and checks that they are the measurements from
// first on, each once, in order.
func expect(c *client2, first, n int) error {
	for want := first; want < first+n; want++ {
		packet, err := c.event()
		if err != nil {
			return err
		}
		got, err := valueOf(packet)
		if err != nil {
			return err
		}
		if got != want {
			return &wrongEvent{got, want}
		}
	}
	return nil
}

type wrongEvent struct{ got, want int }

func (e *wrongEvent) Error() string {
	return "event " + strconv.Itoa(e.got) + ", want " + strconv.Itoa(e.want)
}

func (p *places) taken() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all.open
}
