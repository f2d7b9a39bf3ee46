package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestToken(t *testing.T) {
	p := newPost(t, func(o *Options) { o.RequireToken = true })
	token, err := p.station.CreateToken("ehr")
	if err != nil {
		t.Fatal(err)
	}
	p.station.AllowOrigin(context.Background(), ehr)
	for _, path := range []string{"/nowhere", "/page", query(3, "polling", "")} {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		p.check(t, []question{
			{name: "none", path: path, status: 401, says: "token"},
			{name: "none, approved page", path: path, headers: []string{"Origin: " + ehr}, status: 401},
			{name: "wrong", path: path, headers: []string{"Authorization: Bearer " + token[1:]}, status: 401},
			{name: "empty", path: path, headers: []string{"Authorization: Bearer "}, status: 401},
			{name: "scheme in small letters", path: path, headers: []string{"Authorization: bearer " + token}, status: 200},
			{name: "other scheme", path: path, headers: []string{"Authorization: Basic " + token}, status: 401},
			{name: "wrong in the query", path: path + separator + "token=x", status: 401},
			{name: "header", path: path, headers: []string{"Authorization: Bearer " + token}, status: 200},
			{name: "query", path: path + separator + "token=" + token, status: 200},
		})
	}
	for path := range pages {
		p.check(t, []question{
			{name: "own page without a token", path: path, status: 200},
			{name: "own page, for an unknown page", path: path, headers: []string{"Origin: https://new.example"}, status: 403, says: "origin_pending"},
		})
	}
	p.check(t, []question{{name: "both revisions at once", path: "/socket.io/?EIO=3&EIO=4&transport=polling", status: 401}})
}

func TestToken_SocketIO(t *testing.T) {
	p := newPost(t, func(o *Options) { o.RequireToken = true })
	token, _ := p.station.CreateToken("ehr")
	for _, transport := range []string{"websocket", "polling"} {
		for name, connect := range map[string]func() (*client2, error){
			"EIO=3 in the query": func() (*client2, error) { return p.connect(3, transport, "&token="+token) },
			"EIO=3 header":       func() (*client2, error) { return p.connect(3, transport, "", "Authorization: Bearer "+token) },
			"EIO=4 in the query": func() (*client2, error) { return p.connect(4, transport, "&token="+token) },
			"EIO=4 header":       func() (*client2, error) { return p.connect(4, transport, "", "Authorization: Bearer "+token) },
			"EIO=4 auth":         func() (*client2, error) { return p.enter(transport, `40{"token":"`+token+`"}`) },
		} {
			c, err := connect()
			if err != nil {
				t.Errorf("%s %s: %v", transport, name, err)
				continue
			}
			first := p.next
			p.record(1)
			if err := expect(c, first, 1); err != nil {
				t.Errorf("%s %s: %v", transport, name, err)
			}
			c.close()
		}
		for name, packet := range map[string]string{"none": "40", "wrong": `40{"token":"x"}`, "number": `40{"token":1}`, "empty": `40{"token":""}`} {
			if _, err := p.enter(transport, packet); err == nil || !strings.Contains(err.Error(), `4{`) || !strings.Contains(err.Error(), "forbidden") {
				t.Errorf("%s, token %s: %v", transport, name, err)
			}
		}
		if _, err := p.connect(3, transport, ""); err == nil || !strings.Contains(err.Error(), "401") {
			t.Errorf("%s EIO=3 without a token: %v", transport, err)
		}
	}
}

// enter opens a connection of revision 4 and asks for the namespace with
// packet.
func (p *post) enter(transport, packet string) (*client2, error) {
	c, err := p.open(4, transport, "")
	if err != nil {
		return nil, err
	}
	if err := c.write(c.ctx, packet); err != nil {
		return nil, err
	}
	if answer, err := c.message(); err != nil || !strings.HasPrefix(answer, "0") {
		return nil, &refusedEntry{answer}
	}
	return c, nil
}

