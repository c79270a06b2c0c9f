package payouts

import (
	"context"
	"errors"
	"fmt"

	"portal/models"
	"portal/store"
)

// Refund takes a payment back whole: from the partner's Stripe account to the company's card, with a reason. Again says that what it
// paid is payable again; else it is given up. It is on disk before Stripe is asked, and repeated calls move money once (MONEY.md 4.7).
func (p *Payouts) Refund(ctx context.Context, t models.Tenant, id models.InvoiceID, reason string, again bool, who models.Actor) (models.Invoice, error) {
	return p.takeBack(ctx, t, id, models.Return{Kind: models.RefundPayout, Again: again, Reason: reason}, who)
}

// GiveBack gives the company back what it was charged for an invoice and the partner did not get, with a reason. The invoice can be
// paid again.
func (p *Payouts) GiveBack(ctx context.Context, t models.Tenant, id models.InvoiceID, reason string, who models.Actor) (models.Invoice, error) {
	return p.takeBack(ctx, t, id, models.Return{Kind: models.GiveBack, Again: true, Reason: reason}, who)
}

func (p *Payouts) takeBack(ctx context.Context, t models.Tenant, id models.InvoiceID, r models.Return, who models.Actor) (models.Invoice, error) {
	var err error
	if r.Reason, err = reasonIn(r.Reason, "say why, in 500 characters at most"); err != nil {
		return models.Invoice{}, err
	}
	if p.Mode != t.Mode {
		return models.Invoice{}, models.Refuse(models.ErrConflict, fmt.Sprintf("The platform's Stripe is not set up for %s mode.", t.Mode))
	}
	if err := p.freshly(ctx, t, id); err != nil {
		return models.Invoice{}, err
	}
	_, err = p.change(ctx, t, id, func(tx *store.Store, i *models.Invoice) error {
		if err := p.mayPay(ctx, tx, t, who); err != nil {
			return err
		}
		a, err := returnable(ctx, tx, *i, r.Kind)
		if err != nil {
			return err
		}
		if r.Minor = a.Amount - a.Returned; r.Kind == models.GiveBack {
			r.Minor = a.Amount - a.Refunded
		}
		if err := p.addReturn(ctx, tx, a, &r, who); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, jobOf(a), carriedLater()); err != nil {
			return err
		}
		return tx.Audited(ctx, t.Company, who, "invoice."+string(r.Kind), i.ID.String(), models.Money{Minor: r.Minor, Currency: r.Currency}.String()+": "+r.Reason, p.now())
	})
	if err != nil {
		return models.Invoice{}, err
	}
	if err := p.look(context.WithoutCancel(ctx), t, r.Attempt); err != nil {
		p.Log.Warn("a return has no outcome yet", "return", r.ID, "error", err)
	}
	return p.Store.Invoice(ctx, t, id)
}

// freshly looks what became of an invoice's payment by now: a part of it may be back already, and no event have told.
func (p *Payouts) freshly(ctx context.Context, t models.Tenant, id models.InvoiceID) error {
	all, err := p.Store.AttemptsOf(ctx, t, id)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.Kind == "stripe" && (a.Status == models.AttemptSucceeded || a.Status == models.AttemptCharged) {
			if err := p.look(ctx, t, a.ID); err != nil {
				p.Log.Info("how a payment stands is not known", "attempt", a.ID, "error", err)
				return models.Refuse(models.ErrLater, "Stripe could not be asked how this payment stands. Nothing moved. Try again in a minute.")
			}
		}
	}
	return nil
}

func (p *Payouts) addReturn(ctx context.Context, tx *store.Store, a models.Attempt, r *models.Return, who models.Actor) error {
	r.Tenant, r.ID, r.Attempt, r.Status, r.Currency = a.Tenant, models.NewID[models.ReturnID](p.now()), a.ID, models.ReturnLive, a.Currency
	r.StartedBy, r.StartedAt = who.Name, p.now()
	return tx.AddReturn(ctx, *r)
}

// returnable finds the payment that can be taken back, or says why none can.
func returnable(ctx context.Context, tx *store.Store, i models.Invoice, kind models.ReturnKind) (models.Attempt, error) {
	status, want := models.AttemptSucceeded, models.Paid
	if kind == models.GiveBack {
		status, want = models.AttemptCharged, models.Charged
	}
	no := func(sentence string) (models.Attempt, error) {
		return models.Attempt{}, models.Refuse(models.ErrConflict, sentence)
	}
	if i.Status != want {
		return no(fmt.Sprintf("There is nothing to give back: %s %s.", i.Number, stands[i.Status]))
	}
	all, err := tx.AttemptsOf(ctx, i.Tenant, i.ID)
	if err != nil {
		return models.Attempt{}, err
	}
	for _, a := range all {
		if a.Status != status {
			continue
		}
		live, err := liveReturn(ctx, tx, a)
		switch {
		case err != nil:
			return a, err
		case a.Kind != "stripe":
			return no(i.Number + " was paid elsewhere: Stripe has nothing to give back.")
		case live != nil:
			return no("It is being given back already.")
		case a.Disputed != "":
			return no("The card holder disputes this charge: its money goes back that way, or not at all.")
		case a.Delivering:
			return no("The money is on its way to the partner just now. Look again in a minute.")
		}
		return a, nil
	}
	return no("There is nothing to give back.")
}

