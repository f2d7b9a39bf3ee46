package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"vitalien/app/desktop"
	"vitalien/fhirmap"
)

// How often new versions are looked for, and after a failure.
const (
	updatesEvery = 24 * time.Hour
	updatesRetry = time.Hour
)

// The notices of updates, of which one at most is shown.
const (
	updateUntrusted = "update_untrusted"
	updateExpired   = "update_expired"
	updateSettings  = "bad_config"
)

// updateOff is the Fault of a command about updates that nobody announces.
const updateOff = "update_off"

// watchUpdates looks for a new version each day until ctx ends, and shows that
// there is one, or that what is announced cannot be trusted. That nothing is
// heard is no news: this computer may be without the internet.
func (a *App) watchUpdates(ctx context.Context) error {
	for {
		wait := updatesEvery
		_, err := a.newer(ctx)
		if err != nil {
			a.log.Warn("looking for a new version", "error", err)
			if fhirmap.FaultOf(err).Temporary {
				wait = updatesRetry
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// updates are those of the settings. Errors are Faults: update_off, and
// bad_config.
func (a *App) updates() (*desktop.Updates, error) {
	set := a.config.Update
	if set.URL == "" {
		return nil, &fhirmap.Fault{
			Code: updateOff, English: "[update] url is not set in config.toml",
			French: "La recherche de nouvelles versions n’est pas activée\u202f: renseignez url, sous [update], dans config.toml.",
		}
	}
	key, err := desktop.ReadKey(cmp.Or(set.Key, updateKey))
	if err = errors.Join(err, desktop.CheckUpdateURL(set.URL)); err != nil {
		return nil, &fhirmap.Fault{
			Code: updateSettings, English: "[update]", Cause: err,
			French: fmt.Sprintf("Un réglage de la recherche de nouvelles versions, sous [update], est incorrect\u202f: %v.", err),
		}
	}
	return &desktop.Updates{URL: set.URL, Key: key}, nil
}

// newer is the version that is announced; nil when it is not newer than this
// one. What people should know of it is shown. Errors are Faults.
func (a *App) newer(ctx context.Context) (*desktop.Release, error) {
	var release desktop.Release
	newer := false
	u, err := a.updates()
	if err == nil {
		release, err = u.Latest(ctx, time.Now())
	}
	if err == nil {
		newer, err = release.Newer(version)
	}
	if fault := updateFault(err); fault != nil {
		if !fault.Temporary && fault.Code != updateOff {
			a.showUpdate("", fault)
		}
		return nil, fault
	}
	if !newer {
		a.showUpdate("", nil)
		return nil, nil
	}
	a.showUpdate(release.Version, nil)
	return &release, nil
}

// showUpdate shows that a version is newer, or what is wrong, instead of what was
// shown of updates.
func (a *App) showUpdate(newer string, f *fhirmap.Fault) {
	if a.station == nil {
		return
	}
	a.station.SetNewer(newer)
	for _, code := range []string{updateUntrusted, updateExpired, updateSettings} {
		if f == nil || f.Code != code {
			a.station.Settle(code)
		}
	}
	if f != nil {
		a.station.Notice(f)
	}
}

func updateFault(err error) *fhirmap.Fault {
	if f, ok := errors.AsType[*fhirmap.Fault](err); ok {
		return f
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, desktop.ErrSignature), errors.Is(err, desktop.ErrDamaged):
		return &fhirmap.Fault{
			Code: updateUntrusted, English: "what is announced or sent is not signed by the publisher", Cause: err,
			French: "L’annonce d’une nouvelle version n’est pas signée par l’éditeur de Vitalien\u202f: elle est ignorée. Prévenez votre support.",
		}
	case errors.Is(err, desktop.ErrExpired):
		return &fhirmap.Fault{
			Code: updateExpired, English: "the announcement is out of date: newer ones may be held back", Cause: err,
			French: "L’annonce des nouvelles versions est périmée\u202f: ce poste ne sait plus si Vitalien est à jour. Vérifiez sa date, puis prévenez votre support.",
		}
	}
	if _, onDisk := errors.AsType[*fs.PathError](err); onDisk {
		return &fhirmap.Fault{
			Code: "update_unwritten", English: "the new version cannot be written", Cause: err, Temporary: true,
			French: "La nouvelle version n’a pas pu être écrite sur le disque. Libérez de la place, ou choisissez un autre dossier.",
		}
	}
	return &fhirmap.Fault{
		Code: "update_unreachable", English: "new versions cannot be looked for", Cause: err, Temporary: true,
		French: "La recherche d’une nouvelle version n’a pas abouti. Vérifiez la connexion à internet, puis recommencez.",
	}
}

// checkUpdate says which version is announced.
func (a *App) checkUpdate(ctx context.Context) (string, error) {
	release, err := a.newer(ctx)
	switch {
	case err != nil:
		return "", err
	case release == nil:
		return version + "\tup to date", nil
	}
	return release.Version + "\tavailable", nil
}

// downloadUpdate fetches the new version into folder, by default that where
// people look for downloads, and gives the path of its file. It is not handed
// over while a consultation is open. Errors are Faults.
func (a *App) downloadUpdate(ctx context.Context, folder string) (string, error) {
	release, err := a.newer(ctx)
	if err != nil {
		return "", err
	}
	artefact, known := desktop.Artefact{}, false
	if release != nil {
		artefact, known = release.Artefacts[desktop.Target(edition)]
	}
	if !known {
		return "", &fhirmap.Fault{
			Code: "update_none", English: "no newer version for " + desktop.Target(edition) + " is announced",
			French: "Aucune version plus récente n’est annoncée pour ce poste.",
		}
	}
	if folder == "" {
		if folder, err = desktop.Outbox(); err != nil {
			return "", err
		}
	}
	if err := a.idle(); err != nil { // before a long download for nothing
		return "", err
	}
	u, err := a.updates()
	if err != nil {
		return "", err
	}
	path, err := u.Download(ctx, artefact, folder, a.idle)
	if fault := updateFault(err); fault != nil {
		return "", fault
	}
	a.log.Info("new version downloaded", "version", release.Version)
	return path, nil
}

// idle refuses while a consultation is open, or may be.
func (a *App) idle() error {
	if a.unopened != nil {
		return a.unopened
	}
	if a.station == nil || a.station.Situation().Consultation == nil {
		return nil
	}
	return &fhirmap.Fault{
		Code: "consultation_open", English: "a consultation is open", Temporary: true,
		French: "Une consultation est ouverte\u00a0: terminez-la, puis recommencez. Une mise à jour ne se fait pas en présence d’un patient.",
	}
}
