package inbox

import (
	"context"
	"errors"
	"fmt"

	"portal/attribution"
	"portal/commission"
	"portal/models"
	"portal/store"
)

// lookedUp is what was found for one payment, and whose it is.
type lookedUp struct {
	attribution.Lookups
	customer models.CustomerID
	first    store.First
}

// lookups gathers what the rules may know at the payment's own time.
func (in *Inbox) lookups(ctx context.Context, tx *store.Store, customer models.Customer, p models.Payment, first store.First) (lookedUp, error) {
	look := lookedUp{customer: customer.ID, first: first}
	own, err := in.linkAt(ctx, tx, customer, p)
	if err != nil {
		return look, err
	}
	switch {
	case byID(customer, own, p, first):
		look.ByID, own = own, nil
	case before(customer, own, p) && (customer.Email == nil || models.NormalEmail(*customer.Email) != models.NormalEmail(p.Customer.Email)):
		own = nil // nothing but the id that was set later joins the two
	}
	if look.ByID == nil && p.Customer.Email != "" {
		if look.ByEmail, err = in.linkByAddress(ctx, tx, customer, p); err != nil {
			return look, err
		}
		look.ByEmail = earlier(own, look.ByEmail)
	}
	return look, in.partnersFor(ctx, tx, p, &look.Lookups)
}

// byID tells whether a customer's own link is known for a payment by an id: by the API's key, or by the provider's id,
// unless this is the first payment that bears the id and the link was made by the address before (F83), or somebody set
// the id by hand only later (D10).
func byID(c models.Customer, link *models.Link, p models.Payment, first store.First) bool {
	switch {
	case p.Customer.Key != "":
		return true
	case p.Customer.StripeID == "", before(c, link, p):
		return false
	case link != nil && (link.Origin == "person" || link.Origin == models.OriginBackfill):
		return true // made for this very record, whichever of its payments told of it first
	}
	return first.TaughtBy != p.Key || link == nil || !link.Guest && !c.Taught
}

// before tells that a payment was made before somebody gave the customer its provider's id by hand (F86). A backfill
// reaches back all the same: that is what it was made for (D10).
func before(c models.Customer, link *models.Link, p models.Payment) bool {
	return p.Customer.StripeID != "" && c.StripeIDSince != nil && p.PaidAt.Before(*c.StripeIDSince) && (link == nil || link.Origin != models.OriginBackfill)
}

