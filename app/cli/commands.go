package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"vitalien/app/station"
)

// maxInput bounds what decode reads.
const maxInput = 256 << 20

func (p *Program) subcommand(ctx context.Context, args []string) error {
	var dataDir, passphraseFile string
	var yes bool
	var asked exporting
	var decoded decoding
	var words []string
	for set := flagSet(); ; { // flags may stand between and behind the words
		set.StringVar(&dataDir, "data-dir", dataDir, "")
		if len(words) > 0 && asks[words[0]] {
			set.BoolVar(&yes, "yes", yes, "")
		}
		if len(words) > 0 {
			switch words[0] {
			case "export":
				asked.flags(set)
			case "decode":
				decoded.flags(set)
			case "store":
				set.StringVar(&passphraseFile, "passphrase-file", passphraseFile, "")
			}
		}
		if err := parse(set, args); err != nil {
			return err
		}
		if set.NArg() == 0 {
			break
		}
		words = append(words, set.Arg(0))
		args, set = set.Args()[1:], flagSet()
	}
	switch words[0] {
	case "stop":
		return p.stop(ctx, dataDir, words)
	case "autostart":
		return p.autostart(words[1:])
	case "support", "update":
		return p.own(ctx, dataDir, words)
	case "decode":
		return p.decode(words[1:], decoded)
	case "export":
		var err error
		if words, err = asked.words(words); err != nil {
			return err
		}
	case "store":
		if len(words) == 3 {
			return p.storeFile(ctx, dataDir, words, secretInput{p, passphraseFile}, yes)
		}
	case "patients":
		return p.deletePatient(ctx, dataDir, words, yes)
	case "quarantine":
		var err error
		if words, err = absoluteFile(words); err != nil {
			return err
		}
	default:
		if usages[words[0]] == "" {
			return wrong("unknown command %q; vitalien --help lists the commands", words[0])
		}
	}
	return p.viaStation(ctx, dataDir, words, p.output())
}

// asks are the commands with a question, which --yes answers.
var asks = map[string]bool{"patients": true, "store": true}

func (p *Program) input(name string) ([]byte, error) {
	source := p.Stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		source = file
	}
	data, err := io.ReadAll(io.LimitReader(source, maxInput+1))
	if err == nil && len(data) > maxInput {
		err = fmt.Errorf("%s is larger than %d MiB", name, maxInput>>20)
	}
	return data, err
}

func (p *Program) folder(dataDir string) (string, error) {
	if dataDir != "" {
		return dataDir, nil
	}
	return p.DataFolder()
}

// viaStation has the program that runs execute the words, or does it itself on
// the store when none runs.
func (p *Program) viaStation(ctx context.Context, dataDir string, words []string, out io.Writer) error {
	if _, _, err := find(words); err != nil {
		return err
	}
	folder, err := p.folder(dataDir)
	if err != nil {
		return err
	}
	err = Call(ctx, folder, words, out)
	if !errors.Is(err, ErrNotRunning) {
		return err
	}
	if !station.Exists(folder) && reads(words) { // no reason to make a store
		if words[1] == "list" {
			return nil
		}
		return fmt.Errorf("%s holds no data; name the folder with --data-dir", folder)
	}
	s, err := station.Open(folder, station.Options{Keyring: p.Keyring})
	if err != nil {
		return err
	}
	defer s.Close()
	return Execute(ctx, s, words, out)
}

// stop has the running program end; it is no error when none runs.
func (p *Program) stop(ctx context.Context, dataDir string, words []string) error {
	if len(words) != 1 {
		return wrong("usage: vitalien stop")
	}
	folder, err := p.folder(dataDir)
	if err != nil {
		return err
	}
	if err = Call(ctx, folder, words, p.Stdout); errors.Is(err, ErrNotRunning) {
		return nil
	}
	return err
}

// reads tells whether words change nothing in the store.
func reads(words []string) bool {
	return words[0] == "export" || words[1] == "list" || words[0] == "quarantine" || words[0] == "patients" || words[0] == "store"
}
