package station

import (
	"context"
	"time"

	"vitalien/app/blelink"
	"vitalien/fhirmap"
)

// A Model is a device, or a family of devices, that can be paired.
type Model struct {
	ID    string // names its drawing and its ritual in assets
	Maker string // empty: any
	Name  string // as it stands on the device; empty: any of Type that keeps to the profile
	Type  fhirmap.DeviceType
	Tried bool // on the real device
}

// A Device is one that was paired, as the window shows it.
type Device struct {
	ID       string
	Address  string
	Type     fhirmap.DeviceType
	Model    string // ID of a Model
	Name     string
	Place    string
	State    LinkState // connected, asleep, offline, failed
	Since    time.Time // of State
	LastSeen time.Time // zero: not since it was paired
	Battery  int       // percent; -1: not known
	Fault    *fhirmap.Fault
}

// BluetoothState is whether the adapter can be used.
type BluetoothState string

// The states of the adapter.
const (
	BluetoothOff      BluetoothState = ""         // not served at all
	BluetoothStarting BluetoothState = "starting" //
	BluetoothReady    BluetoothState = "ready"
	BluetoothFailed   BluetoothState = "failed" // see Fault, which says what to do
)

// Bluetooth is the state of the adapter.
type Bluetooth struct {
	State BluetoothState
	Fault *fhirmap.Fault
}

// What is under way when a device is paired.
type (
	Pairing         = blelink.Pairing
	PairingStep     = blelink.Step
	PairingQuestion = blelink.Question
	QuestionKind    = blelink.QuestionKind
	Heard           = blelink.Heard
)

// The steps and the questions of pairing.
const (
	PairingSearching  = blelink.StepSearching
	PairingConnecting = blelink.StepConnecting
	PairingBonding    = blelink.StepBonding
	PairingMeasuring  = blelink.StepMeasuring
	PairingFailed     = blelink.StepFailed

	QuestionPasskey = blelink.QuestionPasskey
	QuestionConfirm = blelink.QuestionConfirm
	QuestionDisplay = blelink.QuestionDisplay
	QuestionSystem  = blelink.QuestionSystem
)

// Models are all that can be paired, by type, the named ones first.
func (s *Station) Models() []Model { return nil }

// StartPairing looks for devices of a type, or of one model of it; it ends the
// pairing that was under way. Errors are Faults: bad_request,
// bluetooth_absent and the like.
func (s *Station) StartPairing(ctx context.Context, t fhirmap.DeviceType, model string) error {
	return nil
}

// PairDevice pairs a device that was found. It returns at once; Situation
// tells the rest.
func (s *Station) PairDevice(ctx context.Context, address string) error { return nil }

// AnswerPairing answers the question of passkey or of confirm (yes or no).
func (s *Station) AnswerPairing(ctx context.Context, passkey string, yes bool) error { return nil }

// RetryPairing tries again what failed: the search, or the device chosen.
func (s *Station) RetryPairing(ctx context.Context) error { return nil }

// FinishPairing names the device and ends pairing. An empty name is the usual
// one of its model.
func (s *Station) FinishPairing(ctx context.Context, name, place string) error { return nil }

// CancelPairing ends pairing. A device that was paired and not yet finished is
// forgotten again. It is no error when nothing is under way.
func (s *Station) CancelPairing(ctx context.Context) error { return nil }

// RenameDevice gives a paired device another name and place. Errors are
// Faults: bad_request, not_found, those of the store.
func (s *Station) RenameDevice(ctx context.Context, id, name, place string) error { return nil }

// UnpairDevice forgets a device and its bond; its measurements stay. Errors
// are Faults: not_found, those of the store and of the adapter.
func (s *Station) UnpairDevice(ctx context.Context, id string) error { return nil }
