package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"portal/commission"
	"portal/ledger"
	"portal/models"
	"portal/store"
)

// target is what a payment should have earned by now.
type target struct {
	program models.Program
	payment models.Payment
	partner *models.Partner
	earning models.Earning
	back    commission.Back
	why     string // what made it be counted again; empty for news of its own
}

// earn brings the payment's commissions to the target: the difference is booked, nothing is edited.
func (in *Inbox) earn(ctx context.Context, tx *store.Store, want target) error {
	have, err := tx.EarnedFrom(ctx, want.payment.Tenant, want.payment.ID)
	if err != nil {
		return err
	}
	var current *models.Commission
	for _, c := range have {
		if want.partner != nil && want.earning.Earns && c.Partner == want.partner.ID {
			current = &c
		} else if err := in.takeBack(ctx, tx, c, "the payment is not this partner's by what is known now"); err != nil {
			return err
		}
	}
	if want.partner == nil || !want.earning.Earns {
		return nil
	}
	if current == nil {
		return in.adjust(ctx, tx, *in.newCommission(want), nil, want)
	}
	entries, err := tx.Entries(ctx, current.Tenant, current.ID)
	if err != nil {
		return err
	}
	return in.adjust(ctx, tx, *current, entries, want)
}

// newCommission freezes the terms at the moment of sale: partner, currency, hold and refunds (P31). The version of the rules
// is the one at paid_at, which stays what it is.
func (in *Inbox) newCommission(want target) *models.Commission {
	p := want.payment
	c := models.Commission{Tenant: p.Tenant, ID: models.NewID[models.CommissionID](in.Now()), Payment: p.ID, PaymentKey: p.Key, Partner: want.partner.ID,
		Program: p.Via, HoldDays: want.program.HoldDays, Refunds: want.program.Refunds, Status: models.Held}
	c.Share, c.First = models.Money{Currency: p.Base.Currency}, models.Money{Currency: p.Base.Currency}
	c.Earned, c.Amount = models.Money{Currency: want.partner.Currency}, models.Money{Currency: want.partner.Currency}
	return &c
}

// adjust books what separates a commission from its target: first a change of what was earned, then of what went back.
func (in *Inbox) adjust(ctx context.Context, tx *store.Store, c models.Commission, entries []models.Entry, want target) error {
	first := want.earning.Share
	share := first
	if c.Refunds == "automatic" {
		share = commission.Remaining(first, want.payment.Gross, want.back.Total)
	}
	if err := in.payable(ctx, tx, &c, want, entries); err != nil {
		return err
	}
	if err := in.dispute(ctx, tx, &c, want.back.Held, entries); err != nil {
		return err
	}
	c.First, c.Share, c.Steps, c.Version = first, share, want.earning.Steps, want.earning.Version
	if c.Disputed {
		c.Steps = append(c.Steps, models.Step{Rule: "dispute", Verdict: models.Refused, Because: "the customer's bank disputes this payment: held until that is decided"})
	}
	parts, err := in.turn(ctx, tx, &c, want, len(entries) == 0)
	if err != nil {
		return err
	}
	return in.write(ctx, tx, c, len(entries), parts)
}

// turn brings the amounts in the partner's currency to the shares and gives the entries of the difference.
func (in *Inbox) turn(ctx context.Context, tx *store.Store, c *models.Commission, want target, isNew bool) ([]models.Entry, error) {
	earned, amount, err := in.converted(ctx, tx, c, want.payment)
	if err != nil {
		return nil, err
	}
	kind, because := "earned", "earned from "+want.payment.Key
	if !isNew {
		kind, because = "correction", cmp.Or(want.why, "more is known of "+want.payment.Key)
	}
	backBefore, backNow := c.Earned.Minor-c.Amount.Minor, earned.Minor-amount.Minor
	parts := []models.Entry{
		{Kind: kind, Because: because, Amount: models.Money{Minor: earned.Minor - c.Earned.Minor, Currency: c.Amount.Currency}},
		{Kind: "refund", Because: want.whyBack(), Amount: models.Money{Minor: backBefore - backNow, Currency: c.Amount.Currency}}}
	c.Earned, c.Amount = earned, amount
	return parts, nil
}

