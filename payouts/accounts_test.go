package payouts_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"portal/models"
	"portal/payouts"
	"portal/sandbox"
	"portal/store/storetest"
)

// newcomer is a partner without an account.
func (h *house) newcomer(key, currency string) models.Partner {
	return storetest.Partner(h.t, h.Store, h.caller.Tenant, key, models.Currency(currency))
}

// platform asks the platform's Stripe.
func (h *house) platform() *client.API {
	return client.New("sk_test_platform_key", &stripe.Backends{API: stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{URL: &h.api, LeveledLogger: &stripe.LeveledLogger{}})})
}

// accountsOf are the accounts that Stripe has of a partner.
func (h *house) accountsOf(p models.Partner) (list []*stripe.Account) {
	h.t.Helper()
	for all := h.platform().Accounts.List(nil); all.Next(); {
		if a := all.Account(); a.Metadata["partner"] == p.ID.String() {
			list = append(list, a)
		}
	}
	return list
}

// F100, MONEY.md 4.1: pressed twice at once, the partner has one account, in the country confirmed, prefilled so that Stripe asks less.
func TestAPartnersAccountIsMadeOnce(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	p := h.newcomer("NEW", "eur")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := h.OpenAccount(ctx, p, "DE", h.who); err != nil && !errors.Is(err, models.ErrLater) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	a, err := h.OpenAccount(ctx, p, "FR", h.who) // another country changes nothing any more
	if err != nil || a.Account == nil || a.Country != "DE" {
		t.Fatalf("%+v, %v", a, err)
	}
	made := h.accountsOf(p)
	if len(made) != 1 || made[0].ID != *a.Account || made[0].Country != "DE" || made[0].Type != stripe.AccountTypeExpress || made[0].BusinessProfile.ProductDescription == "" {
		t.Errorf("Stripe has %+v", made)
	}
	if now, err := h.Store.Partner(ctx, p.Tenant, p.ID); err != nil || now.StripeAccount == nil || *now.StripeAccount != *a.Account {
		t.Errorf("the partner is %+v, %v", now, err)
	}
	if a.CanReceive() || !strings.Contains(payouts.CannotReceive(a.AccountState), "Stripe still asks the partner for") {
		t.Errorf("it stands as %+v: %s", a.AccountState, payouts.CannotReceive(a.AccountState))
	}
}

// MONEY.md 4.1, P26: the answer is lost after Stripe made the account. Whether the partner comes back at once, after the idempotency key
// has lapsed, or never, there is one account.
func TestAnAccountWhoseAnswerWasLostIsFoundAgain(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]func(*house, models.Partner) error{
		"by the partner": func(h *house, p models.Partner) error {
			_, err := h.OpenAccount(context.Background(), p, "US", h.who)
			return err
		},
		"two days later": func(h *house, p models.Partner) error {
			h.at = h.at.Add(48 * time.Hour)
			_, err := h.Refresh(context.Background(), p.Tenant, p.ID)
			return err
		},
		"by the job": func(h *house, p models.Partner) error {
			h.at = h.at.Add(48 * time.Hour)
			return h.ReadAccounts(context.Background())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, ctx := newHouse(t), context.Background()
			p := h.newcomer("NEW", "usd")
			h.stripe.Fail(sandbox.Fault{Method: "POST", Path: "/v1/accounts", After: true, Status: 500, Times: 3})
			if _, err := h.OpenAccount(ctx, p, "US", h.who); !errors.Is(err, models.ErrLater) {
				t.Fatalf("the lost answer is %v", err)
			}
			if err := again(h, p); err != nil {
				t.Fatal(err)
			}
			now, err := h.Store.Partner(ctx, p.Tenant, p.ID)
			if made := h.accountsOf(p); err != nil || now.StripeAccount == nil || len(made) != 1 || made[0].ID != *now.StripeAccount {
				t.Errorf("Stripe has %d accounts, the partner %v, %v", len(h.accountsOf(p)), now.StripeAccount, err)
			}
		})
	}
}

