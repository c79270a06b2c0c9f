package integrations_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/integrations"
	"portal/models"
	"portal/sandbox"
	"portal/store"
	"portal/store/storetest"
)

var owner = models.Actor{Name: "Ann"}

// codeShop is a shop whose program has a coupon, and its partner.
func codeShop(t *testing.T) (stripe *sandbox.Sandbox, base string, one shop, nora models.Partner) {
	t.Helper()
	stripe, base = newStripe(t)
	one = newShop(t, storetest.Open(t), base, "https://one.example", time.Now)
	if err := one.MakeCoupon(context.Background(), one.Caller, models.Coupon{Name: "Partners", PercentOff: "20", Duration: "once"}, owner); err != nil {
		t.Fatal(err)
	}
	nora, err := one.Store.PartnerByKey(context.Background(), one.Tenant, "PARTNER_A")
	if err != nil {
		t.Fatal(err)
	}
	return stripe, base, one, nora
}

func (s shop) promotion(t *testing.T, id string) models.PromotionCode {
	t.Helper()
	known, err := s.Store.PromotionsNamed(context.Background(), s.Tenant, []string{id})
	if err != nil {
		t.Fatal(err)
	}
	return known[id]
}

// partnersOf are the ids of the codes that stand for a partner now.
func (s shop) codesOf(t *testing.T, partner models.Partner) (ids []string) {
	t.Helper()
	codes, err := s.Store.CodesOf(context.Background(), s.Tenant, partner.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range codes {
		ids = append(ids, c.Code)
	}
	return ids
}

// heard fetches the events of Stripe, carries them, and keeps what they tell of the catalog.
func (s shop) heard(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	if err := s.Heal(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Inbox.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	rows, err := s.Store.DB().Query(`SELECT args->>'event' FROM river_job WHERE kind = 'keep_catalog' AND args->>'company' = $1 ORDER BY id`, s.Company.String())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	for _, text := range append(ids, ids...) { // a job may run twice
		id, err := models.ParseID[models.EventID](text)
		if err == nil {
			err = s.KeepCatalogEvent(ctx, s.Tenant, id)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// F33, MONEY.md 3.5: a code that is given to a partner is in Stripe, from the program's coupon and with its limits; a sale
// with it is the partner's, also when the code was deactivated, here or there.
func TestACodeGivenToAPartnerIsInStripe(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	stripe, base, one, nora := codeShop(t)
	until := time.Now().Add(24 * time.Hour).Truncate(time.Second)
	p, err := one.GiveCode(ctx, one.Caller, nora.ID, integrations.NewCode{Code: " NORA20 ", FirstTime: true, Minimum: &models.Money{Minor: 1000, Currency: "usd"}, Most: 5, Until: &until}, owner)
	if err != nil {
		t.Fatal(err)
	}
	there := askShop(t, base, http.MethodGet, "/v1/promotion_codes/"+p.ID, "")
	limits := there["restrictions"].(map[string]any)
	if there["code"] != "NORA20" || there["metadata"].(map[string]any)["partner_key"] != "PARTNER_A" || limits["first_time_transaction"] != true || limits["minimum_amount"] != 1000.0 ||
		there["max_redemptions"] != 5.0 || there["expires_at"] != float64(until.Unix()) || there["coupon"].(map[string]any)["percent_off"] != 20.0 {
		t.Errorf("in Stripe it is %v", there)
	}
	if ids := one.codesOf(t, nora); !slices.Equal(ids, []string{p.ID}) {
		t.Errorf("the partner's codes are %v", ids)
	}
	sell := func(email string) {
		t.Helper()
		if _, err := stripe.Sell("acct_shop", sandbox.Order{Email: email, Amount: 8000, Code: "NORA20"}); err != nil {
			t.Fatal(err)
		}
		one.heard(t)
	}
	sell("a@example.com")
	if err := one.EndCode(ctx, one.Caller, p.ID, owner); err != nil {
		t.Fatal(err)
	}
	if kept := one.promotion(t, p.ID); kept.Active || kept.InactiveSince == nil || askShop(t, base, http.MethodGet, "/v1/promotion_codes/"+p.ID, "")["active"] != false {
		t.Errorf("deactivated it is %+v", kept)
	}
	if err := one.EndCode(ctx, one.Caller, p.ID, owner); err != nil {
		t.Errorf("deactivated twice: %v", err)
	}
	if ids := one.codesOf(t, nora); !slices.Equal(ids, []string{p.ID}) {
		t.Errorf("an inactive code stands for nobody: %v", ids)
	}
	list, err := one.Store.Payments(ctx, one.Tenant, store.PaymentFilter{}, store.Page{Limit: 10})
	if err != nil || len(list) != 1 || list[0].Partner == nil || *list[0].AttributedBy != models.ByCoupon {
		t.Errorf("payments %+v, %v", list, err)
	}
}

// F33: each way of being ended in Stripe is seen here, by its event and by the daily sync; the code stays the partner's and
// is not made again.
func TestACodeThatEndsInStripeIsInactiveHere(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, by := range []string{"event", "sync"} {
		_, base, one, nora := codeShop(t)
		var ids []string
		for _, text := range []string{"ONE", "TWO"} {
			p, err := one.GiveCode(ctx, one.Caller, nora.ID, integrations.NewCode{Code: text}, owner)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, p.ID)
		}
		look := func() {
			t.Helper()
			if by == "event" {
				one.heard(t)
			} else if err := one.SyncCatalog(ctx, one.Tenant, one.Program); err != nil {
				t.Fatal(err)
			}
		}
		look()
		if !one.promotion(t, ids[0]).Active {
			t.Errorf("by %s: it is inactive", by)
		}
		askShop(t, base, http.MethodPost, "/v1/promotion_codes/"+ids[0], "active=false")
		look()
		if one.promotion(t, ids[0]).Active || !one.promotion(t, ids[1]).Active {
			t.Errorf("by %s: deactivated in Stripe they are %+v and %+v", by, one.promotion(t, ids[0]), one.promotion(t, ids[1]))
		}
		coupon, err := one.Store.ProgramCoupon(ctx, one.Caller)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) // a list tells what is gone by the second
		askShop(t, base, http.MethodDelete, "/v1/coupons/"+coupon.ID, "")
		look()
		if kept := one.promotion(t, ids[1]); kept.Active || kept.InactiveSince == nil {
			t.Errorf("by %s: without its coupon it is %+v", by, kept)
		}
		if got := one.codesOf(t, nora); len(got) != 2 {
			t.Errorf("by %s: the partner's codes are %v", by, got)
		}
		if _, err := one.GiveCode(ctx, one.Caller, nora.ID, integrations.NewCode{Code: "THREE"}, owner); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), "deleted in Stripe") {
			t.Errorf("by %s: a code of a coupon that is gone: %v", by, err)
		}
	}
}

// F33: a code made in Stripe for a partner of ours is the partner's here, from when it was made, by event or by sync; one
// that was taken away here is not given back, and one for another program or an unknown partner is nobody's.
func TestACodeMadeInStripeForAPartnerIsTheirs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	stripe, base, one, nora := codeShop(t)
	coupon, err := one.Store.ProgramCoupon(ctx, one.Caller)
	if err != nil {
		t.Fatal(err)
	}
	make := func(code, more string) string {
		return askShop(t, base, http.MethodPost, "/v1/promotion_codes", "coupon="+coupon.ID+"&code="+code+more)["id"].(string)
	}
	theirs := make("THERE", "&metadata[partner_key]=PARTNER_A")
	make("ELSEWHERE", "&metadata[partner_key]=PARTNER_A&metadata[portal_program]=another")
	make("NOBODYS", "&metadata[partner_key]=NOBODY")
	make("PLAIN", "")
	if _, err := stripe.Sell("acct_shop", sandbox.Order{Email: "a@example.com", Amount: 8000, Code: "THERE"}); err != nil {
		t.Fatal(err)
	}
	one.heard(t)
	if ids := one.codesOf(t, nora); !slices.Equal(ids, []string{theirs}) {
		t.Errorf("the partner's codes are %v, want %s", ids, theirs)
	}
	list, err := one.Store.Payments(ctx, one.Tenant, store.PaymentFilter{}, store.Page{Limit: 10})
	if err != nil || len(list) != 1 || list[0].Partner == nil || *list[0].AttributedBy != models.ByCoupon {
		t.Errorf("what was sold with it before this was known: %+v, %v", list, err)
	}
	if _, err := one.Inbox.RemoveCode(ctx, one.Tenant, theirs, owner); err != nil {
		t.Fatal(err)
	}
	if err := one.SyncCatalog(ctx, one.Tenant, one.Program); err != nil {
		t.Fatal(err)
	}
	one.heard(t)
	if ids := one.codesOf(t, nora); len(ids) != 0 {
		t.Errorf("taken away and given back: %v", ids)
	}
}

