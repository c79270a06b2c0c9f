package payouts_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/sandbox"
	"portal/store/storetest"
)

var germanAccount = models.BankNumbers{IBAN: "DE89 3704 0044 0532 0130 00"}

// bank gives a partner's bank details, in words that a person types.
func (h *house) bank(p models.Partner, country string, numbers models.BankNumbers) models.BankDetails {
	h.t.Helper()
	b, err := h.SetBank(context.Background(), models.BankDetails{Tenant: p.Tenant, Partner: p.ID, Holder: p.Name, Country: country, Numbers: numbers}, models.Actor{Name: "nora@partners.example"})
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

func elsewhere(at time.Time) models.PaidElsewhere {
	return models.PaidElsewhere{Reference: "wire 7", PaidAt: at, Method: new(models.ByTransfer), Note: "From the Oslo account",
		File: &models.Attachment{Name: "proof.exe", Body: []byte("%PDF-1.7 and so on")}}
}

// F107: what is said of a payment made outside is kept with its paper, whose kind is told by its content.
func TestAPaymentMadeOutsideKeepsItsMethodNoteAndPaper(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	i := h.approved()
	for name, spoil := range map[string]func(*models.PaidElsewhere){
		"reference": func(p *models.PaidElsewhere) { p.Reference = " " },
		"paid_at":   func(p *models.PaidElsewhere) { p.PaidAt = h.at.Add(time.Hour) },
		"method":    func(p *models.PaidElsewhere) { p.Method = new(models.PayMethod("barter")) },
		"words":     func(p *models.PaidElsewhere) { p.Method = new(models.ByOther) },
		"note":      func(p *models.PaidElsewhere) { p.Note = strings.Repeat("é", 2001) },
		"file": func(p *models.PaidElsewhere) {
			p.File = &models.Attachment{Name: "proof.pdf", Body: []byte("MZ, no paper")}
		},
	} {
		how := elsewhere(h.at)
		spoil(&how)
		if _, err := h.MarkPaidElsewhere(ctx, h.caller.Tenant, i.ID, how, h.who); !errors.Is(err, models.ErrInvalid) || !strings.Contains(err.Error(), name+":") {
			t.Errorf("%s: %v", name, err)
		}
	}
	paid, err := h.MarkPaidElsewhere(ctx, h.caller.Tenant, i.ID, elsewhere(h.at.AddDate(0, 0, -1)), h.who)
	if err != nil || paid.Status != models.Paid || *paid.PaidHow != "manual" {
		t.Fatalf("%+v, %v", paid, err)
	}
	tries, err := h.Store.AttemptsOf(ctx, h.caller.Tenant, i.ID)
	if err != nil || len(tries) != 1 {
		t.Fatal(tries, err)
	}
	said, err := h.Store.OutsideOf(ctx, h.caller.Tenant, i.ID)
	if got := said[tries[0].ID]; err != nil || got.How() != "Bank transfer" || got.Note != "From the Oslo account" || got.File == nil || got.File.Kind != "application/pdf" {
		t.Errorf("%+v, %v", got, err)
	}
	f, err := h.Store.Attachment(ctx, h.caller.Tenant, i.ID, tries[0].ID)
	if err != nil || string(f.Body) != "%PDF-1.7 and so on" {
		t.Errorf("%+v, %v", f, err)
	}
	stranger := storetest.Company(t, h.Store)
	if _, err := h.Store.Attachment(ctx, stranger.Tenant, i.ID, tries[0].ID); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("another company reads it: %v", err)
	}
}

// F107, MONEY.md 4.5: nothing is marked as paid while a payment is under way, whatever its state says.
func TestNothingIsMarkedAsPaidWhileAPaymentIsUnderWay(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	i := h.approved()
	h.stripe.Fail(sandbox.Fault{Path: "/v1/payment_intents", Status: 500, Times: 6})
	if open, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); err != nil || open.Status != models.Processing {
		t.Fatalf("%s, %v", open.Status, err)
	}
	for _, status := range []models.InvoiceStatus{models.NeedsConfirmation, models.Charged, models.Processing} {
		now := h.again(i)
		now.Status = status
		if err := h.Store.SaveInvoice(ctx, now); err != nil {
			t.Fatal(err)
		}
		if _, err := h.MarkPaidElsewhere(ctx, h.caller.Tenant, i.ID, elsewhere(h.at), h.who); !errors.Is(err, models.ErrConflict) {
			t.Errorf("%s: %v", status, err)
		}
	}
}