type refusedEntry struct{ answer string }

func (e *refusedEntry) Error() string { return "refused: " + e.answer }

func TestRevocation_ClosesThatPageOnly(t *testing.T) {
	p := newPost(t)
	ctx := context.Background()
	p.station.AllowOrigin(ctx, ehr)
	p.station.AllowOrigin(ctx, "https://other.example")
	var revoked, kept []*client2
	for _, transport := range []string{"websocket", "polling"} {
		for _, eio := range []int{3, 4} {
			revoked = append(revoked, p.mustConnect(eio, transport, "", "Origin: "+ehr))
			kept = append(kept, p.mustConnect(eio, transport, ""), p.mustConnect(eio, transport, "", "Origin: https://other.example"))
		}
	}
	idle, err := p.open(4, "websocket", "", "Origin: "+ehr) // has not asked for the namespace yet
	if err != nil {
		t.Fatal(err)
	}
	p.awaitClients(len(revoked) + len(kept))
	if err := p.station.RevokeOrigin(ctx, ehr); err != nil {
		t.Fatal(err)
	}
	for i, c := range append(revoked, idle) {
		if packet, err := c.message(); err == nil {
			t.Errorf("revoked client %d still reads: %q", i, packet)
		}
	}
	p.awaitClients(len(kept))
	p.record(5)
	if err := everyone(kept, 1, 5); err != nil {
		t.Error(err)
	}
	if _, err := p.connect(4, "websocket", "", "Origin: "+ehr); err == nil {
		t.Error("the revoked page came back")
	}
}

func TestStatus(t *testing.T) {
	p := newPost(t, func(o *Options) { o.RequireToken = true })
	token, _ := p.station.CreateToken("ehr")
	p.record(7)
	read := func(headers ...string) (answer map[string]any) {
		status, h, body := p.request("GET", "/status", "", headers...)
		if status != http.StatusOK || h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%d %v", status, h)
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if got := read(); len(got) != 2 || got["version"] != "1.2.3" || got["state"] != "ready" {
		t.Errorf("without access: %v", got)
	}
	p.mustConnect(4, "websocket", "&token="+token)
	p.awaitClients(1)
	got := read("Authorization: Bearer " + token)
	if got["head"] != 7.0 || got["clients"] != 1.0 || got["demo"] != false || got["links"] == nil {
		t.Errorf("with access: %v", got)
	}
}

func TestPages(t *testing.T) {
	p := newPost(t)
	for path, contentType := range map[string]string{
		"/": "text/html", "/page.css": "text/css", "/page.js": "text/javascript", "/socket.js": "text/javascript", "/texts.js": "text/javascript",
		"/favicon.ico": "image/png", "/openapi.yaml": "application/yaml",
	} {
		status, h, body := p.request("GET", path, "")
		if status != 200 || !strings.HasPrefix(h.Get("Content-Type"), contentType) || body == "" {
			t.Errorf("%s: %d %s", path, status, h.Get("Content-Type"))
		}
		for _, rule := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
			if !strings.Contains(h.Get("Content-Security-Policy"), rule) {
				t.Errorf("%s: no %q in the Content-Security-Policy", path, rule)
			}
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", path, h)
		}
		if status, _, body := p.request("HEAD", path, ""); status != 200 || body != "" {
			t.Errorf("HEAD %s: %d %q", path, status, body)
		}
		if status, _, _ := p.request("POST", path, "x"); status != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", path, status)
		}
	}
	for _, path := range []string{"/nowhere", "/page", "/page/index.html", "/../go.mod", "/socket.io.js"} {
		if status, _, _ := p.request("GET", path, ""); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	if page := string(fileOf(t, "index.html")); strings.Contains(page, "<script>") || strings.Contains(page, "style=") || strings.Contains(page, " onclick") {
		t.Error("the page holds what its own Content-Security-Policy forbids")
	}
}

func fileOf(t *testing.T, name string) []byte {
	content, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
