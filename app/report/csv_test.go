package report

import (
	"encoding/csv"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCSV_AsSpreadsheetsOpenIt(t *testing.T) {
	var out strings.Builder
	table, err := NewCSV(&out, "Patient", "Valeur", "Remarques")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][]string{
		{"LEFÈVRE Éloïse", "37,2", "À vérifier; deux fois \"non\""},
		{"=HYPERLINK(\"x\")", "-0,5", "+33 1"},
		{"@SUM(A1)", "--1", ""},
	} {
		if err := table.Write(row...); err != nil {
			t.Fatal(err)
		}
	}
	want := "\uFEFFPatient;Valeur;Remarques\r\n" +
		"LEFÈVRE Éloïse;37,2;\"À vérifier; deux fois \"\"non\"\"\"\r\n" +
		"\"'=HYPERLINK(\"\"x\"\")\";-0,5;'+33 1\r\n" +
		"'@SUM(A1);'--1;\r\n"
	if err := table.Close(); err != nil || out.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, out.String(), want)
	}
}

// Whatever is written is read again, and never begins a formula.
func TestCSV_IsReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringMatching(`[-=+@;"',a-zé0-9 ]{0,12}`).Draw(t, "cell")
		var out strings.Builder
		table, err := NewCSV(&out, "x", "y")
		if err == nil {
			err = errors.Join(table.Write(cell, "z"), table.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(out.String(), "\uFEFF")))
		reader.Comma = ';'
		rows, err := reader.ReadAll()
		if err != nil || len(rows) != 2 || strings.TrimPrefix(rows[1][0], "'") != strings.TrimPrefix(cell, "'") {
			t.Fatalf("%q became %v, %v", cell, rows, err)
		}
		if got := rows[1][0]; got != "" && strings.ContainsRune("=+@", rune(got[0])) {
			t.Fatalf("%q begins a formula", got)
		}
	})
}

type fullDisk struct{ room int }

func (d *fullDisk) Write(b []byte) (int, error) {
	if d.room -= len(b); d.room < 0 {
		return 0, errors.New("no space")
	}
	return len(b), nil
}

func TestWrite_FailureIsTold(t *testing.T) {
	if _, err := NewCSV(&fullDisk{}, "x"); err == nil {
		t.Error("the mark was written nowhere")
	}
	table, err := NewCSV(&fullDisk{room: 10}, "x")
	if err != nil {
		t.Fatal(err)
	}
	for range 2000 {
		if err := table.Write("abcdefgh"); err != nil {
			break
		}
	}
	if table.Close() == nil {
		t.Error("a full disk is not told")
	}
	if err := (&Page{}).WritePDF(&fullDisk{}); err == nil {
		t.Error("wrote a page without letters")
	}
}
