package desktop

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// PortOwner is the name of the program that listens on a TCP port of this
// computer, as the system calls it; empty where the system does not tell.
func PortOwner(port int) string {
	sockets := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		listening(table, port, sockets)
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*") // of other users: not to be read
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && sockets[target] {
			name, _ := os.ReadFile(filepath.Join(filepath.Dir(filepath.Dir(link)), "comm"))
			return strings.TrimSpace(string(name))
		}
	}
	return ""
}

// listening adds to sockets those of a table of the kernel that listen on port:
// the second field of a line is the address, the fourth the state, the tenth the
// inode.
func listening(table string, port int, sockets map[string]bool) {
	file, err := os.Open(table)
	if err != nil {
		return
	}
	defer file.Close()
	const listens = "0A"
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if f := strings.Fields(lines.Text()); len(f) > 9 && f[3] == listens && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
			sockets["socket:["+f[9]+"]"] = true
		}
	}
}
