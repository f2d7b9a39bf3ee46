package hl7link

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// table0211 holds the names of HL7 table 0211 (MSH-18) that mean something
// else than UTF-8, without blanks and in capitals.
var table0211 = map[string]encoding.Encoding{
	"8859/1": charmap.Windows1252, // as browsers do: the C1 bytes are letters in practice
	"8859/2": charmap.ISO8859_2, "8859/3": charmap.ISO8859_3, "8859/4": charmap.ISO8859_4,
	"8859/5": charmap.ISO8859_5, "8859/6": charmap.ISO8859_6, "8859/7": charmap.ISO8859_7,
	"8859/8": charmap.ISO8859_8, "8859/9": charmap.ISO8859_9, "8859/15": charmap.ISO8859_15,
	"ISOIR14": japanese.ISO2022JP, "ISOIR87": japanese.ISO2022JP, "ISOIR159": japanese.ISO2022JP,
	"GB18030-2000": simplifiedchinese.GB18030, "KSX1001": korean.EUCKR, "CNS11643-1992": traditionalchinese.Big5,
	"BIG-5": traditionalchinese.Big5, "CP1250": charmap.Windows1250, "CP1251": charmap.Windows1251, "CP1252": charmap.Windows1252,
}

// toUTF8 decodes text from the character set that its MSH-18 names; without
// one, or when the bytes contradict it, by guess. contradicted says that MSH-18
// named another one. set is nil for UTF-8. What is decoded may share the bytes
// of text.
func toUTF8(text []byte) (decoded string, set encoding.Encoding, contradicted bool) {
	text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF"))
	named := charsetNames(text)
	if set := lookupCharset(named); set != nil {
		if out, err := set.NewDecoder().Bytes(text); err == nil {
			return shared(out), set, false
		}
	}
	if utf8.Valid(text) {
		return shared(text), nil, false
	}
	set = guess(text, mindrayHeader(headerLine(text)))
	out, err := set.NewDecoder().Bytes(text)
	if err != nil { // a charmap decodes every byte
		out, _ = charmap.Windows1252.NewDecoder().Bytes(text)
	}
	return shared(out), set, len(named) > 0
}

// charsetNames reads MSH-18 from the undecoded header, which needs ASCII
// delimiters only.
func charsetNames(text []byte) []string {
	field := headerField(headerLine(text), 18)
	if field == "" {
		return nil
	}
	var names []string
	for _, name := range strings.FieldsFunc(field, func(r rune) bool { return r == '~' || r == '^' }) {
		name = strings.ToUpper(strings.Join(strings.Fields(name), ""))
		if name != "" && name != `""` {
			names = append(names, name)
		}
	}
	return names
}

// lookupCharset is nil for UTF-8, for ASCII, and for names that mean nothing.
// The first name is that of the message (2.15.9.18); the Japanese sets are
// reached from ASCII by escape sequences, so that they count wherever they
// stand.
func lookupCharset(names []string) encoding.Encoding {
	for i, name := range names {
		set, known := table0211[name]
		if known && (i == 0 || set == japanese.ISO2022JP) {
			return set
		}
	}
	if len(names) == 0 || strings.Contains(names[0], "UTF-8") || names[0] == "ASCII" {
		return nil
	}
	name := strings.ToLower(names[0])
	name = strings.Replace(name, "8859/", "8859-", 1)
	set, err := htmlindex.Get(name)
	if err != nil || set == encoding.Replacement {
		return nil
	}
	if canonical, _ := htmlindex.Name(set); strings.HasPrefix(canonical, "utf-") {
		return nil
	}
	return set
}

// headerLine is the first line of text, undecoded, if it is a header.
func headerLine(text []byte) string {
	if !isHeader(text) {
		return ""
	}
	if end := bytes.IndexAny(text, "\r\n"); end >= 0 {
		text = text[:end]
	}
	return string(text)
}

// headerField is MSH-n of a header line, as HL7 numbers them from the other
// delimiters on, which are 2.
func headerField(line string, n int) string {
	if line == "" {
		return ""
	}
	rest := line[4:]
	for ; n > 2; n-- {
		next := strings.IndexByte(rest, line[3])
		if next < 0 {
			return ""
		}
		rest = rest[next+1:]
	}
	if end := strings.IndexByte(rest, line[3]); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// mindrayHeader tells whether a header line is that of Mindray's own interface.
func mindrayHeader(line string) bool {
	sender := strings.ToUpper(headerField(line, 3) + headerField(line, 4))
	return headerField(line, 12) == "2.3.1" && (sender == "" || strings.Contains(sender, "MINDRAY"))
}
