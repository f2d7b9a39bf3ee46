package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// settingsActions are what the page of settings has done.
type settingsActions struct {
	load      func() // what the file says, and what is kept
	save      func(before, after map[string]string)
	display   func(name, value string) // of the window, at once
	autostart func(on bool)
	restart   func() // once it is confirmed; nil: nothing can start the program again
	erase     func() // the data of a patient, who is asked for
	backUp    func()
	backUpTo  func() // a file that is asked for
}

// settingsPage changes config.toml, and looks after what is kept.
type settingsPage struct {
	fyne.CanvasObject
	words words
	file  SettingsFile
	do    settingsActions
	model settingsModel

	fault  *trouble // the file cannot be read
	chips  *fyne.Container
	bodies *fyne.Container
	scroll *container.Scroll
	groups []*settingsBody // nil until they are looked at

	autostart *segments
	keeping   *keepingPanel
	backups   *backupPanel
	job       *jobLine
	foot      *settingsFoot
}

// A settingsBody is what is shown of one group.
type settingsBody struct {
	*fyne.Container
	rows []*settingRow
}

func newSettingsPage(w words, o Options, do actions) *settingsPage {
	p := &settingsPage{
		words: w, file: o.Settings, do: do.settings, fault: newTrouble(), bodies: container.NewStack(),
		chips: container.New(&flow{distance: 8}), groups: make([]*settingsBody, len(settingGroups)),
	}
	p.keeping, p.backups, p.job = newKeepingPanel(w, o.Now, p.do), newBackupPanel(w, o.Now, p.do), newJobLine(w)
	for i, g := range settingGroups {
		name := w.say(g.title)
		content := padded(7, 12, row(7, newSymbol(g.symbol, colourMuted, 18), newLabel(name, colourText, sizeText)))
		p.chips.Add(newOption(name, content, func() { p.choose(i) }, func() {}))
	}
	p.foot = newSettingsFoot(p)
	p.bodies.Hide() // until the file is read
	head := padded(headTop, margin, leaf(headLine(newLabel(w.say("set.title"), colourText, sizeTitle).strong())))
	text := leaf(column(gap, p.chips, p.fault.Container, p.bodies))
	foot := container.NewStack(newPanel(colourGround, "", ""), column(0, p.job.Container, p.foot.Container))
	p.scroll = container.NewVScroll(padded(4, margin, text))
	p.CanvasObject = container.New(flush{}, head, p.scroll, foot)
	p.choose(groupGeneral)
	return p
}

// enter has the file read anew: an editor may have changed it meanwhile.
func (p *settingsPage) enter() {
	if p.do.load != nil {
		p.do.load()
	}
}

// choose shows a group, and no longer what came of earlier work.
func (p *settingsPage) choose(group int) {
	if p.job.end == nil {
		p.job.finish("")
	}
	if p.groups[group] == nil {
		p.groups[group] = p.newBody(group)
		p.bodies.Add(p.groups[group].Container)
		p.fill(p.groups[group])
		p.judge()
	}
	if group == groupRetention || group == groupBackup {
		p.enter() // there may be another backup by now
	}
	for i, chip := range p.chips.Objects {
		chip.(*option).mark(i == group)
		if p.groups[i] != nil {
			visible(p.groups[i].Container, i == group)
		}
	}
	p.scroll.ScrollToTop()
	p.CanvasObject.Refresh()
}

func (p *settingsPage) newBody(group int) *settingsBody {
	b := &settingsBody{}
	var content []fyne.CanvasObject
	for i := range settingGroups[group].settings {
		r := newSettingRow(p.words, &settingGroups[group].settings[i], p.typed)
		b.rows, content = append(b.rows, r), append(content, r.Container)
	}
	if group == groupGeneral {
		content = append(content, p.newAutostart())
	}
	card := topic(settingGroups[group].symbol, p.words.say(settingGroups[group].title), padded(6, 0, column(14, content...)))
	switch group {
	case groupRetention:
		b.Container = column(gap, p.keeping.CanvasObject, card)
	case groupBackup:
		b.Container = column(gap, p.backups.CanvasObject, card)
	default:
		b.Container = column(gap, card)
	}
	return b
}

func (p *settingsPage) newAutostart() fyne.CanvasObject {
	w := p.words
	p.autostart = newSegments([]string{"true", "false"}, []string{w.say("set.on"), w.say("set.off")}, func(value string) {
		p.do.autostart(value == "true")
	})
	title := padded(0, inset, newLabel(w.say("set.autostart"), colourText, sizeText).strong())
	return column(2, title, padded(4, inset, p.autostart.Container), muted(w.say("set.autostart.about")))
}

