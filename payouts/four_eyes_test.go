package payouts_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"portal/models"
	"portal/rates"
	"portal/store"
)

// B17: above the limit two people approve. Two sessions of one person, or a key of the API, are not two; up to the limit one is
// enough.
func TestAboveTheLimitTwoPeopleApprove(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, tenant := context.Background(), h.caller.Tenant
	h.scheduled(func(s *models.PayoutSettings) { s.FourEyesAbove = new(int64(1999)) })
	ann, bob := h.person(models.Owner), h.person(models.Finance)
	i := h.draw()
	if _, err := h.Approve(ctx, tenant, i.ID, h.who); !errors.Is(err, models.ErrForbidden) { // nobody's session
		t.Errorf("a key of the API: %v", err)
	}
	first, err := h.Approve(ctx, tenant, i.ID, ann)
	if err != nil || first.Status != models.InReview || first.FirstBy == nil || *first.FirstBy != ann.Name {
		t.Errorf("%+v, %v", first, err)
	}
	for name, who := range map[string]models.Actor{"another session": ann, "the same address": {Person: bob.Person, Name: " " + ann.Name, Role: models.Owner}, "a key": h.who} {
		if _, err := h.Approve(ctx, tenant, i.ID, who); err == nil {
			t.Errorf("%s was taken for a second person", name)
		}
	}
	if _, err := h.Pay(ctx, tenant, i.ID, ann); !errors.Is(err, models.ErrConflict) {
		t.Errorf("paid after one approval: %v", err)
	}
	second, err := h.Approve(ctx, tenant, i.ID, bob)
	if err != nil || second.Status != models.Approved || *second.ApprovedBy != bob.Name || *second.FirstBy != ann.Name {
		t.Errorf("%+v, %v", second, err)
	}
	if paid, err := h.Pay(ctx, tenant, i.ID, ann); err != nil || paid.Status != models.Paid {
		t.Errorf("%s, %v", paid.Status, err)
	}
	h.scheduled(func(s *models.PayoutSettings) { s.FourEyesAbove = new(int64(2000)) })
	h.sell(2, 10000)
	if one, err := h.Approve(ctx, tenant, h.draw().ID, ann); err != nil || one.Status != models.Approved {
		t.Errorf("at the limit: %s, %v", one.Status, err)
	}
}

// B17: the two approve the same. A refund, or where the money goes, takes both approvals back.
func TestAnyChangeTakesBothApprovalsBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, tenant := context.Background(), h.caller.Tenant
	h.scheduled(func(s *models.PayoutSettings) { s.FourEyesAbove = new(int64(0)) })
	ann, bob := h.person(models.Owner), h.person(models.Admin)
	i := h.draw()
	approve := func(who models.Actor, want models.InvoiceStatus) models.Invoice {
		t.Helper()
		now, err := h.Approve(ctx, tenant, i.ID, who)
		if err != nil || now.Status != want {
			t.Errorf("%s, %v, want %s", now.Status, err, want)
		}
		return now
	}
	approve(ann, models.InReview)
	h.newBank()
	if now := approve(bob, models.InReview); *now.FirstBy != bob.Name { // ann approved something else
		t.Errorf("the first is %s", *now.FirstBy)
	}
	approve(ann, models.Approved)
	h.newBank()
	if _, err := h.Pay(ctx, tenant, i.ID, ann); !errors.Is(err, models.ErrConflict) {
		t.Errorf("paid to new bank details: %v", err)
	}
	if now, err := h.Withdraw(ctx, tenant, i.ID, bob); err != nil || now.Status != models.InReview || now.FirstAt != nil || now.ApprovedAt != nil {
		t.Errorf("%+v, %v", now, err)
	}
	approve(bob, models.InReview)
	approve(ann, models.Approved)
	h.otherAccount()
	if _, err := h.Pay(ctx, tenant, i.ID, ann); !errors.Is(err, models.ErrConflict) || h.moved() != 0 {
		t.Errorf("paid to another account: %v, %d moved", err, h.moved())
	}
}

// newBank gives the partner new bank details.
func (h *house) newBank() {
	h.t.Helper()
	h.at = h.at.Add(time.Second)
	b := models.BankDetails{Tenant: h.caller.Tenant, ID: models.NewID[models.DetailsID](h.at), Partner: h.partner.ID, Holder: "Ann", Kind: models.IBANAccount, Country: "DE",
		Numbers: models.BankNumbers{IBAN: "DE89370400440532013000"}, Last4: "3000", SetBy: "ann", SetAt: h.at, HoldsUntil: h.at}
	if err := h.Store.AddBank(context.Background(), b); err != nil {
		h.t.Fatal(err)
	}
}

