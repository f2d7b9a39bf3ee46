package station

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vitalien/fhirmap"
	"vitalien/hl7link"
)

// format1 is a data folder of format 1, as a killed process left it, with an
// export of all that it holds.
const format1 = "../../localstore/testdata/format1"

func TestOpen_BringsALogOfFormat1UpToDate(t *testing.T) {
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(format1)); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(folder, "observations.ndjson"))
	if err = errors.Join(err, os.Remove(filepath.Join(folder, "observations.ndjson"))); err != nil {
		t.Fatal(err)
	}
	if !readable(t, folder, "Lefèvre") || !readable(t, folder, "cabinet Martin") {
		t.Fatal("the old files are not what they should be")
	}
	d := &desk{t: t, folder: folder, clock: &clock{time: morning.Add(time.Minute)}}
	d.reopen()
	t.Cleanup(func() { d.Close() })
	for range 2 {
		out := t.TempDir()
		if _, err := d.Export(t.Context(), ExportOptions{Dir: out, Format: ExportFHIR}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(out, "observations.ndjson")); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes of Observations, want %d, error %v", len(got), len(want), err)
		}
		if tokens := d.Tokens(); len(tokens) != 1 || tokens[0].Name != "cabinet Martin" {
			t.Errorf("tokens: %v", tokens)
		}
		if n, err := d.RejectedCount(); n != 1 || err != nil {
			t.Errorf("%d in quarantine, %v", n, err)
		}
		unreadable, err := d.Audit(t.Context(), func(AuditEntry) bool { return true })
		if unreadable != 0 || err != nil {
			t.Errorf("%d entries of the audit log cannot be read, %v", unreadable, err)
		}
		if c := d.Situation().Consultation; c == nil || c.ID != "consultation-2" {
			t.Errorf("consultation %+v", c)
		}
		if p, err := d.FindPatient(t.Context(), "IPP-778812"); err != nil || p == nil || p.Given != "Éloïse" {
			t.Errorf("patient %+v, %v", p, err)
		}
		d.reopen()
	}
	for _, secret := range []string{"Lefèvre", "IPP-7788", "1957-03-14", "cabinet Martin", "consultation-2", "ehr.example"} {
		if readable(t, folder, secret) {
			t.Errorf("%q is still readable", secret)
		}
	}
}

// Whatever somebody can know of a patient stands in no file.
func TestRecord_LeavesNothingReadable(t *testing.T) {
	d := newDesk(t)
	who := &fhirmap.Patient{System: ehr, ID: "IPP-778812", Family: "Lefèvre", Given: "Éloïse", BirthDate: "1957-03-14", Sex: "female"}
	d.start("consultation-77", who)
	m := of(who, pulse("137.25"))
	m.Device.Name, m.Device.Serial, m.Bed = "Balance du cabinet", "SN-4711-X", "Chambre 204"
	d.record(keyed("a message", m, of(denis(), pulse("133.75"))))
	if err := d.AllowOrigin(t.Context(), "https://logiciel.example"); err != nil {
		t.Fatal(err)
	}
	secret, err := d.CreateToken("cabinet Martin")
	if err == nil {
		err = d.Reject(t.Context(), hl7link.Rejected{Peer: "192.0.2.7", Received: morning, Message: []byte("PID|||42||LEFEVRE\r")})
	}
	if err != nil {
		t.Fatal(err)
	}
	d.end()
	d.catalogue.size = 2
	if _, _, err := d.Search(t.Context(), Search{Limit: 10}); err != nil { // makes segments of the catalogue
		t.Fatal(err)
	}
	secrets := []string{
		"IPP-778812", "Lefèvre", "Éloïse", "1957-03-14", "female", "consultation-77", "137.25", "133.75", "heart_rate", "8867-4",
		"Balance", "SN-4711-X", "Chambre", "logiciel.example", "cabinet Martin", secret, "LEFEVRE", "192.0.2.7", d.stored(2).Device.ID, "Cœur",
	}
	for range 2 { // with a journal, and without
		for _, text := range secrets {
			if readable(t, d.folder, text) {
				t.Errorf("%q is readable", text)
			}
		}
		d.reopen()
	}
}

// readable tells whether text stands in some file of folder.
func readable(t *testing.T, folder, text string) (found bool) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		found = found || bytes.Contains(content, []byte(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
