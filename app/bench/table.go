package main

import (
	"fmt"
	"slices"
	"time"
)

// A row is one line of the table. Figures are medians over the rounds; the
// ratio is the median of the ratios of each round, in which both sides took
// turns on the same machine.
type row struct {
	work     string
	figure   string // of the program
	p99      string
	baseline string
	bp99     string // of the baseline
	value    float64
	limit    float64
	unit     string // of value and limit: "×", "ms", "MB", "kB", "%"
	atMost   bool   // the limit is an upper one
}

const columns = "%-52s %14s %10s   %-34s %10s %11s %9s  %s\n"

func printHead() {
	fmt.Printf(columns, "work", "Vitalien", "p99", "baseline", "p99", "result", "limit", "")
}

func (r row) holds() bool {
	if r.atMost {
		return r.value <= r.limit
	}
	return r.value >= r.limit
}

func (r row) print() {
	verdict, sign := "holds", "≥"
	if r.atMost {
		sign = "≤"
	}
	if !r.holds() {
		verdict = "MISSED"
	}
	fmt.Printf(columns, r.work, r.figure, r.p99, r.baseline, r.bp99,
		fmt.Sprintf("%.2f %s", r.value, r.unit), fmt.Sprintf("%s %g", sign, r.limit), verdict)
}

// A run is what one side did in one round.
type run struct {
	rate float64         // per second
	took []time.Duration // each operation
}

// quantile is the q-quantile of values, which it sorts.
func quantile[T float64 | time.Duration](values []T, q float64) T {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[min(len(values)-1, int(q*float64(len(values))))]
}

func median[T float64 | time.Duration](values []T) T { return quantile(slices.Clone(values), 0.5) }

// summary is the median rate of runs, and the 99th percentile of everything
// that took time in them.
func summary(runs []run) (rate float64, p99 time.Duration) {
	var rates []float64
	var took []time.Duration
	for _, r := range runs {
		rates, took = append(rates, r.rate), append(took, r.took...)
	}
	return median(rates), quantile(took, 0.99)
}

// compare is a row of rates side by side.
func compare(work, unit string, ours, theirs []run, name string, limit float64) row {
	var ratios []float64
	for i := range ours {
		ratios = append(ratios, ours[i].rate/theirs[i].rate)
	}
	rate, p99 := summary(ours)
	other, otherP99 := summary(theirs)
	return row{
		work: work, figure: fmt.Sprintf("%.0f %s", rate, unit), p99: millis(p99),
		baseline: fmt.Sprintf("%s %.0f %s", name, other, unit), bp99: millis(otherP99),
		value: median(ratios), limit: limit, unit: "×",
	}
}

func millis(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}
