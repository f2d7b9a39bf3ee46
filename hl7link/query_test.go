package hl7link

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
)

// A ward knows patients by their id; fail makes it unavailable.
type ward struct {
	patients map[string]*fhirmap.Patient
	fail     error
}

func (w ward) FindPatient(_ context.Context, id string) (*fhirmap.Patient, error) {
	return w.patients[id], w.fail
}

const (
	comenQuery = "MSH|^~\\&||KC575200001G|||20260101120000||QRY^R02|c1|P|2.6\rQRD|20260101120000|R|I|Q101||||%|RES\r" +
		"PID|||12345||UNKNOWN^PATIENT\rPV1||I|^^&24\rQRF|MON||||3232235520&0^5^1^0^2005\r"
	mindrayQuery = "MSH|^~\\&|Mindray|Gateway|||20260101120000||QRY^A19|2|P|2.3.1\rQRD|20260101120000000|D|D|1|||1^RD|%|^DEM|^MindrayGateway\r"
)

func TestListener_PatientLookUp(t *testing.T) {
	known := ward{patients: map[string]*fhirmap.Patient{
		"12345": {ID: "12345", Family: "Ahmad Bin Ali", BirthDate: "1980-01-15", Sex: "male"},
		"7":     {ID: "7", Family: "LEFÈVRE", Given: "Éloïse | ^Zoé\\", Sex: "female"},
		"8":     {ID: "8", Family: "Иванов", BirthDate: "1950"},
		"9":     {ID: "09", Family: "Somebody else"},
	}}
	down := ward{fail: errors.New("disk")}
	const stamp = "20260102030405.600+0100"
	comen := "MSH|^~\\&||||KC575200001G|" + stamp + "||ORF^R04|ID|P|2.6"
	mindray := "MSH|^~\\&|||Mindray|Gateway|" + stamp + "||ADR^A19|ID|P|2.3.1"
	latin := strings.Replace(comenQuery, "|P|2.6", "|P|2.6||||||8859/1", 1)
	for _, c := range []struct {
		name, query, id string
		in              ward
		want            []string
	}{
		{"R02, found", comenQuery, "12345", known, []string{
			comen, "MSA|AA|c1", "QRD|20260101120000|R|I|Q101||||12345|RES", "QRF|MON||||3232235520&0^5^1^0^2005",
			"PID|||12345||Ahmad Bin Ali^||19800115|M", "PV1||I",
		}},
		{"R02, nobody", comenQuery, "4", known, []string{
			comen, "MSA|AE|c1|Patient not found", "QRD|20260101120000|R|I|Q101||||4|RES", "QRF|MON||||3232235520&0^5^1^0^2005",
		}},
		{"R02, no id", comenQuery, "", known, []string{
			comen, "MSA|AE|c1|Patient not found", "QRD|20260101120000|R|I|Q101|||||RES", "QRF|MON||||3232235520&0^5^1^0^2005",
		}},
		{"R02, unavailable", comenQuery, "12345", down, []string{
			comen, "MSA|AE|c1|Patient lookup unavailable", "QRD|20260101120000|R|I|Q101||||12345|RES", "QRF|MON||||3232235520&0^5^1^0^2005",
		}},
		{"R02, another id", comenQuery, "9", known, []string{
			comen, "MSA|AE|c1|Patient not found", "QRD|20260101120000|R|I|Q101||||9|RES", "QRF|MON||||3232235520&0^5^1^0^2005",
		}},
		{"R02, in UTF-8", comenQuery, "7", known, []string{
			comen + "||||||UNICODE UTF-8", "MSA|AA|c1", "QRD|20260101120000|R|I|Q101||||7|RES", "QRF|MON||||3232235520&0^5^1^0^2005",
			"PID|||7||LEFÈVRE^Éloïse \\F\\ \\S\\Zoé\\E\\|||F", "PV1||I",
		}},
		{"R02, in the asker's character set", latin, "7", known, []string{
			comen + "||||||8859/1", "MSA|AA|c1", "QRD|20260101120000|R|I|Q101||||7|RES", "QRF|MON||||3232235520&0^5^1^0^2005",
			"PID|||7||LEF\xc8VRE^\xc9lo\xefse \\F\\ \\S\\Zo\xe9\\E\\|||F", "PV1||I",
		}},
		{"R02, a name that the asker's character set does not hold", latin, "8", known, []string{
			comen + "||||||UNICODE UTF-8", "MSA|AA|c1", "QRD|20260101120000|R|I|Q101||||8|RES", "QRF|MON||||3232235520&0^5^1^0^2005",
			"PID|||8||Иванов^||1950|", "PV1||I",
		}},
		{"A19, found", mindrayQuery, "12345", known, []string{
			mindray, "MSA|AA|2|The Patient is Found", "QRD|20260101120000000|D|D|1|||1^RD|12345|^DEM|^MindrayGateway",
			"PID|||12345||Ahmad Bin Ali^||19800115|M", "PV1||I",
		}},
		{"A19, in the single bytes of the monitor", mindrayQuery, "7", known, []string{
			mindray, "MSA|AA|2|The Patient is Found", "QRD|20260101120000000|D|D|1|||1^RD|7|^DEM|^MindrayGateway",
			"PID|||7||LEF\xc8VRE^\xc9lo\xefse \\F\\ \\S\\Zo\xe9\\E\\|||F", "PV1||I",
		}},
		{"A19, nobody", mindrayQuery, "4", known, []string{
			mindray, "MSA|AA|2|The patient is not found!", "QRD|20260101120000000|D|D|1|||1^RD|4|^DEM|^MindrayGateway",
		}},
		{"A19, unavailable", mindrayQuery, "12345", down, []string{
			mindray, "MSA|AE|2|Patient lookup unavailable", "QRD|20260101120000000|D|D|1|||1^RD|12345|^DEM|^MindrayGateway",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			sink, kept := &memorySink{}, &vault{}
			address, _ := start(t, ListenerOptions{Sink: sink, Directory: c.in, Quarantine: kept, Now: func() time.Time { return ackTime }})
			reply, err := dial(t, address).Exchange(t.Context(), []byte(strings.Replace(c.query, "%", c.id, 1)))
			if err != nil {
				t.Fatal(err)
			}
			got := lines(reply)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if len(sink.reports) > 0 || len(kept.kept()) > 0 {
				t.Error("a query was recorded or refused")
			}
		})
	}
}

func TestDecode_Query(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		fine bool
	}{
		"R02": {comenQuery, true}, "A19": {mindrayQuery, true},
		"without QRD": {"MSH|^~\\&|||||||QRY^R02|1|P|2.6\rPID|||1\r", false},
	} {
		reports, err := Decode([]byte(c.text), paris)
		if (err == nil) != c.fine || len(summaries(reports)) > 0 {
			t.Errorf("%s: %v, %v", name, summaries(reports), err)
		}
	}
}

// A directory that fails in the worst way costs one answer.
func TestListener_PanicInTheDirectory(t *testing.T) {
	address, _ := start(t, ListenerOptions{Sink: &memorySink{}, Directory: panicWard{}})
	client := dial(t, address)
	for range 2 {
		reply, err := client.Exchange(t.Context(), []byte(strings.Replace(comenQuery, "%", "1", 1)))
		if err != nil || !strings.Contains(string(reply), "MSA|AE|c1") {
			t.Fatalf("%q, %v", reply, err)
		}
	}
}

type panicWard struct{}

func (panicWard) FindPatient(context.Context, string) (*fhirmap.Patient, error) { panic("ward") }
