package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A display is an X server in memory whose picture can be read as it changes
// (Xvfb -fbdir), and a mouse on it.
type display struct {
	name    string
	picture *os.File
	mouse   io.WriteCloser
	seed    maphash.Seed
}

const (
	displayWidth, displayHeight = 1400, 900
	pixel                       = 4 // bytes
)

// virtualDisplay starts an X server until ctx ends.
func (b *bench) virtualDisplay(ctx context.Context) (*display, error) {
	folder, err := os.MkdirTemp(b.folder, "display")
	if err != nil {
		return nil, err
	}
	server := exec.CommandContext(ctx, "Xvfb", "-displayfd", "1", "-screen", "0", fmt.Sprintf("%dx%dx24", displayWidth, displayHeight),
		"-nolisten", "tcp", "-fbdir", folder)
	said, err := server.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	number, err := bufio.NewReader(said).ReadString('\n')
	go server.Wait()
	if err != nil {
		return nil, fmt.Errorf("Xvfb has no display: %w", err)
	}
	d := &display{name: ":" + strings.TrimSpace(number), seed: maphash.MakeSeed()}
	mouse := exec.CommandContext(ctx, "xdotool", "-")
	mouse.Env = append(os.Environ(), "DISPLAY="+d.name)
	if d.mouse, err = mouse.StdinPipe(); err != nil {
		return nil, err
	}
	if err := mouse.Start(); err != nil {
		return nil, err
	}
	go mouse.Wait()
	d.picture, err = os.Open(filepath.Join(folder, "Xvfb_screen0"))
	return d, err
}

func (d *display) close() error { return errors.Join(d.mouse.Close(), d.picture.Close()) }

// sum stands for what an area shows now.
func (d *display) sum(area image.Rectangle) (uint64, error) {
	size, err := d.picture.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	start := size - displayWidth*displayHeight*pixel // behind the head of the file
	var h maphash.Hash
	h.SetSeed(d.seed)
	line := make([]byte, area.Dx()*pixel)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		if _, err := d.picture.ReadAt(line, start+int64((y*displayWidth+area.Min.X)*pixel)); err != nil {
			return 0, err
		}
		h.Write(line)
	}
	return h.Sum64(), nil
}

const clicksEach = 40

// The window is in the middle of the display. Two of its pages have something
// else in the area of their titles, which nothing but a click changes.
var (
	windowAt  = image.Pt((displayWidth-1100)/2, (displayHeight-720)/2)
	titleArea = image.Rect(217, 76, 417, 126).Add(windowAt)
	railPages = [...]image.Point{image.Pt(98, 214).Add(windowAt), image.Pt(98, 82).Add(windowAt)} // alarms, live
)

// clicks gives how long it takes from the end of a click until the page that it
// opens is on the screen.
func (d *display) clicks(ctx context.Context) (took []time.Duration, err error) {
	for i := range clicksEach {
		at := railPages[i%len(railPages)]
		if _, err := fmt.Fprintf(d.mouse, "mousemove %d %d mousedown 1\n", at.X, at.Y); err != nil {
			return nil, err
		}
		// Where in a second a click falls has nothing to do with the values.
		time.Sleep(500*time.Millisecond + time.Duration(i*137%500)*time.Millisecond)
		before, err := d.sum(titleArea)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		if _, err := fmt.Fprintln(d.mouse, "mouseup 1"); err != nil {
			return nil, err
		}
		for now := before; now == before; {
			if now, err = d.sum(titleArea); err != nil {
				return nil, err
			}
			if time.Since(began) > 5*time.Second {
				return nil, errors.New("a click on the window changes nothing")
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			time.Sleep(time.Millisecond / 2)
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}
