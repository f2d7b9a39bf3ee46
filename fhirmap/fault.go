package fhirmap

import (
	"errors"
	"fmt"
)

// A Fault is an error as the whole product reports it: a stable code for
// programs, a French text for people, an English one for logs. The texts hold
// no patient data.
type Fault struct {
	Code      string // one of the error codes of the contract, or a more precise one
	French    string // what happened, why, and the next step
	English   string
	Temporary bool  // trying again can help
	Cause     error // may be nil; never shown to people
}

func (f *Fault) Error() string {
	if f.Cause != nil {
		return fmt.Sprintf("%s: %v", f.English, f.Cause)
	}
	return f.English
}

func (f *Fault) Unwrap() error { return f.Cause }

// FaultOf finds the Fault in err's chain. An error without one becomes the
// Fault "internal"; nil stays nil.
func FaultOf(err error) *Fault {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return &Fault{
		Code:    "internal",
		French:  "Une erreur interne est survenue. Si elle se répète, contactez le support.",
		English: "internal error", Cause: err,
	}
}
