package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"vitalien/fhirmap"
)

// Colours of our own beside those of the toolkit. Parameters keep theirs
// everywhere, as on bedside monitors.
const (
	colourCard        fyne.ThemeColorName = "vitalien.card"
	colourRail        fyne.ThemeColorName = "vitalien.rail"
	colourChosen      fyne.ThemeColorName = "vitalien.chosen"
	colourGround                          = theme.ColorNameBackground
	colourText                            = theme.ColorNameForeground
	colourMuted                           = theme.ColorNamePlaceHolder
	colourAccent                          = theme.ColorNamePrimary
	colourLine                            = theme.ColorNameSeparator
	colourShade                           = theme.ColorNameButton
	colourAmber       fyne.ThemeColorName = "vitalien.amber"
	colourAmberGround fyne.ThemeColorName = "vitalien.amberGround"
	colourDemo        fyne.ThemeColorName = "vitalien.demo"
	colourDemoGround  fyne.ThemeColorName = "vitalien.demoGround"
	colourTrouble                         = theme.ColorNameError
	colourGood                            = theme.ColorNameSuccess
	colourPulse       fyne.ThemeColorName = "vitalien.pulse"
	colourSaturation  fyne.ThemeColorName = "vitalien.saturation"
	colourPressure    fyne.ThemeColorName = "vitalien.pressure"
	colourRespiration fyne.ThemeColorName = "vitalien.respiration"
	colourTemperature fyne.ThemeColorName = "vitalien.temperature"
	colourGlucose     fyne.ThemeColorName = "vitalien.glucose"
	colourBody        fyne.ThemeColorName = "vitalien.body"

	// Of an alarm: strong while its mark is lit, with onX for the mark on it;
	// ink for the mark while it is not lit, on the ground of the whole.
	colourHigh         fyne.ThemeColorName = "vitalien.high"
	colourOnHigh       fyne.ThemeColorName = "vitalien.onHigh"
	colourHighInk      fyne.ThemeColorName = "vitalien.highInk"
	colourHighGround   fyne.ThemeColorName = "vitalien.highGround"
	colourMedium       fyne.ThemeColorName = "vitalien.medium"
	colourOnMedium     fyne.ThemeColorName = "vitalien.onMedium"
	colourMediumInk    fyne.ThemeColorName = "vitalien.mediumInk"
	colourMediumGround fyne.ThemeColorName = "vitalien.mediumGround"
	colourLow          fyne.ThemeColorName = "vitalien.low"
	colourOnLow        fyne.ThemeColorName = "vitalien.onLow"
	colourLowInk       fyne.ThemeColorName = "vitalien.lowInk"
	colourLowGround    fyne.ThemeColorName = "vitalien.lowGround"
)

// Sizes of our own beside those of the toolkit, in units of the canvas.
const (
	sizeHuge    fyne.ThemeSizeName = "vitalien.huge"   // a test measurement
	sizeFigure  fyne.ThemeSizeName = "vitalien.figure" // the value on a card
	sizeAside   fyne.ThemeSizeName = "vitalien.aside"  // the mean beside a pressure
	sizeTile    fyne.ThemeSizeName = "vitalien.tile"   // the value on a live tile
	sizeRoom    fyne.ThemeSizeName = "vitalien.room"   // the same, where there is room
	sizeStrip   fyne.ThemeSizeName = "vitalien.strip"  // the value where there are many beds
	sizeBeside  fyne.ThemeSizeName = "vitalien.beside" // the mean on a live tile
	sizeMark    fyne.ThemeSizeName = "vitalien.mark"   // !!! of an alarm
	sizeSmall                      = theme.SizeNameCaptionText
	sizeText                       = theme.SizeNameText
	sizeSection                    = theme.SizeNameSubHeadingText
	sizeTitle                      = theme.SizeNameHeadingText
	sizeRadius  fyne.ThemeSizeName = "vitalien.radius"
)

// Measures of the layout, in units of the canvas.
const (
	railWidth   = 196
	gap         = 12
	margin      = 20
	cardWidth   = 272 // at least
	tileWidth   = 150 // at least
	largeTile   = 200 // at least, of a bed alone
	bedWidth    = 480 // at least, of a bed with tiles beside another
	stripsWidth = 264 // at least, of a bed with strips
	bedInset    = 14  // of the tiles in the panel of their bed
	dialogWidth = 480
	pageWidth   = 864 // of running text and cards, at most
	headTop     = 14  // above the title of a page
	headHeight  = 36  // of its line
)

// A shade is a colour in the light and in the dark form of the theme.
type shade struct{ light, dark color.NRGBA }

func rgb(value uint32) color.NRGBA {
	return color.NRGBA{R: uint8(value >> 16), G: uint8(value >> 8), B: uint8(value), A: 0xFF}
}

func tone(light, dark uint32) shade { return shade{rgb(light), rgb(dark)} }

func veil(light, dark uint32, alpha uint8) shade {
	s := tone(light, dark)
	s.light.A, s.dark.A = alpha, alpha
	return s
}