// converted are the shares of a commission in the partner's currency, with the rate that is frozen or can be had now
// (D11). Without a rate they are nothing: the commission waits, and says so.
func (in *Inbox) converted(ctx context.Context, tx *store.Store, c *models.Commission, p models.Payment) (earned, amount models.Money, err error) {
	if c.First.Currency == c.Amount.Currency {
		c.Rate = nil // one that is there is of the currency that the sale was thought to be in
		return c.First, c.Share, nil
	}
	nothing := models.Money{Currency: c.Amount.Currency}
	if err := in.freeze(ctx, tx, c, p); errors.Is(err, models.ErrLater) {
		c.Rate = nil
		c.Steps = append(c.Steps, models.Step{Rule: "rate", Verdict: models.Skipped, Because: sentence(err)})
		return nothing, nothing, nil
	} else if err != nil {
		return nothing, nothing, err
	}
	if earned, err = commission.Convert(c.First, *c.Rate); err == nil {
		amount, err = commission.Convert(c.Share, *c.Rate)
	}
	if err != nil {
		return nothing, nothing, fmt.Errorf("turn commission %s: %w", c.ID, err)
	}
	c.Steps = append(c.Steps, models.Step{Rule: "rate", Verdict: models.Computed, Because: fmt.Sprintf("1 %s is %s %s (%s, %s): %s",
		c.Rate.From.Code(), c.Rate.Value, c.Rate.To.Code(), c.Rate.Source, c.Rate.Date.Format(time.DateOnly), earned)})
	return earned, amount, nil
}

// freeze finds the rate of a sale and keeps it on the commission for good. A sale whose currency or day is known better now
// needs another one.
func (in *Inbox) freeze(ctx context.Context, tx *store.Store, c *models.Commission, p models.Payment) error {
	if c.Rate.For(c.First.Currency, p.PaidAt) {
		return nil
	}
	rate, err := in.rate(ctx, tx, c.Company, c.First.Currency, c.Amount.Currency, p.PaidAt)
	if err != nil {
		return err
	}
	c.Rate = &rate
	return nil
}

// rate finds what turns a sale's currency into another one; ErrLater, with a sentence, when it cannot be had.
func (in *Inbox) rate(ctx context.Context, tx *store.Store, company models.CompanyID, from, to models.Currency, paidAt time.Time) (models.Rate, error) {
	if in.Rates == nil {
		return models.Rate{}, models.Refuse(models.ErrLater, fmt.Sprintf("the sale is in %s and not in %s: waits for a rate", from.Code(), to.Code()))
	}
	return in.Rates.At(ctx, tx, company, from, to, paidAt)
}

// whyBack says what took money back of the payment.
func (w target) whyBack() string {
	money := func(minor int64) models.Money { return models.Money{Minor: minor, Currency: w.payment.Gross.Currency} }
	switch {
	case w.back.Lost == 0:
		return fmt.Sprintf("%s refunded of %s", money(w.back.Refunded), w.payment.Key)
	case w.back.Refunded == 0:
		return fmt.Sprintf("%s of %s lost in a dispute", money(w.back.Lost), w.payment.Key)
	}
	return fmt.Sprintf("%s refunded of %s and %s lost in a dispute", money(w.back.Refunded), w.payment.Key, money(w.back.Lost))
}

// payable sets the day on which the hold ends. It follows the payment's own time, which a telling that comes later may know
// better, until an invoice gathers the commission; what is due already stays due.
func (in *Inbox) payable(ctx context.Context, tx *store.Store, c *models.Commission, want target, entries []models.Entry) error {
	day := commission.PayableOn(want.payment.PaidAt, c.HoldDays)
	if c.Matured && len(entries) > 0 && day.After(in.Now()) || slices.ContainsFunc(entries, func(e models.Entry) bool { return e.Invoice != nil }) {
		return nil
	}
	c.PayableOn = day
	if len(entries) == 0 {
		c.Matured = !c.PayableOn.After(in.Now()) && !want.back.Held
		return nil
	}
	return tx.MoveEntries(ctx, *c)
}

