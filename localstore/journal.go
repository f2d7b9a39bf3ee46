package localstore

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"
)

// journalSuffix follows the name of the store's file.
const journalSuffix = ".journal"

// The measures of the journal, in bytes. It starts small, so that a first start
// costs milliseconds, and doubles when bbolt does not keep up.
const (
	journalPage    = 4096
	journalInitial = 1 << 20
	journalMax     = 8 << 20 // but for a single block that is larger
	blockKept      = 1 << 19 // of memory for the next block
)

// The header of a block, at the start of a page; integers are little-endian.
// Every later version keeps its place and its sum, so that it can be told from
// damage.
//
//	0  "vljourn" and the version    24  last sequence number
//	8  number of the block          32  bytes of records, and their CRC-32C
//	16 first sequence number        40  ID of the store (76: CRC-32C of all this)
//
// The records follow, each with its length before it (uvarint). Each further
// page of the block starts with one byte 0, so that nothing a device sends can
// stand where a header is looked for.
const (
	blockMagic   = "vljourn"
	blockVersion = 2 // 1: values are not sealed
	blockHeader  = 80
	blockID      = 36
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A header is what a block says of itself. Its number grows with every block
// that is tried, also when the sequence number does not, after a failure.
type header struct {
	version             byte
	number, first, last uint64
	size, sum           uint32
	id                  string
}

func (h header) put(b []byte) {
	copy(b, blockMagic)
	b[7] = h.version
	le := binary.LittleEndian
	le.PutUint64(b[8:], h.number)
	le.PutUint64(b[16:], h.first)
	le.PutUint64(b[24:], h.last)
	le.PutUint32(b[32:], h.size)
	le.PutUint32(b[36:], h.sum)
	clear(b[40 : 40+blockID])
	copy(b[40:40+blockID], h.id)
	le.PutUint32(b[76:], crc32.Checksum(b[:76], castagnoli))
}

// parseHeader reads the header at the start of page; false means that none
// that is whole stands there.
func parseHeader(page []byte) (h header, ok bool) {
	if len(page) < blockHeader || string(page[:7]) != blockMagic {
		return h, false
	}
	le := binary.LittleEndian
	if le.Uint32(page[76:]) != crc32.Checksum(page[:76], castagnoli) {
		return h, false
	}
	return header{
		version: page[7],
		number:  le.Uint64(page[8:]),
		first:   le.Uint64(page[16:]),
		last:    le.Uint64(page[24:]),
		size:    le.Uint32(page[32:]),
		sum:     le.Uint32(page[36:]),
		id:      string(bytes.TrimRight(page[40:40+blockID], "\x00")),
	}, true
}

// length is what a block with this header takes, in whole pages.
func (h header) length() int64 {
	rest := int64(h.size) - (journalPage - blockHeader)
	if rest <= 0 {
		return journalPage
	}
	return journalPage * (1 + (rest+journalPage-2)/(journalPage-1))
}

// A disk is what the journal needs of its file. Sync returns when what was
// written survives a power cut.
type disk interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
	Truncate(size int64) error
	Close() error
}

type diskFile struct{ *os.File }

func (f diskFile) Sync() error { return syncData(f.File) }

var _ disk = diskFile{}

// A journal is a ring of blocks; which of them are still needed, the tail
// knows. Its size is all written once before it is used, so that a flush has
// no metadata to write. It belongs to whoever holds the lead.
//
// Blocks start at whole pages: no sector of the disk holds bytes of two of
// them, so writing one cannot spoil another.
type journal struct {
	file    disk
	created bool
	id      string
	size    int64
	at      int64 // the end of the newest block
	limit   int64 // of size
	top     int64 // no header stands from here on
	number  uint64
	block   []byte // the one made last
}

// encode makes the next block.
func (j *journal) encode(records []pending) (block []byte) {
	j.number++
	h := header{
		version: blockVersion, number: j.number, id: j.id,
		first: records[0].First, last: records[len(records)-1].Last(),
	}
	if cap(j.block) > blockKept {
		j.block = nil
	}
	w := pager{block: append(j.block[:0], make([]byte, blockHeader)...)}
	var length [binary.MaxVarintLen64]byte
	for _, r := range records {
		w.add(length[:binary.PutUvarint(length[:], uint64(len(r.value)))])
		w.add(r.value)
	}
	h.size, h.sum = w.size, w.sum
	block = append(w.block, make([]byte, h.length()-int64(len(w.block)))...)
	h.put(block)
	j.block = block
	return block
}

