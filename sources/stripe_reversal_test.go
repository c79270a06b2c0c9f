package sources

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portal/models"
)

// went is what a reversal comes to, in short.
func went(r models.Reversal) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %v %s", r.Kind, r.State, r.Key, r.Amount, r.Says))
}

// matching are the samples that a pattern names, of which there must be some.
func matching(t *testing.T, pattern string) []string {
	t.Helper()
	var names []string
	for _, name := range sampleNames(t) {
		if ok, _ := path.Match(pattern, name); ok {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		t.Errorf("no sample %s", pattern)
	}
	return names
}

// MONEY.md 2.5, row by row, D5, D6: what each event that gives money back means for the commission.
func TestReversalsAreReadAsTheirDecisionTableSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ row, events, want string }{
		{"partial refund", "refund_created_*", "refund takes re_1 60.00 USD succeeded"},
		{"partial refund, on its way", "refund_pending_new", "refund takes re_1 60.00 USD pending"},
		{"partial refund, waiting for the customer", "refund_requires_action_new", "refund takes re_1 60.00 USD requires_action"},
		{"refund of an invoice payment", "refund_answered_invoice_new", "refund takes re_1 60.00 USD succeeded"},
		{"only charge.refunded arrives", "charge_refunded_half_*", "refund_total takes ch_1 60.00 USD"},
		{"refund fails", "refund_failed_*", "refund rests re_1 60.00 USD failed"},
		{"refund cancelled", "refund_canceled_new", "refund rests re_1 60.00 USD canceled"},
		{"dispute opened", "dispute_created_*", "dispute holds dp_1 120.00 USD needs_response"},
		{"dispute opened, funds withdrawn", "dispute_funds_withdrawn_new", "dispute holds dp_1 120.00 USD needs_response"},
		{"dispute answered", "dispute_updated_new", "dispute holds dp_1 120.00 USD under_review"},
		{"inquiry", "dispute_inquiry_old", "dispute rests dp_1 120.00 USD warning_needs_response"},
		{"inquiry answered", "dispute_inquiry_answered_old", "dispute rests dp_1 120.00 USD warning_under_review"},
		{"lost", "dispute_lost_???", "dispute takes dp_1 120.00 USD lost"},
		{"lost, in another currency and more than the charge", "dispute_lost_in_another_currency_new", "dispute takes dp_1 122.50 EUR lost"},
		{"won", "dispute_won_new", "dispute rests dp_1 120.00 USD won"},
		{"warning_closed", "dispute_inquiry_closed_old", "dispute rests dp_1 120.00 USD warning_closed"},
		{"prevented", "dispute_prevented_new", "dispute rests dp_1 120.00 USD prevented"},
		{"charge_refunded: the refund counts", "dispute_charge_refunded_old", "dispute rests du_1 120.00 USD charge_refunded"},
		{"a status that nobody knows", "dispute_unknown_status_new", "dispute holds dp_1 120.00 USD in_arbitration"},
		{"funds reinstated after lost, a third", "dispute_reinstated_in_part_new", "dispute takes dp_1 80.00 USD lost"},
		{"told once more later", "dispute_lost_after_reinstated_in_part_new", "dispute takes dp_1 80.00 USD lost"},
		{"funds reinstated after lost, all", "dispute_reinstated_whole_old", "dispute rests dp_1 120.00 USD lost"},
		{"funds reinstated, not said how much", "dispute_reinstated_untold_old", "dispute rests dp_1 120.00 USD lost"},
		{"funds reinstated before it is decided", "dispute_reinstated_under_review_new", "dispute holds dp_1 120.00 USD under_review"},
		{"credit note with refund", "credit_note_refund_*", "silent: a credit note with a refund: the refund itself counts, by its own events"},
		{"credit note to customer balance", "credit_note_balance_*", "silent: a credit note to the customer's balance: later invoices collect less"},
		{"credit note outside Stripe", "credit_note_outside_???", "credit_note takes cn_1 60.00 USD issued"},
		{"credit note outside Stripe, voided", "credit_note_voided_*", "credit_note rests cn_1 60.00 USD void"},
		{"credit note, before and after payment", "credit_note_mixed_new", "credit_note takes cn_1 15.00 USD issued"},
		{"credit note with a refund and a part outside", "credit_note_outside_in_part_new", "credit_note takes cn_1 20.00 USD issued"},
		{"pre-payment credit note", "credit_note_before_payment_*", "silent: a credit note before payment: the invoice itself collects less"},
		{"an authorisation that was released", "refund_expired_authorisation_old", "silent: " + released},
	} {
		for _, name := range matching(t, c.events) {
			n := news(t, name)
			got := "silent: " + n.Silent
			if n.Silent == "" {
				got = went(n.Reversals[0])
			}
			if got != c.want || len(n.Reversals) > 1 {
				t.Errorf("%s (%s): %s, want %s", c.row, name, got, c.want)
			}
		}
	}
}

