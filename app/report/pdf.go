package report

import (
	"bytes"
	"errors"
	"image/color"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// A Page is one printed page, A4 upright.
type Page struct {
	Title   string
	Name    string   // of the patient
	Details []string // what else tells who it is
	Facts   []Fact
	Plots   []Plot
	Table   Table
	Note    string // below the table
	Footer  string
	Printed time.Time
	Fonts   Fonts
}

// Fonts are TrueType files, of which the glyphs that are used are embedded.
type Fonts struct{ Regular, Bold []byte }

// A Fact is a line of the head.
type Fact struct{ Name, Text string }

// A Plot is one vital sign over time.
type Plot struct {
	Name     string // with its unit
	Colour   color.NRGBA
	From, To time.Time
	Points   []Point
	Axis     Axis
	Band     *Band // nil: none
	BandText string
	Write    func(n float64, places int) string // of the values of the axis
}

// A Table is the newest measurements. As many rows are printed as the page has
// room for.
type Table struct {
	Title   string
	Columns []string
	Widths  []float64 // shares of the width
	Rows    []Row
	Left    func(printed int) string // what is said when that many rows are printed
}

// A Row may be set in grey: it does not count.
type Row struct {
	Cells []string
	Muted bool
}

// Measures of the page, in millimetres.
const (
	paperWidth, paperHeight = 210, 297
	edge                    = 15
	inner                   = paperWidth - 2*edge
	footAt                  = paperHeight - 14
	line                    = 5.0
	gutter                  = 11.0 // of the values of an axis
	axisHeight              = 4.5
	plotTitle               = 5.0
	plotsHeight             = 118.0 // of all plots, at most
	plotHeight              = 36.0  // of one, at most
	plotGap                 = 3.0
)

var (
	ink   = color.NRGBA{0x17, 0x20, 0x26, 0xFF}
	grey  = color.NRGBA{0x51, 0x62, 0x6B, 0xFF}
	faint = color.NRGBA{0xD5, 0xDD, 0xE0, 0xFF}
)

// sheet is a page while it is drawn.
type sheet struct {
	*fpdf.Fpdf
	page *Page
}

// WritePDF writes the page. It fails when the fonts cannot be read.
func (p *Page) WritePDF(out io.Writer) error { return p.write(out, true) }

// WritePlain is WritePDF without compression, so that the texts can be read in
// the file.
func (p *Page) WritePlain(out io.Writer) error { return p.write(out, false) }

func (p *Page) write(out io.Writer, compressed bool) error {
	if len(p.Fonts.Regular) == 0 || len(p.Fonts.Bold) == 0 {
		return errors.New("no fonts")
	}
	s := &sheet{fpdf.New("P", "mm", "A4", ""), p}
	s.SetCompression(compressed)
	s.SetCreationDate(p.Printed)
	s.SetModificationDate(p.Printed)
	s.SetTitle(p.Title, true) // which viewers show: no patient's name
	s.SetCreator("Vitalien", true)
	s.AddUTF8FontFromBytes("text", "", bytes.Clone(p.Fonts.Regular))
	s.AddUTF8FontFromBytes("text", "B", bytes.Clone(p.Fonts.Bold))
	s.SetMargins(edge, edge, edge)
	s.SetAutoPageBreak(false, 0)
	s.SetCellMargin(0)
	s.AddPage()
	s.plots(s.head())
	s.table()
	s.foot()
	return s.Output(out)
}

func (s *sheet) font(style string, points float64, c color.NRGBA) {
	s.SetFont("text", style, points)
	s.SetTextColor(int(c.R), int(c.G), int(c.B))
}

func (s *sheet) stroke(c color.NRGBA, width float64) {
	s.SetDrawColor(int(c.R), int(c.G), int(c.B))
	s.SetLineWidth(width)
}

func (s *sheet) paint(c color.NRGBA) { s.SetFillColor(int(c.R), int(c.G), int(c.B)) }

// write sets text at a place, at most as wide as told.
func (s *sheet) text(x, y, width float64, align, text string) {
	s.SetXY(x, y)
	s.CellFormat(width, line, s.fitted(text, width), "", 0, align, false, 0, "")
}

// fitted is as much of text as fits into width.
func (s *sheet) fitted(text string, width float64) string {
	if s.GetStringWidth(text) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && s.GetStringWidth(string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// head gives where what follows begins.
func (s *sheet) head() float64 {
	y := float64(edge)
	s.font("B", 15, ink)
	s.text(edge, y, inner, "L", s.page.Title)
	y += 9
	s.stroke(faint, 0.3)
	s.Line(edge, y, paperWidth-edge, y)
	y += 2.5
	s.font("B", 12, ink)
	s.text(edge, y, inner, "L", s.page.Name)
	y += 5.8
	s.font("", 9.5, ink)
	for _, detail := range s.page.Details {
		s.text(edge, y, inner, "L", detail)
		y += line
	}
	y++
	for _, fact := range s.page.Facts {
		s.font("", 9, grey)
		s.text(edge, y, 26, "L", fact.Name)
		s.font("", 9, ink)
		s.text(edge+26, y, inner-26, "L", fact.Text)
		y += 4.6
	}
	y += 2
	s.SetY(y)
	return y
}

func (s *sheet) table() {
	t, y := &s.page.Table, s.GetY()+1
	s.font("B", 10.5, ink)
	s.text(edge, y, inner, "L", t.Title)
	y += 6.5
	s.font("", 8, grey)
	s.cells(y, t.Columns)
	y += 5
	s.stroke(faint, 0.3)
	s.Line(edge, y, paperWidth-edge, y)
	y += 0.7
	printed := 0
	for _, row := range t.Rows {
		if y+2*line+1 > footAt {
			break
		}
		s.font("", 9, ink)
		if row.Muted {
			s.font("", 9, grey)
		}
		s.cells(y, row.Cells)
		y += line
		printed++
	}
	s.font("", 8.5, grey)
	s.text(edge, y+0.8, inner, "L", t.Left(printed))
}

func (s *sheet) cells(y float64, cells []string) {
	x, all := float64(edge), 0.0
	for _, share := range s.page.Table.Widths {
		all += share
	}
	for i, cell := range cells {
		width := inner * s.page.Table.Widths[i] / all
		s.text(x, y, width-2, "L", cell)
		x += width
	}
}

func (s *sheet) foot() {
	s.stroke(faint, 0.3)
	s.Line(edge, footAt, paperWidth-edge, footAt)
	s.font("", 7.5, grey)
	s.text(edge, footAt+0.8, inner-20, "L", s.page.Footer)
	s.text(paperWidth-edge-20, footAt+0.8, 20, "R", "1/1")
	if s.page.Note != "" {
		s.text(edge, footAt+4.2, inner, "L", s.page.Note)
	}
}
