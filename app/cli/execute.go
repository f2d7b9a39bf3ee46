package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// A command is a subcommand that works on a station.
type command struct {
	arguments int
	run       func(ctx context.Context, s *station.Station, args []string, out io.Writer) error
}

// commands are those by their words; usages say how each first word is used.
var commands = map[string]command{
	"origins list":      {0, listOrigins},
	"origins allow":     {1, with((*station.Station).AllowOrigin)},
	"origins revoke":    {1, with((*station.Station).RevokeOrigin)},
	"tokens list":       {0, listTokens},
	"tokens create":     {1, createToken},
	"tokens revoke":     {1, revokeToken},
	"monitors list":     {0, listMonitors},
	"monitors accept":   {1, with((*station.Station).AcceptMonitor)},
	"monitors forget":   {1, with((*station.Station).ForgetMonitor)},
	"quarantine list":   {0, listQuarantine},
	"quarantine export": {1, exportQuarantine},
	"audit list":        {0, listAudit},
	"store check":       {0, checkStore},
	"store compact":     {0, compactStore},
	"store backup":      {2, backUpStore}, // an absolute file, the passphrase
	"store expired":     {0, listExpired},
	"patients find":     {1, findPatient},
	"patients erase":    {1, erasePatient},
	"export":            {exportArguments, export},

	"measurements list":    {0, listMeasurements},
	"measurements assign":  {2, corrects(assignMeasurement)},
	"measurements attach":  {2, corrects(attachMeasurement)},
	"measurements detach":  {1, corrects(detachMeasurement)},
	"measurements discard": {2, corrects(discardMeasurement)},
	"measurements undo":    {1, corrects(undoCorrection)},
}

var usages = map[string]string{
	"origins":      "origins list | allow ORIGIN | revoke ORIGIN",
	"tokens":       "tokens list | create NAME | revoke NAME",
	"monitors":     "monitors list | accept ADDRESS | forget ADDRESS",
	"quarantine":   "quarantine list | export FILE",
	"audit":        "audit list",
	"store":        "store check | backup FILE | restore FILE | compact | expired   [--passphrase-file F] [--yes]",
	"patients":     "patients delete ID [--yes]",
	"measurements": "measurements list | assign NUMBER PATIENT | attach NUMBER CONSULTATION | detach NUMBER | discard NUMBER REASON | undo NUMBER",
	"export":       "export --out DIR [--format fhir|patient-json|csv|bundle] [--patient ID] [--since TIME]",
}

// unhurried are the commands that may take minutes.
var unhurried = map[string]bool{"export": true, "quarantine": true, "audit": true, "patients": true, "store": true, "measurements": true, "support": true, "update": true}

// find gives the command that words name, with its arguments.
func find(words []string) (c command, args []string, err error) {
	for n := min(2, len(words)); n > 0; n-- {
		if c, ok := commands[strings.Join(words[:n], " ")]; ok && len(words) == n+c.arguments {
			return c, words[n:], nil
		}
	}
	if len(words) > 0 && usages[words[0]] != "" {
		return c, nil, wrong("usage: vitalien %s", usages[words[0]])
	}
	return c, nil, wrong("unknown command %q", strings.Join(words[:min(1, len(words))], ""))
}

// Execute runs a subcommand on a station and writes what it prints to out.
func Execute(ctx context.Context, s *station.Station, words []string, out io.Writer) error {
	c, args, err := find(words)
	if err != nil {
		return err
	}
	return c.run(ctx, s, args, out)
}

// with is the command that hands its argument to a method and prints nothing.
func with(do func(*station.Station, context.Context, string) error) func(context.Context, *station.Station, []string, io.Writer) error {
	return func(ctx context.Context, s *station.Station, args []string, _ io.Writer) error {
		return do(s, ctx, args[0])
	}
}

func listOrigins(_ context.Context, s *station.Station, _ []string, out io.Writer) error {
	for _, a := range s.Approvals() {
		row(out, a.Origin, stamp(a.Since))
	}
	return nil
}

func listTokens(_ context.Context, s *station.Station, _ []string, out io.Writer) error {
	for _, t := range s.Tokens() {
		row(out, t.Name, stamp(t.Since))
	}
	return nil
}

func createToken(_ context.Context, s *station.Station, args []string, out io.Writer) error {
	secret, err := s.CreateToken(args[0])
	if err == nil {
		_, err = fmt.Fprintln(out, secret)
	}
	return err
}

func revokeToken(_ context.Context, s *station.Station, args []string, _ io.Writer) error {
	return s.RevokeToken(args[0])
}

// listMonitors prints address, name, bed, state, since when, messages, those of
// them that were rejected, and the code of the last error.
func listMonitors(_ context.Context, s *station.Station, _ []string, out io.Writer) error {
	for _, m := range s.Monitors() {
		row(out, m.Address, m.Name, m.Bed, monitorState(&m), stamp(m.Since),
			strconv.FormatUint(m.Messages, 10), strconv.FormatUint(m.Rejected, 10), faultCode(m.Fault))
	}
	return nil
}

// monitorState is that of the link, or "waiting" where nobody has accepted the
// monitor yet.
func monitorState(m *station.Monitor) string {
	if !m.Accepted && m.Discovered {
		return "waiting"
	}
	return string(m.State)
}

func faultCode(f *fhirmap.Fault) string {
	if f == nil {
		return ""
	}
	return f.Code
}

// listAudit prints when, what was done, to whom or what, and more of it.
func listAudit(ctx context.Context, s *station.Station, _ []string, out io.Writer) error {
	unreadable, err := s.Audit(ctx, func(e station.AuditEntry) bool {
		row(out, stamp(e.At), string(e.Action), e.Subject, e.Detail)
		return true
	})
	if err == nil && unreadable > 0 {
		err = fmt.Errorf("%d entries of the audit log cannot be opened: they are damaged, or sealed with another key", unreadable)
	}
	return err
}

// row prints cells that a program can tell apart: what is empty is "-", and
// what a device made up holds no separator.
func row(out io.Writer, cells ...string) {
	for i, cell := range cells {
		cells[i] = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return ' '
			}
			return r
		}, cell)
		if cell == "" {
			cells[i] = "-"
		}
	}
	fmt.Fprintln(out, strings.Join(cells, "\t"))
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
