package hl7link

import (
	"bytes"
	"errors"
	"fmt"
)

// The bytes of the Minimal Lower Layer Protocol (HL7 v2.5.1 Implementation
// Guide, appendix C; MLLP release 1).
const (
	startBlock = 0x0B
	endBlock   = 0x1C
	cr         = '\r'
	lf         = '\n'
)

// DefaultMaxFrame is the largest message accepted when nothing else is set.
const DefaultMaxFrame = 1 << 20

// ErrFrameTooLong is the error of a message longer than the limit.
var ErrFrameTooLong = errors.New("message longer than the limit")

// Frame wraps message in the bytes of MLLP.
func Frame(message []byte) []byte {
	framed := make([]byte, 0, len(message)+3)
	framed = append(framed, startBlock)
	framed = append(framed, message...)
	return append(framed, endBlock, cr)
}

type mode int

const (
	between mode = iota // outside of any message
	framed              // after a start block
	raw                 // in a message that came without a start block
)

// A Splitter cuts a stream into messages. It accepts what devices send: full
// MLLP frames, frames that end with 0x1C alone, several in a packet or one in
// several, and messages without any frame, which end where the next one
// begins or where the sender falls silent (see Flush).
type Splitter struct {
	max     int
	buf     []byte // received and not yet given out
	room    []byte // where it begins, to be used again
	scanned int    // how much of buf is known not to end the message
	mode    mode
	midLine bool // the bytes thrown away last did not end a line

	Dropped int // bytes outside of messages that were thrown away
	Broken  int // messages begun and not ended before the next start block
}

// NewSplitter makes a Splitter for messages of at most limit bytes
// (DefaultMaxFrame when limit is not positive).
func NewSplitter(limit int) *Splitter {
	if limit <= 0 {
		limit = DefaultMaxFrame
	}
	return &Splitter{max: limit}
}

// Feed adds received bytes. Call Next until it gives nothing more before
// feeding again: that bounds the memory.
func (s *Splitter) Feed(received []byte) {
	if len(s.buf) > 0 {
		s.buf = append(s.buf, received...)
		return
	}
	s.buf = append(s.room, received...)
	if s.room = s.buf[:0]; cap(s.room) > maxRoom {
		s.room = nil
	}
}

// maxRoom bounds what a connection keeps between messages, in bytes.
const maxRoom = 8 << 10

// Next gives the next whole message, nil when more bytes are needed. After
// ErrFrameTooLong the stream cannot be followed any further.
func (s *Splitter) Next() ([]byte, error) {
	for {
		var message []byte
		switch s.mode {
		case between:
			if !s.begin() {
				return nil, nil
			}
			continue
		case framed:
			message = s.endFramed()
		case raw:
			message = s.endRaw()
		}
		if len(message) > s.max {
			s.buf, message = message, nil // for who keeps what is refused
		}
		if message == nil && len(s.buf) > s.max {
			return nil, fmt.Errorf("%w of %d bytes", ErrFrameTooLong, s.max)
		}
		if message == nil && s.mode != between {
			return nil, nil
		}
		if len(bytes.TrimSpace(message)) > 0 {
			return message, nil
		}
	}
}

// size is how many bytes wait for the end of their message.
func (s *Splitter) size() int { return len(s.buf) }

// Pending tells whether a message has begun, and whether it came without a
// frame and could be whole: its last segment is terminated.
func (s *Splitter) Pending() (begun, quiet bool) {
	n := len(s.buf)
	return s.mode != between, s.mode == raw && n > 0 && (s.buf[n-1] == cr || s.buf[n-1] == lf)
}

// Flush gives the message without frame that has begun, because the sender
// fell silent or the stream ended. It gives nil when there is none, or when it
// ends in a value, which may have been longer.
func (s *Splitter) Flush() []byte {
	if s.mode != raw || endsInValue(s.buf) {
		return nil
	}
	message := bytes.Clone(s.buf)
	s.consume(len(s.buf), between)
	return message
}

// endsInValue tells whether message stops in OBX-5: the status (OBX-11), which is
// required, is still to come.
func endsInValue(message []byte) bool {
	last := message[bytes.LastIndexAny(message, "\r\n")+1:]
	return bytes.HasPrefix(last, []byte("OBX")) && bytes.Count(last, message[3:4]) == 5
}

// begin looks for the start of a message and throws away what stands before.
func (s *Splitter) begin() bool {
	for i, c := range s.buf {
		switch {
		case c == startBlock:
			s.consume(i+1, framed)
			return true
		case !s.midLine && isStart(s.buf[i:]):
			s.consume(i, raw)
			return true
		case !s.midLine && couldStart(s.buf[i:]):
			s.consume(i, between)
			return false
		case c == cr || c == lf || c == endBlock:
			s.midLine = false
		case bytes.IndexByte([]byte(" \t\xEF\xBB\xBF"), c) < 0: // blanks, byte order mark
			s.Dropped++
			s.midLine = true
		}
	}
	s.consume(len(s.buf), between)
	return false
}

func (s *Splitter) endFramed() []byte {
	i := indexEither(s.buf[s.scanned:], startBlock, endBlock)
	if i < 0 {
		s.scanned = len(s.buf)
		return nil
	}
	i += s.scanned
	if s.buf[i] == startBlock { // the sender began anew
		if len(bytes.TrimSpace(s.buf[:i])) > 0 {
			s.Broken++
		}
		s.consume(i, between)
		return nil
	}
	message := bytes.Clone(s.buf[:i])
	s.consume(i+1, between)
	return message
}

// indexEither is where a or b stands first in text, -1 if neither does.
func indexEither(text []byte, a, b byte) int {
	first := bytes.IndexByte(text, a)
	if first >= 0 {
		text = text[:first]
	}
	if i := bytes.IndexByte(text, b); i >= 0 {
		return i
	}
	return first
}

func (s *Splitter) endRaw() []byte {
	for i := max(s.scanned, 3); i < len(s.buf); i++ {
		c := s.buf[i]
		atLine := s.buf[i-1] == cr || s.buf[i-1] == lf
		switch {
		case c == endBlock, c == startBlock, atLine && isHeader(s.buf[i:]):
			message := bytes.Clone(s.buf[:i])
			s.consume(i, between)
			return message
		case atLine && couldStart(s.buf[i:]):
			s.scanned = i
			return nil
		}
	}
	s.scanned = len(s.buf)
	return nil
}

func (s *Splitter) consume(n int, next mode) {
	s.buf = s.buf[n:]
	if len(s.buf) == 0 {
		s.buf = nil
	}
	s.scanned, s.mode = 0, next
	if next != between {
		s.midLine = false
	}
}

var headers = [...]string{"MSH", "FHS", "BHS"}

// isStart tells whether text begins a message or a batch of them.
func isStart(text []byte) bool {
	return isHeader(text) || len(text) > 3 && isDelimiter(text[3]) &&
		(string(text[:3]) == "FHS" || string(text[:3]) == "BHS")
}

// isHeader tells whether text begins with an MSH segment.
func isHeader[T string | []byte](text T) bool {
	return len(text) > 3 && string(text[:3]) == "MSH" && isDelimiter(text[3])
}

// couldStart tells whether text, too short to say, may yet become a start.
func couldStart(text []byte) bool {
	if len(text) > 3 {
		return false
	}
	for _, header := range headers {
		if bytes.HasPrefix([]byte(header), text) {
			return true
		}
	}
	return false
}

func isDelimiter(c byte) bool {
	return c > ' ' && c < 0x7F && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z')
}
