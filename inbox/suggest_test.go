package inbox_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// suggested is what is suggested for each payment without a partner, by its key.
func (h *house) suggested() map[string]string {
	h.t.Helper()
	ctx := context.Background()
	rows, err := h.Store.Unattributed(ctx, h.caller.Tenant, store.StrangersAll, h.Now(), storetest.FirstPage())
	if err != nil {
		h.t.Fatal(err)
	}
	all, err := h.Suggest(ctx, h.caller.Tenant, rows)
	if err != nil {
		h.t.Fatal(err)
	}
	said := map[string]string{}
	for _, p := range rows {
		var list []string
		for _, s := range all[p.ID] {
			list = append(list, s.Key+": "+s.Reasons[0].Because)
		}
		said[p.Key] = strings.Join(list, "; ")
	}
	return said
}

// B2, F119, F120: each payment without a partner has the partners who may have brought it, from what the tenant knows.
func TestPaymentsWithoutAPartnerHaveSuggestions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	other := storetest.Company(t, h.Store)
	theirs := storetest.Partner(t, h.Store, other.Tenant, "THEIRS", "usd")
	if _, err := h.AddCustomer(ctx, other.Tenant, "elsewhere", inbox.CustomerChange{Email: ptr("x@acme.example"), Partner: &theirs.Key}, "api", somebody); err != nil {
		t.Fatal(err)
	}
	h.lead("colleague", "bo@acme.example")
	mistyped := stranger(1, -3)
	mistyped.Customer, mistyped.Email, mistyped.Partner = "cus_1", "one@nowhere.example", "partner_a"
	colleague := stranger(2, -2)
	colleague.Customer, colleague.Email = "cus_2", "Ann@ACME.example"
	nobody := stranger(3, -1)
	nobody.Customer, nobody.Email = "", ""
	h.post(mistyped.Session(storetest.Old), mistyped.Invoice(storetest.Old), colleague.Invoice(storetest.Old), nobody.Invoice(storetest.Old))
	h.drain()
	later := h.Now().Add(store.Settling)
	h.Now = func() time.Time { return later }
	want := map[string]string{"in_1": `PARTNER_A: metadata partner_key on the session says "partner_a", which is PARTNER_A but for case or spaces`,
		"in_2": "PARTNER_A: another customer at acme.example belongs to PARTNER_A", "in_3": ""}
	if got := h.suggested(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("suggested\n got %v\nwant %v", got, want)
	}
}

// D13: in a transaction-based program the partners for whom a customer paid before are suggested for what names nobody.
func TestThePartnersOfCompositesAreSuggested(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.model("transaction")
	named := sale()
	h.post(named.Session(storetest.Old), named.Invoice(storetest.Old), stranger(2, -1).Invoice(storetest.Old))
	h.drain()
	later := h.Now().Add(store.Settling)
	h.Now = func() time.Time { return later }
	if got := h.suggested()["in_2"]; !strings.HasPrefix(got, "PARTNER_A: another payment of this customer named PARTNER_A") {
		t.Errorf("suggested %q", got)
	}
}

// MONEY.md 2.4: a payment is shown as nobody's only ten minutes after it was first kept; F86: once its customer is linked
// it waits for nobody, and stays to be seen.
func TestAPaymentWaitsInTheInboxAfterTenMinutesUntilItsCustomerIsLinked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.post(stranger(1, -1).Invoice(storetest.Old))
	h.drain()
	ctx, kept := context.Background(), h.Now()
	count := func(which store.Strangers, after time.Duration) int {
		t.Helper()
		rows, err := h.Store.Unattributed(ctx, h.caller.Tenant, which, kept.Add(after), storetest.FirstPage())
		if err != nil {
			t.Fatal(err)
		}
		at, err := h.Store.AtStake(ctx, h.caller.Tenant, which, kept.Add(after))
		if err != nil || len(rows) > 0 && (len(at) != 1 || at[0].Payments != len(rows) || at[0].Minor != 10000*int64(len(rows))) || len(rows) == 0 && len(at) > 0 {
			t.Errorf("%d payments, at stake %+v, %v", len(rows), at, err)
		}
		waits, err := h.Store.Waiting(ctx, h.caller.Tenant, kept.Add(after))
		if err != nil || which == store.StrangersWaiting && waits.Unattributed != len(rows) {
			t.Errorf("%d payments, %d counted, %v", len(rows), waits.Unattributed, err)
		}
		return len(rows)
	}
	const settled = store.Settling
	if n := count(store.StrangersWaiting, settled-time.Second); n != 0 {
		t.Errorf("%d wait before ten minutes have gone", n)
	}
	if n := count(store.StrangersWaiting, settled); n != 1 {
		t.Errorf("%d wait after ten minutes", n)
	}
	h.link(h.partner, h.customer(0))
	if w, l, a := count(store.StrangersWaiting, settled), count(store.StrangersLinked, settled), count(store.StrangersAll, settled); w != 0 || l != 1 || a != 1 {
		t.Errorf("linked: %d wait, %d were linked, %d in all", w, l, a)
	}
}

// The list goes on where a page ends, and refunds come off what is at stake.
func TestTheInboxIsWalkedByKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for n := 1; n <= 5; n++ {
		s := stranger(n, -n)
		s.Customer, s.Email = fmt.Sprint("cus_", n), fmt.Sprintf("c%d@x.example", n)
		h.post(s.Invoice(storetest.Old))
		if n == 1 {
			h.post(s.Charge(storetest.Old), s.Refund(storetest.Old, 2500))
		}
	}
	h.drain()
	ctx, now := context.Background(), h.Now().Add(time.Hour)
	var keys []string
	for page := (store.Page{Limit: 2, Desc: true}); ; {
		rows, err := h.Store.Unattributed(ctx, h.caller.Tenant, store.StrangersWaiting, now, page)
		if err != nil {
			t.Fatal(err)
		}
		rows, page.Cursor = store.Next(rows, page.Limit, func(p store.PaymentRow) (time.Time, fmt.Stringer) { return p.PaidAt, p.ID })
		for _, p := range rows {
			keys = append(keys, p.Key)
		}
		if page.Cursor == "" {
			break
		}
	}
	if strings.Join(keys, " ") != "in_1 in_2 in_3 in_4 in_5" {
		t.Errorf("walked %v", keys)
	}
	if at, err := h.Store.AtStake(ctx, h.caller.Tenant, store.StrangersWaiting, now); err != nil || len(at) != 1 || at[0].Minor != 47500 || at[0].Currency != models.Currency("usd") {
		t.Errorf("at stake %+v, %v", at, err)
	}
}
