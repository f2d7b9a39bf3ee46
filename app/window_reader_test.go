package main

import (
	"bytes"
	"cmp"
	"errors"
	"image"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
)

// A word that stands on the screen.
type word struct {
	text string // in small letters and figures alone
	at   image.Rectangle
}

// A clinician reads the screen, and has a mouse and a keyboard.
type clinician struct {
	t       *testing.T
	display string
	clicks  int // that led somewhere
}

// rail is where the names of the pages stand; the page is the rest.
const rail = 286

// enlarged is how much larger than the screen its picture is when it is read.
const enlarged = 2

// read is what a person can read on the screen, line by line.
func (c *clinician) read() []word {
	c.t.Helper()
	enlarge := exec.CommandContext(c.t.Context(), "convert", "png:-", "-threshold", "70%", "-resize", strconv.Itoa(100*enlarged)+"%", "png:-")
	reader := exec.CommandContext(c.t.Context(), "tesseract", "-", "-", "-l", "fra", "--psm", "11", "tsv")
	reader.Env = append(reader.Environ(), "OMP_THREAD_LIMIT=1")
	var picture bytes.Buffer
	if err := png.Encode(&picture, darkOnLight(screenshot(c.t, c.display))); err != nil {
		c.t.Fatal(err)
	}
	enlarge.Stdin = &picture
	large, err := enlarge.Output()
	if err != nil {
		c.t.Fatal(err)
	}
	reader.Stdin = bytes.NewReader(large)
	table, err := reader.Output()
	if err != nil {
		c.t.Fatalf("%v (make test-deps installs what the tests need)", err)
	}
	var words []word
	for line := range strings.Lines(string(table)) {
		cells := strings.Split(strings.TrimSpace(line), "\t")
		if len(cells) < 12 || cells[10] == "conf" {
			continue
		}
		if text := letters(cells[11]); text != "" {
			x, y, w, h := measure(cells[6]), measure(cells[7]), measure(cells[8]), measure(cells[9])
			words = append(words, word{text, image.Rect(x, y, x+w, y+h)})
		}
	}
	return words
}

// darkOnLight is picture with the text of buttons and bands as dark as the rest:
// the recognition passes light text by. A million points are not for the race
// detector.
//
//go:norace
func darkOnLight(picture image.Image) image.Image {
	const (
		dark     = 0x90
		rounding = 8
	)
	size := picture.Bounds()
	text := image.NewGray(size)
	draw.Draw(text, size, picture, size.Min, draw.Src)
	seen := make([]bool, size.Dx()*size.Dy())
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			whole, count := spreading(text, seen, image.Pt(x, y), dark)
			if whole.Dx() < 40 || whole.Dx() < whole.Dy() || 10*count < 6*whole.Dx()*whole.Dy() || whole.Dx() == size.Dx() {
				continue // a letter, an icon, what is around the window
			}
			for y := whole.Min.Y; y < whole.Max.Y; y++ {
				for x := whole.Min.X; x < whole.Max.X; x++ {
					at := text.PixOffset(x, y)
					text.Pix[at] = uint8(min(0xff, 3*(0xff-int(text.Pix[at]))/2))
					if min(x-whole.Min.X, whole.Max.X-1-x)+min(y-whole.Min.Y, whole.Max.Y-1-y) < rounding {
						text.Pix[at] = 0xff // outside of a round corner, which would be read as a bracket
					}
				}
			}
		}
	}
	return text
}

// spreading is the dark area around a point, and how many pixels it has.
//
//go:norace
func spreading(picture *image.Gray, seen []bool, from image.Point, dark uint8) (whole image.Rectangle, count int) {
	for left := []image.Point{from}; len(left) > 0; {
		at := left[len(left)-1]
		left = left[:len(left)-1]
		if !at.In(picture.Rect) {
			continue
		}
		if i := picture.PixOffset(at.X, at.Y); seen[i] || picture.Pix[i] >= dark {
			continue
		} else {
			seen[i] = true
		}
		count++
		whole = whole.Union(image.Rectangle{at, at.Add(image.Pt(1, 1))})
		left = append(left, at.Add(image.Pt(1, 0)), at.Add(image.Pt(-1, 0)), at.Add(image.Pt(0, 1)), at.Add(image.Pt(0, -1)))
	}
	return whole, count
}

func measure(cell string) int {
	n, _ := strconv.Atoi(cell)
	return n / enlarged
}

// letters is what counts of a word: signs and accents are misread.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		r = unicode.ToLower(r)
		if plain, accented := unaccented[r]; accented {
			return plain
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
}

