package ui

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"vitalien/fhirmap"
)

func testLive(t *testing.T) *livePage {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(calm{})
	p := newLivePage(newWords("fr"), func() time.Time { return testNow }, func(fyne.Focusable) {}, canvas.NewRectangle(nil))
	w := test.NewTempWindow(t, p.Container)
	w.Resize(fyne.NewSize(900, 600))
	return p
}

// pulses are n heart rates, newest first: the newest has the highest number
// in the log and is its rate as well.
func pulses(n int) []fhirmap.Recorded {
	all := make([]fhirmap.Recorded, n)
	for i := range all {
		d := fhirmap.NewDecimal(int64(n-i), 0)
		all[i] = fhirmap.Recorded{
			Measurement: of(fhirmap.HeartRate, fhirmap.Reading{Type: fhirmap.HeartRate, Value: &d, Unit: fhirmap.BeatsPerMinute}),
			Log:         "log", Seq: uint64(n - i), Received: testNow,
		}
	}
	return all
}

func (p *livePage) first() string {
	for _, c := range p.cards {
		if c.Container == p.grid.Objects[0] {
			return c.value.main
		}
	}
	return ""
}

func TestLive_NewestFirstAndAtMostAHundred(t *testing.T) {
	p := testLive(t)
	if !p.empty.Visible() || p.list.Visible() {
		t.Error("the empty page is not shown")
	}
	p.update(view{recent: pulses(150)})
	if p.empty.Visible() || !p.list.Visible() {
		t.Error("the empty page is still shown")
	}
	if len(p.grid.Objects) != maxCards || len(p.cards) != maxCards || p.first() != "150" {
		t.Errorf("%d cards, first %s", len(p.grid.Objects), p.first())
	}
}

func TestLive_CardsStayWithTheirMeasurement(t *testing.T) {
	p := testLive(t)
	p.update(view{recent: pulses(100)})
	kept, oldest := p.cards[key{"log", 100}], p.cards[key{"log", 1}]
	p.update(view{recent: pulses(101)})
	if p.cards[key{"log", 100}] != kept {
		t.Error("a measurement changed its card")
	}
	if p.cards[key{"log", 101}] != oldest {
		t.Error("the card that fell out does not serve again")
	}
	if p.first() != "101" {
		t.Errorf("first is %s", p.first())
	}
}

func TestLive_WhoReadsFurtherDownIsNotDisturbed(t *testing.T) {
	p := testLive(t)
	p.update(view{recent: pulses(40)})
	p.scroll.ScrollToOffset(fyne.NewPos(0, 300))
	p.update(view{recent: pulses(42)})
	if p.first() != "40" || !p.fresh.Visible() || p.fresh.Text != "2\u00a0nouvelles mesures" {
		t.Fatalf("first %s, button %q, shown %v", p.first(), p.fresh.Text, p.fresh.Visible())
	}
	corrected := pulses(43)
	corrected[43-40].Subject = eloise
	p.update(view{recent: corrected})
	if got := p.cards[key{"log", 40}].whose.text; got != "LEFÈVRE Éloïse" {
		t.Errorf("a correction of a card on screen is not shown: %q", got)
	}
	test.Tap(p.fresh)
	if p.first() != "43" || p.fresh.Visible() || p.scroll.Offset.Y != 0 {
		t.Errorf("first %s, button shown %v, at %v", p.first(), p.fresh.Visible(), p.scroll.Offset)
	}
}

func TestLive_ScrollingBackUpShowsWhatWaited(t *testing.T) {
	p := testLive(t)
	p.update(view{recent: pulses(40)})
	p.scroll.ScrollToOffset(fyne.NewPos(0, 300))
	p.update(view{recent: pulses(41)})
	p.scroll.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, 400)})
	if p.first() != "41" || p.fresh.Visible() {
		t.Errorf("first %s, button shown %v", p.first(), p.fresh.Visible())
	}
}

func TestLive_Age(t *testing.T) {
	p := testLive(t)
	now := testNow
	p.now = func() time.Time { return now }
	p.update(view{recent: pulses(1)})
	now = now.Add(7 * time.Second)
	p.age()
	if got := p.cards[key{"log", 1}].old.text; got != "il y a 7\u00a0s" {
		t.Errorf("%q", got)
	}
}

func TestTiles_ColumnsByWidth(t *testing.T) {
	for width, want := range map[float32]int{100: 1, 272: 1, 555: 1, 556: 2, 840: 3, 1500: 5} {
		layout := &tiles{least: cardWidth}
		layout.fit(width)
		if layout.columns != want {
			t.Errorf("%v: %d columns, want %d", width, layout.columns, want)
		}
	}
}

func TestEllipsis(t *testing.T) {
	test.NewTempApp(t)
	style := fyne.TextStyle{}
	if got := ellipsis("Lit 3", 500, 13, style); got != "Lit 3" {
		t.Errorf("what fits is cut: %q", got)
	}
	for _, width := range []float32{20, 60, 100} {
		got := ellipsis("Moniteur du service de chirurgie", width, 13, style)
		if fyne.MeasureText(got, 13, style).Width > width {
			t.Errorf("%q is wider than %v", got, width)
		}
	}
}

func TestFolded_KeepsEveryLetterOfTheAddress(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(calm{})
	for _, address := range []string{
		"https://a.fr", "null", "https://logiciel.cabinet-medical-des-lilas.example.fr:8443",
		"https://sanspointquoiquecesoitvraimenttrestrestreslongcommeadresse",
	} {
		joined := strings.ReplaceAll(folded(address, 300), "\n", "")
		if joined != address {
			t.Errorf("%q became %q", address, joined)
		}
	}
}

