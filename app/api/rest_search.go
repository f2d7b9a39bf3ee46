package api

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// How many Observations a page of an answer has, and how many values a parameter.
const (
	usualCount = 50
	mostCount  = 1000
	mostValues = 100
)

// An inquiry is a search for Observations as its parameters say it.
type inquiry struct {
	station.Search
	zone  *time.Location
	now   time.Time
	log   string // UUID of the log
	none  bool   // nothing can be an answer
	ids   []observationID
	match []func(*station.Found) bool
}

// parameters are those of a search for Observations, by name, with their types
// as the CapabilityStatement tells them. A value is what stood between commas:
// any of them will do.
var parameters = map[string]struct {
	kind, text string
	read       func(q *inquiry, values []string) error
}{
	"_id":                {"token", "id of the Observation", (*inquiry).readIDs},
	"code":               {"token", "CODE or SYSTEM|CODE of what was measured", func(q *inquiry, v []string) error { return q.readCodes(v, false) }},
	"combo-code":         {"token", "as code, or that of a component", func(q *inquiry, v []string) error { return q.readCodes(v, true) }},
	"category":           {"token", "vital-signs or laboratory", (*inquiry).readCategories},
	"patient":            {"reference", "Patient/ID, the ID in subject.reference", (*inquiry).readPatients},
	"patient.identifier": {"token", "SYSTEM|VALUE, as the EHR or the monitor knows the patient", (*inquiry).readIdentifiers},
	"device":             {"reference", "Device/ID", (*inquiry).readDevices},
	"date":               {"date", "when it was measured", func(q *inquiry, v []string) error { return q.readDates(v, &q.Taken, (*station.Found).Effective) }},
	"_lastUpdated":       {"date", "when it was recorded, or corrected last", func(q *inquiry, v []string) error { return q.readDates(v, &q.Received, (*station.Found).Updated) }},
}

// controls are the parameters that are no condition.
var controls = []string{"_count", "_sort", "_page", "_format", "token"}

// readQuery reads a search. A parameter that is not known is refused: who asks
// for one patient must not be given all of them.
func readQuery(values url.Values, log string, zone *time.Location, now time.Time) (*inquiry, error) {
	q := &inquiry{Search: station.Search{Limit: usualCount}, zone: zone, now: now, log: log}
	for name, all := range values {
		known, ok := parameters[name]
		if !ok && slices.Contains(controls, name) {
			continue
		}
		if !ok {
			return nil, unknownParameter(name)
		}
		for _, text := range all {
			list, err := alternatives(name, text)
			if err != nil {
				return nil, err
			}
			if err := known.read(q, list); err != nil {
				return nil, err
			}
		}
	}
	if len(q.match) > 0 {
		q.Match = func(f *station.Found) bool {
			return !slices.ContainsFunc(q.match, func(holds func(*station.Found) bool) bool { return !holds(f) })
		}
	}
	return q, q.readControls(values)
}

func (q *inquiry) readControls(values url.Values) (err error) {
	if err := once(values); err != nil {
		return err
	}
	if q.Limit, err = readCount(values); err != nil {
		return err
	}
	order := values.Get("_sort")
	q.OldestFirst = order != "" && !strings.HasPrefix(order, "-")
	switch strings.TrimPrefix(order, "-") {
	case "", "date":
	case "_lastUpdated":
		q.ByReceived = true
	default:
		return badSearch("_sort is date, -date, _lastUpdated or -_lastUpdated")
	}
	if text := values.Get("_page"); text != "" {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || json.Unmarshal(raw, &q.Page) != nil || q.Page == nil {
			return badSearch("_page is that of a next link")
		}
	}
	return nil
}

// narrow leaves the types that are in both.
func (q *inquiry) narrow(types []fhirmap.Type) {
	if q.Types != nil {
		types = slices.DeleteFunc(slices.Clone(types), func(t fhirmap.Type) bool { return !slices.Contains(q.Types, t) })
	}
	q.Types, q.none = types, q.none || len(types) == 0
}

func (q *inquiry) readCodes(values []string, parts bool) error {
	var types []fhirmap.Type
	own := false // a code that only the device knows
	for _, text := range values {
		system, code, both := strings.Cut(text, "|")
		if !both {
			system, code = "", text
		}
		if code == "" {
			return badSearch(fmt.Sprintf("no code in %.80q", text))
		}
		found := fhirmap.TypesWithCode(system, code, parts)
		types, own = append(types, found...), own || len(found) == 0 && (system == "" || system == fhirmap.MDC)
	}
	if !own {
		q.narrow(types)
	}
	q.match = append(q.match, func(f *station.Found) bool { return hasCode(f, values, parts) })
	return nil
}

// hasCode tells whether the Observation has one of those codes.
func hasCode(f *station.Found, wanted []string, parts bool) bool {
	o := fhirmap.R4(&f.Recorded)[f.Nth]
	codings := o.Code.Coding
	if parts {
		for i := range o.Component {
			codings = append(codings, o.Component[i].Code.Coding...)
		}
	}
	return slices.ContainsFunc(codings, func(c fhirmap.Coding) bool {
		return slices.ContainsFunc(wanted, func(text string) bool { return token(text, c.System, c.Code) })
	})
}

const categorySystem = "http://terminology.hl7.org/CodeSystem/observation-category|"

