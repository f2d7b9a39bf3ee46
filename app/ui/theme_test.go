package ui

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"vitalien/assets"
	"vitalien/fhirmap"
)

// luminance is the relative luminance of WCAG 2.2.
func luminance(c color.NRGBA) float64 {
	linear := func(channel uint8) float64 {
		v := float64(channel) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// contrast is the contrast ratio of WCAG 2.2, success criterion 1.4.3.
func contrast(a, b color.NRGBA) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func TestTheme_ContrastOfEveryTextOnItsGround(t *testing.T) {
	if got := contrast(rgb(0x000000), rgb(0xFFFFFF)); math.Abs(got-21) > 0.001 {
		t.Fatalf("black on white is %.3f, want 21", got)
	}
	const background, overlay = theme.ColorNameBackground, theme.ColorNameOverlayBackground
	grounds := map[fyne.ThemeColorName][]fyne.ThemeColorName{
		colourText: {
			background, overlay, colourCard, colourRail, colourChosen, colourAmberGround,
			theme.ColorNameButton, theme.ColorNameInputBackground,
		},
		colourMuted:                        {background, overlay, colourCard, colourRail},
		theme.ColorNameDisabled:            {background, overlay, colourCard},
		colourAccent:                       {background, colourCard, colourChosen},
		theme.ColorNameForegroundOnPrimary: {colourAccent},
		theme.ColorNameForegroundOnError:   {colourTrouble},
		theme.ColorNameForegroundOnSuccess: {colourGood},
		theme.ColorNameForegroundOnWarning: {theme.ColorNameWarning},
		colourTrouble:                      {colourCard, colourRail, overlay},
		colourGood:                         {colourRail, colourCard},
		colourAmber:                        {colourAmberGround, colourCard, background},
		colourDemo:                         {colourDemoGround},
	}
	for _, l := range alarmLooks {
		grounds[l.on] = []fyne.ThemeColorName{l.strong}
		grounds[l.ink] = append(grounds[l.ink], l.ground, background, colourCard)
		grounds[colourText] = append(grounds[colourText], l.ground)
	}
	for _, l := range looks {
		grounds[l.colour] = []fyne.ThemeColorName{background, colourCard}
	}
	for text, on := range grounds {
		for _, ground := range on {
			light := contrast(shades[text].light, shades[ground].light)
			dark := contrast(shades[text].dark, shades[ground].dark)
			if light < 4.5 || dark < 4.5 {
				t.Errorf("%s on %s: light %.2f, dark %.2f, want 4.5", text, ground, light, dark)
			}
		}
	}
}

func TestTheme_DefinesEveryColourOfTheToolkit(t *testing.T) {
	test.AssertAllColorNamesDefined(t, calm{}, "calm")
}

func TestLooks_EveryVitalHasADrawing(t *testing.T) {
	for _, v := range fhirmap.Vitals() {
		l := lookOf(v.Type)
		if _, ours := shades[l.colour]; !ours || len(assets.Symbol(l.symbol)) == 0 {
			t.Errorf("%s: %+v", v.Type, l)
		}
		if l.symbol == "live" {
			t.Errorf("%s has no look of its own", v.Type)
		}
	}
}