func liveReturn(ctx context.Context, tx *store.Store, a models.Attempt) (*models.Return, error) {
	list, err := tx.ReturnsOf(ctx, a.Tenant, a.ID)
	for n := range list {
		if list[n].Status == models.ReturnLive {
			return &list[n], err
		}
	}
	return nil, err
}

// carryReturn does at Stripe what a return says, step by step, each once. What it comes to is read afterwards, as if somebody else
// had done it.
func (p *Payouts) carryReturn(ctx context.Context, a models.Attempt, r models.Return) error {
	late := p.now().Sub(r.StartedAt) > keyLife
	both := r.Kind == models.RefundPayout && a.Charge == nil && a.Deliveries == 0 && a.Returned == a.Refunded
	if r.Kind == models.GiveBack {
		if found, err := p.Bank.Sent(ctx, a); err != nil {
			return fmt.Errorf("%w: %w", models.ErrLater, err)
		} else if found != "" {
			return errors.Join(p.delivered(ctx, a, found), p.endReturn(ctx, r, "The partner had got it meanwhile."))
		}
	}
	if r.Reversal == nil && !both && r.Kind != models.GiveBack {
		id, because, err := p.Bank.Reverse(ctx, a, r, late)
		if err != nil || because != "" {
			return errors.Join(laterIf(err), p.endReturn(ctx, r, because))
		}
		r.Reversal = &id
		if err := p.stepped(ctx, r); err != nil {
			return err
		}
	}
	if r.Refund == nil && r.Kind != models.Withdrawn {
		part := r
		part.Minor = a.Amount - a.Refunded
		id, because, err := p.Bank.Refund(ctx, a, part, both, late)
		if err != nil || because != "" {
			return errors.Join(laterIf(err), p.endReturn(ctx, r, because))
		}
		r.Refund = &id
	}
	r.Status = models.ReturnDone
	return p.stepped(ctx, r)
}

func laterIf(err error) error {
	if err != nil {
		return fmt.Errorf("%w: %w", models.ErrLater, err)
	}
	return nil
}

// endReturn keeps why a return ends without being done; without words it stays open.
func (p *Payouts) endReturn(ctx context.Context, r models.Return, because string) error {
	if because == "" {
		return nil
	}
	r.Status, r.Because = models.ReturnFailed, &because
	return p.stepped(ctx, r)
}

// stepped keeps how far a return has come, while it is open.
func (p *Payouts) stepped(ctx context.Context, r models.Return) error {
	return p.inTurn(ctx, r.Tenant, func(tx *store.Store) error {
		was, err := tx.LockReturn(ctx, r.Tenant, r.ID)
		if err != nil || was.Status != models.ReturnLive {
			return err
		}
		if r.Status != models.ReturnLive {
			r.EndedAt = new(p.now())
		}
		if r.Status == models.ReturnFailed {
			a, err := tx.Attempt(ctx, r.Tenant, r.Attempt)
			if err != nil {
				return err
			}
			if err := tx.Audited(ctx, r.Company, models.Actor{Name: r.StartedBy}, "invoice.return_failed", a.Invoice.String(), *r.Because, p.now()); err != nil {
				return err
			}
		}
		return tx.SaveReturn(ctx, r)
	})
}

// SendAgain delivers charged money that is not sent on by itself, or was refused, because somebody asks for it.
func (p *Payouts) SendAgain(ctx context.Context, t models.Tenant, id models.InvoiceID, who models.Actor) (models.Invoice, error) {
	var attempt models.AttemptID
	_, err := p.change(ctx, t, id, func(tx *store.Store, i *models.Invoice) error {
		if err := p.mayPay(ctx, tx, t, who); err != nil {
			return err
		}
		all, err := tx.AttemptsOf(ctx, t, id)
		if err != nil {
			return err
		}
		for _, a := range all {
			if a.Status != models.AttemptCharged {
				continue
			}
			if a.Disputed != "" || a.Refunded > 0 {
				return models.Refuse(models.ErrConflict, "The company's card has its money back, or may get it: there is nothing to send on.")
			}
			attempt, a.Held = a.ID, false
			return errors.Join(tx.EndAttempt(ctx, a), tx.Audited(ctx, t.Company, who, "invoice.send_again", i.ID.String(), i.Total().String(), p.now()))
		}
		return models.Refuse(models.ErrConflict, fmt.Sprintf("Nothing waits to be sent on: %s %s.", i.Number, stands[i.Status]))
	})
	if err != nil {
		return models.Invoice{}, err
	}
	if err := p.look(context.WithoutCancel(ctx), t, attempt); err != nil {
		p.Log.Warn("a delivery has no outcome yet", "attempt", attempt, "error", err)
	}
	return p.Store.Invoice(ctx, t, id)
}