func (q *inquiry) readCategories(values []string) error {
	var types []fhirmap.Type
	for _, text := range values {
		category := strings.TrimPrefix(text, categorySystem)
		for _, v := range fhirmap.Vitals() {
			if laboratory := v.Type == fhirmap.BloodGlucose; category == "laboratory" && laboratory || category == "vital-signs" && !laboratory {
				types = append(types, v.Type)
			}
		}
	}
	q.narrow(types)
	return nil
}

// among leaves the names that are in both lists; nil is all of them.
func (q *inquiry) among(have *[]string, names []string) {
	if *have != nil {
		names = slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(*have, name) })
	}
	*have, q.none = names, q.none || len(names) == 0
}

func (q *inquiry) readPatients(values []string) error {
	return q.readReferences("Patient", values, &q.Patients)
}

func (q *inquiry) readDevices(values []string) error {
	return q.readReferences("Device", values, &q.Devices)
}

func (q *inquiry) readReferences(kind string, values []string, into *[]string) error {
	ids, err := targets(kind, values)
	if err != nil {
		return err
	}
	q.among(into, ids)
	return nil
}

// readIdentifiers demands the system: one source's number 2 is not another's.
func (q *inquiry) readIdentifiers(values []string) error {
	var keys []string
	for _, text := range values {
		system, id, _ := strings.Cut(text, "|")
		if system == "" || id == "" {
			return badSearch("patient.identifier is SYSTEM|VALUE; the system of ids that an EHR gives without one is " + EHRSystem)
		}
		keys = append(keys, (&fhirmap.Patient{System: system, ID: id}).Key())
	}
	q.among(&q.Patients, keys)
	return nil
}

func (q *inquiry) readDates(values []string, span *station.Span, of func(*station.Found) time.Time) error {
	all, err := momentsOf(values, q.zone, q.now)
	if err != nil {
		return err
	}
	if len(all) == 1 && !all[0].not {
		if from := all[0].From; !from.IsZero() && from.After(span.From) {
			span.From = from
		}
		if to := all[0].To; !to.IsZero() && (span.To.IsZero() || to.Before(span.To)) {
			span.To = to
		}
		return nil
	}
	q.match = append(q.match, func(f *station.Found) bool { return anyOf(all, of(f)) })
	return nil
}

// An observationID is what the FHIR id of an Observation tells.
type observationID struct {
	seq uint64
	nth int
}

// readID reads LOG-SEQ or LOG-SEQ-N, N from 2 (fhirmap.R4).
func readID(text, log string) (id observationID, ok bool) {
	rest, own := strings.CutPrefix(text, log[:8]+"-")
	number, nth, several := strings.Cut(rest, "-")
	seq, err := strconv.ParseUint(number, 10, 64)
	id = observationID{seq, 0}
	if several {
		n, bad := strconv.Atoi(nth)
		if id.nth = n - 1; bad != nil || n < 2 {
			return id, false
		}
	}
	return id, own && err == nil
}

func (q *inquiry) readIDs(values []string) error {
	ids := []observationID{}
	for _, text := range values {
		if id, ok := readID(text, q.log); ok && (q.ids == nil || slices.Contains(q.ids, id)) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	q.ids, q.none = ids, q.none || len(ids) == 0
	return nil
}

func searchObservations(s *Server, r *http.Request) (resource, error) {
	values := r.URL.Query()
	q, err := readQuery(values, s.o.Station.ID(), time.Local, s.o.now())
	if err != nil {
		return resource{}, err
	}
	version := strconv.FormatUint(s.o.Station.Head(), 10)
	found, next, err := q.run(r, s.o.Station)
	if err != nil {
		return resource{}, err
	}
	s.handed(r, found...)
	return resource{observationBundle(r, values, found, next), version}, nil
}

func (q *inquiry) run(r *http.Request, s *station.Station) (found []station.Found, next *station.Page, err error) {
	switch {
	case q.none:
		return nil, nil, nil
	case q.ids == nil:
		return s.Search(r.Context(), q.Search)
	}
	for _, id := range q.ids { // at most mostValues, so one page
		f, err := s.Observation(id.seq, id.nth)
		if err != nil {
			return nil, nil, err
		}
		if f != nil && q.Wants(f) {
			found = append(found, *f)
		}
	}
	return found, nil, nil
}

func readObservation(s *Server, r *http.Request) (resource, error) {
	if err := readsAlone(r); err != nil {
		return resource{}, err
	}
	missing := restFault{http.StatusNotFound, "not-found", "no such Observation"}
	id, ok := readID(r.PathValue("id"), s.o.Station.ID())
	if !ok {
		return resource{}, missing
	}
	f, err := s.o.Station.Observation(id.seq, id.nth)
	switch {
	case err != nil:
		return resource{}, err
	case f == nil && id.nth == 0:
		return soundObservation(s, id.seq, missing)
	case f == nil:
		return resource{}, missing
	}
	s.handed(r, *f)
	o := observationOf(f)
	return resource{o, o.Meta.VersionID}, nil
}

// handed notes who is given measurements.
func (s *Server) handed(r *http.Request, found ...station.Found) {
	if len(found) == 0 {
		return
	}
	who := s.softwareOf(r, "")
	for i := range found {
		s.o.Station.NoteReceived(who, found[i].Seq, found[i].Seq)
	}
}
