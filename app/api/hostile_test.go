package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A witness is a client that must go on being served whatever others do.
type witness struct {
	p *post
	c *client2
}

func (p *post) witness() *witness { return &witness{p, p.mustConnect(4, "websocket", "")} }

func (w *witness) check(t *testing.T, after string) {
	t.Helper()
	first := w.p.next
	w.p.record(1)
	if err := expect(w.c, first, 1); err != nil {
		t.Fatalf("after %s the other client gets: %v", after, err)
	}
}

// nested is JSON as deep as a message may be long.
func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// hostilePackets are what a broken or hostile client may send as one
// Engine.IO packet.
var hostilePackets = []string{
	"42", "421", "42[]", "42[1]", "42[null]", "42{}", `42{"a":1}`, `42"a"`, "42null", "42[", `42["a"`, `42["a",`, `42["a",}]`, `42["a"]x`, `42["a"]["b"]`,
	`42/,`, `42/other,["a"]`, `42/`, `4218446744073709551616["a"]`, `42` + strings.Repeat("9", 400) + `["a"]`, `42-1["a"]`, `42 ["startConsultation"]`,
	"42[\"\xff\xfe\"]", "42[\"\x00\"]", "\xff\xfe\xfd", "42" + nested(40000), `42["startConsultation",` + nested(9000) + `]`, `42["startConsultation",` + nested(20000) + `]`,
	"43", "431", "431[]", "431[1]", "43[", "43null", "431{}", "4399999999999999999999[]", "43-1[]",
	"44", `44{"message":"x"}`, `44/x,"y"`, "45", "451-", `451-["a",{"_placeholder":true,"num":0}]`, `450-["a"]`, "4599999999999-[\"a\"]", "45-1-[]", "461-1[]", "46", `460-["a"]`,
	"40", `40{"a":1}`, "40[", "40null", "40[]", "40/", "40/,", "40/other", `40/other,{"a":1}`, "40/%zz?token=x,", "40/" + strings.Repeat("n", 50000), "40" + strings.Repeat(`{"a":`, 20000),
	"41", "41/other,", "41{}", "47", "48", "49", "4a", "4", "4\x00", "4🩺",
	"0", "1", "2", "3", "5", "6", "7", "8", "9", "a", "b", "bAAAA", "b4AAAA", "b!!!", "2probe", "3probe", "5probe", "00", "22", "-1", " ", "\x1e", "\x1e\x1e4", "null", "{}",
	"42" + strings.Repeat("x", 1<<20), `42["a","` + strings.Repeat("x", 100<<10) + `"]`,
}

func TestHostile_Packets(t *testing.T) {
	eachLine(t, func(t *testing.T, eio int, transport string) {
		p := newPost(t)
		w := p.witness()
		for i, packet := range hostilePackets {
			for _, joined := range []bool{true, false} {
				open := p.connect
				if !joined {
					open = p.open
				}
				c, err := open(eio, transport, "")
				if err != nil {
					t.Fatalf("%.40q: %v", packet, err)
				}
				c.write(c.ctx, packet) // whether it is taken is the server's affair
				c.write(c.ctx, "42[\"startConsultation\"]")
				if i%8 == 7 || len(packet) > 9000 {
					w.check(t, fmt.Sprintf("%.40q", packet))
				}
				c.close()
			}
		}
		w.check(t, "all of them")
	})
	if n := len(hostilePackets); n < 60 {
		t.Errorf("%d packets", n)
	}
}

func TestHostile_Binary(t *testing.T) {
	p := newPost(t)
	w := p.witness()
	for _, eio := range []string{"3", "4"} {
		for _, payload := range []string{"", "\x00", "\x02", "\x04", "\x042[\"a\"]", "\xff", "42[\"a\"]", strings.Repeat("\x00", 1000), strings.Repeat("\x04", 1<<20)} {
			for _, before := range []string{"", "40", "40\n452-[\"a\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]"} {
				conn, _ := p.bare(false, "/socket.io/?transport=websocket&EIO="+eio)
				for packet := range strings.SplitSeq(before, "\n") {
					conn.Write([]byte(frame(0x81, packet)))
				}
				conn.Write([]byte(frame(0x82, payload) + frame(0x82, payload)))
				w.check(t, fmt.Sprintf("EIO=%s, binary %.20q", eio, payload))
				conn.Close()
			}
		}
	}
}

