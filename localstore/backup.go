package localstore

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"
	bolt "go.etcd.io/bbolt"
	"golang.org/x/crypto/chacha20poly1305"
)

// BackupSuffix ends the name of a sealed backup: a file of age
// (age-encryption.org/v1) under a passphrase, with
//
//	"vitalien backup 1\n" | master key, 32 bytes | file of bbolt
//
// inside.
const BackupSuffix = ".age"

const backupMagic = "vitalien backup 1\n"

// The work factors of scrypt: for what people can remember, about a second, and
// for a key.
var humanEffort = 18

const ownEffort = 10

// ownPassphrase is that of backups that only this store opens.
func ownPassphrase(master []byte) string { return hex.EncodeToString(master) }

// Snapshot writes a copy of the store to path, which the store's own key opens,
// and reads all of it back before it gets its name. Appends go on meanwhile.
// Errors are those of ctx, Check and the disk.
func (s *Store) Snapshot(ctx context.Context, path string) (c Checked, err error) {
	if err := s.apply(); err != nil {
		return c, err
	}
	part := path + ".part"
	defer os.Remove(part)
	err = s.view(func(tx *bolt.Tx) error {
		return wholeFile(part, func(w io.Writer) error {
			_, err := tx.WriteTo(cancelled{ctx, w})
			return err
		})
	})
	if err == nil {
		c, err = checkCopy(ctx, part, s.keys.Load().master)
	}
	if err == nil {
		err = faultFor(os.Rename(part, path))
	}
	return c, errors.Join(ctx.Err(), err)
}

// Backup writes a copy of the store to path that the passphrase opens, on any
// computer (see BackupSuffix), and reads it back before it gets its name. Errors
// are those of Snapshot, and store_invalid for a passphrase that is empty.
func (s *Store) Backup(ctx context.Context, path, passphrase string) error {
	if err := s.apply(); err != nil {
		return err
	}
	part := path + ".part"
	defer os.Remove(part)
	err := s.view(func(tx *bolt.Tx) error {
		return writeBackup(ctx, part, passphrase, humanEffort, s.keys.Load().master, tx)
	})
	if err == nil {
		err = readAgain(ctx, part, passphrase)
	}
	if err == nil {
		err = faultFor(os.Rename(part, path))
	}
	return errors.Join(ctx.Err(), err)
}

// readAgain opens all of a sealed backup.
func readAgain(ctx context.Context, path, passphrase string) error {
	f, err := os.Open(path)
	if err != nil {
		return faultFor(err)
	}
	defer f.Close()
	_, content, err := readBackup(f, passphrase)
	if err != nil {
		return err
	}
	if _, err := io.Copy(cancelled{ctx, io.Discard}, content); err != nil {
		return corruptFault(fmt.Errorf("backup: %w", err))
	}
	return nil
}

// cancelled is a writer that fails once its context has ended.
type cancelled struct {
	ctx context.Context
	io.Writer
}

func (c cancelled) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.Writer.Write(p)
}

// writeBackup writes the file of tx to path, which gets its name once it is
// whole and on the disk.
func writeBackup(ctx context.Context, path, passphrase string, effort int, master []byte, tx *bolt.Tx) error {
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return invalidFault(err.Error())
	}
	recipient.SetWorkFactor(effort)
	return wholeFile(path, func(w io.Writer) error {
		sealed, err := age.Encrypt(w, recipient)
		if err != nil {
			return err
		}
		_, err = io.WriteString(sealed, backupMagic)
		if err == nil {
			_, err = sealed.Write(master)
		}
		if err == nil {
			_, err = tx.WriteTo(cancelled{ctx, sealed})
		}
		return errors.Join(err, sealed.Close())
	})
}

// readBackup opens a sealed backup: its master key, and the file of bbolt that
// follows. The fault is store_passphrase when the passphrase is another.
func readBackup(r io.Reader, passphrase string) (master []byte, file io.Reader, err error) {
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, nil, invalidFault(err.Error())
	}
	opened, err := age.Decrypt(bufio.NewReader(r), identity)
	if _, wrong := errors.AsType[*age.NoIdentityMatchError](err); wrong {
		return nil, nil, passphraseFault(err)
	}
	if err != nil {
		return nil, nil, corruptFault(fmt.Errorf("backup: %w", err))
	}
	head := make([]byte, len(backupMagic)+chacha20poly1305.KeySize)
	if _, err := io.ReadFull(opened, head); err != nil || !bytes.HasPrefix(head, []byte(backupMagic)) {
		return nil, nil, corruptFault(errors.New("no backup of this program"))
	}
	return head[len(backupMagic):], opened, nil
}

// wholeFile has fn write a file, for the user alone, that gets its name once it
// is on the disk.
func wholeFile(path string, fn func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".vitalien") // mode 0600
	if err != nil {
		return faultFor(err)
	}
	defer os.Remove(f.Name())
	out := bufio.NewWriterSize(f, 1<<20)
	err = fn(out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return faultFor(err)
	}
	_ = syncFolder(filepath.Dir(path)) // where a folder cannot be flushed, none needs it
	return nil
}
