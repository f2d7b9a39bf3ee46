package main

import (
	"os"
	"path/filepath"

	"vitalien/app/cli"
	"vitalien/app/desktop"
	"vitalien/fhirmap"
)

// demonstrate starts the demonstration beside this program: a window, a port and
// a data folder of its own. Where it runs already, it comes to the front.
func (a *App) demonstrate() error {
	program := a.self
	var err error
	if program == "" {
		program, err = os.Executable()
	}
	if err == nil {
		err = desktop.StartBeside(program, a.demonstration().Args()...)
	}
	if err == nil {
		return nil
	}
	return &fhirmap.Fault{
		Code: "no_demonstration", English: "the demonstration cannot be started", Cause: err,
		French: "La démonstration ne démarre pas. Fermez d’autres programmes, puis réessayez\u202f; si rien n’y fait, redémarrez le poste.",
	}
}

func (a *App) demonstration() cli.Flags {
	f := cli.Flags{Demo: true, Listen: "localhost:0"}
	if a.flags.DataDir != "" {
		f.DataDir = filepath.Clean(a.flags.DataDir) + demoFolder
	}
	return f
}
