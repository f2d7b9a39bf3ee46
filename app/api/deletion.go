package api

import (
	"vitalien/app/station"
	"vitalien/fhirmap"
)

// A deletedResource is all that is told of what was deleted.
type deletedResource struct {
	ResourceType string `json:"resourceType"`
	ID           string `json:"id"`
}

// keepRemoved keeps a DELETE for each thing that was deleted with a patient.
func (f *frames) keepRemoved(event *station.Event) error {
	part := encoded{last: event.Last}
	for i := range event.Removed {
		gone := &event.Removed[i]
		resource, data := f.removed(gone)
		if resource == "" {
			continue
		}
		frame, err := encodeR4(openData(gone.Seq, station.Deleted, resource), data)
		if err != nil {
			return err
		}
		part.events = append(part.events, shared{frame, deleted})
		part.size += len(frame)
	}
	f.put(event.First, part)
	return nil
}

// removed is what gone is in the form f; nothing where that has none of it. Neither
// form of "fhir" can say that something was deleted.
func (f *frames) removed(gone *station.Removed) (resource string, data deletedResource) {
	log := f.log.ID()
	switch {
	case gone.Alert != "" && f.form == formAlert:
		return "Alert", deletedResource{"DetectedIssue", gone.Alert}
	case gone.Recording > 0 && f.form == formRecording:
		return "Recording", deletedResource{"Observation", fhirmap.ObservationID(log, gone.Recording, 1)}
	case gone.Recording > 0 && f.form == formEvent:
		return "Observation", deletedResource{"Observation", fhirmap.ObservationID(log, gone.Recording, 1)}
	case gone.Measurement > 0 && f.form == formEvent:
		return "Observation", deletedResource{"Observation", fhirmap.ObservationID(log, gone.Measurement, gone.Observation)}
	}
	return "", deletedResource{}
}
