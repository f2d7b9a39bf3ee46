//go:build !windows

package cli

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestServeControl_ReplacesWhatACrashLeft(t *testing.T) {
	for name, leave := range map[string]func(path string) error{
		"socket": func(path string) error {
			listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
			if err != nil {
				return err
			}
			listener.SetUnlinkOnClose(false)
			return listener.Close()
		},
		"file": func(path string) error { return os.WriteFile(path, nil, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			folder := shortFolder(t)
			path, err := controlPath(folder)
			if err != nil {
				t.Fatal(err)
			}
			if err := leave(path); err != nil {
				t.Fatal(err)
			}
			if err := Call(t.Context(), folder, []string{"a"}, io.Discard); !errors.Is(err, ErrNotRunning) {
				t.Errorf("before: %v", err)
			}
			stop := serving(t, folder, echo)
			wantEcho(t, folder)
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
			stop()
			if _, err := os.Lstat(path); !os.IsNotExist(err) {
				t.Errorf("left behind: %v", err)
			}
		})
	}
}

// shortFolder is a temporary folder whose path leaves room for a socket.
func shortFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "v")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}

func TestServeControl_FoldersWithLongPaths(t *testing.T) {
	t.Setenv("TMPDIR", shortFolder(t))
	long := filepath.Join(t.TempDir(), strings.Repeat("dossier de données/", 8))
	folder, other := filepath.Join(long, "a"), filepath.Join(long, "b")
	serving(t, folder, echo)
	wantEcho(t, folder)
	if err := Call(t.Context(), other, []string{"a"}, io.Discard); !errors.Is(err, ErrNotRunning) {
		t.Errorf("another folder: %v", err)
	}
	path, err := controlPath(folder)
	if err != nil || len(path) > maxSocketPath {
		t.Errorf("%s, %v", path, err)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestServeControl_RefusesAFolderThatOthersCanEnter(t *testing.T) {
	t.Setenv("TMPDIR", shortFolder(t))
	folder := "/" + strings.Repeat("x", 2*maxSocketPath)
	path, err := controlPath(folder)
	if err != nil {
		t.Fatal(err)
	}
	private := filepath.Dir(path)
	for name, spoil := range map[string]func() error{
		"open to all": func() error { return os.Chmod(private, 0o777) },
		"a link": func() error {
			if err := os.Remove(private); err != nil {
				return err
			}
			return os.Symlink(t.TempDir(), private)
		},
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if err := ServeControl(t.Context(), folder, echo); err == nil || !strings.Contains(err.Error(), private) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
