package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// A document is the text of a TOML file (v1.0.0) with the places of what it says,
// so that a value can be changed and all else stays as it is.
type document struct {
	text    string
	pairs   []pair
	headers []header
}

// A path is the parts of a key. An element of an array of tables has its number
// as a part.
type path []string

// A pair is a key and its value. Places are offsets in the text.
type pair struct {
	path       path
	table      path // under whose header it stands
	line, next int  // where its first line starts, and where the line behind it does
	value, end int
	comments   []string // within the value
	trailing   string   // the comment behind it
}

// A header begins a table, or an element of an array of tables.
type header struct {
	path       path
	line, next int
	trailing   string
}

// errForm says that the file is in a form that cannot be changed line by line.
var errForm = errors.New("this form cannot be changed line by line")

// scan reads a text that is TOML, which the caller has made sure of.
func scan(text string) (*document, error) {
	s := &scanner{text: text, at: len(text) - len(strings.TrimPrefix(text, "\ufeff"))}
	d := &document{text: text}
	var table path
	elements := map[string]int{}
	for s.at < len(s.text) {
		line := s.at
		s.blanks()
		switch s.peek() {
		case 0, '\r', '\n', '#':
			s.rest()
		case '[':
			array := strings.HasPrefix(s.text[s.at:], "[[")
			s.at += 1
			if array {
				s.at++
			}
			keys, err := s.keys()
			if err != nil {
				return nil, err
			}
			if array {
				name := strings.Join(keys, "\x00")
				keys = append(keys, strconv.Itoa(elements[name]))
				elements[name]++
			}
			table = keys
			d.headers = append(d.headers, header{path: keys, line: line, trailing: s.rest(), next: s.at})
		default:
			p, err := s.pair(table)
			if err != nil {
				return nil, err
			}
			p.line = line
			d.pairs = append(d.pairs, p)
		}
	}
	return d, nil
}

// find is the pair of that path.
func (d *document) find(at path) *pair {
	for i := range d.pairs {
		if slices.Equal(d.pairs[i].path, at) {
			return &d.pairs[i]
		}
	}
	return nil
}

// with is the text with another value of a setting.
func (d *document) with(at path, literal string) string {
	if p := d.find(at); p != nil {
		changed := d.text[:p.value] + literal + d.text[p.end:]
		for _, comment := range slices.Backward(p.comments) { // on lines of their own, above
			changed = changed[:p.line] + comment + d.newline() + changed[p.line:]
		}
		return changed
	}
	return d.added(at, literal)
}

// added is the text with a setting that it did not have: behind the last of its
// table, else in a new table at the end.
func (d *document) added(at path, literal string) string {
	parent := at[:len(at)-1]
	for _, p := range slices.Backward(d.pairs) {
		if slices.Equal(p.path[:len(p.path)-1], parent) {
			indent := d.text[p.line : p.line+len(d.text[p.line:])-len(strings.TrimLeft(d.text[p.line:], " \t"))]
			return d.inserted(p.next, indent+strings.Join(at[len(p.table):], ".")+" = "+literal)
		}
	}
	for _, h := range d.headers {
		if slices.Equal(h.path, parent) {
			return d.inserted(h.next, at[len(at)-1]+" = "+literal)
		}
	}
	if len(parent) == 0 {
		return d.inserted(len(d.text)-len(strings.TrimPrefix(d.text, "\ufeff")), at[0]+" = "+literal)
	}
	return d.appended("["+strings.Join(parent, ".")+"]", at[len(at)-1]+" = "+literal)
}

// inserted is the text with lines at the start of another, or at its end.
func (d *document) inserted(at int, lines ...string) string {
	before, newline := d.text[:at], d.newline()
	if before != "" && !strings.HasSuffix(before, "\n") && before != "\ufeff" {
		before += newline
	}
	return before + strings.Join(lines, newline) + newline + d.text[at:]
}

// appended is the text with a paragraph at its end.
func (d *document) appended(lines ...string) string {
	if strings.Trim(d.text, " \t\r\n\ufeff") != "" {
		lines = append([]string{""}, lines...)
	}
	return d.inserted(len(d.text), lines...)
}

// withoutElement is the text without an element of an array of tables. Its
// comments stay.
func (d *document) withoutElement(at path) string {
	type span struct {
		from, to int
		instead  string
	}
	var gone []span
	note := func(from, to int, comments ...string) {
		s := span{from: from, to: to}
		for _, comment := range comments {
			if comment != "" {
				s.instead += comment + d.newline()
			}
		}
		gone = append(gone, s)
	}
	for _, h := range d.headers {
		if slices.Equal(h.path, at) {
			note(h.line, h.next, h.trailing)
		}
	}
	for _, p := range d.pairs {
		if len(p.path) > len(at) && slices.Equal(p.path[:len(at)], at) {
			note(p.line, p.next, append(p.comments, p.trailing)...)
		}
	}
	slices.SortFunc(gone, func(a, b span) int { return b.from - a.from })
	changed := d.text
	for _, s := range gone {
		changed = changed[:s.from] + s.instead + changed[s.to:]
	}
	return changed
}

func (d *document) newline() string {
	if strings.Contains(d.text, "\r\n") {
		return "\r\n"
	}
	return "\n"
}
