package radio

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"vitalien/app/blelink"
	"vitalien/fhirmap"
)

// What a message says.
const (
	// Requests of the parent, each answered by one done with the same id.
	doScan      = "scan" // heard until it is cancelled
	doConnect   = "connect"
	doServices  = "services"
	doRead      = "read"
	doWrite     = "write"
	doSubscribe = "subscribe"
	doPair      = "pair" // asked meanwhile
	doUnpair    = "unpair"

	// Of the parent, without an answer.
	sayCancel     = "cancel" // the request with the id is not wanted any more
	sayAnswer     = "answer" // to the question of the pairing with the id
	sayDisconnect = "disconnect"

	// Of the child.
	sayDone    = "done"
	sayHeard   = "heard"   // by the scan with the id
	sayValue   = "value"   // notified or indicated
	sayLost    = "lost"    // a link, behind its last value
	sayAsk     = "ask"     // of people, by the pairing with the id
	sayAdapter = "adapter" // how the adapter is
)

// A message is one line. Which fields are set depends on what it says.
type message struct {
	Say            string                 `json:"say"`
	ID             uint64                 `json:"id,omitempty"`
	Link           uint64                 `json:"link,omitempty"` // number of a connection
	Address        string                 `json:"address,omitempty"`
	Characteristic string                 `json:"characteristic,omitempty"`
	Value          []byte                 `json:"value,omitempty"`
	Response       bool                   `json:"response,omitempty"`
	Services       []blelink.Service      `json:"services,omitempty"`
	Heard          *blelink.Advertisement `json:"heard,omitempty"`
	Kind           blelink.QuestionKind   `json:"kind,omitempty"`
	Passkey        string                 `json:"passkey,omitempty"`
	Yes            bool                   `json:"yes,omitempty"`
	Fault          *fault                 `json:"fault,omitempty"` // nil: none
}

// fault is a fhirmap.Fault on the way between the processes.
type fault struct {
	Code      string `json:"code"`
	French    string `json:"french"`
	English   string `json:"english"`
	Temporary bool   `json:"temporary,omitempty"`
	Cause     string `json:"cause,omitempty"`
}

func faultOf(err error) *fault {
	if err == nil {
		return nil
	}
	f := fhirmap.FaultOf(err)
	sent := &fault{Code: f.Code, French: f.French, English: f.English, Temporary: f.Temporary}
	if f.Cause != nil {
		sent.Cause = f.Cause.Error()
	}
	return sent
}

func (f *fault) err() error {
	if f == nil {
		return nil
	}
	received := &fhirmap.Fault{Code: f.Code, French: f.French, English: f.English, Temporary: f.Temporary}
	if f.Cause != "" {
		received.Cause = errors.New(f.Cause)
	}
	return received
}

// longestLine bounds a message: a value has at most 512 bytes, a device tells
// of some dozen services.
const longestLine = 1 << 20

// A wire writes and reads messages.
type wire struct {
	mu  sync.Mutex
	out io.Writer
}

func (w *wire) send(m message) error {
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err = w.out.Write(append(line, '\n'))
	return err
}

// receive hands each message to take, until in ends. A line that is none is
// handed to junk: a library of the system may print something.
func receive(in io.Reader, take func(message), junk func(line string)) error {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, longestLine)
	for scanner.Scan() {
		var m message
		if json.Unmarshal(scanner.Bytes(), &m) != nil || m.Say == "" {
			junk(scanner.Text()[:min(len(scanner.Text()), 200)])
			continue
		}
		take(m)
	}
	return scanner.Err()
}
