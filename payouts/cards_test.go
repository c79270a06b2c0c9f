package payouts_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/sandbox"
	"portal/store/storetest"
)

// page opens Stripe's page for a card, and gives the page and its session.
func (h *house) page(t models.Tenant) (address, session string) {
	h.t.Helper()
	address, err := h.CardPage(context.Background(), t, "http://localhost/back?session={CHECKOUT_SESSION_ID}", "http://localhost/", h.who)
	if err != nil {
		h.t.Fatal(err)
	}
	return address, address[strings.LastIndex(address, "/")+1:]
}

// types gives a card on Stripe's page.
func (h *house) types(address, number string) {
	h.t.Helper()
	ask := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := ask.PostForm(address, url.Values{"number": {number}, "name": {"Ann"}, "month": {"12"}, "year": {"2030"}})
	if err != nil {
		h.t.Fatal(err)
	}
	_ = answer.Body.Close()
}

func (h *house) payer() models.Payer {
	h.t.Helper()
	p, err := h.Store.Payer(context.Background(), h.caller.Tenant)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// attached are the cards that Stripe has of the company.
func (h *house) attached() (list []string) {
	h.t.Helper()
	var cards struct{ Data []struct{ ID string } }
	h.read("/v1/payment_methods?type=card&customer="+h.payer().Customer, &cards)
	for _, c := range cards.Data {
		list = append(list, c.ID)
	}
	return list
}

// defaults is the card that Stripe takes by default.
func (h *house) defaults() string {
	h.t.Helper()
	var customer struct {
		Settings struct {
			Method string `json:"default_payment_method"`
		} `json:"invoice_settings"`
	}
	h.read("/v1/customers/"+h.payer().Customer, &customer)
	return customer.Settings.Method
}

// F102, F103, MONEY.md 4.3, 4.8: a card is saved on Stripe's page, becomes the default, and takes the place of the one before, which is taken
// off. Coming back twice, or an event beside it, changes nothing.
func TestACardSavedOnStripesPageTakesThePlaceOfTheOneBefore(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	before := h.payer()
	h.at = h.at.Add(time.Hour)
	address, session := h.page(h.caller.Tenant)
	if set, err := h.EndCardPage(ctx, h.caller.Tenant, session, h.who); err != nil || set.Status != "open" || h.payer().Method != before.Method {
		t.Errorf("before a card was given: %+v, %v", set, err)
	}
	h.types(address, "4000000000000002")
	if set, err := h.EndCardPage(ctx, h.caller.Tenant, session, h.who); err != nil || !strings.Contains(set.Because, "declined") || h.payer().Method != before.Method {
		t.Errorf("after a declined card: %+v, %v", set, err)
	}
	h.types(address, "5555555555554444")
	for range 2 {
		if err := h.HearOfCard(ctx, session, before.Customer); err != nil {
			t.Fatal(err)
		}
		if set, err := h.EndCardPage(ctx, h.caller.Tenant, session, h.who); err != nil || set.Status != "complete" {
			t.Errorf("%+v, %v", set, err)
		}
	}
	now := h.payer()
	if now.Brand != "mastercard" || now.Last4 != "4444" || now.ExpMonth != 12 || now.ExpYear != 2030 || now.Session != "" || now.SavedBy != h.who.Name || now.Customer != before.Customer {
		t.Errorf("the card is %+v", now)
	}
	if cards := h.attached(); len(cards) != 1 || cards[0] != now.Method || h.defaults() != now.Method {
		t.Errorf("Stripe has %v, by default %s", cards, h.defaults())
	}
	if n := h.audited("card.saved"); n != 2 {
		t.Errorf("%d rows of audit", n)
	}
}

func (h *house) audited(action string) (n int) {
	h.t.Helper()
	if err := h.Store.DB().QueryRow(`SELECT count(*) FROM audit WHERE action = $1`, action).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// MONEY.md 4.3: nobody comes back from Stripe's page and no event comes either: the card is found the next day.
func TestACardIsKeptAlsoWhenNobodyComesBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	address, _ := h.page(h.caller.Tenant)
	h.types(address, "5555555555554444")
	h.at = h.at.Add(25 * time.Hour)
	if err := h.ReadCards(context.Background()); err != nil {
		t.Fatal(err)
	}
	if now := h.payer(); now.Last4 != "4444" || now.SavedBy != h.who.Name || len(h.attached()) != 1 {
		t.Errorf("the card is %+v, Stripe has %v", now, h.attached())
	}
}

// P26: the company is one customer, whatever became of the answer.
func TestACompanyIsMadeACustomerOnce(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	other := storetest.Company(t, h.Store)
	h.stripe.Fail(sandbox.Fault{Method: "POST", Path: "/v1/customers", After: true, Status: 500, Times: 3})
	if _, err := h.CardPage(ctx, other.Tenant, "http://localhost/", "http://localhost/", h.who); !errors.Is(err, models.ErrLater) {
		t.Fatalf("the lost answer is %v", err)
	}
	h.at = h.at.Add(48 * time.Hour)
	h.page(other.Tenant)
	var all struct {
		Data []struct{ Metadata map[string]string }
	}
	h.read("/v1/customers", &all)
	n := 0
	for _, c := range all.Data {
		if c.Metadata["company"] == other.Company.String() {
			n++
		}
	}
	if n != 1 {
		t.Errorf("it is %d customers", n)
	}
}

// MONEY.md 6: an answer that belongs to another company changes nothing.
func TestAnotherCompanysPageSavesNoCard(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	other := storetest.Company(t, h.Store)
	address, session := h.page(other.Tenant)
	h.types(address, "5555555555554444")
	if _, err := h.EndCardPage(ctx, h.caller.Tenant, session, h.who); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), "another company") {
		t.Errorf("it is %v", err)
	}
	if now := h.payer(); now.Last4 != "4242" {
		t.Errorf("the card is %+v", now)
	}
}

