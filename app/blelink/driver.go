package blelink

import (
	"context"
	"time"

	"vitalien/fhirmap"
)

// A Driver serves one model, or one family of models: it says how to recognise
// and pair them, and talks with one that is connected. To add one, write a
// file like driver_standard.go and a line in the registry; blueprint_test.go
// holds one to copy from.
type Driver struct {
	ID    string             // stable: "omron-hem-9210t"; names its drawing and its texts in assets
	Maker string             // empty: any
	Model string             // as it stands on the device; empty: any that keeps to the profile
	Type  fhirmap.DeviceType //
	Tried bool               // on the real device, by us
	// Bond tells how it pairs: whether a bond is needed, and whether the device
	// shows a number to be typed.
	Bond Bond
	// Recognise is how surely a is such a device, by service, name and maker's
	// data together: 0 not at all, 1 by its profile, 2 its family, 3 its model.
	Recognise func(a *Advertisement) int
	// Serve talks with a connected device until it has nothing more to say, the
	// link is lost, or ctx ends.
	Serve func(ctx context.Context, s *Session) error
}

// A Bond is what pairing with a device asks for.
type Bond string

// The kinds of pairing.
const (
	BondNone    Bond = ""        // values can be read without
	BondJust    Bond = "just"    // without any number
	BondPasskey Bond = "passkey" // the device shows one
)

// A Paired is a device that this computer serves.
type Paired struct {
	ID       string             `json:"id"` // fhirmap.DeviceID
	Address  string             `json:"address"`
	Driver   string             `json:"driver"`
	Type     fhirmap.DeviceType `json:"type"`
	Name     string             `json:"name"`             // what people call it
	Place    string             `json:"place,omitempty"`  // where it stands
	Called   string             `json:"called,omitempty"` // as it calls itself
	Since    time.Time          `json:"since"`
	Maker    string             `json:"maker,omitempty"` // of the Device Information Service
	Model    string             `json:"model,omitempty"`
	Serial   string             `json:"serial,omitempty"`
	EUI64    string             `json:"eui64,omitempty"`
	Progress Progress           `json:"progress,omitzero"`
}

// Progress is how far the records that a device has stored were taken over.
// It is kept once they are on disk.
type Progress struct {
	// Sequence is the number of the last record taken over; nil: none.
	Sequence *uint16 `json:"sequence,omitempty"`
	// Recent are the last measurements taken over, each a hash of what tells it
	// from others, oldest first.
	Recent []string `json:"recent,omitempty"`
}
