package localstore

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

func init() { children["tmpfs"] = childTmpfs }

// inNamespace gives cmd a mount table of its own, in which it may mount.
func inNamespace(cmd *exec.Cmd) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	return cmd
}

func TestAppend_OnARealFullDisk(t *testing.T) {
	if err := inNamespace(exec.Command("true")).Run(); err != nil {
		t.Skip("this system gives no user namespaces, in which the test could mount a small disk: ", err)
	}
	if out, err := inNamespace(child(t, "tmpfs", t.TempDir())).Output(); err != nil {
		t.Fatalf("%s %v", out, err)
	}
}

// childTmpfs works on a file system of 32 MiB (ENOSPC), first
// full, then read-only.
func childTmpfs(folder string) error {
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=32m"); err != nil {
		return err
	}
	path, filler := filepath.Join(folder, "store.db"), filepath.Join(folder, "filler")
	err := fillAndRelieve(path,
		func() error {
			err := os.WriteFile(filler, make([]byte, 16<<20), 0o600)
			if errors.Is(err, syscall.ENOSPC) {
				return nil
			}
			return err
		},
		func() error { return os.Remove(filler) })
	if err != nil {
		return err
	}
	if err := os.WriteFile(filler, make([]byte, 32<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("the disk is not full: %v", err)
	}
	if _, err := Open(filepath.Join(folder, "another.db"), Options{}); codeOf(err) != CodeDiskFull {
		return fmt.Errorf("a new store on a full disk gives %v", err)
	}
	if err := syscall.Mount("", folder, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		return err
	}
	for _, name := range []string{path, filepath.Join(folder, "new.db"), filepath.Join(folder, "new", "store.db")} {
		if _, err := Open(name, Options{}); codeOf(err) != CodeReadOnly {
			return fmt.Errorf("%s on a read-only disk gives %v", filepath.Base(name), err)
		}
	}
	return nil
}
