package inbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store/storetest"
)

func ptr(text string) *string { return &text }

var somebody = models.Actor{Name: "owner@example.com"}

// lead is a customer that the company made and linked to PARTNER_A before any payment.
func (h *house) lead(key, email string) models.Customer {
	h.t.Helper()
	now := h.Now
	defer func() { h.Now = now }()
	before := storetest.Day.AddDate(0, -1, 0)
	h.Now = func() time.Time { return before }
	c, err := h.AddCustomer(context.Background(), h.caller.Tenant, key, inbox.CustomerChange{Email: &email, Partner: ptr("PARTNER_A")}, "api", somebody)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h *house) by(n int) string {
	h.t.Helper()
	p := h.payments()[n]
	if p.AttributedBy == nil {
		return ""
	}
	return string(*p.AttributedBy)
}

// F82, F83, MONEY.md 6: a payment finds its lead by e-mail however it is written, and the lead keeps the id for next time.
func TestAPaymentFindsItsLeadByEmailAndKeepsTheID(t *testing.T) {
	t.Parallel()
	first, next := sale(), sale()
	first.Email, first.Partner = " John@X.com ", ""
	next.N, next.Email, next.Partner, next.PaidAt = 2, "finance@x.com", "", first.PaidAt.AddDate(0, 0, 1)
	var hashes []string
	for _, order := range [][]storetest.Sold{{first, next}, {next, first}} {
		h := newHouse(t)
		lead := h.lead("john", "john@x.com")
		for _, s := range order {
			h.post(s.Invoice(storetest.Old))
			h.drain()
		}
		if h.by(0) != "email" {
			t.Errorf("the first payment was found by %q", h.by(0))
		}
		c, err := h.Store.Customer(context.Background(), h.caller.Tenant, lead.ID)
		if err != nil || order[0].N == 1 && (c.StripeID == nil || *c.StripeID != "cus_1") {
			t.Errorf("the lead is %+v, %v", c, err)
		}
		if order[0].N == 1 && h.by(1) != "customer_id" {
			t.Errorf("the next payment was found by %q", h.by(1))
		}
		hashes = append(hashes, storetest.CheckBooks(t, h.Store))
	}
	if hashes[0] != hashes[1] {
		t.Errorf("different books: %v", hashes)
	}
}

// F84, F119: no id, no e-mail, no key: the payment stays unattributed, says every question, and earns nobody anything.
func TestAPaymentThatNothingExplainsStaysUnattributed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := sale()
	s.Partner = ""
	h.post(s.Invoice(storetest.Old), s.Session(storetest.Old))
	h.drain()
	p := h.payments()[0]
	if p.Partner != nil || p.AttributedBy != nil || len(h.commissions()) != 0 {
		t.Errorf("attributed to %v by %v", p.Partner, p.AttributedBy)
	}
	asked := map[string]bool{}
	for _, step := range p.Steps.V {
		asked[step.Rule] = true
	}
	for _, rule := range []string{"customer_id", "email", "metadata", "client_reference", "unattributed"} {
		if !asked[rule] {
			t.Errorf("%s was not asked: %+v", rule, p.Steps.V)
		}
	}
}

// F85, F86, D14: a Stripe id set by hand links later payments, and leaves earlier ones as they were.
func TestLinkingByHandIsForTheFuture(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	past := sale()
	past.Partner, past.Email = "", "finance@x.com"
	h.post(past.Invoice(storetest.Old))
	h.drain()
	lead := h.lead("john", "john@x.com")
	lead, err := h.ChangeCustomer(context.Background(), lead, inbox.CustomerChange{StripeID: ptr("cus_1")}, "api", somebody)
	if err != nil || lead.StripeID == nil {
		t.Fatalf("link: %+v, %v", lead, err)
	}
	next := past
	next.N, next.PaidAt = 2, storetest.Day
	h.post(next.Invoice(storetest.Old))
	h.drain()
	if got := h.commissions(); len(got) != 1 || got[0].PaymentKey != "in_2" {
		t.Errorf("commissions %+v", got)
	}
	other := h.lead("mary", "mary@x.com")
	if _, err := h.ChangeCustomer(context.Background(), other, inbox.CustomerChange{StripeID: ptr("cus_1")}, "api", somebody); !errors.Is(err, models.ErrConflict) {
		t.Errorf("two customers with one Stripe id: %v", err)
	}
}

