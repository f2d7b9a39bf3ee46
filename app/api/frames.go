package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// form is the shape in which a client receives measurements.
type form string

const (
	formKligo form = ""   // clients of 2019
	formR4    form = "r4" // FHIR R4

	formEvent form = "event" // FHIR R4, for subscriptions
	formAlert form = "alert" // alarms, for subscriptions

	formRecording form = "recording" // sound recordings, for subscriptions
)

// How much a client is handed at a time, and how much is kept encoded for the
// others.
const (
	pieceBytes = 16 << 10
	partBytes  = 8 << 10 // of an entry of the log that is larger
	keepEvents = 2048
	keepBytes  = 4 << 20
)

// frames are the entries of the log encoded as events, in one form. The newest
// are kept: whoever comes first encodes them for all.
type frames struct {
	log     eventLog
	form    form
	most    int                                   // bytes kept
	changes func(after uint64) ([]change, uint64) // where it is made of versions, not of entries

	mu    sync.Mutex
	known map[uint64]encoded // by the first sequence number
	order []uint64
	bytes int
}

// An eventLog is the log as it is read.
type eventLog interface {
	ID() string
	Head() uint64
	Follow(after uint64) ([]station.Event, error)
}

var _ eventLog = (*station.Station)(nil)

// encoded is an entry of the log, or a part of it.
type encoded struct {
	last   uint64
	events []shared
	size   int
}

// A shared event is encoded once for all clients.
type shared struct {
	frame wsFrame // for subscriptions what stands behind the subscription
	about *about  // for subscriptions alone
}

func newFrames(log eventLog, f form) *frames {
	return &frames{log: log, form: f, most: keepBytes, known: map[uint64]encoded{}}
}

// forget drops what is kept: the log says something else now.
func (f *frames) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.known)
	f.order, f.bytes = nil, 0
}

// after is the next frames behind the sequence number after, at least one
// entry of the log if there is one, and the number to go on from. Nothing is
// forgotten before they are gathered.
func (f *frames) after(after uint64) (next []shared, cursor uint64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer f.trim()
	if _, ok := f.known[after+1]; !ok {
		if err := f.read(after); err != nil {
			return nil, after, err
		}
	}
	cursor = after
	for size := 0; size < pieceBytes; {
		entry, ok := f.known[cursor+1]
		if !ok {
			break
		}
		next, cursor, size = append(next, entry.events...), entry.last, size+entry.size
	}
	return next, cursor, nil
}

// read encodes what comes behind after, no more than is kept for the next call.
// A log that has more but does not give it is an error, or a client would ask
// for ever.
func (f *frames) read(after uint64) error {
	head := f.log.Head()
	gather := f.keepEntries
	if f.changes != nil {
		gather = f.keepChanges
	}
	if err := gather(after); err != nil {
		return err
	}
	if _, ok := f.known[after+1]; !ok && head > after {
		return fmt.Errorf("the log ends at %d and gives nothing behind %d", head, after)
	}
	return nil
}

func (f *frames) keepEntries(after uint64) error {
	events, err := f.log.Follow(after)
	if err != nil {
		return err
	}
	most := f.bytes + f.most/2
	for i := range events {
		if err := f.keep(&events[i], most); err != nil {
			return err
		}
	}
	return nil
}

// keep encodes an entry until most bytes are kept. A large one is kept in
// parts: nobody who stops reading is owed the whole.
func (f *frames) keep(event *station.Event, most int) error {
	if _, ok := f.known[event.First]; ok {
		return nil
	}
	switch {
	case len(event.Removed) > 0:
		return f.keepRemoved(event)
	case f.form == formAlert:
		return f.keepAlert(event)
	case f.form == formRecording || event.Recording != nil:
		return f.keepRecording(event)
	case event.Correction != nil:
		return f.keepCorrection(event)
	}
	first, part := event.First, encoded{last: event.Last}
	for i := range event.Measurements {
		if f.bytes > most {
			return nil
		}
		m := &event.Measurements[i]
		events, err := encode(f.form, m, event.First)
		if err != nil {
			return err
		}
		for i := range events {
			events[i].frame = bytes.Clone(events[i].frame) // which has no room to spare
			part.size += len(events[i].frame)
		}
		part.events = append(part.events, events...)
		if part.size >= partBytes && m.Last < event.Last {
			part.last = m.Last
			f.put(first, part)
			first, part = m.Last+1, encoded{last: event.Last}
		}
	}
	if f.bytes <= most {
		f.put(first, part)
	}
	return nil
}