// MONEY.md 4.2: countries that only take recipients get recipients, those that Stripe does not serve from here are told before it is
// asked, and those that it refuses all the same are told then. Nothing is left behind.
func TestACountryThatStripeDoesNotServeIsTold(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	for country, listed := range map[string]bool{"BY": false, "": false, "KZ": true} { // the sandbox does not know Kazakhstan
		p := h.newcomer("P"+country, "usd")
		_, err := h.OpenAccount(ctx, p, country, h.who)
		var wrong models.FieldErrors
		if !errors.As(err, &wrong) || !strings.Contains(wrong[0].Message, "Give your bank details instead") {
			t.Errorf("%q, listed %v: %v", country, listed, err)
		}
		if _, err := h.Store.PayoutAccount(ctx, p.Tenant, p.ID); !errors.Is(err, models.ErrNotFound) || len(h.accountsOf(p)) != 0 {
			t.Errorf("%q left %v", country, err)
		}
		if a, err := h.OpenAccount(ctx, p, "IN", h.who); err != nil || !a.Recipient || a.Number > 2 {
			t.Errorf("then India: %+v, %v", a, err)
		}
	}
	p := h.newcomer("INDIA", "usd")
	a, err := h.OpenAccount(ctx, p, "IN", h.who)
	if made := h.accountsOf(p); err != nil || len(made) != 1 || made[0].TOSAcceptance.ServiceAgreement != "recipient" {
		t.Fatalf("India: %v, %v", made, err)
	}
	if err := h.stripe.Onboard(*a.Account, sandbox.Complete); err != nil {
		t.Fatal(err)
	}
	if a, err = h.Refresh(ctx, p.Tenant, p.ID); err != nil || !a.CanReceive() {
		t.Errorf("a recipient stands as %+v, %v", a, err)
	}
}

// MONEY.md 4.2: who can be paid depends on where the platform is.
func TestWhoCanBePaidDependsOnThePlatformsCountry(t *testing.T) {
	t.Parallel()
	served := map[string]string{}
	for _, platform := range []string{"US", "GB", "AU", "XX"} {
		for _, c := range models.Countries {
			recipient, ok := payouts.Serves(platform, c.Code)
			served[platform+" "+c.Code] = map[[2]bool]string{{false, true}: "full", {true, true}: "recipient"}[[2]bool{recipient, ok}]
		}
	}
	for pair, want := range map[string]string{"US US": "full", "US DE": "full", "US AU": "recipient", "US IN": "recipient", "GB DE": "full", "GB IN": "", "GB AU": "", "AU AU": "full", "AU US": "", "XX US": ""} {
		if served[pair] != want {
			t.Errorf("%s is %q, want %q", pair, served[pair], want)
		}
	}
}

// F100, F123, MONEY.md 4.1: the state is read, and said in words.
func TestHowAnAccountStandsIsSaidInWords(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	p := h.newcomer("NEW", "usd")
	a, err := h.OpenAccount(ctx, p, "US", h.who)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		outcome sandbox.Outcome
		can     bool
		want    string
	}{{sandbox.Incomplete, false, "Stripe still asks the partner for"}, {sandbox.Pending, false, "Stripe is checking"}, {sandbox.Complete, true, ""},
		{sandbox.PapersDue, true, ""}, {sandbox.Restricted, false, "an identity document"}, {sandbox.Rejected, false, "That is final"}} {
		h.at = h.at.Add(time.Hour)
		if err := h.stripe.Onboard(*a.Account, c.outcome); err != nil {
			t.Fatal(err)
		}
		for range 2 { // an event that comes twice
			if err := h.HearOfAccount(ctx, models.Test, *a.Account); err != nil {
				t.Fatal(err)
			}
		}
		now, err := h.Store.PayoutAccount(ctx, p.Tenant, p.ID)
		if said := payouts.CannotReceive(now.AccountState); err != nil || now.CanReceive() != c.can || !strings.Contains(said, c.want) || (said == "") != c.can {
			t.Errorf("%s: can receive %v, %q, %v", c.outcome, now.CanReceive(), said, err)
		}
		if (now.Deadline != nil) != (c.outcome == sandbox.PapersDue) {
			t.Errorf("%s: the deadline is %v", c.outcome, now.Deadline)
		}
	}
	if _, err := h.OnboardingLink(ctx, p.Tenant, p.ID, "http://localhost/a", "http://localhost/b"); !errors.Is(err, models.ErrConflict) {
		t.Errorf("a rejected partner is led to Stripe: %v", err)
	}
	if err := h.Leave(ctx, p.Tenant, p.ID, h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("a rejected partner begins anew: %v", err)
	}
}

// MONEY.md 1.3: what was read earlier and is kept later does not take the place of what was read since.
func TestAnOldReadingDoesNotOverwriteANewerOne(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	a, err := h.Refresh(ctx, h.partner.Tenant, h.partner.ID)
	if err != nil || !a.CanReceive() {
		t.Fatalf("%+v, %v", a, err)
	}
	if isNew, err := h.Store.KeepAccountState(ctx, a, models.AccountState{Transfers: "inactive"}, h.at.Add(-time.Minute)); err != nil || isNew {
		t.Errorf("kept: %v, %v", isNew, err)
	}
	if now, err := h.Store.PayoutAccount(ctx, h.partner.Tenant, h.partner.ID); err != nil || !now.CanReceive() {
		t.Errorf("%+v, %v", now, err)
	}
}

