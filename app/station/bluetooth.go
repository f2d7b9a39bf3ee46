package station

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"vitalien/app/blelink"
	"vitalien/fhirmap"
)

// A Model is a device, or a family of devices, that can be paired.
type Model struct {
	ID    string // names its drawing and its ritual in assets
	Maker string // empty: any
	Name  string // as it stands on the device; empty: any of Type that keeps to the profile
	Type  fhirmap.DeviceType
	Tried bool // on the real device
}

// A Device is one that was paired, as the window shows it.
type Device struct {
	ID       string
	Address  string
	Type     fhirmap.DeviceType
	Model    string // ID of a Model
	Name     string
	Place    string
	State    LinkState // connected, asleep, offline, failed
	Since    time.Time // of State
	LastSeen time.Time // zero: not since it was paired
	Battery  int       // percent; -1: not known
	Fault    *fhirmap.Fault
}

// BluetoothState is whether the adapter can be used.
type BluetoothState string

// The states of the adapter.
const (
	BluetoothOff      BluetoothState = ""         // not served at all
	BluetoothStarting BluetoothState = "starting" //
	BluetoothReady    BluetoothState = "ready"
	BluetoothFailed   BluetoothState = "failed" // see Fault, which says what to do
)

// Bluetooth is the state of the adapter.
type Bluetooth struct {
	State BluetoothState
	Fault *fhirmap.Fault
	// Suspended is until when a person has the devices left alone; zero: they
	// are served.
	Suspended time.Time
}

// What is under way when a device is paired.
type (
	Pairing         = blelink.Pairing
	PairingStep     = blelink.Step
	PairingQuestion = blelink.Question
	QuestionKind    = blelink.QuestionKind
	Heard           = blelink.Heard
)

// The steps and the questions of pairing.
const (
	PairingSearching  = blelink.StepSearching
	PairingConnecting = blelink.StepConnecting
	PairingBonding    = blelink.StepBonding
	PairingMeasuring  = blelink.StepMeasuring
	PairingFailed     = blelink.StepFailed

	QuestionPasskey = blelink.QuestionPasskey
	QuestionConfirm = blelink.QuestionConfirm
	QuestionDisplay = blelink.QuestionDisplay
	QuestionSystem  = blelink.QuestionSystem
)

// bluetooth is what the station knows of it. Its lock is taken after the
// link's.
type bluetooth struct {
	link    *blelink.Link // nil: Bluetooth is not served
	mu      sync.Mutex
	adapter Bluetooth
	devices map[string]*Device
	stored  map[string]blelink.Paired
	pairing *Pairing
	clients map[chan struct{}]struct{}

	suspending sync.Mutex  // one suspension, or its end, at a time; taken before all other locks
	suspended  time.Time   // until then; zero: it is not
	awake      *time.Timer // ends that; nil: there is none
}

// devicesBucket holds the paired devices, by their id.
const devicesBucket = "devices"

// mostDevices bounds how many are paired with one computer.
const mostDevices = 64

func (s *Station) restoreDevices() error {
	b := &s.bluetooth
	b.devices, b.stored = map[string]*Device{}, map[string]blelink.Paired{}
	stored, err := s.store.List(devicesBucket)
	if err != nil {
		return err
	}
	for id, text := range stored {
		var p blelink.Paired
		if err := json.Unmarshal(text, &p); err != nil || p.ID != id {
			s.log.Warn("a paired device cannot be read; pair it again", "device", id)
			continue
		}
		b.stored[id], b.devices[id] = p, newDevice(&p, s.now())
	}
	return nil
}

func newDevice(p *blelink.Paired, now time.Time) *Device {
	d := &Device{ID: p.ID, State: LinkOffline, Since: now, Battery: -1}
	d.adopt(p)
	return d
}

func (d *Device) adopt(p *blelink.Paired) {
	d.Address, d.Type, d.Model, d.Name, d.Place = p.Address, p.Type, p.Driver, p.Name, p.Place
}

// Paired, Keep and Forget are how the link keeps the devices. See
// blelink.Keeper.
func (s *Station) Paired() []blelink.Paired {
	s.bluetooth.mu.Lock()
	defer s.bluetooth.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.bluetooth.stored), func(a, b blelink.Paired) int { return strings.Compare(a.ID, b.ID) })
}

