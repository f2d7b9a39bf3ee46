package api

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitalien/fhirmap"
)

const clients = "../testdata/clients"

// A process is a program that a test runs and hears.
type process struct {
	t     *testing.T
	lines chan string
	input io.WriteCloser
}

// run starts a program; it ends with the test.
func run(t *testing.T, folder string, command ...string) *process {
	t.Helper()
	ctx, end := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Dir, c.Stderr, c.WaitDelay = folder, os.Stderr, 10*time.Second
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) } // so that playwright closes its browser
	output, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, lines: make(chan string, 10_000)}
	if p.input, err = c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatalf("%v (make test-deps installs what the tests need)", err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(p.lines)
		for scanner := bufio.NewScanner(output); scanner.Scan(); {
			p.lines <- scanner.Text()
		}
	}()
	t.Cleanup(func() {
		p.input.Close()
		end()
		<-read
		c.Wait()
	})
	return p
}

// expect waits for a line that begins with one of the words and gives it.
func (p *process) expect(words ...string) string {
	p.t.Helper()
	late := time.After(patience)
	for {
		select {
		case line, open := <-p.lines:
			if !open {
				p.t.Fatalf("ended while %q was expected", words)
			}
			for _, word := range words {
				if strings.HasPrefix(line, word) {
					return line
				}
			}
		case <-late:
			p.t.Fatalf("no %q", words)
		}
	}
}

func (p *post) url() string { return "http://" + p.address }

// A browser shows the page for integrators.
type browser struct {
	*process
	complaints []string
}

func browse(url string, t *testing.T, options string) *browser {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is missing: make test-deps installs what the tests need")
	}
	b := &browser{run(t, "", "node", filepath.Join(clients, "browse.js"), chromium, options), nil}
	b.do(`await page.goto('` + url + `')`)
	return b
}

// do has the browser do steps of playwright, and gives what they return.
func (b *browser) do(steps string) (answer any) {
	b.t.Helper()
	if err := json.NewEncoder(b.input).Encode(steps); err != nil {
		b.t.Fatal(err)
	}
	for {
		kind, text, _ := strings.Cut(b.expect("done ", "failed ", "complaint "), " ")
		switch kind {
		case "complaint":
			b.complaints = append(b.complaints, text)
			continue
		case "failed":
			b.t.Fatalf("%s: %s", steps, text)
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			b.t.Fatal(err)
		}
		return answer
	}
}

// is checks what steps return.
func (b *browser) is(want any, steps string) {
	b.t.Helper()
	if have := b.do(steps); have != want {
		b.t.Errorf("%.200s: %v, want %v", steps, have, want)
	}
}

// unblamed checks that the browser has complained of nothing.
func (b *browser) unblamed() {
	b.t.Helper()
	if len(b.complaints) > 0 {
		b.t.Errorf("the browser complains: %q", b.complaints)
	}
}

const (
	french    = `{"locale":"fr-FR","viewport":{"width":1100,"height":900}}`
	english   = `{"locale":"en-GB","viewport":{"width":1100,"height":900}}`
	connected = `await page.locator('#state.good').waitFor();`
)

// TestPage_LiveEvents: events come newest first, wait during a pause, open
// with their JSON, change their form, and are at most so many.
func TestPage_LiveEvents(t *testing.T) {
	p := newPost(t)
	b := browse(p.url(), t, french)
	b.do(connected)
	p.awaitClients(1)
	b.is("Aucune mesure", `return (await page.locator('#empty').innerText()).slice(0, 13)`)
	p.record(2)
	b.do(`await page.locator('#events > li:nth-child(2)').waitFor()`)
	b.is("2\u00a0bpm", `return page.locator('#events strong').first().innerText()`)
	b.is("Non attribuée", `return page.locator('#events .whose').first().innerText()`)

	b.do(`await page.locator('#pause').press('Enter')`)
	p.record(3)
	b.do(`await page.locator('#pause', { hasText: '3 en attente' }).waitFor()`)
	b.is(2.0, `return page.locator('#events > li').count()`)
	b.do(`await page.locator('#pause').press('Space')`)
	b.is(5.0, `return page.locator('#events > li').count()`)
	b.is("5\u00a0bpm", `return page.locator('#events strong').first().innerText()`)

	b.do(`await page.locator('#events summary').first().press('Enter')`)
	b.is("Observation", `return JSON.parse(await page.locator('#events pre').first().innerText()).resourceType`)
	b.do(`await page.locator('#clear').click(); await page.getByLabel('FHIR R4').check();` + connected)
	p.awaitClients(1)
	p.record(250)
	b.do(`await page.locator('#events strong', { hasText: /^255/ }).waitFor()`)
	b.is(200.0, `return page.locator('#events > li').count()`)
	b.is(true, `await page.locator('#events summary').first().click();
		return 'identifier' in JSON.parse(await page.locator('#events pre').first().innerText())`)
	b.unblamed()
}

