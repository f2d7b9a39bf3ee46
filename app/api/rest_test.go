package api

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// A restBundle is what tests read of an answer.
type restBundle struct {
	ResourceType, Type string
	Link               []struct{ Relation, URL string }
	Entry              []struct {
		FullURL  string
		Resource fhirmap.Observation
	}
	Issue []struct {
		Code, Diagnostics string
		Details           struct{ Text string }
	}
}

func (b *restBundle) link(relation string) string {
	for _, l := range b.Link {
		if l.Relation == relation {
			return l.URL
		}
	}
	return ""
}

// values are the first values of what was found, with the id of the patient.
func (b *restBundle) values() (list []string) {
	for _, e := range b.Entry {
		o := e.Resource
		value := o.ValueQuantity
		if value == nil && len(o.Component) > 0 {
			value = o.Component[0].ValueQuantity
		}
		who := "nobody"
		if o.Subject.Identifier != nil {
			who = o.Subject.Identifier.Value
		}
		list = append(list, fmt.Sprintf("%s %s of %s", o.Code.Coding[0].Code, value.Value, who))
	}
	return list
}

func (p *post) read(path string, headers ...string) (int, http.Header, restBundle) {
	p.tb.Helper()
	status, header, body := p.request("GET", path, "", headers...)
	var b restBundle
	if err := json.Unmarshal([]byte(body), &b); err != nil && status != http.StatusNotModified {
		p.tb.Fatalf("%s: %v in %q", path, err, body)
	}
	return status, header, b
}

// taken is when the measurements of the tests were made.
var taken = time.Date(2026, 11, 20, 10, 0, 0, 0, time.FixedZone("", 3600))

// measure records a heart rate, or a blood pressure with a pulse, of somebody.
func (p *post) measure(value int64, kind fhirmap.Type, who string, after time.Duration) {
	p.tb.Helper()
	number := fhirmap.NewDecimal(value, 0)
	m := fhirmap.Measurement{Type: kind, Device: fhirmap.Device{ID: "d1", Type: fhirmap.PatientMonitor}, Time: taken.Add(after)}
	if who != "" {
		m.Patient = &fhirmap.Patient{System: "urn:test", ID: who}
	}
	add := func(t fhirmap.Type, unit fhirmap.Unit) {
		m.Readings = append(m.Readings, fhirmap.Reading{Type: t, Value: &number, Unit: unit})
	}
	switch kind {
	case fhirmap.BloodPressure:
		add(fhirmap.Systolic, fhirmap.MillimetreOfMercury)
		add(fhirmap.Diastolic, fhirmap.MillimetreOfMercury)
		add(fhirmap.HeartRate, fhirmap.BeatsPerMinute)
	case fhirmap.BloodGlucose:
		add(kind, fhirmap.MilligramPerDecilitre)
	default:
		add(kind, fhirmap.BeatsPerMinute)
	}
	if _, err := p.station.Record(context.Background(), fhirmap.Report{Link: "test", Measurements: []fhirmap.Measurement{m}}); err != nil {
		p.tb.Fatal(err)
	}
}

func restPost(t *testing.T, change ...func(*Options)) *post {
	p := newPost(t, change...)
	p.measure(60, fhirmap.HeartRate, "a", 0)
	p.measure(120, fhirmap.BloodPressure, "a", time.Hour)
	p.measure(61, fhirmap.HeartRate, "b", 2*time.Hour)
	p.measure(95, fhirmap.BloodGlucose, "a", 3*time.Hour)
	p.measure(62, fhirmap.HeartRate, "", 24*time.Hour)
	return p
}

