// Package fhirmap is the vocabulary of Vitalien: the vital signs with their
// codes, units and plausible ranges, the Measurement that every device link
// produces, and the two FHIR forms in which measurements leave the program.
//
// It is pure: no input or output, no clock, no identifiers of its own making.
//
// # From bytes to resource
//
// A link (HL7, Bluetooth, …) turns one message of a device into a Report: the
// Measurements that the message holds. The station adds what the device cannot
// know (who, when it was received, under which number) and makes each a
// Recorded. From a Recorded come the Observation of 2019 (Kligo) and the
// Observations of FHIR R4 (R4).
package fhirmap
