package hl7link

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var ackTime = time.Date(2026, 1, 2, 3, 4, 5, 600e6, time.FixedZone("", 3600))

// lines gives the acknowledgement's segments with its own control id, which
// is a digest, replaced.
func lines(reply []byte) []string {
	all := strings.Split(strings.TrimSuffix(string(reply), "\r"), "\r")
	if id := headerField(headerLine(reply), 10); id != "" {
		all[0] = strings.Replace(all[0], id, "ID", 1)
	}
	return all
}

func TestAcknowledge(t *testing.T) {
	wrong := trouble{errDataType, "OBX", 3, 5, "value is no number"}
	const stamp = "20260102030405.600+0100"
	for _, c := range []struct {
		name, header string
		answer       answer
		want         []string
	}{
		{
			"accepted", `MSH|^~\&|A^1^EUI-64|B|C|D|2026||ORU^R01^ORU_R01|x1|T|2.5.1`,
			answer{verdict: verdict{code: "AA"}},
			[]string{`MSH|^~\&|C|D|A^1^EUI-64|B|` + stamp + `||ACK^R01^ACK|ID|T|2.5.1`, `MSA|AA|x1`},
		},
		{
			"accepted in part", `MSH|^~\&|A|B|||||ORU^R01|x1|P|2.6`,
			answer{verdict: verdict{code: "AA"}, warnings: []trouble{wrong}},
			[]string{`MSH|^~\&|||A|B|` + stamp + `||ACK^R01^ACK|ID|P|2.6`, `MSA|AA|x1`, `ERR||OBX^3^5|102^Data type error^HL70357|W||||value is no number`},
		},
		{
			"not readable", `MSH|^~\&|A|B|||||ORU^R01|x1|P|2.5`,
			answer{verdict: verdict{"AE", wrong}},
			[]string{`MSH|^~\&|||A|B|` + stamp + `||ACK^R01^ACK|ID|P|2.5`, `MSA|AE|x1`, `ERR||OBX^3^5|102^Data type error^HL70357|E||||value is no number`},
		},
		{
			"old version", `MSH|^~\&|A|B|||||ORU^R01|x1|P|2.3.1`,
			answer{verdict: verdict{"AE", wrong}, warnings: []trouble{wrong}},
			[]string{`MSH|^~\&|||A|B|` + stamp + `||ACK^R01^ACK|ID|P|2.3.1`, `MSA|AE|x1|OBX[3]-5: value is no number`},
		},
		{
			"accepted in part, old version", `MSH|^~\&|A|B|||||ORU^R01|x1|P|2.4`,
			answer{verdict: verdict{code: "AA"}, warnings: []trouble{wrong}},
			[]string{`MSH|^~\&|||A|B|` + stamp + `||ACK^R01^ACK|ID|P|2.4`, `MSA|AA|x1|OBX[3]-5: value is no number`},
		},
		{
			"accepted in part, several, old version", `MSH|^~\&|A|B|||||ORU^R01|x1|P|2.3.1`,
			answer{verdict: verdict{code: "AA"}, warnings: []trouble{wrong, wrong}},
			[]string{`MSH|^~\&|||A|B|` + stamp + `||ACK^R01^ACK|ID|P|2.3.1`, `MSA|AA|x1|OBX[3]-5: value is no number (and others)`},
		},
		{
			"older version", `MSH|^~\&|A|B|||||ORU^R01|x1|P|2.2`,
			answer{verdict: verdict{code: "AA"}},
			[]string{`MSH|^~\&|||A|B|` + stamp + `||ACK^R01|ID|P|2.2`, `MSA|AA|x1`},
		},
		{
			"no header", `garbage`,
			answer{verdict: verdict{"AE", trouble{code: errSegmentSequence, segment: "MSH", sequence: 1, field: 1, text: "no MSH segment"}}},
			[]string{`MSH|^~\&|||||` + stamp + `||ACK|ID|P|2.5.1`, `MSA|AE|`, `ERR||MSH^1^1|100^Segment sequence error^HL70357|E||||no MSH segment`},
		},
		{
			"other delimiters", `MSH#*@!$#A*B#C#####ORU*R01#x*1#P#2.6`,
			answer{verdict: verdict{"AR", trouble{code: errInternal, text: "a#b*c@d!e$f|g"}}},
			[]string{`MSH#*@!$###A*B#C#` + stamp + `##ACK*R01*ACK#ID#P#2.6`, `MSA#AR#x*1`, `ERR###207*Application internal error*HL70357#E####a!F!b!S!c!R!d!E!e!T!f|g`},
		},
		{
			"control characters", "MSH|^~\\&|A\x01|B\x1c||||\x0b|ORU^R01|x\x00\x7f1|P|2.6",
			answer{verdict: verdict{code: "AA"}},
			[]string{`MSH|^~\&|||A|B|` + stamp + `||ACK^R01^ACK|ID|P|2.6`, `MSA|AA|x1`},
		},
		{
			"charset of what is echoed", "MSH|^~\\&|Caf\xe9|B|||||ORU^R01|1|P|2.6||||||8859/1",
			answer{verdict: verdict{code: "AA"}},
			[]string{"MSH|^~\\&|||Caf\xe9|B|" + stamp + "||ACK^R01^ACK|ID|P|2.6||||||8859/1", `MSA|AA|1`},
		},
		{
			"accept acknowledgement", `MSH|^~\&|A|B|||||ORU^R01|1|P|2.6|||AL|NE`,
			answer{verdict: verdict{code: "AA"}},
			[]string{`MSH|^~\&|||A|B|` + stamp + `||ACK^R01^ACK|ID|P|2.6`, `MSA|CA|1`},
		},
		{
			"both acknowledgements", `MSH|^~\&|A|B|||||ORU^R01|1|P|2.6|||AL|AL`,
			answer{verdict: verdict{code: "AA"}},
			[]string{`MSH|^~\&|||A|B|` + stamp + `||ACK^R01^ACK|ID|P|2.6`, `MSA|AA|1`},
		},
		{"none wanted", `MSH|^~\&|A|B|||||ORU^R01|1|P|2.6|||NE|NE`, answer{verdict: verdict{code: "AA"}}, []string{""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.answer.at = ackTime
			reply := acknowledge([]byte(c.header+"\rPID|||1\r"), c.answer)
			if diff := cmp.Diff(c.want, lines(reply)); diff != "" {
				t.Error(diff)
			}
			if !bytes.Equal(reply, acknowledge([]byte(c.header+"\rPID|||1\r"), c.answer)) {
				t.Error("a repetition is answered otherwise")
			}
		})
	}
}

