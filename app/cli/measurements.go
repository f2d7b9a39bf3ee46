package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// listedMeasurements is how many the list shows at most.
const listedMeasurements = 100

// A correcting makes a new version of a measurement.
type correcting func(ctx context.Context, s *station.Station, seq uint64, args []string) (fhirmap.Recorded, error)

// corrects is the command whose first argument is the number of a measurement. It
// prints the new version as list does, and in lines that begin with # which
// software had received an earlier one.
func corrects(change correcting) func(context.Context, *station.Station, []string, io.Writer) error {
	return func(ctx context.Context, s *station.Station, args []string, out io.Writer) error {
		seq, err := strconv.ParseUint(args[0], 10, 64)
		if err != nil {
			return wrong("%q is not the number of a measurement; vitalien measurements list shows them", args[0])
		}
		had := s.ReceivedBy(seq)
		m, err := change(ctx, s, seq, args[1:])
		if err != nil {
			return fmt.Errorf("measurement %d: %w", seq, err)
		}
		printMeasurement(out, &m)
		for _, r := range had {
			fmt.Fprintf(out, "# %s had received it, last there %s\n", softwareName(r.Software), stamp(r.Last))
		}
		return nil
	}
}

func softwareName(who station.Software) string {
	switch {
	case who.Origin != "" && who.Token != "":
		return who.Origin + " (" + who.Token + ")"
	case who.Origin+who.Token != "":
		return who.Origin + who.Token
	}
	return "a program of this computer"
}

func assignMeasurement(ctx context.Context, s *station.Station, seq uint64, args []string) (fhirmap.Recorded, error) {
	who, err := s.FindErasable(ctx, args[0])
	if err != nil {
		return fhirmap.Recorded{}, err
	}
	return s.Assign(ctx, seq, station.Attribution{Patient: &who})
}

func attachMeasurement(ctx context.Context, s *station.Station, seq uint64, args []string) (fhirmap.Recorded, error) {
	return s.Assign(ctx, seq, station.Attribution{Consultation: args[0]})
}

func detachMeasurement(ctx context.Context, s *station.Station, seq uint64, _ []string) (fhirmap.Recorded, error) {
	return s.Assign(ctx, seq, station.Attribution{})
}

func discardMeasurement(ctx context.Context, s *station.Station, seq uint64, args []string) (fhirmap.Recorded, error) {
	return s.Discard(ctx, seq, args[0])
}

func undoCorrection(ctx context.Context, s *station.Station, seq uint64, _ []string) (fhirmap.Recorded, error) {
	return s.UndoCorrection(ctx, seq)
}

// listMeasurements prints the newest ones, the one that came last first.
func listMeasurements(ctx context.Context, s *station.Station, _ []string, out io.Writer) error {
	shown := 0
	for q := (station.Search{ByReceived: true, Limit: listedMeasurements}); shown < listedMeasurements; {
		found, next, err := s.Search(ctx, q)
		if err != nil {
			return err
		}
		for i := range found {
			if found[i].Nth == 0 && shown < listedMeasurements {
				printMeasurement(out, &found[i].Recorded)
				shown++
			}
		}
		if q.Page = next; next == nil {
			return nil
		}
	}
	return nil
}

// printMeasurement prints number, version, status, time, what was measured, the
// values, the patient's id and name, the consultation, the device and the reason.
func printMeasurement(out io.Writer, m *fhirmap.Recorded) {
	var values []string
	for i := range m.Readings {
		if r := &m.Readings[i]; r.Value != nil {
			values = append(values, fmt.Sprintf("%s %s %s", r.Type, r.Value, r.Unit.Label))
		}
	}
	who := &fhirmap.Patient{}
	if m.Subject != nil {
		who = m.Subject
	}
	row(out, strconv.FormatUint(m.Seq, 10), strconv.Itoa(max(1, m.Version)), m.VersionStatus(), stamp(m.Effective()), string(m.Type),
		strings.Join(values, ", "), who.ID, who.Name(), m.Consultation, m.Device.ID, m.Reason)
}
