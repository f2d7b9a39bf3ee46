package api

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// A searchset is a FHIR R4 Bundle of that type (bundle.html).
type searchset struct {
	ResourceType string  `json:"resourceType"`
	Type         string  `json:"type"`
	Link         []link  `json:"link"`
	Entry        []entry `json:"entry,omitempty"`
}

type link struct {
	Relation string `json:"relation"`
	URL      string `json:"url"`
}

type entry struct {
	FullURL  string     `json:"fullUrl"`
	Resource any        `json:"resource"`
	Search   searchMode `json:"search"`
}

type searchMode struct {
	Mode string `json:"mode"`
}

// bundle is the answer to the search values, with where it goes on, if it does.
// A token in the address is not repeated in links, which get around.
func bundle(r *http.Request, kind string, values url.Values, found []entry, next string) searchset {
	values = maps.Clone(values)
	values.Del("token")
	b := searchset{ResourceType: "Bundle", Type: "searchset", Link: []link{{"self", address(r, kind, values)}}, Entry: found}
	if next != "" {
		values.Set("_page", next)
		b.Link = append(b.Link, link{"next", address(r, kind, values)})
	}
	return b
}

func observationBundle(r *http.Request, values url.Values, found []station.Found, next *station.Page) searchset {
	entries, page := make([]entry, 0, len(found)), ""
	for i := range found {
		o := observationOf(&found[i])
		entries = append(entries, entry{address(r, "Observation/"+o.ID, nil), o, searchMode{"match"}})
	}
	if next != nil {
		text, _ := json.Marshal(next) // numbers alone
		page = base64.RawURLEncoding.EncodeToString(text)
	}
	return bundle(r, "Observation", values, entries, page)
}

// address is a place of the interface under the name that the client uses for
// this computer, which the guard has looked at.
func address(r *http.Request, path string, values url.Values) string {
	u := url.URL{Scheme: "http", Host: r.Host, Path: fhirPath + path, RawQuery: values.Encode()}
	return u.String()
}

// observationOf is f as REST tells it, with its version.
func observationOf(f *station.Found) fhirmap.Observation {
	o := fhirmap.R4(&f.Recorded)[f.Nth]
	o.Meta = versioned(o.Meta, uint64(max(1, f.Version)), f.Updated())
	return o
}

// A served resource is one of the CapabilityStatement.
type served struct {
	Type            string            `json:"type"`
	Documentation   string            `json:"documentation"`
	Interaction     []interaction     `json:"interaction"`
	Versioning      string            `json:"versioning"`
	ConditionalRead string            `json:"conditionalRead"`
	SearchParam     []searchParameter `json:"searchParam"`
}

type interaction struct {
	Code string `json:"code"`
}

type searchParameter struct {
	Name          string `json:"name"`
	Type          string `json:"type"`
	Documentation string `json:"documentation"`
}

func servedAs(kind, text, versioning string, search []searchParameter) served {
	slices.SortFunc(search, func(a, b searchParameter) int { return strings.Compare(a.Name, b.Name) })
	return served{kind, text, []interaction{{"read"}, {"search-type"}}, versioning, "not-match", search}
}

// capabilities is the CapabilityStatement (capabilitystatement.html): what this
// server does, and nothing else.
func capabilities(s *Server, r *http.Request) (resource, error) {
	var search []searchParameter
	for name, p := range parameters {
		search = append(search, searchParameter{name, p.kind, p.text})
	}
	resources := []served{servedAs("Observation", "What was measured, newest first, or by _sort: date, -date, _lastUpdated, "+
		"-_lastUpdated. Pages of _count, 50 if not given, at most 1000. A correction is a new version: amended, or entered-in-error.", "versioned", search)}
	for i := range kinds {
		var search []searchParameter
		for name, p := range kinds[i].parameters {
			search = append(search, searchParameter{name, p.kind, p.text})
		}
		resources = append(resources, servedAs(kinds[i].name, kinds[i].text, "versioned", search))
	}
	return resource{body: map[string]any{
		"resourceType": "CapabilityStatement", "status": "active", "date": "2026-11-28", "kind": "instance",
		"fhirVersion": "4.0.1", "format": []string{fhirJSON, "json"},
		"software":       map[string]string{"name": "Vitalien", "version": s.o.Version},
		"implementation": map[string]string{"description": "Vitalien on this computer", "url": address(r, "", nil)},
		"rest": []any{map[string]any{
			"mode": "server", "resource": resources,
			"documentation": "Read-only. Measurements are pushed over Socket.IO as they come; this interface reads what was recorded.",
		}},
	}, version: s.o.Version}, nil
}
