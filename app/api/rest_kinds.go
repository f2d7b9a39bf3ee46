package api

import (
	"cmp"
	"context"
	"encoding/base64"
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

// A kind is a resource of which there are few enough to look at all of them.
type kind struct {
	name, text string
	parameters map[string]parameter
	all        func(ctx context.Context, s *Server) ([]held, error)
}

// A held resource is the newest version of one.
type held struct {
	id          string
	version     uint64
	updated     time.Time
	identifiers []fhirmap.Identifier
	patient     string // key, of a consultation
	body        any
}

// A parameter is one that a search for a kind takes.
type parameter struct {
	kind, text string
	reads      func(values []string, zone *time.Location, now time.Time) (holds func(*held) bool, err error)
}

// common are the parameters of all kinds.
var common = map[string]parameter{
	"_id": {"token", "id of the resource", func(values []string, _ *time.Location, _ time.Time) (func(*held) bool, error) {
		return func(h *held) bool { return slices.Contains(values, h.id) }, nil
	}},
	"identifier": {"token", "VALUE or SYSTEM|VALUE", func(values []string, _ *time.Location, _ time.Time) (func(*held) bool, error) {
		return func(h *held) bool {
			return slices.ContainsFunc(h.identifiers, func(i fhirmap.Identifier) bool {
				return slices.ContainsFunc(values, func(text string) bool { return token(text, i.System, i.Value) })
			})
		}, nil
	}},
	"_lastUpdated": {"date", "when the newest version was recorded", func(values []string, zone *time.Location, now time.Time) (func(*held) bool, error) {
		all, err := momentsOf(values, zone, now)
		return func(h *held) bool { return anyOf(all, h.updated) }, err
	}},
}

// ofPatient is the parameter of what belongs to a patient.
var ofPatient = parameter{"reference", "Patient/ID", func(values []string, _ *time.Location, _ time.Time) (func(*held) bool, error) {
	keys, err := targets("Patient", values)
	return func(h *held) bool { return slices.Contains(keys, h.patient) }, err
}}

// kinds are those resources, in the order of the CapabilityStatement.
var kinds = []kind{
	{"Patient", "Those whom the EHR or a device has named by an id.", common, func(ctx context.Context, s *Server) ([]held, error) {
		list, err := s.o.Station.Patients(ctx)
		return holdAll(list, func(v *station.Version[fhirmap.Patient]) held {
			r := fhirmap.R4Patient(&v.What, v.Test)
			r.Meta = versioned(r.Meta, v.Seq, v.Received)
			return held{id: r.ID, identifiers: r.Identifier, body: r}
		}), err
	}},
	{"Device", "Those that have measured or raised an alarm, and this program as the gateway.", common, func(ctx context.Context, s *Server) ([]held, error) {
		list, err := s.o.Station.Devices(ctx)
		all := holdAll(list, func(v *station.Version[fhirmap.Device]) held {
			r := fhirmap.R4Device(&v.What, v.Test)
			r.Meta = versioned(r.Meta, v.Seq, v.Received)
			return held{id: r.ID, identifiers: r.Identifier, body: r}
		})
		gateway := fhirmap.R4Gateway(s.o.Station.ID(), s.o.Version)
		return append(all, held{id: gateway.ID, identifiers: gateway.Identifier, body: gateway}), err
	}},
	{"Encounter", "Consultations.", withParameter(common, "patient", ofPatient), func(ctx context.Context, s *Server) ([]held, error) {
		list, err := s.o.Station.Consultations(ctx)
		return holdAll(list, func(v *station.Version[station.Consultation]) held {
			c := &v.What
			r := fhirmap.R4Encounter(c.ID, c.Patient, c.Start, c.End)
			r.Meta = versioned(r.Meta, v.Seq, v.Received)
			return held{id: r.ID, identifiers: r.Identifier, patient: c.Patient.Key(), body: r}
		}), err
	}},
}

func withParameter(all map[string]parameter, name string, p parameter) map[string]parameter {
	more := map[string]parameter{name: p}
	for name, p := range all {
		more[name] = p
	}
	return more
}

func holdAll[T any](list []station.Version[T], hold func(*station.Version[T]) held) []held {
	all := make([]held, 0, len(list))
	for i := range list {
		h := hold(&list[i])
		h.version, h.updated = list[i].Seq, list[i].Received
		all = append(all, h)
	}
	return all
}

// versioned is m with what a server says of a version.
func versioned(m *fhirmap.Meta, version uint64, updated time.Time) *fhirmap.Meta {
	if m == nil {
		m = &fhirmap.Meta{}
	}
	m.VersionID, m.LastUpdated = strconv.FormatUint(version, 10), fhirmap.Instant(updated)
	return m
}

func (k *kind) read(s *Server, r *http.Request) (resource, error) {
	if err := readsAlone(r); err != nil {
		return resource{}, err
	}
	all, err := k.all(r.Context(), s)
	if err != nil {
		return resource{}, err
	}
	for i := range all {
		if h := &all[i]; h.id == r.PathValue("id") {
			return resource{h.body, strconv.FormatUint(h.version, 10)}, nil
		}
	}
	return resource{}, restFault{http.StatusNotFound, "not-found", "no such " + k.name}
}

// search answers in the order of the ids, so that a page goes on where the last
// one ended, whatever came or changed meanwhile.
func (k *kind) search(s *Server, r *http.Request) (resource, error) {
	values := r.URL.Query()
	holds, err := k.conditions(values, time.Local, s.o.now())
	if err != nil {
		return resource{}, err
	}
	count, err := readCount(values)
	if err != nil {
		return resource{}, err
	}
	after, err := base64.RawURLEncoding.DecodeString(values.Get("_page"))
	if err != nil {
		return resource{}, badSearch("_page is that of a next link")
	}
	version := strconv.FormatUint(s.o.Station.Head(), 10)
	all, err := k.all(r.Context(), s)
	if err != nil {
		return resource{}, err
	}
	slices.SortFunc(all, func(a, b held) int { return cmp.Compare(a.id, b.id) })
	var found []entry
	next := ""
	for i := range all {
		h := &all[i]
		if h.id <= string(after) || slices.ContainsFunc(holds, func(holds func(*held) bool) bool { return !holds(h) }) {
			continue
		}
		if len(found) == count {
			next = base64.RawURLEncoding.EncodeToString([]byte(all[i-1].id))
			break
		}
		found = append(found, entry{address(r, k.name+"/"+h.id, nil), h.body, searchMode{"match"}})
	}
	return resource{bundle(r, k.name, values, found, next), version}, nil
}

func (k *kind) conditions(values url.Values, zone *time.Location, now time.Time) (all []func(*held) bool, err error) {
	for name, texts := range values {
		p, ok := k.parameters[name]
		if !ok && slices.Contains(controls, name) && name != "_sort" {
			continue
		}
		if !ok {
			return nil, unknownParameter(name)
		}
		for _, text := range texts {
			list, err := alternatives(name, text)
			if err != nil {
				return nil, err
			}
			holds, err := p.reads(list, zone, now)
			if err != nil {
				return nil, err
			}
			all = append(all, holds)
		}
	}
	return all, once(values)
}

func unknownParameter(name string) error {
	return badSearch(fmt.Sprintf("no search parameter %.64q; /fhir/metadata tells which there are", name))
}

// alternatives are the values between commas.
func alternatives(name, text string) ([]string, error) {
	list := strings.Split(text, ",")
	if text == "" || len(list) > mostValues {
		return nil, badSearch(fmt.Sprintf("%s needs 1 to %d values", name, mostValues))
	}
	return list, nil
}

func once(values url.Values) error {
	for _, name := range controls {
		if len(values[name]) > 1 {
			return badSearch(name + " stands once")
		}
	}
	return nil
}

func readCount(values url.Values) (int, error) {
	text := values.Get("_count")
	if text == "" {
		return usualCount, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, badSearch(fmt.Sprintf("_count is from 1 to %d", mostCount))
	}
	return min(n, mostCount), nil
}

// targets are the ids in references to resources of that type.
func targets(kind string, values []string) (ids []string, err error) {
	for _, text := range values {
		id := strings.TrimPrefix(text, kind+"/")
		if id == "" || strings.Contains(id, "/") {
			return nil, badSearch(fmt.Sprintf("%.80q is no reference such as %s/ID", text, kind))
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// readsAlone refuses what a read does not look at.
func readsAlone(r *http.Request) error {
	for name := range r.URL.Query() {
		if name != "_format" && name != "token" {
			return badSearch(fmt.Sprintf("a read takes no %.64q", name))
		}
	}
	return nil
}
