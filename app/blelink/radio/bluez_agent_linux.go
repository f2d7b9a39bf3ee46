package radio

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/godbus/dbus/v5"

	"vitalien/app/blelink"
)

// A bluezAgent is the object that BlueZ asks when it pairs (BlueZ,
// doc/org.bluez.Agent.rst).
type bluezAgent struct{ b *bluez }

// person is who pairs now.
func (a *bluezAgent) person() (context.Context, blelink.Agent, *dbus.Error) {
	a.b.mu.Lock()
	defer a.b.mu.Unlock()
	if a.b.agent == nil {
		return nil, nil, rejected()
	}
	return a.b.pairing, a.b.agent, nil
}

func rejected() *dbus.Error { return dbus.NewError("org.bluez.Error.Rejected", nil) }

func answered(err error) *dbus.Error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return dbus.NewError("org.bluez.Error.Canceled", nil)
	}
	return rejected()
}

func (a *bluezAgent) RequestPinCode(dbus.ObjectPath) (string, *dbus.Error) {
	ctx, agent, none := a.person()
	if none != nil {
		return "", none
	}
	pin, err := agent.Passkey(ctx)
	return pin, answered(err)
}

func (a *bluezAgent) RequestPasskey(dbus.ObjectPath) (uint32, *dbus.Error) {
	ctx, agent, none := a.person()
	if none != nil {
		return 0, none
	}
	given, err := agent.Passkey(ctx)
	if err != nil {
		return 0, answered(err)
	}
	passkey, err := strconv.ParseUint(given, 10, 32)
	if err != nil || passkey > 999_999 {
		return 0, rejected()
	}
	return uint32(passkey), nil
}

func (a *bluezAgent) RequestConfirmation(_ dbus.ObjectPath, passkey uint32) *dbus.Error {
	ctx, agent, none := a.person()
	if none != nil {
		return none
	}
	return answered(agent.Confirm(ctx, fmt.Sprintf("%06d", passkey)))
}

func (a *bluezAgent) DisplayPasskey(_ dbus.ObjectPath, passkey uint32, _ uint16) *dbus.Error {
	return a.display(fmt.Sprintf("%06d", passkey))
}

func (a *bluezAgent) DisplayPinCode(_ dbus.ObjectPath, pin string) *dbus.Error { return a.display(pin) }

func (a *bluezAgent) display(passkey string) *dbus.Error {
	_, agent, none := a.person()
	if none == nil {
		agent.Display(passkey)
	}
	return none
}

// RequestAuthorization asks whether to pair without any number, which whoever
// pairs now has said already.
func (a *bluezAgent) RequestAuthorization(dbus.ObjectPath) *dbus.Error {
	_, _, none := a.person()
	return none
}

func (a *bluezAgent) AuthorizeService(dbus.ObjectPath, string) *dbus.Error {
	_, _, none := a.person()
	return none
}

func (a *bluezAgent) Cancel() *dbus.Error  { return nil }
func (a *bluezAgent) Release() *dbus.Error { return nil }
