package ui

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"fyne.io/fyne/v2/test"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// exportOf is what the page of somebody shows, all of it.
func exportOf(t *testing.T, core HistoryCore, who *fhirmap.Patient, wanted period) historyExport {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(calm{})
	p := newHistoryPage(newWords("fr"), testOptions(), atOnce(core))
	p.choose(&subject{who})
	p.ask(wanted)
	for _, kind := range typesOf(p.known) {
		if !p.shown[kind] {
			p.toggle(kind)
		}
	}
	e := p.exported()
	e.version = "1.2.3"
	return e
}

func writeExport(t *testing.T, e historyExport, core HistoryCore, format station.ExportFormat) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out")
	shares := []float64{}
	if err := e.write(t.Context(), core, format, path, func(share float64) { shares = append(shares, share) }); err != nil {
		t.Fatal(err)
	}
	if format != exportPDF && (len(shares) == 0 || shares[len(shares)-1] != 1) {
		t.Errorf("told of %v", shares)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The file of a spreadsheet is kept: whoever changes it changes what people have
// built on it.
func TestHistoryExport_CSV(t *testing.T) {
	core := practice(t)
	got := writeExport(t, exportOf(t, core, eloise, periodWeek), core, station.ExportCSV)
	golden := filepath.Join("testdata", "history.csv")
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(got, want) {
		if os.Getenv("UPDATE") != "" {
			err = os.WriteFile(golden, got, 0o600)
		}
		t.Errorf("%v; got\n%s", err, got)
	}
}

func TestHistoryExport_Bundle(t *testing.T) {
	core := practice(t)
	e := exportOf(t, core, eloise, periodAll)
	e.types = []fhirmap.Type{fhirmap.BodyWeight}
	var bundle struct {
		Type  string
		Entry []struct {
			Resource struct{ ResourceType, BirthDate string }
		}
	}
	text := writeExport(t, e, core, station.ExportBundle)
	if err := json.Unmarshal(text, &bundle); err != nil || bundle.Type != "collection" || len(bundle.Entry) != 23 || bundle.Entry[0].Resource.BirthDate != eloise.BirthDate {
		t.Errorf("%d entries, %v: %.300s", len(bundle.Entry), err, text)
	}
}

// drawnText is what a PDF without compression writes, each text on a line.
func drawnText(pdf []byte) string {
	var all strings.Builder
	for rest := pdf; ; {
		_, after, found := bytes.Cut(rest, []byte(" Td ("))
		if !found {
			return all.String()
		}
		var units []byte
		i := 0
		for ; i < len(after) && after[i] != ')'; i++ {
			c := after[i]
			if c == '\\' {
				i++
				if c = after[i]; c == 'r' {
					c = '\r'
				}
			}
			units = append(units, c)
		}
		runes := make([]uint16, len(units)/2)
		for j := range runes {
			runes[j] = uint16(units[2*j])<<8 | uint16(units[2*j+1])
		}
		all.WriteString(string(utf16.Decode(runes)) + "\n")
		rest = after[i:]
	}
}

// What is printed says whose it is, when, by what, and keeps the digits.
func TestHistoryExport_PDF(t *testing.T) {
	core := practice(t)
	e := exportOf(t, core, eloise, periodAll)
	found, _, err := core.Search(t.Context(), station.Search{Patients: []string{eloise.Key()}, Types: e.types, Taken: e.taken, Limit: printedMax})
	if err != nil {
		t.Fatal(err)
	}
	trends, err := core.Trends(t.Context(), station.TrendSearch{Patient: eloise.Key(), Types: e.types, Taken: e.taken, Columns: historyColumns})
	if err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	if err := e.page(found, trends, 999).WritePlain(&plain); err != nil {
		t.Fatal(err)
	}
	text := drawnText(plain.Bytes())
	for _, want := range []string{
		"Relevé de constantes", "LEFÈVRE Éloïse", "née le 12/03/1980 · n°\u00a01\n", "Du 20/09/2026 au 20/11/2026",
		"Tensiomètre du cabinet (OMRON HEM-9210T)", "20/11/2026 14:05", "Tension artérielle · mmHg", "Écartée\u00a0: brassard mal placé",
		"120/74\u00a0(90)\u202fmmHg", "61,79\u202fkg", "dernières mesures sur 999", "1/1", "Vitalien 1.2.3", "NEWS2",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not printed", want)
		}
	}
	if strings.Contains(text, "Martin") || bytes.Count(plain.Bytes(), []byte("/Type /Page\n")) != 1 {
		t.Error("names somebody else, or has several pages")
	}
	pdf := writeExport(t, e, core, exportPDF)
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) || len(pdf) > 300_000 {
		t.Errorf("%d bytes: %.20s", len(pdf), pdf)
	}
	if folder := os.Getenv("VITALIEN_PAPER"); folder != "" { // to be looked at
		os.WriteFile(filepath.Join(folder, "page.pdf"), pdf, 0o600)
		wide := exportOf(t, openArchive(t, everythingOfOne()...), longNamed(), periodDay)
		os.WriteFile(filepath.Join(folder, "full.pdf"), writeExport(t, wide, openArchive(t, everythingOfOne()...), exportPDF), 0o600)
	}
	if reader, err := exec.LookPath("pdftotext"); err == nil { // another program reads the same
		path := filepath.Join(t.TempDir(), "page.pdf")
		if err := os.WriteFile(path, pdf, 0o600); err != nil {
			t.Fatal(err)
		}
		read, err := exec.CommandContext(t.Context(), reader, "-layout", path, "-").Output()
		for _, want := range []string{"LEFÈVRE Éloïse", "Saturation pulsée", "brassard mal placé"} {
			if err != nil || !strings.Contains(string(read), want) {
				t.Errorf("pdftotext does not read %q: %v", want, err)
			}
		}
	}
}