// D4: the client reference comes after metadata. F69: unknown keys are passed over, never an error.
func TestUnknownKeysFallThroughToTheClientReference(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := sale()
	s.Partner = "NOBODY"
	body := strings.Replace(string(s.Session(storetest.Old)), `"client_reference_id":null`, `"client_reference_id":"PARTNER_A"`, 1)
	h.post(s.Invoice(storetest.Old), []byte(body))
	h.drain()
	if h.only().PartnerKey != "PARTNER_A" || h.by(0) != "client_reference" {
		t.Errorf("found by %q: %+v", h.by(0), h.payments()[0].Steps.V)
	}
}

// MONEY.md 6: a guest, and later the same address with a customer id, are one customer.
func TestAGuestAndLaterACustomerWithTheSameAddressAreOne(t *testing.T) {
	t.Parallel()
	guest, known := sale(), sale()
	guest.Customer, guest.OneOff, guest.Email = "", true, "John@X.com"
	known.N, known.Email, known.Partner, known.PaidAt = 2, "john@x.com", "", guest.PaidAt.AddDate(0, 0, 1)
	for _, order := range [][][]byte{
		{guest.Session(storetest.Old), guest.Charge(storetest.Old), known.Invoice(storetest.Old)},
		{known.Invoice(storetest.Old), guest.Charge(storetest.Old), guest.Session(storetest.Old)},
	} {
		h := newHouse(t)
		for _, body := range order {
			h.post(body)
			h.drain()
		}
		p := h.payments()
		if len(p) != 2 || p[0].Customer == nil || p[1].Customer == nil || *p[0].Customer != *p[1].Customer || len(h.commissions()) != 2 {
			t.Errorf("payments %+v, %d commissions", p, len(h.commissions()))
		}
	}
}

// MONEY.md 2.1: an API call with a charge's id and the webhooks of the same money are one payment, whichever is first.
func TestAnAPICallAndTheWebhooksOfTheSameMoneyAreOnePayment(t *testing.T) {
	t.Parallel()
	call := inbox.Transaction{Key: "ch_1", Amount: "100.00", AmountUnits: "usd", Action: "sale", CustomerKey: "cus_1", CustomerEmail: "ann@example.com", CreateCustomer: true}
	for _, shape := range []storetest.Shape{storetest.Old, storetest.New} {
		for _, callFirst := range []bool{true, false} {
			h := newHouse(t)
			h.invoices["pi_1"] = "in_1"
			post := func() {
				if _, created, err := h.Transact(context.Background(), h.caller, call); err != nil || created != callFirst {
					t.Fatalf("transact: %v %v", created, err)
				}
			}
			if callFirst {
				post()
			}
			s := sale()
			h.post(s.Invoice(shape), s.Session(shape), s.Charge(shape))
			h.drain()
			if !callFirst {
				post()
			}
			if c := h.only(); c.Amount.String() != "20.00 USD" || c.PaymentKey != "in_1" {
				t.Errorf("%s, call first %v: %+v", shape, callFirst, c)
			}
		}
	}
}

// CONTRACT.md 5: the same key and body again is the same transaction; the same key with another amount is a conflict.
func TestATransactionPostedAgainIsTheSame(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	call := inbox.Transaction{Key: "order-7", Amount: "99.99", AmountUnits: "usd", Partner: "PARTNER_A", CustomerKey: "john", CreateCustomer: true}
	for n := range 3 {
		row, created, err := h.Transact(context.Background(), h.caller, call)
		if err != nil || created != (n == 0) || row.Key != "order-7" {
			t.Fatalf("%d: %v %v %v", n, row.Key, created, err)
		}
	}
	if c := h.only(); c.Amount.String() != "20.00 USD" { // half even of 19.998
		t.Errorf("commission %s", c.Amount)
	}
	call.Amount = "99.98"
	if _, _, err := h.Transact(context.Background(), h.caller, call); !errors.Is(err, models.ErrConflict) {
		t.Errorf("another amount: %v", err)
	}
	call.Key, call.Amount = "order-8", "1.999"
	if _, _, err := h.Transact(context.Background(), h.caller, call); !errors.Is(err, models.ErrInvalid) {
		t.Errorf("too many decimals: %v", err)
	}
}