// TestPage_Reconnects when the connection ends, and goes on showing.
func TestPage_Reconnects(t *testing.T) {
	p := newPost(t)
	b := browse(p.url(), t, english)
	b.do(connected)
	p.awaitClients(1)
	p.server.sockets.conns.Range(func(_, c any) bool { c.(*socketConn).drop("test"); return true })
	b.do(`await page.locator('#state.warn').waitFor();` + connected)
	p.awaitClients(1)
	p.record(1)
	b.do(`await page.locator('#events > li').waitFor()`)
	b.unblamed()
}

// TestPage_Copy: through the clipboard, and where the browser does not let
// it, the old way or by selecting.
func TestPage_Copy(t *testing.T) {
	p := newPost(t)
	b := browse(p.url(), t, english)
	b.do(`await context.grantPermissions(['clipboard-read', 'clipboard-write']);` + connected)
	p.awaitClients(1)
	p.record(1)
	b.do(`await page.locator('#events summary').click(); await page.getByRole('button', { name: 'Copy this JSON' }).click();
		await page.getByRole('button', { name: 'Copied' }).waitFor()`)
	b.is("Observation", `return page.evaluate(async () => JSON.parse(await navigator.clipboard.readText()).resourceType)`)
	const copySample = `await page.locator('#panel-browser [data-copy]').click();`
	b.do(`await page.evaluate(() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); });` + copySample +
		`await page.locator('#panel-browser [data-copy]', { hasText: 'Copied' }).waitFor()`)
	b.is(true, `return page.evaluate(async () => (await navigator.clipboard.readText()).includes("io('" + location.origin))`)
	b.do(`await page.evaluate(() => { document.execCommand = () => false; });` + copySample +
		`await page.locator('#panel-browser [data-copy]', { hasText: 'Ctrl+C' }).waitFor()`)
	b.is(true, `return page.evaluate(() => String(getSelection()).startsWith('<script'))`)
	b.unblamed()
}

// TestPage_Keyboard goes through the tabs, and to the content.
func TestPage_Keyboard(t *testing.T) {
	p := newPost(t)
	b := browse(p.url(), t, english)
	b.do(connected + `await page.keyboard.press('Tab')`)
	b.is("Skip to content", `return page.evaluate(() => document.activeElement.textContent)`)
	b.do(`await page.locator('#tab-browser').focus()`)
	for _, step := range [][2]string{
		{"ArrowRight", "node"}, {"ArrowRight", "python"}, {"End", "java"}, {"ArrowRight", "browser"}, {"ArrowLeft", "java"}, {"Home", "browser"},
	} {
		b.do(`await page.keyboard.press('` + step[0] + `')`)
		b.is("tab-"+step[1], `return page.evaluate(() => document.activeElement.id)`)
		b.is("panel-"+step[1], `return page.locator('[role=tabpanel]:visible').getAttribute('id')`)
		b.is(1.0, `return page.locator('[role=tab][aria-selected=true][tabindex="0"], [role=tab][aria-selected=true]:not([tabindex])').count()`)
	}
	b.do(`await page.keyboard.press('Tab')`)
	b.is("Copy", `return page.evaluate(() => document.activeElement.textContent)`)
	b.unblamed()
}

// TestPage_Languages: the browser's own, then the chosen one, remembered.
func TestPage_Languages(t *testing.T) {
	p := newPost(t)
	b := browse(p.url(), t, `{"locale":"fr-FR"}`)
	b.do(connected)
	p.awaitClients(1)
	p.record(1)
	b.do(`await page.locator('#events > li').waitFor()`)
	b.is("fr Mesures en direct", `return page.evaluate(() => document.documentElement.lang + ' ' + document.getElementById('live-title').textContent)`)
	b.do(`await page.getByRole('button', { name: 'English' }).click()`)
	b.is("en Live measurements Unassigned", `return page.evaluate(() => [document.documentElement.lang,
		document.getElementById('live-title').textContent, document.querySelector('.whose').textContent].join(' '))`)
	b.do(`await page.reload();` + connected)
	b.is("en", `return page.evaluate(() => document.documentElement.lang)`)
	b.is("", `return page.evaluate(async () => {
		const { texts } = await import('/texts.js');
		const keys = (l) => Object.keys(texts[l]).sort().join();
		return keys('fr') === keys('en') ? '' : keys('fr') + ' / ' + keys('en');
	})`)
	b.is("", `return page.evaluate(async () => {
		const { texts } = await import('/texts.js');
		const said = Object.values(texts.fr).map((text) => (typeof text === 'function' ? text('…') : text));
		return said.filter((text) => /'|(?<!\u202f)[;!?]|(?<!\u00a0):|«(?!\u00a0)|(?<!\u00a0)»/.test(text)).join(' | ');
	})`)
	b.unblamed()
}

