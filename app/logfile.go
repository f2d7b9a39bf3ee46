package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// The log is kept in a folder of the data folder: the newest lines in
// vitalien.log, older ones in vitalien.1.log to vitalien.4.log.
const (
	logFolder = "logs"
	logFiles  = 5
	logSize   = 5 << 20 // of each, in bytes
)

// A logFile keeps whole lines. It holds no file open between two writes: a
// second start can write there too (should both rotate at once, an old file goes
// early), and a disk that was full is used again when
// there is room. What cannot be written is counted and no error, since the
// program goes on without its log.
type logFile struct {
	folder string
	size   int64

	mu   sync.Mutex
	lost int // lines, since the last that were written
}

func (l *logFile) Write(lines []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := lines
	if l.lost > 0 { // of the last that was lost a piece may stand there
		text = fmt.Appendf(nil, "\ntime=%s level=WARN msg=\"lines of the log are lost\" lines=%d\n%s", time.Now().Format(time.RFC3339), l.lost, lines)
	}
	if err := l.append(text); err != nil {
		l.lost += bytes.Count(lines, []byte("\n"))
	} else {
		l.lost = 0
	}
	return len(lines), nil
}

func (l *logFile) append(text []byte) error {
	if err := os.MkdirAll(l.folder, 0o700); err != nil {
		return err
	}
	if !l.fits(len(text)) {
		for i := logFiles - 1; i > 0; i-- {
			os.Rename(l.path(i-1), l.path(i))
		}
		if !l.fits(len(text)) {
			return errors.New("the log cannot be rotated")
		}
	}
	file, err := os.OpenFile(l.path(0), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

func (l *logFile) fits(more int) bool {
	info, err := os.Stat(l.path(0))
	return err != nil || info.Size()+int64(more) <= l.size
}

// path is that of the newest file, 0, or of an older one.
func (l *logFile) path(age int) string {
	name := "vitalien.log"
	if age > 0 {
		name = fmt.Sprintf("vitalien.%d.log", age)
	}
	return filepath.Join(l.folder, name)
}

// maxLine bounds a line of the log in bytes; the rest of a longer one is not
// kept.
const maxLine = 64 << 10

// An errorLog is between a process and its standard error: of each line that it
// writes, what may be kept goes on.
type errorLog struct {
	to io.Writer

	mu    sync.Mutex
	rest  []byte // of a line that has not ended
	crash bool   // the lines are those of a crash
}

// keepErrors passes on to the file and to this process's own standard error.
func keepErrors(file io.Writer) *errorLog {
	if _, err := os.Stderr.Stat(); err != nil { // a Windows program without a console has none
		return &errorLog{to: file}
	}
	return &errorLog{to: io.MultiWriter(file, os.Stderr)}
}

// Write never fails: nobody would be left to be told.
func (e *errorLog) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var lines []byte
	for more := p; len(more) > 0; {
		line, next, whole := bytes.Cut(more, []byte("\n"))
		e.rest = append(e.rest, line[:min(len(line), maxLine-len(e.rest))]...)
		if more = next; !whole {
			break
		}
		if kept := e.keep(string(e.rest)); kept != "" {
			lines = append(append(lines, kept...), '\n')
		}
		e.rest = e.rest[:0]
	}
	if len(lines) > 0 {
		e.to.Write(lines)
	}
	return len(p), nil
}