// F33: what is wrong with a code is said beside it, with a free one where it is in use; nothing is made or kept.
func TestACodeThatCannotBeIsRefusedInWords(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, base, one, nora := codeShop(t)
	coupon, err := one.Store.ProgramCoupon(ctx, one.Caller)
	if err != nil {
		t.Fatal(err)
	}
	for _, taken := range []string{"taken", "TAKEN-2"} {
		askShop(t, base, http.MethodPost, "/v1/promotion_codes", "coupon="+coupon.ID+"&code="+taken)
	}
	for code, want := range map[string]string{"": "must not be empty", "NÖRA": "letters a to z", "NORA 20": "letters a to z", "nora_20": "letters a to z",
		strings.Repeat("A", 101): "at most 100", "TAKEN": "in use in Stripe already"} {
		_, err := one.GiveCode(ctx, one.Caller, nora.ID, integrations.NewCode{Code: code}, owner)
		var wrong models.FieldErrors
		if !errors.As(err, &wrong) || wrong[0].Field != "code" || !strings.Contains(wrong[0].Message, want) || code == "TAKEN" && !strings.Contains(wrong[0].Message, "TAKEN-3 is free") {
			t.Errorf("%q: %v, want %q", code, err, want)
		}
	}
	other := storetest.Partner(t, one.Store, one.Tenant, "PARTNER_B", "usd")
	if _, err := one.Inbox.AddCode(ctx, one.Tenant, "Others", other.ID, owner); err != nil {
		t.Fatal(err)
	}
	if _, err := one.GiveCode(ctx, one.Caller, nora.ID, integrations.NewCode{Code: "OTHERS"}, owner); err == nil || !strings.Contains(err.Error(), "PARTNER_B already") {
		t.Errorf("a text that stands for another partner: %v", err)
	}
	past := time.Now().Add(-time.Hour)
	if _, err := one.GiveCode(ctx, one.Caller, nora.ID, integrations.NewCode{Code: "OLD", Most: -1, Until: &past}, owner); err == nil || !strings.Contains(err.Error(), "must be in the future") || !strings.Contains(err.Error(), "1 or more") {
		t.Errorf("limits: %v", err)
	}
	if ids := one.codesOf(t, nora); len(ids) != 0 {
		t.Errorf("the partner's codes are %v", ids)
	}
}

