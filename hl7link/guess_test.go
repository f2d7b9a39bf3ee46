package hl7link

import (
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Without MSH-18 the bytes decide.
func TestToUTF8_Guess(t *testing.T) {
	const (
		anybody = "MSH|^~\\&|A|B|||||ORU^R01|1|P|2.3.1\r"
		mindray = "MSH|^~\\&|||||||ORU^R01|103|P|2.3.1|\r"
	)
	for _, c := range []struct {
		name, header, text string
		set                encoding.Encoding
	}{
		{"French", anybody, "PID|||1||Lefèvre^Éloïse", charmap.Windows1252},
		{"French of a Mindray", mindray, "PID|||1||LEFÈVRE^HÉLÈNE", charmap.Windows1252},
		{"letters that only windows-1252 has at that place", anybody, "PID|||1||Cœur^Šimon – “x”", charmap.Windows1252},
		{"letters of ISO-8859-15", anybody, "PID|||1||Lebœuf^Maëlle", charmap.ISO8859_15},
		{"capital letters of ISO-8859-15", anybody, "PID|||1||ŒUVRARD^ŽELJKO", charmap.ISO8859_15},
		{"degrees", mindray, "OBX||NM|200^T1|2104|37.2|°C|||||F", charmap.Windows1252},
		{"Russian", anybody, "PID|||1||Иванов^Пётр Сергеевич", charmap.Windows1251},
		{"Russian capitals", anybody, "PID|||1||ИВАНОВА^АННА", charmap.Windows1251},
		{"Russian of a Mindray that writes windows-1251", mindray, "PID|||1||Петров^Сергей\rOBX||CE|2|1|10002^*** ЧСС - слишком низкая||||||F", charmap.Windows1251},
		{"an abbreviation with a small letter", mindray, "OBX||CE|3||458^нАД - манж. отсоед.||||||F|", shiftedCyrillic},
		{"Russian of a Mindray", mindray, "PID|||1||Петров^Сергей\rOBX||CE|2|1|10002^*** ЧСС - слишком низкая||||||F", shiftedCyrillic},
		{"Russian capitals of a Mindray", mindray, "PID|||1||ИВАНОВА^АННА", shiftedCyrillic},
		{"Russian with ё of a Mindray", mindray, "PID|||1||Ёлкин^Пётр", shiftedCyrillic},
		{"Russian, short, of a Mindray", mindray, "PID|||1||Иван", shiftedCyrillic},
		{"Chinese", anybody, "PID|||1||张伟^王芳芳", simplifiedchinese.GB18030},
		{"Chinese of a Mindray", mindray, "PID|||1||李娜\rOBX||CE|2|1|10002^** 心率过低||||||F", simplifiedchinese.GB18030},
	} {
		t.Run(c.name, func(t *testing.T) {
			encoded, err := c.set.NewEncoder().String(c.header + c.text)
			if err != nil {
				t.Fatal(err)
			}
			got, set, contradicted := toUTF8([]byte(encoded))
			if got != c.header+c.text || set != c.set || contradicted {
				t.Errorf("%q, %v, %v", got, set, contradicted)
			}
		})
	}
}

// Bytes in hexadecimal are of the character set of their message.
func TestParse_HexadecimalEscapes(t *testing.T) {
	for _, c := range []struct{ header, text, want string }{
		{"||||||8859/1", `\XE9\`, "é"},
		{"||||||CP1251", `\XC8E2E0ED\`, "Иван"},
		{"||||||UNICODE UTF-8", `\XC3A9\`, "é"},
		{"", `\XC3A9\`, "é"},
		{"", `\XE9\`, "é"},
		{"||||||GB 18030-2000", `\XC9BD\`, "山"},
		{"", `\X0D0A\`, "\r\n"},
		{"", `\XE\`, `\XE\`},
	} {
		m, err := Parse([]byte(`MSH|^~\&|A|B|||||ORU^R01|1|P|2.5` + c.header + "\rPID|||" + c.text + "\r"))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.First("PID").Text(3); got != c.want {
			t.Errorf("%q %q: %q", c.header, c.text, got)
		}
	}
}
