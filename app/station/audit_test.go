package station

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// auditOf is the audit log, each entry shortly.
func auditOf(t *testing.T, s *Station) (list []string) {
	t.Helper()
	unreadable, err := s.Audit(context.Background(), func(e AuditEntry) bool {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Action, e.Subject, e.Detail)))
		return true
	})
	if err != nil || unreadable > 0 {
		t.Fatal(unreadable, err)
	}
	return list
}

// What was granted, refused and taken out is known afterwards, after a restart
// too, and nothing of it can be read in the file.
func TestAudit_TellsWhatWasDone(t *testing.T) {
	folder, ctx, now := t.TempDir(), context.Background(), morning
	open := func() *Station {
		s, err := Open(folder, Options{Now: func() time.Time { now = now.Add(time.Second); return now }})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	const page = "https://secret-ehr.example"
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(s.AllowOrigin(ctx, page))
	do(s.RevokeOrigin(ctx, page))
	do(s.AnswerOrigin(ctx, page, AnswerOnce))
	do(s.AnswerOrigin(ctx, page, AnswerRefuse))
	_, err := s.CreateToken("ehr")
	do(err)
	do(s.RevokeToken("ehr"))
	out := t.TempDir()
	_, err = s.Export(ctx, ExportOptions{Dir: out, Format: ExportCSV, Patient: "12"})
	do(err)
	for range 3 {
		s.NoteRefusal(page, "no token")
	}
	now = now.Add(refusalNoted)
	s.NoteRefusal(page, "no token")
	want := []string{
		"origin_allowed " + page, "origin_revoked " + page, "origin_allowed_once " + page, "origin_refused " + page,
		"token_created ehr", "token_revoked ehr", "exported " + out + ` csv, patient "12", 0 measurements`,
		"access_refused " + page + " no token", "access_refused " + page + " no token",
	}
	if got := auditOf(t, s); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	do(s.Close())
	s = open()
	defer s.Close()
	if got := auditOf(t, s); !slices.Equal(got, want) {
		t.Errorf("after a restart: %q", got)
	}
}

// Somebody who makes up pages fills neither the log nor the memory.
func TestAudit_ManyRefusals(t *testing.T) {
	s, err := Open(t.TempDir(), Options{Now: func() time.Time { return morning }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 3 * mostRefused {
		s.NoteRefusal(fmt.Sprintf("https://%d.example", i), strings.Repeat("x", 1<<12))
	}
	if n := len(auditOf(t, s)); n != mostRefused || len(s.refusals.noted) != mostRefused {
		t.Errorf("%d entries, %d in memory", n, len(s.refusals.noted))
	}
}
