//go:build !windows

package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// maxSocketPath is what every Unix takes as the path of a socket
// (sun_path, 104 bytes on macOS, with its ending NUL).
const maxSocketPath = 100

// controlPath is within the data folder, or for a folder with a long path in
// the user's own folder for temporary files.
func controlPath(folder string) (string, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	if path := filepath.Join(folder, "control.sock"); len(path) <= maxSocketPath {
		return path, nil
	}
	sum := sha256.Sum256([]byte(folder))
	private := filepath.Join(os.TempDir(), "vitalien-"+strconv.Itoa(os.Getuid()))
	if err := os.Mkdir(private, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(private)
	if err != nil {
		return "", err
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm() != 0o700 || !known || int(owner.Uid) != os.Getuid() {
		return "", errors.New(private + " is not a private folder of this user; remove it")
	}
	return filepath.Join(private, hex.EncodeToString(sum[:8])+".sock"), nil
}

func listenControl(folder string) (net.Listener, error) {
	path, err := controlPath(folder)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		listener.Close()
		return nil, err
	}
	return listener, nil
}

func dialControl(ctx context.Context, folder string) (net.Conn, error) {
	path, err := controlPath(folder)
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, "unix", path)
}
