package config

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// A Problem is what is wrong with a setting, or with changing it.
type Problem struct {
	Setting string // "hl7.listen"; empty: the file as a whole
	English string
	French  string
	Cause   error
}

func (p *Problem) Error() string {
	text := p.English
	if p.Setting != "" {
		text = p.Setting + ": " + text
	}
	if p.Cause != nil {
		text += ": " + p.Cause.Error()
	}
	return text
}

func (p *Problem) Unwrap() error { return p.Cause }

// Problems are all that is wrong with c, in the order of the file.
func (c *Config) Problems() (list []*Problem) {
	add := func(setting string, p *Problem) {
		if p != nil {
			list = append(list, &Problem{Setting: setting, English: p.English, French: p.French})
		}
	}
	add("lang", among(c.Lang, "fr", "en"))
	add("listen", checkLocal(c.Listen))
	c.HL7.problems(add)
	c.Stethoscope.problems(add)
	if c.Backup.Keep < 1 {
		add("backup.keep", &Problem{
			English: fmt.Sprintf("%d: at least 1", c.Backup.Keep), French: "Gardez au moins une sauvegarde.",
		})
	}
	c.Window.problems(add)
	return list
}

func (h *HL7) problems(add func(string, *Problem)) {
	if h.Listen != "" {
		add("hl7.listen", checkAddress(h.Listen))
	}
	_, bad := h.prefixes()
	add("hl7.allow", bad)
	together := &Problem{
		English: "hl7.tls_cert and hl7.tls_key are set together", French: "Le certificat et sa clé vont ensemble\u00a0: indiquez les deux fichiers, ou aucun.",
	}
	if h.TLSCert == "" && h.TLSKey != "" {
		add("hl7.tls_cert", together)
	}
	if h.TLSCert != "" && h.TLSKey == "" {
		add("hl7.tls_key", together)
	}
	if h.TLSCA != "" && h.TLSCert == "" {
		add("hl7.tls_ca", &Problem{
			English: "needs hl7.tls_cert and hl7.tls_key", French: "L’autorité ne sert qu’avec un certificat et sa clé.",
		})
	}
	add("hl7.record_every", between(h.RecordEvery, minRecordEvery, maxRecordEvery))
	seen := map[string]bool{}
	for _, m := range h.Monitor {
		bad := checkPeer(m.Address)
		if bad == nil && seen[m.Address] {
			bad = &Problem{English: "is there twice", French: "Cette adresse est indiquée deux fois."}
		}
		if bad != nil {
			add("hl7.monitor", &Problem{
				English: fmt.Sprintf("address = %q: %s", m.Address, bad.English), French: "«\u00a0" + m.Address + "\u00a0»\u00a0: " + bad.French,
			})
			return
		}
		seen[m.Address] = true
	}
}

func among(value string, allowed ...string) *Problem {
	quoted := make([]string, len(allowed))
	for i, a := range allowed {
		if a == value {
			return nil
		}
		quoted[i] = strconv.Quote(a)
	}
	list := strings.Join(quoted, ", ")
	return &Problem{English: fmt.Sprintf("%q: must be one of %s", value, list), French: "Valeurs possibles\u00a0: " + list + "."}
}

func between(d, least, most Duration) *Problem {
	if d >= least && d <= most {
		return nil
	}
	return &Problem{
		English: fmt.Sprintf("%q: must be between %s and %s", d, least, most),
		French:  fmt.Sprintf("Indiquez une durée entre %s et %s.", least.french(), most.french()),
	}
}

// CheckAddress refuses what is no HOST:PORT, such as 0.0.0.0:2575.
func CheckAddress(address string) error { return orNil(checkAddress(address)) }

func checkAddress(address string) *Problem {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return &Problem{English: "must be HOST:PORT, such as 0.0.0.0:2575", French: "Indiquez une adresse et un port, par exemple 0.0.0.0:2575."}
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return &Problem{English: fmt.Sprintf("port %q is not between 0 and 65535", port), French: "Le port va de 0 à 65535."}
	}
	return nil
}

// CheckPeer refuses what is no HOST:PORT to connect to, such as
// 192.168.0.100:4601.
func CheckPeer(address string) error { return orNil(checkPeer(address)) }

func checkPeer(address string) *Problem {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r == '/' }) {
		return &Problem{English: "must be HOST:PORT, such as 192.168.0.100:4601", French: "Indiquez une adresse et un port, par exemple 192.168.0.100:4601."}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return &Problem{English: fmt.Sprintf("port %q is not between 1 and 65535", port), French: "Le port va de 1 à 65535."}
	}
	return nil
}

// CheckLocal refuses an address of the local server that is not of this
// computer alone: its host must be localhost, 127.0.0.1 or [::1].
func CheckLocal(address string) error { return orNil(checkLocal(address)) }

func checkLocal(address string) *Problem {
	if bad := checkAddress(address); bad != nil {
		return bad
	}
	host, _, _ := net.SplitHostPort(address)
	if host == "localhost" || host == "127.0.0.1" || host == "::1" {
		return nil
	}
	return &Problem{
		English: "the local server listens on this computer only: localhost, 127.0.0.1 or [::1]",
		French:  "Le serveur local n’écoute que sur ce poste\u00a0: localhost, 127.0.0.1 ou [::1].",
	}
}

// orNil is no error where p is none.
func orNil(p *Problem) error {
	if p == nil {
		return nil
	}
	return p
}
