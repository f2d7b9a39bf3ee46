package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// maxInput bounds what decode reads.
const maxInput = 256 << 20

func (p *Program) subcommand(ctx context.Context, args []string) error {
	var dataDir string
	var words []string
	for set := flagSet(); ; { // flags may stand before, between and behind the words
		set.StringVar(&dataDir, "data-dir", dataDir, "")
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
	case "decode":
		return p.decode(words[1:])
	case "origins", "tokens":
		return p.viaStation(ctx, dataDir, words)
	}
	return wrong("unknown command %q; vitalien --help lists the commands", words[0])
}

func (p *Program) decode(words []string) error {
	if len(words) != 2 || words[0] != "hl7" {
		return wrong("usage: vitalien decode hl7 FILE|-")
	}
	data, err := p.input(words[1])
	if err != nil {
		return err
	}
	observations, err := station.DecodeHL7(data, time.Now(), time.Local)
	if err != nil {
		return fmt.Errorf("decode hl7 %s: %w", words[1], err)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	for i := range observations {
		for _, o := range fhirmap.R4(&observations[i]) {
			if err := encoder.Encode(o); err != nil {
				return err
			}
		}
	}
	_, err = out.WriteTo(p.Stdout)
	return err
}

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

// viaStation has the program that runs execute the words, or does it itself on
// the store when none runs.
func (p *Program) viaStation(ctx context.Context, dataDir string, words []string) error {
	if err := checkWords(words); err != nil {
		return err
	}
	folder := dataDir
	if folder == "" {
		var err error
		if folder, err = p.DataFolder(); err != nil {
			return err
		}
	}
	err := Call(ctx, folder, words, p.Stdout)
	if !errors.Is(err, ErrNotRunning) {
		return err
	}
	if words[1] == "list" && !station.Exists(folder) {
		return nil // nothing to list, and no reason to make a store
	}
	s, err := station.Open(folder, station.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	return Execute(ctx, s, words, p.Stdout)
}

// forms are the subcommands that work on a station, and how many words each
// has.
var forms = map[string]map[string]int{
	"origins": {"list": 2, "allow": 3, "revoke": 3},
	"tokens":  {"list": 2, "create": 3, "revoke": 3},
}

func checkWords(words []string) error {
	if len(words) > 1 && forms[words[0]][words[1]] == len(words) {
		return nil
	}
	switch words[0] {
	case "origins":
		return wrong("usage: vitalien origins list | allow ORIGIN | revoke ORIGIN")
	case "tokens":
		return wrong("usage: vitalien tokens list | create NAME | revoke NAME")
	}
	return wrong("unknown command %q", words[0])
}

// Execute runs a subcommand on a station and writes what it prints to out.
func Execute(ctx context.Context, s *station.Station, words []string, out io.Writer) error {
	if err := checkWords(words); err != nil {
		return err
	}
	switch words[0] + " " + words[1] {
	case "origins list":
		for _, a := range s.Approvals() {
			fmt.Fprintf(out, "%s\t%s\n", a.Origin, a.Since.Format(time.RFC3339))
		}
		return nil
	case "origins allow":
		return s.AllowOrigin(ctx, words[2])
	case "origins revoke":
		return s.RevokeOrigin(ctx, words[2])
	case "tokens list":
		for _, t := range s.Tokens() {
			fmt.Fprintf(out, "%s\t%s\n", t.Name, t.Since.Format(time.RFC3339))
		}
		return nil
	case "tokens create":
		secret, err := s.CreateToken(words[2])
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, secret)
		return err
	case "tokens revoke":
		return s.RevokeToken(words[2])
	}
	return wrong("unknown command %q", words[0])
}
