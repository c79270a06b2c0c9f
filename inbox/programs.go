package inbox

import (
	"context"
	"errors"
	"slices"

	"portal/attribution"
	"portal/models"
	"portal/store"
)

// Several programs of one company may be connected to the same account of a provider's (F34). Then the same money comes by
// the webhook of each, and is one payment all the same, which earns in one of them (D15).

// termsFor are the settings that a new payment begins with: those of the program that hears of it, and where several share
// the account, those of each.
func (in *Inbox) termsFor(ctx context.Context, tx *store.Store, e models.Event) (models.Terms, error) {
	own, err := tx.Program(ctx, e.Company, e.Program)
	if err != nil {
		return models.Terms{}, err
	}
	terms := models.TermsOf(own)
	shared, err := tx.Sharing(ctx, e.Tenant, models.SourceStripe, e.Program)
	if err != nil {
		return terms, err
	}
	for _, id := range shared {
		p, err := tx.Program(ctx, e.Company, id)
		if err != nil {
			return terms, err
		}
		terms.Programs = append(terms.Programs, models.ProgramTerms{Program: id, Policy: attribution.PolicyOf(p), Terms: models.TermsOf(p)})
	}
	return terms, nil
}

// atHome gives a payment the program that it earns in, and that one's settings: the one whose API key told of it; else, of
// those that share the account, the one with the oldest link of the customer to their partner, else the oldest.
func (in *Inbox) atHome(ctx context.Context, tx *store.Store, p *models.Payment) error {
	home := p.Asked
	if home.IsZero() && len(p.Terms.Programs) > 1 {
		var err error
		if home, err = in.homeOf(ctx, tx, *p); err != nil {
			return err
		}
	}
	if home.IsZero() {
		return nil
	}
	p.Via = home
	if i := slices.IndexFunc(p.Terms.Programs, func(t models.ProgramTerms) bool { return t.Program == home }); i >= 0 {
		chosen := p.Terms.Programs[i]
		chosen.Terms.Programs = p.Terms.Programs
		p.Policy, p.Terms = chosen.Policy, chosen.Terms
	}
	return nil
}

// homeOf is, of the programs that share the account, the one with the oldest link of the customer to the partner whom they
// belong to when they pay; without any the oldest program.
func (in *Inbox) homeOf(ctx context.Context, tx *store.Store, p models.Payment) (models.ProgramID, error) {
	shared := p.Terms.Programs
	records, err := in.known(ctx, tx, p.Tenant, p.Customer)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return shared[0].Program, err
	}
	var links []models.Link // made before
	for _, c := range records {
		all, err := tx.LinksOf(ctx, p.Tenant, c.ID)
		if err != nil {
			return shared[0].Program, err
		}
		links = append(links, slices.DeleteFunc(all, func(l models.Link) bool {
			return c.Composite || !l.From.Before(p.PaidAt) && (!l.From.Equal(p.PaidAt) || l.PayKey >= p.Key)
		})...)
	}
	slices.SortStableFunc(links, func(a, b models.Link) int { return since{a.From, a.PayKey}.compare(since{b.From, b.PayKey}) })
	for _, l := range links {
		among := slices.ContainsFunc(shared, func(t models.ProgramTerms) bool { return t.Program == l.Program })
		if l.Partner == links[len(links)-1].Partner && among {
			return l.Program, nil
		}
	}
	return shared[0].Program, nil
}

// moves tells whether a payment that is kept in one program earns in another by what is known of its customer now.
func (in *Inbox) moves(ctx context.Context, tx *store.Store, row store.PaymentRow, p models.Payment) (bool, error) {
	if len(p.Terms.Programs) < 2 {
		return false, nil
	}
	err := in.atHome(ctx, tx, &p)
	return p.Via != row.Program, err
}
