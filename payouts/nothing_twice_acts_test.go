package payouts_test

import (
	"time"

	"github.com/stripe/stripe-go/v76"

	"portal/models"
	"portal/payouts"
	"portal/sandbox"
)

// act is something that a person, Stripe or time does.
type act struct {
	name string
	do   func(p *play) error
}

var acts = []act{
	{"pay one", (*play).payOne}, {"pay one", (*play).payOne}, {"pay all", (*play).payAll}, {"pay all", (*play).payAll}, {"jobs", (*play).jobs}, {"jobs", (*play).jobs},
	{"carry all", func(p *play) error { p.later(10 * time.Minute); return p.CarryAll(p.ctx) }},
	{"a day and an hour", func(p *play) error { p.later(25 * time.Hour); return p.CarryAll(p.ctx) }},
	{"mark as paid", func(p *play) error {
		return p.some(models.Approved, func(i models.Invoice) error {
			_, err := p.MarkPaid(p.ctx, p.t, i.ID, "wire", p.now(), p.who)
			return err
		})
	}},
	{"refund", func(p *play) error {
		return p.some(models.Paid, func(i models.Invoice) error {
			_, err := p.Refund(p.ctx, p.t, i.ID, "paid by mistake", p.chance.IntN(2) == 0, p.who)
			return err
		})
	}},
	{"give back", func(p *play) error {
		return p.some(models.Charged, func(i models.Invoice) error {
			_, err := p.GiveBack(p.ctx, p.t, i.ID, "not delivered", p.who)
			return err
		})
	}},
	{"send again", func(p *play) error {
		return p.some(models.Charged, func(i models.Invoice) error {
			_, err := p.SendAgain(p.ctx, p.t, i.ID, p.who)
			return err
		})
	}},
	{"confirm", func(p *play) error {
		for _, a := range p.open() {
			if a.Status == models.AttemptAsks {
				p.confirm(a)
				break
			}
		}
		return nil
	}},
	{"give up", func(p *play) error {
		return p.some(models.NeedsConfirmation, func(i models.Invoice) error { return p.GiveUp(p.ctx, p.t, i.ID, p.who) })
	}},
	{"another card", func(p *play) error {
		_, err := p.SaveCard(p.ctx, p.t, []string{"pm_card_visa", "pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_authenticationRequired", "pm_card_createDispute"}[p.chance.IntN(5)])
		return err
	}},
	{"an account is restricted", func(p *play) error {
		return p.stripe.RestrictAccount(*p.partners[p.chance.IntN(len(p.partners))].StripeAccount)
	}},
	{"an account is well", func(p *play) error { p.allow(p.partners[p.chance.IntN(len(p.partners))]); return nil }},
	{"Stripe tells", func(p *play) error { p.hear(1 + p.chance.IntN(6)); return nil }},
	{"Stripe tells", func(p *play) error { p.hear(1 + p.chance.IntN(6)); return nil }},
	{"Stripe tells twice", func(p *play) error {
		if len(p.had) == 0 {
			return nil
		}
		return p.tell(p.had[p.chance.IntN(len(p.had))])
	}},
	{"somebody reverses in the dashboard", (*play).reverses},
	{"somebody refunds in the dashboard", (*play).refunds},
	{"the card holder disputes", func(p *play) error {
		return p.went(func(a models.Attempt) error {
			id, err := p.stripe.Dispute("acct_platform", sandbox.Dispute{Of: *a.ChargedBy})
			if err == nil {
				p.disputes = append(p.disputes, id)
			}
			return err
		})
	}},
	{"a dispute is decided", func(p *play) error {
		if len(p.disputes) == 0 {
			return nil
		}
		return p.stripe.MoveDispute("acct_platform", p.disputes[p.chance.IntN(len(p.disputes))], []string{"won", "lost"}[p.chance.IntN(2)], p.now())
	}},
	{"more is due", func(p *play) error {
		if err := p.owe(p.partners[p.chance.IntN(len(p.partners))]); err != nil {
			return err
		}
		return p.draw()
	}},
}

// some does something with an invoice of a state.
func (p *play) some(status models.InvoiceStatus, do func(models.Invoice) error) error {
	var list []models.Invoice
	for _, i := range p.invoices() {
		if i.Status == status {
			list = append(list, i)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return do(list[p.chance.IntN(len(list))])
}

// went does something with a payment that Stripe carried out.
func (p *play) went(do func(models.Attempt) error) error {
	var list []models.Attempt
	for _, a := range p.attempts() {
		if a.ChargedBy != nil {
			list = append(list, a)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return do(list[p.chance.IntN(len(list))])
}

func (p *play) payOne() error {
	status := models.Approved
	if p.chance.IntN(3) == 0 {
		status = models.Failed
	}
	return p.some(status, func(i models.Invoice) error {
		_, err := p.Pay(p.ctx, p.t, i.ID, p.who)
		return err
	})
}

func (p *play) payAll() error {
	var list []payouts.Seen
	for _, i := range p.invoices() {
		if i.Status == models.Approved || i.Status == models.Failed {
			list = append(list, payouts.Seen{Invoice: i.ID, Minor: i.TotalMinor})
		}
	}
	card, err := p.proof.Card(p.ctx, p.t)
	if err != nil || len(list) == 0 {
		return err
	}
	r, err := p.PayMany(p.ctx, p.t, list, card.Method, p.who)
	if err != nil {
		return err
	}
	return p.CarryPayRun(p.ctx, p.t, r.ID)
}

// confirm is a card holder who comes, and says yes more often than no.
func (p *play) confirm(a models.Attempt) {
	page, err := p.Confirm(p.ctx, p.t, a.Invoice, "https://portal.example/back", p.who)
	p.note("confirm", err)
	if page == "" || a.Intent == nil {
		return
	}
	if err := p.stripe.Authenticate("acct_platform", *a.Intent, p.chance.IntN(4) > 0); err != nil {
		p.note("the card holder's bank", err)
	}
	if p.chance.IntN(2) == 0 { // comes back; else an event tells
		p.note("is back", p.Carry(p.ctx, p.t, a.ID))
	}
}

func (p *play) reverses() error {
	return p.went(func(a models.Attempt) error {
		if a.Transfer == nil {
			return nil
		}
		amount, err := p.share(a)
		if err != nil || amount == 0 {
			return err
		}
		_, err = p.desk.TransferReversals.New(&stripe.TransferReversalParams{ID: a.Transfer, Amount: stripe.Int64(amount)})
		return err
	})
}

func (p *play) refunds() error {
	return p.went(func(a models.Attempt) error {
		if a.Charge != nil || a.Transfer == nil {
			return nil
		}
		amount, err := p.share(a)
		if err != nil || amount == 0 {
			return err
		}
		_, err = p.desk.Refunds.New(&stripe.RefundParams{Charge: a.ChargedBy, Amount: stripe.Int64(amount), ReverseTransfer: stripe.Bool(true)})
		return err
	})
}

// share is a part of what the partner has of a payment, or all of it: what the platform keeps as its fee stays.
func (p *play) share(a models.Attempt) (int64, error) {
	t, err := p.desk.Transfers.Get(*a.Transfer, nil)
	if err != nil || string(t.Currency) != string(a.Currency) || t.AmountReversed >= a.Amount {
		return 0, err
	}
	left := a.Amount - t.AmountReversed
	if p.chance.IntN(3) == 0 {
		return left, nil
	}
	return 1 + int64(p.chance.IntN(int(left))), nil
}
