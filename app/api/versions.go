package api

import (
	"context"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// Patients, devices and consultations, for subscriptions.
const (
	formPatient      form = "patient"
	formDevice       form = "device"
	formConsultation form = "consultation"
)

// versionPiece is how many versions are encoded at a time.
const versionPiece = 64

// A change is a version of a patient, a device or a consultation.
type change struct {
	seq      uint64
	resource string // of the contract
	about    about
	data     any // the FHIR R4 resource
}

// fhir is the type of its FHIR resource.
func (c *change) fhir() string {
	if c.resource == "Consultation" {
		return "Encounter"
	}
	return c.resource
}

// changesOf are the readers of the forms that are made of versions: the next
// changes behind a number, and the number up to which there are no others.
func changesOf(s *station.Station) map[form]func(after uint64) ([]change, uint64) {
	return map[form]func(uint64) ([]change, uint64){
		formPatient: func(after uint64) ([]change, uint64) {
			return changes(patientChange)(s.PatientsBehind(after, versionPiece))
		},
		formDevice: func(after uint64) ([]change, uint64) {
			return changes(deviceChange)(s.DevicesBehind(after, versionPiece))
		},
		formConsultation: func(after uint64) ([]change, uint64) {
			return changes(consultationChange)(s.ConsultationsBehind(after, versionPiece))
		},
	}
}

// changes makes changes of versions.
func changes[T any](of func(*station.Version[T]) change) func([]station.Version[T], uint64) ([]change, uint64) {
	return func(list []station.Version[T], upTo uint64) (all []change, _ uint64) {
		for i := range list {
			c := of(&list[i])
			if list[i].Type == station.Deleted {
				c.about, c.data = *deleted, deletedResource{c.fhir(), list[i].ID}
			}
			c.seq, c.about.event = list[i].Seq, list[i].Type
			all = append(all, c)
		}
		return all, upTo
	}
}

// noDevice is what filters see where there is none.
var noDevice = &fhirmap.Device{}

func patientChange(v *station.Version[fhirmap.Patient]) change {
	return change{resource: "Patient", about: about{device: noDevice, patient: &v.What}, data: fhirmap.R4Patient(&v.What, v.Test)}
}

func deviceChange(v *station.Version[fhirmap.Device]) change {
	return change{resource: "Device", about: about{device: &v.What}, data: fhirmap.R4Device(&v.What, v.Test)}
}

func consultationChange(v *station.Version[station.Consultation]) change {
	c := &v.What
	return change{
		resource: "Consultation", about: about{device: noDevice, patient: c.Patient, consultation: c.ID},
		data: fhirmap.R4Encounter(c.ID, c.Patient, c.Start, c.End),
	}
}

// keepChanges encodes the next changes behind after. What is kept reaches from
// one to the next, since the entries between them say nothing here.
func (f *frames) keepChanges(after uint64) error {
	list, upTo := f.changes(after)
	first := after + 1
	for i := range list {
		c, about := &list[i], list[i].about
		frame, err := encodeR4(openData(c.seq, c.about.event, c.resource), c.data)
		if err != nil {
			return err
		}
		f.put(first, encoded{last: c.seq, events: []shared{{frame, &about}}, size: len(frame)})
		first = c.seq + 1
	}
	if first <= upTo {
		f.put(first, encoded{last: upTo})
	}
	return nil
}

// versionWaiter waits for versions. For the first the whole log is read, during
// which the connection gets what else it asked for.
type versionWaiter struct{ *station.Station }

var _ waiter = versionWaiter{}

func (w versionWaiter) Wait(ctx context.Context, after uint64) error {
	return w.WaitVersions(ctx, after)
}
