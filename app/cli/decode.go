package cli

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

const (
	usageDecode    = "usage: vitalien decode ble UUID|FORMAT HEX… [--model NAME] | decode ble --list | decode hl7 FILE|-"
	usageDecodeHL7 = "usage: vitalien decode hl7 FILE|-"
	usageDecodeBLE = "usage: vitalien decode ble UUID|FORMAT HEX… [--model NAME], or decode ble --list"
)

// decoding is what is asked of "decode".
type decoding struct {
	model string
	list  bool
}

func (d *decoding) flags(set *flag.FlagSet) {
	set.StringVar(&d.model, "model", d.model, "")
	set.BoolVar(&d.list, "list", d.list, "")
}

// decode prints the Observations in what is given, one a line.
func (p *Program) decode(words []string, asked decoding) error {
	var what string
	if len(words) > 0 {
		what, words = words[0], words[1:]
	}
	switch what {
	case "hl7":
		if len(words) != 1 || asked != (decoding{}) {
			return wrong(usageDecodeHL7)
		}
		return p.decodeHL7(words[0])
	case "ble":
		if asked.list {
			return p.listFormats(words, asked.model)
		}
		if len(words) < 2 {
			return wrong(usageDecodeBLE)
		}
		return p.decodeBLE(words[0], words[1:], asked.model)
	}
	return wrong(usageDecode)
}

func (p *Program) decodeHL7(name string) error {
	data, err := p.input(name)
	if err != nil {
		return err
	}
	observations, err := station.DecodeHL7(data, time.Now(), time.Local)
	if err != nil {
		return fmt.Errorf("decode hl7 %s: %w", name, err)
	}
	return p.print(observations)
}

func (p *Program) decodeBLE(name string, words []string, model string) error {
	var frames [][]byte
	for _, word := range words {
		frame, err := readHex(word)
		if err != nil {
			return fmt.Errorf("decode ble %s: %w", name, err)
		}
		frames = append(frames, frame)
	}
	observations, err := station.DecodeBLE(name, model, frames, time.Now(), time.Local)
	switch {
	case errors.Is(err, station.ErrFormat):
		return wrong("decode ble %s: %w; vitalien decode ble --list lists them", name, err)
	case err != nil:
		return fmt.Errorf("decode ble %s: %w", name, err)
	}
	return p.print(observations)
}

// readHex reads bytes as logs write them: "0x1e8a", "1E-8A", "1e:8a", "1e 8a".
func readHex(word string) ([]byte, error) {
	digits := strings.NewReplacer(" ", "", ":", "", "-", "").Replace(strings.TrimPrefix(strings.ToLower(word), "0x"))
	frame, err := hex.DecodeString(digits)
	if err != nil || len(frame) == 0 {
		return nil, fmt.Errorf("%q is not hexadecimal", word)
	}
	return frame, nil
}

func (p *Program) listFormats(words []string, model string) error {
	if len(words) > 0 || model != "" {
		return wrong(usageDecodeBLE)
	}
	for _, f := range station.FormatsBLE() {
		if _, err := fmt.Fprintf(p.Stdout, "%-14s %s\n", f[0], f[1]); err != nil {
			return err
		}
	}
	return nil
}

// print writes all of it or, on an error, nothing.
func (p *Program) print(observations []fhirmap.Recorded) error {
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
	_, err := out.WriteTo(p.Stdout)
	return err
}
