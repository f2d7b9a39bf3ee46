package station

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"vitalien/fhirmap"
)

func TestAlerts_ABoundedNumber(t *testing.T) {
	d := newDesk(t)
	many := func(device, n int) fhirmap.Report {
		r := alarming(nil)
		r.Alarms[0].Device.ID = fmt.Sprint(device)
		for i := range n {
			a := sensorOff()
			a.Code = fmt.Sprint(i)
			r.Alarms[0].List = append(r.Alarms[0].List, a)
		}
		return r
	}
	for device := range mostAlerts / 256 {
		d.record(many(device, 256))
	}
	tooMuch := many(99, 1)
	tooMuch.Measurements = []fhirmap.Measurement{pulse("72")}
	if receipt := d.record(tooMuch); receipt.Seq != mostAlerts+1 || len(d.Alerts()) != mostAlerts {
		t.Errorf("%+v, %d alerts", receipt, len(d.Alerts()))
	}
	for device := range mostAlerts / 256 {
		d.record(many(device, 0))
	}
	if n := len(d.Alerts()); n != mostEndedKept {
		t.Errorf("%d shown", n)
	}
	d.record(many(99, 1))
	if !d.Alerts()[0].Active() {
		t.Error("the present one is not first")
	}
}

// Where no more can be remembered, what ends still ends, and makes room.
func TestAlerts_EndsAreTakenWhenThereIsNoRoom(t *testing.T) {
	d := newDesk(t)
	full := func(device int, first int) fhirmap.Report {
		r := alarming(nil)
		r.Alarms[0].Device.ID = fmt.Sprint(device)
		for i := range 256 {
			a := sensorOff()
			a.Code = fmt.Sprint(first + i)
			r.Alarms[0].List = append(r.Alarms[0].List, a)
		}
		return r
	}
	for device := range mostAlerts / 256 {
		d.record(full(device, 0))
	}
	d.record(full(0, 1)) // one is over, another has started
	for _, a := range d.Alerts() {
		if a.Device.ID == "0" && a.Code == "0" && a.Active() {
			t.Error("over at the monitor, and shown as present")
		}
	}
	more := full(0, 2)
	more.Alarms[0].List = more.Alarms[0].List[:200]
	more.Alarms = append(more.Alarms, full(99, 0).Alarms...)
	d.record(more) // 56 of one are over, 256 of another would be too many
	fit := 0
	for _, a := range d.Alerts() {
		if a.Device.ID == "99" && a.Active() {
			fit++
		}
	}
	if fit != 56 {
		t.Errorf("%d where there was room for 56", fit)
	}
}

// A long message is not kept for a few words of it.
func TestAlerts_KeepNoMessage(t *testing.T) {
	d := newDesk(t)
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := inUse()
	for i := range 64 {
		message := fmt.Sprintf("%04d", i) + strings.Repeat("x", 1<<20)
		a := sensorOff()
		a.System, a.Code, a.Text = message[:4], message[:4], message[:4]
		r := alarming(&fhirmap.Patient{ID: message[:4], Family: message[:2]}, a)
		r.Alarms[0].Bed, r.Alarms[0].Device.ID, r.Alarms[0].Device.Name = message[:4], message[:4], message[:4]
		d.record(r)
	}
	if kept := int64(inUse()) - int64(before); kept > 16<<20 {
		t.Errorf("%d MiB are kept", kept>>20)
	}
	if len(d.Alerts()) != 64 {
		t.Error("alerts are missing")
	}
}

// Conditions for which there is no room leave nothing behind.
func TestAlerts_ABoundedNumberOfPlaces(t *testing.T) {
	d := newDesk(t)
	for device := range 3 * mostAlerts {
		r := alarming(nil, sensorOff())
		r.Alarms[0].Device.ID = fmt.Sprint(device)
		d.record(r)
	}
	if n := len(d.alerts.places); n > mostAlerts {
		t.Errorf("%d places", n)
	}
}
