package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

const oneORU = "MSH|^~\\&|BENEVIEW|REA|||20261120140510+0000||ORU^R01^ORU_R01|8812|P|2.6||||||UNICODE UTF-8\r" +
	"PID|||42^^^CLINIQUE^PI||Lefèvre^Éloïse||19800312|F\rPV1||I|Réa^^3\r" +
	"OBR|1|||182777000^monitoring of patient^SCT|||20261120140510+0000\r" +
	"OBX|1|NM|8867-4^Heart rate^LN||72|/min|50-120||||F|||20261120140510+0000\r" +
	"OBX|2|NM|59408-5^Oxygen saturation^LN||97|%|90-100||||F|||20261120140510+0000\r" +
	"OBX|3|NM|8310-5^Body temperature^LN||tiède|Cel|||||F|||20261120140510+0000\r"

func acked(code, about string) []byte {
	return []byte("MSH|^~\\&|||BENEVIEW|REA|20261120140510.214+0000||ACK^R01^ACK|5f2c|P|2.6\rMSA|" + code + "|" + about + "\r")
}

// everyMessage is a message of each fate.
func everyMessage() []station.Message {
	at := func(n int) time.Time { return testNow.Add(-time.Duration(n) * 7 * time.Second) }
	message := func(n int, text string, reply []byte, reason string) station.Message {
		return station.Message{Peer: "192.168.1.90", At: at(n), Text: []byte(text), Size: len(text), Reply: reply, Reason: reason}
	}
	refused := strings.Replace(oneORU, "ORU^R01^ORU_R01", "ORM^O01", 1)
	long := message(4, oneORU, acked("AA", "8812"), "")
	long.Size = 48_213
	return []station.Message{
		message(0, oneORU, acked("AA", "8812"), "OBX[3]-5: value of a vital sign is no number"),
		message(1, strings.Replace(oneORU, "|tiède|", "|37.2|", 1), acked("CA", "8812"), ""),
		message(2, refused, acked("AR", "8812"), "MSH[1]-9: unsupported message type"),
		message(3, "MSH|^~\\&|||||||ORU^R01|204|P|2.3.1|\rOBX||NM|101^|2101|72||||||F\r", nil, ""),
		long,
		message(5, "MSH|^~\\&|A\x0b\xe9\r\nZZZ|\u202etxet\n", acked("AE", ""), "MSH[1]-9: no message type"),
	}
}