// otherAccount gives the partner another Stripe account.
func (h *house) otherAccount() {
	h.t.Helper()
	ctx := context.Background()
	err := h.Store.InTx(ctx, func(tx *store.Store) error {
		p, err := tx.Partner(ctx, h.caller.Tenant, h.partner.ID)
		if err != nil {
			return err
		}
		p.StripeAccount = new("acct_another")
		return tx.SavePartner(ctx, p, h.at)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// B17: without a rate nobody can say that an amount is below the limit, so two people are asked.
func TestWithoutARateTwoPeopleAreAsked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.scheduled(func(s *models.PayoutSettings) { s.FourEyesAbove = new(int64(1_000_000)) })
	i := h.draw()
	if two, err := h.AsksTwo(context.Background(), i); err != nil || two {
		t.Errorf("far below: %v, %v", two, err)
	}
	i.Currency = "eur"
	if two, err := h.AsksTwo(context.Background(), i); err != nil || !two {
		t.Errorf("without a rate: %v, %v", two, err)
	}
}

// B17: a rate that one person entered brings no amount under the limit: what counts is what was published.
func TestARateEnteredByHandBringsNothingUnderTheLimit(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	h.scheduled(func(s *models.PayoutSettings) { s.FourEyesAbove = new(int64(1_000_000)) })
	day := h.at.AddDate(0, 0, -1)
	if _, err := h.Store.KeepQuotes(ctx, []models.Quote{{Source: models.RateECB, Currency: "eur", Day: day, PerEuro: "1"}, {Source: models.RateECB, Currency: "usd", Day: day, PerEuro: "1.25"}}, h.at); err != nil {
		t.Fatal(err)
	}
	known := rates.Rates{Store: h.Store, Now: h.Now}
	if err := known.Enter(ctx, h.Store, h.caller.Company, h.who, models.Rate{From: "eur", To: "usd", Value: "0.0001", Date: h.at}); err != nil {
		t.Fatal(err)
	}
	i := h.draw()
	i.Currency = "eur"
	for total, want := range map[int64]bool{800_000: false, 800_001: true} {
		i.TotalMinor = total
		if two, err := h.AsksTwo(ctx, i); err != nil || two != want {
			t.Errorf("%s: %v, %v", i.Total(), two, err)
		}
	}
}

// F108: who may approve and who may pay are roles. Who may not is refused with a sentence, and nothing moves; a key of the API may.
func TestWhoMayApproveAndWhoMayPayAreRoles(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, tenant := context.Background(), h.caller.Tenant
	h.scheduled(func(s *models.PayoutSettings) {
		s.ApproveRoles, s.PayRoles = []models.Role{models.Admin}, []models.Role{models.Finance}
	})
	i := h.draw()
	refused := func(what string, err error) {
		t.Helper()
		var refusal models.Refusal
		if !errors.Is(err, models.ErrForbidden) || !errors.As(err, &refusal) {
			t.Errorf("%s: %v", what, err)
		}
	}
	finance, admin := h.person(models.Finance), h.person(models.Admin)
	for _, who := range []models.Actor{finance, h.person(models.Viewer), h.person("")} {
		_, err := h.Approve(ctx, tenant, i.ID, who)
		refused("approve", err)
		_, err = h.Void(ctx, tenant, i.ID, "no", who)
		refused("void", err)
	}
	if _, err := h.Approve(ctx, tenant, i.ID, admin); err != nil {
		t.Error(err)
	}
	_, err := h.Withdraw(ctx, tenant, i.ID, finance)
	refused("withdraw", err)
	_, err = h.Pay(ctx, tenant, i.ID, admin)
	refused("pay", err)
	if now := h.again(i); now.Status != models.Approved || h.moved() != 0 {
		t.Errorf("%s, %d moved", now.Status, h.moved())
	}
	if paid, err := h.Pay(ctx, tenant, i.ID, finance); err != nil || paid.Status != models.Paid {
		t.Errorf("%s, %v", paid.Status, err)
	}
	h.sell(2, 10000)
	next := h.draw()
	if _, err := h.Approve(ctx, tenant, next.ID, h.who); err != nil {
		t.Errorf("a key of the API: %v", err)
	}
	if _, err := h.Void(ctx, tenant, next.ID, "the owner always may", h.person(models.Owner)); err != nil {
		t.Error(err)
	}
}

// F108, B17: a whole run is approved at once, each as by itself: above the limit once by each of two people.
func TestAWholeRunIsApprovedAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, tenant := context.Background(), h.caller.Tenant
	r := h.many(120)
	h.scheduled(func(s *models.PayoutSettings) { s.FourEyesAbove = new(int64(3000)) }) // those with two commissions
	ann, bob := h.person(models.Owner), h.person(models.Finance)
	for n, want := range []struct {
		who models.Actor
		did string
	}{{ann, "1 120 0"}, {ann, "0 0 120"}, {bob, "120 0 0"}, {bob, "0 0 0"}} {
		did, err := h.ApproveRun(ctx, tenant, r.ID, want.who)
		if got := counted(did.Approved, did.First, did.Left); err != nil || got != want.did {
			t.Errorf("%d: %s, %v, want %s", n, got, err, want.did)
		}
	}
}

// An approved invoice whose money would go elsewhere now says so, and is approved again as it stands; above the limit by two people.
func TestWhatChangedAfterItsApprovalIsApprovedAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, tenant := context.Background(), h.caller.Tenant
	ann, bob := h.person(models.Owner), h.person(models.Admin)
	i, err := h.Approve(ctx, tenant, h.draw().ID, ann)
	if changed, said := h.Changed(ctx, i); err != nil || said != nil || changed {
		t.Fatalf("as it was approved: %t, %v, %v", changed, said, err)
	}
	h.newBank()
	if changed, err := h.Changed(ctx, i); err != nil || !changed {
		t.Errorf("new bank details: %t, %v", changed, err)
	}
	if i, err = h.Approve(ctx, tenant, i.ID, ann); err != nil || i.Status != models.Approved {
		t.Fatalf("again: %s, %v", i.Status, err)
	}
	if _, err := h.Approve(ctx, tenant, i.ID, ann); !errors.Is(err, models.ErrConflict) {
		t.Errorf("what did not change was approved twice: %v", err)
	}
	h.newBank()
	h.scheduled(func(s *models.PayoutSettings) { s.FourEyesAbove = new(int64(0)) })
	if i, err = h.Approve(ctx, tenant, i.ID, ann); err != nil || i.Status != models.InReview {
		t.Errorf("the first of two: %s, %v", i.Status, err)
	}
	if i, err = h.Approve(ctx, tenant, i.ID, bob); err != nil || i.Status != models.Approved {
		t.Errorf("the second: %s, %v", i.Status, err)
	}
}
