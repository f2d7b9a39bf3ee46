package report

import (
	"encoding/csv"
	"io"
	"strings"
)

// A CSV writes a table as French spreadsheets open it with a double-click: UTF-8
// with its mark, semicolons between the cells, and lines that end in CR LF. The
// cells are written as they are: numbers come with a decimal comma.
type CSV struct{ rows *csv.Writer }

// NewCSV writes the mark and the names of the columns.
func NewCSV(out io.Writer, columns ...string) (*CSV, error) {
	if _, err := io.WriteString(out, "\uFEFF"); err != nil {
		return nil, err
	}
	rows := csv.NewWriter(out)
	rows.Comma, rows.UseCRLF = ';', true
	return &CSV{rows}, rows.Write(columns)
}

// Write writes one line. A text that a spreadsheet would run as a formula gets an
// apostrophe (OWASP, CSV injection).
func (c *CSV) Write(cells ...string) error {
	for i, cell := range cells {
		if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) && !number(cell) {
			cells[i] = "'" + cell
		}
	}
	return c.rows.Write(cells)
}

// number tells whether a cell is a negative number with a comma or a point.
func number(cell string) bool {
	digits := strings.TrimPrefix(cell, "-")
	return digits != "" && strings.Trim(digits, "0123456789,.") == "" && strings.Count(digits, ",")+strings.Count(digits, ".") <= 1
}

// Close writes what is not written yet.
func (c *CSV) Close() error {
	c.rows.Flush()
	return c.rows.Error()
}
