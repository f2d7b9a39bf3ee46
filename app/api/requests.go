package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// How long a client's request may take, and one whose outcome takes its time:
// joining a network, and returning to the one before.
const (
	requestTimeout = 10 * time.Second
	laterTimeout   = 90 * time.Second
)

// mostLater is for how many outcomes a client can wait at a time.
const mostLater = 4

// EHRSystem is the assigning source of patient ids that an EHR gives without
// naming one.
const EHRSystem = station.EHRSystem

// answer is what an acknowledgement carries: {ok: true, …} or
// {ok: false, error: {code, message}}.
type answer map[string]any

func refused(err error) answer {
	fault := fhirmap.FaultOf(err)
	return answer{"ok": false, "error": map[string]string{"code": publicCode(fault.Code), "message": fault.English}}
}

// publicCodes are the error codes of the contract.
var publicCodes = map[string]bool{
	"bad_request": true, "no_stethoscope": true, "unknown_ssid": true, "already_recording": true, "not_recording": true,
	"wifi_refused": true, "no_sound": true, "disk_full": true, "not_found": true, "gone": true, "limit": true,
	"forbidden": true, "internal": true,
}

func publicCode(code string) string {
	if publicCodes[code] {
		return code
	}
	return "internal"
}

// requests are what a client can ask for, by the name of the event.
var requests = map[string]func(context.Context, *socketConn, json.RawMessage) (answer, error){
	"subscribe":           subscribe,
	"unsubscribe":         unsubscribe,
	"startConsultation":   startConsultation,
	"endConsultation":     endConsultation,
	"simulateMeasurement": simulateMeasurement,
}

// lasting are those whose outcome takes its time. They are begun in the order of
// their coming.
var lasting = map[string]func(*socketConn, json.RawMessage) (later, error){
	"ekuoreStartRecording": startRecording,
	"ekuoreStopRecording":  stopRecording,
}

// later waits for an outcome. The connection is read on meanwhile.
type later func(context.Context) (answer, error)

// request answers one event of a client, or says what to wait for. It never
// panics and never takes longer than requestTimeout.
func (s *Server) request(c *socketConn, name string, args []json.RawMessage) (result answer, rest later) {
	var payload json.RawMessage
	if len(args) > 0 {
		payload = args[0]
	}
	result = s.guarded(context.Background(), requestTimeout, name, func(ctx context.Context) (done answer, err error) {
		if begin, ok := lasting[name]; ok {
			rest, err = begin(c, payload)
			return nil, err
		}
		serve, known := requests[name]
		if !known {
			return nil, badRequest(fmt.Sprintf("unknown event %.32q", name))
		}
		return serve(ctx, c, payload)
	})
	return result, rest
}

// guarded makes an answer of errors and panics too. The text of a panic can hold
// patient data and is not logged.
func (s *Server) guarded(ctx context.Context, timeout time.Duration, name string, serve later) (result answer) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("request failed", "event", name, "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			result = refused(fmt.Errorf("panic"))
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	result, err := serve(ctx)
	if err != nil {
		s.log.Warn("request refused", "event", name, "code", fhirmap.FaultOf(err).Code)
		return refused(err)
	}
	return result
}

// startConsultation ends the consultation before in any case: whoever starts
// one has another patient, even where the request is wrong.
func startConsultation(ctx context.Context, client *socketConn, payload json.RawMessage) (answer, error) {
	s := client.station()
	asked, err := readConsultation(payload)
	if err != nil {
		return nil, errors.Join(err, s.EndConsultation(ctx))
	}
	c, err := s.StartConsultation(ctx, asked)
	if err != nil {
		return nil, err
	}
	return answer{"ok": true, "consultation": c.ID}, nil
}

func readConsultation(payload json.RawMessage) (c station.Consultation, err error) {
	var asked struct {
		ID      identity `json:"id"`
		Patient *struct {
			ID identity `json:"id"`
			fhirmap.Patient
		} `json:"patient"`
	}
	if len(payload) > 0 && !bytes.Equal(payload, []byte("null")) {
		if err := json.Unmarshal(payload, &asked); err != nil {
			return c, &fhirmap.Fault{
				Code: "bad_request", English: "startConsultation takes {id?, patient?: {id, system?, family?, given?, birthDate?, sex?}}", Cause: err,
			}
		}
	}
	c.ID = string(asked.ID)
	if asked.Patient != nil {
		c.Patient = &asked.Patient.Patient
		c.Patient.ID = string(asked.Patient.ID)
		if c.Patient.System == "" {
			c.Patient.System = EHRSystem
		}
	}
	return c, nil
}

// An identity is an id as JSON has it: EHRs whose ids are numbers may send
// them as such.
type identity string

// UnmarshalJSON reads a string or a number, with all its digits.
func (i *identity) UnmarshalJSON(text []byte) error {
	var number json.Number
	if err := json.Unmarshal(text, &number); err == nil && text[0] != '"' {
		*i = identity(number.String())
		return nil
	}
	return json.Unmarshal(text, (*string)(i))
}

func endConsultation(ctx context.Context, client *socketConn, _ json.RawMessage) (answer, error) {
	return answer{"ok": true}, client.station().EndConsultation(ctx)
}
