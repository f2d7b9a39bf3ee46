package ui

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vitalien/app/station"
)

// accessText is who may receive measurements, and who does, as the page writes
// it.
type accessText struct {
	connected, pages, tokens, others []rowText
}

func (t *accessText) empty() bool {
	return len(t.connected)+len(t.pages)+len(t.tokens)+len(t.others) == 0
}

func (w words) access(a *station.Access, now time.Time) (text accessText) {
	last := map[station.Software]time.Time{}
	byOrigin, byToken := map[string]time.Time{}, map[string]time.Time{}
	for _, r := range a.Receivers {
		last[r.Software] = r.Last
		byOrigin[r.Origin] = latest(byOrigin[r.Origin], r.Last)
		byToken[r.Token] = latest(byToken[r.Token], r.Last)
	}
	told := map[station.Software]bool{}
	for i := range a.Connections {
		c := &a.Connections[i]
		told[c.Software] = true
		text.connected = append(text.connected, w.connection(i, c, last[c.Software], now))
	}
	origins, tokens := map[string]bool{}, map[string]bool{}
	for i := range a.Pages {
		origins[a.Pages[i].Origin] = true
		text.pages = append(text.pages, w.permission(&a.Pages[i], byOrigin[a.Pages[i].Origin], now))
	}
	for _, t := range a.Tokens {
		tokens[t.Name] = true
		text.tokens = append(text.tokens, rowText{
			key: t.Name, symbol: "key", name: t.Name, state: w.say("software.created", "date", t.Since.In(now.Location()).Format(dateLayout)),
			colour: colourGood, detail: w.lastEvent(byToken[t.Name], now), action: w.say("software.revoke"),
		})
	}
	for _, r := range a.Receivers {
		if !told[r.Software] && !origins[r.Origin] && !tokens[r.Token] {
			text.others = append(text.others, rowText{
				key: r.Origin + "\x00" + r.Token, symbol: "software", name: capital(w.software(r.Software)), state: w.say("software.absent"),
				colour: colourMuted, detail: w.lastEvent(r.Last, now),
			})
		}
	}
	return text
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// capital begins words like a sentence, and leaves an address as it is.
func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if word, _, _ := strings.Cut(text, " "); text == "" || strings.Contains(word, "://") {
		return text
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

// software names who receives measurements, as far as they say who they are.
func (w words) software(s station.Software) string {
	token := ""
	if s.Token != "" {
		token = w.say("software.token", "name", s.Token)
	}
	if s.Origin == "" && token == "" {
		return w.say("software.local")
	}
	return joined(" · ", w.origin(s.Origin), token)
}

// origin is the address of a web page; words for one that has none.
func (w words) origin(origin string) string {
	if origin == "null" {
		return w.say("origin.null")
	}
	return origin
}

func (w words) connection(i int, c *station.Connection, last, now time.Time) rowText {
	return rowText{
		key: fmt.Sprintf("%s\x00%s\x00%d\x00%d", c.Origin, c.Token, c.Since.UnixNano(), i), symbol: "software", name: capital(w.software(c.Software)),
		state: w.since(w.say("status.connected"), c.Since, now), colour: colourGood,
		detail: joined(" · ", w.protocol(c.Protocol), w.transport(c.Transport), w.lastEvent(last, now)),
	}
}

// protocol names the clients that speak a revision of Engine.IO.
func (w words) protocol(revision int) string {
	if revision == 3 {
		return w.say("software.old")
	}
	return w.say("software.modern", "n", fmt.Sprint(revision))
}

func (w words) transport(name string) string {
	switch name {
	case "polling":
		return w.say("software.polling")
	case "websocket":
		return "WebSocket"
	}
	return name
}

func (w words) lastEvent(last, now time.Time) string {
	if last.IsZero() {
		return w.say("software.nothing")
	}
	return w.say("software.last", "age", w.age(last, now))
}

func (w words) permission(p *station.Permission, last, now time.Time) rowText {
	text := rowText{
		key: p.Origin, symbol: "software", name: capital(w.origin(p.Origin)), detail: w.lastEvent(last, now), action: w.say("software.revoke"),
	}
	switch p.Answer {
	case station.AnswerAlways:
		text.state, text.colour = w.say("software.always", "date", p.Since.In(now.Location()).Format(dateLayout)), colourGood
	case station.AnswerOnce:
		text.state, text.colour = w.say("software.once"), colourAmber
		if !p.Until.IsZero() {
			text.state = w.say("software.once.until", "time", p.Until.In(now.Location()).Format("15:04:05"))
		}
	default:
		text.state, text.colour = w.say("software.refused", "time", p.Until.In(now.Location()).Format("15:04")), colourTrouble
		text.action = ""
		if p.Origin != "null" { // which is never remembered
			text.action = w.say("software.allow")
		}
	}
	return text
}

// maxToken is how many characters the name of a token may have.
const maxToken = 64

// tokenProblem says what is wrong with the name of a new token, in words.
func (w words) tokenProblem(name string, tokens []station.TokenInfo) string {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return w.say("token.needed")
	case utf8.RuneCountInString(name) > maxToken:
		return w.say("name.long", "n", fmt.Sprint(maxToken))
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return w.say("token.unprintable")
	}
	for _, t := range tokens {
		if t.Name == name {
			return w.say("token.taken")
		}
	}
	return ""
}

// originProblem says what is wrong with a typed address of a site, in words.
func (w words) originProblem(text string) string {
	if _, err := station.NormalOrigin(text); err != nil {
		return w.say("allow.problem")
	}
	return ""
}

// connectCode is the code that a web page needs to receive measurements, with a
// token where one is required.
func connectCode(address string, token bool) string {
	auth := ""
	if token {
		auth = ", { auth: { token: '…' } }"
	}
	return "const socket = io('" + address + "'" + auth + ");\n" +
		"socket.on('fhir', (fhir) => console.log(fhir));"
}
