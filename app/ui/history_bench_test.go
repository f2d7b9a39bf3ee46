package ui

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// fullArchive is a station that holds n Observations of Éloïse, a second apart:
// in turns the pulse, the saturation, the respiratory rate and the temperature.
func fullArchive(t testing.TB, n int) *station.Station {
	t.Helper()
	s := openArchive(t)
	const inMessage, writers = 100, 16
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for from := w * inMessage; from < n; from += writers * inMessage {
				r := fhirmap.Report{Link: "test"}
				for i := from; i < from+inMessage; i++ {
					r.Measurements = append(r.Measurements, taken(eloise, nonin, time.Duration(n-i)*time.Second, numbered(i)))
				}
				if _, err := s.Record(context.Background(), r); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return s
}

func numbered(i int) fhirmap.Measurement {
	one := func(t fhirmap.Type, text string, u fhirmap.Unit) fhirmap.Measurement { return of(t, value(t, text, u)) }
	switch i % 4 {
	case 0:
		return one(fhirmap.HeartRate, fmt.Sprint(60+i*7%53), fhirmap.BeatsPerMinute)
	case 1:
		return one(fhirmap.OxygenSaturation, fmt.Sprint(90+i%11), fhirmap.Percent)
	case 2:
		return one(fhirmap.RespiratoryRate, fmt.Sprint(12+i%9), fhirmap.BreathsPerMinute)
	}
	return one(fhirmap.BodyTemperature, fmt.Sprint("37.", i%10), fhirmap.Celsius)
}

// BenchmarkHistory chooses somebody with a million Observations until the plots
// are drawn: of all time, and of the period that is shown first.
func BenchmarkHistory(b *testing.B) {
	core := fullArchive(b, 1_000_000)
	if _, err := core.Trends(b.Context(), station.TrendSearch{}); err != nil { // follows the log to its end
		b.Fatal(err)
	}
	scene := historyScene{func(testing.TB) HistoryCore { return core }, func(*historyPage) {}}
	_, s := historyWindow(b, scene, forms["light"], fyne.NewSize(usualWidth, usualHeight))
	p := s.history
	shown := func(b *testing.B, ask func()) {
		for b.Loop() {
			ask()
			size := p.plot.Size()
			if len(p.plot.lanes) == 0 || p.plot.draw(int(size.Width), int(size.Height)) == nil {
				b.Fatal("nothing is drawn")
			}
		}
	}
	b.Run("choose", func(b *testing.B) { shown(b, func() { p.choose(&subject{eloise}) }) })
	b.Run("all", func(b *testing.B) { shown(b, func() { p.ask(periodAll) }) })
	b.Run("zoom", func(b *testing.B) { shown(b, func() { p.zoomed(p.view.From, p.view.To) }) })
}
