package ui

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
)

// AccessCore is what the page of software needs of the station.
type AccessCore interface {
	Access() station.Access
	AllowOrigin(ctx context.Context, origin string) error
	RevokeOrigin(ctx context.Context, origin string) error
	CreateToken(name string) (secret string, err error)
	RevokeToken(name string) error
	NewestAudit(ctx context.Context, most int, wanted func(*station.AuditEntry) bool) (list []station.AuditEntry, older, unreadable int, err error)
}

func (x *window) accessActions() accessActions {
	return accessActions{
		look: x.lookAtAccess, allow: x.askAllow, allowSite: x.allowSite, revokeSite: x.confirmRevoke,
		createToken: x.askToken, revokeToken: x.confirmRevokeToken, copy: x.copy,
		copyLink: func() { x.copy(x.pageAddress()) }, journal: x.readJournal,
	}
}

func (x *window) copy(text string) { x.app.Clipboard().SetContent(text) }

func (x *window) lookAtAccess(done func(station.Access)) {
	read(x, "look who has access", func(context.Context) (station.Access, error) { return x.options.Core.Access(), nil },
		func(a station.Access, _ error) { done(a) })
}

func (x *window) askAllow() { x.dialogs.ask(x.words.allowQuestion(x.allowSite)) }

func (x *window) allowSite(origin string) {
	x.tell("allow a site", func(ctx context.Context) error { return x.options.Core.AllowOrigin(ctx, origin) }, func() {})
}

func (x *window) confirmRevoke(origin string) {
	x.dialogs.ask(x.words.revokeQuestion(x.words.origin(origin), func() {
		x.tell("revoke a site", func(ctx context.Context) error { return x.options.Core.RevokeOrigin(ctx, origin) }, func() {})
	}))
}

func (x *window) confirmRevokeToken(name string) {
	x.dialogs.ask(x.words.revokeTokenQuestion(name, x.options.Tokens, func() {
		x.tell("revoke a token", func(context.Context) error { return x.options.Core.RevokeToken(name) }, func() {})
	}))
}

func (x *window) askToken(existing []station.TokenInfo) {
	x.dialogs.ask(x.words.tokenQuestion(existing, func(name string) {
		read(x, "create a token", func(context.Context) (string, error) { return x.options.Core.CreateToken(name) },
			func(secret string, err error) {
				if err != nil {
					x.notify(err)
					return
				}
				x.notices = append(x.notices, x.words.secretNotice(name, secret, func() { x.copy(secret) }))
				x.next()
			})
	}))
}

func (x *window) readJournal(kind auditKind, most int, done func(journal, error)) {
	read(x, "read the audit log", func(ctx context.Context) (j journal, err error) {
		j.entries, j.older, j.unreadable, err = x.options.Core.NewestAudit(ctx, most, kind.wants)
		return j, err
	}, done)
}

func (w words) revokeQuestion(origin string, revoke func()) question {
	return question{
		title:   w.say("revoke.title"),
		content: []fyne.CanvasObject{paragraph(w.say("revoke.text", "name", origin))},
		choices: []choice{
			{w.say("revoke.no"), widget.MediumImportance, nil},
			{w.say("revoke.yes"), widget.HighImportance, revoke},
		},
	}
}

// revokeTokenQuestion says what follows, which is little where no token is
// required.
func (w words) revokeTokenQuestion(name string, required bool, revoke func()) question {
	text := w.say("revoke.token.open", "name", name)
	if required {
		text = w.say("revoke.token.text", "name", name)
	}
	return question{
		title:   w.say("revoke.token.title"),
		content: []fyne.CanvasObject{paragraph(text)},
		choices: []choice{
			{w.say("revoke.no"), widget.MediumImportance, nil},
			{w.say("revoke.yes"), widget.HighImportance, revoke},
		},
	}
}

// allowQuestion asks for the address of a site.
func (w words) allowQuestion(allow func(origin string)) question {
	origin := newField("https://logiciel.exemple.fr", w.say("allow.hint"), w.originProblem)
	return question{
		title:   w.say("allow.title"),
		content: []fyne.CanvasObject{paragraph(w.say("allow.text")), origin, origin.hint},
		fields:  []*field{origin},
		choices: []choice{
			{w.say("allow.no"), widget.MediumImportance, nil},
			{w.say("allow.yes"), widget.HighImportance, func() { allow(strings.TrimSpace(origin.Text)) }},
		},
	}
}

// tokenQuestion asks for the name of a new token.
func (w words) tokenQuestion(existing []station.TokenInfo, create func(name string)) question {
	name := newField(w.say("token.example"), w.say("token.hint"), func(text string) string { return w.tokenProblem(text, existing) })
	return question{
		title:   w.say("token.title"),
		content: []fyne.CanvasObject{paragraph(w.say("token.text")), name, name.hint},
		fields:  []*field{name},
		choices: []choice{
			{w.say("token.no"), widget.MediumImportance, nil},
			{w.say("token.yes"), widget.HighImportance, func() { create(strings.TrimSpace(name.Text)) }},
		},
	}
}

// secretNotice shows a new token, this once.
func (w words) secretNotice(name, secret string, copy func()) question {
	c := newCopier(w, copy)
	return question{
		title: w.say("secret.title", "name", name),
		content: []fyne.CanvasObject{
			paragraph(w.say("secret.text")), command(secret), padded(4, 0, row(0, c.button)), muted(w.say("secret.after")),
		},
		choices: []choice{{w.say("secret.close"), widget.HighImportance, nil}},
	}
}
