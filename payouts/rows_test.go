package payouts_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"portal/models"
	"portal/rates"
	"portal/sources"
	"portal/store/storetest"
)

// answers lets Stripe say whose invoice a payment of the case is.
func (h *house) answers(c storetest.Case) {
	h.inbox.Ask = func(_ context.Context, _ models.Tenant, _ models.ProgramID, _ models.SourceName, q models.Question) (sources.Answer, error) {
		return sources.Answer{Invoice: c.Invoices[q.Intent], Intent: q.Intent}, nil
	}
}

// MONEY.md 2.5, the last row, and 6, P2: what goes back of a commission that was paid out is carried forward as a negative
// balance, which the next invoice nets; what was paid stays as it is. Half a refund, a lost dispute, and a quarter given
// back outside Stripe; and a refund from before the payout that fails after it, which is made good.
func TestReversals(t *testing.T) {
	t.Parallel()
	courses := map[string]func([][]byte) [][]byte{
		"in order":   func(b [][]byte) [][]byte { return b },
		"in reverse": func(b [][]byte) [][]byte { slices.Reverse(b); return b },
		"repeated": func(b [][]byte) [][]byte {
			for _, body := range slices.Clone(b) {
				b = append(b, body, storetest.Twin(body))
			}
			return b
		},
	}
	t.Run("Commission already paid out", func(t *testing.T) {
		t.Parallel()
		for _, shape := range []storetest.Shape{storetest.Old, storetest.New} {
			for name, course := range courses {
				t.Run(string(shape)+" "+name, func(t *testing.T) {
					t.Parallel()
					takenBackAfterThePayout(t, shape, course)
				})
			}
		}
	})
}

func takenBackAfterThePayout(t *testing.T, shape storetest.Shape, course func([][]byte) [][]byte) {
	h := newHouse(t)
	c := storetest.NewCase(shape, 7)
	c.At = storetest.Day.AddDate(0, 0, -40)
	h.answers(c)
	letters := []string{"a", "b", "c", "d"}
	cases := map[string]storetest.Case{}
	for n, letter := range letters {
		p := c.Later(letter, time.Duration(n)*time.Hour)
		bill := storetest.Plain("manual", 10000, 2000)
		bill.Metadata = map[string]string{"partner_key": "PARTNER_A"}
		h.hear(p.Event("invoice.paid", 0, p.Invoice(bill)), p.Event("charge.succeeded", 0, p.Charge(12000)))
		cases[letter] = p
	}
	refunded, lost, noted, failing := cases["a"], cases["b"], cases["c"], cases["d"]
	h.hear(failing.Event("refund.created", time.Hour, failing.Refund("", 6000, "succeeded")))
	paid, err := h.Pay(context.Background(), h.caller.Tenant, h.approved().ID, h.who)
	if err != nil || paid.Status != models.Paid || paid.Total().String() != "90.00 USD" { // 20 of the house's own sale, 3 × 20, and 10
		t.Fatalf("paid %s %s, %v", paid.Status, paid.Total(), err)
	}
	for _, body := range course([][]byte{
		refunded.Event("refund.created", 24*time.Hour, refunded.Refund("", 6000, "succeeded")), refunded.Event("charge.refunded", 24*time.Hour, refunded.Charge(12000, "amount_refunded", 6000)),
		lost.Event("charge.dispute.created", 24*time.Hour, lost.Dispute(12000, "needs_response")), lost.Event("charge.dispute.closed", 48*time.Hour, lost.Dispute(12000, "lost", -12000)),
		noted.Event("credit_note.created", 24*time.Hour, noted.CreditNote("post_payment", 3000, "out_of_band_amount", 3000)),
		failing.Event("refund.failed", 7*24*time.Hour, failing.Refund("", 6000, "failed", "failure_reason", "lost_or_stolen_card")),
	}) {
		h.hear(body)
	}
	if b := h.balance(); b.Due.Minor != -1000-2000-500+1000 || b.Paid.Minor != 9000 || b.Held.Minor != 0 || b.Invoiced.Minor != 0 {
		t.Errorf("balance %+v", b)
	}
	if now := h.again(paid); now.Total() != paid.Total() || now.Status != models.Paid {
		t.Errorf("the paid invoice is %s %s", now.Status, now.Total())
	}
	h.sell(2, 30000)
	if next := h.draw(); next.Total().String() != "35.00 USD" {
		t.Errorf("the next invoice comes to %s", next.Total())
	}
}

// F112: an invoice is in the partner's currency, and so is the payment intent that pays it, whatever the sale was in.
func TestAPartnerIsInvoicedAndPaidInTheirCurrency(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.inbox.Rates = &rates.Rates{Store: h.Store, Now: h.Now}
	c := storetest.NewCase(storetest.New, 7)
	c.At = storetest.Day.AddDate(0, 0, -40)
	h.answers(c)
	rate := models.Rate{From: "usd", To: "eur", Value: "0.91115", Source: models.RateByHand, Date: c.At.Truncate(24 * time.Hour)}
	if err := h.inbox.Rates.Enter(context.Background(), h.Store, h.caller.Company, h.who, rate); err != nil {
		t.Fatal(err)
	}
	h.partner = storetest.Partner(t, h.Store, h.caller.Tenant, "EURO", "eur")
	country := "US" // what the sandbox's accounts are; the currency is the partner's own
	h.partner.Country = &country
	var err error
	if h.partner, err = h.ConnectPartner(context.Background(), h.partner); err != nil {
		t.Fatal(err)
	}
	h.onboard(h.partner)
	h.hear(c.Event("checkout.session.completed", 0, c.Session("payment", 10000, 0, "metadata", map[string]any{"partner_key": "EURO"})))
	drawn, err := h.DrawUp(context.Background(), h.caller.Tenant, h.at, 0, h.who)
	if err != nil {
		t.Fatal(err)
	}
	i := drawn[slices.IndexFunc(drawn, func(i models.Invoice) bool { return i.Partner == h.partner.ID })]
	if i.Total().String() != "18.22 EUR" {
		t.Errorf("drawn up over %s", i.Total())
	}
	if i, err = h.Approve(context.Background(), h.caller.Tenant, i.ID, h.who); err != nil {
		t.Fatal(err)
	}
	if i, err = h.Pay(context.Background(), h.caller.Tenant, i.ID, h.who); err != nil || i.Status != models.Paid {
		t.Fatalf("paid %+v, %v", i, err)
	}
	intent := struct {
		Amount   int64
		Currency string
	}{}
	h.read("/v1/payment_intents/"+*i.Reference, &intent)
	if intent.Amount != 1822 || intent.Currency != "eur" || h.stripe.Moved()[*h.partner.StripeAccount]["eur"] != 1822 {
		t.Errorf("the payment intent is over %d %s, and %v moved", intent.Amount, intent.Currency, h.stripe.Moved())
	}
}

// read asks the platform's Stripe for an object.
func (h *house) read(path string, into any) {
	h.t.Helper()
	r, err := http.NewRequest(http.MethodGet, h.api+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.SetBasicAuth("sk_test_platform_key", "")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		h.t.Fatal(err)
	}
}
