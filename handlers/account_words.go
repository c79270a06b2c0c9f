package handlers

import (
	"strings"

	"portal/models"
	"portal/payouts"
	"portal/views"
)

// accountState is how an account stands on which a partner is paid, for the badge.
func accountState(a models.PayoutAccount) string {
	switch {
	case a.Account == nil:
		return "opening"
	case a.ReadAt == nil:
		return "unread"
	case a.Gone:
		return "gone"
	case a.Rejected():
		return "rejected"
	case a.CanReceive() && len(a.Needs.Due) > 0:
		return "papers"
	case a.CanReceive():
		return "able"
	case a.Checking():
		return "checking"
	case len(a.Needs.Due) > 0:
		return "asked"
	}
	return "stopped"
}

// toPartner says to partners how their account stands.
func toPartner(a models.PayoutAccount, company string) string {
	switch accountState(a) {
	case "opening":
		return "Stripe has not said yet whether it made your account. Load this page again in a minute."
	case "unread":
		return "Stripe was not asked yet how this account stands."
	case "gone":
		return "This account is closed at Stripe, or its access was taken away, so you cannot be paid on it."
	case "rejected":
		return payouts.DisabledWords(a.Disabled) + ". That is final; another account would be rejected too. Give " + company + " your bank details instead: you are then paid outside Stripe."
	case "able":
		return "You can be paid. What " + company + " pays you arrives here, and Stripe sends it on to your bank account."
	case "papers":
		return "You can be paid, but Stripe asks for more. Give it in time, so that you go on being paid:"
	case "checking":
		return "Stripe is checking what you gave. That takes minutes, at most a few days. There is nothing to do now."
	case "asked":
		return "You cannot be paid yet. Stripe still asks for:"
	}
	return "You cannot be paid at the moment: " + payouts.DisabledWords(a.Disabled) + ". Open your Stripe page to see what to do."
}

// accountShown is a partner's account in words.
func accountShown(a models.PayoutAccount, company string) *views.StripeAccount {
	v := &views.StripeAccount{Country: models.CountryName(a.Country), State: accountState(a), Words: toPartner(a, company), Currency: a.Currency.Code(), Since: a.ChangedAt, ReadAt: a.ReadAt}
	if a.Account != nil {
		v.ID = *a.Account
	}
	if a.BankLast4 != "" {
		v.Bank = strings.TrimSpace(a.BankName + " ending " + a.BankLast4)
	}
	final := a.Rejected() || a.Gone
	if !final && a.Account != nil {
		v.Missing, v.Deadline = sentences(payouts.NeedWords(a.AccountState)), a.Deadline
		for _, e := range a.Needs.Errors {
			v.Refused = append(v.Refused, e.Reason)
		}
		v.Dashboard = a.Submitted
		if !a.CanReceive() && !a.Checking() || len(a.Needs.Due) > 0 {
			v.Continue = "Go on at Stripe"
		}
	}
	return v
}

func sentences(words []string) (list []string) {
	for _, w := range words {
		list = append(list, began(w))
	}
	return list
}

// otherCurrency warns of an account that is paid out in another currency than the partner's invoices are in (MONEY.md 4.6).
func otherCurrency(a models.PayoutAccount, p models.Partner) string {
	if a.Currency == "" || a.Currency == p.Currency || a.Rejected() || a.Gone {
		return ""
	}
	return "Your invoices are in " + p.Currency.Code() + ", and your Stripe account is paid out in " + a.Currency.Code() + ". Stripe converts; you may receive less than the invoice says."
}

// accountLine is a partner's account as the company sees it.
func accountLine(a models.PayoutAccount, bank bool) views.AccountLine {
	l := views.AccountLine{State: accountState(a), Since: a.ChangedAt, Bank: bank}
	if a.Account != nil {
		l.ID = *a.Account
	}
	switch l.State {
	case "opening", "unread":
	case "papers":
		l.Words = "Stripe asks for " + strings.Join(payouts.NeedWords(a.AccountState), ", ") + "."
		if a.Deadline != nil {
			l.Words = strings.TrimSuffix(l.Words, ".") + " by " + views.Day(*a.Deadline) + "."
		}
	default:
		l.Words = payouts.CannotReceive(a.AccountState)
	}
	return l
}