func TestRawText(t *testing.T) {
	for text, want := range map[string]string{
		"MSH|1\rPID|2\r":  "MSH|1\nPID|2",
		"MSH|1\r\nPID|2":  "MSH|1\\n\nPID|2",
		"MSH|1\nPID|2\n":  "MSH|1\\n\nPID|2\\n",
		"a\x0b\x1c\x7f\t": "a\\x0B\\x1C\\x7F\\x09",
		"LEF\xc8VRE":      "LEF\\xC8VRE",
		"Lefèvre\u202e":   "Lefèvre\\u202E",
		"\xef\xbb\xbfMSH": "\\uFEFFMSH",
		"":                "",
	} {
		if got := rawText([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzRawText(f *testing.F) {
	f.Add([]byte(oneORU))
	f.Add([]byte("\r\n\x00\xff"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, r := range rawText(text) {
			if r != '\n' && (r < ' ' || r == 0x7F || r == '\u202e' || r == '\u2066') {
				t.Fatalf("%q is not to be seen in %q", r, rawText(text))
			}
		}
	})
}

func TestMessages_Texts(t *testing.T) {
	w, list := newWords("fr"), everyMessage()
	for i, want := range []struct{ short, long string }{
		{"AA", "AA\u00a0: enregistré, une partie est illisible"},
		{"CA", "CA\u00a0: enregistré"},
		{"AR", "AR\u00a0: refusé, rien n’a été enregistré"},
		{"—", "Sans réponse\u00a0: l’appareil n’en attend pas"},
		{"AA", "AA\u00a0: enregistré"},
		{"AE", "AE\u00a0: erreur, rien n’a été enregistré"},
	} {
		if got := w.answer(&list[i]); got.short != want.short || got.long != want.long {
			t.Errorf("%d: %+v", i, got)
		}
	}
	e := station.Explain(list[0].Text, list[0].Peer)
	want := "ORU^R01^ORU_R01 · n°\u00a08812 · BENEVIEW\n\nLit 3 · patient\u00a0: LEFÈVRE Éloïse, née le 12/03/1980\n" +
		"Pouls\u00a0: 72 bpm · 14:05:10\nSaturation pulsée\u00a0: 97 % · 14:05:10\nTempérature\u00a0: —\nMotif\u00a0: la valeur de la constante n’est pas un nombre (OBX[3]-5)"
	if got := w.explained(&list[0], &e, testNow); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	e = station.Explain(list[3].Text, list[3].Peer)
	if got := w.explained(&list[3], &e, testNow); !strings.Contains(got, "Lu seul") || !strings.Contains(got, "72") {
		t.Errorf("a message of an interface that spreads: %s", got)
	}
	if got := w.explained(&list[4], &station.Explained{}, testNow); !strings.Contains(got, "ne peut pas être relu") {
		t.Errorf("a message that was cut: %s", got)
	}
	if got := w.size(48_213) + w.size(999); got != "48,2\u00a0Ko999\u00a0o" {
		t.Errorf("%q", got)
	}
}

// shown is a driven window with the page of monitors in front.
func monitored(t *testing.T) *driven {
	d := newDriven(t)
	d.core.held.messages = map[string][]station.Message{"192.168.1.90": everyMessage()}
	d.core.held.rejected = everyMessage()[2:3]
	d.front()
	d.screen.open(pageMonitors)
	d.show(view{situation: station.Situation{Monitors: everyMonitor(), Peers: peers()}})
	return d
}

func TestMessages_AreReadAndShownOnlyWhenAskedFor(t *testing.T) {
	d := monitored(t)
	p := d.screen.monitors
	test.Tap(p.sections[placePeer].rows["192.168.1.90"].messages)
	markup := test.RenderToMarkup(d.frame.Canvas())
	if len(d.core.asked) > 0 || strings.Contains(markup, "Lefèvre") || !strings.Contains(markup, "Données de patients") {
		t.Fatal("read or shown before a person asked for it")
	}
	if got := focusedText(d.frame.Canvas()); got != "Afficher les messages" {
		t.Errorf("the keyboard is on %q", got)
	}
	d.press(fyne.KeyReturn)
	if got := await(t, d.core.asked); got != "messages 192.168.1.90" {
		t.Errorf("asked for %q", got)
	}
	d.take()
	v := p.messages
	if !strings.HasPrefix(v.raw.text, "MSH|^~\\&|BENEVIEW") || !strings.Contains(v.said.text, "LEFÈVRE Éloïse") || !strings.Contains(v.raw.text, "MSA|AA|8812") {
		t.Fatalf("raw %q, decoded %q", v.raw.text, v.said.text)
	}
	d.press(fyne.KeyDown)
	d.press(fyne.KeyDown)
	if v.at != 2 || !strings.Contains(v.raw.text, "ORM^O01") || !strings.Contains(v.said.text, "ce type de message n’est pas reconnu") {
		t.Errorf("%d is shown: %q", v.at, v.said.text)
	}
	test.Tap(v.copy.button)
	if got := d.app.Clipboard().Content(); !strings.Contains(got, "ORM^O01") || !strings.Contains(got, "192.168.1.90") {
		t.Errorf("copied %q", got)
	}
	d.press(fyne.KeyEscape)
	if v.Visible() || !p.overview.Visible() || v.all != nil || v.raw.text+v.said.text != "" {
		t.Error("messages stay behind")
	}
}

func TestMessages_AreForgottenWithThePage(t *testing.T) {
	d := monitored(t)
	v := d.screen.monitors.messages
	test.Tap(d.screen.monitors.rejected)
	test.Tap(v.open)
	if got := await(t, d.core.asked); got != "rejected 200" {
		t.Errorf("asked for %q", got)
	}
	d.screen.open(pageLive)
	d.take() // comes too late
	if v.Visible() || v.all != nil || v.raw.text != "" {
		t.Error("messages are shown on a page that was left")
	}
	d.screen.open(pageMonitors)
	if v.Visible() || !d.screen.monitors.overview.Visible() {
		t.Error("the page comes back with messages")
	}
}

func TestMessages_NoneAndFailure(t *testing.T) {
	d := monitored(t)
	v := d.screen.monitors.messages
	d.core.held.rejected = nil
	test.Tap(d.screen.monitors.rejected)
	test.Tap(v.open)
	d.take()
	if !v.empty.Visible() || v.body.Visible() || !strings.HasPrefix(v.empty.Text, "Aucun message") {
		t.Errorf("shown: %q", v.empty.Text)
	}
	d.core.fault = &fhirmap.Fault{Code: "disk", French: "Le disque ne répond pas.", English: "x"}
	d.core.held.rejected = everyMessage()
	test.Tap(v.again)
	d.take()
	if v.empty.Text != "Le disque ne répond pas." || !v.empty.Visible() {
		t.Errorf("shown: %q", v.empty.Text)
	}
}

func headedMessages() []headed { return headedOf(everyMessage()) }

// messageScenes are the states of the view of messages.
func messageScenes() map[string]scene {
	known := view{situation: station.Situation{Monitors: everyMonitor(), Peers: peers(), Links: soundLinks()}}
	opens := func(all []headed, err error, at int) func(*screen) {
		return func(s *screen) {
			s.monitors.update(known)
			v := s.monitors.messages
			if at == 4 {
				s.monitors.showRejected()
			} else {
				s.monitors.showMessages("192.168.1.90", nil)
			}
			if at >= -1 {
				v.gate.Hide()
				v.again.Show()
				v.show(all, err)
			}
			if at > 0 {
				v.list.Select(at)
			}
		}
	}
	var many []headed
	for range 33 {
		many = append(many, headedMessages()...)
	}
	for i := range many {
		many[i].Peer, many[i].Reason = "moniteur-de-la-salle-de-reveil-numero-12.hopital.example:4601", strings.Repeat("OBX[12]-5: value of a vital sign is no number; OBX[12]-6: unknown unit of a vital sign; ", 9)
	}
	failed := fmt.Errorf("no: %w", &fhirmap.Fault{Code: "disk", French: "Les messages refusés n’ont pas pu être relus : le disque ne répond pas. Réessayez.", English: "x"})
	return map[string]scene{
		"messages-gate":   {view: known, page: pageMonitors, prepare: opens(nil, nil, -2)},
		"messages":        {view: known, page: pageMonitors, prepare: opens(headedMessages(), nil, 0)},
		"messages-broken": {view: known, page: pageMonitors, prepare: opens(headedMessages(), nil, 5)},
		"messages-cut":    {view: known, page: pageMonitors, prepare: opens(many, nil, 4)},
		"messages-none":   {view: known, page: pageMonitors, prepare: opens(nil, nil, -1)},
		"messages-failed": {view: known, page: pageMonitors, prepare: opens(nil, failed, -1)},
	}
}

func TestScreen_Messages(t *testing.T) { renderScenes(t, messageScenes()) }

func TestWrapped(t *testing.T) {
	ten := func(text string) bool { return len([]rune(text)) <= 10 }
	for _, c := range []struct {
		line  string
		words bool
		want  []string
	}{
		{"", true, []string{""}},
		{"dix lettre", true, []string{"dix lettre"}},
		{"Saturation pulsée 97", true, []string{"Saturation", "pulsée 97"}},
		{"Pouls 72 bpm, puis", true, []string{"Pouls 72 ", "bpm, puis"}},
		{"anticonstitutionnellement", true, []string{"anticonsti", "tutionnell", "ement"}},
		{"MSH|^~&|é|  |OBX", false, []string{"MSH|^~&|é|", "  |OBX"}},
	} {
		if got := wrapped(c.line, c.words, ten); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q", c.line, got)
		}
	}
}

func FuzzWrapped(f *testing.F) {
	f.Add(oneORU, 7)
	f.Add(strings.Repeat("é", 2000), 30)
	f.Fuzz(func(t *testing.T, line string, width int) {
		width = max(1, width%200)
		lines := wrapped(line, false, func(text string) bool { return utf8.RuneCountInString(text) <= width })
		if strings.Join(lines, "") != line {
			t.Errorf("%q is broken into %q", line, lines)
		}
		for _, one := range lines {
			if utf8.RuneCountInString(one) > max(width, 1) {
				t.Errorf("%q is longer than %d", one, width)
			}
		}
	})
}

// A long message costs what is in view.
func TestSheet_DrawsWhatIsInView(t *testing.T) {
	d := monitored(t)
	v := d.screen.monitors.messages
	long := headed{Message: station.Message{At: testNow, Text: []byte(strings.Repeat("OBX|1|NM|8867-4^Heart rate^LN||72|/min\r", 700)), Size: 30_000}}
	d.screen.monitors.showRejected()
	test.Tap(v.open)
	d.take()
	v.show([]headed{long}, nil)
	drawn := func() []string {
		var all []string
		for _, object := range test.WidgetRenderer(v.raw).Objects() {
			all = append(all, object.(*canvas.Text).Text)
		}
		return all
	}
	if n := len(drawn()); n == 0 || n > 60 || len(v.raw.lines) < 700 {
		t.Fatalf("%d of %d lines are drawn", n, len(v.raw.lines))
	}
	d.frame.Canvas().Focus(v.raw)
	d.press(fyne.KeyEnd)
	if got := drawn(); !slices.Contains(got, v.raw.lines[len(v.raw.lines)-1]) || slices.Contains(got, v.raw.lines[0]) && v.raw.scroll.Offset.Y == 0 {
		t.Errorf("the end is not in view: %q", got)
	}
	d.press(fyne.KeyHome)
	if v.raw.scroll.Offset.Y != 0 {
		t.Error("the beginning is not in view")
	}
	before := len(v.raw.lines)
	d.frame.Resize(fyne.NewSize(leastWidth, leastHeight))
	if len(v.raw.lines) <= before {
		t.Error("a narrower window has no more lines")
	}
}
