package stethoscope

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// NativeWiFi joins networks through the system's Native Wifi API. The network of
// the stethoscope is joined under a temporary profile: Windows remembers nothing
// of it. Wired connections are left alone. It has not been tried on a real
// computer yet.
type NativeWiFi struct{}

var _ Network = NativeWiFi{}

// SystemNetwork is how networks are joined on this system.
func SystemNetwork() Network { return NativeWiFi{} }

// Native Wifi, wlanapi.h.
var (
	wlanAPI            = windows.NewLazySystemDLL("wlanapi.dll")
	wlanOpenHandle     = wlanAPI.NewProc("WlanOpenHandle")
	wlanCloseHandle    = wlanAPI.NewProc("WlanCloseHandle")
	wlanEnumInterfaces = wlanAPI.NewProc("WlanEnumInterfaces")
	wlanQueryInterface = wlanAPI.NewProc("WlanQueryInterface")
	wlanFreeMemory     = wlanAPI.NewProc("WlanFreeMemory")
	wlanConnect        = wlanAPI.NewProc("WlanConnect")
	wlanDisconnect     = wlanAPI.NewProc("WlanDisconnect")
	wlanScan           = wlanAPI.NewProc("WlanScan")
)

const (
	wlanVersion         = 2 // Windows Vista and later
	wlanConnected       = 1 // WLAN_INTERFACE_STATE
	wlanByProfile       = 0 // WLAN_CONNECTION_MODE
	wlanTemporary       = 1
	wlanInfrastructure  = 1 // DOT11_BSS_TYPE
	wlanCurrent         = 7 // WLAN_INTF_OPCODE
	wlanLookEvery       = 200 * time.Millisecond
	wlanConnectionTries = 4 * time.Second // between two, since a scan takes so long
)

// dot11SSID is DOT11_SSID.
type dot11SSID struct {
	length uint32
	name   [32]byte
}

// wlanInterface is WLAN_INTERFACE_INFO.
type wlanInterface struct {
	id          windows.GUID
	description [256]uint16
	state       uint32
}

// wlanInterfaces is the head of WLAN_INTERFACE_INFO_LIST.
type wlanInterfaces struct {
	count, index uint32
	first        wlanInterface
}

// wlanConnection is the head of WLAN_CONNECTION_ATTRIBUTES.
type wlanConnection struct {
	state, mode uint32
	profile     [256]uint16
	ssid        dot11SSID
}

// wlanParameters is WLAN_CONNECTION_PARAMETERS.
type wlanParameters struct {
	mode    uint32
	profile *uint16
	ssid    *dot11SSID
	bssids  uintptr
	kind    uint32
	flags   uint32
}

// A wlanAdapter is a Wi-Fi adapter and the handle that it is reached by.
type wlanAdapter struct {
	handle windows.Handle
	id     windows.GUID
}

// Join implements Network.
func (NativeWiFi) Join(ctx context.Context, ssid string) (func(context.Context) error, error) {
	if err := CheckSSID(ssid); err != nil {
		return nil, err
	}
	a, err := openAdapter()
	if err != nil {
		return nil, wifiRefused("this computer's Wi-Fi cannot be used", err)
	}
	former, in, err := a.current()
	switch {
	case err != nil:
		a.close()
		return nil, wifiRefused("the present network cannot be told; Windows may ask to allow access to the location", err)
	case in == ssid: // somebody has joined it, and may leave it
		a.close()
		return func(context.Context) error { return nil }, nil
	}
	leave := func(ctx context.Context) error {
		defer a.close()
		return a.leave(ctx, former)
	}
	if err := a.join(ctx, ssid); err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
		defer cancel()
		return nil, wifiRefused("the stethoscope's network was not joined", errors.Join(err, leave(undo)))
	}
	return leave, nil
}

// openAdapter finds the first Wi-Fi adapter.
func openAdapter() (*wlanAdapter, error) {
	if err := wlanAPI.Load(); err != nil {
		return nil, err
	}
	a := &wlanAdapter{}
	var negotiated uint32
	if err := wlan(wlanOpenHandle.Call(wlanVersion, 0, uintptr(unsafe.Pointer(&negotiated)), uintptr(unsafe.Pointer(&a.handle)))); err != nil {
		return nil, err
	}
	var list *wlanInterfaces
	if err := wlan(wlanEnumInterfaces.Call(uintptr(a.handle), 0, uintptr(unsafe.Pointer(&list)))); err != nil {
		a.close()
		return nil, err
	}
	defer wlanFreeMemory.Call(uintptr(unsafe.Pointer(list)))
	if list.count == 0 {
		a.close()
		return nil, errors.New("this computer has no Wi-Fi adapter")
	}
	a.id = list.first.id
	return a, nil
}

