package api

import (
	"encoding/json"
	"strings"
	"testing"

	"vitalien/app/blelink"
	"vitalien/fhirmap"
)

// told is the next event "device".
func (c *client2) told() (e deviceEvent, err error) {
	packet, err := c.message()
	for ; err == nil; packet, err = c.message() {
		if body, ok := strings.CutPrefix(packet, `2["device",`); ok {
			return e, json.Unmarshal([]byte(strings.TrimSuffix(body, "]")), &e)
		}
	}
	return e, err
}

// TestDevice: a client is told how each paired device is doing when it
// connects, and of each change, without asking.
func TestDevice(t *testing.T) {
	p := newPost(t)
	if err := p.station.Keep(blelink.Paired{ID: "d1", Address: "a", Driver: "blood-pressure", Type: fhirmap.BloodPressureMonitor, Name: "Tensiomètre", Place: "Cabinet 1"}); err != nil {
		t.Fatal(err)
	}
	p.station.SetBluetooth(nil)
	for _, transport := range []string{"websocket", "polling"} {
		p.station.SetDevice(blelink.Status{ID: "d1", State: blelink.Asleep, Battery: -1})
		c, err := p.connect(4, transport, "")
		if err != nil {
			t.Fatal(err)
		}
		expect := func(want string) {
			t.Helper()
			e, err := c.told()
			text, _ := json.Marshal(e)
			if err != nil || string(text) != want {
				t.Errorf("%s, %v instead of %s", text, err, want)
			}
		}
		common := `{"id":"d1","type":"blood_pressure_monitor","state":`
		battery := map[string]string{"websocket": "null", "polling": "82"}[transport]
		expect(common + `"asleep","battery":` + battery + `,"error":null,"name":"Tensiomètre","place":"Cabinet 1"}`)
		p.station.SetDevice(blelink.Status{ID: "d1", State: blelink.Connected, Battery: 82})
		expect(common + `"connected","battery":82,"error":null,"name":"Tensiomètre","place":"Cabinet 1"}`)
		p.station.SetDevice(blelink.Status{ID: "d1", State: blelink.Failed, Battery: -1, Fault: &fhirmap.Fault{Code: "device_unreachable", French: "L’appareil ne répond pas."}})
		expect(common + `"failed","battery":82,"error":{"code":"device_unreachable","message":"L’appareil ne répond pas."},"name":"Tensiomètre","place":"Cabinet 1"}`)
	}
}
