// Package assets holds the icons and the texts of the window, embedded in the
// program.
//
// All drawings are the project's own. The symbols are drawn in one colour,
// currentColor, for the window to tint; the devices in the colours of the light
// theme, for the window to exchange.
package assets

import (
	"embed"
	"encoding/json"
	"fmt"
)

// The icon of the program, and what the tray shows.
var (
	//go:embed icon.svg
	IconSVG []byte
	//go:embed icon.png
	Icon []byte // 512 × 512 px
	//go:embed tray.png
	Tray []byte // 64 × 64 px
	//go:embed tray-trouble.png
	TrayTrouble []byte // the same with a red dot: a link is in failure
	//go:embed tray-alarm.png
	TrayAlarm []byte // the same with a yellow triangle: an alarm waits for a person
)

//go:embed icons/*.svg
var symbols embed.FS

//go:embed devices/*.svg
var devices embed.FS

//go:embed fr.json en.json
var texts embed.FS

// Languages are those with texts, the usual one first.
var Languages = []string{"fr", "en"}

// Symbol is a drawing of 24 × 24 units in SVG, in currentColor. It panics for
// a name without a drawing, which is a mistake of the program.
func Symbol(name string) []byte {
	drawing, err := symbols.ReadFile("icons/" + name + ".svg")
	if err != nil {
		panic("assets: no symbol " + name)
	}
	return drawing
}

// Device is a drawing of 160 × 120 units in SVG of a device that can be paired,
// by the id of its model or family: what must be pressed is highlighted, and the
// screen shows what it shows then. It tells whether there is one.
func Device(model string) (drawing []byte, ok bool) {
	drawing, err := devices.ReadFile("devices/" + model + ".svg")
	return drawing, err == nil
}

// Texts are all texts of the window in a language, by key. Keys without a dot
// are strings of the toolkit itself.
func Texts(language string) (map[string]string, error) {
	content, err := texts.ReadFile(language + ".json")
	if err != nil {
		return nil, fmt.Errorf("no texts in %q", language)
	}
	byKey := map[string]string{}
	if err := json.Unmarshal(content, &byKey); err != nil {
		return nil, fmt.Errorf("texts in %q: %w", language, err)
	}
	return byKey, nil
}