// F107, B17: a payment marked by mistake is booked back, never edited, and the approval holds; then the invoice can be paid, once.
func TestAPaymentMarkedByMistakeIsUndoneAndTheInvoiceCanBePaid(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	i := h.approved()
	if _, err := h.Undo(ctx, h.caller.Tenant, i.ID, "typo", h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("one that is not paid: %v", err)
	}
	if _, err := h.MarkPaidElsewhere(ctx, h.caller.Tenant, i.ID, elsewhere(h.at), h.who); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Undo(ctx, h.caller.Tenant, i.ID, " ", h.who); !errors.Is(err, models.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	now, err := h.Undo(ctx, h.caller.Tenant, i.ID, "The transfer was to somebody else", h.who)
	if err != nil || now.Status != models.Approved || now.PaidAt != nil || now.Reference != nil || now.ApprovedHash == nil || !strings.Contains(*now.Because, "somebody else") {
		t.Fatalf("%+v, %v", now, err)
	}
	if b := h.balance(); b.Paid.Minor != 0 || b.Invoiced.Minor != 2000 || b.Due.Minor != 0 {
		t.Errorf("balance %+v", b)
	}
	storetest.CheckBooks(t, h.Store)
	if _, err := h.Undo(ctx, h.caller.Tenant, i.ID, "again", h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("undone twice: %v", err)
	}
	if paid, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); err != nil || paid.Status != models.Paid || h.moved() != 2000 {
		t.Errorf("%s, %v, %d moved", paid.Status, err, h.moved())
	}
	if _, err := h.Undo(ctx, h.caller.Tenant, i.ID, "Stripe paid it", h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("what Stripe paid: %v", err)
	}
	tries, err := h.Store.AttemptsOf(ctx, h.caller.Tenant, i.ID)
	if err != nil || len(tries) != 2 || tries[0].Status != models.AttemptUndone || tries[1].Status != models.AttemptSucceeded {
		t.Errorf("attempts %+v, %v", tries, err)
	}
}

// P2, P3: what was taken back while an invoice counted as paid comes off it when that is undone, and nothing of it is paid twice.
func TestWhatWasTakenBackMeanwhileComesOffAnUndoneInvoice(t *testing.T) {
	t.Parallel()
	for refunded, want := range map[int64]models.InvoiceStatus{5000: models.InReview, 10000: models.Void} {
		h, ctx := newHouse(t), context.Background()
		i := h.approved()
		if _, err := h.MarkPaid(ctx, h.caller.Tenant, i.ID, "wire 7", h.at, h.who); err != nil {
			t.Fatal(err)
		}
		h.hear(h.sold(1, 10000).Refund(storetest.Old, refunded))
		now, err := h.Undo(ctx, h.caller.Tenant, i.ID, "It came back", h.who)
		if err != nil || now.Status != want || now.TotalMinor != 2000-refunded/5 || now.ApprovedHash != nil {
			t.Errorf("%d: %+v, %v", refunded, now, err)
		}
		if b := h.balance(); b.Paid.Minor != 0 || b.Due.Minor != 0 || b.Invoiced.Minor != 2000-refunded/5 {
			t.Errorf("%d: balance %+v", refunded, b)
		}
	}
}

// F107: the period of a payment closes after 60 days, and when a later invoice is paid; a dispute must end first.
func TestAPaymentIsNotUndoneOnceItsPeriodIsClosed(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	first := h.approved()
	if _, err := h.MarkPaid(ctx, h.caller.Tenant, first.ID, "wire 7", h.at, h.who); err != nil {
		t.Fatal(err)
	}
	h.sell(2, 30000)
	h.at = h.at.Add(time.Minute)
	second := h.approved()
	if _, err := h.MarkPaid(ctx, h.caller.Tenant, second.ID, "wire 8", h.at, h.who); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Undo(ctx, h.caller.Tenant, first.ID, "late", h.who); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), second.Number) {
		t.Errorf("a later one is paid: %v", err)
	}
	if _, err := h.Undo(ctx, h.caller.Tenant, second.ID, "typo", h.who); err != nil {
		t.Error(err)
	}
	h.at = h.at.AddDate(0, 0, 61)
	if _, err := h.Undo(ctx, h.caller.Tenant, first.ID, "late", h.who); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), "60 days") {
		t.Errorf("61 days later: %v", err)
	}
}

// P46: undoing beside undoing, one of them does it.
func TestUndoingAtOnceBooksBackOnce(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	i := h.approved()
	if _, err := h.MarkPaid(ctx, h.caller.Tenant, i.ID, "wire 7", h.at, h.who); err != nil {
		t.Fatal(err)
	}
	results := make(chan error, 4)
	for range 4 {
		go func() {
			_, err := h.Undo(context.Background(), h.caller.Tenant, i.ID, "typo", h.who)
			results <- err
		}()
	}
	won := 0
	for range 4 {
		if <-results == nil {
			won++
		}
	}
	if won != 1 || h.balance().Invoiced.Minor != 2000 {
		t.Errorf("%d won, %+v", won, h.balance())
	}
}

// D6, F107: while a payment on it is disputed an invoice stays as it is; once the dispute is lost, what it took comes off when the mark is undone.
func TestAPaymentIsNotUndoneWhileASaleOnItIsDisputed(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	h.sell(2, 30000)
	i := h.approved()
	if _, err := h.MarkPaid(ctx, h.caller.Tenant, i.ID, "wire 7", h.at, h.who); err != nil {
		t.Fatal(err)
	}
	s := h.sold(1, 10000)
	h.hear(s.Charge(storetest.Old), s.Dispute(10000, "needs_response", 24*time.Hour))
	if _, err := h.Undo(ctx, h.caller.Tenant, i.ID, "typo", h.who); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), "disputed") {
		t.Errorf("while it is disputed: %v", err)
	}
	h.hear(s.Dispute(10000, "lost", 48*time.Hour))
	now, err := h.Undo(ctx, h.caller.Tenant, i.ID, "typo", h.who)
	if err != nil || now.Status != models.InReview || now.TotalMinor != 6000 {
		t.Errorf("%s %s, %v", now.Status, now.Total(), err)
	}
}
