package blelink

import (
	"context"
	"strings"
)

// An Advertisement is what a device that wants to be found says of itself.
type Advertisement struct {
	// Address is what the system calls the device by: 48 bits as
	// "AA:BB:CC:DD:EE:FF", on macOS a UUID of the system's own.
	Address  string   `json:"address"`
	Name     string   `json:"name,omitempty"`
	RSSI     int      `json:"rssi,omitempty"`     // dBm, negative; 0: not told
	Services []string `json:"services,omitempty"` // UUIDs in the form of UUID16
	// Manufacturer is the maker's data by the company identifier of the Bluetooth
	// SIG in four hexadecimal digits, "020e".
	Manufacturer map[string][]byte `json:"manufacturer,omitempty"`
	Paired       bool              `json:"paired,omitempty"` // the system has a bond with it
}

// A Radio is the Bluetooth adapter of this computer. Its errors are Faults
// that say what a person can do: bluetooth_absent, bluetooth_off,
// bluetooth_busy (another program holds it), bluetooth_denied, device_unreachable,
// device_disconnected, pairing_refused, pairing_timeout, pairing_cancelled.
// Its methods may be called from several goroutines; it does one connection at
// a time and lets the next one wait.
type Radio interface {
	// Scan calls heard, on one goroutine, for what is advertised, until ctx ends
	// or the adapter fails. Several scans at a time share the adapter's one; it
	// rests while a connection is made, where the adapter demands it.
	Scan(ctx context.Context, heard func(Advertisement)) error
	// Connect makes a link to the device. It takes at least 10 s before it gives
	// up, unless ctx ends.
	Connect(ctx context.Context, address string) (Peripheral, error)
	// Pair makes a bond with the device, which the system then keeps. Where the
	// system pairs by itself (Windows, macOS), it returns at once and the
	// question comes, in the system's own window, when a protected value is read.
	Pair(ctx context.Context, address string, agent Agent) error
	// Unpair forgets the bond; it is no error when there is none.
	Unpair(ctx context.Context, address string) error
}

// An Agent answers what pairing asks of people (Core Specification, volume 3,
// part C, 5.2: IO capabilities keyboard and display). An error refuses.
type Agent interface {
	// Passkey is the number of six digits, or the PIN, that the device shows.
	Passkey(ctx context.Context) (string, error)
	// Confirm returns nil when the device shows the same number.
	Confirm(ctx context.Context, passkey string) error
	// Display shows a number to type on the device, until pairing ends.
	Display(passkey string)
}

// A Peripheral is a device to which there is a link. After Disconnect, or when
// the link is lost, each method fails with device_disconnected.
type Peripheral interface {
	// Services lists the characteristics by the service that holds them, UUIDs in
	// the form of UUID16.
	Services(ctx context.Context) ([]Service, error)
	// Read and Write name the characteristic by its UUID; of several with the
	// same one, the first counts.
	Read(ctx context.Context, characteristic string) ([]byte, error)
	Write(ctx context.Context, characteristic string, value []byte, response bool) error
	// Subscribe has the device notify or indicate the characteristic.
	Subscribe(ctx context.Context, characteristic string) error
	// Notifications are all that came, in the order of arrival. The channel is
	// closed when the link is gone and the last of them was taken.
	Notifications() <-chan Notification
	Disconnect() error
}

// A Service of the Generic Attribute Profile.
type Service struct {
	UUID            string   `json:"uuid"`
	Characteristics []string `json:"characteristics"`
}

// A Notification is a value that a device sent by itself.
type Notification struct {
	Characteristic string
	Value          []byte
}

// baseUUID is what UUIDs of 16 bits stand in (Core Specification, volume 3,
// part B, 2.5.1).
const baseUUID = "0000xxxx-0000-1000-8000-00805f9b34fb"

// UUID16 is a UUID of the Bluetooth SIG ("2a35") in its long form, which is
// how this package writes all of them: 36 characters, lower case.
func UUID16(short string) string { return strings.Replace(baseUUID, "xxxx", strings.ToLower(short), 1) }
