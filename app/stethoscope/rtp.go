package stethoscope

import "encoding/binary"

// An rtpPacket is what counts of a packet of RFC 3550, 5.1.
type rtpPacket struct {
	payloadType byte
	timestamp   uint32 // in samples
	source      uint32 // SSRC
	payload     []byte
}

// parseRTP reads a packet of version 2, without its padding and its header
// extension.
func parseRTP(b []byte) (p rtpPacket, ok bool) {
	const header = 12
	if len(b) < header || b[0]>>6 != 2 {
		return p, false
	}
	p = rtpPacket{payloadType: b[1] & 0x7F, timestamp: binary.BigEndian.Uint32(b[4:]), source: binary.BigEndian.Uint32(b[8:])}
	padded, extended, contributors := b[0]&0x20 != 0, b[0]&0x10 != 0, int(b[0]&0x0F)
	if p.payload = b[header:]; len(p.payload) < 4*contributors {
		return p, false
	}
	p.payload = p.payload[4*contributors:]
	if extended {
		if len(p.payload) < 4 {
			return p, false
		}
		size := 4 + 4*int(binary.BigEndian.Uint16(p.payload[2:]))
		if len(p.payload) < size {
			return p, false
		}
		p.payload = p.payload[size:]
	}
	if padded {
		n := len(p.payload)
		if n == 0 || p.payload[n-1] == 0 || int(p.payload[n-1]) > n {
			return p, false
		}
		p.payload = p.payload[:n-int(p.payload[n-1])]
	}
	return p, true
}

// rtpOrder puts packets of one source in order, by their timestamps: one that
// comes too late, or twice, is passed over, since its place is taken.
type rtpOrder struct {
	format  Format
	known   bool
	source  uint32
	payload byte
	due     uint32 // timestamp of the next sample
}

func (o *rtpOrder) next(datagram []byte) (sound []byte, lost int64, ok bool) {
	p, ok := parseRTP(datagram)
	if !ok || len(p.payload) == 0 || len(p.payload)%o.format.frame() != 0 {
		return nil, 0, false
	}
	if !o.known {
		o.known, o.source, o.payload, o.due = true, p.source, p.payloadType, p.timestamp
	}
	ahead := int32(p.timestamp - o.due) // it wraps around
	if p.source != o.source || p.payloadType != o.payload || ahead < 0 || int64(ahead) > o.format.samples(stallTimeout) {
		return nil, 0, false
	}
	o.due = p.timestamp + uint32(len(p.payload)/o.format.frame())
	return p.payload, int64(ahead), true
}
