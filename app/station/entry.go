package station

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"vitalien/fhirmap"
	"vitalien/localstore"
)

// The kinds of log entry.
const (
	kindReport            byte = 1
	kindConsultationStart byte = 2
	kindConsultationEnd   byte = 3
	kindAlerts            byte = 4
	kindRecording         byte = 5
	kindErased            byte = 6 // nothing, under the numbers of what was deleted or is lost
	kindCorrection        byte = 7
	kindDetail            byte = 8 // a report that is kept for less long (see detail.go)
	kindDeletion          byte = 9 // what was deleted with a patient (see deletion.go)
)

// An entry is one record of the log. Its header (time of reception and
// message key, 40 bytes) stands before the body, so that the messages of the
// last minutes are found at start without reading the rest. The body is compact
// (see there) or JSON.
type entry struct {
	Received time.Time `json:"received"`
	Link     string    `json:"link,omitempty"`
	Peer     string    `json:"peer,omitempty"`
	Key      string    `json:"-"`
	// Open is the sequence number of the start of the consultation that is open
	// after this entry, 0 for none: so the last record alone tells a restarted
	// station which one it is.
	Open         uint64          `json:"open,omitempty"`
	Measurements []recordedEntry `json:"measurements,omitempty"`
	Consultation *Consultation   `json:"consultation,omitempty"`
	Alerts       []alertEntry    `json:"alerts,omitempty"`
	Recording    *recordingEntry `json:"recording,omitempty"`
	Correction   *correction     `json:"correction,omitempty"`
	Deletion     *deletion       `json:"deletion,omitempty"`
}

type recordedEntry struct {
	fhirmap.Measurement
	Subject      *fhirmap.Patient `json:"subject,omitempty"`
	Consultation string           `json:"consultation,omitempty"`
	Implausible  bool             `json:"implausible,omitempty"`
}

const headerSize = 8 + 32

// usualSize is more than a message of a monitor needs.
const usualSize = 2 << 10

func (e *entry) encode() ([]byte, error) {
	data := make([]byte, headerSize, usualSize)
	binary.BigEndian.PutUint64(data, uint64(e.Received.UnixNano()))
	if _, err := hex.Decode(data[8:], []byte(e.Key)); err != nil {
		return nil, fmt.Errorf("encode message key: %w", err)
	}
	if e.Consultation == nil && e.Alerts == nil && e.Recording == nil && e.Correction == nil && e.Deletion == nil {
		return e.pack(data)
	}
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode log entry: %w", err)
	}
	return append(data, body...), nil
}

// header reads what stands before the body. The key is 32 bytes or none.
func header(r localstore.Record) (received time.Time, key string, err error) {
	if len(r.Data) < headerSize {
		return time.Time{}, "", unreadable(r)
	}
	received = time.Unix(0, int64(binary.BigEndian.Uint64(r.Data)))
	if raw := [32]byte(r.Data[8:headerSize]); raw != ([32]byte{}) {
		key = string(raw[:])
	}
	return received, key, nil
}

func decode(r localstore.Record) (*entry, error) {
	_, key, err := header(r)
	if err != nil {
		return nil, err
	}
	e, body := &entry{Key: hex.EncodeToString([]byte(key))}, r.Data[headerSize:]
	switch {
	case len(body) == 0:
		err = errCompact
	case body[0] == formJSON:
		err = json.Unmarshal(body, e)
	case body[0] >= formCompact && body[0] <= formQuality:
		err = e.unpack(body)
	case body[0] > formQuality && body[0] < formJSON:
		return nil, newer(r)
	default:
		err = errCompact
	}
	if err != nil || !e.counts(r) {
		return nil, unreadable(r)
	}
	return e, nil
}

// counts tells whether e takes the sequence numbers that its record has.
func (e *entry) counts(r localstore.Record) bool {
	switch r.Kind {
	case kindReport, kindDetail:
		return r.Count == e.observations() || r.Count == len(e.Measurements)
	case kindAlerts:
		return r.Count == len(e.Alerts)
	case kindRecording:
		return r.Count == 1 && e.Recording != nil
	case kindCorrection:
		return e.Correction != nil && e.Correction.Of < r.First && e.Correction.Version > 1
	case kindDeletion:
		return e.Deletion != nil && e.Deletion.Unnamed >= 0 && r.Count == e.Deletion.count()
	}
	return true
}

// observations is how many sequence numbers e takes: one for each Observation,
// so that whoever follows the log can stop behind any of them. Logs of before
// have one for each measurement.
func (e *entry) observations() (n int) {
	for i := range e.Measurements {
		n += e.Measurements[i].Observations()
	}
	return n
}

// each calls fn with each measurement of e and the sequence numbers that it
// takes within r.
func (e *entry) each(r localstore.Record, fn func(seq, last uint64, m *recordedEntry)) {
	seq, perObservation := r.First, r.Count != len(e.Measurements)
	for i := range e.Measurements {
		m := &e.Measurements[i]
		last := seq
		if perObservation {
			last += uint64(m.Observations()) - 1
		}
		fn(seq, last, m)
		seq = last + 1
	}
}

func newer(r localstore.Record) error {
	return &fhirmap.Fault{
		Code: localstore.CodeNewer, English: fmt.Sprintf("record %d of the log was written by a newer version", r.First),
		French: "Une mesure a été enregistrée par une version plus récente de Vitalien. " +
			"Installez la dernière version, puis relancez Vitalien\u00a0; vos données sont intactes.",
	}
}

// unreadable says nothing of the content, which an error of the JSON decoder
// would quote.
func unreadable(r localstore.Record) error {
	return &fhirmap.Fault{
		Code: localstore.CodeCorrupt, English: fmt.Sprintf("record %d of the log cannot be read", r.First),
		French: "Une mesure enregistrée est illisible. Ne supprimez pas le fichier des mesures\u00a0: " +
			"quittez Vitalien, restaurez la dernière sauvegarde ou contactez le support.",
	}
}
