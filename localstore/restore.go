package localstore

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
)

// unknownNumbers is how many sequence numbers a restored log leaves out when
// nobody knows how many were lost.
const unknownNumbers = 10_000_000

// sealedMagic begins every file of age.
const sealedMagic = "age-encryption.org/"

// A Restoring is how a backup takes the place of a store.
type Restoring struct {
	Keyring    Keyring
	Logger     *slog.Logger
	Now        time.Time              // dates what is set aside
	Passphrase func() (string, error) // asked when the store's own key does not open the backup
	// Filler makes the entry that stands for count sequence numbers of which
	// nothing is known any more.
	Filler func(count int) (Entry, error)
}

// A Restored is what a restored log holds. The numbers from Lost to Resumes-1
// stand for what came after the backup; none when they are the same.
type Restored struct {
	Checked
	Lost, Resumes uint64
	Damaged       int    // values that Salvage could not open
	Aside         string // the name of what was there before, if it was
}

// Restore puts the backup at from, a Snapshot or a Backup, in the place of the
// store at path, after reading all of it. What was there is set aside under a
// dated name. The numbers that the old log may have used are not used again.
// Errors are store_locked while a program has the store open, store_passphrase,
// and those of Open; then nothing has changed.
func Restore(ctx context.Context, path, from string, r Restoring) (done Restored, err error) {
	if r.Logger == nil {
		r.Logger = slog.New(slog.DiscardHandler)
	}
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return done, faultFor(err)
	}
	part := path + ".restoring"
	defer os.Remove(part)
	secret := &keeper{path: path, ring: r.Keyring, log: r.Logger}
	master, err := r.unpack(ctx, from, part, secret)
	if err != nil {
		return done, err
	}
	done.Checked, err = checkCopy(ctx, part, master)
	if errors.Is(err, errOlder) {
		defer os.Remove(beforeFormat(part)) // the backup itself is one
		secret := held(master)
		secret.log = r.Logger
		if err = migrate(part, secret); err == nil {
			done.Checked, err = checkCopy(ctx, part, master)
		}
	}
	if err != nil {
		return done, err
	}
	err = r.replace(path, part, secret, master, &done)
	return done, err
}

// replace puts part in the place of the store at path.
func (r *Restoring) replace(path, part string, secret *keeper, master []byte, done *Restored) error {
	used, err := usedBy(path, master)
	if err != nil {
		return err
	}
	if done.Lost, done.Resumes, err = r.fill(part, master, used); err != nil {
		return faultFor(err)
	}
	stamp := r.Now.Format(".20060102-150405")
	if done.Aside, err = setAside(path, stamp); err != nil {
		return faultFor(err)
	}
	if err := secret.adopt(master, stamp); err != nil {
		return faultFor(err)
	}
	if err := os.Rename(part, path); err != nil {
		return faultFor(err)
	}
	_ = syncFolder(filepath.Dir(path)) // where a folder cannot be flushed, none needs it
	return nil
}

// unpack writes the file of bbolt in a backup to part, and gives its master key.
func (r *Restoring) unpack(ctx context.Context, from, part string, secret *keeper) (master []byte, err error) {
	f, err := os.Open(from)
	if err != nil {
		return nil, faultFor(err)
	}
	defer f.Close()
	content := bufio.NewReaderSize(f, 1<<20)
	head, _ := content.Peek(len(sealedMagic))
	if !bytes.Equal(head, []byte(sealedMagic)) {
		if err := copyPart(ctx, part, content); err != nil {
			return nil, err
		}
		master, err := secret.of(part)
		return master, faultFor(err)
	}
	opened := io.Reader(nil)
	if own, err := secret.of(secret.path); err == nil {
		master, opened, err = readBackup(content, ownPassphrase(own))
		if err != nil && !codeIs(err, CodePassphrase) {
			return nil, err
		}
	}
	if opened == nil {
		passphrase, err := r.Passphrase()
		if err != nil {
			return nil, err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, faultFor(err)
		}
		if master, opened, err = readBackup(f, passphrase); err != nil {
			return nil, err
		}
	}
	return master, copyPart(ctx, part, opened)
}

