package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

// imports is the import column of the design: which packages of the project
// each package may import.
var imports = map[string][]string{
	"assets":                            nil,
	"fhirmap":                           nil,
	"hl7link":                           {"fhirmap"},
	"localstore":                        {"fhirmap"},
	"app/config":                        nil,
	"app/desktop":                       nil,
	"app/blelink":                       {"fhirmap"},
	"app/blelink/radio":                 {"app/blelink", "fhirmap"},
	"app/blelink/radio/bluezdouble":     nil,
	"app/blelink/radio/bluezperipheral": {"app/blelink"},
	"app/stethoscope":                   {"fhirmap"},
	"app/stethoscope/soundcard":         {"app/stethoscope", "fhirmap"},
	"app/station":                       {"app/blelink", "app/stethoscope", "fhirmap", "hl7link", "localstore"},
	"app/api":                           {"app/station", "assets", "fhirmap"},
	"app/report":                        nil,
	"app/ui":                            {"app/report", "app/station", "assets", "fhirmap"},
	"app/cli":                           {"app/station", "fhirmap"},
	"app/simulator":                     {"app/blelink", "fhirmap", "hl7link"},
	"app/bench":                         {"app/api", "app/simulator", "app/station", "fhirmap"},
	"app": {
		"app/api", "app/blelink", "app/blelink/radio", "app/cli", "app/config", "app/desktop", "app/simulator", "app/station", "app/stethoscope", "app/stethoscope/soundcard", "app/ui",
		"assets", "fhirmap", "hl7link", "localstore",
	},
}

// fences is the one folder that may import a library.
var fences = map[string]string{
	"github.com/lenaten/hl7":        "hl7link",
	"go.etcd.io/bbolt":              "localstore",
	"github.com/zishang520/":        "app/api",
	"fyne.io/":                      "app/ui",
	"tinygo.org/x/bluetooth":        "app/blelink/radio",
	"github.com/Microsoft/go-winio": "app/cli",
	"github.com/BurntSushi/toml":    "app/config",
	"github.com/cockroachdb/apd/":   "fhirmap",
	"golang.org/x/text/":            "hl7link",
	"github.com/gen2brain/malgo":    "app/stethoscope/soundcard",
	"github.com/zalando/go-keyring": "app/desktop",
	"golang.org/x/term":             "app/cli",
	"filippo.io/age":                "localstore",
	"codeberg.org/go-pdf/":          "app/report",
}

type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// packages asks go list, for each system that the program is built for.
func packages(t *testing.T, system string) (list []listed) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-tags", "x11,migrated_fynedo,no_emoji", "-json=ImportPath,Imports,TestImports,XTestImports", "vitalien/...")
	command.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=1")
	output, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(output))); decoder.More(); {
		var p listed
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

func TestArchitecture_Imports(t *testing.T) {
	for _, system := range []string{"linux", "windows", "darwin"} {
		list := packages(t, system)
		if len(list) != len(imports) {
			t.Errorf("%s: %d packages, %d in the import column", system, len(list), len(imports))
		}
		for _, p := range list {
			name := strings.TrimPrefix(p.ImportPath, "vitalien/")
			allowed, known := imports[name]
			if !known {
				t.Errorf("%s is not in the import column", name)
			}
			for _, path := range p.Imports {
				if own, ok := strings.CutPrefix(path, "vitalien/"); ok && !slices.Contains(allowed, own) {
					t.Errorf("%s imports %s", name, own)
				}
			}
		}
	}
}

func TestArchitecture_Fences(t *testing.T) {
	for _, system := range []string{"linux", "windows", "darwin"} {
		for _, p := range packages(t, system) {
			name := strings.TrimPrefix(p.ImportPath, "vitalien/")
			for library, home := range fences {
				if name == home {
					continue
				}
				if name == "app/bench" {
					continue // its baselines are what others would write
				}
				for _, path := range p.Imports {
					if strings.HasPrefix(path, library) {
						t.Errorf("%s imports %s, which belongs in %s alone", name, path, home)
					}
				}
			}
		}
	}
}

// TestArchitecture_SocketIOInOneFile keeps the library exchangeable.
func TestArchitecture_SocketIOInOneFile(t *testing.T) {
	files, err := filepath.Glob("api/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if base := filepath.Base(file); base != "socketio.go" && strings.Contains(string(text), `"github.com/zishang520/`) {
			t.Errorf("%s imports the Socket.IO library", base)
		}
	}
}

// TestFolders: the top-level folders are those that the project fixed, and
// what every project has beside them.
func TestFolders(t *testing.T) {
	output, err := exec.CommandContext(t.Context(), "git", "ls-files", "..").Output()
	if err != nil {
		t.Skip("not a git checkout: there is no list of files to check")
	}
	allowed := []string{"app", "hl7link", "fhirmap", "localstore", "assets", ".ci", "packaging", "docs"}
	for _, file := range strings.Fields(string(output)) {
		top, _, nested := strings.Cut(strings.TrimPrefix(file, "../"), "/")
		if strings.HasPrefix(file, "../") && nested && !slices.Contains(allowed, top) {
			t.Errorf("unexpected top-level folder %s", top)
		}
	}
}

// TestVersion holds the constants to FyneApp.toml, which the packaging reads.
func TestVersion(t *testing.T) {
	var app struct {
		Details struct{ Icon, Name, ID, Version string }
	}
	if _, err := toml.DecodeFile("../FyneApp.toml", &app); err != nil {
		t.Fatal(err)
	}
	if app.Details.Version != version || app.Details.ID != "fr.vitalien.desktop" || app.Details.Name != "Vitalien" {
		t.Errorf("FyneApp.toml has %+v, the program is version %s", app.Details, version)
	}
	if _, err := os.Stat(filepath.Join("..", app.Details.Icon)); err != nil {
		t.Error(err)
	}
}