// MONEY.md 0, 3.5: whatever Stripe answers, a code is made once or not at all, and what happened is said; one that was made
// while the answer or its saving was lost is found again.
func TestACodeIsMadeOnceWhateverStripeAnswers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	stripe, base, one, nora := codeShop(t)
	give := func(code string) error {
		_, err := one.GiveCode(ctx, one.Caller, nora.ID, integrations.NewCode{Code: code}, owner)
		return err
	}
	for _, c := range []struct {
		status int
		kind   error
		says   string
	}{{401, models.ErrConflict, "refuses the API key"}, {403, models.ErrConflict, "lacks the right"}, {429, models.ErrLater, "Nothing was changed"}, {500, models.ErrLater, "not made twice"}} {
		stripe.Fail(sandbox.Fault{Method: http.MethodPost, Path: "/v1/promotion_codes", Status: c.status})
		if err := give("BEFORE"); !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%d: %v, want %q", c.status, err, c.says)
		}
		if ids := one.codesOf(t, nora); len(ids) != 0 {
			t.Errorf("%d: half kept: %v", c.status, ids)
		}
	}
	if err := give("BEFORE"); err != nil {
		t.Errorf("then: %v", err)
	}
	for n, status := range []int{500, 0} { // after the work was done: the code is there
		text := []string{"AFTER-A", "AFTER-B"}[n]
		stripe.Fail(sandbox.Fault{Method: http.MethodPost, Path: "/v1/promotion_codes", Status: status, After: true})
		if err := give(text); err != nil {
			t.Errorf("%d after the work: %v", status, err)
		}
		if err := give(text); err != nil {
			t.Errorf("%d after the work, sent again: %v", status, err)
		}
	}
	if ids, there := one.codesOf(t, nora), askShop(t, base, http.MethodGet, "/v1/promotion_codes?limit=100", "")["data"].([]any); len(ids) != 3 || len(there) != 3 {
		t.Errorf("%d codes here and %d in Stripe, want 3", len(ids), len(there))
	}
}

