package sandbox_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portal/sandbox"
)

// world is a platform with two partners, to whom anything happens.
type world struct {
	t        *rapid.T
	s        *sandbox.Sandbox
	now      time.Time
	partners []string
	disputes []string
	last     map[string]any
}

func newWorld(t *rapid.T, journal string, settles ...string) *world {
	w := &world{t: t, now: start}
	s, err := sandbox.Open(sandbox.Options{Journal: journal, Now: func() time.Time { return w.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	w.s = s
	s.AddAccount(sandbox.Account{ID: platform, SecretKeys: []string{platformKey}, Settles: settles})
	for _, country := range []string{"DE", "US"} {
		w.ask("POST", "/v1/accounts", "type", "express", "country", country, "capabilities[transfers][requested]", "true")
		w.partners = append(w.partners, w.last["id"].(string))
		if err := s.Onboard(w.last["id"].(string), sandbox.Complete); err != nil {
			t.Fatal(err)
		}
		if err := s.SettleIn(w.last["id"].(string), settles...); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) ask(method, path string, pairs ...string) int {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			form.Add(pairs[i], pairs[i+1])
		}
	}
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Authorization", "Bearer "+platformKey)
	rec := httptest.NewRecorder()
	w.s.API().ServeHTTP(rec, r)
	w.last = nil
	if err := json.Unmarshal(rec.Body.Bytes(), &w.last); err != nil {
		w.t.Fatal(err)
	}
	return rec.Code
}

// one is the id of anything of a kind that went, or of none.
func (w *world) one(kind string) string {
	ids := []string{"none"}
	for _, m := range w.s.Moves(platform) {
		if m.Kind == kind {
			ids = append(ids, m.ID)
		}
	}
	return rapid.SampledFrom(ids).Draw(w.t, kind)
}

func (w *world) amount() string {
	return rapid.SampledFrom([]string{"100", "333", "1001", "4999", "7"}).Draw(w.t, "amount")
}

func (w *world) pick(name string, of ...string) string { return rapid.SampledFrom(of).Draw(w.t, name) }

// step does one thing; what is refused must leave every balance as it was.
func (w *world) step() {
	before, refused := w.s.Balances(), false
	api := func(path string, pairs ...string) {
		code := w.ask("POST", path, pairs...)
		refused = code != 200 && code != 402
	}
	try := func(err error) { refused = err != nil }
	did := w.pick("step", "charge", "charge", "onward", "transfer", "transfer", "reversal", "refund", "refund", "failed", "dispute", "decision", "reinstated", "payout", "time", "strict")
	switch did {
	case "charge", "onward":
		to, fee := "", ""
		if did == "onward" {
			to, fee = w.pick("to", w.partners...), w.pick("fee", "", "11", "99")
		}
		api("/v1/payment_intents", "amount", w.amount(), "currency", w.pick("currency", "usd", "eur"), "confirm", "true", "transfer_data[destination]", to, "application_fee_amount", fee,
			"payment_method", w.pick("card", "pm_card_visa", "pm_card_bypassPending", "pm_usBankAccount", "pm_card_createDispute", "pm_card_refundFail", "pm_card_visa_chargeDeclined"))
		if w.last["status"] == "processing" {
			try(w.s.Settle(platform, w.last["id"].(string), rapid.Bool().Draw(w.t, "paid")))
		}
	case "transfer":
		source := ""
		if rapid.Bool().Draw(w.t, "of a charge") {
			source = w.one("charge")
		}
		api("/v1/transfers", "amount", w.amount(), "currency", w.pick("currency", "usd", "eur"), "destination", w.pick("to", w.partners...), "source_transaction", source)
	case "reversal":
		api("/v1/transfers/"+w.one("transfer")+"/reversals", "amount", w.amount(), "refund_application_fee", w.pick("fees", "true", "false"))
	case "refund":
		api("/v1/refunds", "charge", w.one("charge"), "amount", w.pick("amount", "", "3", "50", "334"), "reverse_transfer", w.pick("back", "true", "false"), "refund_application_fee", w.pick("fees", "true", "false"))
	case "failed":
		try(w.s.FailRefund(platform, w.one("refund"), time.Time{}))
	case "dispute":
		id, err := w.s.Dispute(platform, sandbox.Dispute{Of: w.one("charge"), Inquiry: rapid.Bool().Draw(w.t, "inquiry")})
		if try(err); err == nil {
			w.disputes = append(w.disputes, id)
		}
	case "decision":
		try(w.s.MoveDispute(platform, w.pick("dispute", append(w.disputes, "none")...), w.pick("status", "under_review", "won", "lost", "warning_closed", "needs_response"), time.Time{}))
	case "reinstated":
		try(w.s.ReinstateDispute(platform, w.pick("dispute", append(w.disputes, "none")...), 40, time.Time{}))
	case "payout":
		_, err := w.s.PayOut(w.pick("to", w.partners...), w.pick("currency", "usd", "eur"), w.pick("failure", "", "", "no_account"))
		if try(err); err != nil {
			_ = w.s.ReplaceBank(w.partners[0], "eur")
		}
	case "time":
		w.now = w.now.Add(25 * time.Hour)
	case "strict":
		try(w.s.RefuseNegative(w.pick("to", w.partners...), rapid.Bool().Draw(w.t, "strict")))
	}
	if after := w.s.Balances(); refused && fmt.Sprint(after) != fmt.Sprint(before) {
		w.t.Fatalf("%s was refused, and %v became %v", did, before, after)
	}
}

// balanced checks that every balance is the sum of its lines, and that no charge and no transfer gave more than it had.
func (w *world) balanced() {
	t, has := w.t, w.s.Balances()
	for _, account := range append([]string{platform}, w.partners...) {
		sums := map[string]int64{}
		for _, b := range w.s.Bookings(account) {
			if sums[b.Currency] += b.Net; b.Net != b.Amount-b.Fee {
				t.Fatalf("%+v", b)
			}
		}
		for currency, sum := range sums {
			if has[account][currency].Total() != sum {
				t.Fatalf("%s has %v %s, its lines are %d", account, has[account][currency], currency, sum)
			}
		}
	}
	left := map[string]int64{}
	for _, m := range w.s.Moves(platform) {
		switch m.Kind {
		case "charge", "transfer":
			left[m.ID] = m.Amount
		case "refund", "transfer_reversal":
			if left[m.Of] -= m.Amount; left[m.Of] < 0 {
				t.Fatalf("%s took more than there was of %s", m.ID, m.Of)
			}
		}
	}
}

// closed checks, where nothing is converted, that what all accounts have together is what came from cards, less what went
// back to them, to banks and to Stripe; and that each partner has what was moved to it and not paid out.
func (w *world) closed() {
	want := map[string]int64{}
	for _, m := range w.s.Moves(platform) {
		switch m.Kind {
		case "charge":
			want[m.Currency] += m.Amount
		case "refund":
			want[m.Currency] -= m.Amount
		}
	}
	for _, b := range w.s.Bookings(platform) {
		switch {
		case strings.HasPrefix(b.Source, "dp_"):
			want[b.Currency] += b.Net
		case strings.HasPrefix(b.Source, "ch_"):
			want[b.Currency] -= b.Fee
		}
	}
	moved := w.s.Moved()
	for _, partner := range w.partners {
		paid := map[string]int64{}
		for _, m := range w.s.Moves(partner) {
			if m.Kind == "payout" {
				paid[m.Currency] += m.Amount
				want[m.Currency] -= m.Amount
			}
		}
		for _, currency := range []string{"usd", "eur"} {
			if got := w.s.Balances()[partner][currency].Total(); got != moved[partner][currency]-paid[currency] {
				w.t.Fatalf("%s has %d %s, but %d was moved and %d paid out", partner, got, currency, moved[partner][currency], paid[currency])
			}
		}
	}
	got := map[string]int64{"usd": 0, "eur": 0}
	for _, has := range w.s.Balances() {
		for currency, b := range has {
			got[currency] += b.Total()
		}
	}
	maps.DeleteFunc(want, func(_ string, n int64) bool { return n == 0 })
	maps.DeleteFunc(got, func(_ string, n int64) bool { return n == 0 })
	if !maps.Equal(got, want) {
		w.t.Fatalf("the accounts have %v together, but %v came from outside", got, want)
	}
}

// F101, MONEY.md 4.4-4.7: whatever happens, nothing is created from nothing.
func TestNoMoneyIsCreatedFromNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, "", "usd", "eur")
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			w.step()
			w.balanced()
			w.closed()
		}
	})
}

// MONEY.md 4.6: with conversion too every balance is the sum of its lines.
func TestBalancesAreTheSumOfTheirLinesWhenMoneyIsConverted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, "")
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			w.step()
			w.balanced()
		}
	})
}

// After a restart the books are what they were.
func TestTheBooksSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		file := filepath.Join(dir, fmt.Sprint(n))
		w := newWorld(t, file, "eur")
		for range rapid.IntRange(1, 15).Draw(t, "steps") {
			w.step()
		}
		balances, moves, moved := fmt.Sprint(w.s.Balances()), fmt.Sprint(w.s.Moves(platform)), fmt.Sprint(w.s.Moved())
		if err := w.s.Close(); err != nil {
			t.Fatal(err)
		}
		again, err := sandbox.Open(sandbox.Options{Journal: file, Now: func() time.Time { return w.now }})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = again.Close() }()
		if fmt.Sprint(again.Balances()) != balances || fmt.Sprint(again.Moves(platform)) != moves || fmt.Sprint(again.Moved()) != moved {
			t.Fatalf("%v became %v", balances, again.Balances())
		}
	})
}
