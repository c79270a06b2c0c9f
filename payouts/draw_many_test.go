package payouts_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

func counted(n ...int) string { return strings.Trim(fmt.Sprint(n), "[]") }

// many draws up a run over partners who are each due two commissions, and the house's own, who is due one.
func (h *house) many(partners int) models.Run {
	h.t.Helper()
	storetest.Owing(h.t, h.Store, h.caller, h.partner, partners, 2)
	r, err := h.BeginRun(context.Background(), h.caller.Tenant, h.at, 0, h.who)
	if err == nil {
		err = h.CarryRun(context.Background(), h.caller.Tenant, r.ID)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// F104, F105, P29: a run over many partners draws up one invoice for each, in pieces, with numbers without a gap; the totals are
// the sums of what each is due.
func TestARunOverManyPartnersDrawsUpOneInvoiceForEachInPieces(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.many(350)
	r, err := h.Store.Run(context.Background(), h.caller.Tenant, r.ID)
	if err != nil || r.Status != models.RunDone || counted(r.Partners, r.Looked, r.Invoices, r.Below) != "351 351 351 0" {
		t.Errorf("%+v, %v", r, err)
	}
	list, err := h.Store.InvoicesOfRun(context.Background(), h.caller.Tenant, r.ID)
	if err != nil || len(list) != 351 {
		t.Fatalf("%d invoices, %v", len(list), err)
	}
	for _, i := range list {
		if want := int64(4000); i.TotalMinor != want && i.Partner != h.partner.ID {
			t.Errorf("%s is over %s", i.Number, i.Total())
		}
	}
	h.noGaps(351)
}

// P29, P46: several who draw up at the same time, beside sales and adjustments that come in, draw up nothing twice, lose nothing,
// and leave no gap in the numbers.
func TestSeveralDrawUpAtTheSameTimeAndNothingIsDrawnTwice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	storetest.Owing(t, h.Store, h.caller, h.partner, 250, 2)
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			if _, err := h.DrawUp(ctx, h.caller.Tenant, h.at, 0, h.who); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			a := models.Adjustment{Tenant: h.caller.Tenant, ID: models.NewID[models.AdjustmentID](h.at.Add(time.Duration(n) * time.Second)), Partner: h.partner.ID,
				Program: &h.caller.Program, Minor: 100, Currency: "usd", Reason: "a bonus"}
			if _, err := h.inbox.Adjust(ctx, a, h.who); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if _, err := h.DrawUp(ctx, h.caller.Tenant, h.at, 0, h.who); err != nil {
		t.Fatal(err)
	}
	var sum, number, others int64
	if err := h.Store.DB().QueryRow(`SELECT sum(total), count(*), count(DISTINCT partner_id) FROM invoices`).Scan(&sum, &number, &others); err != nil {
		t.Fatal(err)
	}
	if sum != 250*4000+2000+400 || others != 251 {
		t.Errorf("%d invoices over %d for %d partners", number, sum, others)
	}
	h.noGaps(int(number))
}

// F105, P29: a run that is cut off in the middle goes on where it was; the piece that was cut off gives its numbers back.
func TestARunThatIsCutOffGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	storetest.Owing(t, h.Store, h.caller, h.partner, 350, 1)
	r, err := h.BeginRun(context.Background(), h.caller.Tenant, h.at, 0, h.who)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range 4 { // in the middle of the first piece, of the second, and so on
		h.failAt(cut * 100)
		if err := h.CarryRun(context.Background(), h.caller.Tenant, r.ID); err == nil {
			t.Fatalf("cut %d: nothing failed", cut)
		}
		now, err := h.Store.Run(context.Background(), h.caller.Tenant, r.ID)
		if err != nil || now.Invoices != cut*100 || now.Status != models.RunGoing {
			t.Errorf("cut %d: %+v, %v", cut, now, err)
		}
		h.noGaps(cut * 100)
		storetest.CheckBooks(t, h.Store)
	}
	h.failAt(1_000_000)
	h.at = h.at.Add(10 * time.Minute)
	if err := h.DrawScheduled(context.Background()); err != nil { // which takes up what does not move
		t.Fatal(err)
	}
	if now, err := h.Store.Run(context.Background(), h.caller.Tenant, r.ID); err != nil || now.Invoices != 351 || now.Status != models.RunDone {
		t.Errorf("%+v, %v", now, err)
	}
	h.noGaps(351)
}

// failAt has the database refuse the first audit row of a drawn invoice once so many stand there: the last thing that a piece writes.
func (h *house) failAt(invoices int) {
	h.t.Helper()
	if _, err := h.Store.DB().Exec(fmt.Sprintf(`CREATE OR REPLACE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF NEW.action = 'invoice.drawn' AND (SELECT count(*) FROM invoices) > %d THEN RAISE EXCEPTION 'cut off'; END IF; RETURN NEW; END $$;
		CREATE OR REPLACE TRIGGER cut BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION cut()`, invoices)); err != nil {
		h.t.Fatal(err)
	}
}

// F105, F94: who is pending, paused or banned by now is drawn up like any other: what was earned stays owed. What is disputed is not.
func TestWhatWasEarnedStaysOwedWhateverThePartnerIsNow(t *testing.T) {
	t.Parallel()
	for _, status := range []string{models.PartnerPending, models.PartnerPaused, models.PartnerBanned} {
		h := newHouse(t)
		ctx := context.Background()
		err := h.Store.InTx(ctx, func(tx *store.Store) error {
			p, err := tx.Partner(ctx, h.caller.Tenant, h.partner.ID)
			if err != nil {
				return err
			}
			p.Turn(status, h.at)
			return tx.SavePartner(ctx, p, h.at)
		})
		if err != nil {
			t.Fatal(err)
		}
		if i := h.draw(); i.TotalMinor != 2000 {
			t.Errorf("%s: %s", status, i.Total())
		}
	}
}