func TestREST_Search(t *testing.T) {
	p := restPost(t)
	key := (&fhirmap.Patient{System: "urn:test", ID: "a"}).Key()
	pulse, pressure, glucose := "8867-4 120 of a", "85354-9 120 of a", "2339-0 95 of a"
	first, second, third := "8867-4 60 of a", "8867-4 61 of b", "8867-4 62 of nobody"
	for search, want := range map[string][]string{
		"":                                       {third, glucose, second, pulse, pressure, first},
		"_sort=date":                             {first, pressure, pulse, second, glucose, third},
		"_sort=-_lastUpdated&_count=2":           {third, glucose},
		"patient=Patient/" + key:                 {glucose, pulse, pressure, first},
		"patient=" + key + "&code=8867-4":        {pulse, first},
		"patient.identifier=urn:test|b":          {second},
		"patient.identifier=urn:other|b":         nil,
		"patient=nobody":                         nil,
		"code=http://loinc.org|85354-9":          {pressure},
		"code=urn:iso:std:iso:11073:10101|85354": nil,
		"code=8480-6":                            nil, // a component alone
		"combo-code=8480-6":                      {pressure},
		"code=8867-4,2339-0":                     {third, glucose, second, pulse, first},
		"code=8867-4&code=2339-0":                nil,
		"code=149546":                            {pulse}, // of a cuff
		"code=147842":                            {third, second, first},
		"category=laboratory":                    {glucose},
		"category=vital-signs&_count=1":          {third},
		"device=Device/d1&_count=1":              {third},
		"device=d2":                              nil,
		"date=2026-11-21":                        {third},
		"date=ge2026-11-20T13:00:00%2B01:00":     {third, glucose},
		"date=ge2026-11-20T13:00:00+01:00":       {third, glucose}, // as people type it
		"date=gt2026-11-20T10:00:00%2B01:00&date=lt2026-11-20T12:00:00%2B01:00": {pulse, pressure},
		"date=ne2026-11-20&_sort=date":                                          {third},
		"date=lt2026-11-20T10:30:00%2B01:00,gt2026-11-21":                       {first},
		"date=2026&code=8867-4&_count=1":                                        {third},
		"date=sa2026-11":                                                        nil,
		"_lastUpdated=lt2020":                                                   nil,
		"_lastUpdated=gt2020&_count=1&_sort=_lastUpdated":                       {first},
		"_id=" + p.station.ID()[:8] + "-1":                                      {first},
		"_id=" + p.station.ID()[:8] + "-2-2,nothing":                            {pulse},
		"_id=" + p.station.ID()[:8] + "-2-3":                                    nil,
		"_id=" + p.station.ID()[:8] + "-1&code=85354-9":                         nil,
		"_format=json&_id=" + p.station.ID()[:8] + "-5":                         {glucose},
	} {
		status, _, b := p.read("/fhir/Observation?" + search)
		if status != http.StatusOK || b.Type != "searchset" {
			t.Errorf("%s: %d %+v", search, status, b.Issue)
			continue
		}
		if diff := cmp.Diff(want, b.values()); diff != "" {
			t.Errorf("%s: %s", search, diff)
		}
	}
}

// Pages follow each other without gap and double, whatever comes meanwhile.
func TestREST_Pages(t *testing.T) {
	p := newPost(t)
	for i := range 23 {
		p.measure(int64(60+i), fhirmap.HeartRate, "a", time.Duration(i%5)*time.Minute)
	}
	for _, sort := range []string{"date", "-date", "_lastUpdated", "-_lastUpdated"} {
		seen, pages := map[string]bool{}, 0
		for next := "/fhir/Observation?code=8867-4&_count=4&_sort=" + sort; next != ""; pages++ {
			_, _, b := p.read(next)
			if self, err := url.Parse(b.link("self")); err != nil || self.Query().Get("_sort") != sort || self.Host != p.address {
				t.Fatalf("self is %s", b.link("self"))
			}
			for _, e := range b.Entry {
				if seen[e.FullURL] {
					t.Errorf("%s: %s twice", sort, e.FullURL)
				}
				seen[e.FullURL] = true
			}
			next = strings.TrimPrefix(b.link("next"), "http://"+p.address)
			if pages == 0 {
				p.measure(99, fhirmap.HeartRate, "a", -time.Hour)
				p.measure(99, fhirmap.HeartRate, "a", time.Hour)
			}
		}
		if len(seen) != 23 && sort == "date" || pages < 6 {
			t.Errorf("%s: %d in %d pages", sort, len(seen), pages)
		}
	}
}

