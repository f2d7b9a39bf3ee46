package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// A client2 speaks Socket.IO by hand over one transport: protocol revision 4
// (Engine.IO 3, clients 2.x) or 5 (Engine.IO 4, clients 3.x and 4.x).
type client2 struct {
	line
	ctx context.Context
	eio int
}

// A line carries Engine.IO packets.
type line interface {
	read(context.Context) (string, error)
	write(context.Context, string) error
	close()
}

func query(eio int, transport, more string) string {
	return fmt.Sprintf("/socket.io/?EIO=%d&transport=%s%s", eio, transport, more)
}

// open makes the Engine.IO connection: transport is "websocket" or "polling",
// more is added to the query.
func (p *post) open(eio int, transport, more string, header ...string) (*client2, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*patience)
	p.tb.Cleanup(cancel)
	h := http.Header{}
	for _, pair := range header {
		name, value, _ := strings.Cut(pair, ": ")
		h.Add(name, value)
	}
	c := &client2{ctx: ctx, eio: eio}
	if transport == "websocket" {
		ws, err := dialWebSocket(ctx, "ws://"+p.address+query(eio, "websocket", more), h)
		if err != nil {
			return nil, err
		}
		c.line = ws
	} else {
		c.line = &polling2{eio: eio, url: "http://" + p.address + query(eio, "polling", more), header: h, client: &http.Client{Transport: &http.Transport{}}}
	}
	p.tb.Cleanup(c.close)
	if packet, err := c.read(ctx); err != nil || !strings.HasPrefix(packet, "0{") {
		return nil, fmt.Errorf("handshake: %q, %v", packet, err)
	}
	return c, nil
}

// connect also enters the default namespace.
func (p *post) connect(eio int, transport, more string, header ...string) (*client2, error) {
	c, err := p.open(eio, transport, more, header...)
	if err != nil {
		return nil, err
	}
	if eio == 4 {
		if err := c.write(c.ctx, "40"); err != nil {
			return nil, err
		}
	}
	if packet, err := c.message(); err != nil || !strings.HasPrefix(packet, "0") {
		return nil, fmt.Errorf("connect: %q, %v", packet, err)
	}
	return c, nil
}

func (p *post) mustConnect(eio int, transport, more string, header ...string) *client2 {
	p.tb.Helper()
	c, err := p.connect(eio, transport, more, header...)
	if err != nil {
		p.tb.Fatal(err)
	}
	return c
}

// message is the next Socket.IO packet. Heartbeats are answered.
func (c *client2) message() (string, error) {
	for {
		packet, err := c.read(c.ctx)
		if err != nil {
			return "", err
		}
		switch {
		case packet == "2":
			if err := c.write(c.ctx, "3"); err != nil {
				return "", err
			}
		case packet == "3" || packet == "6":
		case strings.HasPrefix(packet, "4"):
			return packet[1:], nil
		default:
			return "", fmt.Errorf("engine packet %q", packet)
		}
	}
}

// event is the next event; an acknowledgement is an error.
func (c *client2) event() (string, error) {
	packet, err := c.message()
	if err == nil && !strings.HasPrefix(packet, `2["fhir",`) {
		err = fmt.Errorf("not an event: %.80q", packet)
	}
	return packet, err
}

// ask sends an event and waits for its acknowledgement.
func (c *client2) ask(id int, event string) (map[string]any, error) {
	if err := c.write(c.ctx, fmt.Sprintf("42%d%s", id, event)); err != nil {
		return nil, err
	}
	return c.answer(id)
}

func (c *client2) answer(id int) (map[string]any, error) {
	packet, err := c.message()
	if err != nil {
		return nil, err
	}
	var answers []map[string]any
	body, ok := strings.CutPrefix(packet, "3"+strconv.Itoa(id))
	if !ok || json.Unmarshal([]byte(body), &answers) != nil || len(answers) != 1 {
		return nil, fmt.Errorf("not acknowledgement %d: %.80q", id, packet)
	}
	return answers[0], nil
}

