package cli

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
)

// ownUsages are the commands that are about the program itself, and not about a
// station.
var ownUsages = map[string]string{
	"support": "support FILE.zip",
	"update":  "update check | download [DIR]",
}

// IsOwn tells whether words are such a command.
func IsOwn(words []string) bool { return ownUsages[words[0]] != "" }

// own has the program that runs execute words, or this process when none runs.
func (p *Program) own(ctx context.Context, dataDir string, words []string) error {
	words, ok, err := ownWords(words)
	if err != nil {
		return err
	}
	if !ok {
		return wrong("usage: vitalien %s", ownUsages[words[0]])
	}
	folder, err := p.folder(dataDir)
	if err != nil {
		return err
	}
	if err = Call(ctx, folder, words, p.output()); errors.Is(err, ErrNotRunning) {
		return p.Alone(ctx, dataDir, words, p.output())
	}
	return err
}

// ownWords makes the file or folder that words name absolute, since the process
// that writes it may have another working folder, and tells whether they are right.
func ownWords(words []string) (absolute []string, ok bool, err error) {
	switch last := len(words) - 1; {
	case words[0] == "update" && last == 1:
		return words, words[1] == "check" || words[1] == "download", nil
	case words[0] == "update" && last == 2 && words[1] == "download", words[0] == "support" && last == 1:
		file, err := filepath.Abs(words[last])
		return append(slices.Clone(words[:last]), file), true, err
	}
	return words, false, nil
}
