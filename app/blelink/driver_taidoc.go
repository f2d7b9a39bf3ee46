package blelink

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"vitalien/fhirmap"
)

// foraDiamondMini is the glucose meters of FORA and TaiDoc. Their service has
// the UUID of a well-known example of another maker, so that a device is known
// by its name as well.
var foraDiamondMini = Driver{
	ID: "fora-diamond-mini", Maker: "FORA", Model: "Diamond Mini", Type: fhirmap.Glucometer, Bond: BondJust,
	Recognise: func(a *Advertisement) int {
		switch ours := a.named("fora") || a.named("taidoc") || a.named("diamond"); {
		case !a.offers(taidocService) || !ours && taidocKindOf(a.Name) != taidocMeter:
			return 0
		case a.named("diamond") || a.named("fora diamond"):
			return 3
		case taidocKindOf(a.Name) == taidocMeter:
			return 2
		}
		return 0
	},
	Serve: serveTaidoc,
}

// taidocPatience is how long a reply may take.
const taidocPatience = 5 * time.Second

// taidocSession asks a device command by command.
type taidocSession struct{ *Session }

// serveTaidoc sets the clock, reads the records that are new, and turns the
// device off. Records are numbered from the newest on, so that all of the new
// ones are read before the first is recorded: were the link lost in between,
// a gap would not be seen again.
func serveTaidoc(ctx context.Context, s *Session) error {
	d := taidocSession{s}
	if err := s.Subscribe(ctx, taidocChannel); err != nil {
		return err
	}
	if err := d.tellTime(ctx); err != nil {
		return err
	}
	taken, err := d.news(ctx)
	if err != nil {
		return err
	}
	slices.Reverse(taken)
	if err := s.Record(ctx, taken); err != nil {
		return err
	}
	if err := s.Write(ctx, taidocChannel, taidocFrame(taidocTurnOff, [4]byte{}), true); err != nil && !gone(err) {
		return err
	}
	return s.Disconnect()
}

// ask sends a command and waits for its reply.
func (d taidocSession) ask(ctx context.Context, command byte, data [4]byte) (frame []byte, err error) {
	if err := d.Write(ctx, taidocChannel, taidocFrame(command, data), true); err != nil {
		return nil, err
	}
	late := time.After(taidocPatience)
	for {
		select {
		case n, open := <-d.Notifications():
			if !open {
				return nil, lostWhileReading()
			}
			answered, _, reply, err := readTaidoc(n.Value)
			if err == nil && reply && answered == command {
				return n.Value, nil
			}
		case <-late:
			return nil, lostWhileReading()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (d taidocSession) tellTime(ctx context.Context) error {
	reply, err := d.ask(ctx, taidocReadClock, [4]byte{})
	if err != nil {
		return err
	}
	_, data, _, _ := readTaidoc(reply)
	if at := taidocClock(data, d.Zone); !at.unknown {
		d.ClockRead, d.Ahead = true, at.time.Sub(d.Now())
	}
	_, err = d.ask(ctx, taidocWriteClock, taidocTime(d.Now().In(d.Zone)))
	return err
}

// news are the records that were not taken over yet, the newest first.
func (d taidocSession) news(ctx context.Context) (taken []Taken, err error) {
	reply, err := d.ask(ctx, taidocCount, [4]byte{})
	if err != nil {
		return nil, err
	}
	_, data, _, _ := readTaidoc(reply)
	decoder := NewDecoder(taidocChannel, d.Paired.Called)
	for i := range binary.LittleEndian.Uint16(data) {
		index := [4]byte{byte(i), byte(i >> 8)}
		var decoded Decoded
		for _, command := range []byte{taidocRecordTime, taidocRecordValue} {
			reply, err := d.ask(ctx, command, index)
			if err != nil {
				return nil, err
			}
			if decoded, err = decoder.Feed(reply, d.Context()); err != nil {
				return nil, fmt.Errorf("record %d: %w", i, err)
			}
		}
		if decoded.Dropped != "" {
			d.Logger.Info("a Bluetooth reading was left out", "device", d.Paired.ID, "reason", decoded.Dropped)
		}
		for _, t := range decoded.Taken {
			if d.Known(&t) {
				return taken, nil
			}
			taken = append(taken, t)
		}
	}
	return taken, nil
}