// F33: a coupon is made once, or chosen from those that can be used.
func TestAProgramsCouponIsMadeOrChosen(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	stripe, base, one, _ := codeShop(t)
	fixed := models.Coupon{Name: "Five", AmountOff: 500, Currency: "usd", Duration: "repeating", Months: 3}
	stripe.Fail(sandbox.Fault{Method: http.MethodPost, Path: "/v1/coupons", Status: 500, After: true})
	if err := one.MakeCoupon(ctx, one.Caller, fixed, owner); !errors.Is(err, models.ErrLater) {
		t.Errorf("%v", err)
	}
	if err := one.MakeCoupon(ctx, one.Caller, fixed, owner); err != nil {
		t.Fatal(err)
	}
	coupon, err := one.Store.ProgramCoupon(ctx, one.Caller)
	if err != nil || coupon.Words() != "5.00 USD off for 3 months" || len(askShop(t, base, http.MethodGet, "/v1/coupons", "")["data"].([]any)) != 2 {
		t.Errorf("chosen %+v, %v", coupon, err)
	}
	if err := one.ChooseCoupon(ctx, one.Caller, "unknown", owner); !errors.Is(err, models.ErrInvalid) {
		t.Errorf("an unknown coupon: %v", err)
	}
	if err := one.MakeCoupon(ctx, one.Caller, models.Coupon{Duration: "repeating"}, owner); err == nil || !strings.Contains(err.Error(), "name") || !strings.Contains(err.Error(), "off") || !strings.Contains(err.Error(), "months") {
		t.Errorf("an empty coupon: %v", err)
	}
}

// Every call that brings lists, and makes or ends coupons and codes, is one that Stripe's published API takes.
func TestStripeMockAcceptsWhatIsSynced(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	judge := storetest.StripeMock(t, "POST /v1/webhook_endpoints")
	in, c := fresh(t, judge.URL)
	in.Inbox = &inbox.Inbox{Store: in.Store, Now: time.Now}
	key := "sk_test_1234567890"
	save(t, in, c, integrations.Change{APIKey: &key})
	nora := storetest.Partner(t, in.Store, c.Tenant, "NORA", "usd")
	if err := in.StartCustomers(ctx, c, owner); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(in.SyncCustomers(ctx, c.Tenant, c.Program), in.SyncCatalog(ctx, c.Tenant, c.Program)); err != nil {
		t.Error(err)
	}
	for _, coupon := range []models.Coupon{{Name: "Ten", PercentOff: "12.5", Duration: "forever"}, {Name: "Five", AmountOff: 500, Currency: "usd", Duration: "repeating", Months: 3}} {
		if err := in.MakeCoupon(ctx, c, coupon, owner); err != nil {
			t.Errorf("%s: %v", coupon.Name, err)
		}
	}
	until := time.Now().Add(time.Hour)
	_, _ = in.GiveCode(ctx, c, nora.ID, integrations.NewCode{Code: "NORA", FirstTime: true, Minimum: &models.Money{Minor: 100, Currency: "usd"}, Most: 2, Until: &until}, owner)
	calls := judge.Calls()
	for _, want := range []string{"GET /v1/customers", "GET /v1/products", "GET /v1/prices", "GET /v1/coupons", "GET /v1/promotion_codes", "POST /v1/coupons"} {
		if !slices.Contains(calls, want) {
			t.Errorf("%s was not called: %v", want, calls)
		}
	}
}
