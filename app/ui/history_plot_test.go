package ui

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

func TestHistory_ZoomsAroundThePointer(t *testing.T) {
	p := newHistoryPageOf(t)
	surface := newPlotSurface(p.plot)
	before, at := p.view, p.plot.timeAt(400)
	surface.Scrolled(&fyne.ScrollEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(400, 20)}, Scrolled: fyne.Delta{DY: 10}})
	if got := p.view.To.Sub(p.view.From); got >= before.To.Sub(before.From) {
		t.Errorf("shows %v", got)
	}
	if moved := p.plot.timeAt(400).Sub(at).Abs(); moved > time.Minute {
		t.Errorf("what is under the pointer moved by %v", moved)
	}
	if p.period != periodOther || len(p.trends) == 0 || p.trends[0].Points[0].At.Before(p.view.From) {
		t.Error("the rest was not read")
	}
	surface.Scrolled(&fyne.ScrollEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(400, 20)}, Scrolled: fyne.Delta{DY: -10}})
	if diff := p.view.To.Sub(before.To).Abs(); diff > time.Minute {
		t.Errorf("back to %v, %v before", p.view.To, before.To)
	}
	surface.Dragged(&fyne.DragEvent{Dragged: fyne.Delta{DX: 100}})
	if !p.view.To.Before(before.To) {
		t.Error("dragging to the right does not show what was before")
	}
	for range 200 {
		p.plot.zoom(0.5, p.plot.middle())
	}
	if got := p.view.To.Sub(p.view.From); got != shortestView {
		t.Errorf("zoomed to %v", got)
	}
	for range 200 {
		p.plot.zoom(2, p.plot.middle())
	}
	if got := p.view.To.Sub(p.view.From); got != longestView {
		t.Errorf("zoomed to %v", got)
	}
	p.ask(periodWeek)
	for range 300 {
		p.plot.pan(1)
	}
	if _, last := ends(p.known); p.view.From.After(last) {
		t.Errorf("went out of sight: %v", p.view)
	}
}

func TestHistory_TellsTheValueUnderThePointer(t *testing.T) {
	p := newHistoryPageOf(t)
	surface := newPlotSurface(p.plot)
	l := p.plot.lanes[0]
	x := p.plot.across(l.points[10].At)
	surface.MouseMoved(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x+2, 30)}})
	told := p.plot.told(l)
	if told != 10 {
		t.Fatalf("tells of point %d", told)
	}
	source := l.source[told]
	want := source.High.String() + "/" + source.Low.String() + "\u00a0(" + source.Mean.String() + ")\u202fmmHg · " + source.At.UTC().Format("02/01/2006 15:04:05")
	if got := p.words.pointText(l, told, time.UTC); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if markup := test.RenderObjectToMarkup(p.plot); !strings.Contains(markup, want) {
		t.Error("it is not shown")
	}
	surface.MouseOut()
	if markup := test.RenderObjectToMarkup(p.plot); strings.Contains(markup, want) {
		t.Error("it is shown without a pointer")
	}
}

// A glucose is plotted in the unit that people have chosen, whatever was measured.
func TestJoinLanes_OfOneUnit(t *testing.T) {
	w := newWords("fr")
	trend := func(unit fhirmap.Unit, minute int, value string) *station.Trend {
		return &station.Trend{Type: fhirmap.BloodGlucose, Unit: unit, Points: []station.TrendPoint{
			{At: testNow.Add(time.Duration(minute) * time.Minute), High: new(fhirmap.MustDecimal(value))},
		}}
	}
	lanes := func() []*lane {
		return joinLanes([]*lane{
			w.laneOf(trend(fhirmap.MilligramPerDecilitre, 2, "99"), nil, testNow), w.laneOf(trend(fhirmap.MillimolePerLitre, 1, "5.4"), nil, testNow),
		})
	}
	if got := lanes(); len(got) != 2 || got[1].source[0].High.String() != "5.4" {
		t.Errorf("%d lanes", len(got))
	}
	w.glucose.set("g/L")
	got := lanes()
	if len(got) != 1 || got[0].name != "Glycémie · g/L" || len(got[0].points) != 2 {
		t.Fatalf("%d lanes: %+v", len(got), got[0])
	}
	if first, second := got[0].source[0].High.String(), got[0].source[1].High.String(); first != "0.97" || second != "0.99" ||
		got[0].points[0].High != 0.97 || got[0].points[1].High != 0.99 {
		t.Errorf("%s, %s", first, second)
	}
}

// TestTrendPlot_CrowdLosesNoExtreme: the one value that stands out of thousands is
// drawn where it is, and nothing is drawn beyond.
func TestTrendPlot_CrowdLosesNoExtreme(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(calm{})
	p := newTrendPlot(newWords("fr"), nil, func() {})
	p.Resize(fyne.NewSize(600, 200))
	const n, odd = 5000, 3210
	trend := &station.Trend{Type: fhirmap.HeartRate, Unit: fhirmap.BeatsPerMinute}
	for i := range n {
		value := fhirmap.NewDecimal(int64(60+i%3), 0)
		if i == odd {
			value = fhirmap.NewDecimal(180, 0)
		}
		trend.Points = append(trend.Points, station.TrendPoint{At: testNow.Add(time.Duration(i) * time.Minute), High: &value})
	}
	l := p.words.laneOf(trend, nil, testNow)
	p.show([]*lane{l}, testNow, testNow.Add(n*time.Minute), "")
	img := p.draw(600, 200)
	at, size := p.field(0)
	x, peak := int(p.across(l.points[odd].At)+0.5), int(at.Y+l.up(180, size.Height))
	red, green, blue, _ := paint(l.colour).RGBA()
	inked := func(x, y int) bool {
		r, g, b, _ := img.At(x, y).RGBA()
		return r == red && g == green && b == blue
	}
	if !inked(x, peak) || inked(x, peak-4) {
		t.Error("the peak is not drawn where it is")
	}
	for other := int(at.X); other < int(at.X+size.Width); other++ {
		if far := other < x-2 || other > x+2; far && inked(other, int(at.Y+l.up(120, size.Height))) {
			t.Fatalf("something is drawn at %d, the peak at %d", other, x)
		}
	}
}

// BenchmarkTrendPlot_Draw draws four plots with as many points as a page has at
// most.
func BenchmarkTrendPlot_Draw(b *testing.B) {
	test.NewTempApp(b).Settings().SetTheme(calm{})
	p := newTrendPlot(newWords("fr"), nil, func() {})
	var lanes []*lane
	for range 4 {
		trend := &station.Trend{Type: fhirmap.HeartRate, Unit: fhirmap.BeatsPerMinute}
		for i := range 4 * historyColumns {
			value := fhirmap.NewDecimal(int64(60+(i*7919)%40), 0)
			trend.Points = append(trend.Points, station.TrendPoint{At: testNow.Add(time.Duration(i) * time.Minute), High: &value})
		}
		lanes = append(lanes, p.words.laneOf(trend, eloise, testNow))
	}
	p.Resize(fyne.NewSize(860, 400))
	p.show(lanes, testNow, testNow.Add(4*historyColumns*time.Minute), "")
	b.ReportAllocs()
	for b.Loop() {
		p.draw(860, 400)
	}
}
