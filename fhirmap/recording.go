package fhirmap

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Recording is the sound that a stethoscope took in one go.
type Recording struct {
	ID     string `json:"id"`   // a UUID; /recordings/{id} has the sound
	SSID   string `json:"ssid"` // the stethoscope's own Wi-Fi, by which it is known
	Device Device `json:"device"`
	Site   string `json:"site,omitempty"` // where on the body it was held, in the words of who started it
	// Start is when the first sample came.
	Start     time.Time  `json:"start"`
	Rate      int        `json:"rate"` // samples per second of each channel
	Channels  int        `json:"channels"`
	Encoding  string     `json:"encoding"`            // of a sample, as in the settings: "s16le"
	Samples   int64      `json:"samples"`             // of each channel, those of gaps included
	Gaps      []SoundGap `json:"gaps,omitempty"`      // where sound is missing, in order
	Clipped   bool       `json:"clipped,omitempty"`   // it was too loud for the stethoscope at times
	HeartHint int        `json:"heartHint,omitempty"` // beats per minute as the sound suggests them; 0: it does not
	// CutShort is the code of what ended it before somebody did: no_sound, disk_full,
	// wrong_rate, interrupted (the program itself ended).
	CutShort string `json:"cutShort,omitempty"`
	Test     bool   `json:"test,omitempty"` // from a simulated stethoscope
}

// A SoundGap is a piece of silence in the place of sound that did not come.
type SoundGap struct {
	At      int64 `json:"at"`      // the sample that it begins with
	Samples int64 `json:"samples"` // its length
}

// A RecordedSound is a Recording with what the station added to it.
type RecordedSound struct {
	Recording
	Seq          uint64    // its number in the log
	Log          string    // the UUID of the log
	Received     time.Time // when it was stored
	Subject      *Patient  // whose it is; nil or without an id: unassigned
	Consultation string    // id of the consultation it belongs to, or empty
}

// Duration is the length of the sound.
func (r *Recording) Duration() time.Duration { return r.Length(r.Samples) }

// Length is how long so many samples last.
func (r *Recording) Length(samples int64) time.Duration {
	if r.Rate <= 0 {
		return 0
	}
	rate := int64(r.Rate)
	return time.Duration(samples/rate)*time.Second + time.Duration(samples%rate)*time.Second/time.Duration(rate)
}

// Missing is how many samples did not come.
func (r *Recording) Missing() (n int64) {
	for _, g := range r.Gaps {
		n += g.Samples
	}
	return n
}

// URL is where the local server has the sound.
func (r *Recording) URL() string { return "/recordings/" + r.ID }

// Validate holds the invariants of a recording that is kept.
func (r *Recording) Validate() error {
	switch {
	case !fhirID.MatchString(r.ID):
		return errors.New("a recording without an id")
	case r.Device.ID == "":
		return errors.New("a recording without a device")
	case r.Rate <= 0 || r.Channels <= 0 || r.Encoding == "":
		return errors.New("a recording without a format")
	case r.Samples <= 0:
		return errors.New("a recording without sound")
	case max(len(r.Site), len(r.SSID)) > maxText:
		return errors.New("a recording with texts that are too long")
	}
	end := int64(0)
	for _, g := range r.Gaps {
		if g.At < end || g.Samples <= 0 || g.At+g.Samples > r.Samples {
			return fmt.Errorf("a recording with a gap of %d samples at %d", g.Samples, g.At)
		}
		end = g.At + g.Samples
	}
	return errors.Join(checkTime(r.Start), checkTexts("", &r.Device, nil))
}

// MediaResource is the R4 resource Media, as far as a recording needs it.
type MediaResource struct {
	ResourceType string           `json:"resourceType"`
	ID           string           `json:"id"`
	Status       string           `json:"status"`
	Type         CodeableConcept  `json:"type"`
	Subject      *Reference       `json:"subject,omitempty"`
	Encounter    *Reference       `json:"encounter,omitempty"`
	Created      string           `json:"createdDateTime"`
	BodySite     *CodeableConcept `json:"bodySite,omitempty"`
	DeviceName   string           `json:"deviceName,omitempty"`
	Device       *Reference       `json:"device,omitempty"`
	Duration     Decimal          `json:"duration"` // seconds
	Content      Attachment       `json:"content"`
}

// An Attachment is content kept elsewhere.
type Attachment struct {
	ContentType string `json:"contentType"`
	URL         string `json:"url"`
	Title       string `json:"title,omitempty"`
	Creation    string `json:"creation,omitempty"`
}

