package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// A rowText is a line of a list: a thing, how it is doing, and what can be done
// about it.
type rowText struct {
	key    string // of the thing: its row stays while it does
	symbol string
	name   string // whole, over as many lines as it needs
	state  string
	colour fyne.ThemeColorName // of state
	detail string
	action string // empty: nothing can be done
}

// A rowList is a heading and the rows below it; nothing when there are none.
type rowList struct {
	*fyne.Container
	list  *fyne.Container
	rows  map[string]*listed
	order []string
	do    func(key string)
}

func newRowList(heading string, do func(key string)) *rowList {
	l := &rowList{list: column(8), rows: map[string]*listed{}, do: do}
	l.Container = column(8, newLabel(heading, colourText, sizeSection).strong(), l.list)
	l.Container.Hide()
	return l
}

// update tells whether the list has another size.
func (l *rowList) update(texts []rowText) (reshaped bool) {
	order := make([]string, len(texts))
	for i := range texts {
		order[i] = texts[i].key + "\x00" + texts[i].action
	}
	if !slices.Equal(order, l.order) {
		reshaped = true
		rows := make(map[string]*listed, len(order))
		l.order, l.list.Objects = order, nil
		for i, key := range order {
			row := l.rows[key]
			if row == nil {
				subject := texts[i].key
				row = newListed(texts[i].action, func() { l.do(subject) })
			}
			rows[key] = row
			l.list.Objects = append(l.list.Objects, row.Container)
		}
		l.rows = rows
		visible(l.Container, len(order) > 0)
	}
	for i, key := range order {
		reshaped = l.rows[key].show(&texts[i]) || reshaped
	}
	return reshaped
}

// A listed is a rowText on a card.
type listed struct {
	*fyne.Container
	icon   *symbol
	name   *prose
	state  *label
	detail *label
	action *button // nil: nothing can be done
}

func newListed(action string, do func()) *listed {
	r := &listed{
		icon:   newSymbol("software", colourMuted, 26),
		name:   paragraph(""),
		state:  newLabel("", colourMuted, sizeSmall).strong().cutting(),
		detail: newLabel("", colourMuted, sizeSmall).cutting(),
	}
	r.name.TextStyle.Bold = true
	var side fyne.CanvasObject
	if action != "" {
		r.action = newButton(action, widget.MediumImportance, do)
		side = padded(0, 6, container.NewCenter(r.action))
	}
	text := column(-5, r.name, padded(0, 8, column(3, r.state, r.detail)))
	r.Container = container.NewStack(
		newPanel(colourCard, colourLine, sizeRadius),
		padded(6, 12, container.NewBorder(nil, padded(2, 0, column(0)), padded(0, 2, container.NewCenter(r.icon)), side, text)),
	)
	return r
}

func (r *listed) show(text *rowText) (reshaped bool) {
	r.icon.set(text.symbol, text.colour)
	r.state.show(text.state, text.colour)
	r.detail.set(text.detail)
	reshaped = write(r.name, text.name)
	return visible(r.detail, text.detail != "") || reshaped
}

// A copier is a button that copies a text, and says for a while that it has.
type copier struct {
	*button
	usual, done string
	left        int // ticks of age until it says what it does again
}

func newCopier(w words, copy func()) *copier {
	c := &copier{usual: w.say("copy.do"), done: w.say("copy.done")}
	c.button = newButton(c.usual, widget.MediumImportance, func() {
		copy()
		c.left = 3
		c.SetText(c.done)
	})
	return c
}

func (c *copier) age() {
	if c.left == 0 {
		return
	}
	if c.left--; c.left == 0 {
		c.SetText(c.usual)
	}
}

// copyable is a text to copy, with its button.
func copyable(text string, c *copier) fyne.CanvasObject {
	return container.NewBorder(nil, nil, nil, padded(0, 6, container.NewCenter(c.button)), command(text))
}