// MONEY.md 2.1, 2.2: a refund or dispute that comes before its sale asks whose it is; the answer joins it to its invoice.
func TestAReversalKnowsItsMoneyOrAsks(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		charge string
		of     []string
		ask    *models.Question
	}{
		"refund_created_new":           {"ch_1", []string{"pi_1", "ch_1"}, &models.Question{Charge: "ch_1", Intent: "pi_1"}},
		"refund_expanded_old":          {"ch_1", []string{"pi_1", "ch_1"}, &models.Question{Charge: "ch_1", Intent: "pi_1"}},
		"refund_legacy_charge_old":     {"ch_1", []string{"ch_1"}, &models.Question{Charge: "ch_1"}},
		"refund_without_charge_new":    {"", []string{"pi_1"}, &models.Question{Intent: "pi_1"}},
		"refund_answered_invoice_new":  {"ch_1", []string{"in_1", "pi_1", "ch_1"}, nil},
		"refund_answered_alone_old":    {"ch_1", []string{"pi_1", "ch_1"}, nil},
		"dispute_created_old":          {"ch_1", []string{"pi_1", "ch_1"}, &models.Question{Charge: "ch_1", Intent: "pi_1"}},
		"dispute_answered_invoice_old": {"ch_1", []string{"in_1", "pi_1", "ch_1"}, nil},
		"dispute_answered_alone_new":   {"ch_1", []string{"pi_1", "ch_1"}, nil},
		"credit_note_outside_new":      {"", []string{"in_1"}, nil},
	} {
		n := news(t, name)
		if r := n.Reversals[0]; r.Charge != want.charge || !slices.Equal(r.Of, want.of) || len(n.Tellings) > 0 {
			t.Errorf("%s: %+v", name, n)
		}
		if (n.Ask == nil) != (want.ask == nil) || n.Ask != nil && *n.Ask != *want.ask {
			t.Errorf("%s asks %+v, want %+v", name, n.Ask, want.ask)
		}
	}
	for _, name := range []string{"refund_of_nothing_new", "refund_incoming_transfer_new", "dispute_without_charge_new"} {
		if n := news(t, name); n.Silent == "" || n.Ask != nil || len(n.Reversals) > 0 {
			t.Errorf("%s: %+v", name, n)
		}
	}
	broken := sample(t, "refund_created_new")
	broken.Answer = []byte("{")
	if _, err := (Stripe{}).Read(broken); !errors.Is(err, models.ErrInvalid) || err.Error() != "refund re_1: the answer cannot be read" {
		t.Errorf("a broken answer: %v", err)
	}
}

// lostOf reads a lost dispute of 3.33 USD with these movements.
func lostOf(t testing.TB, event, movements string) models.Reversal {
	t.Helper()
	body := `{"id":"evt_1","type":"charge.dispute.` + event + `","created":1710000000,"data":{"object":{"id":"dp_1","amount":333,"currency":"usd","charge":"ch_1","status":"lost","balance_transactions":` + movements + `}}}`
	n, err := Stripe{}.Read(models.Event{Body: []byte(body)})
	if err != nil {
		t.Fatalf("%s: %v", movements, err)
	}
	return n.Reversals[0]
}

// MONEY.md 2.5, "Funds reinstated after lost": the share in the account's currency, rounded half to even once.
func TestOnlyWhatWasNotReinstatedStaysLost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		event, movements string
		state            models.ReversalState
		left             int64
	}{
		{"closed", `null`, models.Takes, 333},
		{"closed", `[]`, models.Takes, 333},
		{"closed", `[{"amount":-300}]`, models.Takes, 333},
		{"closed", `[{"amount":-300},{"amount":150}]`, models.Takes, 166}, // 166.5
		{"closed", `[{"amount":-300},{"amount":100},{"amount":100}]`, models.Takes, 111},
		{"funds_reinstated", `[{"amount":-200},{"amount":-100},{"amount":150}]`, models.Takes, 166},
		{"funds_reinstated", `[{"amount":-300},{"amount":300}]`, models.Rests, 333},
		{"funds_reinstated", `[{"amount":-300},{"amount":301}]`, models.Rests, 333},
		{"funds_reinstated", `[{"amount":150}]`, models.Rests, 333},
		{"funds_reinstated", `[{"amount":-1000},{"amount":999}]`, models.Rests, 333}, // a third of a cent is left
		{"funds_reinstated", `[{"amount":-300}]`, models.Rests, 333},
		{"funds_reinstated", `[]`, models.Rests, 333},
		{"closed", `[{"amount":-9223372036854775808},{"amount":-9223372036854775808},{"amount":9223372036854775807}]`, models.Takes, 167},
	} {
		if got := lostOf(t, c.event, c.movements); got.State != c.state || got.Amount.Minor != c.left || got.Amount.Currency != "usd" {
			t.Errorf("%s %s: %s, want %s %d", c.event, c.movements, went(got), c.state, c.left)
		}
	}
}

