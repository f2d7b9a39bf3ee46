package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// storeFile is store backup FILE and store restore FILE.
func (p *Program) storeFile(ctx context.Context, dataDir string, words []string, secret secretInput, yes bool) error {
	file, err := filepath.Abs(words[2])
	if err != nil {
		return err
	}
	switch words[1] {
	case "restore":
		return p.restore(ctx, dataDir, file, secret, yes)
	case "backup":
		passphrase, err := secret.fresh(ctx)
		if err != nil {
			return fmt.Errorf("store backup: %w", err)
		}
		return p.viaStation(ctx, dataDir, []string{"store", "backup", file, passphrase}, p.output())
	}
	return wrong("usage: vitalien %s", usages["store"])
}

// restore replaces the store of the folder, which no program may serve.
func (p *Program) restore(ctx context.Context, dataDir, file string, secret secretInput, yes bool) error {
	folder, err := p.folder(dataDir)
	if err != nil {
		return err
	}
	if err := Call(ctx, folder, []string{"store", "expired"}, io.Discard); !errors.Is(err, ErrNotRunning) {
		return &fhirmap.Fault{
			Code: "program_running", English: "the program runs on " + folder + ": quit it first",
			French: "Vitalien est ouvert\u00a0: quittez-le avant de restaurer une sauvegarde.",
		}
	}
	if _, err := os.Stat(file); err != nil {
		return err
	}
	if station.Exists(folder) && !yes {
		if err := p.confirm(ctx, "Replace the data in "+folder+" by this backup? What is there is set aside."); err != nil {
			return err
		}
	}
	done, err := station.Restore(ctx, folder, file, station.RestoreOptions{Keyring: p.Keyring, Passphrase: func() (string, error) { return secret.known(ctx) }, Now: time.Now()})
	if err != nil {
		return fmt.Errorf("restore %s: %w", file, err)
	}
	fmt.Fprintf(p.Stdout, "restored: %d messages, numbers %d to %d\n", done.Records, done.First, done.Last)
	if done.Lost < done.Resumes {
		fmt.Fprintf(p.Stdout, "missing: what came after the backup; the log goes on with number %d\n", done.Resumes)
	}
	if done.Aside != "" {
		fmt.Fprintln(p.Stdout, "set aside:", done.Aside)
	}
	return nil
}

// backUpStore prints the file.
func backUpStore(ctx context.Context, s *station.Station, args []string, out io.Writer) error {
	err := s.BackUpTo(ctx, args[0], args[1])
	if err == nil {
		_, err = fmt.Fprintln(out, args[0])
	}
	return err
}

// checkStore prints how many messages, and which numbers, are in order.
func checkStore(ctx context.Context, s *station.Station, _ []string, out io.Writer) error {
	c, err := s.Check(ctx, nowAndThen(out))
	if err == nil {
		_, err = fmt.Fprintf(out, "in order: %d messages, numbers %d to %d, %d other values\n", c.Records, c.First, c.Last, c.Values)
	}
	return err
}

func compactStore(ctx context.Context, s *station.Station, _ []string, out io.Writer) error {
	return s.Compact(ctx, nowAndThen(out))
}

// listExpired prints from which number to which the log is past its retention,
// how many messages that are, when the first came, and before when all did;
// then how many messages of detail are. It prints nothing of what there is none of.
func listExpired(ctx context.Context, s *station.Station, _ []string, out io.Writer) error {
	e, err := s.Expired(ctx)
	if err != nil {
		return err
	}
	if e.Entries > 0 {
		row(out, strconv.FormatUint(e.First, 10), strconv.FormatUint(e.Last, 10), fmt.Sprint(e.Entries), stamp(e.Since), stamp(e.Until))
	}
	detail, err := s.ExpiredDetail(ctx)
	if detail > 0 {
		row(out, "detail", fmt.Sprint(detail))
	}
	return err
}
