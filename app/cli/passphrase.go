package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// leastPassphrase is how many characters a passphrase has that somebody types
// anew.
const leastPassphrase = 10

// A secretInput is where a passphrase comes from: the file, else whoever sits at
// the terminal.
type secretInput struct {
	program *Program
	file    string
}

// known is the passphrase of something that exists.
func (s secretInput) known(ctx context.Context) (string, error) {
	if s.file != "" {
		text, err := os.ReadFile(s.file)
		return strings.TrimRight(string(text), "\r\n"), err
	}
	return s.program.ask(ctx, "Passphrase of the backup: ", true)
}

// fresh is a new passphrase, which is asked for twice.
func (s secretInput) fresh(ctx context.Context) (string, error) {
	passphrase, err := s.known(ctx)
	if err != nil || s.file != "" {
		return passphrase, err
	}
	if len([]rune(passphrase)) < leastPassphrase {
		return "", fmt.Errorf("a passphrase has at least %d characters", leastPassphrase)
	}
	again, err := s.program.ask(ctx, "Once more: ", true)
	if err == nil && again != passphrase {
		err = errors.New("the two passphrases differ")
	}
	return passphrase, err
}

// confirm asks on standard error; anything but yes is an error.
func (p *Program) confirm(ctx context.Context, question string) error {
	answer, err := p.ask(ctx, question+" [yes/no] ", false)
	if ctx.Err() != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "yes", "y", "oui", "o":
		return nil
	}
	return errors.New("nothing was changed; --yes answers the question")
}

// ask reads a line, which a terminal does not show if it is secret. It ends with
// ctx.
func (p *Program) ask(ctx context.Context, prompt string, secret bool) (string, error) {
	fmt.Fprint(p.Stderr, prompt)
	read := func() (string, error) { return readLine(p.Stdin) }
	if f, ok := p.Stdin.(*os.File); ok && secret && term.IsTerminal(int(f.Fd())) {
		shown, err := term.GetState(int(f.Fd()))
		if err != nil {
			return "", err
		}
		defer func() {
			term.Restore(int(f.Fd()), shown)
			fmt.Fprintln(p.Stderr)
		}()
		read = func() (string, error) {
			text, err := term.ReadPassword(int(f.Fd()))
			return string(text), err
		}
	}
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		line, err := read()
		answers <- answer{line, err}
	}()
	select {
	case <-ctx.Done(): // the reader ends with the process
		return "", ctx.Err()
	case a := <-answers:
		if a.err != nil && a.line == "" {
			return "", fmt.Errorf("no answer: %w", a.err)
		}
		return a.line, nil
	}
}

// readLine reads no more than the line, since others read on.
func readLine(r io.Reader) (string, error) {
	var line []byte
	for one := make([]byte, 1); ; {
		n, err := r.Read(one)
		if n == 1 && one[0] == '\n' {
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		if line = append(line, one[:n]...); err != nil {
			return string(line), err
		}
	}
}