// TestPage_Token: with require_token there is nothing to see before a token
// opens, nor after it is revoked.
func TestPage_Token(t *testing.T) {
	p := newPost(t, func(o *Options) { o.RequireToken = true })
	token, err := p.station.CreateToken("page")
	if err != nil {
		t.Fatal(err)
	}
	p.record(1)
	b := browse(p.url(), t, english)
	const locked = `await page.locator('#state.bad').waitFor();`
	noData := func() {
		t.Helper()
		b.is(0.0, `return page.locator('.data:visible').count()`)
		b.is("", `return page.evaluate(() => document.getElementById('events').textContent)`)
		b.is(false, `return page.evaluate(() => document.getElementById('links').textContent.includes('127.0.0.1'))`)
		b.is("password", `return page.evaluate(() => document.activeElement.type)`)
	}
	b.do(locked)
	noData()
	b.is("required of every program", `return page.locator('#token-need').innerText()`)
	b.is(false, `return page.locator('#refused').isVisible()`)
	b.do(`await page.keyboard.type('wrong'); await page.keyboard.press('Enter'); await page.locator('#refused').waitFor()`)
	noData()
	b.do(`await page.keyboard.type('` + token + `'); await page.keyboard.press('Enter');` + connected)
	p.awaitClients(1)
	p.record(1)
	b.do(`await page.locator('#events > li').waitFor(); await page.locator('#links li').first().waitFor()`)
	b.is(token+" ", `return page.evaluate(() => sessionStorage.getItem('token') + ' ' + Object.values(localStorage).join())`)
	b.do(`await page.reload();` + connected)
	p.awaitClients(1)
	p.record(1)
	b.do(`await page.locator('#events > li').waitFor()`)
	if err := p.station.RevokeToken("page"); err != nil {
		t.Fatal(err)
	}
	b.do(locked)
	noData()
	b.is(nil, `return page.evaluate(() => sessionStorage.getItem('token'))`)
	b.unblamed()
}

// TestPage_Simulates in a demonstration, where the button is, and nowhere
// else.
func TestPage_Simulates(t *testing.T) {
	p := newPost(t)
	b := browse(p.url(), t, english)
	b.do(connected + `await page.locator('#links li').first().waitFor()`)
	b.is(false, `return page.locator('#simulate').isVisible()`)
	b.unblamed()

	p = newPostOf(t, demonstration)
	b = browse(p.url(), t, english)
	b.do(connected + `await page.locator('#simulate').click(); await page.locator('#events > li').waitFor()`)
	b.do(`await page.locator('#simulated').selectOption('body_temperature'); await page.locator('#simulate').press('Enter');
		await page.locator('#events span', { hasText: 'Température' }).first().waitFor()`)
	b.is("Unassigned (simulated)", `return page.locator('#events .whose').first().innerText()`)
	b.is(false, `return page.locator('#simulate-failed').isVisible()`)
	b.unblamed()
}

// TestPage_Fits a narrow window, where nothing scrolls sideways, and every text
// stands out from its background, in both schemes.
func TestPage_Fits(t *testing.T) {
	p := newPostOf(t, demonstration)
	report := fhirmap.Report{Link: "test", Measurements: []fhirmap.Measurement{simulations[0].measure()}}
	report.Measurements[0].Patient = &fhirmap.Patient{System: "urn:ward", ID: "1", Family: "Montgolfier-Vandenbroucke", Given: "Marie-Éloïse"}
	for _, scheme := range []string{"light", "dark"} {
		b := browse(p.url(), t, `{"locale":"fr-FR","viewport":{"width":400,"height":800},"colorScheme":"`+scheme+`"}`)
		b.do(connected + `await page.locator('#demo').waitFor()`)
		if _, err := p.station.Record(t.Context(), report); err != nil {
			t.Fatal(err)
		}
		b.do(`await page.locator('#events summary').click(); await page.evaluate(() => { document.getElementById('locked').hidden = false; })`)
		for _, tab := range []string{"browser", "node", "python", "csharp", "java"} {
			b.do(`await page.locator('#tab-` + tab + `').click()`)
			b.is(true, `return page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)`)
		}
		b.is("", `return page.evaluate(`+faint+`)`)
		b.unblamed()
	}
}

// faint names the texts whose contrast is below 4.5:1 (WCAG 2.2, 1.4.3).
const faint = `() => {
	const parts = (color) => color.match(/[\d.]+/g).map(Number);
	const light = (color) => parts(color).slice(0, 3).map((c) => c / 255)
		.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
		.reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = (e) => {
		const color = getComputedStyle(e).backgroundColor;
		return parts(color)[3] === 0 && e.parentElement ? behind(e.parentElement) : color;
	};
	return [...document.querySelectorAll('body *')].filter((e) => e.checkVisibility() &&
		[...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim())).filter((e) => {
		const [low, high] = [light(getComputedStyle(e).color), light(behind(e))].sort((a, b) => a - b);
		return (high + 0.05) / (low + 0.05) < 4.5;
	}).map((e) => e.tagName + ' ' + e.textContent.slice(0, 30)).join(', ');
}`
