package handlers

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"portal/models"
	"portal/store/storetest"
)

// Issue 5, point 9: the months of a partner, each with opening, lines and closing, on both sides; the partner sees no customer, and
// what is not listed one by one is a line of its own, so that the sums hold.
func TestAMonthsStatementIsReadByBothSides(t *testing.T) {
	t.Parallel()
	w, ctx := newPartnerWorld(t), context.Background()
	w.sell(w.sale(1, 60, "cus_1", "secret.buyer@shop.example", "ANN_KEY"))
	w.sell(w.sale(2, 50, "cus_2", "other.buyer@shop.example", "ANN_KEY"))
	i := w.drawUp()[0]
	w.approve(i)
	if _, err := w.Payouts.MarkPaid(ctx, w.caller.Tenant, i.ID, "wire 7", w.clock, signer); err != nil {
		t.Fatal(err)
	}
	ann := w.signInAs(w.ann)
	_, list := w.read(ann, "/partner/statements")
	wants(t, "the months", list, "November 2026", "40.00 USD", "0.00 USD")
	page, words := w.read(ann, "/partner/statements/2026-11")
	wants(t, "the month", words, "Statement of November 2026", "The month has not ended", "Opening balance 0.00 USD", "s***@s…", "Earned 20.00 USD", "Invoice "+i.Number+" paid", "\u221240.00 USD", "Closing balance 0.00 USD")
	lacks(t, "the month", page, "secret.buyer", "shop.example")
	w.clock = w.clock.AddDate(0, 1, 0)
	_, words = w.read(ann, "/partner/statements/2026-12")
	wants(t, "a month without changes", words, "Nothing was owed in this month")
	if _, words = w.read(w.signInAs(w.bob), "/partner/statements"); !strings.Contains(words, "Nothing was earned yet") {
		t.Errorf("another partner's: %s", words)
	}
	for _, wrong := range []string{"2027-01", "2026-13", "x", "2026-11-01", "0001-01"} {
		if status, _ := w.get(ann, "/partner/statements/"+wrong); status != http.StatusNotFound {
			t.Errorf("%s: %d", wrong, status)
		}
	}
	side := statementSide{Tenant: w.caller.Tenant, partner: w.ann, company: "Acme"}
	for most, want := range map[int]int{10: 3, 1: 2} {
		parts, err := w.statement(ctx, side, monthOf(i.DrawnAt), most)
		if err != nil || len(parts) != 1 {
			t.Fatalf("%+v, %v", parts, err)
		}
		sum := parts[0].Opening
		lines := side.partPrinted(parts[0]).Lines
		for _, l := range lines {
			sum += l.Amount.Minor
		}
		if len(lines) != want || sum != parts[0].Closing || len(side.partShown(parts[0]).Lines) != want {
			t.Errorf("at most %d: %d lines to %d: %+v", most, len(lines), sum, lines)
		}
	}
}

// Money that changed in no month since is carried over to each, in its own currency.
func TestWhatIsOwedIsCarriedOver(t *testing.T) {
	t.Parallel()
	at := func(month int, c models.Currency, opening, closing int64) models.Statement {
		return models.Statement{Month: monthOf(storetest.Day).AddDate(0, month, 0), Currency: c, Opening: opening, Closing: closing, Changes: 1}
	}
	all := []models.Statement{at(0, "eur", 0, 500), at(0, "usd", 0, 700), at(1, "usd", 700, 0), at(3, "eur", 500, 900)}
	for month, want := range []string{"eur 0-500 usd 0-700", "eur 500-500 usd 700-0", "eur 500-500", "eur 500-900"} {
		var got []string
		for _, s := range monthOfEach(all, monthOf(storetest.Day).AddDate(0, month, 0)) {
			got = append(got, fmt.Sprintf("%s %d-%d", s.Currency, s.Opening, s.Closing))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("month %d: %q, want %q", month, got, want)
		}
	}
}