func TestREST_ReadAndVersions(t *testing.T) {
	p := restPost(t)
	_, _, b := p.read("/fhir/Observation?code=85354-9")
	path := strings.TrimPrefix(b.Entry[0].FullURL, "http://"+p.address)
	status, header, body := p.request("GET", path, "")
	var o fhirmap.Observation
	if err := json.Unmarshal([]byte(body), &o); err != nil || status != http.StatusOK || len(o.Component) != 2 || o.Meta.LastUpdated == "" {
		t.Fatalf("%d %v %s", status, err, body)
	}
	if header.Get("ETag") != `W/"1"` || !strings.HasPrefix(header.Get("Content-Type"), "application/fhir+json") {
		t.Error(header)
	}
	for _, have := range []string{`W/"1"`, `"1"`, "*", `W/"7", W/"1"`} {
		if status, _, body := p.request("GET", path, "", "If-None-Match: "+have); status != http.StatusNotModified || body != "" {
			t.Errorf("%s: %d %q", have, status, body)
		}
	}
	status, header, body = p.request("HEAD", path, "")
	if status != http.StatusOK || body != "" || header.Get("Content-Length") == "" {
		t.Errorf("HEAD: %d %q %v", status, body, header)
	}
	// A search is another one as soon as something was recorded.
	_, header, _ = p.read("/fhir/Observation")
	tag := header.Get("ETag")
	if status, _, _ := p.read("/fhir/Observation", "If-None-Match: "+tag); status != http.StatusNotModified {
		t.Error(status)
	}
	p.measure(63, fhirmap.HeartRate, "a", 0)
	if status, _, b := p.read("/fhir/Observation", "If-None-Match: "+tag); status != http.StatusOK || len(b.Entry) != 7 {
		t.Error(status, len(b.Entry))
	}
}

