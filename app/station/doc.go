// Package station is the core of Vitalien. Every use case is a method here:
// to record what a device sent, to start and end a consultation, to follow
// the log, to approve who may connect.
//
// Devices reach it through links, which know nothing of it but a Sink. It adds
// to each measurement what only it knows (when it came, whose it is, whether
// it is plausible), drops repeated messages and appends to the log. Whoever
// wants measurements follows the log with a cursor of their own: the API, the
// window, later uplinks. So a slow follower loses nothing and holds up nobody.
package station
