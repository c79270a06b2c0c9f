package inbox

import (
	"context"
	"fmt"
	"time"

	"portal/attribution"
	"portal/commission"
	"portal/models"
	"portal/sources"
	"portal/store"
)

// settle brings a payment to what all its tellings and reversals together say, and its customer's later payments with
// it: a fact that comes late re-decides what it touches, as further bookings (D14).
func (in *Inbox) settle(ctx context.Context, tx *store.Store, t models.Tenant, id models.PaymentID) error {
	before, err := tx.Payment(ctx, t, id)
	if err != nil {
		return err
	}
	p, refunded, err := in.combined(ctx, tx, before)
	if err != nil {
		return err
	}
	customer, err := in.customerOf(ctx, tx, p)
	if err != nil {
		return err
	}
	var customerID *models.CustomerID
	if customer != nil {
		customerID = &customer.ID
	}
	if err := tx.SavePayment(ctx, p, customerID, refunded, statusOf(p, refunded)); err != nil {
		return fmt.Errorf("keep payment %s: %w", id, err)
	}
	if customer == nil {
		return in.decide(ctx, tx, p, refunded, nil, nil)
	}
	since, key := p.PaidAt, p.Key
	if before.PaidAt.Before(since) && before.Customer != nil {
		since, key = before.PaidAt, before.Key
	}
	return in.redecide(ctx, tx, *customer, since, key)
}

// combined is the payment that the kept tellings make, and how much of it went back.
func (in *Inbox) combined(ctx context.Context, tx *store.Store, row store.PaymentRow) (models.Payment, int64, error) {
	tellings, err := tx.Tellings(ctx, row.Tenant, row.ID)
	if err != nil {
		return models.Payment{}, 0, err
	}
	p := sources.Combine(tellings)
	p.Tenant, p.ID, p.Via = row.Tenant, row.ID, row.Program
	if p.Key == "" {
		p.Key, p.Source = row.Key, row.Source
	}
	if !p.Counted {
		p.Kind, p.PaidAt = models.Sale, firstHint(tellings, row.PaidAt)
	}
	gone, err := tx.Reversals(ctx, row.Tenant, row.ID)
	if err != nil {
		return p, 0, err
	}
	var refunded int64
	for _, r := range gone {
		if p.Counted && r.Amount.Currency == p.Gross.Currency {
			refunded += r.Amount.Minor
		}
	}
	if p.Counted {
		refunded = min(refunded, p.Gross.Minor)
	}
	return p, refunded, nil
}

// firstHint is when money that is not counted yet was first spoken of.
func firstHint(tellings []models.Telling, otherwise time.Time) time.Time {
	first := otherwise
	for i, l := range tellings {
		if i == 0 || l.At.Before(first) {
			first = l.At
		}
	}
	return first
}

func statusOf(p models.Payment, refunded int64) string {
	switch {
	case refunded == 0:
		return "paid"
	case refunded < p.Gross.Minor:
		return "partially_refunded"
	}
	return "refunded"
}

// redecide decides a customer's payments from a moment on, in the order of the money's own time, so that the order in
// which events came makes no difference (D14).
func (in *Inbox) redecide(ctx context.Context, tx *store.Store, customer models.Customer, since time.Time, key string) error {
	t := customer.Tenant
	if err := tx.ForgetLinks(ctx, t, customer.ID, since, key); err != nil {
		return err
	}
	rows, err := tx.PaymentsOfCustomer(ctx, t, customer.ID, since, key)
	if err != nil {
		return fmt.Errorf("list the payments of %s: %w", customer.ID, err)
	}
	first, taughtBy, err := tx.FirstSale(ctx, t, customer.ID)
	if err != nil {
		return err
	}
	for _, row := range rows {
		p, refunded, err := in.combined(ctx, tx, row)
		if err != nil {
			return err
		}
		look, err := in.lookups(ctx, tx, customer, p, taughtBy)
		if err != nil {
			return err
		}
		if err := in.decide(ctx, tx, p, refunded, &look, first); err != nil {
			return err
		}
	}
	return nil
}

// lookedUp is what was found for one payment, and whose it is.
type lookedUp struct {
	attribution.Lookups
	customer models.CustomerID
}

// lookups gathers what the rules may know at the payment's own time.
func (in *Inbox) lookups(ctx context.Context, tx *store.Store, customer models.Customer, p models.Payment, taughtBy string) (lookedUp, error) {
	look := lookedUp{customer: customer.ID}
	own, err := in.linkAt(ctx, tx, customer, p)
	if err != nil {
		return look, err
	}
	if byID := p.Customer.Key != "" || p.Customer.StripeID != "" && (!customer.Taught || taughtBy != p.Key); byID {
		look.ByID = own
	} else {
		look.ByEmail = own
	}
	if own == nil && p.Customer.Email != "" {
		if look.ByEmail, err = in.linkOfNamesake(ctx, tx, customer, p); err != nil {
			return look, err
		}
	}
	return look, in.partnersFor(ctx, tx, p, &look.Lookups)
}

