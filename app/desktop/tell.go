package desktop

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
)

// Tell shows a message of the system itself, which needs no window of ours, and
// returns when it was read, or at once where messages go away by themselves.
// Where there is no screen there is no message, and an error. The text must not
// name a patient.
func Tell(ctx context.Context, title, text string) error {
	switch runtime.GOOS {
	case "windows":
		return messageBox(title, text)
	case "darwin":
		script := `on run {title, message}
display alert title message message as warning
end run`
		return exec.CommandContext(ctx, "osascript", "-e", script, title, text).Run()
	}
	for _, command := range [][]string{
		{"notify-send", "--app-name=" + title, "--urgency=critical", "--icon=vitalien", title, text},
		{"zenity", "--warning", "--no-markup", "--title=" + title, "--text=" + text},
		{"xmessage", "-center", text},
	} {
		if path, err := exec.LookPath(command[0]); err == nil && exec.CommandContext(ctx, path, command[1:]...).Run() == nil {
			return nil
		}
	}
	return errors.New("no way to show a message: notify-send, zenity or xmessage")
}
