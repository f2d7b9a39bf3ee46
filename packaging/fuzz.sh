#!/bin/bash
# fuzz.sh TIME LANES TAGS [GO]
# Fuzzes every target of the project for TIME (30s, 10m), LANES at once. What a
# target finds is an error, and stays in its testdata/fuzz.
set -euo pipefail
time=$1 lanes=$2 tags=$3 go=${4:-go}

# The fuzzer of Go now and then reports its own end as a failure, "context
# deadline exceeded", without an input that failed. Only then is a target tried
# again.
one() {
	local folder=$1 target=$2 output
	for attempt in 1 2 3; do
		if output=$("$go" test -tags "$tags" -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 5x -parallel "$workers" "./$folder" 2>&1); then
			printf '%-14s %-20s %s\n' "$folder" "$target" "$(grep -oE 'execs: [0-9]+' <<<"$output" | tail -1)"
			return
		fi
		if ! grep -q 'context deadline exceeded' <<<"$output" || grep -qE 'Failing input|panic|DATA RACE' <<<"$output"; then
			break
		fi
	done
	printf '%s\n%s %s failed\n' "$output" "$folder" "$target" >&2
	return 1
}
export -f one
workers=$(($(getconf _NPROCESSORS_ONLN) / lanes))
workers=$((workers > 0 ? workers : 1))
export time tags go workers

grep -rn --include='*_test.go' -oE '^func Fuzz[A-Za-z0-9]+' app fhirmap hl7link localstore assets |
	sed -E 's|/[^/]*_test\.go:[0-9]+:func | |' | sort |
	xargs -P "$lanes" -L 1 bash -c 'one "$@"' fuzz
