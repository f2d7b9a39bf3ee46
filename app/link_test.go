package main

import (
	"strings"
	"testing"

	"vitalien/fhirmap"
)

func TestReadLink(t *testing.T) {
	c, err := readLink("vitalien://consultation?patient=12%2F3&family=Lef%C3%A8vre&given=%C3%89lo%C3%AFse&birthDate=1980-03-12&sex=female&id=C7")
	want := fhirmap.Patient{System: "urn:vitalien:ehr", ID: "12/3", Family: "Lefèvre", Given: "Éloïse", BirthDate: "1980-03-12", Sex: "female"}
	if err != nil || c.ID != "C7" || *c.Patient != want {
		t.Errorf("%+v, %+v, %v", c, c.Patient, err)
	}
	if c, err = readLink("vitalien://consultation/?patient=7&system=urn:oid:1.2.3"); err != nil || c.Patient.System != "urn:oid:1.2.3" {
		t.Errorf("%+v, %v", c, err)
	}
}

// A link that is wrong ends no consultation and quotes nobody.
func TestReadLink_Refuses(t *testing.T) {
	for _, text := range []string{
		"", "vitalien:", "vitalien://", "vitalien://consultation", "vitalien://consultation?family=Martin",
		"vitalien://quit?patient=1", "https://consultation?patient=1", "vitalien://consultation?patient=%zz",
		"vitalien://consultation?patient=1&birthDate=Martin", "vitalien://consultation?patient=1&sex=Martin",
		"vitalien://consultation?patient=Martin%00", "vitalien://consultation?patient=%20",
		"vitalien://consultation?patient=1&family=" + strings.Repeat("Martin", 400), "vitalien://Martin\n?patient=1",
	} {
		_, err := readLink(text)
		f := fhirmap.FaultOf(err)
		if f == nil || f.Code != "bad_link" || strings.Contains(err.Error()+f.French, "Martin") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
