package ui

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
	"vitalien/assets"
	"vitalien/fhirmap"
)

const (
	testSecret = "kq3vJr8yS0m4nT1xZ6bW9cD2eF5gH7iK0lM3oP6qR8s"
	ehrSite    = "https://logiciel.cabinet-des-lilas.example.fr"
)

// everyAccess is each kind of software that there is.
func everyAccess() station.Access {
	reception, old := station.Software{Token: "Logiciel médical, accueil"}, station.Software{Origin: "https://ancien.example"}
	return station.Access{
		Pages: []station.Permission{
			{Origin: ehrSite, Answer: station.AnswerAlways, Since: testNow.Add(-40 * 24 * time.Hour)},
			{Origin: "http://192.168.1.20:8080", Answer: station.AnswerOnce},
			{Origin: "null", Answer: station.AnswerOnce, Until: testNow.Add(90 * time.Second)},
			{Origin: "https://publicite.example", Answer: station.AnswerRefuse, Until: testNow.Add(9 * time.Minute)},
		},
		Tokens: []station.TokenInfo{
			{Name: "Logiciel médical, accueil", Since: testNow.Add(-3 * time.Hour)},
			{Name: "Passerelle de recherche", Since: testNow.Add(-200 * 24 * time.Hour)},
		},
		Connections: []station.Connection{
			{Software: station.Software{Origin: ehrSite}, Protocol: 4, Transport: "websocket", Since: testNow.Add(-3 * time.Hour)},
			{Software: reception, Protocol: 3, Transport: "polling", Since: testNow.Add(-2 * time.Hour)},
			{Software: station.Software{}, Protocol: 4, Transport: "websocket", Since: testNow.Add(-time.Minute)},
		},
		Receivers: []station.Receiver{
			{Software: station.Software{Origin: ehrSite}, Last: testNow.Add(-4 * time.Second)},
			{Software: reception, Last: testNow.Add(-7 * time.Minute)},
			{Software: old, Last: testNow.Add(-50 * 24 * time.Hour)},
		},
	}
}

// longAccess is what no layout expects.
func longAccess() (a station.Access) {
	long := "https://" + strings.Repeat("tres-long-nom-de-sous-domaine.", 8) + "example.fr:18443"
	for i := range 12 {
		who := station.Software{Origin: fmt.Sprintf("%s%d", long, i), Token: strings.Repeat("Jeton de la passerelle, ", 3) + "accueil"}
		a.Connections = append(a.Connections, station.Connection{Software: who, Protocol: 4, Transport: "websocket", Since: testNow})
		a.Pages = append(a.Pages, station.Permission{Origin: who.Origin, Answer: station.AnswerAlways, Since: testNow.Add(-9000 * time.Hour)})
		a.Tokens = append(a.Tokens, station.TokenInfo{Name: strings.Repeat("M", 62) + fmt.Sprint(10+i), Since: testNow})
	}
	return a
}

func TestSoftware_Texts(t *testing.T) {
	w, a := newWords("fr"), everyAccess()
	text := w.access(&a, testNow)
	for name, c := range map[string]struct {
		got  []rowText
		want [][3]string // name, state, detail
	}{
		"connected": {text.connected, [][3]string{
			{ehrSite, "connecté depuis 11:05", "Socket.IO 3 ou 4 (Engine.IO 4) · WebSocket · dernière mesure reçue il y a 4\u00a0s"},
			{"Jeton «\u00a0Logiciel médical, accueil\u00a0»", "connecté depuis 12:05", "Socket.IO 2 (Engine.IO 3) · requêtes HTTP · dernière mesure reçue il y a 7\u00a0min"},
			{"Programme de ce poste, sans jeton", "connecté depuis 14:04", "Socket.IO 3 ou 4 (Engine.IO 4) · WebSocket · aucune mesure reçue"},
		}},
		"pages": {text.pages, [][3]string{
			{ehrSite, "autorisé depuis le 11/10/2026", "dernière mesure reçue il y a 4\u00a0s"},
			{"http://192.168.1.20:8080", "autorisé cette fois, tant que la page reste ouverte", "aucune mesure reçue"},
			{"Page sans adresse (fichier local)", "autorisé cette fois, jusqu’à 14:06:42 si la page ne revient pas", "aucune mesure reçue"},
			{"https://publicite.example", "refusé jusqu’à 14:14", "aucune mesure reçue"},
		}},
		"tokens": {text.tokens, [][3]string{
			{"Logiciel médical, accueil", "créé le 20/11/2026", "dernière mesure reçue il y a 7\u00a0min"},
			{"Passerelle de recherche", "créé le 04/05/2026", "aucune mesure reçue"},
		}},
		"others": {text.others, [][3]string{{"https://ancien.example", "plus connecté", "dernière mesure reçue il y a 50\u00a0j"}}},
	} {
		if len(c.got) != len(c.want) {
			t.Errorf("%s: %d rows", name, len(c.got))
			continue
		}
		for i, want := range c.want {
			if got := ([3]string{c.got[i].name, c.got[i].state, c.got[i].detail}); got != want {
				t.Errorf("%s %d:\n%q\n%q", name, i, got, want)
			}
		}
	}
	if text.pages[3].action != "Autoriser" || text.pages[0].action != "Révoquer…" || text.empty() {
		t.Errorf("%+v", text.pages)
	}
}