// takeBack brings a commission to nothing by bookings: it stays to be seen, with its reason (P48).
func (in *Inbox) takeBack(ctx context.Context, tx *store.Store, c models.Commission, because string) error {
	if c.Amount.Minor == 0 && c.Share.Minor == 0 && c.Earned.Minor == 0 && c.First.Minor == 0 {
		return nil
	}
	entries, err := tx.Entries(ctx, c.Tenant, c.ID)
	if err != nil {
		return err
	}
	parts := []models.Entry{
		{Kind: "correction", Because: because, Amount: models.Money{Minor: -c.Earned.Minor, Currency: c.Amount.Currency}},
		{Kind: "refund", Because: because, Amount: models.Money{Minor: c.Earned.Minor - c.Amount.Minor, Currency: c.Amount.Currency}},
	}
	c.Share.Minor, c.First.Minor, c.Earned.Minor, c.Amount.Minor = 0, 0, 0, 0
	return in.write(ctx, tx, c, len(entries), parts)
}

// write keeps a commission with its new entries and books them.
func (in *Inbox) write(ctx context.Context, tx *store.Store, c models.Commission, seq int, parts []models.Entry) error {
	now := in.now()
	c.Status = statusAfter(c)
	c.Steps = commission.WithPayable(c)
	if err := tx.KeepCommission(ctx, c, now); err != nil {
		return fmt.Errorf("keep commission %s: %w", c.ID, err)
	}
	for _, e := range parts {
		if e.Amount.Minor == 0 {
			continue
		}
		seq++
		e.Commission, e.Seq, e.At = c.ID, seq, now
		if err := in.onInvoice(ctx, tx, c, &e); err != nil {
			return err
		}
		if err := tx.AddEntry(ctx, c, e); err != nil {
			return fmt.Errorf("keep entry %d of %s: %w", e.Seq, c.ID, err)
		}
		noteEntry(ctx, c, e)
		if err := tx.Book(ctx, c.Tenant, ledger.Stamp(c.Tenant, ledger.Entry(c, e))); err != nil {
			return err
		}
	}
	return nil
}

// statusAfter is where a commission stands after its amount changed.
func statusAfter(c models.Commission) models.CommissionStatus {
	switch {
	case c.Amount.Currency != c.First.Currency && c.Rate == nil && c.First.Minor > 0:
		return models.Waiting
	case c.Amount.Minor == 0:
		return models.CommissionReversed
	case c.Status == models.CommissionInvoiced || c.Status == models.CommissionPaid:
		return c.Status
	case c.Matured:
		return models.Due
	}
	return models.Held
}

// onInvoice puts what is taken back on the invoice that gathers the commission, while nothing was paid of it: the
// total shrinks and an approval is void. An invoice with nothing left is void, and the entry is booked as if it had
// never been drawn up. Once a payment is under way the invoice stays, and the next one nets the difference (P2, P3, P21).
func (in *Inbox) onInvoice(ctx context.Context, tx *store.Store, c models.Commission, e *models.Entry) error {
	if e.Amount.Minor > 0 {
		return nil
	}
	i, err := tx.OpenInvoiceOf(ctx, c.Tenant, c.ID)
	if errors.Is(err, models.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	before := i.Total()
	why := fmt.Sprintf("%s of %s was taken back: %s", models.Money{Minor: -e.Amount.Minor, Currency: e.Amount.Currency}, i.Number, e.Because)
	i.Unapprove()
	i.Because = &why
	if left := i.TotalMinor + e.Amount.Minor; left > 0 {
		i.TotalMinor, i.Status, e.Invoice = left, models.InReview, &i.ID
	} else {
		if err := tx.Book(ctx, c.Tenant, ledger.Stamp(c.Tenant, ledger.Voided(i, i.Total(), e.At))); err != nil {
			return err
		}
		if err := tx.Release(ctx, i); err != nil {
			return err
		}
		i.TotalMinor, i.Status = 0, models.Void
	}
	if err := tx.SaveInvoice(ctx, i); err != nil {
		return fmt.Errorf("shrink invoice %s: %w", i.ID, err)
	}
	noteInvoice(ctx, i, before)
	return tx.Audited(ctx, c.Company, models.Actor{Name: "Portal"}, "invoice.shrunk", i.ID.String(), why, e.At)
}