func TestHostile_Frames(t *testing.T) {
	p := newPost(t)
	w := p.witness()
	for name, bytes := range map[string]string{
		"not masked":                "\x81\x0242",
		"reserved bit 1":            frame(0xc1, "40"),
		"reserved bit 2":            frame(0xa1, "40"),
		"reserved bit 3":            frame(0x91, "40"),
		"reserved opcode":           frame(0x83, "40"),
		"reserved control opcode":   frame(0x8b, ""),
		"fragmented ping":           frame(0x09, "x"),
		"fragmented close":          frame(0x08, ""),
		"long ping":                 frame(0x89, strings.Repeat("x", 126)),
		"close with one byte":       frame(0x88, "x"),
		"close with a bad code":     frame(0x88, "\x00\x01"),
		"close with bad UTF-8":      frame(0x88, "\x03\xe8\xff"),
		"continuation of nothing":   frame(0x80, "40"),
		"text within a text":        frame(0x01, "4") + frame(0x81, "0"),
		"fragmented packet":         frame(0x01, "4") + frame(0x00, "") + frame(0x89, "p") + frame(0x80, "0"),
		"fragments without end":     strings.Repeat(frame(0x01, "4")+frame(0x00, strings.Repeat("x", 1000)), 300),
		"giant length":              "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",
		"negative length":           "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",
		"promised 1 MB, sent 1":     "\x81\xff\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00x",
		"half a header":             "\x81",
		"half a mask":               "\x81\x82\x00\x00",
		"empty text":                frame(0x81, ""),
		"empty binary":              frame(0x82, ""),
		"invalid UTF-8":             frame(0x81, "42[\"\xc3\x28\"]"),
		"HTTP":                      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"zeros":                     strings.Repeat("\x00", 4096),
		"pings":                     strings.Repeat(frame(0x89, "x"), 2000),
		"thousand empty messages":   strings.Repeat(frame(0x81, "4"), 1000),
		"thousand connects":         strings.Repeat(frame(0x81, "40"), 1000),
		"close, then more":          frame(0x81, "40") + frame(0x88, "\x03\xe8") + frame(0x81, "42[]"),
		"connect, leave, connect":   frame(0x81, "40") + frame(0x81, "41") + frame(0x81, "40"),
		"heartbeats unasked":        strings.Repeat(frame(0x81, "3")+frame(0x81, "2"), 100),
		"answers to nothing":        frame(0x81, "40") + strings.Repeat(frame(0x81, "430[]"), 100),
		"leave, then ask and leave": frame(0x81, "40") + frame(0x81, "41") + frame(0x81, `42["a"]`) + frame(0x81, "41"),
	} {
		for _, eio := range []string{"3", "4"} {
			conn, _ := p.bare(false, "/socket.io/?transport=websocket&EIO="+eio)
			conn.Write([]byte(bytes))
			w.check(t, name)
			conn.Close()
		}
	}
}