func TestTokenProblem(t *testing.T) {
	w, existing := newWords("fr"), []station.TokenInfo{{Name: "EHR"}}
	for _, good := range []string{"A", "Logiciel médical", " EHR 2 ", strings.Repeat("é", 64)} {
		if problem := w.tokenProblem(good, existing); problem != "" {
			t.Errorf("%q: %s", good, problem)
		}
	}
	for bad, key := range map[string]string{
		"": "token.needed", "  ": "token.needed", "EHR": "token.taken", " EHR ": "token.taken", "a\u202eb": "token.unprintable", "a\tb": "token.unprintable",
	} {
		if got := w.tokenProblem(bad, existing); got != w.say(key) {
			t.Errorf("%q: %q, want %s", bad, got, key)
		}
	}
	if w.tokenProblem(strings.Repeat("é", 65), nil) == "" {
		t.Error("65 characters pass")
	}
}

func TestOriginProblem(t *testing.T) {
	w := newWords("fr")
	for _, good := range []string{"https://ehr.example", "http://192.168.1.20:8080", " HTTPS://EHR.example/ ", "http://[::1]:3000", "http://localhost"} {
		if problem := w.originProblem(good); problem != "" {
			t.Errorf("%q: %s", good, problem)
		}
	}
	for _, bad := range []string{"", "ehr.example", "https://", "https://ehr.example/page", "null", "https://ehr.example:0", "https://é.example", "https://*.example"} {
		if w.originProblem(bad) == "" {
			t.Errorf("%q passes", bad)
		}
	}
}

// opened is a driven window with the page of software in front, its access shown.
func opened(t *testing.T) *driven {
	d := newDriven(t)
	d.core.held.access = everyAccess()
	d.front()
	d.screen.open(pageSoftware)
	d.take()
	return d
}

// row is the one of a thing; nil when there is none.
func (l *rowList) row(key string) *listed {
	for at, row := range l.rows {
		if strings.HasPrefix(at, key+"\x00") {
			return row
		}
	}
	return nil
}

func TestSoftware_RevokedOnceConfirmed(t *testing.T) {
	d := opened(t)
	p := d.screen.software
	test.Tap(p.lists[1].row(ehrSite).action)
	d.press(fyne.KeyEscape)
	if len(d.core.asked) > 0 {
		t.Fatal("Escape revoked it")
	}
	test.Tap(p.lists[1].row(ehrSite).action)
	d.frame.Canvas().FocusNext()
	d.press(fyne.KeyReturn)
	if got := await(t, d.core.asked); got != "revoke "+ehrSite {
		t.Errorf("asked to %q", got)
	}
	test.Tap(p.lists[2].row("Passerelle de recherche").action)
	d.frame.Canvas().FocusNext()
	d.press(fyne.KeyReturn)
	if got := await(t, d.core.asked); got != "revoke token Passerelle de recherche" {
		t.Errorf("asked to %q", got)
	}
	test.Tap(p.lists[1].row("https://publicite.example").action) // allowing it can be taken back
	if got := await(t, d.core.asked); got != "allow https://publicite.example" {
		t.Errorf("asked to %q", got)
	}
}

func TestSoftware_SiteAllowedByHand(t *testing.T) {
	d := opened(t)
	d.askAllow()
	field := d.frame.Canvas().Focused().(*field)
	test.Type(field, "ehr.example")
	d.press(fyne.KeyReturn)
	if len(d.core.asked) > 0 || field.hint.Importance != widget.DangerImportance {
		t.Fatal("what is no address passes")
	}
	field.SetText("https://ehr.example")
	d.press(fyne.KeyReturn)
	if got := await(t, d.core.asked); got != "allow https://ehr.example" {
		t.Errorf("asked to %q", got)
	}
}

