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

// requestTimeout is how long a client's request may take.
const requestTimeout = 10 * time.Second

// ehrSystem is the assigning source of patient ids that an EHR gives without
// naming one.
const ehrSystem = "urn:vitalien:ehr"

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
	"subscribe":            subscribe,
	"unsubscribe":          unsubscribe,
	"startConsultation":    startConsultation,
	"endConsultation":      endConsultation,
	"ekuoreStartRecording": noStethoscope,
	"ekuoreStopRecording":  noStethoscope,
	"simulateMeasurement":  simulateMeasurement,
}

// request answers one event of a client. It never panics and never takes
// longer than requestTimeout. The text of a panic can hold patient data and is
// not logged.
func (s *Server) request(c *socketConn, name string, args []json.RawMessage) (result answer) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("request failed", "event", name, "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			result = refused(fmt.Errorf("panic"))
		}
	}()
	serve, known := requests[name]
	if !known {
		return refused(&fhirmap.Fault{Code: "bad_request", English: fmt.Sprintf("unknown event %.32q", name)})
	}
	var payload json.RawMessage
	if len(args) > 0 {
		payload = args[0]
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	result, err := serve(ctx, c, payload)
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
			c.Patient.System = ehrSystem
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

// noStethoscope answers both recording events: this version pairs none.
func noStethoscope(context.Context, *socketConn, json.RawMessage) (answer, error) {
	return nil, &fhirmap.Fault{Code: "no_stethoscope", English: "no stethoscope is paired"}
}
