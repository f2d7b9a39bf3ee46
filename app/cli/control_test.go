package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// serving answers on the control socket of folder until the test ends, or stop
// is called.
func serving(t *testing.T, folder string, handle Handler) (stop func()) {
	t.Helper()
	listener, err := listenControl(folder)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serveControl(ctx, listener, handle) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(controlTimeout / 2):
			t.Error("the control socket does not end")
		}
	})
	t.Cleanup(stop)
	return stop
}

func echo(_ context.Context, words []string, out io.Writer) error {
	_, err := fmt.Fprint(out, strings.Join(words, "+"))
	return err
}

func wantEcho(t *testing.T, folder string) {
	t.Helper()
	var out bytes.Buffer
	if err := Call(t.Context(), folder, []string{"a", "é b"}, &out); err != nil || out.String() != "a+é b" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestCall_WithoutAProgram(t *testing.T) {
	if err := Call(t.Context(), t.TempDir(), []string{"show"}, io.Discard); !errors.Is(err, ErrNotRunning) {
		t.Error(err)
	}
}

func TestServeControl_AnswersAndEnds(t *testing.T) {
	folder := t.TempDir()
	stop := serving(t, folder, echo)
	for range 3 {
		wantEcho(t, folder)
	}
	if err := Call(t.Context(), t.TempDir(), []string{"a"}, io.Discard); !errors.Is(err, ErrNotRunning) {
		t.Errorf("another folder: %v", err)
	}
	stop()
	if err := Call(t.Context(), folder, []string{"a"}, io.Discard); !errors.Is(err, ErrNotRunning) {
		t.Errorf("after the end: %v", err)
	}
}

func TestServeControl_EndsAtOnceWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ServeControl(ctx, t.TempDir(), echo); err != nil {
		t.Error(err)
	}
}

func TestServeControl_HandsErrorsOver(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		check func(error) bool
	}{
		"fault": {&fhirmap.Fault{Code: "not_found", French: "Rien.", English: "nothing"}, func(err error) bool {
			f, ok := errors.AsType[*fhirmap.Fault](err)
			return ok && f.Code == "not_found" && f.French == "Rien." && f.English == "nothing"
		}},
		"plain": {errors.New("broken"), func(err error) bool {
			return fhirmap.FaultOf(err).Code == "internal" && strings.Contains(err.Error(), "broken")
		}},
		"wrong use": {wrong("usage: this"), func(err error) bool {
			w, ok := errors.AsType[WrongUse](err)
			return ok && w.Error() == "usage: this"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			serving(t, folder, func(_ context.Context, _ []string, out io.Writer) error {
				fmt.Fprint(out, "before")
				return c.err
			})
			var out bytes.Buffer
			if err := Call(t.Context(), folder, []string{"a"}, &out); !c.check(err) || out.String() != "before" {
				t.Errorf("%#v, %q", err, out.String())
			}
		})
	}
}

func TestServeControl_SurvivesAPanic(t *testing.T) {
	folder := t.TempDir()
	serving(t, folder, func(ctx context.Context, words []string, out io.Writer) error {
		if words[0] == "panic" {
			panic("oops")
		}
		return echo(ctx, words, out)
	})
	if err := Call(t.Context(), folder, []string{"panic"}, io.Discard); fhirmap.FaultOf(err).Code != "internal" {
		t.Error(err)
	}
	wantEcho(t, folder)
}

// Who sends nothing, garbage or too much holds up neither the others nor the
// end.
func TestServeControl_BadClients(t *testing.T) {
	folder := t.TempDir()
	stop := serving(t, folder, echo)
	for _, sent := range []string{
		"", "garbage\n", "{}\n", `{"words":[]}` + "\n", `{"words":"show"}` + "\n", `{"words":["a`, "\x00\xff",
		"[" + strings.Repeat("[", maxControl+1), `{"words":["` + strings.Repeat("a", 2*maxControl),
	} {
		conn, err := dialControl(t.Context(), folder)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		// The far end may hang up before it has taken everything.
		if _, err := io.WriteString(conn, sent); err != nil && len(sent) <= maxControl {
			t.Fatal(err)
		}
		before := time.Now()
		wantEcho(t, folder)
		if waited := time.Since(before); waited > controlTimeout/2 {
			t.Errorf("%.20q held up the others for %v", sent, waited)
		}
	}
	stop()
}

