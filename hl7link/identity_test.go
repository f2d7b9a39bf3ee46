package hl7link

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"vitalien/fhirmap"
)

func measured1(t *testing.T, sender, segments string) fhirmap.Measurement {
	t.Helper()
	d := decode([]byte("MSH|^~\\&|"+sender+"|||20260101120000||ORU^R01|1|P|2.5\r"+segments+"OBX|1|NM|8867-4^HR^LN||72||||||F\r"),
		decoding{zone: paris, peer: "192.0.2.7", dialects: dialects})
	if len(d.report.Measurements) != 1 {
		t.Fatalf("%v %v", d.verdict, d.report.Measurements)
	}
	return d.report.Measurements[0]
}

func TestDecode_Patient(t *testing.T) {
	const here = "urn:hl7:sender:APP:FAC"
	for _, c := range []struct {
		name, sender, pid string
		want              *fhirmap.Patient
	}{
		{"nobody", "APP|FAC", "PID|||||||19800115|F\r", nil},
		{"no PID", "APP|FAC", "", nil},
		{
			"whole", "APP|FAC", "PID|||42^^^CHU&1.2.250.1&ISO^PI||Lefèvre^Éloïse^Anne||19800115|F\r",
			&fhirmap.Patient{System: "urn:oid:1.2.250.1", ID: "42", Family: "Lefèvre", Given: "Éloïse Anne", BirthDate: "1980-01-15", Sex: "female"},
		},
		{"assigner by name", "APP|FAC", "PID|||42^^^Hôpital Nord\r", &fhirmap.Patient{System: "urn:hl7:assigner:H%C3%B4pital%20Nord", ID: "42"}},
		{"assigner OID alone", "APP|FAC", "PID|||42^^^1.2.250.1.213\r", &fhirmap.Patient{System: "urn:oid:1.2.250.1.213", ID: "42"}},
		{"assigned by the sender", "APP|FAC", "PID|||42\r", &fhirmap.Patient{System: here, ID: "42"}},
		{"assigned by the peer", "|", "PID|||42\r", &fhirmap.Patient{System: "urn:hl7:peer:192.0.2.7", ID: "42"}},
		{"second id", "APP|FAC", "PID|||^^^X~\"\"~7\r", &fhirmap.Patient{System: here, ID: "7"}},
		{"name alone", "APP|FAC", "PID|||||Doe\r", &fhirmap.Patient{Family: "Doe"}},
		{"placeholder", "APP|FAC", "PID|||9||UNKNOWN^PATIENT||19000101|M\r", &fhirmap.Patient{System: here, ID: "9", Sex: "male"}},
		{"placeholder alone", "APP|FAC", "PID|||||UNKNOWN^PATIENT||19000101|M\r", nil},
		{"PID-2 alone", "APP|FAC", "PID||42\r", &fhirmap.Patient{System: here + "#external", ID: "42"}},
		{"PID-2 with its assigner", "APP|FAC", "PID||42^^^CHU&1.2.250.1&ISO\r", &fhirmap.Patient{System: "urn:hl7:assigner:1.2.250.1#external", ID: "42"}},
		{"PID-3 before PID-2", "APP|FAC", "PID||41|42|43\r", &fhirmap.Patient{System: here, ID: "42"}},
		{"PID-4 alone", "APP|FAC", "PID||||ALT9\r", &fhirmap.Patient{System: here + "#alternate", ID: "ALT9"}},
		{"PID-4 that is a name", "APP|FAC", "PID||||Dupont^Jean\r", &fhirmap.Patient{Family: "Dupont", Given: "Jean"}},
		{"PID-4 without a digit beside a name", "APP|FAC", "PID||||ABC|Dupont\r", &fhirmap.Patient{Family: "Dupont"}},
		{"PID-18 alone", "APP|FAC", "PID||||||||||||||||||A7\r", &fhirmap.Patient{System: here + "#account", ID: "A7"}},
		{"PID-19 alone", "APP|FAC", "PID|||||||||||||||||||123456789\r", &fhirmap.Patient{System: here + "#ssn", ID: "123456789"}},
		{"name in the second repetition", "APP|FAC", "PID|||||~DUPONT^Jean\r", &fhirmap.Patient{Family: "DUPONT", Given: "Jean"}},
		{"name after a placeholder", "APP|FAC", "PID|||||UNKNOWN^PATIENT~DUPONT^Jean\r", &fhirmap.Patient{Family: "DUPONT", Given: "Jean"}},
		{"surname in its parts", "APP|FAC", "PID|||||&de&Dupont\r", &fhirmap.Patient{}},
		{"alias alone", "APP|FAC", "PID|||||||||Jeannot\r", &fhirmap.Patient{}},
		{"driver's license alone", "APP|FAC", "PID||||||||||||||||||||X1\r", &fhirmap.Patient{}},
		{"id in an unusual place", "APP|FAC", "PID|||&42\r", &fhirmap.Patient{}},
		{"placeholders for ids", "APP|FAC", "PID||UNKNOWN|Inconnu|N/A|UNKNOWN^PATIENT||19000101\r", nil},
		{"nulls", "APP|FAC", "PID||\"\"|\"\"|\"\"|\"\"^\"\"\r", nil},
		{"assigner without an id", "APP|FAC", "PID|||^^^Hospital^PI\r", nil},
		{"PID-4 of the eGateway", "MINDRAY_EGATEWAY^00A0^EUI-64|MINDRAY", "PID||||JOHN SMITH\r", &fhirmap.Patient{Family: "JOHN SMITH"}},
		{"ambiguous sex", "APP|FAC", "PID|||1|||||A\r", &fhirmap.Patient{System: here, ID: "1", Sex: "other"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, measured1(t, c.sender, c.pid).Patient); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Ids of unknown origin have no system, and those of a Mindray monitor are its
// own; either way the fields stay apart.
func TestDecode_PatientOfUnknownOrigin(t *testing.T) {
	for _, c := range []struct{ version, segments, system, id string }{
		{"2.5", "PID|||42\r", "", "42"},
		{"2.5", "PID||42\r", "urn:hl7:external", "42"},
		{"2.3.1", "PID|||42\r", "", "42"},
		{"2.3.1", "PID||42\r", "urn:hl7:external", "42"},
		{"2.3.1", "PID|||42\rPV1||I|^^&1&16909060\r", "urn:hl7:mindray:16909060", "42"},
		{"2.3.1", "PID||42\rPV1||I|^^&1&16909060\r", "urn:hl7:mindray:16909060#external", "42"},
		{"2.3.1", "PID||42\rPV1||I|^^&1&16909060\rOBX||ST|2301^||812||||||F\r", "urn:hl7:mindray:16909060", "812"},
	} {
		code := map[string]string{"2.5": "8867-4^HR^LN", "2.3.1": "101^HR"}[c.version]
		reports, err := Decode([]byte("MSH|^~\\&|||||||ORU^R01|1|P|"+c.version+"\r"+c.segments+"OBX|1|NM|"+code+"||72||||||F\r"), paris)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&fhirmap.Patient{System: c.system, ID: c.id}, reports[0].Measurements[0].Patient); diff != "" {
			t.Errorf("%+v: %s", c, diff)
		}
	}
}

func TestDecode_BedAndDevice(t *testing.T) {
	for location, want := range map[string]string{
		"ICU^12^5": "5", "ICU^12": "12", "^^&24": "24", "CCU^^&36&0&0": "36", "^^Doc1&5&1": "5", "ICU": "", "": "", `^^""`: "",
	} {
		if got := measured1(t, "APP|FAC", "PV1||I|"+location+"\r").Bed; got != want {
			t.Errorf("%q: %q, want %q", location, got, want)
		}
	}
	bed := "PV1||I|^^3\r"
	named, again := measured1(t, "APP|FAC", ""), measured1(t, "APP|FAC", bed)
	if named.Device.ID != again.Device.ID || named.Device.Name != "FAC" || again.Device.Name != "Lit 3" {
		t.Errorf("%+v %+v", named.Device, again.Device)
	}
	if nameless, inBed := measured1(t, "|", ""), measured1(t, "|", bed); nameless.Device.ID == inBed.Device.ID || nameless.Device.Name != "192.0.2.7" {
		t.Errorf("%+v %+v", nameless.Device, inBed.Device)
	}
}

func TestDecode_ObservingDevice(t *testing.T) {
	reports, err := Decode([]byte(oru(
		"OBX|1|NM|8867-4^HR^LN||72||||||F|||||||000F14049B507238^BIG^000F14049B507238^EUI-64",
		"OBX|2|NM|9279-1^RR^LN||16||||||F",
		"OBX|3|NM|59408-5^S^LN||97||||||F|||||||SN7^Maker",
		"OBR|2", "OBX|4|NM|8310-5^T^LN||37|Cel|||||F")), paris)
	if err != nil {
		t.Fatal(err)
	}
	var devices []fhirmap.Device
	for _, m := range reports[0].Measurements {
		devices = append(devices, m.Device)
	}
	sender := fhirmap.Device{ID: fhirmap.DeviceID("hl7", "APP", "FAC"), Type: fhirmap.PatientMonitor, Name: "FAC"}
	eui, serial := sender, sender
	eui.ID, eui.EUI64 = fhirmap.DeviceID("hl7", "eui64", "000F14049B507238"), "000F14049B507238"
	serial.ID, serial.Serial = fhirmap.DeviceID("hl7", "obx18", "SN7", "Maker", ""), "SN7"
	if diff := cmp.Diff([]fhirmap.Device{eui, eui, serial, sender}, devices); diff != "" {
		t.Error(diff)
	}
}

func TestBedName(t *testing.T) {
	for bed, want := range map[string]string{"3": "Lit 3", "Lit 3": "Lit 3", "LIT 3": "LIT 3", "Literie": "Lit Literie", "A12": "Lit A12"} {
		if got := bedName(bed); got != want {
			t.Errorf("%q: %q, want %q", bed, got, want)
		}
	}
}
