//go:build unix && !linux

package desktop

import (
	"os/exec"
	"strconv"
	"strings"
)

// PortOwner is the name of the program that listens on a TCP port of this
// computer, as the system calls it; empty where the system does not tell.
func PortOwner(port int) string {
	output, _ := exec.Command("lsof", "-nP", "-iTCP:"+strconv.Itoa(port), "-sTCP:LISTEN", "-Fc").Output()
	for line := range strings.Lines(string(output)) {
		if name, ok := strings.CutPrefix(line, "c"); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}
