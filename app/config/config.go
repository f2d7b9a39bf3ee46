// Package config is config.toml: its settings, their defaults and what is a
// valid value. A flag of the command line wins over the file.
package config

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/BurntSushi/toml"
)

// FileName is the name of the file within its folder.
const FileName = "config.toml"

// template is what a first start writes: every setting with its default and
// what it does.
//
//go:embed config.toml
var template string

// A Config is all settings.
type Config struct {
	Lang         string      `toml:"lang"`
	Listen       string      `toml:"listen"`
	RequireToken bool        `toml:"require_token"`
	HL7          HL7         `toml:"hl7"`
	Bluetooth    Bluetooth   `toml:"bluetooth"`
	Retention    Retention   `toml:"retention"`
	Stethoscope  Stethoscope `toml:"stethoscope"`
	Backup       Backup      `toml:"backup"`
	Update       Update      `toml:"update"`
	Window       Window      `toml:"window"`
}

// HL7 is the settings of bedside monitors.
type HL7 struct {
	Listen      string    `toml:"listen"` // empty: no listener
	Allow       []string  `toml:"allow"`  // CIDR; empty: everybody who reaches it
	TLSCert     string    `toml:"tls_cert"`
	TLSKey      string    `toml:"tls_key"`
	TLSCA       string    `toml:"tls_ca"`
	RecordEvery Duration  `toml:"record_every"`
	Discover    bool      `toml:"discover"`
	Monitor     []Monitor `toml:"monitor"`
}

// A Monitor is a bedside monitor that the program connects to.
type Monitor struct {
	Address string `toml:"address"`
	Name    string `toml:"name"`
}

// Bluetooth is the settings of devices that are paired.
type Bluetooth struct {
	Enabled bool `toml:"enabled"`
}

// Retention is how long things are kept.
type Retention struct {
	Observations Duration `toml:"observations"`
	Live         Duration `toml:"live"`
	Quarantine   Duration `toml:"quarantine"`
}

// Backup is where daily backups go.
type Backup struct {
	Dir  string `toml:"dir"`
	Keep int    `toml:"keep"` // how many
}

// Update is where new versions are announced.
type Update struct {
	URL string `toml:"url"` // empty: none is looked for
	Key string `toml:"key"` // public, of the publisher; empty: that of the build
}

// Default is the settings of a first start.
func Default() Config {
	var c Config
	if _, err := toml.Decode(template, &c); err != nil {
		panic("embedded config.toml: " + err.Error()) // held by a test
	}
	return c
}

// Load reads the file in folder, and writes it with the defaults when there is
// none. Unknown settings are returned as warnings, so that an old program
// starts with the file of a newer one; invalid ones are errors.
func Load(folder string) (c Config, warnings []string, err error) {
	path := filepath.Join(folder, FileName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Default(), nil, writeTemplate(folder, path)
	}
	if err != nil {
		return c, nil, err
	}
	c, warnings, err = parse(string(text))
	for i := range warnings {
		warnings[i] = path + ": " + warnings[i]
	}
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		return c, warnings, fmt.Errorf("%s: %w", path, err)
	}
	return c, warnings, nil
}

// parse reads text over the defaults. It does not validate.
func parse(text string) (c Config, warnings []string, err error) {
	c = Default()
	meta, err := toml.Decode(text, &c)
	for _, key := range meta.Undecoded() {
		warnings = append(warnings, "unknown setting "+key.String())
	}
	return c, warnings, err
}

func writeTemplate(folder, path string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // another start was quicker
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(template)
	return errors.Join(err, f.Close())
}

// Validate tells which setting is wrong, and why: the first of Problems.
func (c *Config) Validate() error {
	if list := c.Problems(); len(list) > 0 {
		return list[0]
	}
	return nil
}

// The bounds of record_every. Below one second monitors have nothing new.
const (
	minRecordEvery = Duration(time.Second)
	maxRecordEvery = Duration(24 * time.Hour)
)

// Prefixes is the networks that may reach the listener. A lone address is a
// network of one.
func (h *HL7) Prefixes() ([]netip.Prefix, error) {
	list, bad := h.prefixes()
	return list, orNil(bad)
}

func (h *HL7) prefixes() ([]netip.Prefix, *Problem) {
	var list []netip.Prefix
	for _, text := range h.Allow {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			address, bad := netip.ParseAddr(text)
			if bad != nil {
				return nil, &Problem{
					English: fmt.Sprintf("%q is no network such as 192.168.1.0/24", text),
					French:  "«\u00a0" + text + "\u00a0» n’est pas un réseau, comme 192.168.1.0/24.",
				}
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		list = append(list, prefix.Masked())
	}
	return list, nil
}