// typed takes up what a person has typed or chosen.
func (p *settingsPage) typed(s *setting, value string) {
	if s.atOnce() {
		p.do.display(s.name, value)
		return
	}
	p.model.put(s.name, value)
	p.model.check(p.file)
	p.judge()
}

// judge says beside each setting what is wrong with it.
func (p *settingsPage) judge() {
	reshaped := p.foot.show(&p.model)
	for _, b := range p.groups {
		if b == nil {
			continue
		}
		for _, r := range b.rows {
			reshaped = r.judge(p.words, &p.model) || reshaped
		}
	}
	if reshaped {
		p.CanvasObject.Refresh()
	}
}

// fill writes the values into the rows of a group.
func (p *settingsPage) fill(b *settingsBody) {
	if p.model.file == nil {
		return
	}
	for _, r := range b.rows {
		r.show(p.words, &p.model)
	}
}

// show takes over what the file says now, or why it cannot be read.
func (p *settingsPage) show(file, running, flags map[string]string, failed string) {
	title := ""
	if failed != "" {
		title = p.words.say("set.unread")
	} else {
		p.model.read(file, running, flags)
		p.model.check(p.file)
	}
	p.fault.show(title, failed)
	visible(p.bodies, p.model.file != nil)
	for _, b := range p.groups {
		if b != nil {
			p.fill(b)
		}
	}
	p.judge()
	p.CanvasObject.Refresh()
}

// save has what is typed written to the file.
func (p *settingsPage) save() {
	p.do.save(p.model.file, p.model.wanted())
}

// saved takes over that after stands in the file now.
func (p *settingsPage) saved(before, after map[string]string) {
	p.model.before = before
	p.show(after, p.model.running, p.model.flags, "")
}

// takeBack has the file say again what it said before it was saved.
func (p *settingsPage) takeBack() { p.do.save(p.model.file, p.model.before) }

// drop forgets what is typed.
func (p *settingsPage) drop() {
	p.model.draft = nil
	p.show(p.model.file, p.model.running, p.model.flags, "")
}

// A settingsFoot says how it stands with what was typed, and what can be done.
type settingsFoot struct {
	*fyne.Container
	words words
	text  *prose
	save, drop,
	undo, restart *button
	again bool // the program can be started again
}

func newSettingsFoot(p *settingsPage) *settingsFoot {
	w := p.words
	f := &settingsFoot{
		words: w, text: muted(""), again: p.do.restart != nil,
		save:    newButton(w.say("set.save"), widget.HighImportance, p.save),
		drop:    newButton(w.say("set.drop"), widget.MediumImportance, p.drop),
		undo:    newButton(w.say("set.undo"), widget.MediumImportance, p.takeBack),
		restart: newButton(w.say("set.restart"), widget.HighImportance, func() { p.do.restart() }),
	}
	buttons := row(10, f.drop, f.undo, f.save, f.restart)
	line := container.NewBorder(nil, nil, nil, container.NewCenter(buttons), container.New(middle{}, hanging(f.text)))
	f.Container = column(0, widget.NewSeparator(), padded(8, margin, leaf(line)))
	f.Container.Hide()
	for _, b := range []*button{f.save, f.drop, f.undo, f.restart} {
		b.Hide()
	}
	return f
}

// show tells whether it needs other room.
func (f *settingsFoot) show(m *settingsModel) (reshaped bool) {
	w, waiting := f.words, m.waiting()
	changed, wrong := len(m.draft), len(m.faults)
	text := w.say("set.all.saved")
	switch {
	case changed > 0 && wrong > 0:
		text = w.count(wrong, "", "set.wrong.single", "set.wrong.several")
	case changed > 0:
		text = w.count(changed, "", "set.changed.single", "set.changed.several")
	case len(waiting) > 0 && f.again:
		text = w.say("set.waits.restart", "names", w.settingTitles(waiting))
	case len(waiting) > 0:
		text = w.say("set.waits.start", "names", w.settingTitles(waiting))
	}
	reshaped = visible(f.Container, m.file != nil)
	reshaped = write(f.text, text) || reshaped
	able(&f.save.Button, wrong == 0)
	reshaped = visible(f.save, changed > 0) || reshaped
	reshaped = visible(f.drop, changed > 0) || reshaped
	reshaped = visible(f.undo, changed == 0 && m.before != nil) || reshaped
	return visible(f.restart, changed == 0 && len(waiting) > 0 && f.again) || reshaped
}
