package station

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitalien/fhirmap"
)

// A model is the rules of attribution and the memory of repeats, written down
// as plainly as can be.
type model struct {
	open    *Consultation
	started time.Time // to the second, as device clocks tell
	alive   time.Time // when the consultation was last known to go on
	seq     uint64
	seen    map[string]seen
	said    map[uint64][]saidOf // of each measurement, one version behind the other
}

type saidOf struct {
	who       *fhirmap.Patient
	within    string
	discarded bool
}

// correct adds what is said of a measurement now, unless that is nothing new.
func (m *model) correct(seq uint64, now saidOf, at time.Time) {
	versions := m.said[seq]
	last := versions[len(versions)-1]
	who := (last.who == nil) == (now.who == nil) && (now.who == nil || *last.who == *now.who)
	if who && last.within == now.within && last.discarded == now.discarded {
		return
	}
	m.said[seq] = append(versions, now)
	m.seq++
	m.alive = at
}

type seen struct {
	seq uint64
	at  time.Time
}

func (m *model) start(c Consultation) {
	if m.open != nil {
		m.seq++ // its end
	}
	m.seq++
	m.open, m.started, m.alive = &c, c.Start.Truncate(time.Second), c.Start
}

func (m *model) end() {
	if m.open != nil {
		m.seq++
	}
	m.open = nil
}

func (m *model) reopen(now time.Time) {
	if now.Sub(m.alive) > 5*time.Minute {
		m.end()
	}
}

func (m *model) whose(own, received time.Time, named *fhirmap.Patient) (subject *fhirmap.Patient, consultation string) {
	if own.IsZero() {
		own = received
	}
	during := m.open != nil && !own.Before(m.started) && own.Sub(received) <= 2*time.Minute
	inherits := named == nil || (named.ID != "" && m.open != nil && m.open.Patient != nil &&
		named.ID == m.open.Patient.ID && named.System == m.open.Patient.System)
	if during && inherits {
		return m.open.Patient, m.open.ID
	}
	return named, ""
}

func (m *model) repeated(key string, now time.Time) (seq uint64, repeated bool) {
	if s, ok := m.seen[key]; ok && now.Sub(s.at) <= 10*time.Minute {
		return s.seq, true
	}
	m.seq++
	m.seen[key], m.alive = seen{m.seq, now}, now
	return m.seq, false
}

func anyPatient(r *rapid.T, forConsultation bool) *fhirmap.Patient {
	if rapid.Bool().Draw(r, "named") {
		return nil
	}
	p := fhirmap.Patient{
		System: rapid.SampledFrom([]string{ehr, "urn:monitor"}).Draw(r, "system"),
		ID:     rapid.SampledFrom([]string{"1", "2", ""}).Draw(r, "id"),
		Family: "Lefèvre",
	}
	if forConsultation && p.ID == "" {
		p.ID = "3"
	}
	return &p
}

func TestStation_Model(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		folder, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			r.Fatal(err)
		}
		d := &desk{t: t, folder: folder, clock: &clock{time: morning}}
		d.reopen()
		defer func() { d.Close() }()
		m := &model{seen: map[string]seen{}, said: map[uint64][]saidOf{}}
		consultations := 0
		r.Repeat(map[string]func(*rapid.T){
			"time passes": func(r *rapid.T) {
				d.clock.advance(time.Duration(rapid.IntRange(1, 400_000).Draw(r, "ms")) * time.Millisecond)
			},
			"start": func(r *rapid.T) {
				consultations++
				m.start(d.start(fmt.Sprint("c", consultations), anyPatient(r, true)))
			},
			"start again": func(r *rapid.T) {
				if m.open != nil {
					d.start(m.open.ID, m.open.Patient)
				}
			},
			"end":    func(*rapid.T) { d.end(); m.end() },
			"reopen": func(*rapid.T) { d.reopen(); m.reopen(d.clock.now()) },
			"record": func(r *rapid.T) {
				v, now := pulse("72"), d.clock.now()
				v.Patient = anyPatient(r, false)
				if rapid.Bool().Draw(r, "has a time") {
					v.Time = now.Add(time.Duration(rapid.IntRange(-600, 180).Draw(r, "s")) * time.Second).Truncate(time.Second)
				}
				key := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(r, "key")
				subject, consultation := m.whose(v.Time, now, v.Patient)
				seq, repeated := m.repeated(key, now)
				receipt := d.record(keyed(key, v))
				if receipt.Seq != seq || receipt.Repeated != repeated {
					r.Fatalf("receipt %+v, want %d, repeated %v", receipt, seq, repeated)
				}
				if repeated {
					return
				}
				got := d.stored(seq)
				if got.Consultation != consultation || (got.Subject == nil) != (subject == nil) || (subject != nil && *got.Subject != *subject) {
					r.Fatalf("%+v in %q, want %+v in %q", got.Subject, got.Consultation, subject, consultation)
				}
				m.said[seq] = []saidOf{{subject, consultation, false}}
			},
			"correct": func(r *rapid.T) {
				if len(m.said) == 0 {
					return
				}
				seq := rapid.SampledFrom(slices.Sorted(maps.Keys(m.said))).Draw(r, "seq")
				versions := m.said[seq]
				now := versions[len(versions)-1]
				switch how := rapid.IntRange(0, 2).Draw(r, "how"); {
				case how == 0 && len(versions) > 1:
					d.undo(seq)
					now = versions[len(versions)-2]
				case how == 1:
					d.discard(seq, "essai")
					now.discarded = true
				case !now.discarded:
					who := anyPatient(r, true)
					d.assign(seq, Attribution{Patient: who})
					now = saidOf{who: who}
				}
				m.correct(seq, now, d.clock.now())
			},
			"": func(r *rapid.T) {
				if d.Head() != m.seq {
					r.Fatalf("head %d, want %d", d.Head(), m.seq)
				}
				shown := d.Situation().Consultation
				if (shown == nil) != (m.open == nil) || (shown != nil && shown.ID != m.open.ID) {
					r.Fatalf("shown %+v, want %+v", shown, m.open)
				}
				for seq, versions := range m.said {
					got, want := d.stored(seq), versions[len(versions)-1]
					if got.Subject.Key() != want.who.Key() || got.Consultation != want.within || got.Discarded != want.discarded || max(1, got.Version) != len(versions) {
						r.Fatalf("%d is %+v, want %+v, version %d", seq, got, want, len(versions))
					}
				}
			},
		})
	})
}
