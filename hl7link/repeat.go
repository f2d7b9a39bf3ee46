package hl7link

import (
	"math"
	"slices"

	"vitalien/fhirmap"
)

// separate sorts the observations at one place, all of one panel, into
// measurements. A reading that has a value twice tells that there are several:
// either reading by reading (systolic, systolic, diastolic, diastolic), or one
// after the other, where a reading that is there already begins the next one.
// Where neither can be told, each reading stands alone: a pressure is never
// put together from two.
func separate(found []*observation) [][]*observation {
	valued, counts := map[fhirmap.Type]int{}, map[fhirmap.Type]int{}
	adjacent, most, repeated := false, 0, 0
	for i, o := range found {
		counts[o.vital]++
		if o.reading.Value != nil {
			valued[o.vital]++
			most = max(most, valued[o.vital])
		}
		if counts[o.vital] == 2 {
			repeated++
		}
		adjacent = adjacent || i > 0 && found[i-1].vital == o.vital
	}
	switch {
	case len(found) == 0:
		return nil
	case most <= 1:
		return [][]*observation{withoutStale(found)}
	case equal(counts):
		return transpose(found)
	case adjacent && repeated > 1:
		return alone(found)
	}
	return successive(found)
}

func equal(counts map[fhirmap.Type]int) bool {
	n := 0
	for _, count := range counts {
		if n != 0 && count != n {
			return false
		}
		n = count
	}
	return true
}

// withoutStale leaves one observation of each vital: the one with a value.
func withoutStale(found []*observation) []*observation {
	var kept []*observation
	for _, o := range found {
		i := slices.IndexFunc(kept, func(k *observation) bool { return k.vital == o.vital })
		switch {
		case i < 0:
			kept = append(kept, o)
		case kept[i].reading.Value == nil && o.reading.Value != nil:
			kept[i] = o
		}
	}
	return kept
}

// transpose puts the n-th occurrences of each vital together.
func transpose(found []*observation) [][]*observation {
	var sets [][]*observation
	occurrences := map[fhirmap.Type]int{}
	for _, o := range found {
		n := occurrences[o.vital]
		occurrences[o.vital]++
		if n == len(sets) {
			sets = append(sets, nil)
		}
		sets[n] = append(sets[n], o)
	}
	return sets
}

func successive(found []*observation) [][]*observation {
	var sets [][]*observation
	for _, o := range found {
		last := len(sets) - 1
		if last < 0 || holds(sets[last], o.vital) {
			sets = append(sets, nil)
			last++
		}
		sets[last] = append(sets[last], o)
	}
	return sets
}

func alone(found []*observation) [][]*observation {
	sets := make([][]*observation, len(found))
	for i := range found {
		sets[i] = found[i : i+1 : i+1]
	}
	return sets
}

// A fact is a value as a device said it: what, how much, when, and under which
// order.
type fact struct {
	said
	number string // without zeros that only tell how exact it is
	unit   string
	moment moment
	device string
	order  int
}

// facts are the values of a group, without the order unless withOrder: what
// has no time is not known to be of the same time as what another order says.
func (g *group) facts(withOrder bool) []fact {
	var all []fact
	for _, o := range g.members {
		if o.reading.Value == nil {
			continue
		}
		f := fact{o.said, integral(o.reading.Value.String()), o.reading.Unit.UCUM, g.moment, g.device, 0}
		if withOrder || g.moment.instant == 0 {
			f.order = g.order
		}
		all = append(all, f)
	}
	return all
}

// withoutRepeats drops groups that only say again what another says whole: the
// same codes with the same values, at the same time and of the same device, and
// withinOrder under the same order. Of two equal ones the first stays.
func withoutRepeats(all []*group, withinOrder bool) []*group {
	if !saidTwice(all) {
		return all
	}
	facts := make([][]fact, len(all))
	holders := map[fact][]int{}
	for i, g := range all {
		facts[i] = g.facts(withinOrder)
		for _, f := range facts[i] {
			holders[f] = append(holders[f], i)
		}
	}
	dropped := make([]bool, len(all))
	for i := len(all) - 1; i >= 0; i-- {
		if len(facts[i]) == 0 {
			continue
		}
		rarest := slices.MinFunc(facts[i], func(a, b fact) int { return len(holders[a]) - len(holders[b]) })
		dropped[i] = slices.ContainsFunc(holders[rarest], func(other int) bool {
			return other != i && !dropped[other] && containsAll(facts[other], facts[i])
		})
	}
	var kept []*group
	for i, g := range all {
		if !dropped[i] {
			kept = append(kept, g)
		}
	}
	return kept
}

// saidTwice tells whether a code may come twice with the same number at one
// time, whatever the other circumstances: usually not, and then nothing repeats
// another.
func saidTwice(all []*group) bool {
	hashes := make([]uint64, 0, 2*len(all))
	for _, g := range all {
		for _, o := range g.members {
			if o.reading.Value != nil {
				hashes = append(hashes, o.hash())
			}
		}
	}
	slices.Sort(hashes)
	return len(slices.Compact(hashes)) < len(hashes)
}

// hash is equal for what is said twice, and seldom for anything else (FNV-1a,
// of 64 bits a step).
func (o *observation) hash() uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := range len(o.said.code) {
		h = (h ^ uint64(o.said.code[i])) * prime
	}
	h = (h ^ math.Float64bits(o.reading.Value.Float64()+0)) * prime // no -0
	return (h ^ uint64(o.moment().instant)) * prime
}

func containsAll(facts, wanted []fact) bool {
	for _, f := range wanted {
		if !slices.Contains(facts, f) {
			return false
		}
	}
	return true
}
