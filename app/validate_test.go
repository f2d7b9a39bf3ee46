package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// validate runs the validators of other projects (@medplum/core with the R4
// profiles, and the npm package fhir) over files of resources.
func validate(t *testing.T, files ...string) (findings string, valid bool) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "node", append([]string{filepath.Join(clients, "validate.js")}, files...)...)
	command.Stderr = os.Stderr
	output, err := command.Output()
	if !strings.Contains(string(output), "validated") {
		t.Fatalf("the validators did not run: %v (make deps installs what the tests need)", err)
	}
	return string(output), err == nil
}

// TestR4_PassesTheValidators takes every type in every form that is kept, and
// what the frames of devices came to.
func TestR4_PassesTheValidators(t *testing.T) {
	var files []string
	for folder, least := range map[string]int{"../fhirmap/testdata/r4": 20, "blelink/testdata/r4": 15} {
		found, err := filepath.Glob(folder + "/*.json")
		if err != nil || len(found) < least {
			t.Fatalf("%d golden files in %s, %v", len(found), folder, err)
		}
		files = append(files, found...)
	}
	if findings, valid := validate(t, files...); !valid {
		t.Error(findings)
	}
}

// TestR4_ValidatorsFindWhatIsWrong keeps the test above honest.
func TestR4_ValidatorsFindWhatIsWrong(t *testing.T) {
	text, err := os.ReadFile("../fhirmap/testdata/r4/blood_pressure.json")
	if err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	for name, spoil := range map[string]func(pressure object){
		"no subject":       func(o object) { delete(o, "subject") },
		"no status":        func(o object) { delete(o, "status") },
		"no diastolic":     func(o object) { o["component"] = o["component"].([]any)[:1] },
		"foreign systolic": func(o object) { o["component"].([]any)[0].(object)["code"] = object{"text": "systolic"} },
		"no code":          func(o object) { delete(o, "code") },
		"unknown member":   func(o object) { o["frobnicate"] = true },
		"time as a number": func(o object) { o["effectiveDateTime"] = 5 },
	} {
		t.Run(name, func(t *testing.T) {
			var resources []object
			if err := json.Unmarshal(text, &resources); err != nil {
				t.Fatal(err)
			}
			spoil(resources[0])
			spoilt, err := json.Marshal(resources[0])
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "spoilt.json")
			if err := os.WriteFile(file, spoilt, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, valid := validate(t, file); valid {
				t.Error("passes")
			}
		})
	}
}
