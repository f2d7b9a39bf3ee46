//go:build !cgo || headless

package soundcard

import (
	"context"

	"vitalien/app/stethoscope"
	"vitalien/fhirmap"
)

// Open says that this build has no sound.
func (Source) Open(context.Context) (stethoscope.Stream, error) {
	return nil, &fhirmap.Fault{
		Code: "no_stethoscope", English: "this build of the program has no sound input",
		French: "Cette version de Vitalien, sans fenêtre, ne sait pas écouter une entrée son. Installez la version complète.",
	}
}

// Play says that this build has no sound.
func (Speaker) Play(context.Context, int, []int16) error {
	f := faultNoSpeaker
	f.English = "this build of the program has no sound output"
	return &f
}
