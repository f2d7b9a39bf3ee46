package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"vitalien/app/station"
)

const ehr = "https://ehr.example"

// A question is a request and the answer that it must get.
type question struct {
	name    string
	method  string // GET when empty
	path    string // every path of the server when empty
	headers []string
	status  int // 200 stands for "served", whatever the path answers then
	says    string
}

func (p *post) check(t *testing.T, questions []question) {
	t.Helper()
	for _, q := range questions {
		paths := []string{q.path}
		if q.path == "" {
			paths = []string{"/", "/status", "/page.js", "/nowhere", query(4, "polling", "&sid=none"), query(3, "polling", "&sid=none")}
		}
		for _, path := range paths {
			t.Run(q.name+" "+path, func(t *testing.T) {
				method := q.method
				if method == "" {
					method = http.MethodGet
				}
				status, _, body := p.request(method, path, "", q.headers...)
				served := status != http.StatusForbidden && status != http.StatusUnauthorized
				if (q.status == http.StatusOK) != served || !served && status != q.status {
					t.Errorf("status %d, want %d", status, q.status)
				}
				if !strings.Contains(body, q.says) {
					t.Errorf("body %q without %q", body, q.says)
				}
			})
		}
	}
}

func TestGuard_Host(t *testing.T) {
	p := newPost(t)
	port := p.server.port()
	at := func(format string) []string { return []string{"Host: " + fmt.Sprintf(format, port)} }
	p.check(t, []question{
		{name: "127.0.0.1", headers: at("127.0.0.1:%d"), status: 200},
		{name: "localhost", headers: at("localhost:%d"), status: 200},
		{name: "IPv6", headers: at("[::1]:%d"), status: 200},
		{name: "upper case", headers: at("LOCALHOST:%d"), status: 200},
		{name: "other port", headers: []string{"Host: localhost:1"}, status: 403, says: "forbidden"},
		{name: "no port", headers: []string{"Host: localhost"}, status: 403, says: "forbidden"},
		{name: "other name", headers: at("evil.example:%d"), status: 403, says: "forbidden"},
		{name: "name that begins so", headers: at("localhost.evil.example:%d"), status: 403, says: "forbidden"},
		{name: "trailing dot", headers: at("localhost.:%d"), status: 403, says: "forbidden"},
		{name: "other loopback address", headers: at("127.0.0.2:%d"), status: 403, says: "forbidden"},
		{name: "IPv6 written long", headers: at("[0:0:0:0:0:0:0:1]:%d"), status: 403, says: "forbidden"},
	})
	if answer := p.raw("GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(answer, "HTTP/1.1 403") {
		t.Errorf("empty Host: %.80q", answer)
	}
	if answer := p.raw("GET / HTTP/1.0\r\n\r\n"); !strings.HasPrefix(answer, "HTTP/1.0 403") {
		t.Errorf("no Host: %.80q", answer)
	}
	if answer := p.raw("GET http://evil.example/ HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n\r\n", port); !strings.HasPrefix(answer, "HTTP/1.1 403") {
		t.Errorf("other name in the request line: %.80q", answer)
	}
}

func TestGuard_Origin(t *testing.T) {
	p := newPost(t)
	ctx := context.Background()
	p.station.AllowOrigin(ctx, ehr)
	own := fmt.Sprintf("Origin: http://localhost:%d", p.server.port())
	p.check(t, []question{
		{name: "own page", headers: []string{own}, status: 200},
		{name: "approved", headers: []string{"Origin: " + ehr}, status: 200},
		{name: "own page of another port", headers: []string{"Origin: http://localhost:1"}, status: 403, says: "origin_pending"},
		{name: "approved host, other scheme", headers: []string{"Origin: http://ehr.example"}, status: 403, says: "origin_pending"},
		{name: "approved host, other port", headers: []string{"Origin: https://ehr.example:8443"}, status: 403, says: "origin_pending"},
		{name: "name that ends so", headers: []string{"Origin: https://not-ehr.example"}, status: 403, says: "origin_pending"},
		{name: "null", headers: []string{"Origin: null"}, status: 403, says: "origin_pending"},
		{name: "empty", headers: []string{"Origin: "}, status: 403, says: "forbidden"},
		{name: "two", headers: []string{"Origin: " + ehr, "Origin: " + ehr}, status: 403, says: "forbidden"},
		{name: "two in one", headers: []string{"Origin: " + ehr + "," + ehr}, status: 403, says: "forbidden"},
		{name: "with a path", headers: []string{"Origin: " + ehr + "/"}, status: 403, says: "forbidden"},
		{name: "upper case", headers: []string{"Origin: HTTPS://EHR.EXAMPLE"}, status: 403, says: "forbidden"},
		{name: "no origin at all", headers: []string{"Origin: <script>"}, status: 403, says: "forbidden"},
	})
	want := []string{"http://localhost:1", "http://ehr.example", "https://ehr.example:8443", "https://not-ehr.example", "null"}
	if got := p.station.Situation().Origins; !slices.Equal(got, want) {
		t.Errorf("questions %q, want %q", got, want)
	}
	p.station.AnswerOrigin(ctx, "https://not-ehr.example", station.AnswerRefuse)
	p.check(t, []question{{name: "refused", headers: []string{"Origin: https://not-ehr.example"}, status: 403, says: "forbidden"}})
}

