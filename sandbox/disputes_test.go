package sandbox_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"portal/sandbox"
)

// types are the kinds of an account's events, in the order in which they came.
func types(t *testing.T, s *sandbox.Sandbox, query string) (kinds []string) {
	t.Helper()
	_, body := call(t, s, "GET", "/v1/events?limit=100"+query, nil)
	for _, e := range body["data"].([]any) {
		kinds = append(kinds, e.(map[string]any)["type"].(string))
	}
	slices.Reverse(kinds)
	return kinds
}

func read(t *testing.T, s *sandbox.Sandbox, path string) map[string]any {
	t.Helper()
	status, body := call(t, s, "GET", path, nil)
	if status != 200 {
		t.Fatalf("GET %s: %d %v", path, status, body)
	}
	return body
}

// ask makes a POST that must be answered with a status.
func ask(t *testing.T, s *sandbox.Sandbox, status int, path string, form url.Values) map[string]any {
	t.Helper()
	got, body := call(t, s, "POST", path, form)
	if got != status {
		t.Fatalf("POST %s %v: %d %v", path, form, got, body)
	}
	return body
}

// MONEY.md 1.5: a chargeback takes its money at once; won gives it back, lost does not, and an inquiry moves none.
func TestADisputeGoesItsWayToItsEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		inquiry bool
		steps   string
		events  string // after charge.dispute.
		moved   float64
	}{
		"won":       {false, "under_review won", "created funds_withdrawn updated closed funds_reinstated", 0},
		"lost":      {false, "lost", "created funds_withdrawn closed", -1000},
		"asked":     {true, "warning_under_review warning_closed", "created updated closed", 0},
		"escalated": {true, "needs_response lost", "created updated funds_withdrawn closed", -1000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, sandbox.Options{})
			sold := must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "a@example.com", Amount: 1000}))
			id := must[string](t)(s.Dispute(shop, sandbox.Dispute{Of: sold.Session, Inquiry: c.inquiry}))
			if ch := read(t, s, "/v1/charges/"+sold.Charge); ch["disputed"] != true || ch["dispute"] != id {
				t.Errorf("charge %v", ch)
			}
			for _, step := range strings.Fields(c.steps) {
				if err := s.MoveDispute(shop, id, step, start); err != nil {
					t.Fatal(err)
				}
				if d := read(t, s, "/v1/disputes/"+id); d["status"] != step {
					t.Errorf("dispute is %v, not %s", d["status"], step)
				}
			}
			var got []string
			for _, kind := range types(t, s, "") {
				if after, ok := strings.CutPrefix(kind, "charge.dispute."); ok {
					got = append(got, after)
				}
			}
			if strings.Join(got, " ") != c.events {
				t.Errorf("events %v, want %s", got, c.events)
			}
			moved := 0.0
			for _, b := range read(t, s, "/v1/disputes/"+id)["balance_transactions"].([]any) {
				moved += b.(map[string]any)["amount"].(float64)
			}
			if moved != c.moved {
				t.Errorf("%v moved", moved)
			}
			if err := s.MoveDispute(shop, id, "under_review", start); err == nil {
				t.Error("a dispute that ended goes on")
			}
		})
	}
}

func TestDisputesAreListedAndEvidenceDecidesThem(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	one := must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "a@example.com", Amount: 1000}))
	must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "b@example.com", Amount: 2000}))
	first := must[string](t)(s.Dispute(shop, sandbox.Dispute{Of: one.Charge, Amount: 400, Reason: "product_not_received"}))
	second := must[string](t)(s.Dispute(shop, sandbox.Dispute{}))
	if _, err := s.Dispute(shop, sandbox.Dispute{Of: one.Charge}); err == nil {
		t.Error("a charge was disputed twice at once")
	}
	for query, want := range map[string]string{"": second + " " + first, "?charge=" + one.Charge: first, "?payment_intent=" + one.Intent: first, "?charge=ch_other": ""} {
		var ids []string
		for _, o := range read(t, s, "/v1/disputes"+query)["data"].([]any) {
			ids = append(ids, o.(map[string]any)["id"].(string))
		}
		if strings.Join(ids, " ") != want {
			t.Errorf("%q: %v, want %s", query, ids, want)
		}
	}
	ask(t, s, 400, "/v1/refunds", url.Values{"charge": {one.Charge}})
	if o := ask(t, s, 200, "/v1/disputes/"+first, url.Values{"evidence[uncategorized_text]": {"winning_evidence"}}); o["status"] != "won" || o["reason"] != "product_not_received" {
		t.Errorf("dispute %v", o)
	}
	ask(t, s, 400, "/v1/disputes/"+first, url.Values{"evidence[uncategorized_text]": {"losing_evidence"}})
	ask(t, s, 200, "/v1/refunds", url.Values{"charge": {one.Charge}})
	if o := ask(t, s, 200, "/v1/disputes/"+second+"/close", nil); o["status"] != "lost" {
		t.Errorf("dispute %v", o)
	}
	if err := s.ReinstateDispute(shop, second, 500, start); err != nil {
		t.Fatal(err)
	}
	if err := s.ReinstateDispute(shop, second, 1501, start); err == nil {
		t.Error("more came back than was taken")
	}
	ask(t, s, 200, "/v1/payment_intents", url.Values{"amount": {"1000"}, "currency": {"eur"}, "confirm": {"true"}, "payment_method": {"pm_card_createDisputeInquiry"}})
	if o := read(t, s, "/v1/disputes")["data"].([]any)[0].(map[string]any); o["status"] != "warning_needs_response" || o["is_charge_refundable"] != true {
		t.Errorf("dispute %v", o)
	}
}

