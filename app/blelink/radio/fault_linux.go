package radio

import (
	"errors"

	"github.com/godbus/dbus/v5"

	"vitalien/fhirmap"
)

func noBus(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "bluetooth_absent", English: "the system bus cannot be reached", Temporary: true, Cause: cause,
		French: "Le service système (D-Bus) est inaccessible\u202f: le Bluetooth ne peut pas être utilisé. Redémarrez l’ordinateur\u202f; si cela persiste, contactez votre informaticien.",
	}
}

func noService() *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "bluetooth_absent", English: "bluetoothd does not run", Temporary: true,
		French: "Le service Bluetooth du système (BlueZ) ne fonctionne pas. Votre informaticien peut le démarrer\u202f: «\u00a0sudo systemctl enable --now bluetooth\u00a0».",
	}
}

func serviceEnded(cause error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code: "bluetooth_failed", English: "bluetoothd has ended", Temporary: true, Cause: cause,
		French: "Le service Bluetooth du système (BlueZ) s’est arrêté. Il redémarre de lui-même\u202f; réessayez dans quelques secondes.",
	}
}

// ended tells whether bluetoothd has, before it answered (dbus-protocol.h of the reference
// implementation names the errors).
func ended(err error) bool {
	switch errorName(err) {
	case "org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner":
		return true
	}
	return false
}

// adapterFault is an error of the adapter (BlueZ, doc/org.bluez.Adapter.rst).
func adapterFault(err error) *fhirmap.Fault {
	switch errorName(err) {
	case "InProgress":
		return busy(err)
	case "NotReady":
		return adapterOff(false)
	case "NotAuthorized":
		return denied(err)
	}
	switch {
	case accessDenied(err):
		return denied(err)
	case ended(err):
		return serviceEnded(err)
	}
	return failed(err)
}

func accessDenied(err error) bool {
	e, ok := errors.AsType[dbus.Error](err)
	return ok && e.Name == "org.freedesktop.DBus.Error.AccessDenied"
}

// connectFault is an error of Device1.Connect.
func connectFault(err error) *fhirmap.Fault {
	switch errorName(err) {
	case "NotReady":
		return adapterOff(false)
	case "NotAuthorized":
		return denied(err)
	}
	switch {
	case accessDenied(err):
		return denied(err)
	case ended(err):
		return serviceEnded(err)
	}
	return unreachable(err)
}

// pairingFault is an error of Device1.Pair (BlueZ, doc/org.bluez.Device.rst).
func pairingFault(err error) *fhirmap.Fault {
	switch errorName(err) {
	case "AuthenticationFailed", "AuthenticationRejected":
		return refusedPairing(err)
	case "AuthenticationCanceled":
		return pairingStopped(err)
	case "AuthenticationTimeout":
		return pairingTimeout(err)
	}
	return connectFault(err)
}

// gattFault is an error of a characteristic (BlueZ,
// doc/org.bluez.GattCharacteristic.rst).
func gattFault(err error) error {
	switch errorName(err) {
	case "NotAuthorized", "NotPermitted":
		return &fhirmap.Fault{
			Code: "device_locked", English: "the device demands a bond", Temporary: true, Cause: err,
			French: "L’appareil ne reconnaît plus cet ordinateur. Oubliez-le, puis jumelez-le à nouveau.",
		}
	}
	return &fhirmap.Fault{
		Code: "device_refused", English: "the device refused an operation", Temporary: true, Cause: err,
		French: "L’appareil a refusé une opération. Éteignez-le, rallumez-le, puis réessayez.",
	}
}
