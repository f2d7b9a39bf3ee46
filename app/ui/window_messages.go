package ui

import (
	"context"
	"strings"

	"vitalien/app/station"
)

// mostRejected is how many of the messages in quarantine are shown.
const mostRejected = 200

// TrafficCore is what the technician's view of messages needs of the station.
type TrafficCore interface {
	Messages(peer string) []station.Message
	NewestRejected(ctx context.Context, most int) (list []station.Message, older int, err error)
}

func (x *window) trafficActions() trafficActions {
	return trafficActions{messages: x.readMessages, rejected: x.readRejected, copy: x.copy}
}

func (x *window) readMessages(peer string, done func([]headed, error)) {
	read(x, "read the last messages", func(context.Context) ([]headed, error) {
		return headedOf(x.options.Core.Messages(peer)), nil
	}, done)
}

func (x *window) readRejected(done func([]headed, error)) {
	read(x, "read the quarantine", func(ctx context.Context) ([]headed, error) {
		list, _, err := x.options.Core.NewestRejected(ctx, mostRejected)
		return headedOf(list), err
	}, done)
}

// headedOf reads the head of each message.
func headedOf(list []station.Message) []headed {
	all := make([]headed, len(list))
	for i := range list {
		all[i].Message = list[i]
		kind, control := list[i].Head()
		if parts := strings.SplitN(kind, "^", 3); len(parts) == 3 { // what only repeats it
			kind = parts[0] + "^" + parts[1]
		}
		all[i].kind, all[i].control = kind, control
	}
	return all
}
