// Package ui is the window and the tray: what clinicians see of Vitalien.
//
// It reads the core through Core and never blocks on it: one goroutine, the
// bridge, takes snapshots and hands each to the toolkit's own goroutine, at
// most one at a time and none while the window is hidden. The widgets do not
// need a running application, so that tests render them.
//
// Only this package imports Fyne. Build tags: x11 (Linux), migrated_fynedo, and
// no_emoji, which leaves out a font of 4 MB for pictures that no text here has.
package ui
