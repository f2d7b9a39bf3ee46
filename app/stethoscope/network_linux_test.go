package stethoscope

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"vitalien/fhirmap"
)

const (
	wired, wireless = dbus.ObjectPath("/device/wired"), dbus.ObjectPath("/device/wifi")
	practice        = dbus.ObjectPath("/settings/practice") // the network of before
)

// A double is NetworkManager as far as it is used, on a bus of the test's own: a
// wired and a wireless adapter, which hears the network of the practice and, once
// asked to look, that of a stethoscope.
type double struct {
	conn *dbus.Conn

	mu       sync.Mutex
	trail    []string
	noWiFi   bool
	heard    string // the network of a stethoscope; empty: none
	scanned  bool
	refuses  bool          // the network does
	stalls   bool          // joining never ends
	joining  chan struct{} // closed when it begins then
	active   dbus.ObjectPath
	states   map[dbus.ObjectPath]uint32
	profiles map[dbus.ObjectPath]dbus.ObjectPath // of active connections
	bound    dbus.Sender                         // whose end ends the connection to the stethoscope
	asked    map[string]map[string]dbus.Variant
	count    int
}

// newDouble also has the program look for it, as its system's bus.
func newDouble(t *testing.T) *double {
	t.Helper()
	daemon := exec.CommandContext(t.Context(), "dbus-daemon", "--session", "--nofork", "--print-address",
		"--address=unix:path="+filepath.Join(t.TempDir(), "bus"))
	output, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatalf("dbus-daemon: %v (make deps installs what the tests need)", err)
	}
	t.Cleanup(func() { daemon.Wait() })
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", strings.TrimSpace(address))
	d := &double{heard: "ekuorePro_1", states: map[dbus.ObjectPath]uint32{}, profiles: map[dbus.ObjectPath]dbus.ObjectPath{}}
	if d.conn, err = dbus.ConnectSystemBus(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.conn.Close() })
	d.activateLocked(practice, nmActivated)
	for path, service := range map[dbus.ObjectPath]any{nmPath: nmMethods{d}, wireless: wifiMethods{d}} {
		if err := d.conn.Export(service, path, map[dbus.ObjectPath]string{nmPath: nmService, wireless: nmWireless}[path]); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []dbus.ObjectPath{wired, wireless, "/point/practice", "/point/stethoscope"} {
		d.show(path)
	}
	if reply, err := d.conn.RequestName(nmService, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
	return d
}

// activateLocked makes a profile the active connection of the wireless adapter.
func (d *double) activateLocked(profile dbus.ObjectPath, state uint32) dbus.ObjectPath {
	d.count++
	d.active = dbus.ObjectPath(fmt.Sprint("/active/", d.count))
	d.states[d.active], d.profiles[d.active] = state, profile
	d.show(d.active)
	return d.active
}

// show lets the properties of an object be read.
func (d *double) show(path dbus.ObjectPath) {
	if err := d.conn.Export(properties{d, path}, path, "org.freedesktop.DBus.Properties"); err != nil {
		panic(err)
	}
}

func (d *double) noteLocked(format string, args ...any) {
	d.trail = append(d.trail, fmt.Sprintf(format, args...))
}

// become changes what it is.
func (d *double) become(change func(*double)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

func (d *double) did() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.trail)
}

// signal says that something has changed.
func (d *double) signal() {
	d.conn.Emit(wireless, "org.freedesktop.DBus.Properties.PropertiesChanged", nmDevice, map[string]dbus.Variant{}, []string{})
}

type nmMethods struct{ *double }

func (d nmMethods) GetDevices() ([]dbus.ObjectPath, *dbus.Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.noWiFi {
		return []dbus.ObjectPath{wired}, nil
	}
	return []dbus.ObjectPath{wired, wireless}, nil
}

