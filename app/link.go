package main

import (
	"net/url"

	"vitalien/app/api"
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// maxLink bounds a link in bytes, as browsers do.
const maxLink = 2048

// readLink reads a link with which an EHR opens a consultation:
//
//	vitalien://consultation?patient=ID[&system=…][&family=…][&given=…][&birthDate=…][&sex=…][&id=…]
//
// Its parameters are those of startConsultation. Anybody can make one, so a
// person is asked before it has any effect. The error is a Fault "bad_link".
func readLink(text string) (station.Consultation, error) {
	link, err := url.Parse(text)
	if err != nil || len(text) > maxLink || link.Scheme != "vitalien" || link.Host != "consultation" {
		return station.Consultation{}, badLink(nil) // the error of Parse would quote a name
	}
	values, err := url.ParseQuery(link.RawQuery)
	if err != nil || values.Get("patient") == "" {
		return station.Consultation{}, badLink(nil)
	}
	patient := fhirmap.Patient{
		System: values.Get("system"), ID: values.Get("patient"), Family: values.Get("family"), Given: values.Get("given"),
		BirthDate: values.Get("birthDate"), Sex: values.Get("sex"),
	}
	if patient.System == "" {
		patient.System = api.EHRSystem
	}
	c := station.Consultation{ID: values.Get("id"), Patient: &patient}
	if err := c.Check(); err != nil {
		return station.Consultation{}, badLink(err)
	}
	return c, nil
}

func badLink(cause error) error {
	return &fhirmap.Fault{
		Code: "bad_link", English: "links are vitalien://consultation?patient=ID", Cause: cause,
		French: "Le lien reçu du logiciel médical n’est pas compris\u202f: aucune consultation n’a été ouverte. Ouvrez-la depuis le logiciel médical.",
	}
}
