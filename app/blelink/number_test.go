package blelink

import (
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitalien/fhirmap"
)

func (n number) String() string {
	if n.value == nil {
		return string(n.absent)
	}
	return n.value.String()
}

// The values are those of the Personal Health Device guide, "FLOATS".
func TestSfloat(t *testing.T) {
	for bits, want := range map[uint16]string{
		0x0002: "2", 0xf014: "2.0", 0xe0c8: "2.00", 0x1002: "20", 0x2002: "200", 0x00c8: "200",
		0x04d2: "1234", 0x0b2e: "-1234", 0x07fd: "2045", 0x0803: "-2045", 0x0000: "0", 0xf000: "0.0",
		0x7001: "10000000", 0x8001: "0.00000001", 0xf16d: "36.5", 0xf803: "-204.5",
		0x07ff: "not-a-number", 0x07fe: "positive-infinity", 0x0802: "negative-infinity",
		0x0800: "error", 0x0801: "error", // NRes, reserved
		0xf7ff: "204.7", 0xf800: "-204.8", // with an exponent they are numbers
	} {
		if got := sfloat(bits).String(); got != want {
			t.Errorf("%04x is %s, want %s", bits, got, want)
		}
	}
}

func TestFloat(t *testing.T) {
	for bits, want := range map[uint32]string{
		0x00000002: "2", 0xff000014: "2.0", 0xfe0000c8: "2.00", 0x01000002: "20", 0x02000002: "200", 0x000000c8: "200",
		0x000004d2: "1234", 0x00fffb2e: "-1234", 0xff00016d: "36.5", 0xfe000e42: "36.50",
		0x04030201: "1971210000", // weliem/blessed-android, BluetoothBytesParserTest
		0x007ffffd: "8388605", 0x00800003: "-8388605",
		0x007fffff: "not-a-number", 0x007ffffe: "positive-infinity", 0x00800002: "negative-infinity",
		0x00800000: "error", 0x00800001: "error", 0x7f000001: "error", 0x80000001: "error",
		0xff7fffff: "838860.7",
	} {
		if got := float(bits).String(); got != want {
			t.Errorf("%08x is %s, want %s", bits, got, want)
		}
	}
}

// TestNumbers_AreWhatTheyWereMadeOf: each mantissa and exponent that is no
// special value comes back with as many digits behind the point.
func TestNumbers_AreWhatTheyWereMadeOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mantissa, exponent := rapid.Int32Range(-2045, 2045).Draw(t, "mantissa"), rapid.Int32Range(-8, 7).Draw(t, "exponent")
		want := fhirmap.NewDecimal(int64(mantissa), exponent)
		short := sfloat(uint16(exponent)<<12 | uint16(mantissa)&0xfff)
		long := float(uint32(exponent)<<24 | uint32(mantissa)&0xffffff)
		for _, got := range []number{short, long} {
			if got.String() != want.String() || got.value.Places() != want.Places() {
				t.Fatalf("%d × 10^%d is %s, want %s", mantissa, exponent, got, want)
			}
		}
	})
}