var unaccented = map[rune]rune{
	'à': 'a', 'â': 'a', 'ç': 'c', 'é': 'e', 'è': 'e', 'ê': 'e', 'ë': 'e', 'î': 'i', 'ï': 'i', 'ô': 'o', 'û': 'u', 'ù': 'u',
}

// places are where the words of phrase stand one behind the other, those that are
// read well, else those that are nearly read so.
func places(words []word, phrase string) []image.Rectangle {
	var wanted []string
	for _, w := range strings.Fields(phrase) {
		if w = letters(w); w != "" {
			wanted = append(wanted, w)
		}
	}
	if found := sequences(words, wanted, func(a, b string) bool { return a == b }); len(found) > 0 {
		return found
	}
	return sequences(words, wanted, alike)
}

func sequences(words []word, wanted []string, same func(a, b string) bool) (found []image.Rectangle) {
	for i := range len(words) - len(wanted) + 1 {
		at := words[i].at
		for j, w := range wanted {
			if !same(words[i+j].text, w) {
				at = image.Rectangle{}
				break
			}
			at = at.Union(words[i+j].at)
		}
		if !at.Empty() {
			found = append(found, at)
		}
	}
	return found
}

// alike tells whether a is b with one letter in four misread.
func alike(a, b string) bool {
	x, y := []rune(a), []rune(b)
	before := make([]int, len(y)+1)
	for j := range before {
		before[j] = j
	}
	for i := range x {
		now := []int{i + 1}
		for j := range y {
			cost := before[j]
			if x[i] != y[j] {
				cost++
			}
			now = append(now, min(cost, before[j+1]+1, now[j]+1))
		}
		before = now
	}
	return before[len(y)] <= len(y)/4
}

// await waits until phrase can be read where wanted says so.
func (c *clinician) await(phrase string, wanted func(image.Rectangle) bool) (at image.Rectangle) {
	c.t.Helper()
	var words []word
	deadline := time.Now().Add(patience)
	for {
		words = c.read()
		for _, at := range places(words, phrase) {
			if wanted(at) {
				return at
			}
		}
		if time.Now().After(deadline) {
			break
		}
	}
	var seen []string
	for _, w := range words {
		seen = append(seen, w.text)
	}
	c.keep("missing")
	c.t.Fatalf("%q is not on the screen, but: %s", phrase, strings.Join(seen, " "))
	return at
}

func onPage(at image.Rectangle) bool { return at.Min.X > rail }

// sees waits until phrase can be read on the page.
func (c *clinician) sees(phrase string) { c.t.Helper(); c.await(phrase, onPage) }

// page opens a page by its name in the rail.
func (c *clinician) page(name string) {
	c.t.Helper()
	c.click(c.await(name, func(at image.Rectangle) bool { return at.Max.X < rail }))
}

// chooses clicks on what reads phrase, where it stands twice on the page on the
// lowest first: titles are above what they name, but a text may name a button. It
// does so until then can be read, for an alarm that comes or goes moves the page.
func (c *clinician) chooses(phrase, then string) {
	c.t.Helper()
	deadline := time.Now().Add(patience)
	for attempt := 0; ; attempt++ {
		c.await(phrase, onPage)
		found := slices.DeleteFunc(places(c.read(), phrase), func(at image.Rectangle) bool { return !onPage(at) })
		slices.SortFunc(found, func(a, b image.Rectangle) int { return cmp.Compare(b.Min.Y, a.Min.Y) })
		if len(found) > 0 {
			c.click(found[attempt%len(found)])
		}
		for range 3 {
			if slices.ContainsFunc(places(c.read(), then), onPage) {
				c.clicks++
				return
			}
		}
		if time.Now().After(deadline) {
			c.keep("missing")
			c.t.Fatalf("%q does not lead to %q", phrase, then)
		}
	}
}

func (c *clinician) click(at image.Rectangle) {
	c.t.Helper()
	middle := at.Min.Add(at.Size().Div(2))
	xdotool(c.t, c.display, "mousemove", strconv.Itoa(middle.X), strconv.Itoa(middle.Y), "click", "1")
}

// types writes into what has the keyboard in the window.
func (c *clinician) types(window, text string) {
	c.t.Helper()
	xdotool(c.t, c.display, "windowfocus", "--sync", window, "type", "--delay", "20", text)
}

// keep writes the screen into the folder that VITALIEN_SCREENS names, for who
// wants to look at it.
func (c *clinician) keep(name string) {
	c.t.Helper()
	folder := os.Getenv("VITALIEN_SCREENS")
	if folder == "" {
		return
	}
	file, err := os.Create(filepath.Join(folder, c.t.Name()+"-"+name+".png"))
	if err == nil {
		err = errors.Join(png.Encode(file, screenshot(c.t, c.display)), file.Close())
	}
	if err != nil {
		c.t.Fatal(err)
	}
}
