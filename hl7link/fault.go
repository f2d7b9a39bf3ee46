package hl7link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"vitalien/fhirmap"
)

// What can end a connection beside the peer.
var (
	errCut       = errors.New("stream ended within a message")
	errUnended   = errors.New("message not ended in time")
	errIdle      = errors.New("idle for too long")
	errHandshake = errors.New("TLS handshake")
	errNoise     = errors.New("no HL7 message in what was sent")
	errBusy      = errors.New("too many large messages at once, send it again")
	errDisplaced = errors.New("closed in favour of another peer, this one has the most connections")
)

// connectionFault says why the connection of peer ended, to people too. Trying
// again helps against all but what is wrongly set.
func (c *connection) connectionFault(err error) error {
	f := &fhirmap.Fault{English: "connection of " + c.peer, Temporary: true, Cause: err}
	who := "Le moniteur " + c.peer
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrFrameTooLong):
		f.Code, f.Temporary = "message_too_long", false
		f.French = who + " a envoyé un message trop long, qui n’a pas été enregistré. " +
			"Vérifiez qu’il envoie bien du HL7 v2 avec le cadre MLLP."
	case errors.Is(err, errNoise):
		f.Code, f.Temporary = "not_hl7", false
		f.French = who + " n’envoie pas de messages HL7\u00a0: rien n’a été enregistré. " +
			"Vérifiez qu’il est réglé sur HL7 v2 avec le cadre MLLP."
	case errors.Is(err, errBusy):
		f.Code = "too_busy"
		f.French = who + " a envoyé un très long message alors que d’autres sont en cours\u00a0: il n’a pas été enregistré. " +
			"Faites-lui renvoyer la mesure."
	case errors.Is(err, errDisplaced):
		f.Code = "too_many_monitors"
		f.French = who + " occupe trop de connexions\u00a0: l’une d’elles a été fermée pour laisser la place à un autre moniteur. " +
			"Fermez les connexions inutiles."
	case errors.Is(err, errCut), errors.Is(err, errUnended):
		f.Code = "message_incomplete"
		f.French = who + " n’a pas terminé un message, qui n’a pas été enregistré. " +
			"Vérifiez la liaison réseau, puis faites-lui renvoyer la mesure."
	case errors.Is(err, errIdle):
		f.Code = "monitor_silent"
		f.French = who + " n’envoie plus rien depuis " + french(c.IdleTimeout) + "\u00a0: la connexion a été fermée. " +
			"S’il est encore utilisé, vérifiez qu’il est allumé et relié au réseau."
	case errors.Is(err, errHandshake):
		f.Code, f.Temporary = "monitor_tls", false
		f.French = who + " n’a pas pu établir la liaison chiffrée (TLS). Vérifiez son certificat et ses réglages de chiffrement."
	default:
		f.Code = "monitor_disconnected"
		f.French = who + " s’est déconnecté brutalement. Vérifiez qu’il est allumé et relié au réseau\u00a0; il se reconnectera de lui-même."
	}
	return f
}

// handshake ends the negotiation of an encrypted connection, if it is one,
// before the first message.
func (c *connection) handshake(ctx context.Context) error {
	secure, ok := c.Conn.(*tls.Conn)
	if !ok {
		return nil
	}
	if err := c.SetDeadline(time.Now().Add(c.FrameTimeout)); err != nil {
		return err
	}
	if err := secure.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("%w: %w", errHandshake, err)
	}
	return c.SetDeadline(time.Time{})
}

// cutFault is told when what followed a message without frame had to be thrown
// away: the sender had paused within the message.
func (c *connection) cutFault() error {
	return &fhirmap.Fault{
		Code: "message_cut",
		French: "Le moniteur " + c.peer + " a marqué une pause au milieu d’un message sans cadre MLLP\u00a0: la suite a été perdue. " +
			"Activez le cadre MLLP dans ses réglages, puis refaites la mesure.",
		English: "the rest of a message without frame from " + c.peer + " was thrown away",
	}
}

func refusedFault(peer, code string) *fhirmap.Fault {
	f := &fhirmap.Fault{Code: code}
	switch code {
	case "monitor_refused":
		f.French = "Le moniteur " + peer + " a été refusé\u00a0: son adresse n’est pas autorisée. " +
			"Si ce moniteur est le vôtre, ajoutez son adresse dans les réglages."
		f.English = "peer " + peer + " is not allowed"
	default:
		f.Temporary = true
		f.French = "Le moniteur " + peer + " a été refusé\u00a0: trop de moniteurs sont déjà connectés. " +
			"Fermez les connexions inutiles, puis réessayez."
		f.English = "too many connections for " + peer
	}
	return f
}

func acceptFault(err error) *fhirmap.Fault {
	return &fhirmap.Fault{
		Code:      "accept_failed",
		French:    "Un moniteur n’a pas pu se connecter\u00a0: le système manque de ressources. Fermez d’autres logiciels\u00a0; la connexion sera retentée.",
		English:   "cannot accept a connection",
		Temporary: true, Cause: err,
	}
}

// french is a duration in words.
func french(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if d >= unit.of && d%unit.of == 0 {
			return fmt.Sprintf("%d\u00a0%s", d/unit.of, unit.name)
		}
	}
	return d.String()
}
