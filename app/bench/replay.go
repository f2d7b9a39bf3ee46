package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"vitalien/fhirmap"
)

// replayed is how many measurements a subscriber gets, of two events each.
const replayed = 10_000

// replay compares what was missed with what comes live, to one subscriber.
func replay(b *bench) ([]row, error) {
	p, err := b.role("burst")
	if err != nil {
		return nil, err
	}
	defer p.stop()
	var missed, live []run
	for round := range b.rounds + 1 { // the first warms up
		before, during, err := subscribeTo(p, nil)
		if err != nil {
			return nil, err
		}
		after, later, err := subscribeTo(p, &before)
		if err != nil {
			return nil, err
		}
		if after != before+2*replayed {
			return nil, fmt.Errorf("the log ends at %d instead of %d", after, before+2*replayed)
		}
		if round > 0 {
			live, missed = append(live, during), append(missed, later)
		}
	}
	work := fmt.Sprintf("replay of %d events to one subscriber", 2*replayed)
	return []row{compare(work, "/s", missed, live, "the same events live", 0.5)}, nil
}

// subscribeTo reads what comes behind after, or, without it, what is recorded
// then. head is that of the log when the subscription began.
func subscribeTo(p *process, after *uint64) (head uint64, r run, err error) {
	c, err := connect(p.ready[""])
	if err != nil {
		return 0, r, err
	}
	defer c.conn.Close()
	ask, cursor := `{"resource":"Observation"}`, ""
	if after != nil {
		cursor = `,"after":` + strconv.FormatUint(*after, 10)
	}
	began := time.Now()
	if err := c.write(`421["subscribe",` + ask[:len(ask)-1] + cursor + `}]`); err != nil {
		return 0, r, err
	}
	answer, err := c.read()
	if err != nil {
		return 0, r, err
	}
	var told []struct{ Head uint64 }
	if err := json.Unmarshal(bytes.TrimPrefix(answer, []byte("431")), &told); err != nil || len(told) == 0 {
		return 0, r, fmt.Errorf("answered %.80q", answer)
	}
	if after == nil {
		began = time.Now()
		if err := json.NewEncoder(p.input).Encode(order{First: 1, Count: replayed}); err != nil {
			return 0, r, err
		}
	}
	for events := 0; events < 2*replayed; {
		packet, err := c.read()
		if err != nil {
			return 0, r, err
		}
		if bytes.HasPrefix(packet, []byte(`42["event",`)) {
			events++
		}
	}
	return told[0].Head, run{rate: 2 * replayed / time.Since(began).Seconds()}, nil
}

// benchPatient is one of those whom the million measurements are of.
func benchPatient(n int) *fhirmap.Patient {
	return &fhirmap.Patient{System: "urn:vitalien:bench", ID: strconv.Itoa(n)}
}

const benchPatients = 1000

// lookUps asks for the last hundred Observations of one patient after another.
// The first answer is not counted: until then nobody has searched.
func lookUps(address string) (took []time.Duration, err error) {
	const n = 200
	for i := range n + 1 {
		began := time.Now()
		url := fmt.Sprintf("http://%s/fhir/Observation?_count=100&patient=%s", address, benchPatient(i%benchPatients).Key())
		response, err := http.Get(url)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return nil, err
		}
		if i > 0 {
			took = append(took, time.Since(began))
		}
		if found := bytes.Count(body, []byte(`"fullUrl"`)); response.StatusCode != http.StatusOK || found != 100 {
			return nil, fmt.Errorf("%s: %d Observations of %.200q", response.Status, found, body)
		}
	}
	return took, nil
}