func (d nmMethods) AddAndActivateConnection2(
	settings map[string]map[string]dbus.Variant, device, point dbus.ObjectPath, options map[string]dbus.Variant, from dbus.Sender,
) (dbus.ObjectPath, dbus.ObjectPath, map[string]dbus.Variant, *dbus.Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = settings
	name, _ := settings["802-11-wireless"]["ssid"].Value().([]byte)
	d.noteLocked("join %s by %s at %s %v %v", name, device, point, options["persist"], options["bind-activation"])
	d.bound = from
	active := d.activateLocked("/settings/stethoscope", 1)
	if d.stalls {
		if d.joining != nil {
			close(d.joining)
		}
	} else {
		go func() {
			d.mu.Lock()
			d.states[active] = nmActivated
			if d.refuses {
				d.states[active] = nmDeactivated
			}
			d.mu.Unlock()
			d.signal()
		}()
	}
	return "/settings/stethoscope", active, nil, nil
}

func (d nmMethods) ActivateConnection(profile, device, _ dbus.ObjectPath) (dbus.ObjectPath, *dbus.Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.noteLocked("return to %s by %s", profile, device)
	return d.activateLocked(profile, nmActivated), nil
}

func (d nmMethods) DeactivateConnection(active dbus.ObjectPath) *dbus.Error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.noteLocked("leave %s", d.profiles[active])
	if d.states[active] == nmDeactivated {
		return dbus.MakeFailedError(errors.New("it is not active"))
	}
	d.states[active], d.active = nmDeactivated, nmNowhere
	return nil
}

type wifiMethods struct{ *double }

func (d wifiMethods) GetAllAccessPoints() ([]dbus.ObjectPath, *dbus.Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.scanned && d.heard != "" {
		return []dbus.ObjectPath{"/point/practice", "/point/vanished", "/point/stethoscope"}, nil
	}
	return []dbus.ObjectPath{"/point/practice", "/point/vanished"}, nil
}

func (d wifiMethods) RequestScan(options map[string]dbus.Variant) *dbus.Error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.scanned = true
	d.noteLocked("scan")
	go d.signal()
	return nil
}

type properties struct {
	*double
	path dbus.ObjectPath
}

func (d properties) Get(of, name string) (dbus.Variant, *dbus.Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	path := d.path
	var value any
	switch {
	case name == "DeviceType" && path == wired:
		value = uint32(1)
	case name == "DeviceType" && path == wireless:
		value = uint32(nmTypeWiFi)
	case name == "ActiveConnection" && path == wireless:
		value = d.active
	case name == "ActiveAccessPoint" && path == wireless && d.profiles[d.active] == practice:
		value = dbus.ObjectPath("/point/practice")
	case name == "ActiveAccessPoint" && path == wireless:
		value = dbus.ObjectPath("/point/stethoscope")
	case name == "Ssid" && path == "/point/practice":
		value = []byte("Cabinet")
	case name == "Ssid" && path == "/point/stethoscope":
		value = []byte(d.heard)
	case of == nmActive && name == "State":
		value = d.states[path]
	case of == nmActive && name == "Connection":
		value = d.profiles[path]
	default:
		return dbus.Variant{}, dbus.MakeFailedError(errors.New("no such property"))
	}
	return dbus.MakeVariant(value), nil
}

func mustJoin(t *testing.T) (leave func(context.Context) error) {
	t.Helper()
	leave, err := SystemNetwork().Join(t.Context(), "ekuorePro_1")
	if err != nil {
		t.Fatal(err)
	}
	return leave
}

func TestNetworkManager_JoinsAndReturns(t *testing.T) {
	d := newDouble(t)
	leave := mustJoin(t)
	d.mu.Lock()
	asked := d.asked
	d.mu.Unlock()
	if again, route := asked["connection"]["autoconnect"].Value(), asked["ipv4"]["never-default"].Value(); again != false || route != true {
		t.Errorf("joined again by itself: %v; not the way to everywhere: %v", again, route)
	}
	if _, secret := asked["802-11-wireless-security"]; secret {
		t.Error("the network of a stethoscope is open")
	}
	if err := leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"scan", `join ekuorePro_1 by /device/wifi at /point/stethoscope "volatile" "dbus-client"`,
		"leave /settings/stethoscope", "return to /settings/practice by /device/wifi",
	}
	if have := d.did(); !slices.Equal(have, want) {
		t.Errorf("%q", have)
	}
}

