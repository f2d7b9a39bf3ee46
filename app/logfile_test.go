package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func readLog(t *testing.T, folder string) (text string, files int) {
	t.Helper()
	l := logFile{folder: folder}
	for age := logFiles + 1; age >= 0; age-- { // oldest first
		part, err := os.ReadFile(l.path(age))
		if err == nil {
			files++
			text += string(part)
		} else if !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return text, files
}

func TestLogFile_RotatesAndKeepsTheNewest(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "logs")
	l := &logFile{folder: folder, size: 1000}
	for i := range 800 {
		fmt.Fprintf(l, "line %03d\n", i)
	}
	text, files := readLog(t, folder)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if files != logFiles || len(text) > logFiles*1000 || len(lines) < (logFiles-1)*100 {
		t.Errorf("%d files, %d lines", files, len(lines))
	}
	for i, line := range lines {
		if want := fmt.Sprintf("line %03d", 800-len(lines)+i); line != want {
			t.Fatalf("%q stands where %q should", line, want)
		}
	}
	info, err := os.Stat(filepath.Join(folder, "vitalien.log"))
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// A second start says why it ends in the same file.
func TestLogFile_OfTwoProcesses(t *testing.T) {
	folder := t.TempDir()
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			l := &logFile{folder: folder, size: logSize}
			for i := range 400 {
				fmt.Fprintf(l, "w%d line %03d\n", w, i)
			}
		})
	}
	writers.Wait()
	text, _ := readLog(t, folder)
	found := map[string]int{}
	for line := range strings.Lines(text) {
		found[line]++
	}
	for w := range 2 {
		for i := range 400 {
			if line := fmt.Sprintf("w%d line %03d\n", w, i); found[line] != 1 {
				t.Errorf("%q is there %d times", line, found[line])
			}
		}
	}
}

// A disk that is full takes lines of the log, and nothing else.
func TestLogFile_FullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full on this system")
	}
	folder := t.TempDir()
	l := &logFile{folder: folder, size: logSize}
	if err := os.Symlink("/dev/full", l.path(0)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if n, err := io.WriteString(l, "a\nb\n"); n != 4 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
	}
	if err := os.Remove(l.path(0)); err != nil {
		t.Fatal(err)
	}
	io.WriteString(l, "room again\n")
	io.WriteString(l, "and again\n")
	text, _ := readLog(t, folder)
	if !strings.Contains(text, `msg="lines of the log are lost" lines=6`) || !strings.HasSuffix(text, "\nroom again\nand again\n") || strings.Count(text, "lost") != 1 {
		t.Errorf("%q", text)
	}
}

func TestLogFile_ThatCannotBeRotatedDoesNotGrow(t *testing.T) {
	l := &logFile{folder: t.TempDir(), size: 10}
	for age := 1; age < logFiles; age++ { // where the older files would go
		if err := os.MkdirAll(filepath.Join(l.path(age), "x"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	io.WriteString(l, "0123456\n")
	io.WriteString(l, "0123456\n")
	if text, err := os.ReadFile(l.path(0)); err != nil || string(text) != "0123456\n" {
		t.Errorf("%q, %v", text, err)
	}
}

// What the process says, and libraries, and the runtime when it crashes.
func TestErrorLog_KeepsWhatMayBeKept(t *testing.T) {
	const crash = "panic: bad value for Lefèvre [recovered]\n\tborn 1980\n\ngoroutine 7 [running]:\nvitalien/hl7link.(*connection).run(0xc0001, {0x1, 0x2})\n" +
		"\t/src/hl7link/connection.go:81 +0x1a\ncreated by main.main in goroutine 1\n\t/src/app/main.go:9 +0x2\n"
	for name, c := range map[string]struct{ said, kept string }{
		"own lines":       {"time=1 level=INFO msg=a\ntime=2 msg=b\n", "time=1 level=INFO msg=a\ntime=2 msg=b\n"},
		"of a library":    {"Fyne error: no font\ngot PID|||4711^Lefèvre\n", "Fyne error: no font\ngot [redacted]\n"},
		"a last word":     {"vitalien: Le port est pris. (port_taken: bind)\n", "vitalien: Le port est pris. (port_taken: bind)\n"},
		"without an end":  {"time=1 msg=a\ntime=2 ms", "time=1 msg=a\n"},
		"crash":           {crash, strings.NewReplacer("bad value for Lefèvre [recovered]", redacted, "\tborn 1980\n\n", "").Replace(crash)},
		"index":           {"panic: runtime error: index out of range [5] with length 3\n", "panic: runtime error: index out of range [5] with length 3\n"},
		"signal":          {"SIGSEGV: segmentation violation\nPC=0x0 m=0\n[signal SIGSEGV]\nLefèvre\n", "SIGSEGV: segmentation violation\nPC=0x0 m=0\n[signal SIGSEGV]\n"},
		"after the crash": {"panic: Lefèvre\nLefèvre\ntime=1 msg=a\nFyne\n", "panic: [redacted]\ntime=1 msg=a\nFyne\n"},
		"too long":        {"time=1 " + strings.Repeat("x", 2*maxLine) + "\ntime=2\n", "time=1 " + strings.Repeat("x", maxLine-7) + "\ntime=2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, piece := range []int{1, 7, len(c.said)} {
				var kept bytes.Buffer
				e := &errorLog{to: &kept}
				for rest := c.said; rest != ""; rest = rest[min(piece, len(rest)):] {
					if _, err := io.WriteString(e, rest[:min(piece, len(rest))]); err != nil {
						t.Fatal(err)
					}
				}
				if kept.String() != c.kept {
					t.Errorf("%d bytes at a time: kept %.300q", piece, kept.String())
				}
			}
		})
	}
}

// The log of a folder has the lines of the program and of its supervisor, that
// of its end as well.
func TestLogFile_OfTheProgram(t *testing.T) {
	folder := t.TempDir()
	p := launch(t, folder)
	send(t, dial(t, p.mllp), oru("LOGGED4711", 72))
	p.endWorker(t, syscall.SIGKILL)
	p.answering(t)
	p.stop(t)
	text, _ := readLog(t, filepath.Join(folder, logFolder))
	for _, want := range []string{"msg=started version=" + version, "msg=connected peer=", `msg="the program died, starting it again"`, "msg=ended"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	if strings.Contains(text, "4711") || strings.Contains(text, "Lef") {
		t.Errorf("a patient in %s", text)
	}
}
