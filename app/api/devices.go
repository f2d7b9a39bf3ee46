package api

import (
	"context"
	"encoding/json"

	"vitalien/app/station"
)

// A deviceBoard knows how the paired devices are doing.
type deviceBoard interface {
	PairedDevices() []station.Device
	WatchDevices() (changed <-chan struct{}, stop func())
}

var _ deviceBoard = (*station.Station)(nil)

// deviceEvent is the payload of the event "device". Battery is in percent and
// null when it is not known; error is null when all is well.
type deviceEvent struct {
	ID      string            `json:"id"`
	Type    string            `json:"type"`
	State   station.LinkState `json:"state"`
	Battery *int              `json:"battery"`
	Error   *deviceError      `json:"error"`
	Name    string            `json:"name"`
	Place   string            `json:"place,omitempty"`
}

type deviceError struct {
	Code    string `json:"code"`
	Message string `json:"message"` // French, for people
}

// devicesSource tells a client how each paired device is doing: all of them at
// first, then what changes. Of what changes more than once while the client is
// slow, it tells the last.
type devicesSource struct {
	board   deviceBoard
	changed <-chan struct{}
	told    map[string]string // by id, as JSON
	waiting []wsFrame
}

func (s *devicesSource) wait(ctx context.Context) error {
	for s.look(); len(s.waiting) == 0; s.look() {
		select {
		case <-s.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (s *devicesSource) look() {
	told := map[string]string{}
	for _, d := range s.board.PairedDevices() {
		text, err := json.Marshal(deviceEventOf(&d))
		if err != nil {
			continue // plain values: never
		}
		told[d.ID] = string(text)
		if s.told[d.ID] != told[d.ID] {
			s.waiting = append(s.waiting, closeEvent(append(openEvent("device"), text...)))
		}
	}
	s.told = told
}

func (s *devicesSource) next() (frames []wsFrame, err error) {
	frames, s.waiting = s.waiting, nil
	return frames, nil
}

func deviceEventOf(d *station.Device) deviceEvent {
	e := deviceEvent{ID: d.ID, Type: string(d.Type), State: d.State, Name: d.Name, Place: d.Place}
	if d.Battery >= 0 {
		e.Battery = &d.Battery
	}
	if d.Fault != nil {
		e.Error = &deviceError{d.Fault.Code, d.Fault.French}
	}
	return e
}
