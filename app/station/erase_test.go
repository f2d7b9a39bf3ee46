package station

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"vitalien/fhirmap"
	"vitalien/hl7link"
	"vitalien/localstore"
)

func eloise() *fhirmap.Patient {
	return &fhirmap.Patient{System: ehr, ID: "IPP-778812", Family: "Lefèvre", Given: "Éloïse", BirthDate: "1957-03-14", Sex: "female"}
}

// visited has the log, the quarantine and the audit log tell of eloise and of
// others, in records of their own and in common ones.
func visited(t *testing.T) *desk {
	d := newDesk(t)
	d.start("bed-e", eloise())
	d.record(keyed("of her alone", pulse("137.25")))
	d.end()
	d.start("his", denis())
	d.record(keyed("his alone", pulse("81.5")))
	d.end()
	d.record(keyed("mixed", of(eloise(), pulse("137.26")), of(denis(), pulse("82.5")), of(eloise(), pulse("137.27")), pulse("83.5")))
	d.record(fhirmap.Report{Link: "hl7", Alarms: []fhirmap.Alarms{alarmsOf(eloise(), "bed-e"), alarmsOf(denis(), "his")}})
	d.record(fhirmap.Report{Link: "hl7", Alarms: []fhirmap.Alarms{over(alarmsOf(eloise(), "bed-e"))}})
	for id, who := range map[string]*fhirmap.Patient{"sound-of-her": eloise(), "sound-of-him": denis()} {
		err := d.recordings.sounds.Append(id, 0, []byte("lub-dub of "+who.ID))
		if err == nil {
			err = d.finish(recordingEntry{Subject: who, Recording: fhirmap.Recording{
				ID: id, Device: fhirmap.Device{ID: "e", Type: fhirmap.Stethoscope}, Start: morning, Rate: 8000, Channels: 1, Encoding: "s16le", Samples: 1,
			}}, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, message := range []string{"MSH|x\rPID|||IPP-778812\r", "MSH|x\rPID|||42||LEFEVRE^E\r", "MSH|x\rPID|||43||MARTIN\rOBX|IPP-778812\r"} {
		if err := d.Reject(t.Context(), hl7link.Rejected{Received: morning, Message: []byte(message)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Export(t.Context(), ExportOptions{Dir: t.TempDir(), Format: ExportCSV, Patient: "IPP-778812"}); err != nil {
		t.Fatal(err)
	}
	d.catalogue.size = 2
	return d
}

// alarmsOf is what a monitor at bed says of a patient who has one alarm.
func alarmsOf(who *fhirmap.Patient, bed string) fhirmap.Alarms {
	return fhirmap.Alarms{
		Patient: who, Device: fhirmap.Device{ID: "0123456789abcdef01234567", Type: fhirmap.PatientMonitor}, Bed: bed,
		Complete: []fhirmap.AlarmKind{fhirmap.Physiological},
		List:     []fhirmap.Alarm{{Kind: fhirmap.Physiological, Code: "1", Text: "HR too high", Priority: fhirmap.PriorityHigh, Start: morning}},
	}
}

func over(a fhirmap.Alarms) fhirmap.Alarms {
	a.List = nil
	return a
}

// everything is all that the store of d holds, decrypted.
func everything(d *desk) string {
	d.t.Helper()
	var all bytes.Buffer
	if err := d.store.Backward(func(r localstore.Record) bool { all.Write(r.Data); return true }); err != nil {
		d.t.Fatal(err)
	}
	for _, vault := range []*localstore.Vault{d.quarantine, d.auditLog} {
		err := vault.Each(func(_ time.Time, value []byte, err error) bool {
			if err != nil {
				d.t.Error(err)
			}
			all.Write(value)
			return true
		})
		if err != nil {
			d.t.Fatal(err)
		}
	}
	for _, bucket := range []string{patientsBucket, stateBucket, catalogueBucket, monitorsBucket} {
		err := d.store.Each(bucket, func(key string, value []byte) bool {
			all.WriteString(key)
			all.Write(value)
			return true
		})
		if err != nil {
			d.t.Fatal(err)
		}
	}
	return all.String()
}

// others is what the log tells of everybody but eloise, and how many numbers
// nothing stands under.
func others(d *desk) (text string, empty uint64) {
	d.t.Helper()
	next := uint64(1)
	for _, e := range d.all() {
		if e.First != next {
			d.t.Errorf("%d follows %d", e.First, next-1)
		}
		next = e.Last + 1
		told := false
		for i := range e.Measurements {
			if told = true; !eloise().Same(e.Measurements[i].Subject) {
				line, err := json.Marshal(fhirmap.R4(&e.Measurements[i]))
				if err != nil {
					d.t.Fatal(err)
				}
				text += string(line) + "\n"
			}
		}
		if e.Recording != nil {
			if told = true; !eloise().Same(e.Recording.Subject) {
				text += e.Recording.ID + "\n"
			}
		}
		for _, c := range []*Consultation{e.Started, e.Ended} {
			if c != nil {
				if told = true; !eloise().Same(c.Patient) {
					text += c.ID + "\n"
				}
			}
		}
		if e.Alert != nil {
			if told = true; !eloise().Same(e.Alert.Alert.Patient) {
				text += e.Alert.Alert.Bed + " " + e.Alert.Type + "\n"
			}
		}
		told = told || len(e.Removed) > 0
		if !told {
			empty += e.Last - e.First + 1
		}
	}
	return text, empty
}

func TestErasePatient_LeavesNothingOfOneAndAllOfTheOthers(t *testing.T) {
	d := visited(t)
	if _, _, err := d.Search(t.Context(), Search{Limit: 10}); err != nil {
		t.Fatal(err)
	}
	before, empty := others(d)
	if empty != 0 || !strings.Contains(before, "82.5") || !strings.Contains(everything(d), "137.26") {
		t.Fatal("nothing to delete")
	}
	head := d.Head()
	told := 0
	d.OnRevise(func() { told++ })
	who, err := d.FindErasable(t.Context(), "IPP-778812")
	if err != nil || who != *eloise() {
		t.Fatal(who, err)
	}
	done, err := d.ErasePatient(t.Context(), who, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Erased{Measurements: 3, Recordings: 1, Alerts: 2, Consultations: 2, Rejected: 2}); done != want || told != 1 {
		t.Errorf("%+v, want %+v; told %d times", done, want, told)
	}
	for range 2 {
		after, empty := others(d)
		// Of seven things deleted, the log names neither the patient nor the consultation.
		if after != before || d.Head() != head+7 || empty != 3+1+2+2+2 {
			t.Errorf("%d numbers are empty, head %d; the others:\n%s\nwere\n%s", empty, d.Head(), after, before)
		}
		all := everything(d)
		for _, secret := range []string{"IPP-778812\"", "IPP-778812\\", "Lefèvre", "LEFEVRE", "Éloïse", "1957-03-14", "137.2", eloise().Key(), "bed-e"} {
			if strings.Contains(all, secret) {
				t.Errorf("%q is still there: %q", secret, all[max(0, strings.Index(all, secret)-60):][:120])
			}
		}
		if p, err := d.FindPatient(t.Context(), "IPP-778812"); p != nil || err != nil {
			t.Error(p, err)
		}
		_, err := d.FindErasable(t.Context(), "IPP-778812")
		wantFault(t, err, "not_found")
		if found, _, err := d.Search(t.Context(), Search{Limit: 10, Patients: []string{eloise().Key()}}); err != nil || len(found) > 0 {
			t.Errorf("%d are found, %v", len(found), err)
		}
		if found, _, err := d.Search(t.Context(), Search{Limit: 10, Patients: []string{denis().Key()}}); err != nil || len(found) != 2 {
			t.Errorf("%d of another are found, %v", len(found), err)
		}
		for _, m := range d.Recent(10) {
			if eloise().Same(m.Subject) {
				t.Error("a measurement is still shown")
			}
		}
		if ids, err := d.recordings.sounds.IDs(); err != nil || len(ids) != 1 || ids[0] != "sound-of-him" {
			t.Errorf("sounds %q, %v", ids, err)
		}
		if index, err := d.store.List(recordingsBucket); err != nil || len(index) != 1 {
			t.Errorf("recordings %v, %v", index, err)
		}
		for _, r := range d.recordings.recent {
			if eloise().Same(r.Subject) {
				t.Error("a recording is still shown")
			}
		}
		noted := 0
		if _, err := d.Audit(t.Context(), func(e AuditEntry) bool {
			if e.Action == AuditErased {
				noted++
			}
			return true
		}); err != nil || noted != 1 {
			t.Errorf("noted %d times in the audit log, %v", noted, err)
		}
		d.reopen()
	}
}

func TestErasePatient_IsRefusedWhileTheyAreThere(t *testing.T) {
	d := newDesk(t)
	d.start("bed-e", eloise())
	_, err := d.ErasePatient(t.Context(), *eloise(), nil)
	wantFault(t, err, "patient_present")
	d.end()
	d.record(fhirmap.Report{Link: "hl7", Alarms: []fhirmap.Alarms{alarmsOf(eloise(), "bed-e")}})
	_, err = d.ErasePatient(t.Context(), *eloise(), nil)
	wantFault(t, err, "patient_present")
	d.record(fhirmap.Report{Link: "hl7", Alarms: []fhirmap.Alarms{over(alarmsOf(eloise(), "bed-e"))}})
	if done, err := d.ErasePatient(t.Context(), *eloise(), nil); err != nil || done.Consultations != 2 {
		t.Error(done, err)
	}
}

func TestErasePatient_CanBeCalledOff(t *testing.T) {
	d := visited(t)
	before := everything(d)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := d.ErasePatient(ctx, *eloise(), func(done, _ uint64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if everything(d) != before {
		t.Error("something is gone")
	}
	d.record(report(pulse("72")))
}

func TestFindErasable_OneOfSeveral(t *testing.T) {
	d := newDesk(t)
	other := &fhirmap.Patient{System: "urn:other", ID: eloise().ID}
	d.record(report(of(eloise(), pulse("72")), of(other, pulse("73"))))
	_, err := d.FindErasable(t.Context(), eloise().ID)
	wantFault(t, err, "bad_request")
	if !strings.Contains(err.Error(), other.Key()) {
		t.Error(err)
	}
	if who, err := d.FindErasable(t.Context(), other.Key()); err != nil || who != *other {
		t.Error(who, err)
	}
}

func TestMentions(t *testing.T) {
	for message, want := range map[string]bool{
		"PID|||IPP-778812^^^X\r":                 true,
		"PID|||IPP-7788123\r":                    false,
		"OBX|1|ST|||IPP-778812\r":                false,
		"QRD|...|IPP-778812\nOBX|1":              true,
		"PID|||42||LEFÈVRE^ELOISE\r":             true,
		"PID|||42||LEFEVRE^ELOISE\r":             true,
		"PID|||42||Lef\xe8vre^\xc9lo\xefse\r":    true,
		"PID|||42||LEFEVREAU^ELOISE\r":           false,
		"not HL7 at all, but of Mme Lefèvre":     true,
		"":                                       false,
		"MSH|^~\\&|IPP-778812\rPID|||42||MARTIN": false,
	} {
		if got := mentions([]byte(message), eloise()); got != want {
			t.Errorf("%q: %t", message, got)
		}
	}
}
