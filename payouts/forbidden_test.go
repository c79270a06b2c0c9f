package payouts_test

import (
	"context"
	"errors"
	"testing"

	"portal/models"
	"portal/payouts"
	"portal/store/storetest"
)

// B17, F106-F108: who may not pay can neither pay one or many, nor mark, undo, take back, give back, send on, confirm or give up, nor make or
// end a bank file; and nothing of another company is found by any of it.
func TestWhoMayNotPayMovesNothing(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	clerk, stranger := h.person(models.Finance), storetest.Company(t, h.Store).Tenant
	h.scheduled(func(s *models.PayoutSettings) { s.PayRoles = []models.Role{models.Owner} })
	deeds := func(i models.Invoice) map[string]func(models.Tenant) error {
		only := func(_ any, err error) error { return err }
		card, err := h.Card(ctx, h.caller.Tenant)
		if err != nil {
			t.Fatal(err)
		}
		return map[string]func(models.Tenant) error{
			"pay":       func(t models.Tenant) error { return only(h.Pay(ctx, t, i.ID, clerk)) },
			"mark paid": func(t models.Tenant) error { return only(h.MarkPaid(ctx, t, i.ID, "wire 7", h.at, clerk)) },
			"pay many": func(t models.Tenant) error {
				return only(h.PayMany(ctx, t, []payouts.Seen{{Invoice: i.ID, Minor: i.TotalMinor}}, card.Method, clerk))
			},
			"bank file": func(t models.Tenant) error {
				return only(h.MakeBankFile(ctx, t, fileOrder(models.CSVFile, false, []models.InvoiceID{i.ID}), clerk))
			},
			"undo":      func(t models.Tenant) error { return only(h.Undo(ctx, t, i.ID, "typo", clerk)) },
			"refund":    func(t models.Tenant) error { return only(h.Refund(ctx, t, i.ID, "typo", true, clerk)) },
			"give back": func(t models.Tenant) error { return only(h.GiveBack(ctx, t, i.ID, "typo", clerk)) },
			"send":      func(t models.Tenant) error { return only(h.SendAgain(ctx, t, i.ID, clerk)) },
			"confirm":   func(t models.Tenant) error { return only(h.Confirm(ctx, t, i.ID, "https://portal.example/", clerk)) },
			"give up":   func(t models.Tenant) error { return h.GiveUp(ctx, t, i.ID, clerk) },
		}
	}
	refused := func(i models.Invoice, names ...string) {
		t.Helper()
		for name, deed := range deeds(i) {
			if err := deed(stranger); !errors.Is(err, models.ErrNotFound) && !errors.Is(err, models.ErrConflict) {
				t.Errorf("%s of another company: %v", name, err)
			}
		}
		for _, name := range names {
			if err := deeds(i)[name](h.caller.Tenant); !errors.Is(err, models.ErrForbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	i := h.approved()
	refused(i, "pay", "mark paid", "pay many", "bank file")
	card, err := h.Store.Card(ctx, h.caller.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.stripe.ReplaceCard("acct_platform", card.Method, "4000002760003184", 12, 2030); err != nil {
		t.Fatal(err)
	}
	if now, err := h.Pay(ctx, i.Tenant, i.ID, h.who); err != nil || now.Status != models.NeedsConfirmation {
		t.Fatal(now.Status, err)
	}
	refused(i, "confirm", "give up")
	done := func(_ models.Invoice, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := h.GiveUp(ctx, i.Tenant, i.ID, h.who); err != nil {
		t.Fatal(err)
	}
	done(h.MarkPaid(ctx, i.Tenant, i.ID, "wire 7", h.at, h.who))
	refused(i, "undo")
	done(h.Undo(ctx, i.Tenant, i.ID, "typo", h.who))
	h.card("pm_card_visa")
	done(h.Pay(ctx, i.Tenant, i.ID, h.who))
	refused(i, "refund")
	tries := h.attemptsOf(i)
	transfer := *tries[len(tries)-1].Transfer
	h.post("/v1/transfers/"+transfer+"/reversals", "")
	if err := h.Heard(ctx, "transfer", transfer); err != nil {
		t.Fatal(err)
	}
	refused(i, "give back", "send")
	if b := h.balance(); b.Paid.Minor != 0 || h.moved() != 0 {
		t.Errorf("%+v, moved %d", b, h.moved())
	}
}
