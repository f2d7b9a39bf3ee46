package station

import (
	"context"
	"slices"
)

// lastFew keeps the last ones of many.
type lastFew[T any] struct {
	most int
	list []T
	next int // to be replaced, once there are most
}

func (n *lastFew[T]) add(v T) {
	if len(n.list) < n.most {
		n.list = append(n.list, v)
		return
	}
	n.list[n.next] = v
	n.next = (n.next + 1) % n.most
}

// newestFirst ends the use of n.
func (n *lastFew[T]) newestFirst() []T {
	list := slices.Concat(n.list[n.next:], n.list[:n.next])
	slices.Reverse(list)
	return list
}

// NewestAudit is the last most entries of the audit log that are wanted, newest
// first, how many are older, and how many could not be opened. Errors are those
// of the store.
func (s *Station) NewestAudit(ctx context.Context, most int, wanted func(*AuditEntry) bool) (list []AuditEntry, older, unreadable int, err error) {
	last := lastFew[AuditEntry]{most: most}
	n := 0
	unreadable, err = s.Audit(ctx, func(e AuditEntry) bool {
		if wanted(&e) {
			last.add(e)
			n++
		}
		return true
	})
	list = last.newestFirst()
	return list, n - len(list), unreadable, err
}

// NewestRejected is the last most messages in quarantine, newest first, cut as
// Messages are, and how many are older. Errors are those of the store.
func (s *Station) NewestRejected(ctx context.Context, most int) (list []Message, older int, err error) {
	last := lastFew[Message]{most: most}
	n := 0
	_, err = s.Rejected(ctx, func(r Rejection) bool {
		last.add(Message{
			Peer: r.Peer, At: r.Received, Size: len(r.Message), Reason: r.Reason,
			Text: slices.Clone(r.Message[:min(len(r.Message), trafficWhole)]),
		})
		n++
		return true
	})
	list = last.newestFirst()
	return list, n - len(list), err
}
