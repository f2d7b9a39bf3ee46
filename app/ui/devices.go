package ui

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"vitalien/app/station"
)

// devicesPage lists the devices that were paired. The wizard that pairs one
// takes its place.
type devicesPage struct {
	fyne.CanvasObject
	overview fyne.CanvasObject
	wizard   *wizard
	pair     *button
	words    words
	now      func() time.Time
	do       actions
	models   models
	trouble  *trouble
	empty    fyne.CanvasObject
	list     *fyne.Container
	rows     map[string]*deviceRow // by id
	order    []string
	devices  []station.Device
}

func newDevicesPage(w words, o Options, all models, do actions) *devicesPage {
	p := &devicesPage{
		words: w, now: o.Now, do: do, models: all,
		pair:    newButton(w.say("devices.pair"), widget.HighImportance, do.pairDevice),
		trouble: newTrouble(),
		list:    column(8),
		rows:    map[string]*deviceRow{},
	}
	p.list.Hide()
	p.empty = topic("device", w.say("devices.empty"), lines(w.say("devices.empty.text"))...)
	title := newLabel(w.say("devices.title"), colourText, sizeTitle).strong().cutting()
	p.overview = page(headLine(title, p.pair), p.trouble.Container, p.empty, p.list)
	p.wizard = newWizard(w, o, all, do, p.returned)
	p.CanvasObject = container.NewStack(p.overview, p.wizard.Container)
	return p
}

// start opens the wizard, unless it is open: what it has begun goes on.
func (p *devicesPage) start() {
	if at := p.wizard.stage(); at == stageClosed || at == stageDone {
		p.overview.Hide()
		p.wizard.start()
	}
}

// returned takes the page back from the wizard.
func (p *devicesPage) returned() {
	p.overview.Show()
	p.wizard.attend(p.pair)
}

func (p *devicesPage) update(v view) {
	p.wizard.look(v.situation)
	p.devices = v.situation.Devices
	order := make([]string, len(p.devices))
	for i := range p.devices {
		order[i] = p.devices[i].ID
	}
	reshaped := !slices.Equal(order, p.order)
	if reshaped {
		p.place(order)
	}
	reshaped = p.fill() || reshaped
	reshaped = p.trouble.show(p.words.bluetooth(v.situation.Bluetooth)) || reshaped
	reshaped = visible(p.empty, len(order) == 0) || reshaped
	if visible(p.list, len(order) > 0) || reshaped {
		p.overview.Refresh()
	}
}

// place puts a row for each device in order.
func (p *devicesPage) place(order []string) {
	rows := make(map[string]*deviceRow, len(order))
	p.order, p.list.Objects = order, nil
	for _, id := range order {
		row := p.rows[id]
		if row == nil {
			row = newDeviceRow(
				newButton(p.words.say("devices.rename"), widget.MediumImportance, func() { p.do.renameDevice(p.device(id)) }),
				newButton(p.words.say("devices.forget"), widget.MediumImportance, func() { p.do.unpairDevice(p.device(id)) }),
			)
		}
		rows[id] = row
		p.list.Objects = append(p.list.Objects, row.Container)
	}
	p.rows = rows
}

// device is the device of a row, as it is now.
func (p *devicesPage) device(id string) station.Device {
	return p.devices[slices.IndexFunc(p.devices, func(d station.Device) bool { return d.ID == id })]
}

// fill tells whether a row has another size.
func (p *devicesPage) fill() (reshaped bool) {
	now := p.now()
	for i := range p.devices {
		d := &p.devices[i]
		reshaped = p.rows[d.ID].show(p.words.device(d, p.models, now)) || reshaped
	}
	return reshaped
}

func (p *devicesPage) age() {
	p.fill()
	p.wizard.age()
}

// trouble says on top of a page what is wrong with Bluetooth; nothing when it
// is well.
type trouble struct {
	*fyne.Container
	icon  *symbol
	title *label
	text  *prose
}

func newTrouble() *trouble {
	t := &trouble{
		icon:  newSymbol("bluetooth", colourAmber, 24),
		title: newLabel("", colourAmber, sizeText).strong(),
		text:  paragraph(""),
	}
	t.Container = container.NewStack(newPanel(colourAmberGround, "", sizeRadius), padded(10, 12, container.NewBorder(
		nil, nil, container.NewVBox(t.icon), nil, column(0, padded(2, 8, t.title), t.text),
	)))
	t.Container.Hide()
	return t
}

// show tells whether it needs other room.
func (t *trouble) show(title, text string) (reshaped bool) {
	icon := "bluetooth"
	if text != "" {
		icon = "warning"
	}
	t.icon.set(icon, colourAmber)
	t.title.set(title)
	reshaped = write(t.text, text)
	reshaped = visible(t.text, text != "") || reshaped
	return visible(t.Container, title != "") || reshaped
}

// A deviceRow is one device of the page.
type deviceRow struct {
	*fyne.Container
	drawing *drawing
	name    *label
	state   *label
	model   *label
	battery *label
	seen    *label
	fault   *prose
	rename  *button
	forget  *button
}

func newDeviceRow(rename, forget *button) *deviceRow {
	r := &deviceRow{
		drawing: newDrawing("", 84),
		name:    newLabel("", colourText, sizeText).strong().cutting(),
		state:   newLabel("", colourMuted, sizeSmall).strong().cutting(),
		model:   newLabel("", colourMuted, sizeSmall).cutting(),
		battery: newLabel("", colourMuted, sizeSmall),
		seen:    newLabel("", colourMuted, sizeSmall).cutting(),
		fault:   paragraph(""),
		rename:  rename,
		forget:  forget,
	}
	r.fault.Importance = widget.DangerImportance
	r.fault.SizeName = sizeSmall
	r.fault.Hide()
	text := column(3, r.name, r.state, r.model, container.NewBorder(nil, nil, r.battery, nil, r.seen))
	buttons := padded(0, 6, container.NewCenter(column(6, rename, forget)))
	line := container.NewBorder(nil, nil, padded(0, 6, container.NewCenter(r.drawing)), buttons, text)
	r.Container = container.NewStack(
		newPanel(colourCard, colourLine, sizeRadius),
		padded(10, 12, column(2, line, r.fault)),
	)
	return r
}

// show tells whether the row has another size.
func (r *deviceRow) show(text deviceText) (reshaped bool) {
	r.drawing.set(text.drawing)
	r.name.set(text.name)
	r.state.show(text.state, text.colour)
	r.model.set(text.model)
	colour := colourMuted
	if text.low {
		colour = colourAmber
	}
	r.battery.bold = text.low
	reshaped = len(r.battery.text) != len(text.battery)
	r.battery.show(text.battery, colour)
	reshaped = visible(r.battery, text.battery != "") || reshaped
	reshaped = visible(r.model, text.model != "") || reshaped
	r.seen.set(text.seen)
	reshaped = write(r.fault, text.fault) || reshaped
	return visible(r.fault, text.fault != "") || reshaped
}
