package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"portal/models"
	"portal/store"
)

const cardAt = "/admin/settings/payments"

// card looks whether there is a card to pay partners with, and whether it ends (F123).
func (d *Doctor) card(ctx context.Context, t models.Tenant, waits store.OnHand) (Finding, error) {
	payer, err := d.Store.Payer(ctx, t)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return Finding{}, err
	}
	month := fmt.Sprintf("%02d/%d", payer.ExpMonth, payer.ExpYear)
	switch {
	case payer.Method == "" && waits.Approved == 0:
		return ok("No approved invoice waits for one."), nil
	case payer.Method == "":
		return warning(strings.TrimSpace(many(waits.Approved, "approved invoice waits", "approved invoices wait")+" to be paid, and no card is saved. "+payer.Lost),
			"Save a card, or pay elsewhere and mark the invoices as paid.").at(cardAt), nil
	case payer.Expired(d.Now()):
		return warning("The card ending "+payer.Last4+" ended with "+month+", so payments by it are declined.", "Replace the card.").at(cardAt), nil
	case payer.Expiring(d.Now()):
		return warning("The card ending "+payer.Last4+" ends with "+month+".", "Replace the card before then.").at(cardAt), nil
	}
	return ok("One is saved."), nil
}

// accounts finds partners with invoices under way to whom no money can go as things stand: who said nowhere to pay them, whom Stripe
// rejected, and who left off in the middle (F100, F123). Whoever gave bank details can be paid outside Stripe.
func (d *Doctor) accounts(ctx context.Context, t models.Tenant) (Finding, error) {
	unpaid, err := d.Store.UnpaidPartners(ctx, t, 200)
	if err != nil {
		return Finding{}, err
	}
	var nowhere, rejected, unfinished []string
	for _, p := range unpaid {
		switch state := p.AccountState; {
		case p.HasBank || state.CanReceive() || state.Checking():
		case p.Account == nil:
			nowhere = append(nowhere, p.Key)
		case state.Rejected() || state.Gone:
			rejected = append(rejected, p.Key)
		case p.ReadAt != nil:
			unfinished = append(unfinished, p.Key)
		}
	}
	switch {
	case len(rejected) > 0:
		return warning("Stripe serves these partners no more, and they gave no bank details: "+some(rejected)+".", "Ask them for bank details, under “How you are paid” on their side; then pay elsewhere and mark the invoices as paid.").at("/admin/partners"), nil
	case len(nowhere) > 0:
		return warning("These partners with invoices under way have no Stripe account and gave no bank details: "+some(nowhere)+".", "Have them connect Stripe or give bank details, under “How you are paid” on their side.").at("/admin/partners"), nil
	case len(unfinished) > 0:
		return warning("These partners have not answered all that Stripe asks: "+some(unfinished)+".", "Have them go on under “How you are paid” on their side; their page here says what is missing.").at("/admin/partners"), nil
	}
	return ok("Every partner with an invoice under way has a Stripe account, or gave bank details."), nil
}
