package station

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vitalien/fhirmap"
)

const page = "https://ehr.example"

func (d *desk) wantAllowed(origin string, wantAllowed, wantPending bool) {
	d.t.Helper()
	err := d.CheckOrigin(origin)
	pending := err != nil && fhirmap.FaultOf(err).Code == "origin_pending"
	if (err == nil) != wantAllowed || pending != wantPending {
		d.t.Errorf("%s: %v", origin, err)
	}
}

func (d *desk) wantQuestions(want ...string) {
	d.t.Helper()
	if have := d.Situation().Origins; !slices.Equal(have, want) {
		d.t.Errorf("questions %q, want %q", have, want)
	}
}

func (d *desk) answer(origin string, a Answer) {
	d.t.Helper()
	if err := d.AnswerOrigin(context.Background(), origin, a); err != nil {
		d.t.Fatal(err)
	}
}

func TestNormalOrigin(t *testing.T) {
	for text, want := range map[string]string{
		"https://ehr.example":            page,
		" HTTPS://EHR.Example/ ":         page,
		"https://ehr.example:443":        page,
		"http://ehr.example:80/":         "http://ehr.example",
		"http://ehr.example:443":         "http://ehr.example:443",
		"https://ehr.example:8443":       "https://ehr.example:8443",
		"http://[2001:DB8::1]:8080":      "http://[2001:db8::1]:8080",
		"http://192.0.2.7:3000":          "http://192.0.2.7:3000",
		"chrome-extension://abcdef":      "chrome-extension://abcdef",
		"https://xn--hpital-wua.exemple": "https://xn--hpital-wua.exemple",

		"": "", "null": "", "*": "", "ehr.example": "", "https://": "", "//ehr.example": "",
		"https://ehr.example/path": "", "https://ehr.example//": "", "https://ehr.example?q": "",
		"https://ehr.example#f": "", "https://user@ehr.example": "", "https://ehr.example:": "",
		"https://ehr.example:0443": "", "https://ehr.example:123456": "", "https://ehr.example:port": "",
		"https://ehr.example https://b": "", "https://a,https://b": "", "https://h\u00f4pital.exemple": "",
		"https://a\u202eb": "", "https://a\"b": "", "https://%65hr.example": "", "mailto:a@b": "",
		"https://ehr.example\r\nX: y": "", "https://[::1": "", "https://" + strings.Repeat("a", 300): "",
		"\xff\xfe": "", "javascript:alert(1)": "",
	} {
		got, err := NormalOrigin(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
		if err != nil {
			wantFault(t, err, "bad_request")
		}
	}
}

func TestCheckOrigin_OneQuestionForAPage(t *testing.T) {
	d := newDesk(t)
	changed, stop := d.Watch()
	defer stop()
	var requests sync.WaitGroup
	for range 20 {
		requests.Go(func() { d.wantAllowed(page, false, true) })
	}
	requests.Wait()
	<-changed
	if origins := d.Situation().Origins; !slices.Equal(origins, []string{page}) {
		t.Errorf("%v", origins)
	}
}

func TestCheckOrigin_GarbageRaisesNoQuestion(t *testing.T) {
	d := newDesk(t)
	for _, origin := range []string{"", "*", "HTTPS://ehr.example", page + "/", page + ":443", "a,b", "\x00", strings.Repeat("a", 1<<16)} {
		d.wantAllowed(origin, false, false)
	}
	if origins := d.Situation().Origins; len(origins) != 0 {
		t.Errorf("%v", origins)
	}
}

func TestCheckOrigin_TenThousandPagesAskInVain(t *testing.T) {
	d := newDesk(t)
	for i := range 10_000 {
		d.wantAllowed(fmt.Sprintf("https://%d.example", i), false, i < maxQuestions)
	}
	if n := len(d.Situation().Origins); n != maxQuestions || len(d.access.refused) != 0 || len(d.access.once) != 0 {
		t.Errorf("%d questions", n)
	}
	wantFault(t, d.CheckOrigin("https://late.example"), "limit")
	d.answer("https://3.example", AnswerRefuse)
	d.wantAllowed("https://late.example", false, true)
}

func TestAnswerOrigin_RefusedCoolsDown(t *testing.T) {
	d := newDesk(t)
	d.wantAllowed(page, false, true)
	d.answer(page, AnswerRefuse)
	if n := len(d.Situation().Origins); n != 0 {
		t.Errorf("%d questions", n)
	}
	d.wantAllowed(page, false, false)
	d.clock.advance(refusalCoolDown - time.Second)
	d.wantAllowed(page, false, false)
	d.clock.advance(time.Second)
	d.wantAllowed(page, false, true)
	if len(d.access.refused) != 0 {
		t.Error("a refusal that is over is remembered")
	}
}

func TestCheckOrigin_Codes(t *testing.T) {
	d := newDesk(t)
	wantFault(t, d.CheckOrigin(page), "origin_pending")
	d.answer(page, AnswerRefuse)
	wantFault(t, d.CheckOrigin(page), "forbidden")
	wantFault(t, d.CheckOrigin(page+"/"), "forbidden")
}

// Subdomains cost nothing, so they share a bound, and the real page is asked
// about.
func TestCheckOrigin_SubdomainsLeaveRoom(t *testing.T) {
	d := newDesk(t)
	for i := range 17 {
		err := d.CheckOrigin(fmt.Sprintf("https://s%d.a.evil.example.:%d", i, 8000+i))
		if i < maxOfSite {
			wantFault(t, err, "origin_pending")
		} else {
			wantFault(t, err, "limit")
		}
	}
	d.wantAllowed(page, false, true)
}

func TestSiteOf(t *testing.T) {
	for origin, want := range map[string]string{
		"https://ehr.example": "ehr.example", "http://a.b.ehr.example:8080": "ehr.example", "https://a.ehr.example.": "ehr.example",
		"http://localhost:3000": "localhost", "http://192.0.2.7:3000": "192.0.2.7", "http://[2001:db8::1]:80": "[2001:db8::1]",
		"chrome-extension://abcdef": "abcdef", "null": "null",
	} {
		if got := siteOf(origin); got != want {
			t.Errorf("%s: %q, want %q", origin, got, want)
		}
	}
}

func TestCheckOrigin_QuestionEndsWithItsPage(t *testing.T) {
	d := newDesk(t)
	d.wantAllowed("https://gone.example", false, true)
	d.wantAllowed(page, false, true)
	d.clock.advance(questionLife - time.Second)
	d.wantAllowed(page, false, true) // asks again
	d.wantQuestions("https://gone.example", page)
	d.clock.advance(time.Second)
	d.wantQuestions(page)
	d.clock.advance(questionLife - time.Second)
	d.wantQuestions()
	d.wantAllowed(page, false, true) // comes back, and is not called refused
}

// A full queue drains by itself.
func TestCheckOrigin_FullQueueDrains(t *testing.T) {
	d := newDesk(t)
	for i := range maxQuestions {
		d.wantAllowed(fmt.Sprintf("https://%d.example", i), false, true)
	}
	d.clock.advance(questionLife / 2)
	wantFault(t, d.CheckOrigin(page), "limit")
	d.clock.advance(questionLife / 2)
	d.wantAllowed(page, false, true)
	d.wantQuestions(page)
}

// The window learns of it without asking.
func TestCheckOrigin_WindowIsWokenWhenAQuestionEnds(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(folder, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		begin := time.Now()
		s.CheckOrigin("https://gone.example")
		time.Sleep(questionLife / 2) // in the bubble's time
		s.CheckOrigin(page)
		changed, stop := s.Watch()
		defer stop()
		for _, c := range []struct {
			after time.Duration
			left  []string
		}{{questionLife, []string{page}}, {questionLife * 3 / 2, []string{}}} {
			<-changed
			if have, after := s.Situation().Origins, time.Since(begin); !slices.Equal(have, c.left) || after != c.after {
				t.Errorf("after %v %q wait, want %q after %v", after, have, c.left, c.after)
			}
		}
		if s.access.alarm != nil {
			t.Error("an alarm goes on")
		}
	})
}

