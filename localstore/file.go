package localstore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
)

// formatVersion is the layout of the buckets; see migrations for those of before.
// The form of a value has a version of its own.
const formatVersion = 2

// minFileSize is four pages, which is how bbolt starts a file.
const minFileSize = 4 * 4096

var (
	bucketMeta     = []byte("meta")
	bucketLog      = []byte("log")
	bucketSettings = []byte("settings")
	bucketSealed   = []byte("sealed") // made when something is
	keyFormat      = []byte("format")
	keyID          = []byte("id")
	keyFirst       = []byte("first") // where the log was cut; sealed
)

// A file is an open database with what it says of itself.
type file struct {
	db      *bolt.DB
	raw     *os.File
	id      string
	first   uint64
	head    uint64
	keys    *keys
	created bool
}

// errOlder says that a file has a format of before.
var errOlder = errors.New("a file of an older format")

// boltOptions are chosen for durability. NoSync, NoFreelistSync and NoGrowSync
// stay false. InitialMmapSize stays 0: on Windows the file is as large as its
// map, so a generous map would fill a small disk. MaxSize stays 0, since a full
// disk is better reported than an arbitrary limit. Elsewhere bbolt grows the
// file by truncating it upwards: the space is only reserved when a page is
// written, so a full disk shows as an error of that write, before the
// transaction counts.
func boltOptions(opened **os.File) *bolt.Options {
	return &bolt.Options{
		Timeout:      time.Second,
		FreelistType: bolt.FreelistMapType,
		NoStatistics: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(name, flag, mode)
			*opened = f
			return f, err
		},
	}
}

// openFile opens or creates the file at path, and checks it as far as that is
// cheap. bbolt trusts its pages: damage shows as a panic or as a memory fault
// in its map, and both become the fault store_corrupt here. A file of an older
// format is left as it is, with errOlder.
func openFile(path string, secret *keeper) (f *file, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	f = &file{}
	defer func() {
		if p := recover(); p != nil {
			f.abandon()
			f, err = nil, corruptFault(panicError(p))
		}
	}()
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() > 0 && info.Size() < minFileSize {
		return nil, corruptFault(fmt.Errorf("a file of %d bytes", info.Size()))
	}
	if f.db, err = bolt.Open(path, 0o600, boltOptions(&f.raw)); err != nil {
		return nil, faultFor(err)
	}
	if err := f.prepare(secret); err != nil {
		f.db.Close()
		if errors.Is(err, errOlder) {
			return nil, err
		}
		return nil, faultFor(err)
	}
	return f, nil
}

func (f *file) prepare(secret *keeper) error {
	if err := f.checkSize(); err != nil {
		return err
	}
	if err := f.initialize(secret); err != nil {
		return err
	}
	if err := f.db.View(func(tx *bolt.Tx) error { return f.load(tx, secret) }); err != nil {
		return err
	}
	// A process that was killed may have left a transaction that no flush has
	// followed. What is shown to readers from here on must be durable.
	return f.db.Sync()
}

// abandon gives up a database whose locks a panic may have left held, so that
// its own Close could wait for ever. The map stays until the process ends.
func (f *file) abandon() {
	if f.raw != nil {
		unlock(f.raw)
		f.raw.Close()
	}
}

// checkSize finds a file that has been cut, before a page beyond its end is
// touched.
func (f *file) checkSize() error {
	info, err := f.raw.Stat()
	if err != nil {
		return err
	}
	return f.db.View(func(tx *bolt.Tx) error {
		if tx.Size() > info.Size() {
			return corruptFault(fmt.Errorf("%d of %d bytes are left", info.Size(), tx.Size()))
		}
		return nil
	})
}

// initialize makes the buckets of a new file, in one transaction.
func (f *file) initialize(secret *keeper) error {
	empty := false
	err := f.db.View(func(tx *bolt.Tx) error {
		name, _ := tx.Cursor().First()
		empty = name == nil
		return nil
	})
	if err != nil || !empty {
		return err
	}
	f.created = true
	id := newID()
	master, err := secret.create(id)
	if err != nil {
		return err
	}
	return f.db.Update(func(tx *bolt.Tx) error { return makeBuckets(tx, id, newKeys(master), firstSequence) })
}

// makeBuckets makes an empty store of tx, whose log starts with first.
func makeBuckets(tx *bolt.Tx, id string, k *keys, first uint64) error {
	for _, name := range [][]byte{bucketMeta, bucketLog, bucketSettings} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	meta := tx.Bucket(bucketMeta)
	return errors.Join(
		meta.Put(keyFormat, []byte{formatVersion}),
		meta.Put(keyID, []byte(id)),
		k.put(tx, id),
		k.putFirst(tx, first),
	)
}

// load reads what the file says of itself, and checks both ends of the log.
func (f *file) load(tx *bolt.Tx, secret *keeper) error {
	format, id, err := identify(tx)
	if err != nil {
		return err
	}
	if format < formatVersion {
		return errOlder
	}
	f.id = id
	_, err = secret.find(id, func(master []byte) error {
		f.keys, err = loadKeys(tx, id, master)
		return err
	})
	if err != nil {
		return err
	}
	if f.first, err = f.keys.first(tx); err != nil {
		return err
	}
	log := tx.Bucket(bucketLog)
	key, value := log.Cursor().First()
	if key == nil {
		return nil
	}
	first, err := f.keys.decode(key, value)
	if err != nil {
		return err
	}
	if first.First != f.first {
		return gapFault(f.first, first.First)
	}
	f.head, err = lastSequence(log, f.keys.decode)
	return err
}

// identify reads the format and the ID of a store.
func identify(tx *bolt.Tx) (format byte, id string, err error) {
	meta := tx.Bucket(bucketMeta)
	if meta == nil {
		return 0, "", corruptFault(errors.New("a database without a meta bucket"))
	}
	version := meta.Get(keyFormat)
	switch {
	case len(version) == 0 || version[0] == 0:
		return 0, "", corruptFault(errors.New("a database without a format"))
	case len(version) > 1 || version[0] > formatVersion:
		return 0, "", newerFault(fmt.Errorf("file format %x", version))
	case tx.Bucket(bucketLog) == nil || tx.Bucket(bucketSettings) == nil || len(meta.Get(keyID)) == 0:
		return 0, "", corruptFault(errors.New("a database without a log, settings or id"))
	}
	return version[0], string(meta.Get(keyID)), nil
}

// lastSequence is the last number that the log holds, 0 when it is empty.
func lastSequence(log *bolt.Bucket, decode decoder) (uint64, error) {
	key, value := log.Cursor().Last()
	if key == nil {
		return firstSequence - 1, nil
	}
	last, err := decode(key, value)
	if err != nil {
		return 0, err
	}
	return last.Last(), nil
}

// makeFolder creates dir and what is missing above it, for the user alone.
func makeFolder(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeFolder(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	// Not every file system can flush a folder, and none needs it to go on.
	_ = syncFolder(parent)
	return nil
}

// newID makes a random UUID (RFC 9562, version 4).
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func panicError(p any) error {
	if err, ok := p.(error); ok {
		return err
	}
	return fmt.Errorf("%v", p)
}
