package assets

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func load(t *testing.T, language string) map[string]string {
	t.Helper()
	byKey, err := Texts(language)
	if err != nil {
		t.Fatal(err)
	}
	return byKey
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

func placeholders(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return found
}

func TestTexts_SameKeysAndPlaceholdersInBothLanguages(t *testing.T) {
	french, english := load(t, "fr"), load(t, "en")
	for key, text := range french {
		other, ok := english[key]
		if !ok {
			t.Errorf("%s: missing in English", key)
			continue
		}
		if text == "" || other == "" {
			t.Errorf("%s: empty", key)
		}
		if !slices.Equal(placeholders(text), placeholders(other)) {
			t.Errorf("%s: %v in French, %v in English", key, placeholders(text), placeholders(other))
		}
	}
	for key := range english {
		if _, ok := french[key]; !ok {
			t.Errorf("%s: missing in French", key)
		}
	}
}

// sameInBoth are the words that both languages share.
var sameInBoth = []string{
	"app.name", "OK", "help.version",
	"brief.seconds", "brief.minutes", "brief.hours", "monitors.messages.single", "monitors.messages.several",
	"tile.saturation", "tile.pulmonary", "tile.carbon", "rail.consultation", "consult.title",
	"journal.given", "journal.changed", "audit.export.patient", "software.old", "traffic.title", "monitors.traffic",
	"set.bluetooth", "set.lang.fr", "set.lang.en", "set.sound.udp", "set.sound.rtp", "set.minute", "set.minutes",
}

func TestTexts_Untranslated(t *testing.T) {
	french, english := load(t, "fr"), load(t, "en")
	for key, text := range french {
		if text == english[key] && !slices.Contains(sameInBoth, key) {
			t.Errorf("%s: %q in both languages", key, text)
		}
	}
}

// go-i18n, which reads the toolkit's strings, refuses these among other keys.
func TestTexts_NoReservedKey(t *testing.T) {
	reserved := []string{
		"id", "description", "hash", "leftdelim", "rightdelim",
		"zero", "one", "two", "few", "many", "other", "translation",
	}
	for _, language := range Languages {
		for key := range load(t, language) {
			if slices.Contains(reserved, strings.ToLower(key)) {
				t.Errorf("%s: key %q is reserved", language, key)
			}
		}
	}
}

func TestTexts_FrenchTypography(t *testing.T) {
	wrong := map[string]*regexp.Regexp{
		"a plain space before : ; ! ? or »":         regexp.MustCompile(` [:;!?»]`),
		"no space before ; ! ?":                     regexp.MustCompile(`[^\x{202F}\x{00A0}][;!?]`),
		"no no-break space before a colon":          regexp.MustCompile(`[^\x{00A0}]: `),
		"a plain space after «":                     regexp.MustCompile(`«[^\x{00A0}]`),
		"a straight apostrophe or quotation mark":   regexp.MustCompile(`['"]`),
		"three dots instead of an ellipsis":         regexp.MustCompile(`\.\.\.`),
		"a breakable space between number and unit": regexp.MustCompile(`\{n\} (s|min|h|j)\b`),
	}
	for key, text := range load(t, "fr") {
		for what, pattern := range wrong {
			if pattern.MatchString(text) {
				t.Errorf("%s: %s: %q", key, what, text)
			}
		}
	}
}

func TestTexts_UnknownLanguage(t *testing.T) {
	if _, err := Texts("xx"); err == nil {
		t.Error("no error")
	}
}

func TestSymbols_AreWellFormedAndOfOneColour(t *testing.T) {
	colours := regexp.MustCompile(`(?:fill|stroke)="([^"]*)"`)
	names, err := fs.Glob(symbols, "icons/*.svg")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d symbols, %v", len(names), err)
	}
	for _, path := range names {
		name := strings.TrimSuffix(strings.TrimPrefix(path, "icons/"), ".svg")
		drawing := Symbol(name)
		decoder := xml.NewDecoder(bytes.NewReader(drawing))
		for {
			if _, err := decoder.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for _, found := range colours.FindAllStringSubmatch(string(drawing), -1) {
			if found[1] != "none" && found[1] != "currentColor" {
				t.Errorf("%s: colour %s", name, found[1])
			}
		}
	}
}

func TestIcons_Sizes(t *testing.T) {
	for name, icon := range map[string]struct {
		content []byte
		side    int
	}{"icon": {Icon, 512}, "tray": {Tray, 64}, "tray-trouble": {TrayTrouble, 64}, "tray-alarm": {TrayAlarm, 64}} {
		picture, err := png.Decode(bytes.NewReader(icon.content))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if size := picture.Bounds().Size(); size.X != icon.side || size.Y != icon.side {
			t.Errorf("%s: %v, want %d", name, size, icon.side)
		}
	}
	if bytes.Equal(Tray, TrayTrouble) || bytes.Equal(Tray, TrayAlarm) || bytes.Equal(TrayTrouble, TrayAlarm) {
		t.Error("the tray shows no difference in trouble")
	}
}

// The toolkit's drawing of SVG knows neither text nor round corners of
// rectangles, and the window exchanges these colours alone.
func TestDevices_AreWellFormedAndInTheColoursOfTheTheme(t *testing.T) {
	colours := regexp.MustCompile(`(?:fill|stroke)="([^"]*)"`)
	ours := []string{"none", "#51626B", "#FFFFFF", "#DFF0F0", "#00696B", "#E4ECEE"}
	names, err := fs.Glob(devices, "devices/*.svg")
	if err != nil || len(names) != 12 {
		t.Fatalf("%d drawings, %v", len(names), err)
	}
	for _, path := range names {
		name := strings.TrimSuffix(strings.TrimPrefix(path, "devices/"), ".svg")
		drawing, ok := Device(name)
		if !ok {
			t.Fatalf("%s: no drawing", name)
		}
		decoder := xml.NewDecoder(bytes.NewReader(drawing))
		for {
			token, err := decoder.Token()
			if err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if e, ok := token.(xml.StartElement); ok && !slices.Contains([]string{"svg", "path", "circle", "ellipse"}, e.Name.Local) {
				t.Errorf("%s: <%s>", name, e.Name.Local)
			}
		}
		for _, found := range colours.FindAllStringSubmatch(string(drawing), -1) {
			if !slices.Contains(ours, found[1]) {
				t.Errorf("%s: colour %s", name, found[1])
			}
		}
	}
	for _, name := range []string{"", "unknown", "../icon", "."} {
		if _, ok := Device(name); ok {
			t.Errorf("%q has a drawing", name)
		}
	}
}
