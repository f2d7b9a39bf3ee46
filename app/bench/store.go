package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// storeRounds is how often the sides of the store's own benchmark take turns.
const storeRounds = 41

const sealingLimit = 15 // % of an append

// store is the log alone, beside bbolt and beside itself without encryption: the
// package's own benchmark, which can leave that out, with as many threads as the
// program has.
func store(b *bench) ([]row, error) {
	folder, err := filepath.Abs(b.folder)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(b.ctx, "go", "test", "vitalien/localstore", "-run", "^$", "-bench", "^BenchmarkTurns$",
		"-benchtime", fmt.Sprint(storeRounds, "x"), "-cpu", fmt.Sprint(runtime.NumCPU()+2))
	command.Env = append(os.Environ(), "TMPDIR="+folder)
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, output)
	}
	found := metrics(string(output))
	figure := func(unit string) string { return fmt.Sprintf("%.1f µs", found[unit]) }
	rows := []row{
		{
			work: "an append of 1100 B, 1 writer", figure: figure("µs/append-1"), baseline: "one Update of bbolt " + figure("µs/update-1"),
			value: found["×update-1"], limit: 1.3, unit: "×", atMost: true,
		},
		{
			work: "appends of 1100 B, 16 writers", figure: figure("µs/append-16"), baseline: "a lone one " + figure("µs/append-1"),
			value: found["×16-writers"], limit: 5, unit: "×",
		},
		{
			work: "encryption, of an append, 1 writer", figure: figure("µs/append-1"), baseline: "without " + figure("µs/unsealed-1"),
			value: found["%sealing-1"], limit: sealingLimit, unit: "%", atMost: true,
		},
		{
			work: "encryption, of an append, 16 writers", figure: figure("µs/append-16"), baseline: "without " + figure("µs/unsealed-16"),
			value: found["%sealing-16"], limit: sealingLimit, unit: "%", atMost: true,
		},
	}
	for _, r := range rows {
		if r.value == 0 {
			return nil, fmt.Errorf("no figure for %q in %q", r.work, output)
		}
	}
	return rows, nil
}

// metrics reads the line of a Go benchmark: pairs of a figure and its unit.
func metrics(output string) map[string]float64 {
	found := map[string]float64{}
	for line := range strings.Lines(output) {
		if words := strings.Fields(line); strings.HasPrefix(line, "Benchmark") {
			for i := 2; i+1 < len(words); i += 2 {
				found[words[i+1]], _ = strconv.ParseFloat(words[i], 64)
			}
		}
	}
	return found
}