func TestHostile_Polling(t *testing.T) {
	p := newPost(t)
	w := p.witness()
	for name, post := range map[string]struct{ contentType, body string }{
		"no type":              {"", "40"},
		"JSON":                 {"application/json", `{"a":1}`},
		"form":                 {"application/x-www-form-urlencoded", "d=1%3A4"},
		"binary":               {"application/octet-stream", "\x00\x01\xff4"},
		"binary lengths":       {"application/octet-stream", "\x00\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\xff4"},
		"binary length 0":      {"application/octet-stream", "\x00\xff\x01\xff\x00\x00\xff"},
		"binary no end":        {"application/octet-stream", "\x01\x05"},
		"binary letters":       {"application/octet-stream", "\x01abc\xffxyz"},
		"empty":                {"text/plain", ""},
		"separators":           {"text/plain", "\x1e\x1e\x1e"},
		"length of nothing":    {"text/plain", ":"},
		"negative length":      {"text/plain", "-5:40"},
		"length 0":             {"text/plain", "0:0:0:"},
		"length too long":      {"text/plain", "999999999999999999999:40"},
		"length longer":        {"text/plain", "99:40"},
		"length shorter":       {"text/plain", "1:40"},
		"length in a letter":   {"text/plain", "x:40"},
		"half a surrogate":     {"text/plain", "1:🩺"},
		"invalid UTF-8":        {"text/plain", "3:4\xff\xfe"},
		"base64":               {"text/plain", "b4AAAA\x1eb!!!\x1eb"},
		"base64 with lengths":  {"text/plain", "6:b4AAAA2:b41:b"},
		"close":                {"text/plain", "1"},
		"close with length":    {"text/plain", "1:1"},
		"many empty":           {"text/plain", strings.Repeat("4\x1e", 10000)},
		"many empty, lengths":  {"text/plain", strings.Repeat("1:4", 10000)},
		"too long":             {"text/plain", strings.Repeat("x", maxBody+1)},
		"a packet over 64 kB":  {"text/plain", `42["a","` + strings.Repeat("x", 100<<10) + `"]`},
		"upgrade over polling": {"text/plain", "5\x1e2probe"},
	} {
		for _, eio := range []int{3, 4} {
			for _, more := range []string{"", "&b64=1"} {
				c := p.mustConnect(eio, "polling", more)
				_, session, _ := strings.Cut(c.line.(*polling2).url, p.address)
				p.request("POST", session, post.body, "Content-Type: "+post.contentType)
				w.check(t, name)
				c.close()
			}
		}
	}
	for _, method := range []string{"PUT", "DELETE", "PATCH", "HEAD", "TRACE", "BREW"} {
		c := p.mustConnect(4, "polling", "")
		_, session, _ := strings.Cut(c.line.(*polling2).url, p.address)
		p.request(method, session, "")
		w.check(t, method)
	}
	for _, path := range []string{
		"/socket.io/", "/socket.io/?EIO=5&transport=polling", "/socket.io/?EIO=4&transport=webtransport", "/socket.io/?EIO=4&transport=flashsocket",
		"/socket.io/?EIO=4&transport=websocket", "/socket.io/?EIO=4&transport=polling&sid=nobody", "/socket.io/?EIO=4&EIO=3&transport=polling",
		"/socket.io/?EIO=4&transport=polling&transport=websocket", "/socket.io/../status?EIO=4", "/socket.io/?EIO=4&transport=polling&sid=%00",
	} {
		if status, _, _ := p.request("GET", path, ""); status != http.StatusBadRequest && status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
		w.check(t, path)
	}
}

// Whatever the library does with a packet, it ends one connection only.
func TestHostile_PanicWhileReading(t *testing.T) {
	p := newPost(t)
	w := p.witness()
	own, _ := w.p.server.sockets.conns.Load(idOf(p))
	c := p.mustConnect(4, "websocket", "")
	p.server.sockets.conns.Range(func(_, conn any) bool {
		if conn != own {
			conn.(*socketConn).conn.On("heartbeat", func(...any) { panic("Mme Lefèvre") })
		}
		return true
	})
	c.write(c.ctx, "3")
	if packet, err := c.message(); err == nil {
		t.Errorf("goes on with %q", packet)
	}
	p.log.await(t, "reading a connection failed")
	if line, found, _ := p.log.has([]string{"Lefèvre"}); found {
		t.Errorf("a panic's text, which can hold patient data, is in the log: %s", line)
	}
	w.check(t, "a panic")
	p.awaitClients(1)
}

// idOf is the id of the only connection.
func idOf(p *post) (id any) {
	p.server.sockets.conns.Range(func(key, _ any) bool { id = key; return false })
	return id
}

// Sessions that cost their client no connection are limited too.
func TestHostile_Handshakes(t *testing.T) {
	p := newPost(t)
	w := p.witness()
	refused := 0
	for range maxSessions + 10 {
		status, _, _ := p.request("GET", query(4, "polling", ""), "")
		if status == http.StatusServiceUnavailable {
			refused++
		}
	}
	if refused != 11 {
		t.Errorf("%d handshakes refused beyond %d sessions", refused, maxSessions)
	}
	w.check(t, "two thousand handshakes")
	p.server.sockets.close()
	if n := p.server.sockets.places.taken(); n != 0 {
		t.Errorf("%d sessions left", n)
	}
}
