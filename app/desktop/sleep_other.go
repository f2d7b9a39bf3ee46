//go:build !linux

package desktop

// sleepSignals is nil: the clock tells that the computer has slept.
func sleepSignals() (<-chan bool, func()) { return nil, func() {} }