// MONEY.md 4.1: a wrong country is mended by another account, but not once money went to the first.
func TestAnotherAccountTakesThePlaceOfOneThatNothingWasPaidTo(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	p := h.newcomer("NEW", "usd")
	first, err := h.OpenAccount(ctx, p, "DE", h.who)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Leave(ctx, p.Tenant, p.ID, h.who); err != nil {
		t.Fatal(err)
	}
	if now, err := h.Store.Partner(ctx, p.Tenant, p.ID); err != nil || now.StripeAccount != nil {
		t.Errorf("the partner still is paid to %v, %v", now.StripeAccount, err)
	}
	second, err := h.OpenAccount(ctx, p, "US", h.who)
	if err != nil || *second.Account == *first.Account || second.Country != "US" {
		t.Errorf("%+v, %v", second, err)
	}
	if made := h.accountsOf(p); len(made) != 1 || made[0].ID != *second.Account {
		t.Errorf("Stripe has %v", made)
	}
	if pays, err := h.Store.AccountPaysPartners(ctx, *first.Account); err != nil || !pays {
		t.Errorf("what the first account tells would be revenue: %v", err)
	}
	i := h.approved()
	if paid, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); err != nil || paid.Status != models.Paid {
		t.Fatalf("%s, %v", paid.Status, err)
	}
	if err := h.Leave(ctx, h.partner.Tenant, h.partner.ID, h.who); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), "Ask the company") {
		t.Errorf("who was paid begins anew: %v", err)
	}
}

// MONEY.md 4.1: an account that is closed at Stripe says so. The company lets a partner who was paid on it use another one, but not while
// a payment is under way.
func TestTheCompanyLetsAPartnerUseAnotherAccount(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	i := h.approved()
	h.stripe.Fail(sandbox.Fault{Method: "POST", Path: "/v1/payment_intents", After: true, Status: 500, Times: 1})
	h.stripe.Fail(sandbox.Fault{Method: "GET", Path: "/v1/payment_intents", Status: 500, Times: 3})
	if open, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); err != nil || open.Status != models.Processing {
		t.Fatalf("%s, %v", open.Status, err)
	}
	if err := h.LetLeave(ctx, h.partner.Tenant, h.partner.ID, h.who); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), "under way") {
		t.Errorf("while a payment is under way: %v", err)
	}
	h.at = h.at.Add(10 * time.Minute)
	if err := h.CarryAll(ctx); err != nil {
		t.Fatal(err)
	}
	if now := h.again(i); now.Status != models.Paid {
		t.Fatalf("the invoice is %s", now.Status)
	}
	if _, err := h.platform().Accounts.Del(*h.partner.StripeAccount, nil); err != nil {
		t.Fatal(err)
	}
	h.at = h.at.Add(time.Hour)
	if err := h.HearOfAccount(ctx, models.Test, *h.partner.StripeAccount); err != nil {
		t.Fatal(err)
	}
	a, err := h.Store.PayoutAccount(ctx, h.partner.Tenant, h.partner.ID)
	if err != nil || !a.Gone || a.CanReceive() || !strings.Contains(payouts.CannotReceive(a.AccountState), "is closed") {
		t.Errorf("it stands as %+v, %v", a, err)
	}
	if err := h.LetLeave(ctx, h.partner.Tenant, h.partner.ID, h.who); err != nil {
		t.Fatal(err)
	}
	if next, err := h.OpenAccount(ctx, h.partner, "US", h.who); err != nil || next.Number != 2 || *next.Account == *h.partner.StripeAccount {
		t.Errorf("the next is %+v, %v", next, err)
	}
}

// D16: only the side of the platform's key has accounts; without a key there are none.
func TestAccountsAreOfThePlatformsSideOnly(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	for mode, want := range map[models.Mode]string{models.Live: "on the live side only", "": "is not set up on this Portal"} {
		h.Mode = mode
		_, err := h.OpenAccount(ctx, h.newcomer("NEW"+string(mode), "usd"), "US", h.who)
		if !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", mode, err)
		}
		if _, err := h.CardPage(ctx, h.caller.Tenant, "http://localhost/", "http://localhost/", h.who); !errors.Is(err, models.ErrConflict) {
			t.Errorf("%q saves a card: %v", mode, err)
		}
	}
}
