package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
)

var errEvent = errors.New("an event that cannot be read")

// A wardClient notes everything that a client of the ward gets.
type wardClient struct {
	conn       *websocket.Conn
	subscribed bool      // to Vitals
	base       time.Time // of the first blood pressure
	had        []int     // by blood pressure, how often
	have       func()    // is called with each
	numbers    []uint64  // of all that was recorded
	live       int       // events "vitals"
}

func (c *wardClient) connect(ctx context.Context, url string, vitals bool) (err error) {
	c.subscribed = vitals
	c.conn, _, err = websocket.Dial(ctx, strings.Replace(url, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		return err
	}
	c.conn.SetReadLimit(1 << 20)
	if err := c.conn.Write(ctx, websocket.MessageText, []byte("40")); err != nil {
		return err
	}
	for accepted := false; !accepted; { // what is recorded from then on is its own
		_, packet, err := c.conn.Read(ctx)
		if err != nil {
			return err
		}
		accepted = strings.HasPrefix(string(packet), "40")
	}
	if vitals {
		err = c.conn.Write(ctx, websocket.MessageText, []byte(`420["subscribe",{"resource":"Vitals"}]`))
	}
	return err
}

// read reads until the measurement that ends the test.
func (c *wardClient) read(ctx context.Context) error {
	defer c.conn.CloseNow()
	for {
		_, packet, err := c.conn.Read(ctx)
		if err != nil {
			return err
		}
		event, recorded := strings.CutPrefix(string(packet), `42["fhir",`)
		switch {
		case recorded:
			if last, err := c.note(strings.TrimSuffix(event, "]")); err != nil || last {
				return err
			}
		case string(packet) == "2":
			err = c.conn.Write(ctx, websocket.MessageText, []byte("3"))
		case strings.HasPrefix(string(packet), `42["vitals",`):
			c.live++
		case strings.HasPrefix(string(packet), "430[") && !strings.Contains(string(packet), `"ok":true`):
			err = fmt.Errorf("%w: %.200s", errEvent, packet)
		}
		if err != nil {
			return err
		}
	}
}

// note notes an event; last tells that it ends the test.
func (c *wardClient) note(text string) (last bool, err error) {
	var event struct {
		ID                string
		EffectiveDateTime time.Time
		Code              struct{ Coding []struct{ Display string } }
		Device            struct{ Reference string }
		Subject           struct {
			Identifier struct{ Value string }
		}
	}
	if err := json.Unmarshal([]byte(text), &event); err != nil {
		return false, err
	}
	_, digits, _ := strings.Cut(event.ID, "-")
	number, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || len(event.Code.Coding) == 0 {
		return false, fmt.Errorf("%w: %.200s", errEvent, text)
	}
	if event.Subject.Identifier.Value == lastPatient {
		return true, nil
	}
	c.numbers = append(c.numbers, number)
	n := int(event.EffectiveDateTime.Sub(c.base) / time.Second)
	if event.Code.Coding[0].Display == "blood_pressure" && n >= 0 && n < len(c.had) {
		if c.had[n]++; c.had[n] > 1 {
			return false, fmt.Errorf("pressure %d came twice", n)
		}
		c.have()
	}
	return false, nil
}
