package stethoscope

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"vitalien/fhirmap"
)

// The values of wFormatTag that are used (RFC 2361, appendix A).
const (
	wavePCM   = 1
	waveFloat = 3
)

// maxWAV is how many bytes of sound a WAV file can have: its lengths are 32
// bits wide, and some programs read them as signed.
const maxWAV = 1<<31 - 1<<20

// WAV is the recording r as a WAV file (RIFF WAVE), made of the sound that its
// Keeper was given, of size bytes. Each gap is a cue point with a label, which
// editors of sound show. It is an error when there is less sound than r tells,
// or when its form is not known.
func WAV(r *fhirmap.Recording, sound io.ReaderAt, size int64) (*io.SectionReader, error) {
	f := Format{Rate: r.Rate, Channels: r.Channels, Encoding: r.Encoding}
	if err := f.Check(); err != nil {
		return nil, err
	}
	length := r.Samples * int64(f.frame())
	if length > size || length > maxWAV {
		return nil, fmt.Errorf("recording %s of %d bytes, of which there are %d", r.ID, length, size)
	}
	tail := append(make([]byte, length%2), cues(r)...) // chunks have even lengths
	head := f.head(r.Samples, length, len(tail))
	all := joined{
		{bytes.NewReader(head), int64(len(head))}, {sound, length}, {bytes.NewReader(tail), int64(len(tail))},
	}
	return io.NewSectionReader(all, 0, all.size()), nil
}

// Samples is how many whole samples of the form of r the first size bytes of its
// sound hold. It is an error when the form is not known.
func Samples(r *fhirmap.Recording, size int64) (int64, error) {
	f := Format{Rate: r.Rate, Channels: r.Channels, Encoding: r.Encoding}
	if err := f.Check(); err != nil {
		return 0, err
	}
	return size / int64(f.frame()), nil
}

// head is everything before the sound.
func (f Format) head(samples, length int64, tail int) []byte {
	e := encodings[f.Encoding]
	form := binary.LittleEndian.AppendUint16(nil, e.wave)
	form = binary.LittleEndian.AppendUint16(form, uint16(f.Channels))
	form = binary.LittleEndian.AppendUint32(form, uint32(f.Rate))
	form = binary.LittleEndian.AppendUint32(form, uint32(f.Rate*f.frame()))
	form = binary.LittleEndian.AppendUint16(form, uint16(f.frame()))
	form = binary.LittleEndian.AppendUint16(form, uint16(8*e.size))
	var fact []byte
	if e.wave != wavePCM {
		form = append(form, 0, 0) // no extension
		fact = chunk("fact", binary.LittleEndian.AppendUint32(nil, uint32(samples)))
	}
	inner := append([]byte("WAVE"), chunk("fmt ", form)...)
	inner = append(inner, fact...)
	inner = binary.LittleEndian.AppendUint32(append(inner, "data"...), uint32(length))
	riff := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(int64(len(inner)+tail)+length))
	return append(riff, inner...)
}

// cues is a cue point and its label for each gap; nothing when there is none.
func cues(r *fhirmap.Recording) []byte {
	if len(r.Gaps) == 0 {
		return nil
	}
	points := binary.LittleEndian.AppendUint32(nil, uint32(len(r.Gaps)))
	labels := []byte("adtl")
	for i, g := range r.Gaps {
		number := binary.LittleEndian.AppendUint32(nil, uint32(i+1))
		at := binary.LittleEndian.AppendUint32(nil, uint32(g.At))
		points = append(append(append(points, number...), at...), "data\x00\x00\x00\x00\x00\x00\x00\x00"...)
		points = append(points, at...)
		text := fmt.Sprintf("Interruption %.1f s", r.Length(g.Samples).Seconds())
		labels = append(labels, chunk("labl", append(number, strings.Replace(text, ".", ",", 1)+"\x00"...))...)
	}
	return append(chunk("cue ", points), chunk("LIST", labels)...)
}

func chunk(name string, content []byte) []byte {
	c := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(content)))
	return append(append(c, content...), make([]byte, len(content)%2)...)
}

// joined is several contents, one behind the other.
type joined []struct {
	io.ReaderAt
	length int64
}

var _ io.ReaderAt = joined(nil)

func (j joined) size() (n int64) {
	for _, part := range j {
		n += part.length
	}
	return n
}

// ReadAt implements io.ReaderAt.
func (j joined) ReadAt(p []byte, off int64) (n int, err error) {
	for _, part := range j {
		if off < part.length && n < len(p) {
			got, err := part.ReadAt(p[n:n+int(min(int64(len(p)-n), part.length-off))], off)
			if n += got; err != nil && !(err == io.EOF && off+int64(got) == part.length) {
				return n, err
			}
			off = part.length
		}
		off -= part.length
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
