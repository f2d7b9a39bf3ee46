package ui

import (
	"bytes"
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"vitalien/assets"
)

// inks are the colours that devices are drawn in, and those of the theme that
// take their place.
var inks = map[string]fyne.ThemeColorName{
	"#51626B": colourMuted,
	"#FFFFFF": colourCard,
	"#DFF0F0": colourChosen,
	"#00696B": colourAccent,
	"#E4ECEE": colourShade,
}

// A drawing shows a device that can be paired.
type drawing struct {
	widget.BaseWidget
	model string
	size  fyne.Size
}

// newDrawing is as wide as told; three quarters of that is its height.
func newDrawing(model string, width float32) *drawing {
	d := &drawing{model: model, size: fyne.NewSize(width, width*3/4)}
	d.ExtendBaseWidget(d)
	return d
}

func (d *drawing) set(model string) {
	if d.model != model {
		d.model = model
		d.Refresh()
	}
}

// file is the name of the drawing in the colours of the theme: the toolkit keeps
// pictures by name.
func (d *drawing) file() string { return d.model + hex(colourCard) + ".svg" }

func (d *drawing) resource() fyne.Resource {
	picture, ok := assets.Device(d.model)
	if !ok {
		return nil
	}
	for ink, colour := range inks {
		picture = bytes.ReplaceAll(picture, []byte(ink), []byte(hex(colour))) // which is in small letters, unlike ink
	}
	return fyne.NewStaticResource(d.file(), picture)
}

// hex is a colour of the theme as SVG writes it.
func hex(colour fyne.ThemeColorName) string {
	red, green, blue, _ := paint(colour).RGBA()
	return fmt.Sprintf("#%02x%02x%02x", red>>8, green>>8, blue>>8)
}

func (d *drawing) CreateRenderer() fyne.WidgetRenderer {
	picture := canvas.NewImageFromResource(d.resource())
	picture.FillMode = canvas.ImageFillContain
	shown := d.file()
	return &renderer{
		objects: []fyne.CanvasObject{picture},
		minSize: func() fyne.Size { return d.size },
		layout:  picture.Resize,
		refresh: func() {
			if file := d.file(); file != shown { // drawing it again costs much
				shown, picture.Resource = file, d.resource()
				picture.Refresh()
			}
		},
	}
}
