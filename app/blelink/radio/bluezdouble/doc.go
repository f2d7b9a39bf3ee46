// Package bluezdouble is a test double of bluetoothd on a private bus: an
// adapter, devices that advertise, pair, and have characteristics. Only tests
// on Linux import it.
package bluezdouble
