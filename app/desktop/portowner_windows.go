package desktop

import (
	"encoding/binary"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

var extendedTCPTable = windows.NewLazySystemDLL("iphlpapi.dll").NewProc("GetExtendedTcpTable")

// Of GetExtendedTcpTable: the class of tables of listeners with their owners,
// and where a row of each family has its port and its owner.
const (
	listenersWithOwner = 3 // TCP_TABLE_OWNER_PID_LISTENER
	tableHeader        = 4
)

var tcpRows = []struct{ family, size, port, owner int }{
	{windows.AF_INET, 24, 8, 20},   // MIB_TCPROW_OWNER_PID
	{windows.AF_INET6, 56, 20, 52}, // MIB_TCP6ROW_OWNER_PID
}

// PortOwner is the name of the program that listens on a TCP port of this
// computer, as the system calls it; empty where the system does not tell.
func PortOwner(port int) string {
	for _, row := range tcpRows {
		table := tcpTable(row.family, row.size)
		for at := tableHeader; at+row.size <= len(table); at += row.size {
			if int(binary.BigEndian.Uint16(table[at+row.port:])) == port {
				return imageName(binary.LittleEndian.Uint32(table[at+row.owner:]))
			}
		}
	}
	return ""
}

func tcpTable(family, rowSize int) []byte {
	for size := uint32(64 << 10); size <= 16<<20; size *= 2 { // it may grow meanwhile
		table, given := make([]byte, size), size
		result, _, _ := extendedTCPTable.Call(uintptr(unsafe.Pointer(&table[0])), uintptr(unsafe.Pointer(&given)), 0,
			uintptr(family), listenersWithOwner, 0)
		switch windows.Errno(result) {
		case windows.ERROR_SUCCESS:
			rows := int(binary.LittleEndian.Uint32(table))
			return table[:min(tableHeader+rows*rowSize, len(table))]
		case windows.ERROR_INSUFFICIENT_BUFFER:
		default:
			return nil
		}
	}
	return nil
}

func imageName(pid uint32) string {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return ""
	}
	defer windows.CloseHandle(process)
	var path [windows.MAX_LONG_PATH]uint16
	size := uint32(len(path))
	if windows.QueryFullProcessImageName(process, 0, &path[0], &size) != nil {
		return ""
	}
	return filepath.Base(windows.UTF16ToString(path[:size]))
}
