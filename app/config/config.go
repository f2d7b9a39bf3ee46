// Package config is config.toml: its settings, their defaults and what is a
// valid value. A flag of the command line wins over the file.
package config

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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

// A Duration is a time.Duration that also knows days ("30d") and years of 365
// days ("10y").
type Duration time.Duration

// UnmarshalText reads "90s", "12h", "30d" or "10y"; negative ones are refused.
func (d *Duration) UnmarshalText(text []byte) error {
	s := string(text)
	for suffix, unit := range map[string]time.Duration{"d": 24 * time.Hour, "y": 365 * 24 * time.Hour} {
		number, ok := strings.CutSuffix(s, suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil || n > 200*365 || (suffix == "y" && n > 200) {
			return fmt.Errorf("%q is no duration such as 30d or 10y", s)
		}
		*d = Duration(time.Duration(n) * unit)
		return nil
	}
	parsed, err := time.ParseDuration(s)
	if err != nil || parsed < 0 {
		return fmt.Errorf("%q is no duration such as 60s, 30d or 10y", s)
	}
	*d = Duration(parsed)
	return nil
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
	c = Default()
	meta, err := toml.Decode(string(text), &c)
	if err != nil {
		return c, nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, key := range meta.Undecoded() {
		warnings = append(warnings, fmt.Sprintf("%s: unknown setting %s", path, key))
	}
	if err := c.Validate(); err != nil {
		return c, warnings, fmt.Errorf("%s: %w", path, err)
	}
	return c, warnings, nil
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

// Validate tells which setting is wrong, and why.
func (c *Config) Validate() error {
	switch {
	case c.Lang != "fr" && c.Lang != "en":
		return fmt.Errorf(`lang = %q: must be "fr" or "en"`, c.Lang)
	case (c.HL7.TLSCert == "") != (c.HL7.TLSKey == ""):
		return errors.New("hl7.tls_cert and hl7.tls_key are set together")
	case c.Backup.Keep < 1:
		return fmt.Errorf("backup.keep = %d: at least 1", c.Backup.Keep)
	case c.HL7.TLSCA != "" && c.HL7.TLSCert == "":
		return errors.New("hl7.tls_ca needs hl7.tls_cert and hl7.tls_key")
	}
	if err := CheckLocal(c.Listen); err != nil {
		return fmt.Errorf("listen = %q: %w", c.Listen, err)
	}
	if c.HL7.Listen != "" {
		if err := CheckAddress(c.HL7.Listen); err != nil {
			return fmt.Errorf("hl7.listen = %q: %w", c.HL7.Listen, err)
		}
	}
	if err := c.HL7.checkMonitors(); err != nil {
		return err
	}
	if err := c.Stethoscope.check(); err != nil {
		return err
	}
	_, err := c.HL7.Prefixes()
	return err
}

// The bounds of record_every. Below one second monitors have nothing new.
const (
	minRecordEvery = Duration(time.Second)
	maxRecordEvery = Duration(24 * time.Hour)
)

func (h *HL7) checkMonitors() error {
	if h.RecordEvery < minRecordEvery || h.RecordEvery > maxRecordEvery {
		return fmt.Errorf("hl7.record_every = %q: must be between 1s and 24h", time.Duration(h.RecordEvery))
	}
	seen := map[string]bool{}
	for _, m := range h.Monitor {
		if err := CheckPeer(m.Address); err != nil {
			return fmt.Errorf("hl7.monitor address = %q: %w", m.Address, err)
		}
		if seen[m.Address] {
			return fmt.Errorf("hl7.monitor address = %q is there twice", m.Address)
		}
		seen[m.Address] = true
	}
	return nil
}

// Prefixes is the networks that may reach the listener. A lone address is a
// network of one.
func (h *HL7) Prefixes() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, text := range h.Allow {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			address, bad := netip.ParseAddr(text)
			if bad != nil {
				return nil, fmt.Errorf("hl7.allow: %q is no network such as 192.168.1.0/24", text)
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		list = append(list, prefix.Masked())
	}
	return list, nil
}

// CheckAddress refuses what is no HOST:PORT, such as 0.0.0.0:2575.
func CheckAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("must be HOST:PORT, such as 0.0.0.0:2575")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("port %q is not between 0 and 65535", port)
	}
	return nil
}

// CheckPeer refuses what is no HOST:PORT to connect to, such as
// 192.168.0.100:4601.
func CheckPeer(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r == '/' }) {
		return errors.New("must be HOST:PORT, such as 192.168.0.100:4601")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("port %q is not between 1 and 65535", port)
	}
	return nil
}

// CheckLocal refuses an address of the local server that is not of this
// computer alone: its host must be localhost, 127.0.0.1 or [::1].
func CheckLocal(address string) error {
	if err := CheckAddress(address); err != nil {
		return err
	}
	host, _, _ := net.SplitHostPort(address)
	if host == "localhost" || host == "127.0.0.1" || host == "::1" {
		return nil
	}
	return errors.New("the local server listens on this computer only: localhost, 127.0.0.1 or [::1]")
}

// Pending names the settings of c that differ from their defaults and have no
// effect in this version.
func (c *Config) Pending() []string {
	var list []string
	d := Default()
	note := func(name string, set bool) {
		if set {
			list = append(list, name)
		}
	}
	note("retention.live", c.Retention.Live != d.Retention.Live)
	return list
}