var shades = map[fyne.ThemeColorName]shade{
	theme.ColorNameBackground:          tone(0xF4F7F8, 0x0F1519),
	theme.ColorNameOverlayBackground:   tone(0xFFFFFF, 0x1C262D),
	theme.ColorNameMenuBackground:      tone(0xFFFFFF, 0x1C262D),
	theme.ColorNameHeaderBackground:    tone(0xFFFFFF, 0x172026),
	theme.ColorNameForeground:          tone(0x172026, 0xE8EEF1),
	theme.ColorNamePlaceHolder:         tone(0x51626B, 0x9FB0B8),
	theme.ColorNamePrimary:             tone(0x00696B, 0x5BC0BE),
	theme.ColorNameHyperlink:           tone(0x00696B, 0x5BC0BE),
	theme.ColorNameForegroundOnPrimary: tone(0xFFFFFF, 0x0F1519),
	theme.ColorNameButton:              tone(0xE4ECEE, 0x26333B),
	theme.ColorNameDisabledButton:      tone(0xE4ECEE, 0x26333B),
	theme.ColorNameDisabled:            tone(0x51626B, 0x9FB0B8),
	theme.ColorNameError:               tone(0xC62828, 0xFF8A80),
	theme.ColorNameForegroundOnError:   tone(0xFFFFFF, 0x0F1519),
	theme.ColorNameSuccess:             tone(0x0B7A3B, 0x5FE08A),
	theme.ColorNameForegroundOnSuccess: tone(0xFFFFFF, 0x0F1519),
	theme.ColorNameWarning:             tone(0x7A5300, 0xF2D45C),
	theme.ColorNameForegroundOnWarning: tone(0xFFFFFF, 0x0F1519),
	theme.ColorNameFocus:               veil(0x00696B, 0x5BC0BE, 0x30),
	theme.ColorNameHover:               veil(0x00696B, 0x5BC0BE, 0x18),
	theme.ColorNamePressed:             veil(0x00696B, 0x5BC0BE, 0x40),
	theme.ColorNameSelection:           veil(0x00696B, 0x5BC0BE, 0x40),
	theme.ColorNameSeparator:           tone(0xDDE5E8, 0x27333B),
	theme.ColorNameInputBackground:     tone(0xFFFFFF, 0x172026),
	theme.ColorNameInputBorder:         tone(0xB9C6CC, 0x3A4952),
	theme.ColorNameScrollBar:           veil(0x51626B, 0x9FB0B8, 0x80),
	theme.ColorNameShadow:              veil(0x51626B, 0x000000, 0x55),

	colourCard:        tone(0xFFFFFF, 0x172026),
	colourRail:        tone(0xFFFFFF, 0x131B20),
	colourChosen:      tone(0xDFF0F0, 0x1B3033),
	colourAmber:       tone(0x6B4A00, 0xF2D45C),
	colourAmberGround: tone(0xFFF0C2, 0x352C10),
	colourDemo:        tone(0x3F4FA3, 0xB9C6FF),
	colourDemoGround:  tone(0xE7EAFB, 0x20284A),
	colourPulse:       tone(0x0B7A3B, 0x5FE08A),
	colourSaturation:  tone(0x00708F, 0x4FD0F0),
	colourPressure:    tone(0xB3261E, 0xFF8A80),
	colourRespiration: tone(0x7A5B00, 0xF2D45C),
	colourTemperature: tone(0x9B2C86, 0xF0A8E0),
	colourGlucose:     tone(0x9A4A00, 0xFFB27A),
	colourBody:        tone(0x3F4FA3, 0xB9C6FF),

	colourHigh:         tone(0xC62828, 0xFF4D4D),
	colourOnHigh:       tone(0xFFFFFF, 0x0F1519),
	colourHighInk:      tone(0xB71C1C, 0xFF6B6B),
	colourHighGround:   tone(0xFCE4E2, 0x35171A),
	colourMedium:       tone(0xFFD84A, 0xFFD400),
	colourOnMedium:     tone(0x3D3000, 0x0F1519),
	colourMediumInk:    tone(0x6B5500, 0xFFD400),
	colourMediumGround: tone(0xFFFBE3, 0x26230F),
	colourLow:          tone(0x006C80, 0x4DE1FF),
	colourOnLow:        tone(0xFFFFFF, 0x0F1519),
	colourLowInk:       tone(0x005F70, 0x4DE1FF),
	colourLowGround:    tone(0xDDF3F7, 0x0E2D36),
}

var lengths = map[fyne.ThemeSizeName]float32{
	theme.SizeNameText:           15,
	theme.SizeNameCaptionText:    13,
	theme.SizeNameSubHeadingText: 18,
	theme.SizeNameHeadingText:    24,
	theme.SizeNameButtonRadius:   8,
	theme.SizeNamePopupRadius:    12,
	theme.SizeNameInlineIcon:     20,
	sizeHuge:                     76,
	sizeFigure:                   50,
	sizeAside:                    28,
	sizeTile:                     34,
	sizeRoom:                     96,
	sizeStrip:                    22,
	sizeBeside:                   19,
	sizeMark:                     28,
	sizeRadius:                   10,
}