// The answer to any input is one message: MSH, MSA, and ERR only where it says
// that something was wrong.
func FuzzAck(f *testing.F) {
	for _, seed := range []string{
		oru("OBX|1|NM|8867-4^HR^LN||72||||||F"), "", "garbage", "MSH|^~\\&", "MSH|^~\\&|A\nB|\x0b",
		"MSH|^~\\&|A||||||ORU^R01|x\\X0D\\MSA|P|2.5", "MSH|^~\\&|||||||QRY^R02|1|P|2.6", "MSH#*@!$#A*B#C#####ORU*R01#x*1#P#9",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d := decode(text, decoding{zone: paris, dialects: dialects})
		a := answer{verdict: d.refusal(), at: ackTime, warnings: d.troubles}
		reply := acknowledge(text, a)
		if reply == nil {
			if h := readHead(text); h.field(15)+h.field(16) == "" {
				t.Fatalf("%q stays without an answer", text)
			}
			return
		}
		if bytes.ContainsAny(reply, "\x0b\x1c\n\x00") {
			t.Fatalf("control characters in %q", reply)
		}
		for i, line := range lines(reply) {
			want := "ERR"
			if i < 2 {
				want = []string{"MSH", "MSA"}[i]
			}
			if !strings.HasPrefix(line, want) || (want == "ERR" && len(a.warnings) == 0 && a.trouble.code == 0) {
				t.Fatalf("%q was answered with %q", text, reply)
			}
		}
		m, err := Parse(reply)
		if err != nil {
			t.Fatalf("%q was answered with %q: %v", text, reply, err)
		}
		if code := m.First("MSA").Text(1); len(code) != 2 || code[1] != a.code[1] {
			t.Fatalf("%q says %q, not %q", reply, code, a.code)
		}
	})
}

// Every pair of conditions (HL7 table 0155), for what was stored and for what
// was not.
func TestAcknowledge_Modes(t *testing.T) {
	for pair, want := range map[string][2]string{
		"|":   {"AA", "AR"}, // original mode
		"|NE": {"AA", "AR"}, "NE|NE": {"", ""}, "NE|": {"", ""},
		"AL|": {"CA", "CR"}, "AL|NE": {"CA", "CR"}, "ER|NE": {"", "CR"}, "SU|NE": {"CA", ""}, "SU|": {"CA", ""},
		"|AL": {"AA", "AR"}, "AL|AL": {"AA", "AR"}, "NE|AL": {"AA", "AR"}, "ER|AL": {"AA", "AR"},
		"AL|ER": {"CA", "AR"}, "NE|ER": {"", "AR"}, "ER|ER": {"", "AR"}, "SU|ER": {"CA", "AR"},
		"AL|SU": {"AA", "CR"}, "NE|SU": {"AA", ""}, "ER|SU": {"AA", "CR"}, "SU|SU": {"AA", ""},
	} {
		for i, code := range []string{"AA", "AR"} {
			text := []byte(`MSH|^~\&|A|B|||||ORU^R40|1|P|2.6|||` + pair + "\r")
			reply := acknowledge(text, answer{verdict: verdict{code: code}, at: ackTime})
			got := ""
			if reply != nil {
				got = headerField(strings.Replace(lines(reply)[1], "MSA|", "MSH|", 1), 2)
			}
			if got != want[i] {
				t.Errorf("MSH-15 and 16 %s: %s is answered with %q, want %q", pair, code, got, want[i])
			}
		}
	}
}
