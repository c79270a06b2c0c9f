package payouts

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"

	"portal/models"
)

// Home reads the country of the platform's own account.
func (s Stripe) Home(context.Context) (string, error) {
	own, err := s.api.Accounts.Get() // takes no context: it ends with the client's patience
	if err != nil {
		return "", saying("read the platform's account", err)
	}
	return own.Country, nil
}

// OpenAccount makes an Express account that can receive transfers (MONEY.md 4.1). A recipient accepts Stripe's recipient agreement,
// for a country that takes nothing else (MONEY.md 4.2).
func (s Stripe) OpenAccount(ctx context.Context, n NewAccount) (Account, error) {
	params := &stripe.AccountParams{
		Type: stripe.String(string(stripe.AccountTypeExpress)), Email: n.Partner.Email,
		Capabilities:    &stripe.AccountCapabilitiesParams{Transfers: &stripe.AccountCapabilitiesTransfersParams{Requested: stripe.Bool(true)}},
		BusinessProfile: &stripe.AccountBusinessProfileParams{ProductDescription: stripe.String(n.Product)},
	}
	if n.Country != "" {
		params.Country = stripe.String(n.Country)
	}
	if n.URL != "" {
		params.BusinessProfile.URL = stripe.String(n.URL)
	}
	if n.Recipient {
		params.TOSAcceptance = &stripe.AccountTOSAcceptanceParams{ServiceAgreement: stripe.String(string(stripe.AccountTOSAcceptanceServiceAgreementRecipient))}
	}
	params.Context = ctx
	for name, value := range map[string]string{"company": n.Partner.Company.String(), "mode": string(n.Partner.Mode), "partner": n.Partner.ID.String(), "key": n.Key} {
		params.AddMetadata(name, value)
	}
	params.SetIdempotencyKey(n.Key)
	made, err := s.api.Accounts.New(params)
	e := refused(err)
	switch {
	case err == nil:
		return accountRead(made), nil
	case e != nil && e.Code == stripe.ErrorCodeCountryUnsupported:
		return Account{}, models.Invalid("country", unserved(n.Country))
	case e != nil && e.HTTPStatusCode < 401:
		return Account{}, models.Invalid("country", "Stripe refused to make an account in "+models.CountryName(n.Country)+": "+strings.TrimSuffix(e.Msg, "."))
	}
	return Account{}, saying("make an account", err)
}

// FindAccount looks among the accounts that were made since for the one with the key in its metadata.
func (s Stripe) FindAccount(ctx context.Context, n NewAccount) (Account, bool, error) {
	params := &stripe.AccountListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: n.BegunAt.Unix() - 600}}
	params.Context, params.Limit = ctx, stripe.Int64(100)
	all := s.api.Accounts.List(params)
	for all.Next() {
		if a := all.Account(); a.Metadata["key"] == n.Key {
			return accountRead(a), true, nil
		}
	}
	if err := all.Err(); err != nil {
		return Account{}, false, saying("look an account up", err)
	}
	return Account{}, false, nil
}

// ReadAccount reads how an account stands.
func (s Stripe) ReadAccount(ctx context.Context, id string) (Account, error) {
	params := &stripe.AccountParams{}
	params.Context = ctx
	a, err := s.api.Accounts.GetByID(id, params)
	switch {
	case err == nil && !a.Deleted:
		return accountRead(a), nil
	case err == nil || isGone(err):
		return Account{ID: id, AccountState: models.AccountState{Gone: true}}, nil
	}
	return Account{}, saying("read account "+id, err)
}

// accountRead tells an account as Portal knows it.
func accountRead(a *stripe.Account) Account {
	out := Account{ID: a.ID, Country: a.Country, AccountState: models.AccountState{Submitted: a.DetailsSubmitted, Payouts: a.PayoutsEnabled, Currency: models.Currency(a.DefaultCurrency)}}
	if a.Capabilities != nil {
		out.Transfers = string(a.Capabilities.Transfers)
	}
	if r := a.Requirements; r != nil {
		out.Disabled = string(r.DisabledReason)
		out.Needs = models.AccountNeeds{Due: both(r.CurrentlyDue, r.PastDue), PastDue: r.PastDue, Pending: r.PendingVerification}
		for _, e := range r.Errors {
			out.Needs.Errors = append(out.Needs.Errors, models.AccountError{Need: e.Requirement, Reason: e.Reason})
		}
		if r.CurrentDeadline > 0 {
			out.Deadline = new(time.Unix(r.CurrentDeadline, 0).UTC())
		}
	}
	if a.ExternalAccounts == nil {
		return out
	}
	for _, e := range a.ExternalAccounts.Data {
		if b := e.BankAccount; b != nil && (out.BankLast4 == "" || b.DefaultForCurrency) {
			out.BankName, out.BankLast4 = b.BankName, b.Last4
		}
	}
	return out
}

// both are the names in either list, once, in order.
func both(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// CloseAccount deletes an account.
func (s Stripe) CloseAccount(ctx context.Context, id string) error {
	params := &stripe.AccountParams{}
	params.Context = ctx
	if _, err := s.api.Accounts.Del(id, params); err != nil && !isGone(err) {
		return fmt.Errorf("delete account %s: %w", id, err)
	}
	return nil
}

// OnboardingLink asks for a link to Stripe's questions. It is never mailed (MONEY.md 4.1).
func (s Stripe) OnboardingLink(ctx context.Context, account, back, again string) (string, error) {
	params := &stripe.AccountLinkParams{Account: stripe.String(account), Type: stripe.String("account_onboarding"), ReturnURL: stripe.String(back), RefreshURL: stripe.String(again),
		CollectionOptions: &stripe.AccountLinkCollectionOptionsParams{Fields: stripe.String("eventually_due")}}
	params.Context = ctx
	link, err := s.api.AccountLinks.New(params)
	if err != nil {
		return "", saying("make a link for "+account, err)
	}
	return link.URL, nil
}

// LoginLink asks for a link to the account's dashboard.
func (s Stripe) LoginLink(ctx context.Context, account string) (string, error) {
	params := &stripe.LoginLinkParams{Account: stripe.String(account)}
	params.Context = ctx
	link, err := s.api.LoginLinks.New(params)
	if err != nil {
		return "", saying("make a login link for "+account, err)
	}
	return link.URL, nil
}