// valueOf is the value that an event, in either form, tells.
func valueOf(packet string) (int, error) {
	_, rest, ok := strings.Cut(packet, `"value":`)
	for ok && !strings.HasPrefix(rest, "1") && (rest == "" || rest[0] < '0' || rest[0] > '9') {
		_, rest, ok = strings.Cut(rest, `"value":`) // an identifier has a value too
	}
	digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	return strconv.Atoi(digits)
}

type webSocket2 struct{ *websocket.Conn }

func dialWebSocket(ctx context.Context, address string, header http.Header) (*webSocket2, error) {
	conn, _, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(-1)
	return &webSocket2{conn}, nil
}

func (w *webSocket2) read(ctx context.Context) (string, error) {
	_, data, err := w.Conn.Read(ctx)
	return string(data), err
}

func (w *webSocket2) write(ctx context.Context, packet string) error {
	return w.Conn.Write(ctx, websocket.MessageText, []byte(packet))
}

func (w *webSocket2) close() { w.CloseNow() }

type polling2 struct {
	eio     int
	url     string
	header  http.Header
	client  *http.Client
	packets []string
}

func (l *polling2) do(ctx context.Context, method, body string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, l.url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header = l.header.Clone()
	r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	response, err := l.client.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, content)
	}
	return string(content), err
}

func (l *polling2) read(ctx context.Context) (string, error) {
	for len(l.packets) == 0 {
		body, err := l.do(ctx, http.MethodGet, "")
		if err != nil {
			return "", err
		}
		if l.packets, err = splitPayload(l.eio, body); err != nil {
			return "", err
		}
		if first := l.packets[0]; !strings.Contains(l.url, "&sid=") {
			var opening struct{ Sid string }
			if err := json.Unmarshal([]byte(strings.TrimPrefix(first, "0")), &opening); err != nil {
				return "", err
			}
			l.url += "&sid=" + url.QueryEscape(opening.Sid)
		}
	}
	packet := l.packets[0]
	l.packets = l.packets[1:]
	return packet, nil
}

func (l *polling2) write(ctx context.Context, packet string) error {
	if l.eio == 3 {
		packet = fmt.Sprintf("%d:%s", len(utf16.Encode([]rune(packet))), packet)
	}
	answer, err := l.do(ctx, http.MethodPost, packet)
	if err == nil && answer != "ok" {
		err = fmt.Errorf("post: %q", answer)
	}
	return err
}

func (l *polling2) close() { l.client.CloseIdleConnections() }

// splitPayload reads a long-polling answer: separated by record separators in
// Engine.IO 4, each after its length in UTF-16 units in Engine.IO 3.
func splitPayload(eio int, body string) (packets []string, err error) {
	if eio == 4 {
		return strings.Split(body, "\x1e"), nil
	}
	for len(body) > 0 {
		length, rest, _ := strings.Cut(body, ":")
		n, err := strconv.Atoi(length)
		if err != nil {
			return nil, fmt.Errorf("payload %.40q", body)
		}
		end := 0
		for n > 0 && end < len(rest) {
			r, size := utf8.DecodeRuneInString(rest[end:])
			n, end = n-utf16.RuneLen(r), end+size
		}
		packets, body = append(packets, rest[:end]), rest[end:]
	}
	if len(packets) == 0 {
		return nil, errors.New("empty payload")
	}
	return packets, nil
}

// eachLine runs a test for each revision over each transport.
func eachLine(t *testing.T, run func(t *testing.T, eio int, transport string)) {
	for _, eio := range []int{3, 4} {
		for _, transport := range []string{"websocket", "polling"} {
			t.Run(fmt.Sprintf("EIO=%d %s", eio, transport), func(t *testing.T) { run(t, eio, transport) })
		}
	}
}