func TestDateTime(t *testing.T) {
	for name, c := range map[string]struct{ hex, want string }{
		"NordicSemiconductor/Android-BLE-Common-Library, DateTimeDataCallbackTest": {"e207 04 11 0f 33 00", "2018-04-17T15:51:00+02:00"},
		"weliem/blessed-android, BluetoothBytesParserTest":                         {"e407 01 02 0a 15 30", "2020-01-02T10:21:48+01:00"},
		"a leap day":                        {"e807 02 1d 17 3b 3b", "2024-02-29T23:59:59+01:00"},
		"no year":                           {"0000 04 11 14 29 3b", ""},
		"no month":                          {"e207 00 11 14 29 3b", ""},
		"no day":                            {"e207 04 00 14 29 3b", ""},
		"30 February":                       {"e207 02 1e 14 29 3b", ""},
		"month 13":                          {"e207 0d 01 14 29 3b", ""},
		"day 32":                            {"e207 01 20 14 29 3b", ""},
		"24 o'clock":                        {"e207 01 01 18 00 00", ""},
		"minute 60":                         {"e207 01 01 00 3c 00", ""},
		"second 60":                         {"e207 01 01 00 00 3c", ""},
		"before the calendar":               {"2d06 01 01 00 00 00", ""},
		"the first year of the calendar":    {"2e06 01 02 00 00 00", "1582-01-02T00:00:00+00:09"},
		"after the last year":               {"1027 01 01 00 00 00", ""},
		"Current Time, with its last bytes": {"e207 04 11 0f 33 00 02 80 01", "2018-04-17T15:51:00+02:00"},
	} {
		at, err := ReadClock(unhex(c.hex), paris)
		got := ""
		if err == nil {
			got = at.Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	for _, short := range []string{"", "e2", "e20704110f33", "e20704110f330001", "e20704110f33000280", "e20704110f3300028001ff"} {
		if at, err := ReadClock(unhex(short), paris); err == nil {
			t.Errorf("%q is %v", short, at)
		}
	}
}

// TestClock_AsWritten: what is written into a device's clock is read back.
func TestClock_AsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).In(time.UTC)
		short, long := EncodeDateTime(at), EncodeCurrentTime(at)
		for _, written := range [][]byte{short, long} {
			read, err := ReadClock(written, time.UTC)
			if err != nil || !read.Equal(at.Truncate(time.Second)) {
				t.Fatalf("%v was read as %v, %v", at, read, err)
			}
		}
		if day := long[7]; day < 1 || day > 7 || time.Weekday(day%7) != at.Weekday() || long[9] != 1 {
			t.Fatalf("%x at %v", long, at)
		}
		if fraction := time.Duration(long[8]) * time.Second / 256; fraction > time.Duration(at.Nanosecond()) || time.Duration(at.Nanosecond())-fraction > time.Second/256 {
			t.Fatalf("%x at %v", long, at)
		}
	})
}

func TestInformation(t *testing.T) {
	for in, want := range map[string]string{
		"OMRON\x00\x00\x00": "OMRON", "  HEM-9210T ": "HEM-9210T", "A\x01B\nC": "ABC", "\xff\xfe": "", "": "", "É1\x00junk": "É1",
	} {
		if got := Text([]byte(in)); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	if got := Text(make([]byte, 600)); got != "" {
		t.Errorf("%q", got)
	}
	// Nonin's own EUI-48 is 00-1C-05; the Personal Health Device guide shows such
	// a System ID in the order of the wire, 74E8FFFEFF051C00.
	if got, err := EUI64(unhex("74e8fffeff051c00")); got != "001C05FFFEFFE874" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	for _, no := range []string{"", "00", "0000000000000000", "ffffffffffffffff", "74e8fffeff051c0000"} {
		if got, err := EUI64(unhex(no)); err == nil {
			t.Errorf("%s is %s", no, got)
		}
	}
	for value, want := range map[string]int{"00": 0, "64": 100, "37": 55, "65": -1, "": -1, "3700": -1} {
		got, err := BatteryLevel(unhex(value))
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%s is %d, want %d", value, got, want)
		}
	}
}

func TestRecordAccess_Requests(t *testing.T) {
	for want, got := range map[string][]byte{"0101": reportAll(), "0106": reportLast(), "0103010201": reportFrom(0x0102)} {
		if string(got) != string(unhex(want)) {
			t.Errorf("%x, want %s", got, want)
		}
	}
	for value, want := range map[string]int{
		"06000101": racpSuccess, "06000106": racpNoRecords, "06000c02": 2, "050001": 0, "05000100": 0, "050004030201": 0,
		"0101": -1, "0103010200": -1, "060101": -1, "0500030201": -1, "06010101": -1, "": -1, "0600010100": -1, "0500": -1, "05000102030405": -1,
	} {
		got, err := readRecordAccess(unhex(value))
		result := int(got)
		if err != nil {
			result = -1
		}
		if result != want {
			t.Errorf("%s is %d, want %d", value, result, want)
		}
	}
}

func TestReader_TooShort(t *testing.T) {
	r := &reader{rest: []byte{1, 2, 3}}
	if r.u16() != binary.LittleEndian.Uint16([]byte{1, 2}) || r.u16() != 0 || r.u24() != 0 || r.end() == nil {
		t.Error("reads past the end")
	}
}
