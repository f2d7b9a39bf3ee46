package station

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"vitalien/app/blelink"
	"vitalien/fhirmap"
)

// Models are all that can be paired, by type, the named ones first.
func (s *Station) Models() (list []Model) {
	for _, d := range blelink.Drivers() {
		list = append(list, Model{ID: d.ID, Maker: d.Maker, Name: d.Model, Type: d.Type, Tried: d.Tried})
	}
	return list
}

// theLink is the Bluetooth link, or why there is none.
func (s *Station) theLink() (*blelink.Link, error) {
	b := &s.bluetooth
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.link == nil {
		return nil, &fhirmap.Fault{
			Code: "bluetooth_absent", English: "Bluetooth is not served",
			French: "Le Bluetooth est désactivé dans les réglages de Vitalien. Activez-le dans «\u00a0Réglages\u00a0», «\u00a0Bluetooth\u00a0», puis redémarrez Vitalien.",
		}
	}
	return b.link, nil
}

// StartPairing looks for devices of a type, or of one model of it (empty: of
// any); it ends the pairing that was under way, and a suspension of Bluetooth.
// Errors are Faults: bad_request, bluetooth_absent.
func (s *Station) StartPairing(_ context.Context, t fhirmap.DeviceType, model string) error {
	link, err := s.theLink()
	if err != nil {
		return err
	}
	s.resumeBluetooth()
	return link.Search(t, model)
}

// PairDevice pairs a device that was found. It returns at once; Situation
// tells the rest.
func (s *Station) PairDevice(_ context.Context, address string) error {
	link, err := s.theLink()
	if err != nil {
		return err
	}
	return link.Pair(address)
}

// AnswerPairing answers the question of a passkey, or of confirmation (yes or
// no). Errors are Faults: bad_request for what is no passkey.
func (s *Station) AnswerPairing(_ context.Context, passkey string, yes bool) error {
	link, err := s.theLink()
	if err != nil {
		return err
	}
	passkey = strings.Join(strings.Fields(passkey), "")
	if len(passkey) > 16 { // a PIN (Core Specification, volume 3, part C, 3.2.3.1)
		return badEntry("a passkey has at most 16 characters", "Le code saisi est trop long. Recopiez les chiffres affichés par l’appareil.")
	}
	return link.Answer(passkey, yes)
}

// RetryPairing tries again what failed: the search, or the device chosen.
func (s *Station) RetryPairing(context.Context) error {
	link, err := s.theLink()
	if err != nil {
		return err
	}
	return link.Retry()
}

// FinishPairing names the device and ends pairing. An empty name is the usual
// one of its model.
func (s *Station) FinishPairing(_ context.Context, name, place string) error {
	link, err := s.theLink()
	if err == nil {
		err = checkNames(&name, &place)
	}
	if err != nil {
		return err
	}
	return link.Finish(name, place)
}

// CancelPairing ends pairing. A device that was paired and not finished is
// forgotten again. It is no error when nothing is under way.
func (s *Station) CancelPairing(context.Context) error {
	if link, err := s.theLink(); err == nil {
		link.Cancel()
	}
	return nil
}

// RenameDevice gives a paired device another name and place; an empty name
// leaves the one it has. Errors are Faults: bad_request, not_found, those of
// the store.
func (s *Station) RenameDevice(_ context.Context, id, name, place string) error {
	link, err := s.theLink()
	if err == nil {
		err = checkNames(&name, &place)
	}
	if err != nil {
		return err
	}
	return link.Rename(id, name, place)
}

// UnpairDevice forgets a device and its bond; its measurements stay. Errors
// are Faults: not_found, those of the store and of the adapter.
func (s *Station) UnpairDevice(ctx context.Context, id string) error {
	link, err := s.theLink()
	if err != nil {
		return err
	}
	return link.Unpair(ctx, id)
}

// checkNames trims names that people give, and refuses those that are too long
// or hold control characters.
func checkNames(names ...*string) error {
	for _, name := range names {
		*name = strings.TrimSpace(*name)
		if utf8.RuneCountInString(*name) > maxName || strings.ContainsFunc(*name, unicode.IsControl) || !utf8.ValidString(*name) {
			return badEntry("a name has at most 256 characters, on one line", "Le nom saisi est trop long ou contient des caractères interdits. Raccourcissez-le.")
		}
	}
	return nil
}

// badEntry is bad_request for what a person typed.
func badEntry(english, french string) error {
	return &fhirmap.Fault{Code: "bad_request", English: english, French: french}
}
