package blelink

import (
	"context"

	"vitalien/fhirmap"
)

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
	return r.ask(ctx, askingLast, ReportLast())
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
	response, err := DecodeRACP(value)
	if err != nil {
		r.session.Logger.Warn("a record access response was malformed", "device", r.session.Paired.ID, "error", err)
		return nil
	}
	switch {
	case response.Result == RACPNoRecords || r.stage == fetching && response.Result == RACPSuccess:
		r.done = true
		return nil
	case r.stage == fetching:
		return refusedRecords()
	}
	return r.ask(ctx, fetching, r.next(response.Result == RACPSuccess))
}

// next is the request for what is new, known from the last record if the
// device could tell that.
func (r *recordAccess) next(told bool) []byte {
	known := r.session.Paired.Progress.Sequence
	switch {
	case known == nil || told && (r.last == nil || r.last.Sequence == nil || *r.last.Sequence < *known || *known == ^uint16(0)):
		return ReportAll()
	case told && *r.last.Sequence == *known && !r.session.Known(r.last):
		return ReportAll() // another record under the same number
	}
	return ReportSince(*known + 1)
}

// interrupted says that the link was lost before all was taken over.
func (r *recordAccess) interrupted() error {
	if r.done {
		return nil
	}
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
