package payouts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"portal/commission"
	"portal/ledger"
	"portal/models"
	"portal/rates"
	"portal/store"
)

// DrawUp gathers everything payable on or before a day into one invoice per partner and currency, for review, and gives them.
// What a partner owes back is netted; who has nothing above zero, or less than the minimum, waits for the next time. A partner
// who is pending, paused or banned is drawn up like any other: what was earned stays owed. It is a run, so what is cut off is
// gone on with by its job, and nothing is drawn up twice.
func (p *Payouts) DrawUp(ctx context.Context, t models.Tenant, until time.Time, minimum int64, who models.Actor) ([]models.Invoice, error) {
	r, err := p.BeginRun(ctx, t, until, minimum, who)
	if err != nil || r.ID.IsZero() {
		return nil, err
	}
	if err := p.CarryRun(ctx, t, r.ID); err != nil {
		return nil, err
	}
	return p.Store.InvoicesOfRun(ctx, t, r.ID)
}

// BeginRun promises that what is payable on or before a day is drawn up. The zero run tells that nothing is.
func (p *Payouts) BeginRun(ctx context.Context, t models.Tenant, until time.Time, least int64, who models.Actor) (models.Run, error) {
	if err := p.endRipe(ctx, t, earlier(until, p.now())); err != nil {
		return models.Run{}, err
	}
	owed, err := p.Store.OwedUntil(ctx, t, until)
	if err != nil || len(owed) == 0 {
		return models.Run{}, err
	}
	var r models.Run
	err = p.Store.InTx(ctx, func(tx *store.Store) (err error) {
		r, err = p.begin(ctx, tx, models.Run{Tenant: t, Until: until, Least: least, Person: who.Person, By: who.Name})
		return err
	})
	return r, err
}

// begin keeps a run and promises that it is carried.
func (p *Payouts) begin(ctx context.Context, tx *store.Store, r models.Run) (models.Run, error) {
	r.ID, r.Status, r.StartedAt, r.MovedAt = models.NewID[models.RunID](p.now()), models.RunGoing, p.now(), p.now()
	var err error
	if r.Partners, err = tx.CountPartners(ctx, r.Tenant); err != nil {
		return r, err
	}
	if err := tx.AddRun(ctx, r); err != nil {
		return r, fmt.Errorf("begin a run: %w", err)
	}
	job := models.CarryRun{Company: r.Company, Mode: r.Mode, Run: r.ID}
	if err := tx.Enqueue(ctx, job, &river.InsertOpts{MaxAttempts: 100}); err != nil {
		return r, err
	}
	return r, tx.Audited(ctx, r.Company, r.Actor(), "run.begun", r.ID.String(), "up to "+r.Until.Format(time.DateOnly), p.now())
}

// perPiece is how many partners one transaction of a run looks at: webhooks of the company flow in between.
const perPiece = 100

// CarryRun draws up the invoices of a run to its end, as often as it is called and by as many as call it: each piece begins
// where the last one that was kept has come.
func (p *Payouts) CarryRun(ctx context.Context, t models.Tenant, id models.RunID) error {
	for {
		var r models.Run
		err := p.inTurn(ctx, t, func(tx *store.Store) (err error) {
			if r, err = tx.LockRun(ctx, t, id); err != nil || r.Status == models.RunDone {
				return err
			}
			return p.piece(ctx, tx, &r)
		})
		if err != nil || r.Status == models.RunDone {
			return err
		}
	}
}

// piece draws up for the next partners.
func (p *Payouts) piece(ctx context.Context, tx *store.Store, r *models.Run) error {
	partners, err := tx.PartnersAfter(ctx, r.Tenant, r.Last, perPiece)
	if err != nil {
		return fmt.Errorf("list the next partners of %s: %w", r.ID, err)
	}
	if len(partners) > 0 {
		owed, err := p.owed(ctx, tx, r.Tenant, r.Until, partners...)
		if err != nil {
			return err
		}
		var enough []Owed
		for _, o := range owed {
			if o.Enough() && o.Total.Minor >= r.Least {
				enough = append(enough, o)
			}
		}
		if err := p.draw(ctx, tx, r.Tenant, enough, models.Invoice{Until: r.Until, Run: &r.ID}, r.Actor()); err != nil {
			return err
		}
		r.Invoices, r.Below, r.Last = r.Invoices+len(enough), r.Below+len(owed)-len(enough), partners[len(partners)-1]
	}
	r.Looked, r.MovedAt = r.Looked+len(partners), p.now()
	if len(partners) < perPiece {
		r.Status, r.EndedAt = models.RunDone, new(p.now())
		if err := p.tellReady(ctx, tx, *r); err != nil {
			return err
		}
	}
	return tx.SaveRun(ctx, *r)
}