func TestAnswerOrigin_OnceIsForgottenWithTheProgram(t *testing.T) {
	for _, origin := range []string{page, "null"} {
		d := newDesk(t)
		d.wantAllowed(origin, false, true)
		d.answer(origin, AnswerOnce)
		d.wantAllowed(origin, true, false)
		if len(d.Approvals()) != 0 {
			t.Errorf("%v", d.Approvals())
		}
		d.reopen()
		d.wantAllowed(origin, false, true)
	}
}

func TestAnswerOrigin_AlwaysIsRemembered(t *testing.T) {
	d := newDesk(t)
	d.wantAllowed(page, false, true)
	d.answer(page, AnswerAlways)
	d.reopen()
	d.wantAllowed(page, true, false)
	d.wantAllowed("http://ehr.example", false, true)
	if list := d.Approvals(); len(list) != 1 || list[0].Origin != page || !list[0].Since.Equal(morning) {
		t.Errorf("%v", list)
	}
}

func TestAnswerOrigin_NullIsNeverRemembered(t *testing.T) {
	d := newDesk(t)
	d.wantAllowed("null", false, true)
	d.answer("null", AnswerAlways)
	d.wantAllowed("null", true, false)
	d.reopen()
	d.wantAllowed("null", false, true)
	wantFault(t, d.AllowOrigin(context.Background(), "null"), "bad_request")
}

