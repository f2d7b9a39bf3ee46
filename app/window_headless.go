//go:build headless

package main

import (
	"context"

	"vitalien/fhirmap"
)

// edition is of this build, by the names of desktop.Target.
const edition = "headless"

func probe() int { return 1 }

// alert has no window to show err in.
func alert(context.Context, error) {}

// lookForDisplay has nothing to look for.
func (a *App) lookForDisplay() {}

// window says that this build has none.
func (a *App) window(context.Context, func()) error {
	return &fhirmap.Fault{
		Code: "headless_build", English: "built without a window",
		French: "Cette version de Vitalien n’a pas de fenêtre.",
	}
}
