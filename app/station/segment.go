package station

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// A segment is some thousand rows of the catalogue in log order.
//
//	segment = 3 number(after) number(last) number(rows) number(terms) terms × 8 bytes
//	          rows × row
//	row     = number(seq − seq before) number(nth) difference(taken)
//	          difference(received) number(what) number(who) number(device) figures
//	figures = 1 byte of flags, for each figure that they name: difference(digits)
//	          number(places)
//
// Numbers are unsigned varints, differences to the row before are signed ones,
// as digits are, and what, who and device are places in the list of terms, from
// 1, 0 for none.
type segment struct {
	after, last                    uint64 // it tells of the log behind after, up to last
	first                          uint64 // that of its first row
	oldestTaken, newestTaken       int64
	oldestReceived, newestReceived int64
	terms                          []uint64 // sorted
	rows                           []row    // nil: in the store only
}

const segmentVersion = 3 // 1: other terms; 2: no figures

var errSegment = errors.New("no segment of the catalogue")

func newSegment(rows []row, after, last uint64) *segment {
	var terms []uint64
	for i := range rows {
		terms = append(terms, rows[i].what, rows[i].who, rows[i].device)
	}
	slices.Sort(terms)
	terms = slices.DeleteFunc(slices.Compact(terms), func(t uint64) bool { return t == 0 })
	return segmentOf(rows, after, last, slices.Clone(terms))
}

func segmentOf(rows []row, after, last uint64, terms []uint64) *segment {
	g := &segment{
		after: after, last: last, first: rows[0].seq, rows: rows, terms: terms,
		oldestTaken: math.MaxInt64, newestTaken: math.MinInt64, oldestReceived: math.MaxInt64, newestReceived: math.MinInt64,
	}
	for i := range rows {
		r := &rows[i]
		g.oldestTaken, g.newestTaken = min(g.oldestTaken, r.taken), max(g.newestTaken, r.taken)
		g.oldestReceived, g.newestReceived = min(g.oldestReceived, r.received), max(g.newestReceived, r.received)
	}
	return g
}

// key sorts as the segments do.
func (g *segment) key() string { return fmt.Sprintf("%016x", g.first) }

// holds tells whether some row has one of the terms; none at all is no demand.
func (g *segment) holds(terms []uint64) bool {
	return len(terms) == 0 || slices.ContainsFunc(terms, func(t uint64) bool {
		_, found := slices.BinarySearch(g.terms, t)
		return found || t == 0 // which is not among the terms
	})
}

func (g *segment) encode() []byte {
	b := binary.AppendUvarint(binary.AppendUvarint([]byte{segmentVersion}, g.after), g.last)
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(len(g.rows))), uint64(len(g.terms)))
	for _, t := range g.terms {
		b = binary.BigEndian.AppendUint64(b, t)
	}
	place := func(t uint64) uint64 {
		i, found := slices.BinarySearch(g.terms, t)
		if !found {
			return 0
		}
		return uint64(i + 1)
	}
	var before row
	for i := range g.rows {
		r := &g.rows[i]
		b = binary.AppendUvarint(binary.AppendUvarint(b, r.seq-before.seq), uint64(r.nth))
		b = binary.AppendVarint(binary.AppendVarint(b, r.taken-before.taken), r.received-before.received)
		b = binary.AppendUvarint(binary.AppendUvarint(binary.AppendUvarint(b, place(r.what)), place(r.who)), place(r.device))
		b = r.figures.append(b)
		before = *r
	}
	return b
}

func decodeSegment(b []byte) (*segment, error) {
	after, last, rows, terms, err := segmentRowsOf(b, nil)
	if err != nil {
		return nil, err
	}
	return segmentOf(rows, after, last, terms), nil
}

// segmentRowsOf is the rows of a segment, in room if there is enough.
func segmentRowsOf(b []byte, room []row) (after, last uint64, list []row, terms []uint64, err error) {
	if len(b) == 0 || b[0] != segmentVersion {
		return 0, 0, nil, nil, errSegment
	}
	d := &varints{data: b, at: 1}
	after, last = d.unsigned(), d.unsigned()
	rows, known := d.unsigned(), d.unsigned()
	if d.failed || rows == 0 || rows > uint64(d.left()) || known > uint64(d.left()/8) {
		return 0, 0, nil, nil, errSegment
	}
	all := make([]uint64, known+1) // the first is none
	for i := range known {
		all[i+1] = binary.BigEndian.Uint64(b[d.at:])
		d.at += 8
	}
	term := func(i uint64) uint64 {
		if i < uint64(len(all)) {
			return all[i]
		}
		d.failed = true
		return 0
	}
	list = slices.Grow(room[:0], int(rows))[:rows]
	var before row
	for i := range list {
		r := &list[i]
		n := d.seven()
		r.seq, r.nth = before.seq+n[0], int(n[1])
		r.taken, r.received = before.taken+signed(n[2]), before.received+signed(n[3])
		r.what, r.who, r.device = term(n[4]), term(n[5]), term(n[6])
		r.figures = d.figures()
		before.seq, before.taken, before.received = r.seq, r.taken, r.received
	}
	if d.failed || d.left() > 0 || list[0].seq <= after || before.seq > last || !slices.IsSorted(all) {
		return 0, 0, nil, nil, errSegment
	}
	return after, last, list, all[1:], nil
}

// varints reads numbers until one of them is none.
type varints struct {
	data   []byte
	at     int
	failed bool
}

// unsigned is mostly one byte.
func (d *varints) unsigned() uint64 {
	if at := d.at; at < len(d.data) && d.data[at] < 0x80 {
		d.at++
		return uint64(d.data[at])
	}
	return d.long()
}

func (d *varints) long() uint64 {
	n, size := binary.Uvarint(d.data[d.at:])
	if size <= 0 {
		d.failed = true
		return 0
	}
	d.at += size
	return n
}

// seven are so many at once, mostly of one byte each or two.
func (d *varints) seven() (n [7]uint64) {
	data, at := d.data, d.at
	for i := range n {
		switch {
		case at+1 >= len(data) || data[at]&data[at+1]&0x80 != 0:
			d.at = at
			n[i] = d.unsigned()
			at = d.at
		case data[at] < 0x80:
			n[i] = uint64(data[at])
			at++
		default:
			n[i] = uint64(data[at]&0x7F) | uint64(data[at+1])<<7
			at += 2
		}
	}
	d.at = at
	return n
}

func (d *varints) signed() int64 { return signed(d.unsigned()) }

// signed is the number that a signed varint stands for (zigzag).
func signed(n uint64) int64 { return int64(n>>1) ^ -int64(n&1) }

func (d *varints) octet() byte {
	if d.at == len(d.data) {
		d.failed = true
		return 0
	}
	d.at++
	return d.data[d.at-1]
}

// left is how many bytes are.
func (d *varints) left() int { return len(d.data) - d.at }