func TestSoftware_TokenIsShownOnceAndCanBeCopied(t *testing.T) {
	d := opened(t)
	test.Tap(d.screen.software.create)
	test.Type(d.frame.Canvas().Focused(), "EHR")
	d.press(fyne.KeyReturn)
	if got := await(t, d.core.asked); got != "create token EHR" {
		t.Errorf("asked to %q", got)
	}
	d.take()
	q := d.dialogs.current
	if q.title != "Jeton «\u00a0EHR\u00a0»" || !strings.Contains(test.RenderToMarkup(d.frame.Canvas()), testSecret) {
		t.Fatalf("shown: %+v", q)
	}
	d.frame.Canvas().FocusPrevious()
	d.press(fyne.KeyReturn)
	if got := d.app.Clipboard().Content(); got != testSecret {
		t.Errorf("copied %q", got)
	}
	d.press(fyne.KeyEscape)
	if strings.Contains(test.RenderToMarkup(d.frame.Canvas()), testSecret) || strings.Contains(fmt.Sprintf("%+v", d.dialogs.current), testSecret) {
		t.Error("the secret stays")
	}
}

func TestSoftware_FailureToCreateIsShown(t *testing.T) {
	d := opened(t)
	d.core.fault = &fhirmap.Fault{Code: "disk_full", French: "Le disque est plein.", English: "disk full"}
	d.askToken(nil)
	test.Type(d.frame.Canvas().Focused(), "EHR")
	d.press(fyne.KeyReturn)
	d.take()
	if d.dialogs.current.title != "L’action n’a pas abouti" || strings.Contains(test.RenderToMarkup(d.frame.Canvas()), testSecret) {
		t.Errorf("shown: %+v", d.dialogs.current)
	}
}

func TestSoftware_AsksNothingWhileItIsNotInFront(t *testing.T) {
	d := newDriven(t)
	d.core.held.access = everyAccess()
	d.front()
	d.show(view{})
	d.screen.age()
	select {
	case <-d.posts:
		t.Error("asked for a page that is not shown")
	default:
	}
	d.screen.open(pageSoftware)
	d.screen.age()
	d.screen.age()
	d.take()
	if len(d.posts) > 0 {
		t.Error("asked again before the answer")
	}
	if n := len(d.screen.software.lists[0].order); n != 3 {
		t.Errorf("%d connections are shown", n)
	}
}

func TestSoftware_LinkOfTheVendorsPageIsCopied(t *testing.T) {
	d := opened(t)
	d.options.PageLink = func() string { return "http://127.0.0.1:63336/#once=x" }
	for _, c := range d.screen.software.copiers {
		test.Tap(c.button)
		if c.Text != "Copié" {
			t.Errorf("says %q", c.Text)
		}
	}
	for range 3 {
		d.screen.age()
	}
	link := d.screen.software.copiers[0]
	test.Tap(link.button)
	if got := d.app.Clipboard().Content(); got != "http://127.0.0.1:63336/#once=x" {
		t.Errorf("copied %q", got)
	}
	if got := d.screen.software.copiers[1].Text; got != "Copier" {
		t.Errorf("still says %q", got)
	}
}

// actionsOfStation are the values of the constants of type station.Action, as its
// source has them.
func actionsOfStation(t *testing.T) (all []station.Action) {
	files, err := filepath.Glob("../station/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			kind, named := spec.Type.(*ast.Ident)
			literal, text := spec.Values[0].(*ast.BasicLit)
			if named && kind.Name == "Action" && text {
				if value, err := strconv.Unquote(literal.Value); err == nil {
					all = append(all, station.Action(value))
				}
			}
			return true
		})
	}
	return all
}

func TestJournal_EveryActionHasASentence(t *testing.T) {
	all := actionsOfStation(t)
	if len(all) < 14 {
		t.Fatalf("found %q", all)
	}
	for _, language := range assets.Languages {
		w, said := newWords(language), map[string]station.Action{}
		for _, action := range all {
			sentence, _ := w.audited(&station.AuditEntry{Action: action, Subject: "7", Detail: "3 things"})
			key := sentences[action]
			if key == "" || w.say(key) == key || strings.Contains(sentence, "{") || !strings.HasSuffix(sentence, ".") || strings.Contains(sentence, "_") {
				t.Errorf("%s, %s: %q", language, action, sentence)
			}
			if other, twice := said[sentence]; twice {
				t.Errorf("%s: %s and %s are both %q", language, action, other, sentence)
			}
			said[sentence] = action
			if _, sorted := kindsOfAudit[action]; !sorted {
				t.Errorf("%s can be found by no filter", action)
			}
		}
	}
}

