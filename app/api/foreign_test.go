package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// foreignPage tries everything that a page can do without asking anybody. The
// %s are the address of the server.
const foreignPage = `<!doctype html><meta charset=utf-8><title>Elsewhere</title>
<img src=%[1]s/status><img src=%[1]s/favicon.ico><link rel=stylesheet href=%[1]s/page.css>
<script src=%[1]s/page.js></script><script src="%[1]s/socket.io/?EIO=4&transport=polling&j=0"></script>
<script src=%[1]s/fhir/metadata></script><video src=%[1]s/fhir/Observation></video>
<iframe src=%[1]s/></iframe><iframe src=%[1]s/fhir/Observation></iframe><object data=%[1]s/openapi.yaml></object>
<iframe name=answer></iframe>
<form method=post enctype=text/plain target=answer action="%[1]s/socket.io/?EIO=4&transport=polling"><input name=40 value=0></form>
<script>
document.forms[0].submit();
fetch('%[1]s/status', { mode: 'no-cors' });
navigator.sendBeacon('%[1]s/fhir/Observation', 'x');
const socket = new WebSocket('%[1]s/socket.io/?EIO=4&transport=websocket'.replace('http', 'ws'));
const tried = new Promise((settled) => { socket.onopen = () => settled('open'); socket.onclose = () => settled('refused'); });
</script>`

// What a page of another site embeds, submits or fetches without asking gets
// nothing, whatever the browser lets it send.
func TestForeignPage_GetsNothing(t *testing.T) {
	p := restPost(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			fmt.Fprintf(w, foreignPage, p.url())
		}
	}))
	defer elsewhere.Close()
	b := browse("about:blank", t, "{}")
	answers, _ := b.do(`
		const seen = [];
		const note = (answer, request) => { if (request.url().startsWith('` + p.url() + `')) seen.push(answer + ' ' + request.resourceType() + ' ' + request.url()); };
		page.on('response', (response) => note(response.status(), response.request()));
		page.on('requestfailed', (request) => note('blocked', request)); // the browser itself shows nothing of it
		await page.goto('` + elsewhere.URL + `', { waitUntil: 'networkidle' });
		seen.push(await page.evaluate('tried') + ' WebSocket');
		return seen;`).([]any)
	tried := map[string]bool{}
	for _, answer := range answers {
		status, what, _ := strings.Cut(fmt.Sprint(answer), " ")
		kind, _, _ := strings.Cut(what, " ")
		tried[kind] = true
		if status != "403" && status != "refused" && status != "blocked" {
			t.Errorf("%s: %s", what, status)
		}
	}
	for _, kind := range []string{"image", "script", "stylesheet", "document", "fetch", "WebSocket"} {
		if !tried[kind] {
			t.Errorf("no %s was tried: %v", kind, answers)
		}
	}
	if n := len(p.station.Situation().Origins); n != 1 {
		t.Errorf("%d questions to the clinician", n)
	}
}
