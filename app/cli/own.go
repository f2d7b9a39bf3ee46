package cli

import (
	"context"
	"errors"
	"path/filepath"
)

// ownUsages are the commands that are about the program itself, and not about a
// station.
var ownUsages = map[string]string{
	"support": "support FILE.zip",
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

// ownWords makes the file that words name absolute, since the process that
// writes it may have another working folder, and tells whether they are right.
func ownWords(words []string) (absolute []string, ok bool, err error) {
	if len(words) != 2 {
		return words, false, nil
	}
	file, err := filepath.Abs(words[1])
	return []string{words[0], file}, true, err
}
