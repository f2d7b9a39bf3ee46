package api

import (
	"slices"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// A filter lets through the events that have every value given.
type filter struct {
	Code         string `json:"code"` // CODE or SYSTEM|CODE
	Device       string `json:"device"`
	DeviceType   string `json:"deviceType"`
	Patient      string `json:"patient"` // ID or SYSTEM|ID
	Consultation string `json:"consultation"`
	Bed          string `json:"bed"`
}

// given is the members that have a value.
func (f *filter) given() (names []string) {
	for _, member := range [...]struct{ name, value string }{
		{"code", f.Code},
		{"device", f.Device},
		{"deviceType", f.DeviceType},
		{"patient", f.Patient},
		{"consultation", f.Consultation},
		{"bed", f.Bed},
	} {
		if member.value != "" {
			names = append(names, member.name)
		}
	}
	return names
}

// about is what filters look at.
type about struct {
	event        string // what happened to the resource: CREATE, UPDATE, DELETE
	measurement  uint64 // its number; 0 for other resources
	device       *fhirmap.Device
	patient      *fhirmap.Patient // nil: nobody
	consultation string
	bed          string
	coding       func() []fhirmap.Coding // of what it measures; rarely asked for
	also         []*about                // what would let it through as well
}

// corrected is about a measurement that was corrected. Who follows one of those
// to whom it was ever attributed must learn of it.
func corrected(c *station.Correction, coding []fhirmap.Coding) *about {
	is := func(whose station.Attribution) *about {
		return &about{
			event: station.Updated, measurement: c.Seq, device: &c.Device, patient: whose.Patient, consultation: whose.Consultation, bed: c.Bed,
			coding: func() []fhirmap.Coding { return coding },
		}
	}
	now := is(station.Attribution{Patient: c.Subject, Consultation: c.Consultation})
	for _, whose := range c.Whose {
		now.also = append(now.also, is(whose))
	}
	return now
}

// deleted is about what was deleted: nothing is known of it any more, so that no
// filter can hold it back.
var deleted = &about{event: station.Deleted, device: noDevice}

func (f *filter) matches(a *about) bool {
	if a.event == station.Deleted {
		return true
	}
	is := func(wanted, have string) bool { return wanted == "" || wanted == have }
	return is(f.Device, a.device.ID) && is(f.DeviceType, string(a.device.Type)) && is(f.Consultation, a.consultation) && is(f.Bed, a.bed) &&
		(f.Patient == "" || a.patient != nil && a.patient.ID != "" && token(f.Patient, a.patient.System, a.patient.ID)) &&
		(f.Code == "" || slices.ContainsFunc(a.coding(), func(c fhirmap.Coding) bool { return token(f.Code, c.System, c.Code) })) ||
		slices.ContainsFunc(a.also, f.matches)
}

// token tells whether wanted, CODE or SYSTEM|CODE, is the code of the system.
func token(wanted, system, code string) bool { return wanted == code || wanted == system+"|"+code }
