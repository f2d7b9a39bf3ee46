// Package api is the local server: Socket.IO for the EHR software, a page for
// integrators, /status. It serves this computer only, and stands behind one
// guard (guard.go) that every request passes, whatever its path.
//
// Each client is a cursor on the log. It reads from where it was, is woken
// when there is more, and is handed the next piece only when the last has left
// for the network. So a slow client holds at most two pieces in memory, loses
// nothing, and delays nobody. Events are encoded once for each form; all
// clients share the bytes (frames.go).
//
// The Socket.IO library is confined to socketio.go and transports.go. It does
// not bear overlapping requests, nor the end of a session during an upgrade:
// front.go keeps them from it, and our transports take the place of its own.
package api
