//go:build headless

package main

import (
	"context"
	"errors"
)

func probe() int { return 1 }

// alert has no window to show err in.
func alert(context.Context, error) {}

// window says that this build has none.
func (a *App) window(context.Context, func()) error { return errors.New("built without a window") }
