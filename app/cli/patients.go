package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"vitalien/app/station"
)

// deletePatient asks whether what is kept of a patient shall be deleted, and has
// it done.
func (p *Program) deletePatient(ctx context.Context, dataDir string, words []string, yes bool) error {
	if len(words) != 3 || words[1] != "delete" {
		return wrong("usage: vitalien %s", usages["patients"])
	}
	var found bytes.Buffer
	if err := p.viaStation(ctx, dataDir, []string{"patients", "find", words[2]}, &found); err != nil {
		return err
	}
	key, who, ok := strings.Cut(strings.TrimSpace(found.String()), "\t")
	if !ok {
		return fmt.Errorf("patient %s: not found", words[2])
	}
	if !yes {
		question := "Delete all that is kept of " + strings.ReplaceAll(who, "\t", ", ") + "? It cannot be undone."
		if err := p.confirm(ctx, question); err != nil {
			return err
		}
	}
	return p.viaStation(ctx, dataDir, []string{"patients", "erase", key}, p.output())
}

// findPatient prints the FHIR id of a patient, the name, birth date and id.
func findPatient(ctx context.Context, s *station.Station, args []string, out io.Writer) error {
	who, err := s.FindErasable(ctx, args[0])
	if err == nil {
		row(out, who.Key(), who.Name(), who.BirthDate, who.ID)
	}
	return err
}

// erasePatient prints what has been deleted, and until when a backup holds it.
func erasePatient(ctx context.Context, s *station.Station, args []string, out io.Writer) error {
	who, err := s.FindErasable(ctx, args[0])
	if err != nil {
		return err
	}
	done, err := s.ErasePatient(ctx, who, nowAndThen(out))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "deleted: %d measurements, %d recordings, %d changes of alarms, %d starts and ends of consultations, %d messages in quarantine\n",
		done.Measurements, done.Recordings, done.Alerts, done.Consultations, done.Rejected)
	if !done.BackupsUntil.IsZero() {
		fmt.Fprintf(out, "backups hold them until %s\n", done.BackupsUntil.Format("2006-01-02"))
	}
	return nil
}
