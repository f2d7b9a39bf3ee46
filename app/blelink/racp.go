package blelink

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"vitalien/fhirmap"
)

var recordAccessPoint = UUID16("2a52")

// Op codes, operators and results of the Record Access Control Point (GATT
// Specification Supplement, 3.199).
const (
	racpReport         = 1
	racpNumberResponse = 5
	racpResponse       = 6

	racpAllRecords = 1
	racpFrom       = 3
	racpLast       = 6
	racpBySequence = 1 // the filter that the operand of racpFrom begins with

	racpSuccess   = 1
	racpNoRecords = 6
)

// numberSizes are the widths of a number of records: services differ.
var numberSizes = []int{1, 2, 4}

func reportAll() []byte  { return []byte{racpReport, racpAllRecords} }
func reportLast() []byte { return []byte{racpReport, racpLast} }

// reportFrom asks for the records with the number first and those behind it.
func reportFrom(first uint16) []byte {
	return binary.LittleEndian.AppendUint16([]byte{racpReport, racpFrom, racpBySequence}, first)
}

// readRecordAccess reads what a device answers: the result of the request, 0
// for a number of records.
func readRecordAccess(value []byte) (result byte, err error) {
	switch {
	case len(value) == 4 && value[0] == racpResponse && value[1] == 0:
		return value[3], nil
	case slices.Contains(numberSizes, len(value)-2) && value[0] == racpNumberResponse && value[1] == 0:
		return 0, nil
	}
	return 0, errors.New("no answer of a record access control point")
}

// recordAccess takes over what a device has stored and was not taken over
// before, through the Record Access Control Point (Glucose Service 1.0.1, 3.4).
// It asks for the last record first: a device that numbers from the beginning
// again, after its battery was changed, has none behind the last number known.
type recordAccess struct {
	session *Session
	last    *Taken // what it answered to that
	stage   accessStage
	done    bool
}

type accessStage int

const (
	askingLast accessStage = iota
	fetching
)

func (r *recordAccess) begin(ctx context.Context) error {
	return r.ask(ctx, askingLast, reportLast())
}

func (r *recordAccess) ask(ctx context.Context, stage accessStage, request []byte) error {
	r.stage = stage
	return r.session.Write(ctx, recordAccessPoint, request, true)
}

// asking tells that the records that come are not to be taken over yet.
func (r *recordAccess) asking() bool { return r.stage == askingLast }

func (r *recordAccess) saw(taken []Taken) {
	if len(taken) > 0 {
		r.last = &taken[len(taken)-1]
	}
}

// answered goes on when the device has done what it was asked for.
func (r *recordAccess) answered(ctx context.Context, value []byte) error {
	result, err := readRecordAccess(value)
	if err != nil {
		r.session.Logger.Warn("a record access response was malformed", "device", r.session.Paired.ID, "error", err)
		return nil
	}
	switch {
	case result == 0: // a number, which was not asked for
		return nil
	case result == racpNoRecords || r.stage == fetching && result == racpSuccess:
		r.done = true
		return nil
	case r.stage == fetching:
		return refusedRecords()
	}
	return r.ask(ctx, fetching, r.next(result == racpSuccess))
}

// next is the request for what is new, known from the last record if the
// device could tell that.
func (r *recordAccess) next(told bool) []byte {
	known := r.session.Paired.Progress.Sequence
	switch {
	case known == nil || told && (r.last == nil || r.last.Sequence == nil || *r.last.Sequence < *known || *known == ^uint16(0)):
		return reportAll()
	case told && *r.last.Sequence == *known && !r.session.Known(r.last):
		return reportAll() // another record under the same number
	}
	return reportFrom(*known + 1)
}

// interrupted says that the link was lost before all was taken over.
func (r *recordAccess) interrupted() error {
	if r.done {
		return nil
	}
	return lostWhileReading()
}

func lostWhileReading() error {
	return &fhirmap.Fault{
		Code: "device_disconnected", English: "the link was lost while stored records were taken over", Temporary: true,
		French: "La liaison a été perdue pendant la lecture des mesures enregistrées. Rapprochez l’appareil et rallumez-le\u202f: la lecture reprendra où elle s’est arrêtée.",
	}
}

func refusedRecords() error {
	return &fhirmap.Fault{
		Code: "device_refused", English: "the device refused to report its stored records", Temporary: true,
		French: "L’appareil a refusé de transmettre ses mesures enregistrées. Éteignez-le, rallumez-le, puis recommencez.",
	}
}

// gone tells that the link to a device is lost.
func gone(err error) bool { return fhirmap.FaultOf(err).Code == "device_disconnected" }

// Disconnected is the Fault of a link that is lost.
func Disconnected() error {
	return &fhirmap.Fault{
		Code: "device_disconnected", English: "the link to the device is lost", Temporary: true,
		French: "La liaison avec l’appareil a été perdue. Rapprochez-le, puis recommencez.",
	}
}