// linkAt is the link of a customer that holds at a payment: the latest made before it.
func (in *Inbox) linkAt(ctx context.Context, tx *store.Store, customer models.Customer, p models.Payment) (*models.Link, error) {
	links, err := tx.LinksOf(ctx, customer.Tenant, customer.ID)
	if err != nil {
		return nil, err
	}
	var holds *models.Link
	for i, l := range links {
		if l.From.Before(p.PaidAt) || l.From.Equal(p.PaidAt) && l.PayKey <= p.Key {
			holds = &links[i]
		}
	}
	return holds, nil
}

// linkOfNamesake is the link of another customer record with the same address.
func (in *Inbox) linkOfNamesake(ctx context.Context, tx *store.Store, customer models.Customer, p models.Payment) (*models.Link, error) {
	same, err := tx.CustomersByEmail(ctx, p.Tenant, p.Customer.Email)
	if err != nil {
		return nil, err
	}
	for _, other := range same {
		if other.ID == customer.ID {
			continue
		}
		if link, err := in.linkAt(ctx, tx, other, p); link != nil || err != nil {
			return link, err
		}
	}
	return nil, nil
}

// partnersFor loads the partners that a payment's clues or its customer's link name.
func (in *Inbox) partnersFor(ctx context.Context, tx *store.Store, p models.Payment, look *attribution.Lookups) error {
	look.Partners, look.Linked = map[string]models.Partner{}, map[models.PartnerID]models.Partner{}
	keys := []string{p.Clues.Partner, p.Clues.ClientReference}
	for _, clue := range p.Clues.Metadata {
		keys = append(keys, clue.Value)
	}
	named, err := tx.PartnersByKey(ctx, p.Tenant, keys)
	if err != nil {
		return err
	}
	for _, partner := range named {
		look.Partners[partner.Key] = partner
	}
	for _, link := range []*models.Link{look.ByID, look.ByEmail} {
		if link == nil {
			continue
		}
		partner, err := tx.Partner(ctx, p.Tenant, link.Partner)
		if err != nil {
			return err
		}
		look.Linked[partner.ID] = partner
	}
	return nil
}

// decide asks the rules about one payment and books what they say.
func (in *Inbox) decide(ctx context.Context, tx *store.Store, p models.Payment, refunded int64, look *lookedUp, first *time.Time) error {
	if look == nil {
		look = &lookedUp{}
		if err := in.partnersFor(ctx, tx, p, &look.Lookups); err != nil {
			return err
		}
	}
	d := attribution.Decide(p, look.Lookups)
	linkedElsewhere := d.By == models.ByEmail && look.ByEmail != nil && look.ByEmail.Customer != look.customer
	if d.Partner != nil && (d.Links || linkedElsewhere) && !look.customer.IsZero() {
		link := models.Link{Customer: look.customer, Partner: d.Partner.ID, From: p.PaidAt, Origin: "event", Payment: &p.ID, PayKey: p.Key}
		if err := tx.AddLink(ctx, p.Tenant, link); err != nil {
			return fmt.Errorf("link customer %s: %w", look.customer, err)
		}
	}
	if !p.Counted {
		if err := tx.SaveDecision(ctx, p.Tenant, p.ID, nil, nil, d.Policy, d.Steps); err != nil {
			return err
		}
		return in.earn(ctx, tx, target{payment: p})
	}
	return in.book(ctx, tx, p, d, refunded, first)
}

// book counts what the payment earns and brings the commissions of the payment to it.
func (in *Inbox) book(ctx context.Context, tx *store.Store, p models.Payment, d models.Decision, refunded int64, first *time.Time) error {
	program, err := tx.Program(ctx, p.Company, p.Via)
	if err != nil {
		return err
	}
	sets, err := tx.RuleSets(ctx, p.Tenant, p.Via)
	if err != nil {
		return err
	}
	earning := commission.Earn(sets, p, d, models.Past{FirstSale: first})
	steps := d.Steps
	var partner *models.PartnerID
	var by *models.AttributedBy
	if d.Partner != nil {
		partner, by = &d.Partner.ID, &d.By
		if !earning.Earns {
			steps = append(steps, earning.Steps...)
		}
	}
	if err := tx.SaveDecision(ctx, p.Tenant, p.ID, partner, by, d.Policy, steps); err != nil {
		return fmt.Errorf("keep the decision on %s: %w", p.ID, err)
	}
	return in.earn(ctx, tx, target{program: program, payment: p, partner: d.Partner, earning: earning, refunded: refunded})
}
