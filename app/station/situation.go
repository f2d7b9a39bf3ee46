package station

import (
	"time"

	"vitalien/fhirmap"
)

// A Consultation is the time during which one patient is with the clinician.
// Measurements that name nobody and were taken within it are that patient's.
type Consultation struct {
	ID      string           `json:"id"`
	Patient *fhirmap.Patient `json:"patient,omitempty"` // nil: opened without saying for whom
	Start   time.Time        `json:"start"`
	End     time.Time        `json:"end,omitzero"` // zero while it is open
}

// LinkState is how a connection to devices or to the outside is doing.
type LinkState string

// The states that people are shown: connecté, en veille, hors ligne, en échec.
const (
	LinkConnected LinkState = "connected"
	LinkAsleep    LinkState = "asleep"
	LinkOffline   LinkState = "offline"
	LinkFailed    LinkState = "failed"
)

// A Link is one such connection as the window and /status show it.
type Link struct {
	ID    string         `json:"id"`    // stable: "hl7", "server"
	Name  string         `json:"name"`  // for people
	State LinkState      `json:"state"` //
	Where string         `json:"where"` // address, "127.0.0.1:2575"
	Peers int            `json:"peers"` // how many are connected to it now
	Fault *fhirmap.Fault `json:"-"`     // the last error, nil when all is well
	Since time.Time      `json:"since"` //
}

// A Situation is everything but measurements that the window shows. It is a
// snapshot: reading it changes nothing.
type Situation struct {
	Consultation *Consultation // nil: none is open
	Links        []Link
	Clients      int      // EHR connections
	Origins      []string // web pages that wait for the clinician's answer, oldest first
	Demo         bool     // simulated devices are running
	Monitors     []Monitor
	Peers        []Peer
	Alerts       []fhirmap.Alert // that people must see, the most urgent first
	Bluetooth    Bluetooth
	Devices      []Device // that were paired, by name
	Pairing      *Pairing // nil: none is under way
	Stethoscope  Stethoscope
	Notices      []*fhirmap.Fault // of the data folder: what people should know
	Newer        string           // version of the program that is announced; empty: none is newer
}

// Stethoscope is what there is to show of sound recordings.
type Stethoscope struct {
	Ready      bool                    // one is set up
	Last       string                  // the network of the one used last; empty: none yet
	Now        RecordingStatus         // the recording under way, or the last one since the start
	Recordings []fhirmap.RecordedSound // of the open consultation, or of all when none is; newest first
}

// An Answer to the question whether a web page may receive measurements.
type Answer string

// The three answers of the contract: cette fois, toujours, refuser.
const (
	AnswerOnce   Answer = "once"
	AnswerAlways Answer = "always"
	AnswerRefuse Answer = "refuse"
)
