package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// correct has a measurement of "a" turn out to be of "b", and one of "b" to
// be wrong: numbers 1 and 2, corrected in 3 and 4 once they have been seen.
func (p *post) correct(seen ...func()) {
	p.tb.Helper()
	p.measure(71, fhirmap.HeartRate, "a", 0)
	p.measure(72, fhirmap.HeartRate, "b", 0)
	for _, wait := range seen {
		wait()
	}
	if _, err := p.station.Assign(p.tb.Context(), 1, station.Attribution{Patient: &fhirmap.Patient{System: "urn:test", ID: "b"}}); err != nil {
		p.tb.Fatal(err)
	}
	if _, err := p.station.Discard(p.tb.Context(), 2, "essai"); err != nil {
		p.tb.Fatal(err)
	}
}

// Subscriptions get each correction as an UPDATE in its place of the log, those
// too that follow the one to whom the measurement is no longer attributed; what
// is replayed tells the newest version.
func TestSubscribe_Corrections(t *testing.T) {
	p := newPost(t)
	early := p.mustConnect(4, "websocket", "")
	early.subscribe(t, `{"resource":"Observation"}`)
	gets := func(all ...string) {
		for _, want := range all {
			if got, err := early.version(); err != nil || got != want {
				t.Errorf("%q, %v, want %q", got, err, want)
			}
		}
	}
	p.correct(func() { gets("CREATE 1 final a ", "CREATE 2 final b ") }) // else it may get the newest version
	gets("UPDATE 3 amended b 2", "UPDATE 4 entered-in-error b 2")
	for filter, want := range map[string][]string{
		`{}`:                {"CREATE 1 amended b 2", "CREATE 2 entered-in-error b 2", "UPDATE 3 amended b 2", "UPDATE 4 entered-in-error b 2"},
		`{"patient":"a"}`:   {"UPDATE 3 amended b 2"},
		`{"patient":"b"}`:   {"CREATE 1 amended b 2", "CREATE 2 entered-in-error b 2", "UPDATE 3 amended b 2", "UPDATE 4 entered-in-error b 2"},
		`{"patient":"c"}`:   nil,
		`{"device":"else"}`: nil,
	} {
		c := p.mustConnect(4, "websocket", "")
		id := c.subscribe(t, `{"resource":"Observation","after":0,"filter":`+filter+`}`)
		for _, want := range want {
			if got, err := c.version(); err != nil || got != want {
				t.Errorf("%s: %q, %v, want %q", filter, got, err, want)
			}
		}
		if answer, err := c.ask(9, `["unsubscribe",{"subscription":"`+id+`"}]`); err != nil || answer["ok"] != true {
			t.Errorf("%s: more than was wanted, or %v (%v)", filter, answer, err)
		}
		c.close()
	}
	updates := p.mustConnect(4, "websocket", "")
	updates.subscribe(t, `{"resource":"Observation","events":["UPDATE"],"after":0}`)
	if got, err := updates.version(); err != nil || got != "UPDATE 3 amended b 2" {
		t.Error(got, err)
	}
}

// version is what the next event of a subscription tells: type, number, status,
// patient and version.
func (c *client2) version() (string, error) {
	d, err := c.delivered()
	o := &d.Data
	version := ""
	if o.Meta != nil {
		version = o.Meta.VersionID
	}
	who := "nobody"
	if o.Subject.Identifier != nil {
		who = o.Subject.Identifier.Value
	}
	return fmt.Sprintf("%s %d %s %s %s", d.Type, d.Seq, o.Status, who, version), err
}

// Neither form of "fhir" tells a measurement twice, and that of 2019 nothing of
// one that was discarded before the client got it.
func TestDelivery_CorrectionsAreNoMeasurements(t *testing.T) {
	p := newPost(t)
	plain, r4 := p.mustConnect(4, "websocket", ""), p.mustConnect(4, "websocket", "&format=r4")
	p.correct()
	p.measure(73, fhirmap.HeartRate, "", 0)
	for _, c := range []*client2{plain, r4} {
		for _, want := range []int{71, 72, 73} {
			packet, err := c.event()
			if got, bad := valueOf(packet); err != nil || bad != nil || got != want {
				t.Errorf("%d, %v, %v, want %d", got, err, bad, want)
			}
		}
	}
	events, _, err := p.server.frames[formKligo].after(0) // as who has been slow reads
	if err != nil || len(events) != 2 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	if first := string(events[0].frame); strings.Contains(first, "amended") || !strings.Contains(first, `"final"`) {
		t.Error(first)
	}
}