// keepAlert keeps what a change of an alarm condition says; nothing of other
// entries.
func (f *frames) keepAlert(event *station.Event) error {
	part := encoded{last: event.Last}
	if change := event.Alert; change != nil {
		e, err := alertEvent(change, event.First, f.log.ID())
		if err != nil {
			return err
		}
		part.events, part.size = []shared{e}, len(e.frame)
	}
	f.put(event.First, part)
	return nil
}

// keepRecording keeps a sound recording, which the form of 2019 does not have;
// nothing of other entries.
func (f *frames) keepRecording(event *station.Event) error {
	part := encoded{last: event.Last}
	if r := event.Recording; r != nil && f.form != formKligo {
		e, err := recordingEvent(f.form, r)
		if err != nil {
			return err
		}
		part.events, part.size = []shared{e}, len(e.frame)
	}
	f.put(event.First, part)
	return nil
}

// keepCorrection keeps what has become of a measurement, for subscriptions: an
// UPDATE for each Observation. Neither form of "fhir" has it: a measurement is
// told there once.
func (f *frames) keepCorrection(event *station.Event) error {
	part := encoded{last: event.Last}
	if f.form == formEvent {
		c := event.Correction
		for i, o := range fhirmap.R4(&c.Recorded) {
			seq := min(c.Entry+uint64(i), event.Last)
			if seq < event.First {
				continue
			}
			frame, err := encodeR4(openData(seq, station.Updated, "Observation"), &o)
			if err != nil {
				return err
			}
			part.events = append(part.events, shared{frame, corrected(c, o.Code.Coding)})
			part.size += len(frame)
		}
	}
	f.put(event.First, part)
	return nil
}

func (f *frames) put(first uint64, part encoded) {
	if _, ok := f.known[first]; ok {
		return
	}
	f.known[first] = part
	f.order = append(f.order, first)
	f.bytes += part.size
}

// trim forgets what was encoded first until the rest is within the bounds.
func (f *frames) trim() {
	for len(f.order) > keepEvents || (f.bytes > f.most && len(f.order) > 1) {
		f.bytes -= f.known[f.order[0]].size
		delete(f.known, f.order[0])
		f.order = f.order[1:]
	}
}

// encode is the events of a measurement, from that sequence number on: "fhir" in
// the shape of 2019, "fhir" for each Observation in R4, or what subscriptions get
// for each of those.
func encode(f form, r *fhirmap.Recorded, from uint64) (events []shared, err error) {
	if f == formKligo {
		b := fhirmap.Kligo(openEvent("fhir"), r)
		if from <= r.Seq && b[len(b)-1] != ',' {
			events = append(events, shared{frame: closeEvent(b)})
		}
		return events, nil
	}
	for i, o := range fhirmap.R4(r) {
		seq := min(r.Seq+uint64(i), r.Last)
		if seq < from {
			continue
		}
		e := shared{}
		if f == formR4 {
			e.frame, err = encodeR4(openEvent("fhir"), &o)
			e.frame = closeEvent(e.frame)
		} else {
			coding := o.Code.Coding
			e.about = &about{
				event: station.Created, measurement: r.Seq, device: &r.Device, patient: r.Subject, consultation: r.Consultation, bed: r.Bed,
				coding: func() []fhirmap.Coding { return coding },
			}
			e.frame, err = encodeR4(openData(seq, station.Created, "Observation"), &o)
		}
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

func encodeR4(b []byte, o any) ([]byte, error) {
	buffer := bytes.NewBuffer(b)
	err := compact(buffer, o)
	return buffer.Bytes(), err
}

// openEvent is a Socket.IO EVENT packet for the default namespace
// (socket.io-protocol, revision 4 and 5 alike) up to its payload.
func openEvent(name string) []byte {
	b := append(make([]byte, frameRoom, 1<<10), engineMessage, packetEvent, '[', '"')
	return append(append(b, name...), '"', ',')
}

func closeEvent(b []byte) wsFrame { return seal(append(b, ']')) }

// ackPacket is a Socket.IO ACK packet for the default namespace.
func ackPacket(id string, payload any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('3')
	b.WriteString(id)
	err := compact(&b, []any{payload})
	return b.Bytes(), err
}

// compact writes JSON without the escapes that HTML would need.
func compact(b *bytes.Buffer, value any) error {
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // Encode ends with a line feed
	return nil
}