func TestGuard_OriginHeaders(t *testing.T) {
	p := newPost(t)
	p.station.AllowOrigin(context.Background(), ehr)
	for _, path := range []string{"/", "/status", "/nowhere", query(4, "polling", "")} {
		_, h, _ := p.request("GET", path, "", "Origin: "+ehr)
		if got := h["Access-Control-Allow-Origin"]; !slices.Equal(got, []string{ehr}) {
			t.Errorf("%s: Access-Control-Allow-Origin %q", path, got)
		}
		if got := h["Access-Control-Allow-Credentials"]; !slices.Equal(got, []string{"true"}) {
			t.Errorf("%s: Access-Control-Allow-Credentials %q", path, got)
		}
		if !slices.Contains(h["Vary"], "Origin") {
			t.Errorf("%s: Vary %q", path, h["Vary"])
		}
		if _, h, _ = p.request("GET", path, ""); h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: Access-Control-Allow-Origin without Origin", path)
		}
	}
	_, h, _ := p.request("GET", "/status", "", "Origin: https://a.example/")
	if h.Get("Access-Control-Allow-Origin") != "" {
		t.Error("a refused origin may read the answer")
	}
}

func TestGuard_OtherSites(t *testing.T) {
	p := newPost(t)
	p.station.AllowOrigin(context.Background(), ehr)
	p.check(t, []question{
		{name: "cross-site", headers: []string{"Sec-Fetch-Site: cross-site"}, status: 403, says: "forbidden"},
		{name: "same-site", headers: []string{"Sec-Fetch-Site: same-site"}, status: 403, says: "forbidden"},
		{name: "same-origin", headers: []string{"Sec-Fetch-Site: same-origin"}, status: 200},
		{name: "typed by the user", headers: []string{"Sec-Fetch-Site: none"}, status: 200},
		{name: "approved page", headers: []string{"Sec-Fetch-Site: cross-site", "Origin: " + ehr}, status: 200},
	})
	for _, path := range []string{"/?j=0", "/status?j=", query(4, "polling", "&j=0"), query(3, "polling", "&j=1&sid=none")} {
		p.check(t, []question{
			{name: "JSONP", path: path, status: 403, says: "JSONP"},
			{name: "JSONP of an approved page", path: path, headers: []string{"Origin: " + ehr}, status: 403, says: "JSONP"},
		})
	}
}

// A session that stands does not open the door: whoever learnt its id is
// judged like at the beginning.
func TestGuard_EstablishedSession(t *testing.T) {
	p := newPost(t)
	port := p.server.port()
	c := p.mustConnect(4, "polling", "")
	_, session, _ := strings.Cut(c.line.(*polling2).url, p.address)
	for _, method := range []string{"GET", "POST"} {
		p.check(t, []question{
			{name: "foreign host", method: method, path: session, headers: []string{fmt.Sprintf("Host: evil.example:%d", port)}, status: 403},
			{name: "foreign page", method: method, path: session, headers: []string{"Origin: https://evil.example"}, status: 403, says: "origin_pending"},
			{name: "script tag", method: method, path: session, headers: []string{"Sec-Fetch-Site: cross-site"}, status: 403},
			{name: "JSONP", method: method, path: session + "&j=1", status: 403},
		})
	}
	upgrade := "ws://" + p.address + strings.Replace(session, "polling", "websocket", 1)
	ws, err := dialWebSocket(c.ctx, upgrade, http.Header{"Origin": {"https://evil.example"}})
	if err == nil {
		ws.close()
		t.Error("a foreign page took over a session with its id")
	}
	p.record(1)
	if err := expect(c, 1, 1); err != nil {
		t.Errorf("the session itself: %v", err)
	}
}

func TestGuard_Preflight(t *testing.T) {
	p := newPost(t, func(o *Options) { o.RequireToken = true })
	p.station.AllowOrigin(context.Background(), ehr)
	ask := []string{"Origin: " + ehr, "Access-Control-Request-Method: POST", "Access-Control-Request-Private-Network: true"}
	for _, path := range []string{"/status", query(4, "polling", "&sid=x")} {
		status, h, _ := p.request("OPTIONS", path, "", ask...)
		if status != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != ehr || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "POST") ||
			!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") || h.Get("Access-Control-Allow-Private-Network") != "true" {
			t.Errorf("%s: %d %v", path, status, h)
		}
	}
	p.check(t, []question{{name: "preflight of an unknown page", method: "OPTIONS", headers: []string{"Origin: https://new.example"}, status: 403, says: "origin_pending"}})
}
