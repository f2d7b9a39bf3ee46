// Package report writes what people keep or print of measurements: a page with
// plots as PDF, and a table for spreadsheets. It is given words and numbers, and
// knows nothing of where they come from.
package report
