package api

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"

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

// bundle is the answer to the search values. A token in the address is not
// repeated in links, which get around.
func bundle(r *http.Request, values url.Values, found []station.Found, next *station.Page) searchset {
	values = maps.Clone(values)
	values.Del("token")
	b := searchset{ResourceType: "Bundle", Type: "searchset", Link: []link{{"self", address(r, "Observation", values)}}}
	if next != nil {
		page, _ := json.Marshal(next) // numbers alone
		values.Set("_page", base64.RawURLEncoding.EncodeToString(page))
		b.Link = append(b.Link, link{"next", address(r, "Observation", values)})
	}
	for i := range found {
		o := observationOf(&found[i])
		b.Entry = append(b.Entry, entry{address(r, "Observation/"+o.ID, nil), o, searchMode{"match"}})
	}
	return b
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
	if o.Meta == nil {
		o.Meta = &fhirmap.Meta{}
	}
	o.Meta.VersionID, o.Meta.LastUpdated = "1", o.Issued
	return o
}

// capabilities is the CapabilityStatement (capabilitystatement.html): what this
// server does, and nothing else.
func capabilities(s *Server, r *http.Request) (resource, error) {
	type parameter struct {
		Name          string `json:"name"`
		Type          string `json:"type"`
		Documentation string `json:"documentation"`
	}
	type interaction struct {
		Code string `json:"code"`
	}
	var search []parameter
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		search = append(search, parameter{name, parameters[name].kind, parameters[name].text})
	}
	return resource{body: map[string]any{
		"resourceType": "CapabilityStatement", "status": "active", "date": "2026-11-28", "kind": "instance",
		"fhirVersion": "4.0.1", "format": []string{fhirJSON, "json"},
		"software":       map[string]string{"name": "Vitalien", "version": s.o.Version},
		"implementation": map[string]string{"description": "Vitalien on this computer", "url": address(r, "", nil)},
		"rest": []any{map[string]any{
			"mode":          "server",
			"documentation": "Read-only. Measurements are pushed over Socket.IO as they come; this interface reads what was recorded.",
			"resource": []any{map[string]any{
				"type": "Observation", "versioning": "no-version", "conditionalRead": "not-match",
				"documentation": "Sorted by date (newest first), or by _sort: date, -date, _lastUpdated, -_lastUpdated. Pages of _count, 50 if not given, at most 1000.",
				"interaction":   []interaction{{"read"}, {"search-type"}},
				"searchParam":   search,
			}},
		}},
	}, version: s.o.Version}, nil
}