const (
	snomed    = "http://snomed.info/sct"
	mediaID   = "sound" // within the Observation
	mediaType = "http://terminology.hl7.org/CodeSystem/media-type"
)

// R4Recording is the recording as FHIR R4 Observation of category exam, with
// the sound as a contained Media. What the heart rate may be is a note and no
// value: nobody measured it.
func R4Recording(r *RecordedSound) Observation {
	device := &Reference{Reference: "Device/" + r.Device.ID, Display: r.Device.Name}
	o := Observation{
		ResourceType: "Observation", ID: ObservationID(r.Log, r.Seq, 1), Meta: testMeta(r.Test),
		Extension:  gateway(r.Log),
		Identifier: r.identifiers(), Status: "final", Category: exam(),
		Code: CodeableConcept{
			Coding: []Coding{{snomed, "37931006", "Auscultation"}}, Text: "Auscultation enregistrée",
		},
		Subject: subject(r.Subject), Encounter: encounter(r.Consultation),
		Effective: Instant(r.Start), Note: r.notes(), Device: device,
		DerivedFrom: []Reference{{Reference: "#" + mediaID}},
	}
	if r.Log != "" {
		o.Issued = Instant(r.Received)
	}
	if r.Site != "" {
		o.BodySite = &CodeableConcept{Text: r.Site}
	}
	o.Contained = []MediaResource{{
		ResourceType: "Media", ID: mediaID, Status: "completed",
		Type:    CodeableConcept{Coding: []Coding{{mediaType, "audio", "Audio"}}},
		Subject: reference(r.Subject), Encounter: o.Encounter, Created: o.Effective, BodySite: o.BodySite,
		DeviceName: r.Device.Name, Device: device, Duration: NewDecimal(r.Duration().Milliseconds(), -3),
		Content: Attachment{ContentType: "audio/wav", URL: r.URL(), Title: o.Code.Text, Creation: o.Effective},
	}}
	return o
}

func exam() []CodeableConcept {
	return []CodeableConcept{{Coding: []Coding{{observationCategory, "exam", "Exam"}}}}
}

func (r *RecordedSound) identifiers() []Identifier {
	own := Identifier{System: "urn:ietf:rfc:3986", Value: "urn:uuid:" + r.ID}
	if r.Log == "" || r.Seq == 0 {
		return []Identifier{own}
	}
	return []Identifier{{System: "urn:uuid:" + r.Log, Value: strconv.FormatUint(r.Seq, 10)}, own}
}

// cutShort is why a recording ended before somebody ended it, by code.
var cutShort = map[string]string{
	"no_sound":    "Enregistrement interrompu\u00a0: le son n’arrivait plus (no sound).",
	"disk_full":   "Enregistrement interrompu\u00a0: disque plein (disk full).",
	"wrong_rate":  "Enregistrement interrompu\u00a0: la cadence du son ne correspondait pas au réglage, sa vitesse est douteuse (wrong sample rate).",
	"interrupted": "Enregistrement interrompu par l’arrêt du programme (interrupted).",
}

func (r *RecordedSound) notes() (list []Annotation) {
	note := func(format string, args ...any) { list = append(list, Annotation{fmt.Sprintf(format, args...)}) }
	if r.CutShort != "" {
		text, known := cutShort[r.CutShort]
		if !known {
			text = "Enregistrement interrompu (" + r.CutShort + ")."
		}
		note("%s", text)
	}
	if len(r.Gaps) > 0 {
		note("%d interruption(s) du son, %s\u00a0s manquantes remplacées par du silence (gaps).", len(r.Gaps), seconds(r.Length(r.Missing())))
	}
	if r.Clipped {
		note("Saturation\u00a0: son trop fort par moments (clipping).")
	}
	if r.HeartHint > 0 {
		note("Indication non mesurée\u00a0: le son suggère environ %d battements par minute (hint, not a measurement).", r.HeartHint)
	}
	return list
}

// seconds is d with one decimal, as French writes it.
func seconds(d time.Duration) string {
	return strings.Replace(strconv.FormatFloat(d.Seconds(), 'f', 1, 64), ".", ",", 1)
}

// Shorten leaves the first samples, with the gaps that lie within them.
func (r *Recording) Shorten(samples int64) {
	var within []SoundGap
	for _, g := range r.Gaps {
		if g.Samples = min(g.Samples, samples-g.At); g.Samples > 0 {
			within = append(within, g)
		}
	}
	r.Samples, r.Gaps = samples, within
}
