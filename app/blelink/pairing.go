package blelink

import (
	"time"

	"vitalien/fhirmap"
)

// A Heard is a device that was heard while one was looked for.
type Heard struct {
	Address string
	Name    string
	Driver  string // ID of the Driver that recognised it; empty: none
	Paired  string // ID of the Paired that it is already; empty: a new one
	RSSI    int    // dBm; 0: not told
	Seen    time.Time

	sure int // what Recognise said
}

// A Step is how far the pairing of a device has come.
type Step string

// The steps of pairing, in their order.
const (
	StepSearching  Step = "searching"  // Heard grows
	StepConnecting Step = "connecting" //
	StepBonding    Step = "bonding"    // Question may be asked
	StepMeasuring  Step = "measuring"  // paired; waits for a test measurement, which Measured then holds
	StepFailed     Step = "failed"     // Fault says why; Retry goes back to what failed
)

// A QuestionKind is what pairing asks of people.
type QuestionKind string

// The questions of pairing.
const (
	QuestionPasskey QuestionKind = "passkey" // type the number that the device shows
	QuestionConfirm QuestionKind = "confirm" // does the device show Passkey?
	QuestionDisplay QuestionKind = "display" // type Passkey on the device; nothing to answer
	QuestionSystem  QuestionKind = "system"  // the system's own window asks; nothing to answer
)

// A Question is asked of the person who pairs.
type Question struct {
	Kind    QuestionKind
	Passkey string
}

// A Pairing is the pairing that is under way, as people see it.
type Pairing struct {
	Step     Step
	Type     fhirmap.DeviceType
	Driver   string  // ID of the one that was chosen; empty: any of Type
	Heard    []Heard // the recognised ones first, then by signal
	Address  string  // of the device chosen
	Name     string  // as it calls itself
	Question *Question
	Device   string // ID of the Paired, once it is
	// Measured is the newest test measurement.
	Measured *fhirmap.Measurement
	Live     *fhirmap.Live // while the device measures
	Fault    *fhirmap.Fault
}