// Of two pages the first is closed when the second is opened: what is saved is what was saved last.
func TestOfTwoPagesTheFirstIsClosed(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	first, one := h.page(h.caller.Tenant)
	second, two := h.page(h.caller.Tenant)
	h.types(second, "5555555555554444")
	h.types(first, "4000000000000077")
	for _, session := range []string{one, two, one} {
		if _, err := h.EndCardPage(ctx, h.caller.Tenant, session, h.who); err != nil {
			t.Fatal(err)
		}
	}
	if now := h.payer(); now.Last4 != "4444" {
		t.Errorf("the card is %+v", now)
	}
}

// MONEY.md 4.3: a card is not removed while a payment by it is under way; then it is, and nothing can be paid by it.
func TestACardIsNotRemovedWhileAPaymentIsUnderWay(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	i := h.approved()
	h.stripe.Fail(sandbox.Fault{Path: "/v1/payment_intents", Status: 500, Times: 12})
	if open, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); err != nil || open.Status != models.Processing {
		t.Fatalf("%s, %v", open.Status, err)
	}
	if err := h.RemoveCard(ctx, h.caller.Tenant, h.who); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), "under way") {
		t.Errorf("removed: %v", err)
	}
	address, session := h.page(h.caller.Tenant)
	h.types(address, "5555555555554444")
	if _, err := h.EndCardPage(ctx, h.caller.Tenant, session, h.who); err != nil {
		t.Fatal(err)
	}
	if n := len(h.attached()); h.payer().Last4 != "4444" || n != 2 { // the payment under way may need the first
		t.Errorf("the card is %+v, Stripe has %d", h.payer(), n)
	}
	h.at = h.at.Add(48 * time.Hour) // the key has lapsed, and Stripe has no record
	for range 12 {
		_ = h.CarryAll(ctx) // the first ones meet the fault
	}
	if now := h.again(i); now.Status != models.Failed {
		t.Fatalf("the invoice is %s", now.Status)
	}
	if err := h.RemoveCard(ctx, h.caller.Tenant, h.who); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Store.Card(ctx, h.caller.Tenant); !errors.Is(err, models.ErrNotFound) || len(h.attached()) != 0 {
		t.Errorf("after it: %v, Stripe has %v", err, h.attached())
	}
	if err := h.RemoveCard(ctx, h.caller.Tenant, h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("removed twice: %v", err)
	}
}

// MONEY.md 4.3: what becomes of a card in Stripe is noticed: by an event, by the day, and before it is to pay.
func TestWhatBecomesOfACardInStripeIsNoticed(t *testing.T) {
	t.Parallel()
	for name, notice := range map[string]func(*house, models.Payer) error{
		"by an event": func(h *house, p models.Payer) error { return h.HearOfCard(context.Background(), p.Method, "") },
		"the next day": func(h *house, _ models.Payer) error {
			h.at = h.at.Add(25 * time.Hour)
			return h.ReadCards(context.Background())
		},
		"when it is asked for": func(h *house, _ models.Payer) error {
			_, err := h.Card(context.Background(), h.caller.Tenant)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			p := h.payer()
			if err := h.stripe.ReplaceCard("acct_platform", p.Method, "5555555555554444", 3, 2031); err != nil {
				t.Fatal(err)
			}
			if err := notice(h, p); err != nil {
				t.Fatal(err)
			}
			if now := h.payer(); now.Last4 != "4444" || now.ExpMonth != 3 || now.Method != p.Method {
				t.Errorf("replaced by the bank, it is %+v", now)
			}
			if err := h.stripe.RemoveCard("acct_platform", p.Method); err != nil {
				t.Fatal(err)
			}
			if err := notice(h, p); err != nil && !errors.Is(err, models.ErrNotFound) {
				t.Fatal(err)
			}
			if now := h.payer(); now.Method != "" || now.Lost == "" {
				t.Errorf("removed in Stripe, it is %+v", now)
			}
			if _, err := h.Store.Card(context.Background(), h.caller.Tenant); !errors.Is(err, models.ErrNotFound) {
				t.Errorf("it still pays: %v", err)
			}
		})
	}
}

// A card says a month before it ends that it does.
func TestACardThatEndsIsTold(t *testing.T) {
	t.Parallel()
	c := models.Card{ExpMonth: 12, ExpYear: 2026}
	for day, want := range map[string]string{"2026-11-30": "", "2026-12-01": "expiring", "2026-12-31": "expiring", "2027-01-01": "expired"} {
		at, _ := time.Parse(time.DateOnly, day)
		got := map[[2]bool]string{{true, false}: "expiring", {false, true}: "expired"}[[2]bool{c.Expiring(at), c.Expired(at)}]
		if got != want {
			t.Errorf("%s: %q, want %q", day, got, want)
		}
	}
	if old := (models.Card{}); old.Expiring(time.Now()) || old.Expired(time.Now()) {
		t.Error("a card whose month is not known ends")
	}
}
