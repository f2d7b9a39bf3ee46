package hl7link

import (
	"context"
	"time"

	"vitalien/fhirmap"
)

// A Directory knows patients by their id, for monitors that ask who somebody
// is (QRY^R02, QRY^A19).
type Directory interface {
	// FindPatient gives nil without an error when nobody, or not exactly one,
	// has that id; an error when it cannot be told now.
	FindPatient(ctx context.Context, id string) (*fhirmap.Patient, error)
}

// A Quarantine keeps the messages that were refused, for support.
type Quarantine interface {
	// Reject returns once r is safe on disk.
	Reject(ctx context.Context, r Rejected) error
}

// Rejected is a message that was refused.
type Rejected struct {
	Link     string // which link it came through: "hl7"
	Peer     string // the other end's address
	Received time.Time
	Reason   string // English; no patient data
	Message  []byte // whole, as it came
}

// A PeerStatus is how one peer of a Listener is doing.
type PeerStatus struct {
	Peer        string    // its address, without a port
	Name        string    // as its messages name it
	Bed         string    //
	Connected   bool      //
	Since       time.Time // of Connected
	LastMessage time.Time // zero: none yet
	Messages    uint64    // accepted
	Rejected    uint64    //
	Fault       error     // of the last message, nil when it was accepted
}

// MonitorState is how far the connection to a monitor is.
type MonitorState string

// The states of a connection to a monitor.
const (
	MonitorConnecting MonitorState = "connecting"
	MonitorConnected  MonitorState = "connected"
	MonitorOffline    MonitorState = "offline"
)

// A MonitorStatus is how the connection to one monitor is doing, of which
// the program is the client.
type MonitorStatus struct {
	Address     string // HOST:PORT
	Name        string
	Bed         string
	Department  string
	State       MonitorState
	Since       time.Time // of State
	LastMessage time.Time // zero: none yet
	Messages    uint64    // accepted
	Rejected    uint64
	Fault       error // why it is not connected, or of the last message; nil: none
}

// A Sighting is what the beacon of a monitor says.
type Sighting struct {
	Address    string // HOST:PORT to connect to
	Name       string
	Bed        string
	Department string
	DeviceID   string
	Patient    bool   // one is admitted
	Alarm      string // the most urgent: "", "physiological", "technical"
	Seen       time.Time
}
