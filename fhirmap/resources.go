package fhirmap

// The parts of FHIR R4 (v4.0.1) that the program writes. Field order is that
// of the specification.

// A Coding is one code of a CodeableConcept.
type Coding struct {
	System  string `json:"system,omitempty"`
	Code    string `json:"code,omitempty"`
	Display string `json:"display,omitempty"`
}

// A CodeableConcept says one thing in several code systems.
type CodeableConcept struct {
	Coding []Coding `json:"coding,omitempty"`
	Text   string   `json:"text,omitempty"`
}

// An Identifier is a business identifier, as opposed to a FHIR id.
type Identifier struct {
	Type   *CodeableConcept `json:"type,omitempty"`
	System string           `json:"system,omitempty"`
	Value  string           `json:"value,omitempty"`
}

// An Extension carries one of the value types that the program uses.
type Extension struct {
	URL            string     `json:"url"`
	ValueCode      string     `json:"valueCode,omitempty"`
	ValueReference *Reference `json:"valueReference,omitempty"`
}

// A Reference points to another resource.
type Reference struct {
	Extension  []Extension `json:"extension,omitempty"`
	Reference  string      `json:"reference,omitempty"`
	Identifier *Identifier `json:"identifier,omitempty"`
	Display    string      `json:"display,omitempty"`
}

// A Quantity is a value in a UCUM unit, with the precision it was given with.
type Quantity struct {
	Value  Decimal `json:"value"`
	Unit   string  `json:"unit"`
	System string  `json:"system"`
	Code   string  `json:"code"`
}

// Meta is the metadata of a resource.
type Meta struct {
	VersionID   string   `json:"versionId,omitempty"`
	LastUpdated string   `json:"lastUpdated,omitempty"`
	Profile     []string `json:"profile,omitempty"`
	Security    []Coding `json:"security,omitempty"`
}

// An Annotation is a note for people.
type Annotation struct {
	Text string `json:"text"`
}

// A Component is one value of a panel, or a circumstance of a measurement.
type Component struct {
	Code                 CodeableConcept   `json:"code"`
	ValueQuantity        *Quantity         `json:"valueQuantity,omitempty"`
	ValueCodeableConcept *CodeableConcept  `json:"valueCodeableConcept,omitempty"`
	ValueBoolean         *bool             `json:"valueBoolean,omitempty"`
	DataAbsentReason     *CodeableConcept  `json:"dataAbsentReason,omitempty"`
	Interpretation       []CodeableConcept `json:"interpretation,omitempty"`
	ReferenceRange       []ReferenceRange  `json:"referenceRange,omitempty"`
}

// A ReferenceRange is between which bounds a value is taken to be in order.
type ReferenceRange struct {
	Low  *Quantity `json:"low,omitempty"`
	High *Quantity `json:"high,omitempty"`
	Text string    `json:"text"`
}

// An Observation is the R4 resource.
type Observation struct {
	ResourceType     string            `json:"resourceType"`
	ID               string            `json:"id,omitempty"`
	Meta             *Meta             `json:"meta,omitempty"`
	Contained        []MediaResource   `json:"contained,omitempty"`
	Extension        []Extension       `json:"extension,omitempty"`
	Identifier       []Identifier      `json:"identifier,omitempty"`
	Status           string            `json:"status"`
	Category         []CodeableConcept `json:"category"`
	Code             CodeableConcept   `json:"code"`
	Subject          *Reference        `json:"subject"`
	Encounter        *Reference        `json:"encounter,omitempty"`
	Effective        string            `json:"effectiveDateTime"`
	Issued           string            `json:"issued,omitempty"`
	ValueQuantity    *Quantity         `json:"valueQuantity,omitempty"`
	DataAbsentReason *CodeableConcept  `json:"dataAbsentReason,omitempty"`
	Interpretation   []CodeableConcept `json:"interpretation,omitempty"`
	Note             []Annotation      `json:"note,omitempty"`
	BodySite         *CodeableConcept  `json:"bodySite,omitempty"`
	Device           *Reference        `json:"device,omitempty"`
	ReferenceRange   []ReferenceRange  `json:"referenceRange,omitempty"`
	DerivedFrom      []Reference       `json:"derivedFrom,omitempty"`
	Component        []Component       `json:"component,omitempty"`
}

// A Period of time; both ends have an offset.
type Period struct {
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
}

// A Mitigation is what was done about a DetectedIssue.
type Mitigation struct {
	Action CodeableConcept `json:"action"`
	Date   string          `json:"date,omitempty"`
}

// A DetectedIssue is the R4 resource.
type DetectedIssue struct {
	ResourceType string          `json:"resourceType"`
	ID           string          `json:"id,omitempty"`
	Meta         *Meta           `json:"meta,omitempty"`
	Identifier   []Identifier    `json:"identifier,omitempty"`
	Status       string          `json:"status"`
	Code         CodeableConcept `json:"code"`
	Severity     string          `json:"severity,omitempty"`
	Patient      *Reference      `json:"patient,omitempty"`
	Identified   *Period         `json:"identifiedPeriod,omitempty"`
	Author       *Reference      `json:"author,omitempty"`
	Implicated   []Reference     `json:"implicated,omitempty"`
	Detail       string          `json:"detail,omitempty"`
	Mitigation   []Mitigation    `json:"mitigation,omitempty"`
}

// A HumanName is the name of a person.
type HumanName struct {
	Text   string   `json:"text,omitempty"`
	Family string   `json:"family,omitempty"`
	Given  []string `json:"given,omitempty"`
}

// A PatientResource is the R4 resource Patient.
type PatientResource struct {
	ResourceType string       `json:"resourceType"`
	ID           string       `json:"id,omitempty"`
	Meta         *Meta        `json:"meta,omitempty"`
	Identifier   []Identifier `json:"identifier,omitempty"`
	Name         []HumanName  `json:"name,omitempty"`
	Gender       string       `json:"gender,omitempty"`
	BirthDate    string       `json:"birthDate,omitempty"`
}

// A DeviceName is what a device is called, and by whom.
type DeviceName struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// A Specialization is a standard that a device follows.
type Specialization struct {
	SystemType CodeableConcept `json:"systemType"`
}

// A DeviceVersion is a version of a device or of a part of it.
type DeviceVersion struct {
	Type  *CodeableConcept `json:"type,omitempty"`
	Value string           `json:"value"`
}

// A DeviceResource is the R4 resource Device.
type DeviceResource struct {
	ResourceType   string           `json:"resourceType"`
	ID             string           `json:"id,omitempty"`
	Meta           *Meta            `json:"meta,omitempty"`
	Identifier     []Identifier     `json:"identifier,omitempty"`
	Manufacturer   string           `json:"manufacturer,omitempty"`
	SerialNumber   string           `json:"serialNumber,omitempty"`
	DeviceName     []DeviceName     `json:"deviceName,omitempty"`
	ModelNumber    string           `json:"modelNumber,omitempty"`
	Type           *CodeableConcept `json:"type,omitempty"`
	Specialization []Specialization `json:"specialization,omitempty"`
	Version        []DeviceVersion  `json:"version,omitempty"`
}

// An EncounterResource is the R4 resource Encounter.
type EncounterResource struct {
	ResourceType string       `json:"resourceType"`
	ID           string       `json:"id,omitempty"`
	Meta         *Meta        `json:"meta,omitempty"`
	Identifier   []Identifier `json:"identifier,omitempty"`
	Status       string       `json:"status"`
	Class        Coding       `json:"class"`
	Subject      *Reference   `json:"subject,omitempty"`
	Period       *Period      `json:"period,omitempty"`
}
