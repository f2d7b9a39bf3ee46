package hl7link

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// note tells what became of a message: to the log, to those who watch the
// peer, and, when it was refused, to the quarantine.
func (c *connection) note(ctx context.Context, text []byte, d decoded, a answer) {
	c.logAnswer(text, d, a)
	if a.code == "AA" {
		c.accepted()
		c.peers.message(c.peer, d.name, d.bed, nil)
		return
	}
	c.peers.message(c.peer, d.name, d.bed, rejectedFault(c.peer, a.trouble.String()))
	c.reject(ctx, text, a.trouble.String())
}

// reject has a refused message kept. That it cannot be kept changes nothing.
func (c *connection) reject(ctx context.Context, text []byte, reason string) {
	if c.Quarantine == nil || len(text) == 0 {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("panic in the quarantine", "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		}
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.RecordTimeout)
	defer cancel()
	err := c.Quarantine.Reject(ctx, Rejected{
		Link: "hl7", Peer: c.peer, Received: c.now(), Reason: reason, Message: bytes.Clone(text),
	})
	if err != nil {
		c.log.Error("a refused message was not kept", "error", err)
	}
}

// maxWarnings bounds what an answer tells of a message that was accepted.
const maxWarnings = 10

func (c *connection) logAnswer(text []byte, d decoded, a answer) {
	level := slog.LevelDebug
	if a.code != "AA" || len(a.warnings) > 0 || d.charset {
		level = slog.LevelWarn
	}
	if !c.log.Enabled(context.Background(), level) {
		return
	}
	attributes := []any{"answer", a.code, "control_id", readHead(text).field(10), "measurements", len(d.report.Measurements)}
	if a.text != "" {
		attributes = append(attributes, "reason", a.trouble.String())
	}
	for _, w := range a.warnings {
		attributes = append(attributes, "unreadable", w.String())
	}
	if d.charset {
		attributes = append(attributes, "charset", "contradicts MSH-18, read by guess")
	}
	c.log.Log(context.Background(), level, "message", attributes...)
}
