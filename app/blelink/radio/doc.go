// Package radio is the Bluetooth adapter of this computer, in a process of its
// own: the systems' native code can crash, and must take nothing with it.
//
// The child process (Serve) drives the adapter through the system's interface:
// BlueZ over D-Bus on Linux, WinRT on Windows, CoreBluetooth on macOS. The
// parent (Client, Supervised) is a blelink.Radio; the two talk in lines of JSON
// over the child's standard input and output.
package radio
