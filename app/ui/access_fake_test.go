package ui

import (
	"context"
	"fmt"

	"vitalien/app/station"
)

// What the fake core tells of software and of messages.
var (
	_ AccessCore  = (*fakeCore)(nil)
	_ TrafficCore = (*fakeCore)(nil)
)

// held is what the fake core has for the pages of software and monitors.
type held struct {
	access   station.Access
	audit    []station.AuditEntry // newest first
	messages map[string][]station.Message
	rejected []station.Message
}

func (c *fakeCore) Access() station.Access {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held.access
}

func (c *fakeCore) AllowOrigin(_ context.Context, origin string) error {
	return c.ask("allow", origin)
}

func (c *fakeCore) RevokeOrigin(_ context.Context, origin string) error {
	return c.ask("revoke", origin)
}

func (c *fakeCore) CreateToken(name string) (string, error) {
	return testSecret, c.ask("create token", name)
}

func (c *fakeCore) RevokeToken(name string) error { return c.ask("revoke token", name) }

func (c *fakeCore) NewestAudit(_ context.Context, most int, wanted func(*station.AuditEntry) bool) (list []station.AuditEntry, older, unreadable int, err error) {
	for i := range c.held.audit {
		switch e := c.held.audit[i]; {
		case !wanted(&e):
		case len(list) < most:
			list = append(list, e)
		default:
			older++
		}
	}
	return list, older, 0, c.fault
}

func (c *fakeCore) Messages(peer string) []station.Message {
	c.asked <- "messages " + peer
	return c.held.messages[peer]
}

func (c *fakeCore) NewestRejected(_ context.Context, most int) (list []station.Message, older int, err error) {
	return c.held.rejected, 0, c.ask("rejected", fmt.Sprint(most))
}
