package main

import (
	"errors"
	"fmt"
	"net"
	"os"

	"vitalien/app/config"
	"vitalien/app/stethoscope"
	"vitalien/fhirmap"
)

// settings is config.toml as the window changes it.
type settings struct {
	folder  string
	running config.Config // what the program has started with
	flags   map[string]string
}

// settings are those of a, for its window.
func (a *App) settings() *settings {
	s := &settings{folder: a.saved, running: a.loaded, flags: map[string]string{}}
	if a.flags.Listen != "" {
		s.flags["listen"] = "--listen " + a.flags.Listen
	}
	if a.flags.HL7Listen != "" {
		s.flags["hl7.listen"] = "--hl7-listen " + a.flags.HL7Listen
	}
	return s
}

// Read gives the values in the file and those that the program has started with,
// by name, and the flags that win over some of them.
func (s *settings) Read() (file, running, flags map[string]string, err error) {
	now, _, err := config.Load(s.folder)
	if err != nil {
		return nil, nil, nil, configFault(err)
	}
	return now.Values(), s.running.Values(), s.flags, nil
}

// Check tells what is wrong with values, by the name of the setting.
func (s *settings) Check(values map[string]string) map[string]*fhirmap.Fault {
	faults := map[string]*fhirmap.Fault{}
	c, problems := configOf(values)
	for _, p := range append(problems, c.Problems()...) {
		if faults[p.Setting] == nil {
			faults[p.Setting] = problemFault(p)
		}
	}
	if _, bad := faults["stethoscope.rate"]; !bad {
		sound := stethoscope.Format{Rate: c.Stethoscope.Rate, Channels: c.Stethoscope.Channels, Encoding: c.Stethoscope.Encoding}
		if err := sound.Check(); err != nil {
			faults["stethoscope.encoding"] = problemFault(&config.Problem{
				English: err.Error(), French: fmt.Sprintf("Cadence, canaux ou codage impossibles\u202f: %v.", err),
			})
		}
	}
	return faults
}

// Save writes to the file what differs between before and after, once what a
// start needs of it has been tried: an address that is taken, a certificate that
// cannot be read, would keep the program from starting. Errors are Faults.
func (s *settings) Save(before, after map[string]string) error {
	old, problems := configOf(before)
	wanted, more := configOf(after)
	if all := append(problems, more...); len(all) > 0 {
		return problemFault(all[0])
	}
	if err := s.tryOut(&wanted); err != nil {
		return err
	}
	if _, err := config.Save(s.folder, old, wanted); err != nil {
		return configFault(err)
	}
	return nil
}

func (s *settings) tryOut(wanted *config.Config) error {
	for _, address := range []struct{ now, running, flag string }{
		{wanted.Listen, s.running.Listen, s.flags["listen"]}, {wanted.HL7.Listen, s.running.HL7.Listen, s.flags["hl7.listen"]},
	} {
		if address.now != "" && address.now != address.running && address.flag == "" {
			if err := tryListen(address.now); err != nil {
				return err
			}
		}
	}
	if _, err := mutualTLS(wanted.HL7); err != nil {
		return err
	}
	if dir := wanted.Backup.Dir; dir != "" && dir != s.running.Backup.Dir {
		if err := tryFolder(dir); err != nil {
			return err
		}
	}
	return nil
}

// tryListen tells whether an address can be listened on.
func tryListen(address string) error {
	listener, err := net.Listen("tcp", address)
	if err == nil {
		return listener.Close()
	}
	return namingOwner(&fhirmap.Fault{
		Code: "port_taken", English: "nothing can listen on " + address, Cause: err,
		French: fmt.Sprintf("L’adresse %s ne peut pas être utilisée\u202f: elle est prise par un autre programme, ou n’est pas une adresse de ce poste. Choisissez-en une autre.", address),
	}, address)
}

// tryFolder tells whether a folder takes files.
func tryFolder(dir string) error {
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(dir, ".vitalien-*"); err == nil {
			err = errors.Join(f.Close(), os.Remove(f.Name()))
		}
	}
	if err == nil {
		return nil
	}
	return &fhirmap.Fault{
		Code: "bad_folder", English: "no backup can be written to " + dir, Cause: err,
		French: fmt.Sprintf("Aucune sauvegarde ne peut être écrite dans le dossier %s. Vérifiez qu’il existe et que vous y avez accès, puis recommencez.", dir),
	}
}

// configOf reads values over the defaults.
func configOf(values map[string]string) (c config.Config, problems []*config.Problem) {
	c = config.Default()
	for name, text := range values {
		if p, bad := errors.AsType[*config.Problem](c.Set(name, text)); bad {
			problems = append(problems, p)
		}
	}
	return c, problems
}

// frenchOf is what a person is told of an error of the settings: the setting and
// what is wrong with it.
func frenchOf(err error) string {
	p, ours := errors.AsType[*config.Problem](err)
	switch {
	case !ours:
		return fmt.Sprintf("le fichier ne peut pas être lu (%v).", err)
	case p.Setting == "":
		return p.French
	}
	return p.Setting + "\u00a0: " + p.French
}

func configFault(err error) error {
	french := frenchOf(err)
	if _, ours := errors.AsType[*config.Problem](err); !ours {
		french = fmt.Sprintf("Le fichier des réglages (%s) ne peut pas être lu\u202f: %v. Corrigez-le avec un éditeur de texte.", config.FileName, err)
	}
	return &fhirmap.Fault{Code: "bad_config", English: err.Error(), French: french, Cause: err}
}

func problemFault(p *config.Problem) *fhirmap.Fault {
	return &fhirmap.Fault{Code: "bad_config", English: p.English, French: p.French}
}
