package station

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vitalien/fhirmap"
	"vitalien/hl7link"
)

// A disk that is full is named so, and nothing that is half done is left.
func TestExport_DiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip("no file system of a known size: ", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, 0) })
	d := newDesk(t)
	for range 20 {
		list := make([]fhirmap.Measurement, 100)
		for i := range list {
			list[i] = of(claire(), pulse("72"))
		}
		d.record(report(list...))
	}
	if err := d.Reject(t.Context(), hl7link.Rejected{Link: "hl7", Peer: "192.0.2.7", Message: []byte(strings.Repeat("x", 100_000))}); err != nil {
		t.Fatal(err)
	}
	for _, format := range []ExportFormat{ExportFHIR, ExportPatientJSON, ExportCSV} {
		_, err := d.Export(t.Context(), ExportOptions{Dir: dir, Format: format})
		wantFault(t, err, "disk_full")
	}
	_, _, err := d.ExportRejectedTo(t.Context(), filepath.Join(dir, "refused.jsonl"))
	wantFault(t, err, "disk_full")
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v are left, %v", left, err)
	}
}