// draw keeps and books one invoice for each of those who are owed something, like the one given.
func (p *Payouts) draw(ctx context.Context, tx *store.Store, t models.Tenant, owed []Owed, like models.Invoice, who models.Actor) error {
	if len(owed) == 0 {
		return nil
	}
	now := p.now()
	first, err := tx.TakeInvoiceNumbers(ctx, t, now.Year(), len(owed))
	if err != nil {
		return err
	}
	var list []models.Invoice
	var partners []models.PartnerID
	var objects, notes []string
	var drawn []models.Transfer
	for n, o := range owed {
		i := like
		i.Tenant, i.ID, i.Number, i.Status, i.DrawnAt = t, models.NewID[models.InvoiceID](now), number(t.Mode, now.Year(), first+n), models.InReview, now
		i.Partner, i.Currency, i.TotalMinor = o.Partner, o.Total.Currency, o.Total.Minor
		list, partners, drawn = append(list, i), append(partners, i.Partner), append(drawn, ledger.Drawn(i)...)
		objects, notes = append(objects, i.ID.String()), append(notes, i.Number+" over "+i.Total().String())
	}
	// A day ahead was a person's choice: what the invoices gather is due now.
	for more := true; more; {
		if more, err = p.endHolds(ctx, tx, t, partners, like.Until); err != nil {
			return err
		}
	}
	if err := tx.AddInvoices(ctx, t, list, like.Until); err != nil {
		return err
	}
	if err := tx.Book(ctx, t, ledger.Stamp(t, drawn)); err != nil {
		return err
	}
	return tx.AuditedAll(ctx, t.Company, who, "invoice.drawn", objects, notes, now)
}

// Owed is what one partner would get in one currency, and how much it must be at least.
type Owed struct {
	Partner models.PartnerID
	Total   models.Money
	Least   models.Money // zero for none
}

// Enough tells whether it is drawn up.
func (o Owed) Enough() bool { return o.Total.Minor >= o.Least.Minor }

// Owed lists what a draw up to a day would find, by partner and currency.
func (p *Payouts) Owed(ctx context.Context, t models.Tenant, until time.Time) ([]Owed, error) {
	return p.owed(ctx, p.Store, t, until)
}

// owed sums what no invoice gathers, with the minimum: the partner's own in the partner's currency, else the company's turned
// into the invoice's at the newest rate. Without a rate there is none.
func (p *Payouts) owed(ctx context.Context, tx *store.Store, t models.Tenant, until time.Time, partners ...models.PartnerID) ([]Owed, error) {
	sums, err := tx.OwedUntil(ctx, t, until, partners...)
	if err != nil || len(sums) == 0 {
		return nil, err
	}
	settings, err := tx.PayoutSettings(ctx, t)
	if err != nil {
		return nil, err
	}
	company, err := tx.Company(ctx, t.Company)
	if err != nil {
		return nil, err
	}
	var who []models.PartnerID
	for _, s := range sums {
		who = append(who, s.Partner)
	}
	own, err := tx.PartnerMinimums(ctx, t, who)
	if err != nil {
		return nil, err
	}
	turned := map[models.Currency]models.Money{}
	var list []Owed
	for _, s := range sums {
		least, known := turned[s.Currency]
		if !known {
			if least, _, err = p.turn(ctx, tx, t.Company, models.Money{Minor: settings.Minimum, Currency: company.Currency}, s.Currency); err != nil {
				return nil, err
			}
			turned[s.Currency] = least
		}
		if minor, has := own[s.Partner]; has {
			least = models.Money{Minor: minor, Currency: s.Currency}
		}
		list = append(list, Owed{Partner: s.Partner, Total: models.Money{Minor: s.Total, Currency: s.Currency}, Least: least})
	}
	return list, nil
}

// turn is an amount in another currency at the newest rate; false without one, and the amount is then nothing.
func (p *Payouts) turn(ctx context.Context, tx *store.Store, company models.CompanyID, m models.Money, to models.Currency) (models.Money, bool, error) {
	known := rates.Rates{Store: tx, Now: p.Now}
	return turned(m, to, func() (models.Rate, error) {
		return known.At(ctx, tx, company, m.Currency, to, p.now().AddDate(0, 0, 1))
	})
}

func turned(m models.Money, to models.Currency, at func() (models.Rate, error)) (models.Money, bool, error) {
	if m.Currency == to || m.Minor == 0 {
		return models.Money{Minor: m.Minor, Currency: to}, true, nil
	}
	rate, err := at()
	if errors.Is(err, models.ErrLater) {
		return models.Money{Currency: to}, false, nil
	} else if err != nil {
		return models.Money{}, false, err
	}
	is, err := commission.Convert(m, rate)
	return is, err == nil, err
}
