package main

import (
	"bufio"
	"bytes"
	"errors"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// windowed is the program with its window: the one that VITALIEN_PROGRAM
// names (make test), or one that is built now.
func windowed(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("VITALIEN_PROGRAM"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "vitalien")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-tags", "x11,migrated_fynedo,no_emoji", "-o", path, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return path
}

// screen starts an X server of the test's own and gives its name.
func screen(t *testing.T, options ...string) string {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	words := append([]string{"-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp"}, options...)
	server := exec.CommandContext(t.Context(), "Xvfb", words...)
	server.ExtraFiles = []*os.File{write}
	if err := server.Start(); err != nil {
		t.Fatalf("%v (make deps installs what the tests need)", err)
	}
	write.Close()
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return ":" + strings.TrimSpace(number)
}

// desktopCommand has settings of its own, of a person who knows the program.
func desktopCommand(t *testing.T, display, name string, args ...string) *exec.Cmd {
	t.Helper()
	settings := t.TempDir()
	known := filepath.Join(settings, "fyne", "fr.vitalien.desktop")
	if err := errors.Join(os.MkdirAll(known, 0o700), os.WriteFile(filepath.Join(known, "preferences.json"), []byte(`{"welcome.shown":true}`), 0o600)); err != nil {
		t.Fatal(err)
	}
	return newcomersCommand(t, display, settings, name, args...)
}

// newcomersCommand is desktopCommand for a person with the settings folder given.
func newcomersCommand(t *testing.T, display, settings, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(t.Context(), name, args...)
	command.Env = append(os.Environ(), "DISPLAY="+display, "WAYLAND_DISPLAY=", "FYNE_THEME=light", "XDG_CONFIG_HOME="+settings)
	return command
}

// xdotool gives what it prints; it waits where its --sync does.
func xdotool(t *testing.T, display string, args ...string) string {
	t.Helper()
	output, err := desktopCommand(t, display, "timeout", append([]string{"60", "xdotool"}, args...)...).Output()
	if err != nil {
		t.Fatalf("xdotool %v: %v", args, err)
	}
	return strings.TrimSpace(string(output))
}

func screenshot(t *testing.T, display string) image.Image {
	t.Helper()
	shot, err := desktopCommand(t, display, "import", "-window", "root", "png:-").Output()
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// share is how much of the screen has nearly the colour.
func share(picture image.Image, red, green, blue int) float64 {
	bounds := picture.Bounds()
	hits := 0
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			near := func(have uint32, want int) bool { d := int(have>>8) - want; return d*d < 16 }
			if near(r, red) && near(g, green) && near(b, blue) {
				hits++
			}
		}
	}
	return float64(hits) / float64(bounds.Dx()*bounds.Dy())
}

// TestWindow drives the real window: a measurement becomes a card, closing
// keeps the tray, a second start brings the window back, Ctrl+Q ends.
func TestWindow(t *testing.T) {
	path, display, folder := windowed(t), screen(t), t.TempDir()
	command := desktopCommand(t, display, path, "--data-dir", folder, "--listen", "localhost:0", "--hl7-listen", "127.0.0.1:0")
	command.Stderr = testLog{t}
	p := ready(t, command)
	window := strings.Fields(xdotool(t, display, "search", "--sync", "--onlyvisible", "--name", "Vitalien"))[0]

	// #0B7A3B is the colour of the heart rate: there is none on the empty page.
	heart := func() float64 { return share(screenshot(t, display), 0x0b, 0x7a, 0x3b) }
	until(t, "the empty page is drawn", func() bool { return share(screenshot(t, display), 0xf4, 0xf7, 0xf8) > 0.08 })
	if heart() > 0 {
		t.Error("the empty page shows a heart rate")
	}
	send(t, dial(t, p.mllp), oru("W1", 72))
	until(t, "the measurement is shown", func() bool { return heart() > 0.0002 })

	second := desktopCommand(t, display, path, "--data-dir", folder, "--listen", "localhost:0")
	if output, err := second.CombinedOutput(); err != nil || strings.Contains(string(output), "ready") {
		t.Errorf("second start: %v, %s", err, output)
	}
	// A link that the system opens with the program reaches the one that runs,
	// which asks; the answer that is safe has the keyboard.
	link := desktopCommand(t, display, path, "--data-dir", folder, "vitalien://consultation?patient=7&family=Martin")
	if output, err := link.CombinedOutput(); err != nil || len(output) > 0 {
		t.Errorf("link: %v, %s", err, output)
	}
	bad := desktopCommand(t, display, path, "--data-dir", folder, "vitalien://consultation?family=Martin")
	if output, err := bad.CombinedOutput(); err == nil || !strings.Contains(string(output), "bad_link") {
		t.Errorf("bad link: %v, %s", err, output)
	}
	if err := press(t, display, window, "ctrl+q", p.command); err != nil {
		t.Errorf("Ctrl+Q: %v", err)
	}
}

// press presses a key in the window until the program has ended, and gives how
// it ended. Without a window manager a window cannot take the keyboard at every
// moment, for example while it comes to the front.
func press(t *testing.T, display, window, key string, program *exec.Cmd) error {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- program.Wait() }()
	deadline := time.After(patience)
	for {
		desktopCommand(t, display, "timeout", "5", "xdotool", "windowfocus", "--sync", window, "key", "--window", window, key).Run()
		select {
		case err := <-ended:
			return err
		case <-time.After(time.Second):
		case <-deadline:
			t.Fatalf("%s is not heard", key)
		}
	}
}

// TestWindow_AFailedStartIsSeen: whoever double-clicks sees why nothing
// happens, and whoever starts it in a terminal is not held up by a window.
func TestWindow_AFailedStartIsSeen(t *testing.T) {
	path, display, folder := windowed(t), screen(t), t.TempDir()
	configure(t, folder, "lang = \"xx\"\n")
	start := func(from ...string) *exec.Cmd {
		command := desktopCommand(t, display, path, "--data-dir", folder)
		command.Env = append(command.Env, from...)
		return command
	}
	var exit *exec.ExitError
	if output, err := start().CombinedOutput(); !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(output), "bad_config") {
		t.Fatalf("%v: %s", err, output)
	}
	clicked := start("XDG_ACTIVATION_TOKEN=x")
	if err := clicked.Start(); err != nil {
		t.Fatal(err)
	}
	window := strings.Fields(xdotool(t, display, "search", "--sync", "--onlyvisible", "--name", "Vitalien"))[0]
	if err := press(t, display, window, "Escape", clicked); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Error(err)
	}
}

// until polls the screen, which tells nobody when it changes.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for tick := time.NewTicker(200 * time.Millisecond); !holds(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not so: %s", what)
		}
	}
}

// TestWindow_WithoutADisplay goes on headless, and says why.
func TestWindow_WithoutADisplay(t *testing.T) {
	path := windowed(t)
	for name, display := range map[string]string{
		"none": "", "dead": ":9999", "without OpenGL": screen(t, "-extension", "GLX"),
	} {
		t.Run(name, func(t *testing.T) {
			command := desktopCommand(t, display, path, "--data-dir", t.TempDir(), "--listen", "localhost:0", "--hl7-listen", "127.0.0.1:0")
			said, err := command.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			p := ready(t, command)
			for scanner := lineScanner(said); ; {
				if !scanner.Scan() {
					t.Fatal("ended without a word")
				}
				if strings.Contains(scanner.Text(), "going on headless") {
					break
				}
			}
			awaitStatus(t, p.url, `"id":"window"`, `"error":"no_display"`)
			send(t, dial(t, p.mllp), oru("H1", 72))
			p.stop(t)
		})
	}
}
