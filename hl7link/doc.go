// Package hl7link receives HL7 v2 messages of bedside monitors and spot-check
// devices over MLLP and turns them into measurements.
//
// # From bytes to a report
//
// A Splitter cuts the stream into message texts. Each text is decoded from its
// character set (MSH-18, or by guess), armoured so that the third-party parser
// sees nothing but plain ASCII, parsed, and read through the typed view Message.
// The OBX segments of an ORU^R01 are recognised by the dialects of the registry,
// one file each, and grouped into measurements. What a monitor shows beside them
// (other parameters, missing values, values in an unknown unit) is Live; the
// alerts of an ORU^R40 are Alarms. A cuff pressure that comes again with its own
// time is one measurement.
//
// QRY^R02 and QRY^A19 are answered from a Directory. ADT says who lies where; it
// is accepted and holds nothing to record.
//
// # Acknowledgements
//
// A Listener answers AA only after its Sink has kept the report. AE says that
// the content could not be read, AR that the message is of a type or version
// that is not supported, or that it could not be kept: such a message goes
// whole to the Quarantine. Chapter and table
// numbers in this package are those of HL7 v2.
package hl7link