func copyPart(ctx context.Context, part string, content io.Reader) error {
	return wholeFile(part, func(w io.Writer) error {
		_, err := io.Copy(cancelled{ctx, w}, content)
		return err
	})
}

// of finds the master key of the file at path, which need not be the store's.
func (k *keeper) of(path string) (master []byte, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = corruptFault(panicError(p))
		}
	}()
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	err = readOnly(path, func(f *file) error {
		return f.db.View(func(tx *bolt.Tx) error {
			format, id, err := identify(tx)
			if err != nil {
				return err
			}
			if format < formatVersion {
				return errOlder
			}
			master, err = k.find(id, func(key []byte) error {
				_, err := loadKeys(tx, id, key)
				return err
			})
			return err
		})
	})
	return master, err
}

// adopt leaves the master key of a restored store where Open looks for it first,
// and gives it to the keyring. Another key file is set aside.
func (k *keeper) adopt(master []byte, stamp string) error {
	kept, err := os.ReadFile(k.file())
	if err == nil && bytes.Equal(kept, master) {
		return nil
	}
	if err == nil {
		err = os.Rename(k.file(), k.file()+stamp)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return writeKey(k.file(), master)
}

// usedBy is the last sequence number that the store at path can have used; 0
// when there is none, unknown when it cannot be read.
func usedBy(path string, master []byte) (used uint64, err error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if f, err := os.Open(path + journalSuffix); err == nil {
		if info, err := f.Stat(); err == nil {
			blocks, _ := scan(f, info.Size()/journalPage*journalPage)
			for _, b := range blocks {
				used = max(used, b.last)
			}
		}
		f.Close()
	}
	c, err := quickHead(path, master)
	switch {
	case codeIs(err, CodeLocked):
		return 0, err
	case err == nil:
		return max(used, c), nil
	case used > 0:
		return used, nil
	}
	return unknown, nil
}

const unknown = ^uint64(0)

// quickHead is the last sequence number that bbolt holds at path.
func quickHead(path string, master []byte) (head uint64, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	f := &file{}
	defer func() {
		if p := recover(); p != nil {
			f.abandon()
			err = corruptFault(panicError(p))
		}
	}()
	if info, err := os.Stat(path); err != nil || info.Size() < minFileSize {
		return 0, corruptFault(errors.New("no file of bbolt"))
	}
	if f.db, err = bolt.Open(path, 0o600, boltOptions(&f.raw)); err != nil { // locks it
		return 0, faultFor(err)
	}
	defer f.db.Close()
	if err := f.checkSize(); err != nil {
		return 0, err
	}
	err = f.db.View(func(tx *bolt.Tx) error { return f.load(tx, held(master)) })
	if errors.Is(err, errOlder) {
		err = corruptFault(err)
	}
	return f.head, err
}

// fill has the log at path go on behind used.
func (r *Restoring) fill(path string, master []byte, used uint64) (lost, resumes uint64, err error) {
	f, err := openFile(path, held(master))
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, f.db.Close()) }()
	lost = f.head + 1
	if used == unknown {
		used = f.head + unknownNumbers
	}
	if used <= f.head {
		return lost, lost, nil
	}
	return lost, used + 1, f.db.Update(func(tx *bolt.Tx) error {
		log := tx.Bucket(bucketLog)
		log.FillPercent = 1
		for next := lost; next <= used; {
			count := int(min(used-next+1, MaxCount))
			e, err := r.Filler(count)
			if err != nil {
				return err
			}
			content, err := e.encode()
			if err != nil {
				return err
			}
			if err := log.Put(logKey(next), f.keys.seal(bucketLog, logKey(next), content)); err != nil {
				return err
			}
			next += uint64(count)
		}
		return nil
	})
}

// setAside gives the store at path and its journal dated names, and returns that
// of the store; "" when there is none.
func setAside(path, stamp string) (aside string, err error) {
	if _, err := os.Stat(path); err == nil {
		aside = path + stamp
		if err := os.Rename(path, aside); err != nil {
			return "", err
		}
	}
	if err := os.Rename(path+journalSuffix, path+stamp+journalSuffix); err != nil && !errors.Is(err, os.ErrNotExist) {
		return aside, err
	}
	return aside, nil
}
