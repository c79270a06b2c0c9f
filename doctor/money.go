package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"portal/commission"
	"portal/integrations"
	"portal/models"
	"portal/store"
)

const (
	lately    = 30 * 24 * time.Hour // how far back sales are looked at
	tooLong   = 14 * 24 * time.Hour // that an invoice waits for approval
	slow      = 24 * time.Hour      // for a payment to a partner
	mostNamed = 5                   // of many, by name
)

// money are the checks of one side of a company: why a partner may earn nothing, or is not paid (F116, F117, F119-F123).
// What is amiss here somebody has yet to do, so it is a warning.
func (d *Doctor) money(t models.Tenant) []check {
	return []check{
		{"Payments without a partner", "", func(ctx context.Context) (Finding, error) { return d.strangers(ctx, t) }},
		{"Partners not active", "", func(ctx context.Context) (Finding, error) { return d.idle(ctx, t) }},
		{"Rates awaited", "", d.onHand(t, rates)},
		{"Invoices to approve", "", d.onHand(t, review)},
		{"Company's card", "", d.onHand(t, d.card)},
		{"Partners' accounts", "", func(ctx context.Context) (Finding, error) { return d.accounts(ctx, t) }},
		{"Partners' papers", "", func(ctx context.Context) (Finding, error) { return d.papers(ctx, t) }},
		{"Payments to partners", "", d.onHand(t, outgoing)},
		{"Customers nobody can recognise", "", func(ctx context.Context) (Finding, error) { return d.nameless(ctx, t) }},
		{"Mail to the company", "", func(ctx context.Context) (Finding, error) { return d.undelivered(ctx, t) }},
	}
}

func (d *Doctor) strangers(ctx context.Context, t models.Tenant) (Finding, error) {
	n, err := d.Store.StrangersSince(ctx, t, d.Now().Add(-lately), d.Now())
	if err != nil || n == 0 {
		return ok("Every payment of the last 30 days has one, or its customer has one now."), err
	}
	return warning(many(n, "payment", "payments")+" of the last 30 days found no partner.", "Look whether they paid with another address than they signed up with; link the customers whose partner you know. Portal suggests who may have brought them.").at("/admin/unattributed"), nil
}

func (d *Doctor) idle(ctx context.Context, t models.Tenant) (Finding, error) {
	list, err := d.Store.IdlePartners(ctx, t, d.Now().Add(-lately))
	if err != nil || len(list) == 0 {
		return ok("No sale of the last 30 days went unpaid because its partner is not active."), err
	}
	var named []string
	for _, p := range list {
		named = append(named, fmt.Sprintf("%s (%s, %s)", p.Key, p.Status, many(p.Payments, "payment", "payments")))
	}
	return warning("Sales of the last 30 days earn nobody, because their partners are not active: "+some(named)+".", "Make these partners active if they are to earn; what is past can be backfilled.").at("/admin/partners"), nil
}

// onHand asks one question about what waits for somebody.
func (d *Doctor) onHand(t models.Tenant, judge func(context.Context, models.Tenant, store.OnHand) (Finding, error)) func(context.Context) (Finding, error) {
	return func(ctx context.Context) (Finding, error) {
		waits, err := d.Store.OnHand(ctx, t, d.Now().Add(-tooLong), d.Now().Add(-slow))
		if err != nil {
			return Finding{}, err
		}
		return judge(ctx, t, waits)
	}
}

func rates(_ context.Context, _ models.Tenant, waits store.OnHand) (Finding, error) {
	if waits.Rates == 0 {
		return ok("No commission waits for an exchange rate."), nil
	}
	return warning(many(waits.Rates, "commission waits", "commissions wait")+" for an exchange rate.", "Enter the rate by hand.").at("/admin/rates"), nil
}

func review(_ context.Context, _ models.Tenant, waits store.OnHand) (Finding, error) {
	if waits.Review == 0 {
		return ok("No invoice has waited for approval for more than 14 days."), nil
	}
	return warning(many(waits.Review, "invoice has waited", "invoices have waited")+" for approval for more than 14 days.", "Look them over and approve them.").at("/admin/invoices"), nil
}

// papers finds partners to be paid whose account Stripe lets receive nothing yet (F123).
func (d *Doctor) papers(ctx context.Context, t models.Tenant) (Finding, error) {
	payees, err := d.Store.Payees(ctx, t, mostNamed)
	if err != nil {
		return Finding{}, err
	}
	if len(payees) > 0 && (d.NoStripe != "" || integrations.KeyFits(d.StripeKey, t.Mode) != nil) {
		return skipped("Stripe is not asked about this side's partners here."), nil
	}
	var wait []string
	for _, p := range payees {
		can, err := d.Integrations.CanReceive(ctx, d.StripeKey, p.Account)
		if err != nil {
			return skipped("Stripe did not say whether partners can be paid."), nil
		}
		if !can {
			wait = append(wait, p.Key)
		}
	}
	if len(wait) > 0 {
		return warning("Stripe lets the account receive nothing yet of "+strings.Join(wait, ", ")+".", "Have them finish what Stripe asks of them: papers, a bank account; or pay elsewhere and mark the invoices as paid.").at("/admin/partners"), nil
	}
	return ok("Stripe lets the partners who wait longest receive what they are due."), nil
}

