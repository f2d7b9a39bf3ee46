package hl7link

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

const (
	rtiPort        = "4601"
	maxMonitorName = 64 // bytes
)

// readBeacon reads a beacon: ADT^A01 with the number 101. The monitor is at
// the address that it gives, or else at the one that it sent from.
func readBeacon(text []byte, from netip.Addr) (Sighting, bool) {
	text = bytes.Trim(text, "\x0b\x1c\r\n\x00 ")
	if !isHeader(text) {
		return Sighting{}, false
	}
	m, err := Parse(text)
	if err != nil {
		return Sighting{}, false
	}
	defer m.release()
	header := m.Header()
	if header.Component(9, 1) != "ADT" || header.Component(9, 2) != "A01" || header.Text(10) != "101" {
		return Sighting{}, false
	}
	pv1 := m.First("PV1")
	place := func(n int) string { return value(pv1.At(3, 1, 3, n)) }
	s := Sighting{
		Department: name(place(1)), Bed: name(place(2)), Name: name(mindrayText(m, "2304")),
		Patient: admitting(m, place(6)),
	}
	if typed := name(mindrayText(m, "2308")); typed != "" {
		s.Bed = typed
	}
	if id := name(mindrayText(m, "4527")); strings.Trim(id, "0") != "" {
		s.DeviceID = id
	}
	switch mindrayText(m, "2307") {
	case "1":
		s.Alarm = "physiological"
	case "2":
		s.Alarm = "technical"
	}
	address, ok := beaconAddress(place(3), place(4), from)
	s.Address = address
	return s, ok
}

// admitting tells whether a patient is admitted: as the beacon says, or, where
// the firmware leaves that out, whether it names one.
func admitting(m *Message, said string) bool {
	if said != "" {
		return said == "1"
	}
	family, given := personName(m.First("PID"), 5)
	return m.First("PV1").Subcomponents(3, 1, 3) < 6 && family+given != ""
}

// beaconAddress is where to connect to. ip is an IPv4 address as a number.
func beaconAddress(ip, port string, from netip.Addr) (string, bool) {
	at := from
	if n, err := strconv.ParseUint(ip, 10, 32); err == nil {
		said := netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		if said == from || said.IsGlobalUnicast() {
			at = said
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		port = rtiPort
	} else {
		port = strconv.FormatUint(n, 10)
	}
	if !at.IsValid() || !at.Is4() || at.IsUnspecified() || at.IsMulticast() {
		return "", false
	}
	return at.String() + ":" + port, true
}

// name is text as it may stand in a list: short, and of printable characters.
func name(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(shorten(text, maxMonitorName))
}