// state draws one state of a refund or dispute, out of few values, so that ties are common.
func state(kind models.ReversalKind) *rapid.Generator[models.Reversal] {
	return rapid.Custom(func(t *rapid.T) models.Reversal {
		at := time.Unix(rapid.Int64Range(0, 1).Draw(t, "at"), 0).In(rapid.SampledFrom([]*time.Location{time.UTC, time.FixedZone("", 3600)}).Draw(t, "zone"))
		return models.Reversal{
			Kind: kind, At: at, Charge: rapid.SampledFrom([]string{"", "ch_1"}).Draw(t, "charge"),
			State:  rapid.SampledFrom([]models.ReversalState{models.Takes, models.Holds, models.Rests}).Draw(t, "state"),
			Says:   rapid.SampledFrom([]string{"", "strange", "odd", "pending", "failed", "under_review", "lost"}).Draw(t, "says"),
			Amount: models.Money{Minor: rapid.Int64Range(0, 1).Draw(t, "amount"), Currency: rapid.SampledFrom([]models.Currency{"usd", "eur"}).Draw(t, "currency")},
		}
	})
}

// B10: of the states of one reversal the same one stays, in whatever order and however often they came.
func TestTheSameStateOfAReversalStaysInAnyOrder(t *testing.T) {
	t.Parallel()
	newest := func(all []models.Reversal) models.Reversal {
		kept := all[0]
		for _, r := range all[1:] {
			if NewerReversal(kept, r) {
				kept = r
			}
		}
		kept.At = kept.At.UTC()
		return kept
	}
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]models.ReversalKind{models.RefundTotal, models.Refund, models.Dispute, models.CreditNote}).Draw(t, "kind")
		all := rapid.SliceOfN(state(kind), 1, 6).Draw(t, "all")
		again := rapid.Permutation(append(slices.Clone(all), all...)).Draw(t, "again")
		if got, want := fmt.Sprint(newest(again)), fmt.Sprint(newest(all)); got != want {
			t.Fatalf("%s stays, and else %s", got, want)
		}
	})
}

func TestOfTwoEventsInOneSecondTheFurtherOnStays(t *testing.T) {
	t.Parallel()
	at := time.Unix(1710000000, 0)
	for _, c := range []struct{ old, new models.Reversal }{
		{models.Reversal{Says: "pending", State: models.Takes}, models.Reversal{Says: "succeeded", State: models.Takes}},
		{models.Reversal{Says: "succeeded", State: models.Takes}, models.Reversal{Says: "failed", State: models.Rests}},
		{models.Reversal{Says: "pending", State: models.Takes}, models.Reversal{Says: "canceled", State: models.Rests}},
		{models.Reversal{Says: "warning_under_review", State: models.Rests}, models.Reversal{Says: "needs_response", State: models.Holds}},
		{models.Reversal{Says: "in_arbitration", State: models.Holds}, models.Reversal{Says: "needs_response", State: models.Holds}},
		{models.Reversal{Says: "under_review", State: models.Holds}, models.Reversal{Says: "lost", State: models.Takes}},
		{models.Reversal{Says: "needs_response", State: models.Holds}, models.Reversal{Says: "won", State: models.Rests}},
		{models.Reversal{Says: "warning_under_review", State: models.Rests}, models.Reversal{Says: "warning_closed", State: models.Rests}},
		{models.Reversal{Says: "lost", State: models.Takes}, models.Reversal{Says: "lost", State: models.Rests}},
		{models.Reversal{Kind: models.Dispute, Says: "lost", Amount: models.Money{Minor: 8}}, models.Reversal{Kind: models.Dispute, Says: "lost", Amount: models.Money{Minor: 4}}},
		{models.Reversal{Kind: models.RefundTotal, Amount: models.Money{Minor: 4}}, models.Reversal{Kind: models.RefundTotal, Amount: models.Money{Minor: 8}}},
		{models.Reversal{Says: "issued", State: models.Takes}, models.Reversal{Says: "void", State: models.Rests}},
	} {
		c.old.At, c.new.At = at, at
		if !NewerReversal(c.old, c.new) || NewerReversal(c.new, c.old) {
			t.Errorf("%s is not further on than %s", went(c.new), went(c.old))
		}
		c.old.At = at.Add(time.Second)
		if NewerReversal(c.old, c.new) {
			t.Errorf("%s takes the place of a later %s", went(c.new), went(c.old))
		}
	}
}
