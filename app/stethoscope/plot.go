package stethoscope

import (
	"io"
	"math"
	"math/bits"
	"time"

	"vitalien/fhirmap"
)

// The spectrogram of a Plot: heart and lung sounds are below its top.
const (
	PlotTop   = 1000 // Hz
	PlotBands = 64
	plotRate  = 4 * PlotTop // samples per second that it is made of, about
	plotPiece = 4 * PlotBands
	plotRange = 60 // dB below the loudest that it shows
)

// A Plot is a recording as a picture shows it, column by column.
type Plot struct {
	Length time.Duration
	Bars   []Bar             // the phonocardiogram
	Power  [][PlotBands]byte // how strong each band is, the lowest first: 255 the strongest of all, 0 60 dB below it
}

// NewPlot makes the plot of r, whose sound is given as its Keeper got it.
func NewPlot(r *fhirmap.Recording, sound io.Reader, columns int) (*Plot, error) {
	f := Format{Rate: r.Rate, Channels: r.Channels, Encoding: r.Encoding}
	if err := f.Check(); err != nil {
		return nil, err
	}
	columns = int(max(1, min(int64(columns), r.Samples)))
	p := &Plot{Length: r.Duration(), Bars: make([]Bar, columns), Power: make([][PlotBands]byte, columns)}
	few, err := p.trace(f, r.Samples, sound)
	p.analyse(few)
	return p, err
}

// wavEncoding is how samples are read that have been brought into WAV's order.
func (f Format) wavEncoding() encoding {
	if f.Encoding == "s16be" {
		return encodings["s16le"]
	}
	return encodings[f.Encoding]
}

// trace fills in the bars, and gives the sound at the rate that the spectrogram
// needs.
func (p *Plot) trace(f Format, samples int64, sound io.Reader) (few []float64, err error) {
	e, frame := f.wavEncoding(), f.frame()
	block := make([]byte, 4096*frame)
	decimation := max(1, f.Rate/plotRate)
	columns, sum := int64(len(p.Bars)), 0.0
	last := int64(-1)
	for n := int64(0); n < samples; {
		got, err := io.ReadFull(sound, block[:min(int64(len(block)), (samples-n)*int64(frame))])
		for at := 0; at+frame <= got; at += frame {
			v := 0.0
			for c := range f.Channels {
				v += e.value(block[at+c*e.size:]) / float64(f.Channels)
			}
			column := n * columns / samples
			b := &p.Bars[column]
			if column != last {
				*b, last = Bar{float32(v), float32(v)}, column
			}
			b.Low, b.High = min(b.Low, float32(v)), max(b.High, float32(v))
			if sum += v; (n+1)%int64(decimation) == 0 {
				few, sum = append(few, sum/float64(decimation)), 0
			}
			n++
		}
		if err != nil {
			return few, err
		}
	}
	return few, nil
}

// analyse fills in the spectrogram: for each column the spectrum of the piece in
// its middle, weighted after Hann.
func (p *Plot) analyse(few []float64) {
	magnitudes := make([][PlotBands]float64, len(p.Power))
	loudest := 0.0
	piece := make([]complex128, plotPiece)
	for column := range magnitudes {
		middle := (2*column + 1) * len(few) / (2 * len(magnitudes))
		for i := range piece {
			piece[i] = 0
			if at := middle - plotPiece/2 + i; at >= 0 && at < len(few) {
				piece[i] = complex(few[at]*(0.5-0.5*math.Cos(2*math.Pi*float64(i)/plotPiece)), 0)
			}
		}
		transform(piece)
		for band := range PlotBands {
			m := math.Hypot(real(piece[band]), imag(piece[band]))
			magnitudes[column][band] = m
			loudest = max(loudest, m)
		}
	}
	if loudest == 0 {
		return
	}
	for column := range magnitudes {
		for band, m := range magnitudes[column] {
			level := 1 + 20*math.Log10(m/loudest)/plotRange // −Inf for nothing
			p.Power[column][band] = byte(255 * max(0, level))
		}
	}
}

// transform is the discrete Fourier transform in place, of a length that is a
// power of two (J. W. Cooley, J. W. Tukey 1965).
func transform(x []complex128) {
	n := len(x)
	shift := bits.LeadingZeros64(uint64(n)) + 1
	for i := range x {
		if j := int(bits.Reverse64(uint64(i)) >> shift); j > i {
			x[i], x[j] = x[j], x[i]
		}
	}
	for size := 2; size <= n; size *= 2 {
		sin, cos := math.Sincos(-2 * math.Pi / float64(size))
		step := complex(cos, sin)
		for begin := 0; begin < n; begin += size {
			turn := complex(1, 0)
			for i := begin; i < begin+size/2; i++ {
				even, odd := x[i], x[i+size/2]*turn
				x[i], x[i+size/2] = even+odd, even-odd
				turn *= step
			}
		}
	}
}
