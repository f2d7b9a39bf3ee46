package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"

	"vitalien/fhirmap"
)

// A simulated reading is a value of a resting adult, between low and high,
// times ten to the exponent.
type simulated struct {
	of        fhirmap.Type
	unit      fhirmap.Unit
	low, high int64
	exponent  int32
}

// A simulation is what one press of the button on the page measures.
type simulation struct {
	of       fhirmap.Type
	device   fhirmap.DeviceType
	readings []simulated
}

var simulations = []simulation{
	{fhirmap.BloodPressure, fhirmap.BloodPressureMonitor, []simulated{
		{fhirmap.Systolic, fhirmap.MillimetreOfMercury, 108, 138, 0},
		{fhirmap.Diastolic, fhirmap.MillimetreOfMercury, 64, 86, 0},
		{fhirmap.HeartRate, fhirmap.BeatsPerMinute, 58, 88, 0},
	}},
	{fhirmap.OxygenSaturation, fhirmap.PulseOxymeter, []simulated{
		{fhirmap.OxygenSaturation, fhirmap.Percent, 95, 99, 0},
		{fhirmap.HeartRate, fhirmap.BeatsPerMinute, 58, 88, 0},
	}},
	{fhirmap.BodyTemperature, fhirmap.Thermometer, []simulated{{fhirmap.BodyTemperature, fhirmap.Celsius, 364, 374, -1}}},
	{fhirmap.HeartRate, fhirmap.HeartRateMonitor, []simulated{{fhirmap.HeartRate, fhirmap.BeatsPerMinute, 58, 88, 0}}},
	{fhirmap.BodyWeight, fhirmap.WeightScale, []simulated{{fhirmap.BodyWeight, fhirmap.Kilogram, 612, 758, -1}}},
	{fhirmap.BloodGlucose, fhirmap.Glucometer, []simulated{{fhirmap.BloodGlucose, fhirmap.MilligramPerDecilitre, 78, 118, 0}}},
}

// simulateMeasurement records a measurement as if a device had sent it, marked
// as simulated. Only the log of a demonstration takes it.
func simulateMeasurement(ctx context.Context, client *socketConn, payload json.RawMessage) (answer, error) {
	s := client.station()
	if !s.Situation().Demo {
		return nil, &fhirmap.Fault{Code: "forbidden", English: "measurements are simulated only by a program started with --demo"}
	}
	chosen, err := readSimulation(payload)
	if err != nil {
		return nil, err
	}
	_, err = s.Record(ctx, fhirmap.Report{Link: "simulator", Measurements: []fhirmap.Measurement{chosen.measure()}})
	return answer{"ok": true}, err
}

// readSimulation finds what payload asks for, any when it names none.
func readSimulation(payload json.RawMessage) (*simulation, error) {
	var asked struct {
		Type fhirmap.Type `json:"type"`
	}
	if len(payload) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(payload))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&asked); err != nil {
			return nil, badRequest("simulateMeasurement takes {type?}")
		}
	}
	if asked.Type == "" {
		return &simulations[rand.IntN(len(simulations))], nil
	}
	i := slices.IndexFunc(simulations, func(s simulation) bool { return s.of == asked.Type })
	if i < 0 {
		return nil, badRequest(fmt.Sprintf("no simulated measurement of type %.64q", asked.Type))
	}
	return &simulations[i], nil
}

func (s *simulation) measure() fhirmap.Measurement {
	m := fhirmap.Measurement{
		Type: s.of, Status: fhirmap.StatusFinal, Test: true,
		Device: fhirmap.Device{ID: fhirmap.DeviceID("simulator", string(s.device)), Type: s.device, Name: "Appareil simulé"},
	}
	for _, r := range s.readings {
		value := fhirmap.NewDecimal(r.low+rand.Int64N(r.high-r.low+1), r.exponent)
		m.Readings = append(m.Readings, fhirmap.Reading{Type: r.of, Value: &value, Unit: r.unit})
	}
	return m
}
