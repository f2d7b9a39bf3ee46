package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"vitalien/fhirmap"
	"vitalien/hl7link"
)

// A node is a part of /openapi.yaml.
type node map[string]any

// at follows a path of keys.
func (n node) at(t *testing.T, path ...string) node {
	t.Helper()
	for _, key := range path {
		next, ok := n[key].(node)
		if !ok {
			t.Fatalf("openapi.yaml has no %v", path)
		}
		n = next
	}
	return n
}

func (n node) keys() []string { return slices.Sorted(maps.Keys(n)) }

func description(t *testing.T, p *post) node {
	t.Helper()
	status, h, body := p.request("GET", "/openapi.yaml", "")
	if status != http.StatusOK || h.Get("Content-Type") != "application/yaml" {
		t.Fatal(status, h)
	}
	var n node
	if err := yaml.Unmarshal([]byte(body), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestOpenAPI_Paths: what is described is served so, and the other way round.
func TestOpenAPI_Paths(t *testing.T) {
	source := newTap()
	p := newPostOf(t, heardFrom(source))
	paths := description(t, p).at(t, "paths")
	if diff := cmp.Diff([]string{"/", "/openapi.yaml", "/page-pass", "/recordings/{id}", "/socket.io/", "/status"}, paths.keys()); diff != "" {
		t.Error(diff)
	}
	for path := range paths {
		asked, method, headers := path, "GET", []string(nil)
		switch path {
		case pagePassPath:
			method, headers = "POST", []string{"Origin: " + p.url(), "Authorization: Bearer " + p.server.passes.issue(&p.server.passes.links, linkLife)}
		case socketPath:
			asked = query(4, "polling", "")
		case "/recordings/{id}":
			asked = recordedURL(t, p, source)
		}
		status, h, _ := p.request(method, asked, "", headers...)
		content := paths.at(t, path, strings.ToLower(method), "responses", "200", "content")
		kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
		if _, described := content[kind]; status != http.StatusOK || !described {
			t.Errorf("%s: %d %q, described as %v", path, status, kind, content.keys())
		}
	}
	for path := range pages {
		if _, described := paths[path]; !described && !slices.Contains([]string{"/page.css", "/page.js", "/socket.js", "/texts.js", "/favicon.ico"}, path) {
			t.Errorf("%s is served and not described", path)
		}
	}
}

// TestOpenAPI_References lead somewhere.
func TestOpenAPI_References(t *testing.T) {
	whole := description(t, newPost(t))
	count := 0
	var walk func(any)
	walk = func(part any) {
		switch part := part.(type) {
		case node:
			if to, ok := part["$ref"].(string); ok {
				count++
				whole.at(t, strings.Split(strings.TrimPrefix(to, "#/"), "/")...)
			}
			for _, inner := range part {
				walk(inner)
			}
		case []any:
			for _, inner := range part {
				walk(inner)
			}
		}
	}
	walk(whole)
	if count < 10 {
		t.Errorf("%d references", count)
	}
}

// TestOpenAPI_Status: /status has the members that are described, no other,
// and fewer without access.
func TestOpenAPI_Status(t *testing.T) {
	p := newPost(t, func(o *Options) { o.RequireToken = true })
	token, err := p.station.CreateToken("ehr")
	if err != nil {
		t.Fatal(err)
	}
	p.station.SetPeer(hl7link.PeerStatus{Peer: "192.0.2.3", Connected: true})
	schemas := description(t, p).at(t, "components", "schemas")
	read := func(headers ...string) (answer map[string]any) {
		_, _, body := p.request("GET", "/status", "", headers...)
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}
	described := schemas.at(t, "Status", "properties").keys()
	if diff := cmp.Diff(described, slices.Sorted(maps.Keys(read("Authorization: Bearer "+token)))); diff != "" {
		t.Errorf("with access (-described +served):\n%s", diff)
	}
	if diff := cmp.Diff([]any{"version", "state"}, schemas.at(t, "Status")["required"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"state", "version"}, slices.Sorted(maps.Keys(read()))); diff != "" {
		t.Errorf("without access:\n%s", diff)
	}
	for name, value := range map[string]any{"Link": linkStatus{}, "Monitor": monitorStatus{}, "Peer": peerStatus{}} {
		required, all := members(reflect.TypeOf(value))
		if diff := cmp.Diff(schemas.at(t, name, "properties").keys(), all); diff != "" {
			t.Errorf("%s (-described +served):\n%s", name, diff)
		}
		var stated []string
		for _, member := range schemas.at(t, name)["required"].([]any) {
			stated = append(stated, member.(string))
		}
		if diff := cmp.Diff(slices.Sorted(slices.Values(stated)), required); diff != "" {
			t.Errorf("%s, required (-described +served):\n%s", name, diff)
		}
	}
}

// members are those of a struct in JSON, and which of them it always has.
func members(of reflect.Type) (required, all []string) {
	for _, field := range reflect.VisibleFields(of) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		all = append(all, name)
		if options == "" {
			required = append(required, name)
		}
	}
	slices.Sort(required)
	slices.Sort(all)
	return required, all
}

// TestOpenAPI_Errors: a refusal has the form and a code that are described.
func TestOpenAPI_Errors(t *testing.T) {
	p := newPost(t, func(o *Options) { o.RequireToken = true })
	codes, _ := description(t, p).at(t, "components", "schemas", "Error", "properties", "error", "properties", "code")["enum"].([]any)
	for _, q := range []struct {
		path, header string
		status       int
	}{
		{"/status", "Host: evil.example", 403},
		{"/status", "Origin: https://new.example", 403},
		{"/status", "Sec-Fetch-Site: cross-site", 403},
		{"/status?j=1", "", 403},
		{query(3, "polling", ""), "", 401},
	} {
		var headers []string
		if q.header != "" {
			headers = append(headers, q.header)
		}
		status, h, body := p.request("GET", q.path, "", headers...)
		var answer struct{ Error fhirmap.Fault }
		if err := json.Unmarshal([]byte(body), &answer); err != nil || status != q.status || h.Get("Content-Type") != "application/json" {
			t.Errorf("%v: %d %s, %v", q, status, body, err)
		}
		if !slices.Contains(codes, any(answer.Error.Code)) {
			t.Errorf("%v: code %q is not described", q, answer.Error.Code)
		}
	}
}
