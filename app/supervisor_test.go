package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vitalien/app/cli"
	"vitalien/hl7link"
)

// worker is the process id of the program itself: the child of its supervisor.
func (p *process) worker(t *testing.T) int {
	t.Helper()
	supervisor := p.command.Process.Pid
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if pid := childOf(t, supervisor); pid != 0 {
			return pid
		}
	}
	t.Fatal("the supervisor has no child")
	return 0
}

// childOf is the child that was started with --supervised, among those of pid
// and of their children: a tool may stand between.
func childOf(t *testing.T, pid int) int {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, word := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			if words, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child)); strings.Contains(string(words), "\x00--supervised") {
				return child
			}
			if found := childOf(t, child); found != 0 {
				return found
			}
		}
	}
	return 0
}

// endWorker ends the program with a signal and waits until its supervisor has
// started it again.
func (p *process) endWorker(t *testing.T, signal syscall.Signal) {
	t.Helper()
	ended := p.worker(t)
	worker, err := os.FindProcess(ended)
	if err == nil {
		err = worker.Signal(signal)
	}
	if err != nil {
		t.Fatal(err)
	}
	for p.worker(t) == ended {
		time.Sleep(time.Millisecond)
	}
}

// answering waits until the program answers again.
func (p *process) answering(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if response, err := http.Get(p.url + "/status"); err == nil {
			response.Body.Close()
			return
		}
	}
	t.Fatal("the program does not come back")
}

// TestSupervisor kills the program, not its supervisor, three times during a
// burst. Each time it is back on the same ports within two seconds, and in the
// end everything that was acknowledged is there.
func TestSupervisor(t *testing.T) {
	folder := t.TempDir()
	p := launch(t, folder)
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	var group sync.WaitGroup
	for d := range 4 {
		group.Go(func() {
			for i := 0; ctx.Err() == nil; {
				device, err := hl7link.Dial(ctx, p.mllp)
				if err != nil {
					continue // it is being started again
				}
				for ; err == nil; i++ {
					var code string
					id := fmt.Sprintf("D%dN%d", d, i)
					if code, err = device.Send(ctx, []byte(oru(id, 60+i%60))); err == nil && code == "AA" {
						mu.Lock()
						acknowledged[id] = true
						mu.Unlock()
					}
				}
				device.Close()
			}
		})
	}
	atLeast := func(n int) {
		t.Helper()
		for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
			mu.Lock()
			have := len(acknowledged)
			mu.Unlock()
			if have >= n {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d acknowledged, no burst of %d", have, n)
			}
		}
	}
	before := 0
	for range 3 {
		atLeast(before + 20)
		killed := time.Now()
		p.endWorker(t, syscall.SIGKILL)
		p.answering(t)
		if away := time.Since(killed); away > 2*time.Second {
			t.Errorf("away for %v", away)
		}
		mu.Lock()
		before = len(acknowledged)
		mu.Unlock()
	}
	atLeast(before + 20)
	cancel()
	group.Wait()
	p.stop(t)
	a := start(t, cli.Flags{DataDir: folder})
	found := map[string]int{}
	for _, m := range recorded(t, a) {
		found[m.Patient.ID]++
	}
	for id := range acknowledged {
		if found[id] != 2 {
			t.Errorf("%s was acknowledged and is there %d times", id, found[id])
		}
	}
}

// TestSupervisor_AfterThreeDeathsTheWindowIsLeftOut, and every way to look at
// the program says so.
func TestSupervisor_AfterThreeDeathsTheWindowIsLeftOut(t *testing.T) {
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	command := commandOf(t, path, folder)
	command.Args = append(command.Args[:1], command.Args[2:]...) // without --headless
	command.Stderr = testLog{t}
	p := ready(t, command)
	for range 3 {
		p.endWorker(t, syscall.SIGKILL)
		p.answering(t)
	}
	awaitStatus(t, p.url, `"error":"crashing"`, "trois fois")
	second := commandOf(t, path, folder)
	second.Args = append(second.Args[:1], second.Args[2:]...)
	output, err := second.CombinedOutput()
	if err == nil || !strings.Contains(string(output), "no_window") || !strings.Contains(string(output), "trois fois") {
		t.Errorf("second start: %v, %s", err, output)
	}
	p.stop(t)
}

// awaitStatus waits until /status says all of texts.
func awaitStatus(t *testing.T, url string, texts ...string) {
	t.Helper()
	body := ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		response, err := http.Get(url + "/status")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		body = string(text)
		missing := false
		for _, text := range texts {
			missing = missing || !strings.Contains(body, text)
		}
		if !missing {
			return
		}
	}
	t.Errorf("/status says %s", body)
}

// TestStop_ByCommand: an installer ends the program before it replaces it.
func TestStop_ByCommand(t *testing.T) {
	folder := t.TempDir()
	p := launch(t, folder)
	for _, running := range []bool{true, false} {
		command := exec.CommandContext(t.Context(), p.command.Path, "stop", "--data-dir", folder)
		if output, err := command.CombinedOutput(); err != nil || len(output) > 0 {
			t.Errorf("running %v: %v, %s", running, err, output)
		}
		if running {
			if err := p.command.Wait(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestSupervisor_NothingOutlivesIt: a supervisor that is killed takes the
// program with it, and the folder is free.
func TestSupervisor_NothingOutlivesIt(t *testing.T) {
	folder := t.TempDir()
	p := launch(t, folder)
	worker := p.worker(t)
	p.kill()
	again := launch(t, folder)
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", worker)); err == nil && strings.Contains(string(text), folder) {
		t.Errorf("process %d is still there", worker)
	}
	again.stop(t)
}
