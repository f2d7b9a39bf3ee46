package api

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// A pacedRequest bounds how long a client may take to send a request's body,
// and to take each piece of the answer.
type pacedRequest struct {
	http.ResponseWriter
	control *http.ResponseController
	slow    time.Duration
	body    *pacedBody // nil: the request has none
	wrote   bool
	mute    bool // the answer was replaced
}

var tooLong = refusal{http.StatusRequestEntityTooLarge, "limit", "the body of the request is too long"}

// timeRequest gives r a body that ends in time. The answer's own time begins
// with its first byte; before, a poll may wait.
func timeRequest(w http.ResponseWriter, r *http.Request, bodyTimeout, slow time.Duration) *pacedRequest {
	p := &pacedRequest{ResponseWriter: w, control: http.NewResponseController(w), slow: slow}
	p.control.SetWriteDeadline(time.Now().Add(requestEnd + slow))
	if r.Body != nil && r.Body != http.NoBody {
		p.control.SetReadDeadline(time.Now().Add(bodyTimeout))
		p.body = &pacedBody{ReadCloser: http.MaxBytesReader(w, r.Body, maxBody), control: p.control}
		if r.ContentLength > maxBody {
			p.body.no = &tooLong
		}
		r.Body = p.body
	}
	return p
}

func (p *pacedRequest) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// WriteHeader says what was wrong with a body that was cut, whatever the
// handler made of it.
func (p *pacedRequest) WriteHeader(status int) {
	no := p.cut()
	if p.wrote || no == nil {
		p.wrote = true
		p.ResponseWriter.WriteHeader(status)
		return
	}
	p.wrote = true
	p.Header().Set("Connection", "close") // what is left must not be read as a request
	no.write(p)
	p.mute = true
}

func (p *pacedRequest) Write(b []byte) (int, error) {
	if !p.wrote {
		p.WriteHeader(http.StatusOK)
	}
	if p.mute {
		return len(b), nil
	}
	p.control.SetWriteDeadline(time.Now().Add(p.slow))
	return p.ResponseWriter.Write(b)
}

// end answers what nobody did because the body was cut. An answer that had
// begun before is cut too.
func (p *pacedRequest) end() {
	switch {
	case p.cut() == nil || p.mute:
	case p.wrote:
		panic(http.ErrAbortHandler)
	default:
		p.WriteHeader(http.StatusBadRequest)
	}
}

func (p *pacedRequest) cut() *refusal {
	if p.body == nil {
		return nil
	}
	return p.body.no
}

// pacedBody lifts the deadline at its end: from there on the connection is read
// for the client's hanging up alone. A body that is not read to its end keeps
// it, for the server goes on reading after the handler.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	no      *refusal // why it was cut
}

func (b *pacedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var long *http.MaxBytesError
	switch {
	case err == nil:
	case err == io.EOF:
		b.control.SetReadDeadline(time.Time{})
	case errors.As(err, &long):
		b.no = &tooLong
	case errors.Is(err, os.ErrDeadlineExceeded):
		b.no = &refusal{http.StatusRequestTimeout, "limit", "the body of the request was not sent in time"}
	default:
		b.no = &refusal{http.StatusBadRequest, "bad_request", "the body of the request cannot be read"}
	}
	return n, err
}