func TestREST_Compressed(t *testing.T) {
	p := restPost(t)
	for accepts, want := range map[string]string{"gzip": "gzip", "br, gzip;q=0.5": "gzip", "gzip;q=0": "", "identity": ""} {
		r, err := http.NewRequest("GET", "http://"+p.address+"/fhir/Observation", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", accepts)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body := io.Reader(response.Body)
		if want != "" {
			if body, err = gzip.NewReader(body); err != nil {
				t.Fatal(err)
			}
		}
		var b restBundle
		if err := json.NewDecoder(body).Decode(&b); err != nil || len(b.Entry) != 6 || response.Header.Get("Content-Encoding") != want {
			t.Errorf("%s: %v, %d, %q", accepts, err, len(b.Entry), response.Header.Get("Content-Encoding"))
		}
		response.Body.Close()
	}
}

// Whatever is asked for wrongly is answered by an OperationOutcome, and nothing
// else suffers.
func TestREST_Refusals(t *testing.T) {
	p := restPost(t)
	long := strings.Repeat("x", maxQuery)
	for request, want := range map[string]string{
		"GET /fhir/Observation?nonsense=1":                                        "400 invalid",
		"GET /fhir/Observation?subject:missing=true":                              "400 invalid",
		"GET /fhir/Observation?code=":                                             "400 invalid",
		"GET /fhir/Observation?code=http://loinc.org|":                            "400 invalid",
		"GET /fhir/Observation?code=%zz":                                          "400 invalid",
		"GET /fhir/Observation?code=8867-4;patient=x":                             "400 invalid",
		"GET /fhir/Observation?date=yesterday":                                    "400 invalid",
		"GET /fhir/Observation?date=xx2026":                                       "400 invalid",
		"GET /fhir/Observation?date=2026-13-45":                                   "400 invalid",
		"GET /fhir/Observation?_count=0":                                          "400 invalid",
		"GET /fhir/Observation?_count=-5":                                         "400 invalid",
		"GET /fhir/Observation?_count=many":                                       "400 invalid",
		"GET /fhir/Observation?_count=1&_count=2":                                 "400 invalid",
		"GET /fhir/Observation?_sort=code":                                        "400 invalid",
		"GET /fhir/Observation?_page=%00":                                         "400 invalid",
		"GET /fhir/Observation?_page=bnVsbA":                                      "400 invalid",
		"GET /fhir/Observation?patient=Patient/a/b":                               "400 invalid",
		"GET /fhir/Observation?patient.identifier=2":                              "400 invalid",
		"GET /fhir/Observation?patient=" + strings.Repeat("a,", mostValues) + "b": "400 invalid",
		"GET /fhir/Observation?code=" + long:                                      "414 too-long",
		"GET /fhir/Observation/nothing":                                           "404 not-found",
		"GET /fhir/Observation/" + p.station.ID()[:8] + "-999":                    "404 not-found",
		"GET /fhir/Observation/" + p.station.ID()[:8] + "-2-1":                    "404 not-found",
		"GET /fhir/Observation/" + p.station.ID()[:8] + "-18446744073709551616":   "404 not-found",
		"GET /fhir/Observation/x?code=1":                                          "400 invalid",
		"GET /fhir/Medication":                                                    "404 not-found",
		"GET /fhir/":                                                              "404 not-found",
		"POST /fhir/Observation":                                                  "405 not-supported",
		"DELETE /fhir/Observation/x":                                              "405 not-supported",
		"GET /fhir/Observation?_format=xml":                                       "406 not-supported",
	} {
		method, path, _ := strings.Cut(request, " ")
		status, header, body := p.request(method, path, "")
		var b restBundle
		if err := json.Unmarshal([]byte(body), &b); err != nil || b.ResourceType != "OperationOutcome" || len(b.Issue) != 1 {
			t.Errorf("%.80s: %v %q", request, err, body)
			continue
		}
		if got := fmt.Sprint(status, " ", b.Issue[0].Code); got != want {
			t.Errorf("%.80s: %s instead of %s (%s)", request, got, want, b.Issue[0].Diagnostics)
		}
		if status == 405 && header.Get("Allow") == "" {
			t.Errorf("%s: no Allow", request)
		}
	}
	for accept, want := range map[string]int{
		"application/fhir+json": 200, "application/json": 200, "*/*": 200, "text/html, application/fhir+json;q=0.9": 200,
		"application/fhir+xml": 406, "text/html": 406, "application/json;q=0": 406,
	} {
		if status, _, _ := p.read("/fhir/Observation", "Accept: "+accept); status != want {
			t.Errorf("%s: %d", accept, status)
		}
	}
	if status, _, b := p.read("/fhir/Observation"); status != 200 || len(b.Entry) != 6 {
		t.Error(status, len(b.Entry))
	}
}

// Who may not connect reads nothing here, either.
func TestREST_Access(t *testing.T) {
	p := restPost(t, func(o *Options) { o.RequireToken = true })
	secret, err := p.station.CreateToken("ehr")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/fhir/metadata", "/fhir/Observation", "/fhir/Observation/x", "/fhir/nothing"} {
		for _, c := range []struct{ headers, want, details string }{
			{"Host: evil.example:63336", "403", "forbidden"},
			{"Origin: https://unknown.example", "403", "origin_pending"},
			{"Sec-Fetch-Site: cross-site", "403", "forbidden"},
			{"Accept: */*", "401", "forbidden"},
			{"Authorization: Bearer " + secret + "x", "401", "forbidden"},
		} {
			status, _, b := p.read(path, c.headers)
			if fmt.Sprint(status) != c.want || len(b.Issue) != 1 || b.Issue[0].Details.Text != c.details {
				t.Errorf("%s with %s: %d %+v", path, c.headers, status, b.Issue)
			}
		}
	}
	status, _, b := p.read("/fhir/Observation?_count=1", "Authorization: Bearer "+secret)
	if status != 200 || len(b.Entry) != 1 {
		t.Error(status, len(b.Entry))
	}
	// A token in the address is not passed on in links.
	if status, _, b = p.read("/fhir/Observation?_count=1&token=" + secret); status != 200 || strings.Contains(b.link("next")+b.link("self"), secret) {
		t.Error(status, b.Link)
	}
}

