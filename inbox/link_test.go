package inbox_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"portal/models"
	"portal/store/storetest"
)

// customer is who made the n-th payment.
func (h *house) customer(n int) models.CustomerID {
	h.t.Helper()
	p := h.payments()[n]
	if p.Customer == nil {
		h.t.Fatalf("payment %s has no customer", p.Key)
	}
	return *p.Customer
}

// stranger is a sale that nobody brought, days after the house's day or, below zero, before it.
func stranger(n, days int) storetest.Sold {
	s := sale()
	s.N, s.Partner, s.PaidAt, s.Renewal = n, "", storetest.Day.AddDate(0, 0, days), n > 1
	return s
}

func (h *house) link(partner models.Partner, customers ...models.CustomerID) int {
	h.t.Helper()
	n, err := h.Link(context.Background(), h.caller.Tenant, customers, partner.ID, somebody)
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// F85, F86, D10, D14: a link by hand holds from the second it is made: not for what was paid before, and for what is paid
// then or later, whichever comes first, the link or the news of the payment.
func TestALinkByHandHoldsFromNowOn(t *testing.T) {
	t.Parallel()
	for _, linkFirst := range []bool{true, false} {
		h := newHouse(t)
		h.post(stranger(1, -2).Invoice(storetest.Old))
		h.drain()
		who := h.customer(0)
		if linkFirst {
			h.link(h.partner, who)
		}
		h.post(stranger(2, 0).Invoice(storetest.Old), stranger(3, 2).Invoice(storetest.Old))
		h.drain()
		if !linkFirst {
			h.link(h.partner, who)
		}
		for n, want := range []string{"", "customer_id", "customer_id"} {
			if got := h.by(n); got != want {
				t.Errorf("link first %v: payment %d was found by %q, want %q", linkFirst, n+1, got, want)
			}
		}
		if n := h.link(h.partner, who); n != 0 {
			t.Errorf("linked again: %d are new", n)
		}
	}
}

// P17: a customer linked to another partner is theirs from then on, whoever's event linked them before.
func TestALinkByHandGoesBeforeAnOlderOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
	first := sale()
	h.post(first.Session(storetest.Old), first.Invoice(storetest.Old))
	h.drain()
	h.link(b, h.customer(0))
	h.post(stranger(2, 1).Invoice(storetest.Old))
	h.drain()
	if p := h.payments(); *p[0].PartnerKey != "PARTNER_A" || *p[1].PartnerKey != "PARTNER_B" {
		t.Errorf("the payments are %s's and %s's", *p[0].PartnerKey, *p[1].PartnerKey)
	}
}

// F94, F70: nobody is linked to a partner who is not active, and no record that is one partner's by its name; another
// company's customer is not found.
func TestWhatCannotBeLinkedIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.model("transaction")
	s := sale()
	h.post(s.Session(storetest.Old), s.Invoice(storetest.Old))
	h.drain()
	ctx, t1 := context.Background(), h.caller.Tenant
	composite := h.customer(0)
	if _, err := h.Link(ctx, t1, []models.CustomerID{composite}, h.partner.ID, somebody); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("a composite record: %v", err)
	}
	stranger := storetest.Company(t, h.Store)
	theirs := storetest.Partner(t, h.Store, stranger.Tenant, "THEIRS", "usd")
	if _, err := h.Link(ctx, stranger.Tenant, []models.CustomerID{composite}, theirs.ID, somebody); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another company's customer: %v", err)
	}
	paused := h.partner
	paused.Turn(models.PartnerPaused, h.Now().Add(-time.Hour))
	if err := h.Store.SavePartner(ctx, paused, h.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Link(ctx, t1, []models.CustomerID{composite}, h.partner.ID, somebody); !errors.Is(err, models.ErrConflict) {
		t.Errorf("a paused partner: %v", err)
	}
}

// F86: whoever links many at once links them in the same second. Two of them may turn out to be one person.
func TestTwoWhoWereLinkedAtOnceMayBeOnePerson(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	guest, known := stranger(1, -3), stranger(2, -2)
	guest.Customer, guest.OneOff, guest.Email, known.Email = "", true, "ann@example.com", "other@example.com"
	h.post(guest.Session(storetest.Old), known.Invoice(storetest.Old))
	h.drain()
	h.link(h.partner, h.customer(0), h.customer(1))
	both := stranger(3, 1)
	both.Email = guest.Email
	h.post(both.Invoice(storetest.Old))
	h.drain()
	if len(h.payments()) != 3 || h.customer(0) != h.customer(2) || h.by(2) != "customer_id" {
		t.Errorf("%q, %s", h.whose(), h.because("invoice.paid"))
	}
}