func TestServeControl_AnswersTheCallUnderWayBeforeItEnds(t *testing.T) {
	folder := t.TempDir()
	asked, release := make(chan struct{}), make(chan struct{})
	stop := serving(t, folder, func(ctx context.Context, words []string, out io.Writer) error {
		close(asked)
		<-release
		return echo(ctx, words, out)
	})
	var out bytes.Buffer
	answered := make(chan error)
	go func() { answered <- Call(t.Context(), folder, []string{"a"}, &out) }()
	<-asked
	go stop()
	close(release)
	if err := <-answered; err != nil || out.String() != "a" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestCall_EndsWithItsContext(t *testing.T) {
	folder := t.TempDir()
	asked, release := make(chan struct{}), make(chan struct{})
	serving(t, folder, func(context.Context, []string, io.Writer) error {
		close(asked)
		<-release
		return nil
	})
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	called := make(chan error)
	go func() { called <- Call(ctx, folder, []string{"a"}, io.Discard) }()
	<-asked
	cancel()
	err := <-called
	if f := fhirmap.FaultOf(err); f.Code != "no_answer" || f.French == "" || errors.Is(err, ErrNotRunning) {
		t.Error(err)
	}
}

func TestCall_WhenTheProgramHangsUp(t *testing.T) {
	folder := t.TempDir()
	listener, err := listenControl(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		if conn, err := listener.Accept(); err == nil {
			conn.Close()
		}
	}()
	if err := Call(t.Context(), folder, []string{"a"}, io.Discard); fhirmap.FaultOf(err).Code != "no_answer" {
		t.Error(err)
	}
}

// A subcommand does the same whether a program runs on the folder or not.
func TestMain_OnTheStoreAndThroughTheSocket(t *testing.T) {
	for _, running := range []bool{false, true} {
		t.Run(fmt.Sprintf("running %v", running), func(t *testing.T) {
			folder := t.TempDir()
			if running {
				s, err := station.Open(folder, station.Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				serving(t, folder, func(ctx context.Context, words []string, out io.Writer) error {
					return Execute(ctx, s, words, out)
				})
			}
			do := func(words ...string) run { return start(t, "", append(words, "--data-dir", folder)...) }
			done := func(stdout string, words ...string) {
				t.Helper()
				if r := do(words...); r.status != Done || !strings.HasPrefix(r.stdout, stdout) || r.stderr != "" || (stdout == "") != (r.stdout == "") {
					t.Errorf("%v: %+v", words, r)
				}
			}
			done("", "origins", "list")
			done("", "origins", "allow", "HTTPS://ehr.example:443/")
			done("https://ehr.example\t2", "origins", "list")
			done("", "origins", "revoke", "https://ehr.example")
			done("", "origins", "list")
			do("origins", "revoke", "https://ehr.example").wantOneLine(t, Failed)
			do("origins", "allow", "null").wantOneLine(t, Failed)
			if r := do("tokens", "create", "ehr"); r.status != Done || len(r.stdout) != 44 || r.stderr != "" {
				t.Errorf("%+v", r)
			}
			done("ehr\t2", "tokens", "list")
			do("tokens", "create", "ehr").wantOneLine(t, Failed)
			done("", "tokens", "revoke", "ehr")
			do("tokens", "revoke", "ehr").wantOneLine(t, Failed)
			done("", "tokens", "list")
			done("", "monitors", "list")
			done("", "monitors", "accept", "192.0.2.7:4601")
			done("192.0.2.7:4601\t-\t-\toffline\t2", "monitors", "list")
			done("", "monitors", "forget", "192.0.2.7:4601")
			done("", "monitors", "list")
			do("monitors", "forget", "192.0.2.7:4601").wantOneLine(t, Failed)
			do("monitors", "accept", "192.0.2.7:0").wantOneLine(t, Failed)
		})
	}
}

// Words that the command line of another version would send.
func TestExecute_WrongWords(t *testing.T) {
	s, err := station.Open(t.TempDir(), station.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	folder := t.TempDir()
	serving(t, folder, func(ctx context.Context, words []string, out io.Writer) error { return Execute(ctx, s, words, out) })
	for _, words := range [][]string{{"origins"}, {"frobnicate"}, {"", ""}, {"tokens", "create"}, {"tokens", "list", "x"}, {"origins", "frobnicate"}} {
		err := Call(t.Context(), folder, words, io.Discard)
		if _, isWrong := errors.AsType[WrongUse](err); !isWrong {
			t.Errorf("%v: %v", words, err)
		}
	}
}

func TestMain_StoreHeldByAProgramThatDoesNotAnswer(t *testing.T) {
	folder := t.TempDir()
	s, err := station.Open(folder, station.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := start(t, "", "origins", "list", "--data-dir", folder)
	r.wantOneLine(t, Failed)
	if !strings.Contains(r.stderr, "store_locked") || !strings.Contains(r.stderr, "déjà ouvert") {
		t.Error(r.stderr)
	}
}
