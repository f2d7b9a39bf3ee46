package station

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"vitalien/localstore"
)

// The limits of the audit log.
const (
	auditVault = "audit"
	auditCount = 20_000
	auditBytes = 16 << 20
	auditAge   = 10 * 365 * 24 * time.Hour

	refusalNoted = time.Hour // a refusal that repeats is noted once in so long
	mostRefused  = 256       // different ones in that time
)

// An Action is what the audit log tells of.
type Action string

// The actions.
const (
	AuditOriginAllowed Action = "origin_allowed" // for good
	AuditOriginOnce    Action = "origin_allowed_once"
	AuditOriginRefused Action = "origin_refused" // by the clinician
	AuditOriginRevoked Action = "origin_revoked"
	AuditTokenCreated  Action = "token_created"
	AuditTokenRevoked  Action = "token_revoked"
	AuditExported      Action = "exported"
	AuditQuarantine    Action = "quarantine_exported"
	AuditAccessRefused Action = "access_refused" // by the server
	AuditBackup        Action = "backed_up"      // with a passphrase
	AuditErased        Action = "patient_erased" // told by a pseudonym
	AuditAssigned      Action = "measurement_assigned"
	AuditDiscarded     Action = "measurement_discarded"
	AuditUndone        Action = "correction_undone"
)

// An AuditEntry is who was given what, or refused it. It is kept encrypted.
type AuditEntry struct {
	At      time.Time `json:"at"`
	Action  Action    `json:"action"`
	Subject string    `json:"subject,omitempty"` // the page, the token, the file, the number of the measurement
	Detail  string    `json:"detail,omitempty"`
}

func auditLimits() localstore.VaultLimits {
	return localstore.VaultLimits{Count: auditCount, Bytes: auditBytes, Age: auditAge}
}

// audit notes what has been done. That it cannot be noted undoes nothing.
func (s *Station) audit(action Action, subject, detail string) {
	entry := AuditEntry{s.now(), action, subject[:min(len(subject), longestReason)], detail[:min(len(detail), longestReason)]}
	text, err := json.Marshal(entry)
	if err == nil {
		err = s.auditLog.Add(entry.At, text)
	}
	if err != nil {
		s.log.Error("not in the audit log", "action", string(action), "error", err)
	}
}

// refusals are those that were noted lately.
type refusals struct {
	mu    sync.Mutex
	noted map[[2]string]time.Time
}

// NoteRefusal notes that the server has refused somebody: a page, or "" for a
// program of this computer, and why. The same is noted once an hour.
func (s *Station) NoteRefusal(subject, reason string) {
	if s.refusals.note([2]string{subject[:min(len(subject), maxOrigin)], reason}, s.now()) {
		s.audit(AuditAccessRefused, subject, reason)
	}
}

func (r *refusals) note(refusal [2]string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, noted := r.noted[refusal]; noted && now.Sub(at).Abs() < refusalNoted {
		return false
	}
	for other, at := range r.noted {
		if now.Sub(at).Abs() >= refusalNoted {
			delete(r.noted, other)
		}
	}
	if len(r.noted) >= mostRefused {
		return false
	}
	if r.noted == nil {
		r.noted = map[[2]string]time.Time{}
	}
	r.noted[refusal] = now
	return true
}

// Audit calls fn with each entry of the audit log, oldest first, until fn
// returns false, and says how many could not be opened. Errors are those
// of the store.
func (s *Station) Audit(ctx context.Context, fn func(AuditEntry) (more bool)) (unreadable int, err error) {
	return eachSealed(ctx, s.auditLog, fn)
}