// Keep stores a paired device. Errors are Faults: limit, and those of the
// store.
func (s *Station) Keep(p blelink.Paired) error {
	b := &s.bluetooth
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.stored[p.ID]; !known && len(b.stored) >= mostDevices {
		return &fhirmap.Fault{
			Code: "limit", English: "too many paired devices",
			French: "Trop d’appareils sont déjà jumelés. Oubliez-en un, puis recommencez.",
		}
	}
	text, err := json.Marshal(p)
	if err == nil {
		err = s.store.Put(devicesBucket, p.ID, text)
	}
	if err != nil {
		return err
	}
	p.Progress.Recent = slices.Clone(p.Progress.Recent)
	b.stored[p.ID] = p
	if b.devices[p.ID] == nil {
		b.devices[p.ID] = newDevice(&p, s.now())
	}
	b.devices[p.ID].adopt(&p)
	s.board.changed()
	return nil
}

// Forget drops a paired device. Errors are those of the store.
func (s *Station) Forget(id string) error {
	b := &s.bluetooth
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := s.store.Delete(devicesBucket, id); err != nil {
		return err
	}
	delete(b.stored, id)
	delete(b.devices, id)
	s.board.changed()
	return nil
}

var (
	_ blelink.Keeper = (*Station)(nil)
	_ blelink.Sink   = (*Station)(nil)
)

// ServeBluetooth has the station pair and show devices through a link. It is to
// be called before the link runs.
func (s *Station) ServeBluetooth(l *blelink.Link) {
	b := &s.bluetooth
	b.mu.Lock()
	defer b.mu.Unlock()
	b.link, b.adapter = l, Bluetooth{State: BluetoothReady} // nobody needs it yet
	if len(b.stored) > 0 {
		b.adapter.State = BluetoothStarting
	}
}

// SetBluetooth shows whether the adapter can be used; fault is nil when it can.
func (s *Station) SetBluetooth(fault *fhirmap.Fault) {
	b := &s.bluetooth
	b.mu.Lock()
	defer b.mu.Unlock()
	b.adapter = Bluetooth{State: BluetoothReady}
	if fault != nil {
		b.adapter = Bluetooth{State: BluetoothFailed, Fault: fault}
	}
	for _, d := range b.devices {
		switch {
		case fault != nil && d.State != LinkOffline:
			d.State, d.Since = LinkOffline, s.now()
		case fault == nil && d.State == LinkOffline:
			d.State, d.Since = LinkAsleep, s.now()
		}
	}
	b.wakeLocked(s.board)
}

// SetDevice shows how a paired device is doing. Of any other it changes
// nothing.
func (s *Station) SetDevice(status blelink.Status) {
	b := &s.bluetooth
	b.mu.Lock()
	defer b.mu.Unlock()
	d := b.devices[status.ID]
	if d == nil {
		return
	}
	if state := LinkState(status.State); state != d.State {
		d.State, d.Since = state, s.now()
	}
	d.Fault = status.Fault
	if !status.LastSeen.IsZero() {
		d.LastSeen = status.LastSeen
	}
	if status.Battery >= 0 {
		d.Battery = status.Battery
	}
	b.wakeLocked(s.board)
}

// SetPairing shows the pairing that is under way; nil: none is.
func (s *Station) SetPairing(p *Pairing) {
	b := &s.bluetooth
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pairing = p
	s.board.changed()
}

func (b *bluetooth) wakeLocked(board *board) {
	for client := range b.clients {
		select {
		case client <- struct{}{}:
		default:
		}
	}
	board.changed()
}

// PairedDevices are those that were paired, by name.
func (s *Station) PairedDevices() []Device {
	s.bluetooth.mu.Lock()
	defer s.bluetooth.mu.Unlock()
	return s.bluetooth.listLocked()
}

func (b *bluetooth) listLocked() []Device {
	list := make([]Device, 0, len(b.devices))
	for _, d := range b.devices {
		list = append(list, *d)
	}
	slices.SortFunc(list, func(x, y Device) int { return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.ID, y.ID)) })
	return list
}

// WatchDevices is Watch for PairedDevices alone.
func (s *Station) WatchDevices() (changed <-chan struct{}, stop func()) {
	b := &s.bluetooth
	client := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.clients == nil {
		b.clients = map[chan struct{}]struct{}{}
	}
	b.clients[client] = struct{}{}
	return client, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.clients, client)
	}
}

// situation adds what there is of Bluetooth.
func (b *bluetooth) situation(to *Situation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	to.Bluetooth, to.Devices, to.Pairing = b.adapter, b.listLocked(), b.pairing
	to.Bluetooth.Suspended = b.suspended
}

// onTrial tells that a device is being paired: what it measures is a test, and
// nobody's.
func (b *bluetooth) onTrial(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pairing != nil && b.pairing.Device == id
}
