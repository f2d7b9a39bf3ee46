package blelink

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Characteristics of the Device Information Service 1.1, the Battery Service
// 1.1 and the Current Time Service 1.1.
var (
	systemID         = UUID16("2a23")
	modelNumber      = UUID16("2a24")
	serialNumber     = UUID16("2a25")
	manufacturerName = UUID16("2a29")
	batteryLevel     = UUID16("2a19")
	currentTime      = UUID16("2a2b")
	dateTime         = UUID16("2a08")
)

// longestText bounds a text of a device; the longest attribute has 512 bytes.
const longestText = 64

// Text is a text of the Device Information Service, without what is no text:
// some devices fill the field up with zeros.
func Text(value []byte) string {
	text, _, _ := strings.Cut(string(value), "\x00")
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) {
			return -1
		}
		return r
	}, text))
	for len(text) > longestText {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}

// EUI64 is a System ID (2A23; Device Information Service 1.1, 3.8) as 16
// hexadecimal digits: the maker's identifier of 40 bits stands first on the
// wire, and last in an EUI-64.
func EUI64(value []byte) (string, error) {
	if len(value) != 8 {
		return "", errLength
	}
	id := binary.LittleEndian.Uint64(value)
	if id == 0 || id == ^uint64(0) {
		return "", errors.New("no system id")
	}
	return fmt.Sprintf("%016X", id), nil
}

// BatteryLevel is the charge in percent, 0 to 100 (2A19; Battery Service 1.1,
// 3.1).
func BatteryLevel(value []byte) (percent int, err error) {
	if len(value) != 1 || value[0] > 100 {
		return 0, errLength
	}
	return int(value[0]), nil
}