// REST reads the newest version under the id of the first, with the ETag of it.
func TestREST_Corrections(t *testing.T) {
	p := newPost(t)
	p.measure(71, fhirmap.HeartRate, "a", 0)
	of := func(who string) string {
		return "/fhir/Observation?patient=Patient/" + (&fhirmap.Patient{System: "urn:test", ID: who}).Key()
	}
	_, _, before := p.read(of("a"))
	path := strings.TrimPrefix(before.Entry[0].FullURL, "http://"+p.address)
	if _, err := p.station.Assign(t.Context(), 1, station.Attribution{Patient: &fhirmap.Patient{System: "urn:test", ID: "b"}}); err != nil {
		t.Fatal(err)
	}
	_, _, was := p.read(of("a"))
	_, _, is := p.read(of("b"))
	if len(was.Entry) != 0 || len(is.Entry) != 1 {
		t.Fatalf("%d of the former, %d of the present", len(was.Entry), len(is.Entry))
	}
	o := is.Entry[0].Resource
	if o.ID != before.Entry[0].Resource.ID || o.Status != "amended" || o.Meta.VersionID != "2" || o.Meta.LastUpdated == before.Entry[0].Resource.Meta.LastUpdated {
		t.Errorf("%+v %+v", o, o.Meta)
	}
	status, header, _ := p.request("GET", path, "", `If-None-Match: W/"1"`)
	if status != http.StatusOK || header.Get("ETag") != `W/"2"` {
		t.Error(status, header)
	}
	if status, _, _ := p.request("GET", path, "", `If-None-Match: W/"2"`); status != http.StatusNotModified {
		t.Error(status)
	}
	log := o.ID[:strings.Index(o.ID, "-")]
	if status, _, _ := p.request("GET", "/fhir/Observation/"+log+"-2", ""); status != http.StatusNotFound {
		t.Error("a correction is no Observation of its own:", status)
	}
}

// Whoever was handed a measurement in any way is known by name, and nobody else.
func TestReceivedBy_EachWay(t *testing.T) {
	p := newPost(t)
	secret, err := p.station.CreateToken("scripts")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.station.AllowOrigin(t.Context(), "https://ehr.example"); err != nil {
		t.Fatal(err)
	}
	p.measure(71, fhirmap.HeartRate, "a", 0)
	p.measure(72, fhirmap.HeartRate, "b", 0)
	p.measure(73, fhirmap.HeartRate, "c", 0)
	page := p.mustConnect(4, "websocket", "", "Origin: https://ehr.example")
	page.subscribe(t, `{"resource":"Observation","after":0,"filter":{"patient":"a"}}`)
	if _, err := page.delivered(); err != nil {
		t.Fatal(err)
	}
	p.read("/fhir/Observation?patient.identifier=urn:test|b", "Authorization: Bearer "+secret)
	plain := p.mustConnect(4, "websocket", "")
	p.measure(74, fhirmap.HeartRate, "d", 0)
	for _, c := range []*client2{plain, page} {
		if _, err := c.event(); err != nil {
			t.Fatal(err)
		}
	}
	for seq, want := range map[uint64]string{1: "[https://ehr.example/]", 2: "[/scripts]", 3: "[]", 4: "[/ https://ehr.example/]"} {
		var names []string
		for _, r := range p.station.ReceivedBy(seq) {
			names = append(names, r.Origin+"/"+r.Token)
		}
		slices.Sort(names)
		if fmt.Sprint(names) != want {
			t.Errorf("%d was received by %q, want %s", seq, names, want)
		}
	}
}
