//go:build !windows

package desktop

// OnSessionEnd has nothing to do: a session that ends sends one of Endings.
func OnSessionEnd(func()) error { return nil }

// EndLast has nothing to do: whoever ends the session waits.
func EndLast() {}
