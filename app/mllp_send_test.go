package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"vitalien/app/cli"
	"vitalien/hl7link"
)

// TestMLLPSend delivers files with Debian's mllp_send (python3-hl7), in the
// character sets that monitors use. Each field must survive, and the answer
// must be a valid acknowledgement.
func TestMLLPSend(t *testing.T) {
	a := start(t, cli.Flags{})
	_, port, err := net.SplitHostPort(a.monitor.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, declared string // MSH-18
		set            encoding.Encoding
		family, given  string
	}{
		{"UTF-8", "UNICODE UTF-8", unicode.UTF8, "Lefèvre", "Éloïse"},
		{"UTF-8 undeclared", "", unicode.UTF8, "Lefèvre", "Éloïse"},
		{"UTF-8 euro", "UNICODE UTF-8", unicode.UTF8, "Cœur€", "Éloïse"},
		{"windows-1252 undeclared", "", charmap.Windows1252, "Lefèvre", "Éloïse"},
		{"windows-1252 euro", "", charmap.Windows1252, "Cœur€", "Éloïse"},
		{"windows-1252 said to be 8859/1", "8859/1", charmap.Windows1252, "Cœur€", "Éloïse"},
		{"ISO-8859-1", "8859/1", charmap.ISO8859_1, "Lefèvre", "Éloïse"},
		{"ISO-8859-1 undeclared", "", charmap.ISO8859_1, "Lefèvre", "Éloïse"},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := strings.ReplaceAll(c.name, " ", "_")
			text := "MSH|^~\\&|MON|WARD|||20261120101500+0100||ORU^R01^ORU_R01|" + id + "|P|2.6||||||" + c.declared + "\r" +
				"PID|||" + id + "^^^CLINIQUE||" + c.family + "^" + c.given + "||19800312|F\r" +
				"PV1||I|Réa^^Lit 3\r" +
				"OBR|1|||182777000^monitoring of patient^SCT|||20261120101500+0100\r" +
				"OBX|1|NM|8867-4^Fréquence^LN||72|/min|||||F|||20261120101501+0100\r"
			bytes, err := c.set.NewEncoder().Bytes([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "oru.hl7")
			if err := os.WriteFile(file, hl7link.Frame(bytes), 0o600); err != nil {
				t.Fatal(err)
			}
			before := len(recorded(t, a))
			answer := mllpSend(t, port, file)
			ack, err := hl7link.Parse([]byte(answer))
			if err != nil {
				t.Fatalf("%v in %q", err, answer)
			}
			if msa := ack.First("MSA"); msa.Text(1) != "AA" || msa.Text(2) != id || ack.Header().Component(9, 1) != "ACK" {
				t.Errorf("answer %q", answer)
			}
			list := recorded(t, a)
			if len(list) != before+1 {
				t.Fatalf("%d recorded", len(list)-before)
			}
			m := list[before]
			if m.Patient == nil || m.Patient.Family != c.family || m.Patient.Given != c.given || m.Patient.ID != id ||
				m.Patient.BirthDate != "1980-03-12" || m.Patient.Sex != "female" {
				t.Errorf("patient %+v", m.Patient)
			}
			if m.Readings[0].Value.String() != "72" || m.Time.Format("15:04:05-0700") != "10:15:01+0100" {
				t.Errorf("%s at %s", m.Readings[0].Value, m.Time)
			}
		})
	}
}

// mllpSend gives the answer that mllp_send prints.
func mllpSend(t *testing.T, port, file string) string {
	t.Helper()
	if _, err := strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	// Debian's script asks for the python3 of the path; its module is that of /usr/bin.
	script, err := exec.LookPath("/usr/bin/mllp_send")
	if err != nil {
		t.Fatal("mllp_send is missing: make deps installs what the tests need")
	}
	output, err := exec.CommandContext(t.Context(), "/usr/bin/python3", script, "--port", port, "--file", file, "127.0.0.1").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	_, answer, found := strings.Cut(string(output), "MSH|")
	if !found {
		t.Fatalf("no answer in %q", output)
	}
	answer = strings.ReplaceAll("MSH|"+answer, "\r\n", "\r")
	return strings.Trim(strings.ReplaceAll(answer, "\n", "\r"), "\x0b\x1c\r") + "\r"
}