// TestJournal_KnowsTheReasonsOfTheServer holds the words to what the server and
// the station note.
func TestJournal_KnowsTheReasonsOfTheServer(t *testing.T) {
	var source strings.Builder
	for _, pattern := range []string{"../api/*.go", "../station/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(text)
		}
	}
	w := newWords("fr")
	for noted := range refusals {
		if !strings.Contains(source.String(), strconv.Quote(noted)) {
			t.Errorf("nobody notes %q", noted)
		}
		if said := w.refusal(noted); said == noted || !strings.HasSuffix(said, ".") {
			t.Errorf("%q is told as %q", noted, said)
		}
	}
	for noted, want := range map[string]string{
		`csv, patient "", 3 measurements`:      "csv · tous les patients · mesures\u00a0: 3",
		`fhir, patient "a\"b", 3 measurements`: `fhir · patient a\"b · mesures` + "\u00a0: 3",
		"3 files":                              "3 files",
	} {
		if got := w.export(noted); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func everyAudit() (list []station.AuditEntry) {
	add := func(action station.Action, subject, detail string) {
		at := testNow.Add(-time.Duration(len(list)*len(list)) * 17 * time.Minute)
		list = append(list, station.AuditEntry{At: at, Action: action, Subject: subject, Detail: detail})
	}
	add(station.AuditOriginAllowed, ehrSite, "")
	add(station.AuditAccessRefused, "https://publicite.example", "the clinician has refused this page")
	add(station.AuditTokenCreated, "Logiciel médical, accueil", "")
	add(station.AuditAccessRefused, "", "a Socket.IO client without a token that is valid")
	add(station.AuditDiscarded, "10482", "brassard mal placé")
	add(station.AuditUndone, "10482", "")
	add(station.AuditAssigned, "10390", "")
	add(station.AuditExported, "/home/accueil/Documents/export", `fhir, patient "42", 318 measurements`)
	add(station.AuditQuarantine, "/home/accueil/refus.jsonl", "12 messages")
	add(station.AuditErased, "3f9a0c5577de12ab", "318 measurements")
	add(station.AuditBackup, "/media/cle/vitalien.age", "")
	add(station.AuditOriginRevoked, "https://ancien.example", "")
	add(station.AuditOriginRefused, "null", "")
	return list
}

func TestJournal_FilteredAndFurtherBack(t *testing.T) {
	d := opened(t)
	for range 12 {
		d.core.held.audit = append(d.core.held.audit, everyAudit()...)
	}
	p := d.screen.software
	test.Tap(p.open)
	d.take()
	if len(p.journal.list.Objects) != journalStep || !p.journal.older.Visible() || p.overview.Visible() {
		t.Fatalf("%d entries", len(p.journal.list.Objects))
	}
	for kind, want := range map[auditKind]int{auditGranted: 36, auditRefused: 36, auditGiven: 36, auditChanged: 48} {
		p.journal.choose(kind)
		d.take()
		if n := len(p.journal.list.Objects); n != want || p.journal.older.Visible() {
			t.Errorf("%d entries of kind %d, want %d", n, kind, want)
		}
	}
	p.journal.choose(auditAll)
	d.take()
	seen := 0
	for {
		seen += len(p.journal.list.Objects)
		if !p.journal.older.Visible() {
			break
		}
		test.Tap(p.journal.older)
		d.take()
	}
	if seen != 156 || p.journal.at != 3 {
		t.Errorf("%d entries of all", seen)
	}
	for p.journal.newer.Visible() {
		test.Tap(p.journal.newer)
		d.take()
	}
	if n := len(p.journal.list.Objects); p.journal.at != 0 || n != journalStep {
		t.Errorf("%d entries at first", n)
	}
	d.frame.Canvas().Focus(p.journal.back)
	d.press(fyne.KeyEscape)
	if p.journal.Visible() || !p.overview.Visible() || d.frame.Canvas().Focused() != fyne.Focusable(p.open) {
		t.Error("Escape does not go back to where it was opened")
	}
}

// The answer to a filter that was left comes too late.
func TestJournal_TheLastFilterWins(t *testing.T) {
	d := opened(t)
	d.core.held.audit = everyAudit()
	p := d.screen.software
	var late func(journal, error)
	p.do.access.journal = func(kind auditKind, _ int, done func(journal, error)) { late = done }
	p.journal.do.access.journal = p.do.access.journal
	p.journal.choose(auditAll)
	first := late
	p.journal.choose(auditRefused)
	late(journal{entries: everyAudit()[1:2]}, nil)
	first(journal{entries: everyAudit()}, nil)
	if n := len(p.journal.list.Objects); n != 1 {
		t.Errorf("%d entries", n)
	}
	p.journal.choose(auditAll)
	late(journal{}, io.ErrUnexpectedEOF)
	if p.journal.note.Text == "" || p.journal.note.Importance != widget.DangerImportance {
		t.Errorf("a failure is told as %q", p.journal.note.Text)
	}
}

// softwareScenes are the states of the page of software.
func softwareScenes() map[string]scene {
	shows := func(a station.Access) func(*screen) { return func(s *screen) { s.software.show(a) } }
	opens := func(j journal, err error) func(*screen) {
		return func(s *screen) {
			s.software.show(everyAccess())
			s.software.openJournal()
			s.software.journal.show(j, err)
		}
	}
	full := journal{older: 40}
	for range 4 {
		full.entries = append(full.entries, everyAudit()...)
	}
	failed := &fhirmap.Fault{Code: "store_corrupt", French: "Le journal des accès n’a pas pu être lu : le fichier des mesures est endommagé. Contactez le support.", English: "x"}
	connected := func(a station.Access) view { return view{situation: station.Situation{Clients: len(a.Connections)}} }
	return map[string]scene{
		"software":         {view: connected(everyAccess()), page: pageSoftware, prepare: shows(everyAccess())},
		"software-tokens":  {page: pageSoftware, prepare: shows(station.Access{Tokens: everyAccess().Tokens}), options: func(o *Options) { o.Tokens = true }},
		"software-none":    {page: pageSoftware, prepare: shows(station.Access{})},
		"software-long":    {view: connected(longAccess()), page: pageSoftware, prepare: shows(longAccess())},
		"software-journal": {page: pageSoftware, prepare: opens(full, nil)},
		"software-empty":   {page: pageSoftware, prepare: opens(journal{}, nil)},
		"software-failed":  {page: pageSoftware, prepare: opens(journal{unreadable: 2}, failed)},
	}
}

func TestScreen_Software(t *testing.T) { renderScenes(t, softwareScenes()) }

// renderScenes holds each scene to its master images: light and large, dark and
// small.
func renderScenes(t *testing.T, scenes map[string]scene) {
	for name, scene := range scenes {
		for form, size := range map[string]fyne.Size{"light": {Width: usualWidth, Height: usualHeight}, "dark": {Width: leastWidth, Height: leastHeight}} {
			file := fmt.Sprintf("%s-%s-%.0fx%.0f", name, form, size.Width, size.Height)
			t.Run(file, func(t *testing.T) {
				test.NewTempApp(t).Settings().SetTheme(forced{variant: forms[form]})
				o := testOptions()
				if scene.options != nil {
					scene.options(&o)
				}
				s := newScreen(newWords("fr"), o, idle())
				w := test.NewTempWindow(t, s.Container)
				w.SetPadded(false)
				w.Resize(size)
				scene.stand(s)
				if needed := s.MinSize(); needed.Width > leastWidth || needed.Height > leastHeight {
					t.Errorf("needs %v, more than the least window", needed)
				}
				test.AssertRendersToImage(t, file+".png", w.Canvas())
			})
		}
	}
}

func TestQuestions_OfSoftware(t *testing.T) {
	w := newWords("fr")
	for name, q := range map[string]question{
		"allow":             w.allowQuestion(func(string) {}),
		"revoke":            w.revokeQuestion(longAccess().Pages[0].Origin, func() {}),
		"revoke-token":      w.revokeTokenQuestion("Logiciel médical, accueil", true, func() {}),
		"revoke-token-open": w.revokeTokenQuestion("Logiciel médical, accueil", false, func() {}),
		"token":             w.tokenQuestion(nil, func(string) {}),
		"secret":            w.secretNotice("Logiciel médical, accueil", testSecret, func() {}),
	} {
		t.Run(name, func(t *testing.T) {
			test.NewTempApp(t).Settings().SetTheme(forced{variant: theme.VariantLight})
			window := test.NewTempWindow(t, newPanel(theme.ColorNameBackground, "", ""))
			window.Resize(fyne.NewSize(560, 440))
			if !newDialogs(window.Canvas(), func() {}, func() {}).ask(q) {
				t.Fatal("not asked")
			}
			test.AssertRendersToImage(t, "question-"+name+"-light.png", window.Canvas())
		})
	}
}
