package station

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"vitalien/hl7link"
	"vitalien/localstore"
)

// The limits of the quarantine. A listener takes messages of 1 MiB, which are
// a third larger here.
const (
	quarantineVault = "quarantine"
	quarantineCount = 2000
	quarantineBytes = 64 << 20
	quarantineAge   = 30 * 24 * time.Hour
	longestReason   = 1 << 10
)

// A Rejection is a message in quarantine.
type Rejection struct {
	Received time.Time `json:"received"`
	Link     string    `json:"link,omitempty"`
	Peer     string    `json:"peer"`
	Reason   string    `json:"reason"`
	Message  []byte    `json:"message"` // whole, as it came
}

func (o *Options) quarantineLimits() localstore.VaultLimits {
	limits := localstore.VaultLimits{Count: quarantineCount, Bytes: quarantineBytes, Age: quarantineAge}
	if o.QuarantineAge > 0 {
		limits.Age = o.QuarantineAge
	}
	return limits
}

// Reject keeps a message that was refused, encrypted, for support. It returns
// once that is on disk. Errors are those of the store.
func (s *Station) Reject(_ context.Context, r hl7link.Rejected) error {
	if r.Received.IsZero() {
		r.Received = s.now()
	}
	text, err := json.Marshal(Rejection{r.Received, r.Link, r.Peer, r.Reason[:min(len(r.Reason), longestReason)], r.Message})
	if err != nil {
		return fmt.Errorf("encode a refused message: %w", err)
	}
	return s.quarantine.Add(r.Received, text)
}

// Rejected calls fn with each message in quarantine, oldest first, until fn
// returns false, and says how many could not be opened. Errors are those
// of the store.
func (s *Station) Rejected(ctx context.Context, fn func(Rejection) (more bool)) (unreadable int, err error) {
	return eachSealed(ctx, s.quarantine, fn)
}

// eachSealed calls fn with each value of a vault, as JSON has it.
func eachSealed[T any](ctx context.Context, vault *localstore.Vault, fn func(T) (more bool)) (unreadable int, err error) {
	err = vault.Each(func(_ time.Time, text []byte, err error) bool {
		var r T
		if err != nil || json.Unmarshal(text, &r) != nil {
			unreadable++
			return ctx.Err() == nil
		}
		return fn(r) && ctx.Err() == nil
	})
	if err == nil {
		err = ctx.Err()
	}
	return unreadable, err
}

// RejectedCount is how many messages are in quarantine.
func (s *Station) RejectedCount() (int, error) { return s.quarantine.Count() }

// exportedRejection is a line of the export for support.
type exportedRejection struct {
	Rejection
	Text string `json:"text"` // Message as far as it is UTF-8
}

// ExportRejected writes the quarantine to w, decrypted, one JSON object a line:
// {received, link, peer, reason, message (base64), text}. It holds patient
// data. unreadable are those that could not be opened. Errors are those of
// Rejected and of w.
func (s *Station) ExportRejected(ctx context.Context, w io.Writer) (written, unreadable int, err error) {
	out := bufio.NewWriter(w)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	var failed error
	unreadable, err = s.Rejected(ctx, func(r Rejection) bool {
		if failed = lines.Encode(exportedRejection{r, strings.ToValidUTF8(string(r.Message), "\uFFFD")}); failed != nil {
			return false
		}
		written++
		return true
	})
	if err == nil {
		err = failed
	}
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	return written, unreadable, err
}

// ExportRejectedTo is ExportRejected into a file of the user's own that does not
// exist yet. It is there whole or not at all. Errors are Faults: file_exists,
// disk_full, export_failed, and those of Rejected.
func (s *Station) ExportRejectedTo(ctx context.Context, path string) (written, unreadable int, err error) {
	if _, err := os.Lstat(path); err == nil {
		return 0, 0, fileExists(path)
	}
	err = wholeFile(path, func(w io.Writer) (err error) {
		written, unreadable, err = s.ExportRejected(ctx, w)
		return err
	})
	if err != nil {
		return 0, 0, exportFault(err)
	}
	s.audit(AuditQuarantine, path, fmt.Sprintf("%d messages", written))
	return written, unreadable, nil
}