// bedsAndPulses is a page with beds above so many measurements.
func bedsAndPulses(n int) view { return view{recent: pulses(n), live: threeBeds()} }

func TestLive_BedsStandAboveTheMeasurementsInTheirOrder(t *testing.T) {
	p := testLive(t)
	p.update(bedsAndPulses(3))
	var titles []string
	for _, key := range p.beds.order {
		titles = append(titles, p.beds.panels[key].bed.title.text())
	}
	if got := strings.Join(titles, ", "); got != "Lit 1 · BeneView T8, Lit 2 · uMEC 10, Lit 10 · uMEC 10" {
		t.Errorf("%s", got)
	}
	if p.top() == 0 || !p.heading.Visible() || p.first() != "3" {
		t.Errorf("measurements begin at %v, first %s", p.top(), p.first())
	}
	p.update(view{live: threeBeds()[:1]})
	if p.heading.Visible() || p.empty.Visible() || len(p.beds.panels) != 1 {
		t.Errorf("heading %v, empty %v, %d beds", p.heading.Visible(), p.empty.Visible(), len(p.beds.panels))
	}
	p.update(view{})
	if p.beds.Visible() || !p.empty.Visible() {
		t.Error("beds are shown that are gone")
	}
}

func TestLive_ABedThatAppearsDoesNotMoveWhatIsRead(t *testing.T) {
	p := testLive(t)
	p.update(view{recent: pulses(40), live: threeBeds()[:1]})
	p.scroll.ScrollToOffset(fyne.NewPos(0, p.top()+200))
	p.update(bedsAndPulses(42))
	if got := p.scroll.Offset.Y - p.top(); got != 200 {
		t.Errorf("reads at %v below the heading, was at 200", got)
	}
	if p.first() != "40" || !p.fresh.Visible() {
		t.Error("what is new does not wait")
	}
	test.Tap(p.fresh)
	if p.first() != "42" || p.scroll.Offset.Y != p.top() {
		t.Errorf("first %s, at %v, measurements begin at %v", p.first(), p.scroll.Offset.Y, p.top())
	}
}

func TestLive_WhoLooksAtTheBedsGetsNewMeasurementsBelow(t *testing.T) {
	p := testLive(t)
	p.update(bedsAndPulses(40))
	p.scroll.ScrollToOffset(fyne.NewPos(0, p.top()/2))
	at := p.scroll.Offset
	p.update(bedsAndPulses(41))
	if p.first() != "41" || p.scroll.Offset != at || p.fresh.Visible() {
		t.Errorf("first %s, at %v, button shown %v", p.first(), p.scroll.Offset, p.fresh.Visible())
	}
}

func TestLive_ValuesPaleWithTime(t *testing.T) {
	p := testLive(t)
	now := testNow
	p.now = func() time.Time { return now }
	p.update(view{live: threeBeds()[1:2]})
	panel := p.beds.panels[p.beds.order[0]]
	tile := panel.bed.gauges[0].(*tile)
	for _, c := range []struct {
		after       time.Duration
		value, note string
		colour      fyne.ThemeColorName
	}{
		{0, "72", "50–120", colourPulse},
		{20 * time.Second, "72", "50–120", colourMuted},
		{62 * time.Second, "128/82", "90–160", colourPressure}, // the cuff's alone is left
	} {
		now = testNow.Add(c.after)
		p.age()
		if tile.value.main != c.value || tile.note.text != c.note || tile.value.colour != c.colour {
			t.Errorf("after %v: %s, %s, %s", c.after, tile.value.main, tile.note.text, tile.value.colour)
		}
	}
	if len(panel.bed.grid.Objects) != 1 || panel.bed.fresh.text != "Rien reçu depuis 1\u00a0min" {
		t.Errorf("%d tiles, %q", len(panel.bed.grid.Objects), panel.bed.fresh.text)
	}
}

func TestLive_SaysHowManyBedsItDoesNotShow(t *testing.T) {
	p := testLive(t)
	p.update(view{live: wideBeds()})
	if len(p.beds.panels) != maxBeds || p.beds.more.text != "2 autres lits ne sont pas affichés" || !p.beds.more.Visible() {
		t.Errorf("%d beds, then %q", len(p.beds.panels), p.beds.more.text)
	}
}

// Cards side by side are of one height, whatever one of them has to say.
func TestLive_FlagsMakeRoomOnAllCards(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(calm{})
	s := newScreen(newWords("fr"), testOptions(), idle())
	w := test.NewTempWindow(t, s.Container)
	w.Resize(fyne.NewSize(usualWidth, usualHeight))
	height := func(recent []fhirmap.Recorded) (all []float32) {
		s.update(view{recent: recent})
		for _, card := range s.live.grid.Objects {
			all = append(all, card.Size().Height)
		}
		return all
	}
	plain := height(everyType()[:5])
	tall := height(flagged())
	for i := range tall {
		if tall[i] <= plain[i] || tall[i] != tall[0] {
			t.Errorf("card %d is %v high, before it was %v", i, tall[i], plain[i])
		}
	}
	if again := height(everyType()[:5]); again[0] != plain[0] {
		t.Errorf("then %v, want %v", again[0], plain[0])
	}
}