// calm is the theme: the toolkit's fonts and icons in our colours and sizes.
type calm struct {
	form  *fyne.ThemeVariant // nil: the system's
	scale float32            // of text; 0: 1
}

var _ fyne.Theme = calm{}

func (c calm) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	if c.form != nil {
		variant = *c.form
	}
	s, ours := shades[name]
	switch {
	case !ours:
		return theme.DefaultTheme().Color(name, variant)
	case variant == theme.VariantLight:
		return s.light
	default:
		return s.dark
	}
}

func (calm) Font(style fyne.TextStyle) fyne.Resource { return theme.DefaultTheme().Font(style) }

func (calm) Icon(name fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(name) }

func (c calm) Size(name fyne.ThemeSizeName) float32 {
	if length, ours := lengths[name]; ours {
		return c.sized(name, length)
	}
	return theme.DefaultTheme().Size(name)
}

// An alarmLook is how the priority of an alarm is told: by colour and by shape.
type alarmLook struct {
	strong, on, ink, ground fyne.ThemeColorName
	mark                    string
}

var alarmLooks = map[fhirmap.Priority]alarmLook{
	fhirmap.PriorityHigh:   {colourHigh, colourOnHigh, colourHighInk, colourHighGround, "!!!"},
	fhirmap.PriorityMedium: {colourMedium, colourOnMedium, colourMediumInk, colourMediumGround, "!!"},
	fhirmap.PriorityLow:    {colourLow, colourOnLow, colourLowInk, colourLowGround, "!"},
}

// lookOfAlarm never fails: what has no priority looks like a medium one.
func lookOfAlarm(p fhirmap.Priority) alarmLook {
	if l, ok := alarmLooks[p]; ok {
		return l
	}
	return alarmLooks[fhirmap.PriorityMedium]
}

// A look is how a vital sign is told apart: by colour and by drawing.
type look struct {
	colour fyne.ThemeColorName
	symbol string
}

var looks = map[fhirmap.Type]look{
	fhirmap.HeartRate:        {colourPulse, "heart"},
	fhirmap.OxygenSaturation: {colourSaturation, "saturation"},
	fhirmap.BloodPressure:    {colourPressure, "pressure"},
	fhirmap.ArterialPressure: {colourPressure, "pressure"},
	fhirmap.RespiratoryRate:  {colourRespiration, "respiration"},
	fhirmap.BodyTemperature:  {colourTemperature, "temperature"},
	fhirmap.BloodGlucose:     {colourGlucose, "glucose"},
	fhirmap.BodyWeight:       {colourBody, "weight"},
	fhirmap.BodyHeight:       {colourBody, "height"},
	fhirmap.BodyMassIndex:    {colourBody, "composition"},
	fhirmap.BodyFat:          {colourBody, "composition"},
	fhirmap.BodyWater:        {colourBody, "composition"},
	fhirmap.MuscleMass:       {colourBody, "composition"},

	fhirmap.PulseRate:        {colourPulse, "heart"},
	fhirmap.PulseRate2:       {colourPulse, "heart"},
	fhirmap.PrematureBeats:   {colourPulse, "heart"},
	fhirmap.PerfusionIndex:   {colourSaturation, "saturation"},
	fhirmap.AirwayRate:       {colourRespiration, "respiration"},
	fhirmap.PlethRate:        {colourRespiration, "respiration"},
	fhirmap.Temperature2:     {colourTemperature, "temperature"},
	fhirmap.TemperatureDiff:  {colourTemperature, "temperature"},
	fhirmap.BloodTemperature: {colourTemperature, "temperature"},
	fhirmap.SkinTemperature:  {colourTemperature, "temperature"},
}

// lookOf never fails: a pressure's parts look like the pressure, and what is
// not known yet looks neutral.
func lookOf(t fhirmap.Type) look {
	if l, ok := looks[t]; ok {
		return l
	}
	switch t {
	case fhirmap.Systolic, fhirmap.Diastolic, fhirmap.Mean,
		fhirmap.ArterialSystolic, fhirmap.ArterialDiastolic, fhirmap.ArterialMean,
		fhirmap.PulmonarySys, fhirmap.PulmonaryDia, fhirmap.PulmonaryMean, fhirmap.CentralVenous,
		fhirmap.AorticSys, fhirmap.AorticDia, fhirmap.AorticMean,
		fhirmap.FemoralSys, fhirmap.FemoralDia, fhirmap.FemoralMean, fhirmap.InvasiveSystolic,
		fhirmap.Invasive1A, fhirmap.Invasive1B, fhirmap.Invasive1C, fhirmap.Invasive2A, fhirmap.Invasive2B, fhirmap.Invasive2C:
		return looks[fhirmap.BloodPressure]
	}
	return look{colourAccent, "live"}
}
