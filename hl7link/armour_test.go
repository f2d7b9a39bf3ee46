package hl7link

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
)

var usual = Delimiters{'|', '^', '~', '\\', '&'}

func TestUnescape(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`plain`, `plain`},
		{`a\F\b\S\c\T\d\R\e\E\f`, `a|b^c&d~e\f`},
		{`\H\important\N\`, `important`},
		{`one\.br\two`, "one\ntwo"},
		{`\X0D0A\`, "\r\n"},
		{`\XE9\`, `é`},
		{`\XC3A9\`, `é`},
		{`\XE\`, `\XE\`},
		{`\Zprivate\`, `\Zprivate\`},
		{`C:\data`, `C:\data`},
		{`\`, `\`},
		{`\\F\`, `\|`},
	} {
		if got := unescape(c.text, usual, nil); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

func FuzzArmour(f *testing.F) {
	for _, seed := range []string{"", "plain", "Lefèvre^Éloïse", "\x00\x02\x03é\x0b\x1c", `a\F\b\`, "😀\u2028", "\x02e9\x03"} {
		f.Add(seed, byte('\\'))
	}
	f.Fuzz(func(t *testing.T, text string, escape byte) {
		if !isDelimiter(escape) {
			escape = '\\'
		}
		text = strings.ToValidUTF8(text, "?")
		armoured := armour(nil, text, escape)
		if got := disarm(armoured); got != text {
			t.Fatalf("%q became %q", text, got)
		}
		for _, c := range armoured {
			if c != tokenStart && c != tokenEnd && c != '\r' && (c < ' ' || c >= 0x7F || c == escape) {
				t.Fatalf("%q lets %#x through to the parser", text, c)
			}
		}
	})
}

// split reads a message without the parser: segments, fields, repetitions,
// components, subcomponents.
func referenceSplit(text string, d Delimiters, set encoding.Encoding) [][][][][]string {
	cut := func(s string, c byte) []string { return strings.Split(s, string(rune(c))) }
	var segments [][][][][]string
	for i, line := range segmentLines(text, d) {
		raw := cut(line, d.Field)
		if i == 0 {
			raw = append([]string{"MSH", string(rune(d.Field))}, cut(line[4:], d.Field)...)
		}
		var fields [][][][]string
		for n, field := range raw {
			if i == 0 && (n == 1 || n == 2) {
				fields = append(fields, [][][]string{{{field}}})
				continue
			}
			var repetitions [][][]string
			for _, repetition := range cut(field, d.Repetition) {
				var components [][]string
				for _, component := range cut(repetition, d.Component) {
					var subcomponents []string
					for _, sub := range cut(component, d.Subcomponent) {
						subcomponents = append(subcomponents, unescape(sub, d, set))
					}
					components = append(components, subcomponents)
				}
				repetitions = append(repetitions, components)
			}
			fields = append(fields, repetitions)
		}
		segments = append(segments, fields)
	}
	return segments
}

// viewSplit reads the same through Message.
func viewSplit(m *Message) [][][][][]string {
	var segments [][][][][]string
	for i, s := range m.Segments {
		var fields [][][][]string
		for n := 0; s.Repetitions(n) > 0; n++ {
			var repetitions [][][]string
			for r := range s.Repetitions(n) {
				var components [][]string
				for c := 1; s.Subcomponents(n, r+1, c) > 0; c++ {
					var subcomponents []string
					for sub := range s.Subcomponents(n, r+1, c) {
						subcomponents = append(subcomponents, s.At(n, r+1, c, sub+1))
					}
					components = append(components, subcomponents)
				}
				repetitions = append(repetitions, components)
			}
			fields = append(fields, repetitions)
		}
		if i == 0 && len(fields) > 2 { // delimiters are in Message.Delimiters
			fields[1], fields[2] = [][][]string{{{""}}}, [][][]string{{{""}}}
		}
		segments = append(segments, fields)
	}
	return segments
}

func FuzzFields(f *testing.F) {
	for _, seed := range []string{
		"MSH|^~\\&|A|B\rPID|||78||Lefèvre^Éloïse||20020202|F\rOBX||NM|1^2^3||5",
		"MSH|^~\\&|\nPID|a~b^c&d~|\\F\\||\n\nOBX|7\n2|x\n",
		"MSH#*~\\&#A#B*C\rPID#\x00#\x02e9\x03\r",
		"MSH|^~|x\rPID|1", "MSH|^~\\&", "MSH|^~\\&\rMSH\rOBX", "MSH|^~\\&|é\rOBX|\\|\\\r",
		"MSH|^~\\&#|A\rZZ1|^&^|~\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := Parse(text)
		if err != nil {
			return
		}
		decoded, set, _ := toUTF8(text)
		want := referenceSplit(strings.TrimLeft(decoded, "\r\n"), m.Delimiters, set)
		if len(want[0]) > 2 {
			want[0][1], want[0][2] = [][][]string{{{""}}}, [][][]string{{{""}}}
		}
		if diff := cmp.Diff(want, viewSplit(m)); diff != "" {
			t.Fatalf("%q: %s", text, diff)
		}
	})
}

func TestParse_KeepsFieldsInEveryCharset(t *testing.T) {
	const message = "MSH|^~\\&|LGC|CABINET|||20260101120000+0100||ORU^R01|1|P|2.5||||||%s\r" +
		"PID|||42^^^Hôpital||%n||19800115|F\rOBX|1|NM|8867-4^Pouls^LN||72|/min|||||F\r"
	latin1 := func(s string) []byte {
		var out []byte
		for _, r := range s {
			out = append(out, byte(r))
		}
		return out
	}
	cp1252 := func(s string) []byte {
		return latin1(strings.NewReplacer("œ", "\u009c", "€", "\u0080").Replace(s))
	}
	utf8 := func(s string) []byte { return []byte(s) }
	for _, c := range []struct {
		name, family, given, msh18 string
		encode                     func(string) []byte
		contradicted               bool
	}{
		{"UTF-8 named", "Lefèvre", "Éloïse", "UNICODE UTF-8", utf8, false},
		{"UTF-8 unnamed", "Lefèvre", "Éloïse", "", utf8, false},
		{"UTF-8 euro", "Cœur€", "", "", utf8, false},
		{"windows-1252 unnamed", "Lefèvre", "Éloïse", "", cp1252, false},
		{"windows-1252 euro", "Cœur€", "", "", cp1252, false},
		{"windows-1252 named", "Cœur€", "", "windows-1252", cp1252, false},
		{"CP1252", "Cœur€", "", "CP1252", cp1252, false},
		{"windows-1252 called Latin 1", "Cœur€", "", "8859/1", cp1252, false},
		{"ISO-8859-1", "Lefèvre", "Éloïse", "8859/1", latin1, false},
		{"ISO-8859-1 unnamed", "Lefèvre", "Éloïse", "", latin1, false},
		{"windows-1252 called UTF-8", "Lefèvre", "Éloïse", "UNICODE UTF-8", cp1252, true},
		{"windows-1252 called ASCII", "Lefèvre", "Éloïse", "ASCII", cp1252, true},
		{"unknown name", "Lefèvre", "Éloïse", "FANCY", utf8, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.NewReplacer("%s", c.msh18, "%n", c.family+"^"+c.given).Replace(message)
			m, err := Parse(c.encode(text))
			if err != nil {
				t.Fatal(err)
			}
			pid, obx := m.First("PID"), m.First("OBX")
			got := []string{
				pid.Component(3, 4), pid.Component(5, 1), pid.Component(5, 2), pid.Text(7), pid.Text(8),
				obx.Component(3, 1), obx.Text(5), obx.Text(11),
			}
			want := []string{"Hôpital", c.family, c.given, "19800115", "F", "8867-4", "72", "F"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if m.CharsetContradicted != c.contradicted {
				t.Errorf("contradicted: %v", m.CharsetContradicted)
			}
		})
	}
}

func TestToUTF8_NamedCharsets(t *testing.T) {
	for name, c := range map[string]struct {
		bytes []byte
		want  string
	}{
		"8859/15":       {[]byte{0xA4}, "€"},
		"8859/5":        {[]byte{0xB6}, "Ж"},
		"CP1251":        {[]byte{0xC6}, "Ж"},
		"WINDOWS-1251":  {[]byte{0xC6}, "Ж"},
		"~ISO IR87":     {[]byte("\x1b$B;3\x1b(B"), "山"},
		"GB 18030-2000": {[]byte{0xC9, 0xBD}, "山"},
		"BIG-5":         {[]byte{0xA4, 0x73}, "山"},
		"KS X 1001":     {[]byte{0xC7, 0xD1}, "한"},
	} {
		text := append([]byte("MSH|^~\\&|||||||ORU^R01|1|P|2.5||||||"+name+"\rPID|||"), c.bytes...)
		got, _, contradicted := toUTF8(text)
		if !strings.HasSuffix(got, "|||"+c.want) || contradicted {
			t.Errorf("%s: %q %v", name, got, contradicted)
		}
	}
}

func TestParse_Lines(t *testing.T) {
	const want = "MSH,PID,OBX"
	for _, end := range []string{"\r", "\n", "\r\n", "\n\r", "\r\r"} {
		text := strings.Join([]string{`MSH|^~\&|A`, `PID|||1`, `OBX|1|NM|x||7` + "\n" + `2|u`, ``}, end)
		m, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range m.Segments {
			names = append(names, s.Name)
		}
		if got := strings.Join(names, ","); got != want {
			t.Errorf("%q: %s", end, got)
		}
		if got := m.First("OBX").Text(5); got != "7\n2" {
			t.Errorf("%q: a value broken over two lines became %q", end, got)
		}
	}
}

func TestParse_Delimiters(t *testing.T) {
	m, err := Parse([]byte("MSH#*@!$#A*B#C\rPID###1$2*3@4#x!F!y\r"))
	if err != nil {
		t.Fatal(err)
	}
	pid := m.First("PID")
	got := []string{m.Header().Component(3, 2), m.Header().Text(4), pid.At(3, 1, 1, 2), pid.At(3, 1, 2, 1), pid.At(3, 2, 1, 1), pid.Text(4)}
	if diff := cmp.Diff([]string{"B", "C", "2", "3", "4", "x#y"}, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "MSH", "PID|1", "MSH||", "MSH|||A", "MSH|^^^^|A", "MSHa^~\\&a", "MSH|^~^|", "MSH|ab"} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	if m, err := Parse([]byte("MSH|^~|A^B\r")); err != nil || m.Header().Component(3, 2) != "B" {
		t.Errorf("short MSH-2: %v", err)
	}
}

func TestDisarm_ForeignBytes(t *testing.T) {
	if got := disarm([]byte{tokenStart, 'e', '9'}); got != "é" {
		t.Errorf("%q", got)
	}
}
