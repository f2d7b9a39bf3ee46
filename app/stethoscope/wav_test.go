package stethoscope

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"vitalien/fhirmap"
)

func recordingOf(f Format, samples int64) *fhirmap.Recording {
	return &fhirmap.Recording{ID: "r", Rate: f.Rate, Channels: f.Channels, Encoding: f.Encoding, Samples: samples}
}

// chunksOf reads a RIFF file by its lengths.
func chunksOf(t *testing.T, file []byte) (names []string, chunks map[string][]byte) {
	t.Helper()
	if string(file[:4]) != "RIFF" || string(file[8:12]) != "WAVE" || int(binary.LittleEndian.Uint32(file[4:]))+8 != len(file) {
		t.Fatalf("%q with %d bytes", file[:12], len(file))
	}
	chunks = map[string][]byte{}
	for rest := file[12:]; len(rest) > 0; {
		name, length := string(rest[:4]), int(binary.LittleEndian.Uint32(rest[4:]))
		names, chunks[name] = append(names, name), rest[8:8+length]
		rest = rest[8+length+length%2:]
	}
	return names, chunks
}

func TestWAV_EveryEncoding(t *testing.T) {
	for _, name := range Encodings() {
		for channels := range 2 {
			f := Format{Rate: 44_100, Channels: channels + 1, Encoding: name}
			sound := bytes.Repeat([]byte{1, 2, 3, 5, 7, 11, 13}, f.frame()*9)[:9*f.frame()]
			section, err := WAV(recordingOf(f, 9), bytes.NewReader(sound), int64(len(sound)))
			if err != nil {
				t.Fatal(err)
			}
			file, err := io.ReadAll(section)
			if err != nil || int64(len(file)) != section.Size() {
				t.Fatal(err, len(file), section.Size())
			}
			_, chunks := chunksOf(t, file)
			form, u16, u32 := chunks["fmt "], binary.LittleEndian.Uint16, binary.LittleEndian.Uint32
			size := encodings[name].size
			if u16(form) != encodings[name].wave || int(u16(form[2:])) != f.Channels || u32(form[4:]) != 44_100 ||
				int(u32(form[8:])) != 44_100*f.frame() || int(u16(form[12:])) != f.frame() || int(u16(form[14:])) != 8*size {
				t.Errorf("%+v: %v", f, form)
			}
			if fact := chunks["fact"]; (u16(form) == waveFloat) != (len(fact) == 4 && u32(fact) == 9) {
				t.Errorf("%+v: fact %v", f, fact)
			}
			if !bytes.Equal(chunks["data"], sound) {
				t.Errorf("%+v: other sound", f)
			}
		}
	}
}

// TestWAV_Gaps are cue points with labels that name their length.
func TestWAV_Gaps(t *testing.T) {
	r := recordingOf(Format{8000, 1, "u8"}, 16_001)
	r.Gaps = []fhirmap.SoundGap{{At: 100, Samples: 4000}, {At: 8000, Samples: 12}}
	section, err := WAV(r, bytes.NewReader(make([]byte, 16_001)), 16_001)
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(section, func() []byte { b, _ := io.ReadAll(io.NewSectionReader(section, 0, section.Size())); return b }()); err != nil {
		t.Error(err)
	}
	file, _ := io.ReadAll(io.NewSectionReader(section, 0, section.Size()))
	names, chunks := chunksOf(t, file)
	if strings.Join(names, ",") != "fmt ,data,cue ,LIST" {
		t.Error(names)
	}
	u32 := binary.LittleEndian.Uint32
	cue := chunks["cue "]
	if u32(cue) != 2 || len(cue) != 4+2*24 || u32(cue[4:]) != 1 || u32(cue[8:]) != 100 || u32(cue[24:]) != 100 || u32(cue[48:]) != 8000 {
		t.Errorf("cue %v", cue)
	}
	if !strings.Contains(string(chunks["LIST"]), "Interruption 0,5 s") {
		t.Errorf("%q", chunks["LIST"])
	}
}

func TestWAV_Refuses(t *testing.T) {
	for name, r := range map[string]*fhirmap.Recording{
		"an encoding of later": recordingOf(Format{8000, 1, "opus"}, 1),
		"less sound":           recordingOf(phone, 6),
		"more than a file has": recordingOf(phone, maxWAV),
	} {
		if _, err := WAV(r, bytes.NewReader(make([]byte, 10)), 10); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSamples(t *testing.T) {
	if n, err := Samples(recordingOf(Format{8000, 2, "s24le"}, 0), 20); n != 3 || err != nil {
		t.Error(n, err)
	}
	if _, err := Samples(&fhirmap.Recording{}, 20); err == nil {
		t.Error("a form that is not known")
	}
}
