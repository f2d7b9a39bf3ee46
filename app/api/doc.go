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
// The Socket.IO library is confined to socketio.go, so that it can be
// exchanged. It is used for the handshake, long-polling, the upgrade, the
// heartbeat and the namespace. What measurements and requests depend on goes
// past it:
//
//   - A client's events are taken off the connection in order, one at a time
//     (session.go), and the library's decoder never sees them: its own dispatch
//     runs each in a goroutine of its own and panics on two bytes.
//   - Packets to the client are written encoded, and the next ones only when
//     those have left its buffer, which is without bound.
//   - Requests that its unguarded state cannot bear are held back before they
//     reach it (front.go), and our transports take the place of its own.
package api
