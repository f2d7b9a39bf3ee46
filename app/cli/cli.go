// Package cli is the command line: the flags of the program, its subcommands,
// and the control socket through which they reach a program that runs.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"unicode"

	"vitalien/app/station"
	"vitalien/fhirmap"
)

// Exit statuses of the contract.
const (
	Done   = 0
	Failed = 1
	Wrong  = 2
)

const usage = `Vitalien connects health devices to the clinician's software.

vitalien [flags]                  tray and window
  --headless                      no window, no tray
  --minimized                     start in the tray
  --demo                          start the simulated devices as well
  --data-dir DIR                  folder of the data
  --listen HOST:PORT              local server, this computer only (default localhost:63336)
  --hl7-listen HOST:PORT          listener for HL7 v2 monitors (MLLP), off by default
  --version
vitalien vitalien://consultation?patient=ID
                                  a link of the EHR: asks whether to start that consultation
vitalien decode hl7 FILE|-        the FHIR R4 Observations in HL7 v2 messages, one a line
vitalien decode ble UUID|FORMAT HEX…
                                  the same for the frames of one Bluetooth exchange
  --model NAME                    of the device, for formats that differ by it
vitalien decode ble --list        what can be decoded
vitalien export --out DIR         what was recorded, as files
  --format fhir|patient-json|csv  (default fhir)
  --format bundle                 all of one patient as one FHIR Bundle
  --patient ID                    of one patient alone
  --since TIME                    2026-11-20, 2026-11-20T14:05 or with an offset
vitalien measurements list        the newest ones, with their numbers
vitalien measurements assign NUMBER PATIENT | attach NUMBER CONSULTATION | detach NUMBER
                                  whose a measurement is
vitalien measurements discard NUMBER REASON | undo NUMBER
                                  it was recorded in error; takes back the last correction
vitalien store check | compact    reads all data; makes its file small
vitalien store backup FILE | restore FILE
                                  with a passphrase; restore asks before it replaces
  --passphrase-file F             where the passphrase stands; else it is asked for
  --yes                           answers the question
vitalien store expired            what retention will remove next
vitalien patients delete ID [--yes]
                                  all that is kept of one patient
vitalien monitors list | accept ADDRESS | forget ADDRESS
vitalien quarantine list | export FILE
                                  messages that were refused, whole, for support
vitalien audit list               who was granted, refused or exported what
vitalien origins list | allow ORIGIN | revoke ORIGIN
vitalien tokens list | create NAME | revoke NAME
vitalien support FILE.zip         what whoever helps needs, nothing of it about patients
vitalien update check             whether a new version is announced ([update] in config.toml)
vitalien update download [DIR]    fetches it, outside of a consultation; it is never installed
vitalien stop                     ends the running program
vitalien autostart on | off | status
                                  whether the program starts with your session
Subcommands take --data-dir DIR.
`

// Flags are those of the serving program. Listen and HL7Listen are empty
// where the configuration decides.
type Flags struct {
	Headless  bool
	Minimized bool
	Demo      bool
	DataDir   string
	Listen    string
	HL7Listen string
	Link      string // vitalien://…, that an EHR had this system open

	// Of the program as the child of its supervisor; people do not set them.
	Supervised bool
	Crashing   bool // has died so often that it is to do without a window
}

// set reads the flags into f.
func (f *Flags) set(version *bool) *flag.FlagSet {
	set := flagSet()
	set.BoolVar(&f.Headless, "headless", f.Headless, "")
	set.BoolVar(&f.Minimized, "minimized", f.Minimized, "")
	set.BoolVar(&f.Demo, "demo", f.Demo, "")
	set.StringVar(&f.DataDir, "data-dir", f.DataDir, "")
	set.StringVar(&f.Listen, "listen", f.Listen, "")
	set.StringVar(&f.HL7Listen, "hl7-listen", f.HL7Listen, "")
	set.BoolVar(&f.Supervised, "supervised", f.Supervised, "")
	set.BoolVar(&f.Crashing, "crashing", f.Crashing, "")
	set.BoolVar(version, "version", false, "")
	return set
}

// Args are the arguments that say f.
func (f Flags) Args() (args []string) {
	var version bool
	f.set(&version).VisitAll(func(one *flag.Flag) {
		if value := one.Value.String(); value != "" && value != "false" {
			args = append(args, "--"+one.Name+"="+value)
		}
	})
	if f.Link != "" {
		args = append(args, f.Link)
	}
	return args
}

// LinkScheme begins the links that the system opens with this program.
const LinkScheme = "vitalien:"

