package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A process is a server under measurement.
type process struct {
	command *exec.Cmd
	input   io.WriteCloser
	ready   map[string]string // what its lines "ready [mllp] ADDRESS" say, by their first word or ""
	started time.Duration     // until the first of them
}

// start runs a command until it has said n times that it is ready.
func (b *bench) start(n int, name string, args ...string) (*process, error) {
	p := &process{command: exec.CommandContext(b.ctx, name, args...), ready: map[string]string{}}
	modules, err := filepath.Abs(b.modules)
	if err != nil {
		return nil, err
	}
	p.command.Env = append(os.Environ(), "NODE_PATH="+modules, "VITALIEN_KEYRING=off")
	output, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.input, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	for said := bufio.NewScanner(output); len(p.ready) < n; {
		if !said.Scan() {
			p.stop()
			return nil, fmt.Errorf("%s ended before it was ready", name)
		}
		if p.started == 0 {
			p.started = time.Since(began)
		}
		words := strings.Fields(said.Text())
		if len(words) < 2 || words[0] != "ready" {
			p.stop()
			return nil, fmt.Errorf("%s said %q", name, said.Text())
		}
		address := strings.TrimPrefix(words[len(words)-1], "http://")
		p.ready[strings.Join(words[1:len(words)-1], " ")] = address
	}
	return p, nil
}

// vitalien starts the program under test on a folder of its own.
func (b *bench) vitalien(more ...string) (*process, error) {
	folder, err := os.MkdirTemp(b.folder, "data")
	if err != nil {
		return nil, err
	}
	return b.vitalienIn(folder, more...)
}

func (b *bench) vitalienIn(folder string, more ...string) (*process, error) {
	said := 1
	if len(more) > 0 && more[0] == "--hl7-listen" {
		said = 2
	}
	return b.start(said, b.program, append([]string{"--headless", "--data-dir", folder, "--listen", "localhost:0"}, more...)...)
}

// role starts this command in one of its roles.
func (b *bench) role(name string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(b.folder, name)
	if err != nil {
		return nil, err
	}
	return b.start(1, self, name, folder)
}

// node starts a script of the folder peers.
func (b *bench) node(script string, args ...string) (*process, error) {
	path, err := peer(b.folder, script)
	if err != nil {
		return nil, err
	}
	return b.start(1, "node", append([]string{path}, args...)...)
}

func (p *process) stop() {
	p.input.Close()
	p.command.Process.Signal(os.Interrupt)
	late := time.AfterFunc(10*time.Second, func() { p.command.Process.Kill() })
	defer late.Stop()
	p.command.Wait()
}

// rssAnon is the memory of the process and its children that no file backs,
// in bytes.
func (p *process) rssAnon() (sum int64, err error) {
	for _, pid := range p.family() {
		one, err := rssAnonOf(pid)
		if err != nil {
			return 0, err
		}
		sum += one
	}
	return sum, nil
}

func rssAnonOf(pid string) (int64, error) {
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(status), "RssAnon:")
	if !ok {
		return 0, errors.New("no RssAnon in /proc")
	}
	kilobytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	return kilobytes << 10, err
}

// cpu is the time on a processor of the process and its children.
func (p *process) cpu() (sum time.Duration, err error) {
	for _, pid := range p.family() {
		stat, err := os.ReadFile("/proc/" + pid + "/schedstat")
		if err != nil {
			return 0, err
		}
		threads, err := filepath.Glob("/proc/" + pid + "/task/*/schedstat")
		if err != nil || len(threads) == 0 {
			return 0, fmt.Errorf("no threads of %s in /proc (%s)", pid, stat)
		}
		for _, thread := range threads {
			stat, err := os.ReadFile(thread)
			if err != nil {
				continue // it has just ended
			}
			nanoseconds, err := strconv.ParseInt(strings.Fields(string(stat))[0], 10, 64)
			if err != nil {
				return 0, err
			}
			sum += time.Duration(nanoseconds)
		}
	}
	return sum, nil
}

// family is the process and its direct children.
func (p *process) family() []string {
	pid := strconv.Itoa(p.command.Process.Pid)
	children, _ := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
	return append([]string{pid}, strings.Fields(string(children))...)
}

// freePort is a port that nobody listens on, for peers that cannot choose one.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}
