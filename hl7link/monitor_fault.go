package hl7link

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"

	"vitalien/fhirmap"
)

// fault says why there is no connection to the monitor, to people too.
func (c *monitorClient) fault(err error) error {
	code := "monitor_disconnected"
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe), errors.Is(err, errCut):
	case errors.Is(err, errNoise):
		code = "not_hl7"
	case errors.Is(err, ErrFrameTooLong):
		code = "message_too_long"
	case errors.Is(err, errSilent):
		code = "monitor_silent"
	case errors.Is(err, errPanic):
		code = "internal"
	case errors.Is(err, syscall.ECONNREFUSED):
		code = "monitor_refuses"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		code = "monitor_unreachable"
	}
	return monitorFault(code, c.Address, err)
}

func monitorFault(code, address string, cause error) *fhirmap.Fault {
	f := &fhirmap.Fault{Code: code, Temporary: true, Cause: cause}
	who := "Le moniteur " + address
	switch code {
	case "bad_address":
		f.Temporary = false
		f.French = "L’adresse de moniteur «\u00a0" + address + "\u00a0» n’en est pas une. Écrivez-la avec le port, par exemple 192.168.0.100:4601."
		f.English = "bad monitor address " + address
	case "not_hl7":
		f.French = who + " ne parle pas HL7\u00a0: ce n’est pas un moniteur Mindray, ou le port est faux. Vérifiez son adresse."
		f.English = "monitor " + address + " does not speak HL7"
	case "message_too_long":
		f.French = who + " a envoyé un message trop long, qui n’a pas été lu. La connexion est retentée."
		f.English = "monitor " + address + " sent a message that is too long"
	case "monitor_silent":
		f.French = who + " n’envoie rien. Vérifiez qu’il est allumé, relié au réseau, et que son adresse est juste\u00a0; la connexion est retentée."
		f.English = "monitor " + address + " is silent"
	case "internal":
		f.French = "La lecture du moniteur " + address + " a échoué par une erreur interne. Elle est retentée\u00a0; si cela se répète, contactez le support."
		f.English = "internal error while reading monitor " + address
	case "monitor_refuses":
		f.French = who + " refuse la connexion. Vérifiez son adresse, et que son interface «\u00a0Realtime Result\u00a0» est activée."
		f.English = "monitor " + address + " refuses the connection"
	case "monitor_unreachable":
		f.French = who + " ne répond pas. Vérifiez qu’il est allumé, relié au réseau, et que son adresse est juste."
		f.English = "monitor " + address + " is unreachable"
	default:
		f.French = who + " s’est déconnecté. Vérifiez qu’il est allumé et relié au réseau\u00a0; la connexion est retentée."
		f.English = "monitor " + address + " disconnected"
	}
	return f
}