func TestAnswerOrigin_Unknown(t *testing.T) {
	d := newDesk(t)
	d.wantAllowed(page, false, true)
	wantFault(t, d.AnswerOrigin(context.Background(), page, "perhaps"), "bad_request")
	if n := len(d.Situation().Origins); n != 1 {
		t.Errorf("%d questions", n)
	}
}

func TestAllowOrigin_AnswersTheQuestionAndEndsTheCoolDown(t *testing.T) {
	d := newDesk(t)
	d.wantAllowed(page, false, true)
	d.answer(page, AnswerRefuse)
	if err := d.AllowOrigin(context.Background(), "HTTPS://EHR.example:443/"); err != nil {
		t.Fatal(err)
	}
	d.wantAllowed(page, true, false)
	if err := d.RevokeOrigin(context.Background(), page); err != nil {
		t.Fatal(err)
	}
	d.wantAllowed(page, false, true)
}

func TestRevokeOrigin_TellsAndForgets(t *testing.T) {
	for _, c := range []struct {
		origin string
		answer Answer
	}{{page, AnswerAlways}, {page, AnswerOnce}, {"null", AnswerOnce}} {
		d := newDesk(t)
		var told []string
		d.OnRevoke(func(origin string) { told = append(told, origin) })
		d.answer(c.origin, c.answer)
		if err := d.RevokeOrigin(context.Background(), c.origin); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(told, []string{c.origin}) {
			t.Errorf("told %v", told)
		}
		d.wantAllowed(c.origin, false, true)
		wantFault(t, d.RevokeOrigin(context.Background(), c.origin), "not_found")
		d.reopen()
		d.wantAllowed(c.origin, false, true)
	}
}

// What the store and the memory say must agree, in whatever order two people
// decide.
func TestOrigins_StoreAndMemoryAgree(t *testing.T) {
	d := newDesk(t)
	for range 200 {
		var people sync.WaitGroup
		people.Go(func() { d.AllowOrigin(context.Background(), page) })
		people.Go(func() { d.RevokeOrigin(context.Background(), page) })
		people.Go(func() { d.AllowOrigin(context.Background(), page) })
		people.Wait()
		stored, err := d.store.List(originBucket)
		if err != nil || len(stored) != len(d.Approvals()) {
			t.Fatalf("%d stored, %d in memory, %v", len(stored), len(d.Approvals()), err)
		}
	}
}

func TestAllowOrigin_NotStoredNotAllowed(t *testing.T) {
	d := newDesk(t)
	d.Close()
	wantFault(t, d.AllowOrigin(context.Background(), page), "store_closed")
	d.wantAllowed(page, false, true)
}
