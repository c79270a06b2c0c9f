package inbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"portal/models"
	"portal/payouts"
	"portal/store/storetest"
)

// contested is what the partner says against the first line of an invoice that was just drawn up.
func (h *house) contested(words string) (models.Contest, error) {
	h.t.Helper()
	list, err := h.Store.Invoices(context.Background(), h.caller.Tenant, nil, "", storetest.FirstPage())
	if err != nil || len(list) == 0 {
		h.t.Fatalf("%d invoices, %v", len(list), err)
	}
	lines, err := h.Store.InvoiceLines(context.Background(), h.caller.Tenant, list[0].ID)
	if err != nil {
		h.t.Fatal(err)
	}
	x := models.Contest{Tenant: h.caller.Tenant, Invoice: list[0].ID, Partner: h.partner.ID, Words: words}
	if len(lines) > 0 {
		x.Commission, x.Adjustment, x.Seq = lines[0].Commission, lines[0].Adjustment, lines[0].Seq
	}
	return h.Contest(context.Background(), x, models.Actor{Name: "nora@partners.example"})
}

func (h *house) drawn() models.Invoice {
	h.t.Helper()
	out := &payouts.Payouts{Store: h.Store, Now: h.Now, Log: h.Log}
	list, err := out.DrawUp(context.Background(), h.caller.Tenant, storetest.Day, 0, somebody)
	if err != nil || len(list) != 1 {
		h.t.Fatalf("%+v, %v", list, err)
	}
	return list[0]
}

// B20: a partner contests one line in place; the answer is a posting, which is due and on the next invoice, or a reason. Both are
// kept. A line has one open contest at a time.
func TestAPartnerContestsALineAndGetsAPostingOrAReason(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	s := sale()
	s.PaidAt = storetest.Day.AddDate(0, 0, -40)
	h.hear(s.Session(storetest.Old), s.Invoice(storetest.Old))
	i := h.drawn()
	for _, words := range []string{"", " \n ", strings.Repeat("x", 501), "a\x00b"} {
		if _, err := h.contested(words); !errors.Is(err, models.ErrInvalid) {
			t.Errorf("%q: %v", words, err)
		}
	}
	x, err := h.contested(" That was\n two sales. ")
	if err != nil || x.Words != "That was two sales." || x.Status != models.ContestOpen {
		t.Fatalf("%+v, %v", x, err)
	}
	if _, err := h.contested("Again."); !errors.Is(err, models.ErrConflict) {
		t.Errorf("contested twice: %v", err)
	}
	posting := &models.Adjustment{ID: models.NewID[models.AdjustmentID](storetest.Day), Program: &h.caller.Program, Minor: 500, Currency: "usd"}
	if _, err := h.AnswerContest(ctx, x.Tenant, x.ID, " ", posting, somebody); !errors.Is(err, models.ErrInvalid) || h.balance().Due.Minor != 0 {
		t.Errorf("without words: %v, due %s", err, h.balance().Due)
	}
	wrong := *posting
	wrong.Minor = 0
	if _, err := h.AnswerContest(ctx, x.Tenant, x.ID, "Right.", &wrong, somebody); !errors.Is(err, models.ErrInvalid) {
		t.Errorf("a posting of nothing: %v", err)
	}
	if _, err := h.AnswerContest(ctx, x.Tenant, x.ID, "Right, the second one was missing.", posting, somebody); err != nil {
		t.Fatal(err)
	}
	x, err = h.Store.Contest(ctx, x.Tenant, x.ID)
	if err != nil || x.Status != models.ContestAnswered || x.Posting == nil || *x.Posting != posting.ID || *x.Posted != 500 || *x.Answer != "Right, the second one was missing." || h.balance().Due.Minor != 500 {
		t.Errorf("%+v, %v, due %s", x, err, h.balance().Due)
	}
	if _, err := h.AnswerContest(ctx, x.Tenant, x.ID, "Something else.", nil, somebody); !errors.Is(err, models.ErrConflict) {
		t.Errorf("answered twice: %v", err)
	}
	again, err := h.contested("It was three.")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.AnswerContest(ctx, x.Tenant, again.ID, "It was two.", nil, somebody); err != nil || h.balance().Due.Minor != 500 {
		t.Errorf("%v, due %s", err, h.balance().Due)
	}
	if list, err := h.Store.ContestsOf(ctx, x.Tenant, []models.InvoiceID{i.ID}); err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	if next := h.drawn(); next.TotalMinor != 500 {
		t.Errorf("the next invoice is over %s", next.Total())
	}
}

// B20: what is another's, or not on the invoice, cannot be contested; nor what has gone to a later invoice.
func TestOnlyWhatIsOnAnInvoiceOfOnesOwnCanBeContested(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	h.adjust(5000, "a bonus")
	i := h.drawn()
	other := storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
	lines, err := h.Store.InvoiceLines(ctx, i.Tenant, i.ID)
	if err != nil {
		t.Fatal(err)
	}
	of := models.Contest{Tenant: i.Tenant, Invoice: i.ID, Partner: other.ID, Adjustment: lines[0].Adjustment, Words: "Mine."}
	if _, err := h.Contest(ctx, of, somebody); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another's: %v", err)
	}
	of.Partner, of.Adjustment = h.partner.ID, models.NewID[models.AdjustmentID](storetest.Day)
	if _, err := h.Contest(ctx, of, somebody); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("not on it: %v", err)
	}
	out := &payouts.Payouts{Store: h.Store, Now: h.Now, Log: h.Log}
	if _, err := out.Void(ctx, i.Tenant, i.ID, "wrong", somebody); err != nil {
		t.Fatal(err)
	}
	if _, err := h.contested("It is gone."); !errors.Is(err, models.ErrConflict) {
		t.Errorf("on a void one: %v", err)
	}
}