// outgoing finds payments that need somebody (F123).
func outgoing(_ context.Context, _ models.Tenant, waits store.OnHand) (Finding, error) {
	switch {
	case waits.Failed > 0:
		return warning(many(waits.Failed, "invoice", "invoices")+" could not be paid.", "Open each: its history says why; pay it again, or elsewhere.").at("/admin/invoices?status=failed"), nil
	case waits.Slow > 0:
		return warning(many(waits.Slow, "payment has", "payments have")+" been under way for more than a day.", "Open the invoice: it says what Stripe waits for; the card's holder may have to confirm.").at("/admin/invoices?status=processing"), nil
	}
	return ok("None failed, and none has been under way for long."), nil
}

// nameless finds customers whose payments can never be told to be theirs (F120, F121).
func (d *Doctor) nameless(ctx context.Context, t models.Tenant) (Finding, error) {
	n, key, err := d.Store.Nameless(ctx, t)
	if err != nil || n == 0 {
		return ok("Every customer of a partner has a Stripe customer id or an e-mail address."), err
	}
	return warning(fmt.Sprintf("%s of a partner %s neither a Stripe customer id nor an e-mail address, such as %s: no payment is known to be theirs.", many(n, "customer", "customers"), map[bool]string{true: "has", false: "have"}[n == 1], key),
		"Set the Stripe customer id of each, one by one, by file or by PATCH /v1/customers.").at("/admin/links"), nil
}

// undelivered finds mail that did not reach the company's people.
func (d *Doctor) undelivered(ctx context.Context, t models.Tenant) (Finding, error) {
	u, err := d.Store.UndeliveredMails(ctx, t, d.Now().Add(-lately))
	if err != nil || u.Mails == 0 {
		return ok("None failed in the last 30 days."), err
	}
	found := many(u.Mails, "mail", "mails") + " of the last 30 days could not be sent, the newest to " + u.To
	if d.people {
		return warning(found+".", "See that the address is right; else "+tellThem), nil
	}
	return warning(found+": "+u.Because, "See that the address is right and that the mail server takes mail from Portal.").at("mail.smtp_url"), nil
}

// rules are the checks of what a program pays for.
func (d *Doctor) rules(t models.Tenant, program models.Program) []check {
	current := func(ctx context.Context) ([]models.Rule, error) {
		sets, err := d.Store.RuleSets(ctx, t, program.ID)
		set, _ := commission.Current(sets, d.Now())
		return set.Rules, err
	}
	return []check{
		{"Rules", "", func(ctx context.Context) (Finding, error) {
			rules, err := current(ctx)
			if err != nil || len(rules) > 0 {
				return ok("The program has %s.", many(len(rules), "rule", "rules")), err
			}
			return warning("The program has no rules, so nobody earns.", "Say what partners earn.").at("/admin/rules"), nil
		}},
		{"Products without a rule", "", func(ctx context.Context) (Finding, error) {
			rules, err := current(ctx)
			if err != nil || len(rules) == 0 || slices.ContainsFunc(rules, forAll) {
				return ok("No rule is missing: what the program pays does not hang on the product."), err
			}
			sold, err := d.Store.ProductsSold(ctx, t, program.ID, d.Now().Add(-lately))
			if err != nil {
				return Finding{}, err
			}
			bare := uncovered(rules, sold)
			if len(bare) == 0 {
				return ok("Every product sold in the last 30 days has a rule."), nil
			}
			return warning("Nobody earns from these products, sold in the last 30 days: "+some(bare)+".", "Add rules for them, or one for all products, if they are to pay.").at("/admin/rules"), nil
		}},
	}
}

// forAll tells a rule that covers whatever is sold.
func forAll(r models.Rule) bool { return r.Product == nil && r.ProductType == nil }

// uncovered are the products that no rule covers, whoever's.
func uncovered(rules []models.Rule, sold []models.Line) []string {
	var bare []string
	for _, line := range sold {
		if slices.ContainsFunc(rules, func(r models.Rule) bool {
			return r.Product != nil && *r.Product == line.Product || r.Product == nil && r.ProductType != nil && *r.ProductType == line.ProductType
		}) {
			continue
		}
		if name := or(line.Product, or(line.ProductType, "a sale without a product")); !slices.Contains(bare, name) {
			bare = append(bare, name)
		}
	}
	return bare
}

// some are the first of many names.
func some(names []string) string {
	if len(names) <= mostNamed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNamed], ", "), len(names)-mostNamed)
}
