package integrations

import (
	"context"
	"errors"
	"net/http"

	"portal/models"
	"portal/store"
)

// Disconnect ends a connection: it deletes the endpoint that we made at the provider, or gives back the access by OAuth unless
// another program uses it, and forgets key and secrets. What came by it stays. It tells whether the provider refused, so that
// endpoint or access may be left there. ErrLater, with a sentence, when the provider gives no answer: then nothing has changed.
// What is not connected stays so.
func (in *Integrations) Disconnect(ctx context.Context, c models.Caller, source models.SourceName, who models.Actor) (left bool, err error) {
	defer in.turn(c)()
	i, err := in.Store.Integration(ctx, c.Tenant, c.Program, source)
	if errors.Is(err, models.ErrNotFound) || err == nil && i.Status == "not_connected" {
		return false, nil
	} else if err != nil {
		return false, err
	}
	switch {
	case i.OAuth.Connected:
		left, err = in.giveBack(ctx, i)
	case in.MayAsk(i):
		left, err = in.silence(ctx, i)
	}
	if err != nil {
		return false, err
	}
	err = in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := unmoved(ctx, tx, i); err != nil {
			return err
		}
		was, err := tx.ForgetIntegration(ctx, c.Tenant, c.Program, source, in.Now())
		if err != nil || !was {
			return err
		}
		return tx.Audited(ctx, c.Company, who, "integration.disconnected", c.Program.String(), string(source)+" "+string(c.Mode), in.Now())
	})
	return left, err
}

// silence deletes the endpoint that we made for this address. One of another address may be another Portal's.
func (in *Integrations) silence(ctx context.Context, i store.Integration) (left bool, err error) {
	s := in.reach(i)
	found, err := s.endpoints(ctx)
	for _, e := range found {
		if e.URL != in.Webhook(i.Program, i.Source) || e.Metadata[ourMark] != i.Program.String() {
			continue
		}
		if err = s.drop(ctx, e.ID); err != nil && !gone(err) {
			break
		}
		err = nil
	}
	if err == nil || refused(err) {
		return err != nil, nil
	}
	return false, models.Refuse(models.ErrLater, "Stripe did not answer, so the endpoint there could not be deleted. Nothing was changed; try again in a minute.")
}

// gone tells that what was to be deleted is not there.
func gone(err error) bool {
	var r refusal
	return errors.As(err, &r) && r.Status == http.StatusNotFound
}