// A Program is what the command line is the face of.
type Program struct {
	Version    string
	Stdin      io.Reader
	Stdout     io.Writer
	Stderr     io.Writer
	DataFolder func() (string, error) // where the data is without --data-dir
	Keyring    station.Keyring        // keeps the key of the data; nil: a file does
	Serve      func(context.Context, Flags) error
	Autostart  Autostart
	Probe      func() int                  // tries whether a window can open (see --probe-display)
	Radio      func(context.Context) error // serves the Bluetooth adapter (see --bluetooth-radio)

	// Alone executes the commands of IsOwn while no program runs on the data
	// folder, which is that of the user where dataDir is empty.
	Alone func(ctx context.Context, dataDir string, words []string, out io.Writer) error
}

// A WrongUse is an error of the command line itself.
type WrongUse struct{ Err error }

func (w WrongUse) Error() string { return w.Err.Error() }

func wrong(format string, args ...any) error { return WrongUse{fmt.Errorf(format, args...)} }

// ProbeDisplay is the hidden flag with which the program starts itself to find
// out whether a window can open, since a missing OpenGL ends the process that
// tries.
const ProbeDisplay = "--probe-display"

// BluetoothRadio is the hidden flag with which the program starts itself as the
// process that drives the Bluetooth adapter.
const BluetoothRadio = "--bluetooth-radio"

// Main does what args ask and gives the exit status. A failure is one line on
// standard error: what, where, what to do.
func (p *Program) Main(ctx context.Context, args []string) int {
	err := p.run(ctx, args)
	switch {
	case err == nil:
		return Done
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(p.Stdout, usage)
		return Done
	}
	if exit, ok := errors.AsType[Exit](err); ok {
		return exit.Status
	}
	fmt.Fprintln(p.Stderr, "vitalien:", oneLine(err))
	if _, ok := errors.AsType[WrongUse](err); ok {
		return Wrong
	}
	return Failed
}

// An Exit ends the program with a status and no word: it was said already.
type Exit struct{ Status int }

func (e Exit) Error() string { return fmt.Sprintf("exit status %d", e.Status) }

// oneLine is err for people, on one line: what it was about, the text of the
// Fault if there is one, and its code and English text for whoever helps.
func oneLine(err error) string {
	text := err.Error()
	if fault, ok := errors.AsType[*fhirmap.Fault](err); ok && fault.French != "" {
		where, found := strings.CutSuffix(text, fault.Error())
		if !found {
			where = ""
		}
		text = fmt.Sprintf("%s%s (%s: %s)", where, fault.French, fault.Code, fault.English)
	}
	return strings.Join(strings.FieldsFunc(text, isBreak), " ")
}

// isBreak is a blank that separates words, which a no-break space is not.
func isBreak(r rune) bool { return r == ' ' || unicode.IsControl(r) }

// CheckStore is the hidden flag with which the program has a child look at the
// structure of a log, FILE and perhaps "thorough" behind it: one that is damaged
// can end the process that looks. The child prints the code of what it finds.
const CheckStore = "--check-store"

// checkStore is what the child does.
func (p *Program) checkStore(file string, thorough bool) error {
	err := station.CheckLog(file, thorough)
	if err != nil {
		fmt.Fprintln(p.Stdout, fhirmap.FaultOf(err).Code)
	}
	return err
}

func (p *Program) run(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == ProbeDisplay {
		if status := p.Probe(); status != Done {
			return Exit{status}
		}
		return nil
	}
	if len(args) == 1 && args[0] == BluetoothRadio {
		return p.Radio(ctx)
	}
	if len(args) > 1 && args[0] == CheckStore {
		return p.checkStore(args[1], len(args) > 2)
	}
	if len(args) == 1 && args[0] == "help" {
		return flag.ErrHelp
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") && !strings.HasPrefix(args[0], LinkScheme) {
		return p.subcommand(ctx, args)
	}
	var f Flags
	var version bool
	set := f.set(&version)
	if err := parse(set, args); err != nil {
		return err
	}
	if set.NArg() == 1 && strings.HasPrefix(set.Arg(0), LinkScheme) {
		f.Link = set.Arg(0)
	} else if set.NArg() > 0 {
		return wrong("unexpected %q; vitalien --help lists the commands", set.Arg(0))
	}
	if version {
		_, err := fmt.Fprintln(p.Stdout, "vitalien", p.Version)
		return err
	}
	return p.Serve(ctx, f)
}

func flagSet() *flag.FlagSet {
	set := flag.NewFlagSet("vitalien", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	return set
}

func parse(set *flag.FlagSet, args []string) error {
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return wrong("%w; vitalien --help lists the flags", err)
	}
	return nil
}
