package api

import (
	"compress/gzip"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"vitalien/fhirmap"
)

const (
	fhirPath = "/fhir/"
	fhirJSON = "application/fhir+json"

	// packFrom is how long an answer must be for compression to pay, in bytes.
	packFrom = 1400
)

// restRoutes are the read-only FHIR R4 interface (RESTful API, http.html).
func (s *Server) restRoutes(mux *http.ServeMux) {
	mux.Handle("GET /fhir/metadata", s.rest(capabilities))
	mux.Handle("GET /fhir/Observation", s.rest(searchObservations))
	mux.Handle("GET /fhir/Observation/{id}", s.rest(readObservation))
	for i := range kinds {
		k := &kinds[i]
		mux.Handle("GET /fhir/"+k.name, s.rest(k.search))
		mux.Handle("GET /fhir/"+k.name+"/{id}", s.rest(k.read))
	}
	mux.Handle(fhirPath, s.rest(unknownPath))
}

// A resource is an answer: what is encoded as JSON, and its version if it has
// one, which becomes the ETag.
type resource struct {
	body    any
	version string
}

// A restCall answers one request; an error becomes an OperationOutcome.
type restCall func(s *Server, r *http.Request) (resource, error)

// rest serves call with what all answers have in common.
func (s *Server) rest(call restCall) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		answer, err := resource{}, acceptable(r)
		if err == nil && len(r.URL.RawQuery) > maxQuery {
			err = restFault{http.StatusRequestURITooLong, "too-long", "the search is too long"}
		}
		if _, unread := url.ParseQuery(r.URL.RawQuery); err == nil && unread != nil { // leaving it out would find too much
			err = badSearch("a parameter that cannot be read: it is to be percent-encoded")
		}
		if err == nil {
			answer, err = call(s, r)
		}
		if err != nil {
			s.outcome(w, r, err)
			return
		}
		if answer.version != "" {
			tag := `W/"` + answer.version + `"`
			w.Header().Set("ETag", tag)
			w.Header().Set("Cache-Control", "private, no-cache")
			if noneNew(r.Header.Get("If-None-Match"), tag) {
				w.WriteHeader(http.StatusNotModified)
				return
			}
		}
		writeFHIR(w, r, http.StatusOK, answer.body)
	})
}

// maxQuery bounds what a search can say, in bytes.
const maxQuery = 8 << 10

// acceptable tells whether JSON is an answer to r (http.html, 3.1.0.1.11).
func acceptable(r *http.Request) error {
	wanted := r.Header.Get("Accept")
	if format := r.URL.Query().Get("_format"); format != "" {
		wanted = strings.ReplaceAll(format, " ", "+") // an undone "+" of the query
	}
	if wanted == "" {
		return nil
	}
	for part := range strings.SplitSeq(wanted, ",") {
		kind, params, err := mime.ParseMediaType(part)
		if err != nil || params["q"] == "0" {
			continue
		}
		switch kind {
		case "*/*", "application/*", "application/json", "text/json", fhirJSON, "json":
			return nil
		}
	}
	return restFault{http.StatusNotAcceptable, "not-supported", "this server answers in " + fhirJSON + " only"}
}

// noneNew tells whether the client has what tag names (RFC 9110, 13.1.2).
func noneNew(have, tag string) bool {
	for part := range strings.SplitSeq(have, ",") {
		if part = strings.TrimSpace(part); part == "*" || strings.TrimPrefix(part, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// writeFHIR writes body as JSON, compressed where that pays and is taken.
func writeFHIR(w http.ResponseWriter, r *http.Request, status int, body any) {
	content, err := encodeR4(nil, body)
	if err != nil {
		status, content = http.StatusInternalServerError, []byte(`{"resourceType":"OperationOutcome","issue":[{"severity":"fatal","code":"exception"}]}`)
	}
	h := w.Header()
	h.Set("Content-Type", fhirJSON+"; charset=utf-8")
	h.Add("Vary", "Accept, Accept-Encoding")
	if len(content) < packFrom || !takesGzip(r) {
		h.Set("Content-Length", strconv.Itoa(len(content)))
		w.WriteHeader(status)
		w.Write(content)
		return
	}
	h.Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	packer, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is one
	packer.Write(content)
	packer.Close()
}

func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" && strings.ReplaceAll(weight, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

// A restFault is why a request has no answer. Its code is one of R4's issue
// types (http://hl7.org/fhir/issue-type).
type restFault struct {
	status     int
	code, text string
}

func (f restFault) Error() string { return f.text }

func badSearch(text string) error { return restFault{http.StatusBadRequest, "invalid", text} }

// outcome answers with why there is no other answer.
func (s *Server) outcome(w http.ResponseWriter, r *http.Request, err error) {
	fault, known := errors.AsType[restFault](err)
	if of, is := errors.AsType[*fhirmap.Fault](err); !known && is && of.Code == "limit" {
		fault, known = restFault{http.StatusForbidden, "too-costly", of.English}, true
	}
	if !known {
		s.log.Error("FHIR request failed", "path", r.URL.Path, "error", err)
		fault = restFault{http.StatusInternalServerError, "exception", "internal error"}
	}
	if fault.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", "GET, HEAD")
	}
	writeFHIR(w, r, fault.status, fault.outcome())
}

func (f restFault) outcome() any { return outcomeOf(f.code, "", f.text) }

// outcome is a refusal of the guard, with its code as the details.
func (no *refusal) outcome() any {
	code := "forbidden"
	switch no.status {
	case http.StatusUnauthorized:
		code = "login"
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		code = "throttled"
	}
	return outcomeOf(code, no.Code, no.Message)
}

func outcomeOf(code, details, text string) any {
	issue := map[string]any{"severity": "error", "code": code, "diagnostics": text}
	if details != "" {
		issue["details"] = map[string]string{"text": details}
	}
	return map[string]any{"resourceType": "OperationOutcome", "issue": []any{issue}}
}

func unknownPath(_ *Server, r *http.Request) (resource, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return resource{}, restFault{http.StatusMethodNotAllowed, "not-supported", "this server is read with GET and HEAD"}
	}
	return resource{}, restFault{http.StatusNotFound, "not-found", "there is nothing here; /fhir/metadata tells what there is"}
}
