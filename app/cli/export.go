package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// exporting is what the flags of export say.
type exporting struct{ out, format, patient, since string }

// exportArguments are the words behind "export" that a station understands:
// an absolute folder, the format, the patient or nothing, a time or nothing.
const exportArguments = 4

var exportFormats = []string{"fhir", "patient-json", "csv", "bundle"}

func (e *exporting) flags(set *flag.FlagSet) {
	if e.format == "" {
		e.format = exportFormats[0]
	}
	set.StringVar(&e.out, "out", e.out, "")
	set.StringVar(&e.format, "format", e.format, "")
	set.StringVar(&e.patient, "patient", e.patient, "")
	set.StringVar(&e.since, "since", e.since, "")
}

// words are those of a station, which may be that of another process with
// another working folder.
func (e *exporting) words(given []string) ([]string, error) {
	if len(given) > 1 || e.out == "" {
		return nil, wrong("usage: vitalien %s", usages["export"])
	}
	if !slices.Contains(exportFormats, e.format) {
		return nil, wrong("--format %q: must be fhir, patient-json, csv or bundle", e.format)
	}
	if e.format == "bundle" && e.patient == "" {
		return nil, wrong("--format bundle is of one patient: --patient ID says whose")
	}
	since := ""
	if e.since != "" {
		t, err := readTime(e.since)
		if err != nil {
			return nil, err
		}
		since = t.Format(time.RFC3339Nano)
	}
	out, err := filepath.Abs(e.out)
	if err != nil {
		return nil, err
	}
	return []string{"export", out, e.format, e.patient, since}, nil
}

// readTime reads a time as people write it; without an offset it is local.
func readTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, wrong("--since %q: must be a time such as 2026-11-20, 2026-11-20T14:05 or 2026-11-20T14:05:00+01:00", text)
}

// absoluteFile makes the file that the words name absolute, if they do: the
// process that writes it may have another working folder.
func absoluteFile(words []string) ([]string, error) {
	if len(words) != 3 || words[0] != "quarantine" || words[1] != "export" {
		return words, nil
	}
	file, err := filepath.Abs(words[2])
	return []string{words[0], words[1], file}, err
}

func exportQuarantine(ctx context.Context, s *station.Station, args []string, out io.Writer) error {
	written, unreadable, err := s.ExportRejectedTo(ctx, args[0])
	if err == nil {
		_, err = fmt.Fprintf(out, "%s\t%d messages%s\n", args[0], written, besides(unreadable))
	}
	return err
}

func besides(unreadable int) string {
	if unreadable == 0 {
		return ""
	}
	return fmt.Sprintf(", %d more cannot be opened", unreadable)
}

// listQuarantine prints when each message came, through which link, from
// whom, how many bytes it has, and why it was refused. What it says is not
// printed.
func listQuarantine(ctx context.Context, s *station.Station, _ []string, out io.Writer) error {
	unreadable, err := s.Rejected(ctx, func(r station.Rejection) bool {
		row(out, stamp(r.Received), r.Link, r.Peer, strconv.Itoa(len(r.Message)), r.Reason)
		return true
	})
	if err == nil && unreadable > 0 {
		err = &fhirmap.Fault{
			Code: "quarantine_unreadable", English: fmt.Sprintf("%d messages in quarantine cannot be opened", unreadable),
			French: "Des messages en quarantaine ne peuvent pas être ouverts\u00a0: ils sont endommagés.",
		}
	}
	return err
}

// export prints the files that it made, one a line, and in a line that begins
// with # what is in none of them.
func export(ctx context.Context, s *station.Station, args []string, out io.Writer) error {
	o := station.ExportOptions{Dir: args[0], Format: station.ExportFormat(args[1]), Patient: args[2]}
	if args[3] != "" {
		since, err := time.Parse(time.RFC3339Nano, args[3])
		if err != nil {
			return wrong("since %q is no time", args[3])
		}
		o.Since = since
	}
	done, err := s.Export(ctx, o)
	for _, file := range done.Files {
		fmt.Fprintln(out, file)
	}
	if err == nil && done.Unassigned > 0 {
		fmt.Fprintf(out, "# %d measurements are assigned to nobody, and in none of these files\n", done.Unassigned)
	}
	return err
}