func (a *wlanAdapter) close() { wlanCloseHandle.Call(uintptr(a.handle), 0) }

// current is the profile and the network that the adapter is connected by; empty
// when it is not.
func (a *wlanAdapter) current() (profile, ssid string, err error) {
	var size uint32
	var c *wlanConnection
	err = wlan(wlanQueryInterface.Call(uintptr(a.handle), uintptr(unsafe.Pointer(&a.id)), wlanCurrent, 0,
		uintptr(unsafe.Pointer(&size)), uintptr(unsafe.Pointer(&c)), 0))
	if errors.Is(err, windows.ERROR_INVALID_STATE) {
		return "", "", nil // not connected
	}
	if err != nil {
		return "", "", err
	}
	defer wlanFreeMemory.Call(uintptr(unsafe.Pointer(c)))
	if c.state != wlanConnected {
		return "", "", nil
	}
	return windows.UTF16ToString(c.profile[:]), string(c.ssid.name[:min(c.ssid.length, 32)]), nil
}

// openProfile is a profile for a network without security. Its name needs no
// escape: CheckSSID has seen it.
const openProfile = `<?xml version="1.0"?>
<WLANProfile xmlns="http://www.microsoft.com/networking/WLAN/profile/v1">
<name>%[1]s</name><SSIDConfig><SSID><name>%[1]s</name></SSID></SSIDConfig>
<connectionType>ESS</connectionType><connectionMode>manual</connectionMode>
<MSM><security><authEncryption>
<authentication>open</authentication><encryption>none</encryption><useOneX>false</useOneX>
</authEncryption></security></MSM></WLANProfile>`

// join asks for the network again and again until it is joined: it may not be
// heard yet.
func (a *wlanAdapter) join(ctx context.Context, ssid string) error {
	name := dot11SSID{length: uint32(len(ssid))}
	copy(name.name[:], ssid)
	profile := fmt.Sprintf(openProfile, ssid)
	for {
		if err := wlan(wlanScan.Call(uintptr(a.handle), uintptr(unsafe.Pointer(&a.id)), uintptr(unsafe.Pointer(&name)), 0, 0)); err != nil {
			return err
		}
		if err := a.connect(wlanTemporary, profile, &name); err != nil {
			return err
		}
		some, cancel := context.WithTimeout(ctx, wlanConnectionTries)
		err := a.until(some, func(_, in string) bool { return in == ssid })
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

func (a *wlanAdapter) connect(mode uint32, profile string, ssid *dot11SSID) error {
	text, err := windows.UTF16PtrFromString(profile)
	if err != nil {
		return err
	}
	p := wlanParameters{mode: mode, profile: text, ssid: ssid, kind: wlanInfrastructure}
	return wlan(wlanConnect.Call(uintptr(a.handle), uintptr(unsafe.Pointer(&a.id)), uintptr(unsafe.Pointer(&p)), 0))
}

// leave returns to the profile before, if there was one.
func (a *wlanAdapter) leave(ctx context.Context, former string) error {
	if former == "" {
		return wlan(wlanDisconnect.Call(uintptr(a.handle), uintptr(unsafe.Pointer(&a.id)), 0))
	}
	if err := a.connect(wlanByProfile, former, nil); err != nil {
		return err
	}
	return a.until(ctx, func(profile, _ string) bool { return strings.EqualFold(profile, former) })
}

// until waits until the adapter is connected as holds says.
func (a *wlanAdapter) until(ctx context.Context, holds func(profile, ssid string) bool) error {
	tick := time.NewTicker(wlanLookEvery)
	defer tick.Stop()
	for {
		profile, ssid, err := a.current()
		if err != nil || holds(profile, ssid) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// wlan is the error that a function of the API has returned.
func wlan(code, _ uintptr, _ error) error {
	if code == 0 {
		return nil
	}
	return windows.Errno(code)
}
