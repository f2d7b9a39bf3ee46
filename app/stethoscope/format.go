package stethoscope

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// A Format is how a source sends sound.
type Format struct {
	Rate     int    // samples per second and channel, MinRate to MaxRate
	Channels int    // 1 or 2
	Encoding string // of a sample: one of Encodings
}

// The bounds of Format.Rate. The lowest carries heart sounds (up to 500 Hz).
const (
	MinRate = 1000
	MaxRate = 192_000
)

// encoding is how the bytes of a sample are read, and how WAV has them.
type encoding struct {
	size  int                         // bytes of a sample
	wave  uint16                      // wFormatTag (RFC 2361): 1 PCM, 3 IEEE float
	swap  bool                        // WAV has its bytes the other way round
	value func(sample []byte) float64 // from −1 to 1
}

var encodings = map[string]encoding{
	"u8":    {1, wavePCM, false, func(s []byte) float64 { return (float64(s[0]) - 128) / 128 }},
	"s16le": {2, wavePCM, false, func(s []byte) float64 { return float64(int16(binary.LittleEndian.Uint16(s))) / (1 << 15) }},
	"s16be": {2, wavePCM, true, func(s []byte) float64 { return float64(int16(binary.BigEndian.Uint16(s))) / (1 << 15) }},
	"s24le": {3, wavePCM, false, func(s []byte) float64 {
		return float64(int32(uint32(s[0])<<8|uint32(s[1])<<16|uint32(s[2])<<24)) / (1 << 31)
	}},
	"s32le": {4, wavePCM, false, func(s []byte) float64 { return float64(int32(binary.LittleEndian.Uint32(s))) / (1 << 31) }},
	"f32le": {4, waveFloat, false, func(s []byte) float64 {
		v := float64(math.Float32frombits(binary.LittleEndian.Uint32(s)))
		if math.IsNaN(v) {
			return 1 // no sound has it: as bad as what is too loud
		}
		return min(max(v, -1), 1)
	}},
}

// Encodings are the names that Format.Encoding can have.
func Encodings() []string { return slices.Sorted(maps.Keys(encodings)) }

// Check tells what is wrong with f.
func (f Format) Check() error {
	switch _, known := encodings[f.Encoding]; {
	case !known:
		return fmt.Errorf("no encoding %q: there are %s", f.Encoding, strings.Join(Encodings(), ", "))
	case f.Rate < MinRate || f.Rate > MaxRate:
		return fmt.Errorf("a rate of %d: must be between %d and %d samples per second", f.Rate, MinRate, MaxRate)
	case f.Channels < 1 || f.Channels > 2:
		return fmt.Errorf("%d channels: must be 1 or 2", f.Channels)
	}
	return nil
}

// frame is how many bytes one sample of all channels takes.
func (f Format) frame() int { return f.Channels * encodings[f.Encoding].size }

// samples is how many fit into d.
func (f Format) samples(d time.Duration) int64 {
	return int64(d/time.Second)*int64(f.Rate) + int64(d%time.Second)*int64(f.Rate)/int64(time.Second)
}

// silence is n samples without sound, as WAV has them.
func (f Format) silence(n int64) []byte {
	s := make([]byte, n*int64(f.frame()))
	if f.Encoding == "u8" {
		for i := range s {
			s[i] = 128
		}
	}
	return s
}

// toWAV changes sound, which is whole samples, in place.
func (f Format) toWAV(sound []byte) {
	e := encodings[f.Encoding]
	if !e.swap {
		return
	}
	for ; len(sound) >= e.size; sound = sound[e.size:] {
		slices.Reverse(sound[:e.size])
	}
}
