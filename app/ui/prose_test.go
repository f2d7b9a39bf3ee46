package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// At every width, what French keeps together stands on one line, and no word is
// lost or changed.
func TestProse_NoLineEndsAtANoBreakSpace(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(calm{})
	const text = "Choisissez «\u00a0Accepter\u00a0» dès que le moniteur apparaît\u00a0: 3\u202f456 messages\u202f!\nPuis attendez 5\u00a0secondes."
	for width := float32(150); width < 900; width += 7 {
		size := theme.Size(sizeText)
		shown := inLines(text, width, size, fyne.TextStyle{})
		if strings.NewReplacer("\n", " ").Replace(shown) != strings.ReplaceAll(text, "\n", " ") {
			t.Fatalf("%v: %q", width, shown)
		}
		for line := range strings.SplitSeq(shown, "\n") {
			if got := fyne.MeasureText(line, size, fyne.TextStyle{}).Width; got > width {
				t.Errorf("%v: %q is %v wide", width, line, got)
			}
		}
	}
}

func TestProse_FollowsItsTextAndItsWidth(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(calm{})
	p := paragraph("un")
	w := test.NewTempWindow(t, p)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(200, 400))
	single := p.MinSize().Height
	p.SetText("Répondez «\u00a0Toujours\u00a0» si vous reconnaissez son adresse.")
	narrow := p.MinSize().Height
	w.Resize(fyne.NewSize(900, 400))
	if wide := p.MinSize().Height; narrow <= single || wide != single {
		t.Errorf("%v high with a word, %v with many, %v where there is room", single, narrow, wide)
	}
}

func TestEllipsis_ANumberIsWholeOrNotThere(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(calm{})
	size := theme.Size(sizeText)
	for _, text := range []string{"Pouls 172,25\u00a0bpm", "connecté · 192.168.1.20:2575", "128/82", "1\u202f234 mesures"} {
		whole := fyne.MeasureText(text, size, fyne.TextStyle{}).Width
		for width := float32(1); width < whole-1; width++ {
			cut := ellipsis(text, width, size, fyne.TextStyle{})
			kept := strings.TrimSuffix(cut, "…")
			if kept == cut || !strings.HasPrefix(text, kept) {
				t.Fatalf("%q at %v: %q", text, width, cut)
			}
			if rest := []rune(text[len(kept):]); kept != "" && ofNumber([]rune(kept)[len([]rune(kept))-1]) && ofNumber(rest[0]) {
				t.Errorf("%q at %v: %q", text, width, cut)
			}
		}
	}
}
