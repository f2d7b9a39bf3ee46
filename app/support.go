package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"vitalien/app/desktop"
	"vitalien/fhirmap"
)

// Support writes what whoever helps needs into a new file, a zip: the log, the
// settings, and report.json about program, system, links and store. Nothing in
// it is of a patient. An error is a Fault "support_failed", and no file is left.
func (a *App) Support(ctx context.Context, path string) error {
	err := a.writeSupport(ctx, path)
	if err == nil {
		return nil
	}
	return &fhirmap.Fault{
		Code: "support_failed", English: "the support file " + path + " cannot be written", Cause: err,
		French: fmt.Sprintf("Le dossier d’assistance n’a pas pu être écrit dans %s. Choisissez un autre emplacement, où il y a de la place.", path),
	}
}

func (a *App) writeSupport(ctx context.Context, path string) (err error) {
	report, err := json.MarshalIndent(a.report(ctx), "", "  ")
	if err != nil {
		return err
	}
	settings, err := a.config.Shown()
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			os.Remove(path)
		}
	}()
	bundle := zip.NewWriter(file)
	if err := errors.Join(
		pack(bundle, "report.json", report), pack(bundle, "settings.toml", []byte(settings)), a.packLogs(bundle)); err != nil {
		return err
	}
	return errors.Join(bundle.Close(), file.Sync())
}

func pack(bundle *zip.Writer, name string, content []byte) error {
	part, err := bundle.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Now()})
	if err == nil {
		_, err = part.Write(content)
	}
	return err
}

func (a *App) packLogs(bundle *zip.Writer) error {
	kept := logFile{folder: filepath.Join(a.folder, logFolder)}
	for age := range logFiles {
		file, err := os.Open(kept.path(age))
		if err != nil {
			continue // there are not so many, or nobody may read them
		}
		content, err := io.ReadAll(io.LimitReader(file, 2*logSize))
		file.Close()
		if err == nil {
			err = pack(bundle, filepath.Base(kept.path(age)), content)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// SupportFile makes the support file where a person finds it, and gives its
// path.
func (a *App) SupportFile(ctx context.Context) (string, error) {
	folder, err := desktop.Outbox()
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "vitalien-assistance-"+time.Now().Format("2006-01-02-150405")+".zip")
	return path, a.Support(ctx, path)
}