// Patients, devices and consultations are those that Observations refer to.
func TestREST_WhomAndWhat(t *testing.T) {
	p := restPost(t)
	for i := range 2 {
		c := station.Consultation{ID: fmt.Sprint("c", i), Patient: &fhirmap.Patient{System: "urn:test", ID: "a", Family: "Martin"}}
		if _, err := p.station.StartConsultation(context.Background(), c); err != nil {
			t.Fatal(err)
		}
	}
	_, _, b := p.read("/fhir/Observation?code=85354-9")
	patient, device := b.Entry[0].Resource.Subject.Reference, b.Entry[0].Resource.Device.Reference
	key := strings.TrimPrefix(patient, "Patient/")
	ids := func(search string) (list []string) {
		status, _, b := p.read("/fhir/" + search)
		if status != http.StatusOK || b.Type != "searchset" {
			t.Errorf("%s: %d %+v", search, status, b.Issue)
		}
		for _, e := range b.Entry {
			list = append(list, strings.TrimPrefix(e.FullURL, "http://"+p.address+"/fhir/"))
		}
		return list
	}
	for search, want := range map[string][]string{
		"Patient?identifier=urn:test|a":               {patient},
		"Patient?identifier=a":                        {patient},
		"Patient?identifier=urn:other|a":              nil,
		"Patient?_id=" + key + ",nobody":              {patient},
		"Patient?_lastUpdated=lt2020":                 nil,
		"Device?_id=d1":                               {device},
		"Device?_id=" + p.station.ID():                {"Device/" + p.station.ID()}, // the gateway
		"Encounter":                                   {"Encounter/c0", "Encounter/c1"},
		"Encounter?patient=" + patient:                {"Encounter/c0", "Encounter/c1"},
		"Encounter?patient=nobody":                    nil,
		"Encounter?identifier=c1&_lastUpdated=gt2020": {"Encounter/c1"},
	} {
		if diff := cmp.Diff(want, ids(search)); diff != "" {
			t.Errorf("%s: %s", search, diff)
		}
	}
	for _, path := range []string{patient, device, "Encounter/c0", "Device/" + p.station.ID()} {
		status, header, body := p.request("GET", "/fhir/"+path, "")
		if status != http.StatusOK || header.Get("ETag") == "" || !strings.Contains(body, `"versionId"`) && !strings.Contains(path, p.station.ID()) {
			t.Errorf("%s: %d %v %s", path, status, header, body)
		}
		if status, _, _ := p.request("GET", "/fhir/"+path, "", "If-None-Match: "+header.Get("ETag")); status != http.StatusNotModified {
			t.Errorf("%s: %d", path, status)
		}
	}
	for search, want := range map[string]int{
		"Patient/nobody": 404, "Device/nothing": 404, "Encounter/none": 404, "Patient?name=x": 400, "Patient?_sort=name": 400,
		"Encounter?patient=a/b": 400, "Device?_lastUpdated=soon": 400, "Patient?_count=0": 400, "Patient?_page=*": 400, "Patient/" + key + "?x=1": 400,
	} {
		if status, _, b := p.read("/fhir/" + search); status != want || len(b.Issue) != 1 {
			t.Errorf("%s: %d %+v", search, status, b.Issue)
		}
	}
}

// Pages of patients follow each other without gap and double, while others come.
func TestREST_PagesOfPatients(t *testing.T) {
	p := newPost(t)
	for i := range 12 {
		p.measure(60, fhirmap.HeartRate, fmt.Sprint("p", i), 0)
	}
	seen := map[string]int{}
	for next, pages := "/fhir/Patient?_count=5", 0; next != ""; pages++ {
		_, _, b := p.read(next)
		for _, e := range b.Entry {
			seen[e.FullURL]++
		}
		next = strings.TrimPrefix(b.link("next"), "http://"+p.address)
		p.measure(61, fhirmap.HeartRate, fmt.Sprint("p", pages), 0)
	}
	for url, n := range seen {
		if n != 1 {
			t.Errorf("%s: %d times", url, n)
		}
	}
	if len(seen) != 12 {
		t.Errorf("%d patients", len(seen))
	}
}
