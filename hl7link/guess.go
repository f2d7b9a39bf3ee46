package hl7link

import (
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

// guess tells from the bytes alone in which character set text is written that
// is not UTF-8 and names none. In Latin texts letters above ASCII stand alone
// between others; Cyrillic and Chinese words have nothing else.
func guess(text []byte, mindray bool) encoding.Encoding {
	c := countHigh(text)
	switch {
	case c.paired*2 < c.high || c.high == 0:
		return c.latin()
	case mindray && c.shifted*5 >= c.paired*4 && c.shifted >= c.cyrillic:
		return shiftedCyrillic
	case c.cyrillic*5 >= c.paired*4:
		return charmap.Windows1251
	case c.odd == 0 && c.common*5 >= c.pairs*4:
		return simplifiedchinese.GB18030
	}
	return c.latin()
}

// A highCount is what the bytes above ASCII of a text are like: how many of them
// stand in which kind of run.
type highCount struct {
	high     int  // all of them
	paired   int  // beside another one
	cyrillic int  // in a word of windows-1251
	shifted  int  // in a word of shifted Cyrillic
	odd      int  // runs of odd length
	pairs    int  // pairs of a run, from its begin
	common   int  // pairs that are a frequent Chinese character (GB 2312, level 1)
	latin9   bool // a letter of ISO-8859-15's own stands beside an ASCII letter
	control  bool // 0x80 to 0x9F, which no ISO-8859 has letters at
}

func countHigh(text []byte) (c highCount) {
	for i := 0; i < len(text); {
		if text[i] < 0x80 {
			i++
			continue
		}
		end := i
		for end < len(text) && text[end] >= 0x80 {
			end++
		}
		c.run(text, i, end)
		i = end
	}
	return c
}

// run counts the bytes text[begin:end], all above ASCII.
func (c *highCount) run(text []byte, begin, end int) {
	run, n := text[begin:end], end-begin
	c.high += n
	c.odd += n % 2
	if n > 1 {
		c.paired += n
		if isWord(run, 0) {
			c.cyrillic += n
		}
		if isWord(run, 0x10) {
			c.shifted += n
		}
	}
	lettered := begin > 0 && isLetter(text[begin-1]) || end < len(text) && isLetter(text[end])
	for i, b := range run {
		c.latin9 = c.latin9 || lettered && ownLatin9[b]
		c.control = c.control || b < 0xA0
		if i%2 == 1 {
			c.pairs++
			if run[i-1] >= 0xB0 && run[i-1] <= 0xD7 && b >= 0xA1 && b <= 0xFE {
				c.common++
			}
		}
	}
}

// isWord tells whether run is a Cyrillic word of windows-1251 with by taken off
// every byte: all capitals, or small letters behind the first. An abbreviation
// of three letters or more may begin with a small one: monitors write "нАД".
func isWord(run []byte, by byte) bool {
	capitals, small := true, true
	for i, b := range run {
		capital := b >= 0xC0-by && b <= 0xDF-by || b == 0xA8-by // Ё
		lower := b >= 0xE0-by && b <= 0xFF-by || b == 0xB8-by   // ё
		capitals = capitals && (capital || i == 0 && lower && len(run) > 2)
		small = small && (lower || i == 0 && capital)
	}
	return capitals || small
}

// latin is windows-1252, or ISO-8859-15 where one of its own letters (Œ, œ, Ÿ,
// Š, š, Ž, ž) stands in a word, where windows-1252 has fractions and accents.
func (c *highCount) latin() encoding.Encoding {
	if c.latin9 && !c.control {
		return charmap.ISO8859_15
	}
	return charmap.Windows1252
}

var ownLatin9 = [256]bool{0xA6: true, 0xA8: true, 0xB4: true, 0xB8: true, 0xBC: true, 0xBD: true, 0xBE: true}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// shiftedCyrillic is how Mindray monitors with Cyrillic firmware write: windows-
// 1251 with 0x10 taken off every byte.
var shiftedCyrillic encoding.Encoding = shifted{}

type shifted struct{}

func (shifted) NewDecoder() *encoding.Decoder {
	return &encoding.Decoder{Transformer: transform.Chain(shift(0x10), charmap.Windows1251.NewDecoder())}
}

func (shifted) NewEncoder() *encoding.Encoder {
	return &encoding.Encoder{Transformer: transform.Chain(charmap.Windows1251.NewEncoder(), shift(-0x10))}
}

// shift adds to the bytes that the shift is between: 0x80 to 0xEF on the way
// in, 0x90 to 0xFF on the way out.
type shift int

func (shift) Reset() {}

func (by shift) Transform(dst, src []byte, _ bool) (nDst, nSrc int, err error) {
	first, last := 0x80, 0xEF
	if by < 0 {
		first, last = first-int(by), last-int(by)
	}
	for i, c := range src {
		if i == len(dst) {
			return i, i, transform.ErrShortDst
		}
		if int(c) >= first && int(c) <= last {
			c = byte(int(c) + int(by))
		}
		dst[i] = c
	}
	return len(src), len(src), nil
}
