package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

func drivenWard(t *testing.T, beds int) *driven {
	t.Helper()
	d := newDriven(t)
	d.frame.Resize(fyne.NewSize(usualWidth, usualHeight))
	d.front()
	d.show(wardView(beds))
	return d
}

// titles are those of the beds that are seen.
func (d *driven) titles() (all []string) {
	live := d.screen.live
	if live.large.Visible() {
		all = append(all, "large "+live.large.panel.title.text())
	}
	if live.list.Visible() {
		for _, key := range live.beds.order {
			all = append(all, live.beds.panels[key].bed.title.text())
		}
	}
	return all
}

func TestBed_AClickEnlargesIt(t *testing.T) {
	d := drivenWard(t, 6)
	second := d.screen.live.beds.panels[d.screen.live.beds.order[1]]
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(second.option).AddXY(second.Size().Width/2, second.Size().Height/2)
	test.TapCanvas(d.frame.Canvas(), at)
	if got := d.titles(); len(got) != 1 || got[0] != "large Lit 2" {
		t.Fatalf("shown: %q", got)
	}
	if got := focusedText(d.frame.Canvas()); got != "Tous les lits" {
		t.Errorf("the keyboard is on %q", got)
	}
	heart := d.screen.live.large.panel.gauges[0].(*tile)
	if main, _ := figuresOf(heart); main.TextSize != theme.Size(sizeRoom) {
		t.Errorf("figures of %v, want the largest", main.TextSize)
	}
	d.press(fyne.KeyEscape)
	if got := d.titles(); len(got) != 6 {
		t.Errorf("then shown: %q", got)
	}
	if d.frame.Canvas().Focused() != second.option {
		t.Error("the keyboard is not where it was")
	}
}

func TestBed_WithTheKeyboardAndTheButton(t *testing.T) {
	d := drivenWard(t, 3)
	d.frame.Canvas().Focus(d.screen.live.beds.panels[d.screen.live.beds.order[2]].option)
	d.press(fyne.KeyReturn)
	if got := d.titles(); len(got) != 1 || got[0] != "large Lit 3" {
		t.Fatalf("shown: %q", got)
	}
	test.Tap(d.screen.live.large.back)
	if got := d.titles(); len(got) != 3 {
		t.Errorf("then shown: %q", got)
	}
}

func TestBed_EscapeWithoutAFocusGoesBack(t *testing.T) {
	d := drivenWard(t, 2)
	d.screen.live.beds.enlarge(d.screen.live.beds.order[0])
	d.frame.Canvas().Unfocus()
	d.press(fyne.KeyEscape)
	if got := d.titles(); len(got) != 2 {
		t.Errorf("shown: %q", got)
	}
}

// What is large goes on to change, and gives way when its bed is gone.
func TestBed_LargeFollowsItsBed(t *testing.T) {
	d := drivenWard(t, 3)
	d.screen.live.beds.enlarge(bedKey{"m1", "2"})
	v := wardView(3)
	rate := liveOf(v.live[1].Values[0].Type, "140", v.live[1].Values[0].Unit, valid)
	v.live[1].Values[0] = rate
	d.screen.showLive(v.live)
	if got := d.screen.live.large.panel.gauges[0].(*tile).value.main; got != "140" {
		t.Errorf("shows %s", got)
	}
	d.screen.showLive(append(v.live[:1:1], v.live[2]))
	if got := d.titles(); len(got) != 2 || got[1] != "Lit 3" {
		t.Errorf("then shown: %q", got)
	}
	d.show(view{})
	if !d.screen.live.empty.Visible() {
		t.Error("the empty page is not shown")
	}
}

func TestWard_FormByTheNumberOfBeds(t *testing.T) {
	for beds, want := range map[int]struct {
		strips  bool
		columns int
	}{1: {false, 1}, 2: {false, 1}, 4: {false, 1}, 5: {true, 3}, 16: {true, 3}} {
		d := drivenWard(t, beds)
		ward := d.screen.live.beds.ward
		if ward.form().strips != want.strips || ward.columns != want.columns {
			t.Errorf("%d beds: %+v in %d columns", beds, ward.form(), ward.columns)
		}
		for _, key := range d.screen.live.beds.order {
			panel := d.screen.live.beds.panels[key]
			if needed := panel.MinSize(); panel.Size().Height < needed.Height || panel.Size().Width < needed.Width {
				t.Errorf("%d beds: one has %v and needs %v", beds, panel.Size(), needed)
			}
		}
	}
}

func TestWard_BedsSideBySide(t *testing.T) {
	for _, c := range []struct {
		beds    int
		width   float32
		columns int
	}{
		{2, 860, 1}, {2, 1000, 2}, {4, 1700, 2}, {3, 1700, 3}, {5, 860, 3}, {16, 1700, 6}, {16, 560, 2}, {16, 200, 1}, {7, 1700, 4},
	} {
		w := newWard()
		w.count(c.beds)
		w.fit(fyne.NewSize(c.width, 500))
		if w.columns != c.columns {
			t.Errorf("%d beds on %v: %d columns, want %d", c.beds, c.width, w.columns, c.columns)
		}
	}
}

func TestForemost_NoAlarmIsLeftOut(t *testing.T) {
	texts := make([]tileText, 8)
	for i := range texts {
		texts[i].name = string(rune('a' + i))
	}
	names := func(most int) (got string) {
		first, _ := foremost(texts, most)
		for _, text := range first {
			got += text.name
		}
		return got
	}
	if got := names(5); got != "abcde" {
		t.Error(got)
	}
	texts[6].alarm, texts[1].alarm = "PH", "PM"
	if got := names(5); got != "abcdg" {
		t.Error(got)
	}
	for i := range texts {
		texts[i].alarm = "PH"
	}
	first, others := foremost(texts, 5)
	if len(first) != 5 || others != 3 {
		t.Errorf("%d shown, %d not", len(first), others)
	}
	if first, others := foremost(texts, 0); len(first) != 8 || others != 0 {
		t.Errorf("%d shown, %d not", len(first), others)
	}
}