// earlier is the link that was made first, ties broken by key; nil links are none.
func earlier(a, b *models.Link) *models.Link {
	switch {
	case a == nil:
		return b
	case b == nil || a.From.Before(b.From) || a.From.Equal(b.From) && a.PayKey <= b.PayKey:
		return a
	}
	return b
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

// linkByAddress is the first link of the other customer records with the payment's address; composite ones never count (D13).
func (in *Inbox) linkByAddress(ctx context.Context, tx *store.Store, customer models.Customer, p models.Payment) (*models.Link, error) {
	same, err := tx.CustomersByEmail(ctx, customer.Tenant, p.Customer.Email)
	if err != nil {
		return nil, err
	}
	var found *models.Link
	for _, other := range same {
		if other.ID == customer.ID {
			continue
		}
		link, err := in.linkAt(ctx, tx, other, p)
		if err != nil {
			return nil, err
		}
		found = earlier(found, link)
	}
	return found, nil
}

// partnersFor loads the partners that a payment's clues, its customer's link or a person's choice name.
func (in *Inbox) partnersFor(ctx context.Context, tx *store.Store, p models.Payment, look *attribution.Lookups) error {
	look.Partners, look.Linked = map[string]models.Partner{}, map[models.PartnerID]models.Partner{}
	if err := in.besidesFor(ctx, tx, p, look); err != nil {
		return err
	}
	if keys := p.Clues.Named(); len(keys) > 0 {
		named, err := tx.PartnersByKey(ctx, p.Tenant, keys)
		if err != nil {
			return err
		}
		for _, partner := range named {
			look.Partners[partner.Key] = partner
		}
	}
	var ids []models.PartnerID
	for _, link := range []*models.Link{look.ByID, look.ByEmail} {
		if link != nil {
			ids = append(ids, link.Partner)
		}
	}
	if p.Choice != nil {
		ids = append(ids, p.Choice.Partner)
	}
	for _, id := range ids {
		partner, err := tx.Partner(ctx, p.Tenant, id)
		if err != nil {
			return err
		}
		look.Linked[partner.ID] = partner
	}
	return nil
}

// besidesFor loads whom a payment's coupons and click stand for.
func (in *Inbox) besidesFor(ctx context.Context, tx *store.Store, p models.Payment, look *attribution.Lookups) error {
	look.Codes, look.Click = map[string]models.Partner{}, nil
	if len(p.Clues.Coupons) > 0 {
		codes, err := tx.CodesNamed(ctx, p.Tenant, p.Clues.Beside())
		if err != nil {
			return err
		}
		for _, code := range codes {
			if !code.HoldsAt(p.PaidAt) {
				continue
			}
			if look.Codes[models.NormalCode(code.Code)], err = tx.Partner(ctx, p.Tenant, code.Partner); err != nil {
				return err
			}
		}
	}
	if p.Clues.Click == "" {
		return nil
	}
	click, err := tx.Click(ctx, p.Tenant, p.Clues.Click)
	if errors.Is(err, models.ErrNotFound) || err == nil && click.At.After(p.PaidAt) {
		return nil
	} else if err != nil {
		return err
	}
	partner, err := tx.Partner(ctx, p.Tenant, click.Partner)
	look.Click = &partner
	return err
}

// decide asks the rules about one payment and books what they say.
func (in *Inbox) decide(ctx context.Context, tx *store.Store, p *told, look *lookedUp) error {
	if look == nil {
		look = &lookedUp{}
		if err := in.partnersFor(ctx, tx, p.Payment, &look.Lookups); err != nil {
			return err
		}
	}
	d, err := in.judge(ctx, tx, p, &look.Lookups)
	if err != nil {
		return err
	}
	if err := in.link(ctx, tx, *p, d, look); err != nil {
		return err
	}
	if !p.Counted {
		if err := tx.SaveDecision(ctx, p.Payment, store.Decided{Policy: d.Policy, Steps: d.Steps}, in.now()); err != nil {
			return err
		}
		if err := in.moved(ctx, tx, p.Tenant, p.was, nil); err != nil {
			return err
		}
		return in.earn(ctx, tx, target{payment: p.Payment})
	}
	past, err := in.past(ctx, tx, p.Payment, d, look)
	if err != nil {
		return err
	}
	return in.book(ctx, tx, *p, d, past)
}

// link ties the customer to the partner whom the clues found. A payment given by hand ties nobody: then what the clues
// alone would have found counts, so that the customer stays whose they were.
func (in *Inbox) link(ctx context.Context, tx *store.Store, p told, d models.Decision, look *lookedUp) error {
	if d.By == models.ByHand {
		p.Choice = nil
		var err error
		if d, err = in.judge(ctx, tx, &p, &look.Lookups); err != nil {
			return err
		}
	}
	linkedElsewhere := d.By == models.ByEmail && look.ByEmail != nil && look.ByEmail.Customer != look.customer
	if d.Partner == nil || !d.Links && !linkedElsewhere || look.customer.IsZero() {
		return nil
	}
	link := models.Link{Customer: look.customer, Partner: d.Partner.ID, From: p.PaidAt, Origin: "event", Payment: &p.ID, PayKey: p.Key, Program: p.Via}
	if err := tx.AddLink(ctx, p.Tenant, link); err != nil {
		return fmt.Errorf("link customer %s: %w", look.customer, err)
	}
	return nil
}

// book counts what the payment earns and brings the commissions of the payment to it.
func (in *Inbox) book(ctx context.Context, tx *store.Store, p told, d models.Decision, past models.Past) error {
	want := target{payment: p.Payment, partner: d.Partner, back: p.back}
	decided := store.Decided{Policy: d.Policy, Steps: d.Steps}
	var is *place
	if d.Partner != nil {
		var err error
		if want.program, err = tx.Program(ctx, p.Company, p.Via); err != nil {
			return err
		}
		sets, err := in.rules(ctx, tx, p.Tenant, p.Via)
		if err != nil {
			return err
		}
		want.earning = commission.Earn(sets, p.Payment, d, past)
		decided.Partner, decided.By, decided.Earns = &d.Partner.ID, &d.By, want.earning.Earns
		if decided.Earns {
			is = placeOf(p.Via, d.Partner.ID, p.PaidAt, p.Key, p.Base)
		} else {
			decided.Steps = append(decided.Steps, want.earning.Steps...)
		}
	}
	if err := tx.SaveDecision(ctx, p.Payment, decided, in.now()); err != nil {
		return fmt.Errorf("keep the decision on %s: %w", p.ID, err)
	}
	if err := in.moved(ctx, tx, p.Tenant, p.was, is); err != nil {
		return err
	}
	return in.earn(ctx, tx, want)
}