// MONEY.md 1.4: a refund that went well can fail days later; its money comes back.
func TestARefundCanFailLater(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	sold := must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "a@example.com", Amount: 1000}))
	re := must[string](t)(s.Refund(shop, sold.Charge, 600, start))
	if err := s.FailRefund(shop, re, start); err != nil {
		t.Fatal(err)
	}
	kinds := types(t, s, "")
	if last := strings.Join(kinds[len(kinds)-4:], " "); last != "refund.updated charge.refund.updated refund.failed charge.updated" {
		t.Error(last)
	}
	if o, ch := read(t, s, "/v1/refunds/"+re), read(t, s, "/v1/charges/"+sold.Charge); o["status"] != "failed" || ch["amount_refunded"] != 0.0 {
		t.Errorf("%v, %v refunded", o["status"], ch["amount_refunded"])
	}
	if err := s.FailRefund(shop, re, start); err == nil {
		t.Error("it failed twice")
	}
}

// MONEY.md 1.6: a credit note says how its amount is given back; all together are never more than the invoice.
func TestACreditNoteGivesBackInItsThreeWays(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	sold := must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "a@example.com", Amount: 12000, Tax: 2000}))
	id := must[string](t)(s.Credit(shop, sandbox.CreditNote{Invoice: sold.Invoice, Refund: 600, Balance: 300, Outside: 300}))
	note := read(t, s, "/v1/credit_notes/"+id)
	if note["amount"] != 1200.0 || note["total_excluding_tax"] != 1000.0 || note["out_of_band_amount"] != 300.0 || note["refund"] == nil || note["customer_balance_transaction"] == nil {
		t.Errorf("note %v", note)
	}
	if ch, cus := read(t, s, "/v1/charges/"+sold.Charge), read(t, s, "/v1/customers/"+sold.Customer); ch["amount_refunded"] != 600.0 || cus["balance"] != -300.0 {
		t.Errorf("%v refunded, balance %v", ch["amount_refunded"], cus["balance"])
	}
	if err := s.VoidCreditNote(shop, id, start); err == nil {
		t.Error("a note that refunded money was voided")
	}
	for _, wrong := range []url.Values{{"amount": {"100"}}, {"invoice": {sold.Invoice}, "amount": {"100"}}, {"invoice": {sold.Invoice}, "amount": {"10801"}, "out_of_band_amount": {"10801"}},
		{"invoice": {"in_none"}, "amount": {"100"}, "out_of_band_amount": {"100"}}, {"invoice": {sold.Invoice}, "amount": {"0"}}} {
		ask(t, s, 400, "/v1/credit_notes", wrong)
	}
	other := ask(t, s, 200, "/v1/credit_notes", url.Values{"invoice": {sold.Invoice}, "amount": {"500"}, "credit_amount": {"500"}, "reason": {"order_change"}})["id"].(string)
	if o := ask(t, s, 200, "/v1/credit_notes/"+other+"/void", nil); o["status"] != "void" {
		t.Errorf("note %v", o)
	}
	if cus, in := read(t, s, "/v1/customers/"+sold.Customer), read(t, s, "/v1/invoices/"+sold.Invoice); cus["balance"] != -300.0 || in["post_payment_credit_notes_amount"] != 1200.0 {
		t.Errorf("balance %v, credited %v", cus["balance"], in["post_payment_credit_notes_amount"])
	}
	if list := read(t, s, "/v1/credit_notes?invoice="+sold.Invoice)["data"].([]any); len(list) != 2 {
		t.Errorf("%d notes", len(list))
	}
	if got := types(t, s, "&types[]=credit_note.created&types[]=credit_note.voided"); len(got) != 3 {
		t.Error(got)
	}
}
