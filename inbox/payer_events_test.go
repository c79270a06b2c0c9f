package inbox_test

import (
	"context"
	"slices"
	"testing"

	"portal/models"
	"portal/store/storetest"
)

// queued are the arguments of the jobs of a kind, in the order in which they were queued.
func (h *house) queued(kind string) (list []string) {
	h.t.Helper()
	rows, err := h.Store.DB().Query(`SELECT args::text FROM river_job WHERE kind = $1 ORDER BY id`, kind)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var args string
		if err := rows.Scan(&args); err != nil {
			h.t.Fatal(err)
		}
		list = append(list, args)
	}
	return list
}

// F100, MONEY.md 1.3, 4.1: what happens to a partner's account has Stripe asked about it, once per event; what it says is not believed.
func TestAnEventOfAPartnersAccountHasStripeAsked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	partner := storetest.Partner(t, h.Store, h.caller.Tenant, "PAID", "usd")
	if _, err := h.Store.DB().Exec(`UPDATE partners SET stripe_account = 'acct_paid' WHERE id = $1`, partner.ID); err != nil {
		t.Fatal(err)
	}
	body := func(id, kind, account string) []byte {
		return heardOf(t, []byte(`{"id":"`+id+`","type":"`+kind+`","created":1,"data":{"object":{"id":"x","payouts_enabled":true}}}`), account, models.Test, "")
	}
	h.connect(body("evt_1", "account.updated", "acct_paid"), body("evt_1", "account.updated", "acct_paid"), body("evt_2", "account.external_account.deleted", "acct_paid"),
		body("evt_3", "capability.updated", "acct_paid"), body("evt_4", "account.application.deauthorized", "acct_paid"),
		body("evt_5", "charge.succeeded", "acct_paid"), body("evt_6", "account.updated", "acct_stranger"))
	want := `{"mode": "test", "account": "acct_paid"}`
	if got := h.queued("read_account"); len(got) != 4 || slices.ContainsFunc(got, func(args string) bool { return args != want }) {
		t.Errorf("asked for %v", got)
	}
}

// F102, MONEY.md 4.3: what happens to a card, or on a page on which one is saved, has Stripe asked about it.
func TestAnEventOfACompanysCardHasStripeAsked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, body := range []string{
		`{"id":"evt_1","type":"checkout.session.completed","created":1,"data":{"object":{"id":"cs_1","object":"checkout.session","mode":"setup","customer":"cus_1"}}}`,
		`{"id":"evt_1","type":"checkout.session.completed","created":1,"data":{"object":{"id":"cs_1","object":"checkout.session","mode":"setup","customer":"cus_1"}}}`,
		`{"id":"evt_2","type":"checkout.session.completed","created":1,"data":{"object":{"id":"cs_2","object":"checkout.session","mode":"payment","customer":"cus_1"}}}`,
		`{"id":"evt_3","type":"setup_intent.succeeded","created":1,"data":{"object":{"id":"seti_1","object":"setup_intent","customer":"cus_1"}}}`,
		`{"id":"evt_4","type":"payment_method.detached","created":1,"data":{"object":{"id":"pm_1","object":"payment_method","customer":null}}}`,
		`{"id":"evt_5","type":"payment_method.attached","created":1,"data":{"object":{"id":"pm_2","object":"payment_method","customer":"cus_1"}}}`,
	} {
		if err := h.AcceptPlatform(context.Background(), "whsec_platform", storetest.Signed("whsec_platform", []byte(body), storetest.Day), []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{`{"object": "cs_1", "customer": "cus_1"}`, `{"object": "seti_1", "customer": "cus_1"}`, `{"object": "pm_1", "customer": ""}`}
	if got := h.queued("read_card"); !slices.Equal(got, want) {
		t.Errorf("asked for %v", got)
	}
}
