package main

import (
	"context"
	"errors"
	"time"

	"vitalien/app/cli"
	"vitalien/app/desktop"
	"vitalien/fhirmap"
	"vitalien/localstore"
)

// How long a child may look at the log. A thorough look reads all of it, from a
// slow disk perhaps.
const (
	quickLook    = 30 * time.Second
	thoroughLook = 15 * time.Minute
)

// checkFile has a child look at the log: what would end a process ends the
// child. That it cannot be started, or takes too long, says nothing of the log.
func checkFile(ctx context.Context, path string, thorough bool) error {
	args, limit := []string{cli.CheckStore, path}, quickLook
	if thorough {
		args, limit = append(args, "thorough"), thoroughLook
	}
	code, err := desktop.Child(ctx, limit, args...)
	switch {
	case errors.Is(err, desktop.ErrDied) || code == localstore.CodeCorrupt:
		return &fhirmap.Fault{
			Code: localstore.CodeCorrupt, English: "the log is damaged", Cause: err,
			French: "Le fichier des mesures est endommagé. Ne le supprimez pas\u00a0: quittez Vitalien, restaurez une sauvegarde ou contactez le support.",
		}
	case err == nil && code != "":
		return &fhirmap.Fault{Code: code, English: "the log cannot be looked at"}
	}
	return nil
}
