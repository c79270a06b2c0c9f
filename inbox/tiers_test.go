package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// rule replaces the sample rule for payments of the last two years, as version 2.
func (h *house) rule(rules ...models.Rule) {
	h.t.Helper()
	if err := h.Store.SaveRules(context.Background(), h.caller.Tenant, h.caller.Program, rules, "test", storetest.Day.AddDate(-2, 0, 0)); err != nil {
		h.t.Fatal(err)
	}
}

// reasons are the steps of all that is earned now, by payment and partner.
func (h *house) reasons() string {
	h.t.Helper()
	var all []string
	for _, c := range h.commissions() {
		if c.Earned.Minor == 0 {
			continue
		}
		for _, s := range c.Steps {
			all = append(all, fmt.Sprintf("%s %s version %d: %s %s: %s\n", c.PaymentKey, c.PartnerKey, c.Version, s.Rule, s.Verdict, s.Because))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "")
}

// earned is what each payment earns now: "in_1 PARTNER_A 20.00", in the order of the keys.
func (h *house) earned() string {
	h.t.Helper()
	var all []string
	for _, c := range h.commissions() {
		if c.Amount.Minor != 0 {
			all = append(all, fmt.Sprintf("%s %s %s", c.PaymentKey, c.PartnerKey, c.Amount.Decimal()))
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func (h *house) earns(want string) {
	h.t.Helper()
	if got := h.earned(); got != want {
		h.t.Errorf("earned\n%s\nwant\n%s\n%s", got, want, h.reasons())
	}
}

// nth is the sale of that number: 100.00 USD of a customer of its own, so many days after 31 October 2026.
func nth(n, day int, partner string) storetest.Sold {
	return storetest.Sold{N: n, Customer: fmt.Sprintf("cus_%d", n), Email: fmt.Sprintf("c%d@x", n), Partner: partner, Gross: 10000, Currency: "usd",
		PaidAt: storetest.Day.AddDate(0, 0, -20+day)}
}

func (h *house) sell(sales ...storetest.Sold) {
	h.t.Helper()
	for _, s := range sales {
		h.post(s.Session(storetest.Old), s.Invoice(storetest.Old))
		h.drain()
	}
}

func percent(by string, pairs ...string) models.Rule {
	r := models.Rule{Type: "percent", Value: "20", Recurring: "always", Currency: "usd", TierBy: by}
	for i := 0; i < len(pairs); i += 2 {
		r.Tiers = append(r.Tiers, models.Tier{From: pairs[i], Value: pairs[i+1]})
	}
	return r
}

// give gives the payment that an id names to a partner by hand.
func (h *house) give(alias, partner string) error {
	ctx := context.Background()
	p, err := h.Store.PaymentByAlias(ctx, h.caller.Tenant, alias)
	if err != nil {
		return err
	}
	to, err := h.Store.PartnerByKey(ctx, h.caller.Tenant, partner)
	if err != nil {
		return err
	}
	return h.Give(ctx, h.caller.Tenant, p.ID, to.ID, "they told us", somebody)
}

func (h *house) addPartner(key string) error {
	return h.AddPartner(context.Background(), models.Partner{Tenant: h.caller.Tenant, ID: models.NewID[models.PartnerID](storetest.Day), Key: key, Name: key, Currency: "usd",
		Status: models.PartnerActive, Active: models.Spans{{}}, CreatedAt: storetest.Day}, somebody)
}

// Issue 3.3: tiers by the count of sales in a month, which begins anew with the next; each commission says which tier and why.
func TestTheNthSaleOfAMonthEarnsItsTier(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rule(percent("sales", "2", "25", "3", "30"))
	storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
	h.sell(nth(1, -1, "PARTNER_A"), nth(2, 0, "PARTNER_A"), nth(3, 1, "PARTNER_A"), nth(4, 1, "PARTNER_B"), nth(5, 2, "PARTNER_A"), nth(6, 3, "PARTNER_A"), nth(7, 4, "PARTNER_A"))
	h.earns("in_1 PARTNER_A 20.00, in_2 PARTNER_A 25.00, in_3 PARTNER_A 20.00, in_4 PARTNER_B 20.00, in_5 PARTNER_A 25.00, in_6 PARTNER_A 30.00, in_7 PARTNER_A 30.00")
	for _, want := range []string{
		"in_6 PARTNER_A version 2: rule matched: 20 % (25 % from the 2nd sale in a month on, 30 % from the 3rd sale on) of each payment, rule version 2\n",
		"in_7 PARTNER_A version 2: tier matched: the 4th sale in November 2026: 30 % from the 3rd on, rule version 2\n",
		"in_1 PARTNER_A version 2: payable computed: payable on 29 November 2026: 30 days after the payment, the refund window\n",
	} {
		if got := h.reasons(); !strings.Contains(got, want) {
			t.Errorf("%s\nlacks %s", got, want)
		}
	}
}

// Issue 3.3: tiers by what was collected in a month before the payment, in the rule's currency alone.
func TestRevenueOfAMonthReachesATierInItsCurrencyAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rule(percent("revenue", "150.00", "25"), models.Rule{Type: "fixed", Value: "1.00", Currency: "eur", Recurring: "always", Product: ptr("prod_eur")})
	storetest.Partner(t, h.Store, h.caller.Tenant, "EURO", "eur")
	taxed, euro := nth(2, 2, "EURO"), nth(3, 3, "EURO")
	taxed.Tax, euro.Currency = 5001, "eur" // the base is 49.99: with 100.00 a cent short
	h.sell(nth(1, 1, "EURO"), taxed, euro, nth(4, 4, "EURO"), nth(5, 5, "EURO"))
	var shares []string
	for _, c := range h.commissions() {
		shares = append(shares, c.PaymentKey+" "+c.Share.String())
	}
	slices.Sort(shares)
	if got := strings.Join(shares, ", "); got != "in_1 20.00 USD, in_2 10.00 USD, in_3 20.00 EUR, in_4 20.00 USD, in_5 25.00 USD" {
		t.Errorf("%s\n%s", got, h.reasons())
	}
	for _, c := range h.commissions() {
		if c.PaymentKey == "in_4" && c.Steps[1].Because != "149.99 USD collected in November 2026 before this payment, not counting 1 payment in other currencies: 20 % below 150.00 USD, rule version 2" {
			t.Errorf("%+v", c.Steps)
		}
	}
}

// D14: a payment that comes late moves the later ones of its month to their tier, by bookings; those of other months,
// partners and versions without tiers stay.
func TestALatePaymentCountsTheRestOfItsMonthAnew(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rule(percent("sales", "2", "25", "3", "30"))
	if err := h.Store.SaveRules(context.Background(), h.caller.Tenant, h.caller.Program, []models.Rule{{Type: "percent", Value: "10", Recurring: "always"}}, "test", storetest.Day.AddDate(0, 0, -10)); err != nil {
		t.Fatal(err)
	}
	h.sell(nth(2, 2, "PARTNER_A"), nth(3, 4, "PARTNER_A"), nth(4, 15, "PARTNER_A"), nth(5, 0, "PARTNER_A"))
	h.earns("in_2 PARTNER_A 20.00, in_3 PARTNER_A 25.00, in_4 PARTNER_A 10.00, in_5 PARTNER_A 20.00")
	h.sell(nth(1, 1, "PARTNER_A"))
	h.earns("in_1 PARTNER_A 20.00, in_2 PARTNER_A 25.00, in_3 PARTNER_A 30.00, in_4 PARTNER_A 10.00, in_5 PARTNER_A 20.00")
	all := h.commissions()
	c := all[slices.IndexFunc(all, func(c store.CommissionRow) bool { return c.PaymentKey == "in_2" })]
	entries, err := h.Store.Entries(context.Background(), h.caller.Tenant, c.ID)
	if err != nil || len(entries) != 2 || entries[1].Amount.String() != "5.00 USD" || entries[1].Because != "the payments of its month were counted anew" {
		t.Errorf("%s: entries %+v, %v", c.PaymentKey, entries, err)
	}
}

// P18, P19: what a payment earned when it was made stays: a refund, even of the whole, moves no other payment to another tier.
func TestARefundChangesNoTierThatWasReached(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rule(percent("revenue", "50.00", "25"))
	first := nth(1, 1, "PARTNER_A")
	h.sell(first, nth(2, 2, "PARTNER_A"))
	h.post(first.Charge(storetest.Old), first.Refund(storetest.Old, 10000))
	h.drain()
	h.sell(nth(3, 3, "PARTNER_A"))
	h.earns("in_2 PARTNER_A 25.00, in_3 PARTNER_A 25.00")
}

// Issue 3.6: what is given to another partner by hand no longer counts for the first, and counts for the other.
func TestAPaymentGivenByHandMovesBetweenMonths(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rule(percent("sales", "2", "25", "3", "30"))
	storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
	h.sell(nth(1, 1, "PARTNER_A"), nth(2, 2, "PARTNER_A"), nth(3, 3, "PARTNER_A"), nth(4, 4, "PARTNER_B"))
	if err := h.give("in_1", "PARTNER_B"); err != nil {
		t.Fatal(err)
	}
	h.earns("in_1 PARTNER_B 20.00, in_2 PARTNER_A 20.00, in_3 PARTNER_A 25.00, in_4 PARTNER_B 25.00")
}

// MONEY.md 2.1: two payments that turn out to be one count once in the month, wherever the one stood that goes.
func TestAMergedPaymentLeavesItsMonth(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rule(percent("sales", "2", "25", "3", "30"))
	ticks := 0
	h.Now = func() time.Time { ticks++; return storetest.Day.Add(time.Duration(ticks) * time.Millisecond) }
	invoice, charge := nth(9, 3, "PARTNER_A"), nth(9, 1, "PARTNER_A")
	h.post(invoice.Session(storetest.New), invoice.Invoice(storetest.New))
	h.drain()
	h.post([]byte(strings.Replace(string(charge.Charge(storetest.New)), `"metadata":{}`, `"metadata":{"partner_key":"PARTNER_A"}`, 1)))
	h.drain()
	h.sell(nth(2, 2, "PARTNER_A"))
	h.earns("in_2 PARTNER_A 25.00, in_9 PARTNER_A 30.00, pi_9 PARTNER_A 20.00")
	h.post(charge.Refund(storetest.Old, 1)) // says that the charge pays in_9
	h.drain()
	h.earns("in_2 PARTNER_A 20.00, in_9 PARTNER_A 25.00")
}

// P19: with "first" a payment that went back whole is not the first, whenever it went back: the next that stands is. What
// comes back in the end makes it the first again. A duplicate is no payment at all.
func TestAFirstSaleThatWentBackIsNotTheFirst(t *testing.T) {
	t.Parallel()
	first := sale()
	next, last := first, first
	next.N, next.Partner, next.Renewal, next.PaidAt = 2, "", true, first.PaidAt.Add(10*time.Hour)
	last.N, last.Partner, last.Renewal, last.PaidAt = 3, "", true, first.PaidAt.Add(20*time.Hour)
	for name, c := range map[string]struct {
		back [][]byte
		want string
	}{
		"before the next":           {[][]byte{first.RefundObject(1, 10000, "succeeded", 5*time.Hour, 5*time.Hour)}, "in_2 PARTNER_A 20.00"},
		"after the next":            {[][]byte{first.RefundObject(1, 10000, "succeeded", 11*time.Hour, 11*time.Hour)}, "in_2 PARTNER_A 20.00"},
		"after all":                 {[][]byte{first.RefundObject(1, 10000, "succeeded", 21*time.Hour, 21*time.Hour)}, "in_2 PARTNER_A 20.00"},
		"in two parts around":       {[][]byte{first.RefundObject(1, 5000, "succeeded", 5*time.Hour, 5*time.Hour), first.RefundObject(2, 5000, "succeeded", 11*time.Hour, 11*time.Hour)}, "in_2 PARTNER_A 20.00"},
		"in part":                   {[][]byte{first.RefundObject(1, 9999, "succeeded", 5*time.Hour, 5*time.Hour)}, ""},
		"but the refund failed":     {[][]byte{first.RefundObject(1, 10000, "failed", 5*time.Hour, 30*time.Hour)}, "in_1 PARTNER_A 20.00"},
		"in a dispute that is lost": {[][]byte{first.Dispute(10000, "lost", 30*time.Hour)}, "in_2 PARTNER_A 20.00"},
		"and so did the next": {[][]byte{first.RefundObject(1, 10000, "succeeded", time.Hour, time.Hour), next.RefundObject(1, 10000, "succeeded", time.Hour, time.Hour)},
			"in_3 PARTNER_A 20.00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bodies := append([][]byte{first.Session(storetest.Old), first.Invoice(storetest.Old), first.Charge(storetest.Old), next.Invoice(storetest.Old), next.Charge(storetest.Old), last.Invoice(storetest.Old)}, c.back...)
			for range 2 {
				h := newHouse(t)
				h.rule(models.Rule{Type: "percent", Value: "20", Recurring: "first"})
				for _, body := range bodies {
					h.post(body, body)
					h.drain()
				}
				h.earns(c.want)
				slices.Reverse(bodies)
			}
		})
	}
}

// P19, D9: where a refund leaves the commission alone, the refunded payment stays the first: nobody earns twice.
func TestAFirstSaleWhoseCommissionStaysIsTheFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rule(models.Rule{Type: "percent", Value: "20", Recurring: "first"})
	program, err := h.Store.Program(context.Background(), h.caller.Company, h.caller.Program)
	if err != nil {
		t.Fatal(err)
	}
	program.Refunds = "manual"
	if err := h.Store.SaveProgram(context.Background(), program, storetest.Day); err != nil {
		t.Fatal(err)
	}
	first := sale()
	next := first
	next.N, next.Partner, next.Renewal, next.PaidAt = 2, "", true, first.PaidAt.Add(10*time.Hour)
	h.sell(first)
	h.post(first.Charge(storetest.Old), first.RefundObject(1, 10000, "succeeded", time.Hour, time.Hour))
	h.sell(next)
	h.earns("in_1 PARTNER_A 20.00")
}

// Issue 3.3, P31, P49: the terms are frozen at the moment of sale: a new rule, another hold, a pause change nothing earned.
func TestTheTermsOfASaleAreFrozen(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	first := sale()
	h.sell(first)
	was := h.only()
	if err := h.SaveRules(ctx, h.caller, []models.Rule{{Type: "percent", Value: "90", Recurring: "always"}}, somebody); err != nil {
		t.Fatal(err)
	}
	program, err := h.Store.Program(ctx, h.caller.Company, h.caller.Program)
	if err != nil {
		t.Fatal(err)
	}
	program.HoldDays = 0
	if err := h.Store.SaveProgram(ctx, program, storetest.Day); err != nil {
		t.Fatal(err)
	}
	later := storetest.Day.Add(time.Minute)
	h.Now = func() time.Time { return later }
	h.post(first.Charge(storetest.Old), first.Refund(storetest.Old, 5000))
	h.drain()
	now := h.only()
	if now.Version != 1 || now.Share.String() != "10.00 USD" || now.HoldDays != 30 || !now.PayableOn.Equal(was.PayableOn) || !slices.Equal(now.Steps, was.Steps) {
		t.Errorf("was %+v\nis %+v", was.Commission, now.Commission)
	}
	if was.DecidedAt == nil || !was.DecidedAt.Equal(storetest.Day) || !now.DecidedAt.Equal(*was.DecidedAt) {
		t.Errorf("decided at %v, then at %v", was.DecidedAt, now.DecidedAt)
	}
	if p := h.payments()[0]; p.DecidedAt == nil || !p.DecidedAt.Equal(storetest.Day) || !p.Earns {
		t.Errorf("the payment was decided at %v, earns %v", p.DecidedAt, p.Earns)
	}
	next := first
	next.N, next.Renewal, next.PaidAt = 2, true, storetest.Day
	h.sell(next)
	for _, c := range h.commissions() {
		if c.PaymentKey == "in_2" && (c.Version != 2 || c.Share.String() != "90.00 USD" || c.HoldDays != 0 || c.Steps[len(c.Steps)-1].Because != "payable at once: no hold" || !c.DecidedAt.Equal(later)) {
			t.Errorf("the next: %+v", c.Commission)
		}
	}
}

// Issue 3.7: why not sooner follows what happens: a dispute, its end, a loss.
func TestWhyNotSoonerFollowsADispute(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := sale()
	h.sell(s)
	h.post(s.Charge(storetest.Old))
	for _, c := range [][2]string{
		{"needs_response", "not before the dispute is decided; then payable on 18 December 2026: 30 days after the payment, the refund window"},
		{"won", "payable on 18 December 2026: 30 days after the payment, the refund window"},
		{"lost", "nothing is left to pay: all of it was taken back"},
	} {
		h.post(s.Dispute(10000, c[0], map[string]time.Duration{"needs_response": time.Hour, "won": 2 * time.Hour, "lost": 3 * time.Hour}[c[0]]))
		h.drain()
		steps := h.only().Steps
		if last := steps[len(steps)-1]; last.Rule != "payable" || last.Because != c[1] {
			t.Errorf("%s: %+v", c[0], steps)
		}
	}
}

// DESIGN.md 4, B10: with tiers too, any order and any number of times ends in the same books, and in the same reasons.
func TestAnyOrderEndsInTheSameTiers(t *testing.T) {
	t.Parallel()
	bySales, byRevenue := []models.Rule{percent("sales", "2", "25", "3", "30")}, []models.Rule{percent("revenue", "150.00", "25", "250", "30")}
	taxed, euro, oneOff, renewal := nth(2, 2, "PARTNER_A"), nth(3, 3, "PARTNER_A"), nth(2, 2, "PARTNER_A"), nth(4, 4, "")
	taxed.Tax, euro.Currency, oneOff.OneOff = 777, "eur", true
	renewal.Renewal, renewal.Customer, renewal.Email = true, "cus_1", "c1@x"
	shared, other := nth(2, 2, ""), nth(3, 3, "PARTNER_A")
	shared.Email, other.PaidAt = "c1@x", shared.PaidAt
	playAll(t, map[string]scene{
		"four customers of two partners over a month's end": {rules: bySales,
			sales: []storetest.Sold{nth(1, 0, "PARTNER_A"), nth(2, 1, "PARTNER_A"), nth(3, 2, "PARTNER_B"), nth(4, 2, "PARTNER_A"), nth(5, 3, "PARTNER_A")}},
		"revenue, tax and another currency": {rules: byRevenue, sales: []storetest.Sold{nth(1, 1, "PARTNER_A"), taxed, euro, renewal}},
		"refunds and disputes": {rules: byRevenue, more: afterwards, back: map[int][]int64{1: {2500, 5000}},
			sales: []storetest.Sold{nth(1, 1, "PARTNER_A"), nth(2, 2, "PARTNER_A"), nth(3, 3, "PARTNER_A")}},
		"an address that joins two customers, and two sales in one second": {rules: bySales, sales: []storetest.Sold{nth(1, 1, "PARTNER_B"), shared, other, nth(4, 4, "PARTNER_B")}},
		"one of three is given to another by hand": {rules: bySales, sales: []storetest.Sold{nth(1, 1, "PARTNER_A"), nth(2, 2, "PARTNER_A"), nth(3, 3, "PARTNER_A"), nth(5, 4, "PARTNER_B")},
			hands: []func(*house) error{func(h *house) error { return h.give("in_1", "PARTNER_B") }}},
		"a call and a charge that are one money": {rules: bySales, sales: []storetest.Sold{nth(1, 1, "PARTNER_A"), oneOff, nth(3, 3, "PARTNER_A")},
			calls: []inbox.Transaction{{Key: "ch_2", Amount: "100.00", AmountUnits: "usd", CustomerKey: "cus_2", CreateCustomer: true}}},
		"a partner who comes late, and takes a customer from another": {rules: bySales, sales: []storetest.Sold{nth(1, 1, "LATE"), nth(2, 2, "PARTNER_A"), nth(3, 3, "LATE"), {
			N: 4, Customer: "cus_1", Email: "c1@x", Partner: "PARTNER_A", Gross: 10000, Currency: "usd", PaidAt: nth(4, 4, "").PaidAt}, nth(5, 5, "PARTNER_A")},
			hands: []func(*house) error{func(h *house) error { return h.addPartner("LATE") }}},
		"the first payment only, gone back in time and too late": {rules: []models.Rule{{Type: "percent", Value: "20", Recurring: "first", TierBy: "sales", Tiers: []models.Tier{{From: "2", Value: "30"}}}},
			back: map[int][]int64{1: {10000}, 3: {10000}}, sales: []storetest.Sold{nth(1, 1, "PARTNER_A"), renewal, nth(2, 2, "PARTNER_A"), nth(3, 3, "PARTNER_A")}},
	})
}

// Back and forth by hand ends where it ends, whatever was in between.
func TestBackAndForthByHandEndsInTheLastWord(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rule(percent("sales", "2", "25"))
	storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
	h.sell(nth(1, 1, "PARTNER_A"), nth(2, 2, "PARTNER_A"))
	if err := errors.Join(h.give("in_1", "PARTNER_B"), h.give("in_1", "PARTNER_A")); err != nil {
		t.Fatal(err)
	}
	h.earns("in_1 PARTNER_A 20.00, in_2 PARTNER_A 25.00")
	if err := h.give("in_1", "PARTNER_B"); err != nil {
		t.Fatal(err)
	}
	h.earns("in_1 PARTNER_B 20.00, in_2 PARTNER_A 20.00")
}
