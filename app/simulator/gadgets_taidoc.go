package simulator

import (
	"sync"
	"time"

	"vitalien/app/blelink"
)

// The service and the one characteristic of FORA and TaiDoc devices.
const (
	taidocService = "00001523-1212-efde-1523-785feabcd123"
	taidocChannel = "00001524-1212-efde-1523-785feabcd123"
)

// A TaiDoc is a simulated glucose meter with the maker's own protocol. It
// answers command by command and counts its records from the newest on.
type TaiDoc struct {
	Gadget
	now func() time.Time

	mu      sync.Mutex
	ahead   time.Duration // of its clock
	records [][8]byte     // time word and value, oldest first
	left    int           // replies before the link is lost; 0: no such thing
	off     int           // how often it was turned off
}

// NewTaiDoc makes one.
func NewTaiDoc(name, address string, now func() time.Time) *TaiDoc {
	d := &TaiDoc{now: now}
	d.Advertisement = blelink.Advertisement{Address: address, Name: name, RSSI: -58, Services: []string{taidocService}}
	d.Services = []blelink.Service{{UUID: taidocService, Characteristics: []string{taidocChannel}}}
	d.Written = map[string]func(*GadgetLink, []byte) error{taidocChannel: d.command}
	return d
}

// Store has the meter measure: mg/dL, and the mode 0 to 3, of which 3 is
// control solution.
func (d *TaiDoc) Store(at time.Time, milligrams int, mode byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	word := taidocWord(at.Add(d.ahead))
	d.records = append(d.records, [8]byte{word[0], word[1], word[2], word[3], byte(milligrams), byte(milligrams >> 8), 0, mode << 6})
}

// SetAhead has its clock go wrong.
func (d *TaiDoc) SetAhead(by time.Duration) { d.change(func() { d.ahead = by }) }

// CutAfter has the link lost after n replies; 0: not.
func (d *TaiDoc) CutAfter(n int) { d.change(func() { d.left = n }) }

// Off is how often it was turned off.
func (d *TaiDoc) Off() (n int) {
	d.change(func() { n = d.off })
	return n
}

// Ahead is by how much its clock is wrong.
func (d *TaiDoc) Ahead() (by time.Duration) {
	d.change(func() { by = d.ahead })
	return by
}

func (d *TaiDoc) change(do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	do()
}

// taidocWord is a time word: minute, hour, day, month and year from 2000.
func taidocWord(t time.Time) [4]byte {
	year, month := t.Year()-2000, int(t.Month())
	return [4]byte{byte(month&7<<5 | t.Day()), byte(year<<1 | month>>3), byte(t.Minute()), byte(t.Hour())}
}

func (d *TaiDoc) command(l *GadgetLink, frame []byte) error {
	if len(frame) != 8 || frame[0] != 0x51 || frame[6] != 0xa3 {
		return nil // a real one keeps silent
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left > 0 {
		if d.left--; d.left == 0 {
			return l.Disconnect()
		}
	}
	reply := [4]byte{frame[2], frame[3], frame[4], frame[5]}
	index := len(d.records) - 1 - int(frame[2]) - int(frame[3])<<8
	switch frame[1] {
	case 0x23:
		reply = taidocWord(d.now().Add(d.ahead))
	case 0x33:
		d.ahead = 0
	case 0x2b:
		reply = [4]byte{byte(len(d.records)), byte(len(d.records) >> 8)}
	case 0x25, 0x26:
		if index < 0 {
			return nil
		}
		reply = [4]byte(d.records[index][4*int(frame[1]-0x25):])
	case 0x50:
		d.off++
		defer l.Disconnect()
	}
	answer := append([]byte{0x51, frame[1]}, append(reply[:], 0xa5)...)
	var sum byte
	for _, b := range answer {
		sum += b
	}
	l.Notify(taidocChannel, append(answer, sum))
	return nil
}
