package blelink

import (
	"context"

	"vitalien/fhirmap"
)

// asker brings the questions of the radio to people.
type asker struct {
	link *Link
	a    *attempt
}

var _ Agent = asker{}

func (k asker) ask(ctx context.Context, q *Question) (answer, error) {
	select {
	case <-k.a.answers: // to an earlier question
	default:
	}
	k.link.step(k.a, StepBonding, q)
	defer k.link.step(k.a, StepBonding, nil)
	select {
	case given := <-k.a.answers:
		if !given.yes {
			return given, pairingCancelled()
		}
		return given, nil
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

func (k asker) Passkey(ctx context.Context) (string, error) {
	given, err := k.ask(ctx, &Question{Kind: QuestionPasskey})
	return given.passkey, err
}

func (k asker) Confirm(ctx context.Context, passkey string) error {
	_, err := k.ask(ctx, &Question{Kind: QuestionConfirm, Passkey: passkey})
	return err
}

func (k asker) Display(passkey string) {
	k.link.step(k.a, StepBonding, &Question{Kind: QuestionDisplay, Passkey: passkey})
}

func pairingCancelled() error {
	return &fhirmap.Fault{
		Code: "pairing_cancelled", English: "pairing was cancelled by a person",
		French: "Le jumelage a été annulé.", Temporary: true,
	}
}