// A pager spreads records over the pages of a block.
type pager struct {
	block     []byte
	size, sum uint32
}

func (w *pager) add(p []byte) {
	w.size += uint32(len(p))
	w.sum = crc32.Update(w.sum, castagnoli, p)
	for len(p) > 0 {
		if len(w.block)%journalPage == 0 {
			w.block = append(w.block, 0)
		}
		n := min(len(p), journalPage-len(w.block)%journalPage)
		w.block = append(w.block, p[:n]...)
		p = p[n:]
	}
}

// write makes block durable at offset. After an error nobody knows what is on
// the disk, and a later flush would not tell, since the system may take the
// failed pages for clean. Nothing relies on them: older blocks share no page
// with this one and had a flush of their own, and the next block, wherever it
// goes, is written and flushed as a whole and has a greater number.
func (j *journal) write(offset int64, block []byte) error {
	j.top = max(j.top, offset+journalPage)
	if _, err := j.file.WriteAt(block, offset); err != nil {
		return faultFor(err)
	}
	if err := j.file.Sync(); err != nil {
		return faultFor(err)
	}
	j.at = offset + int64(len(block))
	return nil
}

// renew writes blocks of an earlier process once more: what it had not flushed
// could be read and shown, and still be lost with the power.
func (j *journal) renew(blocks []extent) error {
	for _, e := range blocks {
		content := make([]byte, e.end-e.offset)
		if err := readFull(j.file, content, e.offset); err != nil {
			return err
		}
		if _, err := j.file.WriteAt(content, e.offset); err != nil {
			return err
		}
		j.at = e.end
	}
	if len(blocks) == 0 {
		return nil
	}
	return j.file.Sync()
}

// grow makes a journal of the initial size, or doubles it up to its limit, and
// gives it at least need bytes.
// That the disk has no room for more than need is no error.
func (j *journal) grow(need int64) error {
	size := max(need, journalInitial)
	if j.size >= journalInitial {
		size = max(need, min(2*j.size, j.limit))
	}
	if size <= j.size {
		return nil
	}
	if err := j.zero(j.size, size); err != nil {
		_ = j.file.Truncate(j.size)
		if need <= j.size {
			return nil
		}
		return faultFor(err)
	}
	j.size = size
	return nil
}

func (j *journal) zero(from, to int64) error {
	zeros := make([]byte, min(to-from, 1<<18))
	for at := from; at < to; at += int64(len(zeros)) {
		if _, err := j.file.WriteAt(zeros[:min(to-at, int64(len(zeros)))], at); err != nil {
			return err
		}
	}
	return j.file.Sync()
}

// reset empties a journal whose blocks are all in bbolt, so that it fits any
// other copy of the store, too.
func (j *journal) reset() error {
	if j.top == 0 {
		return nil
	}
	size := min(j.size, journalInitial)
	if err := j.file.Truncate(size); err != nil {
		return err
	}
	return j.zero(0, min(size, j.top))
}

// wipe overwrites all of it.
func (j *journal) wipe() error { return j.zero(0, j.size) }

// openJournal opens or creates the journal at path and reads what it holds
// beyond head, the last sequence number in bbolt.
func openJournal(path, id string, head uint64, decode decoder) (j *journal, r recovery, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, r, faultFor(err)
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, r, faultFor(err)
	}
	size := info.Size() / journalPage * journalPage
	if r, err = recoverJournal(f, size, id, head, journalForm{blockVersion, decode}); err != nil {
		return nil, r, faultFor(err)
	}
	j = &journal{file: diskFile{f}, created: info.Size() == 0, id: id, size: size, limit: journalMax, number: r.number, top: r.top}
	if r.older && len(r.records) == 0 {
		err = j.wipe()
	} else {
		err = j.renew(r.extents)
	}
	if err != nil {
		return nil, r, faultFor(err)
	}
	if size >= journalInitial {
		return j, r, nil
	}
	// On a full disk the store can be read, and Append says what is wrong.
	if err = j.grow(journalInitial); codeIs(err, CodeDiskFull) {
		err = nil
	}
	return j, r, err
}
