package inbox_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/sources"
	"portal/store"
	"portal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is an inbox with a sample company and partner, and a Stripe that knows which invoice a charge belongs to.
type house struct {
	*inbox.Inbox
	t        testing.TB
	caller   models.Caller
	partner  models.Partner
	invoices map[string]string // what Stripe would answer, by payment intent
	silent   bool              // Stripe does not answer
	asked    int
	mu       sync.Mutex
}

func newHouse(t testing.TB) *house {
	t.Helper()
	s := storetest.Open(t)
	h := &house{t: t, caller: storetest.Company(t, s), invoices: map[string]string{}}
	h.partner = storetest.Partner(t, s, h.caller.Tenant, "PARTNER_A", "usd")
	h.Inbox = &inbox.Inbox{Store: s, Now: func() time.Time { return storetest.Day }, Log: slog.New(slog.DiscardHandler), Ask: h.answer}
	return h
}

func (h *house) answer(_ context.Context, _ models.Tenant, _ models.ProgramID, _ models.SourceName, q models.Question) (sources.Answer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked++
	if q.Intent == "" {
		q.Intent = strings.Replace(q.Charge, "ch_", "pi_", 1)
	}
	if h.silent {
		return sources.Answer{}, models.Refuse(models.ErrLater, "Stripe did not answer. Portal will ask again.")
	}
	return sources.Answer{Invoice: h.invoices[q.Intent], Intent: q.Intent}, nil
}

// post sends signed bodies to the program's webhook.
func (h *house) post(bodies ...[]byte) {
	h.t.Helper()
	for _, body := range bodies {
		if err := h.Accept(context.Background(), h.caller.Program, models.SourceStripe, storetest.Signed(storetest.Secret, body, storetest.Day), body); err != nil {
			h.t.Fatalf("accept %s: %v", body, err)
		}
	}
}

func (h *house) drain() {
	h.t.Helper()
	if err := h.Drain(context.Background()); err != nil {
		h.t.Fatalf("drain: %v", err)
	}
}

func (h *house) payments() []store.PaymentRow {
	h.t.Helper()
	list, err := h.Store.Payments(context.Background(), h.caller.Tenant, store.PaymentFilter{}, store.Page{Limit: 50})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func (h *house) commissions() []store.CommissionRow {
	h.t.Helper()
	list, err := h.Store.Commissions(context.Background(), h.caller.Tenant, nil, nil, store.Page{Limit: 50})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// only gives the one commission there is, and fails when there is another number of them, or of payments.
func (h *house) only() store.CommissionRow {
	h.t.Helper()
	payments, commissions := h.payments(), h.commissions()
	if len(payments) != 1 || len(commissions) != 1 {
		h.t.Fatalf("%d payments and %d commissions, want one of each: %+v", len(payments), len(commissions), payments)
	}
	return commissions[0]
}

func (h *house) balance() models.Balance {
	h.t.Helper()
	list, err := h.Store.BalancesOf(context.Background(), h.caller.Tenant, h.partner.ID)
	if err != nil || len(list) != 1 {
		h.t.Fatalf("balances %+v, %v", list, err)
	}
	return list[0]
}

// sale is the sample sale: 100.00 USD and no tax, by a new customer who came through PARTNER_A.
func sale() storetest.Sold {
	return storetest.Sold{N: 1, Customer: "cus_1", Email: "ann@example.com", Partner: "PARTNER_A", Gross: 10000, Currency: "usd", PaidAt: storetest.Day.AddDate(0, 0, -2)}
}