// TestNetworkManager_NothingBefore: who was in no network is in none afterwards.
func TestNetworkManager_NothingBefore(t *testing.T) {
	d := newDouble(t)
	d.become(func(d *double) { d.active = nmNowhere })
	if err := mustJoin(t)(t.Context()); err != nil {
		t.Fatal(err)
	}
	if have := d.did(); have[len(have)-1] != "leave /settings/stethoscope" {
		t.Errorf("%q", have)
	}
}

// TestNetworkManager_ThereAlready: what somebody else has joined stays.
func TestNetworkManager_ThereAlready(t *testing.T) {
	d := newDouble(t)
	d.become(func(d *double) { d.activateLocked("/settings/by-hand", nmActivated) })
	if err := mustJoin(t)(t.Context()); err != nil || d.did() != nil {
		t.Error(err, d.did())
	}
}

func TestNetworkManager_Refused(t *testing.T) {
	for name, q := range map[string]struct {
		change func(*double)
		after  string // what is done last; empty: nothing that changes anything
	}{
		"no adapter":     {func(d *double) { d.noWiFi = true }, ""},
		"not heard":      {func(d *double) { d.heard = "" }, ""},
		"another's name": {func(d *double) { d.heard = "ekuorePro_12" }, ""},
		"refused":        {func(d *double) { d.refuses = true }, "return to /settings/practice by /device/wifi"},
		"too slow":       {func(d *double) { d.stalls = true }, "return to /settings/practice by /device/wifi"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDouble(t)
			d.become(q.change)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := SystemNetwork().Join(ctx, "ekuorePro_1")
			if codeOf(err) != "wifi_refused" || fhirmap.FaultOf(err).French == "" {
				t.Error(err)
			}
			have := d.did()
			if q.after == "" && slices.ContainsFunc(have, func(s string) bool { return s != "scan" }) || q.after != "" && have[len(have)-1] != q.after {
				t.Errorf("%q", have)
			}
		})
	}
}

// TestNetworkManager_ChecksFirst: what is no stethoscope's network is not even
// looked for.
func TestNetworkManager_ChecksFirst(t *testing.T) {
	d := newDouble(t)
	if _, err := SystemNetwork().Join(t.Context(), "Cabinet"); codeOf(err) != "unknown_ssid" || d.did() != nil {
		t.Error(err, d.did())
	}
}

func TestNetworkManager_IsNotThere(t *testing.T) {
	d := newDouble(t)
	if _, err := d.conn.ReleaseName(nmService); err != nil {
		t.Fatal(err)
	}
	if _, err := SystemNetwork().Join(t.Context(), "ekuorePro_1"); codeOf(err) != "wifi_refused" {
		t.Error(err)
	}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")
	if _, err := SystemNetwork().Join(t.Context(), "ekuorePro_1"); codeOf(err) != "wifi_refused" {
		t.Error(err)
	}
}

// TestRecorder_ThroughNetworkManager is the whole road, stopped while it joins
// and run to its end.
func TestRecorder_ThroughNetworkManager(t *testing.T) {
	d := newDouble(t)
	s := newStage(script{steps: steady(100 * time.Millisecond)}, func(o *Options) {
		o.Network, o.Limit = SystemNetwork(), 100*time.Millisecond
	})
	s.mustStart(t)
	if last, _ := s.over(); !last.Kept || last.Fault != nil {
		t.Errorf("%+v", last)
	}
	if have := d.did(); len(have) != 4 || have[3] != "return to /settings/practice by /device/wifi" {
		t.Errorf("%q", have)
	}
	joined := make(chan struct{})
	d.become(func(d *double) { d.stalls, d.joining = true, joined })
	begun := s.mustStart(t)
	<-joined
	s.Close()
	if err := begun(t.Context()); codeOf(err) != "not_recording" {
		t.Error(err)
	}
	if have := d.did(); have[len(have)-1] != "return to /settings/practice by /device/wifi" {
		t.Errorf("%q", have)
	}
}
