package ui

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// pictureHeight is that of the picture of a sound, in units of the canvas.
const pictureHeight = 180

// waveBars is how many bars the whole width of a live wave shows: 8 s.
const waveBars = 800

// A soundPicture shows a sound: the one that is recorded now, or a recording with
// its spectrogram. It is one raster, whatever it shows.
type soundPicture struct {
	widget.BaseWidget
	wave  []station.SoundBar
	level float32            // of the wave now, 0 to 1
	plot  *station.SoundPlot // nil: the wave
	gaps  []fhirmap.SoundGap // of the plot
	all   int64              // samples of the plot
}

func newSoundPicture() *soundPicture {
	p := &soundPicture{}
	p.ExtendBaseWidget(p)
	return p
}

func (p *soundPicture) showWave(wave []station.SoundBar, level float32) {
	if len(wave) == 0 && len(p.wave) == 0 && p.plot == nil {
		return
	}
	p.wave, p.level, p.plot, p.gaps = wave, level, nil, nil
	p.Refresh()
}

func (p *soundPicture) showPlot(plot *station.SoundPlot, r *fhirmap.RecordedSound) {
	p.plot, p.gaps, p.all = plot, r.Gaps, max(1, r.Samples)
	p.Refresh()
}

func (p *soundPicture) CreateRenderer() fyne.WidgetRenderer {
	raster := canvas.NewRaster(p.draw)
	return &renderer{
		objects: []fyne.CanvasObject{raster},
		layout:  raster.Resize,
		minSize: func() fyne.Size { return fyne.NewSize(200, pictureHeight) },
		refresh: raster.Refresh,
	}
}

func (p *soundPicture) draw(width, height int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	fill(img, img.Bounds(), nrgba(colourCard))
	if p.plot == nil {
		p.drawWave(img)
		return img
	}
	half := height / 2
	bars := p.plot.Bars
	trace(img, image.Rect(0, 0, width, half), len(bars), func(i int) station.SoundBar { return bars[i] })
	p.drawSpectrum(img, image.Rect(0, half+1, width, height))
	for _, g := range p.gaps {
		left := int(g.At * int64(width) / p.all)
		right := max(left+1, int((g.At+g.Samples)*int64(width)/p.all))
		fill(img, image.Rect(left, 0, right, height), nrgba(colourTrouble))
	}
	return img
}

// levelWidth is that of the bar that shows the level, in pixels.
const levelWidth = 8

// drawWave lets the newest sound stand at the right edge, and beside it how loud
// it is: the wave itself is always drawn as high as there is room.
func (p *soundPicture) drawWave(img *image.NRGBA) {
	area, bar := img.Bounds(), img.Bounds()
	area.Max.X -= 2 * levelWidth
	bar.Min.X = bar.Max.X - levelWidth
	fill(img, bar, nrgba(colourLine))
	bar.Min.Y = bar.Max.Y - int(p.level*float32(bar.Dy()))
	ink := nrgba(colourGood)
	if p.level >= 0.99 {
		ink = nrgba(colourTrouble)
	}
	fill(img, bar, ink)
	wave := p.wave[max(0, len(p.wave)-waveBars):]
	empty := waveBars - len(wave)
	trace(img, area, waveBars, func(i int) station.SoundBar {
		if i < empty {
			return station.SoundBar{}
		}
		return wave[i-empty]
	})
}

// quietest is how loud the loudest must be to fill the height, of full scale:
// nothing should look like something.
const quietest = 0.05

// trace draws n bars over the width of an area, the loudest of those that share
// a column, and the loudest of all as high as there is room.
func trace(img *image.NRGBA, area image.Rectangle, n int, bar func(int) station.SoundBar) {
	ink, middle := nrgba(colourAccent), (area.Min.Y+area.Max.Y)/2
	loudest := float32(quietest)
	for i := range n {
		loudest = max(loudest, -bar(i).Low, bar(i).High)
	}
	half := float32(area.Dy()-2) / 2 / loudest
	for x := range area.Dx() {
		from, to := x*n/area.Dx(), max((x+1)*n/area.Dx(), x*n/area.Dx()+1)
		var b station.SoundBar
		for i := from; i < min(to, n); i++ {
			b.Low, b.High = min(b.Low, bar(i).Low), max(b.High, bar(i).High)
		}
		column := image.Rect(area.Min.X+x, middle-int(b.High*half), area.Min.X+x+1, middle-int(b.Low*half)+1)
		fill(img, column.Intersect(area), ink)
	}
}

// drawSpectrum draws the strength of the bands, the lowest at the bottom, from
// the colour of the ground over that of the program to that of the text.
func (p *soundPicture) drawSpectrum(img *image.NRGBA, area image.Rectangle) {
	ground, accent, text := nrgba(colourCard), nrgba(colourAccent), nrgba(colourText)
	var shades [256]color.NRGBA
	for i := range shades {
		if i < 128 {
			shades[i] = blend(ground, accent, i*2)
		} else {
			shades[i] = blend(accent, text, i*2-255)
		}
	}
	for x := range area.Dx() {
		bands := &p.plot.Power[min(x*len(p.plot.Power)/max(1, area.Dx()), len(p.plot.Power)-1)]
		for y := range area.Dy() {
			band := (area.Dy() - 1 - y) * station.SoundBands / area.Dy()
			img.SetNRGBA(area.Min.X+x, area.Min.Y+y, shades[bands[band]])
		}
	}
}

// blend is so many 255ths of the way from one colour to the other.
func blend(from, to color.NRGBA, part int) color.NRGBA {
	mix := func(a, b uint8) uint8 { return uint8((int(a)*(255-part) + int(b)*part) / 255) }
	return color.NRGBA{mix(from.R, to.R), mix(from.G, to.G), mix(from.B, to.B), 0xFF}
}

func nrgba(name fyne.ThemeColorName) color.NRGBA {
	return color.NRGBAModel.Convert(paint(name)).(color.NRGBA)
}

func fill(img *image.NRGBA, area image.Rectangle, c color.NRGBA) {
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			img.SetNRGBA(x, y, c)
		}
	}
}
