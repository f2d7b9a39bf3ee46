// Package blelink reads Bluetooth LE health devices: the profiles of the
// Bluetooth SIG and those of makers that have their own.
//
// Bytes become measurements in decoders, one file a profile, which know of
// nothing else. A driver, one file a family of devices, knows how a device is
// recognised, paired and asked; Link serves the paired ones and pairs new ones.
// The adapter itself is behind Radio and runs in a process of its own
// (app/blelink/radio), since the systems' native code can crash; simulated
// devices are a Radio as well.
package blelink
