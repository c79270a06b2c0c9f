package inbox

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"portal/commission"
	"portal/models"
	"portal/store"
)

// What a payment earns by a rule with tiers depends on what its partner's month had come to before it. So when a payment
// comes late, goes to another partner, or is found to be another's money, the later ones of that month are counted anew.
// While payments are settled only the earliest place of each month is noted; the later ones are counted once, in their
// order, when all are settled. Counting moves no payment to another partner or place, so it ends there.

// month is one partner's UTC month in one program.
type month struct {
	program models.ProgramID
	partner models.PartnerID
	begin   time.Time
}

// place is where a payment that earned stands, and what it adds to the month.
type place struct {
	month
	at   since
	base models.Money
}

func placeOf(program models.ProgramID, partner models.PartnerID, paidAt time.Time, key string, base models.Money) *place {
	begin, _ := commission.MonthOf(paidAt)
	return &place{month{program, partner, begin}, since{paidAt.UTC(), key}, base}
}

// placeOfRow is the place of a payment as it was kept; nil when it earned nothing.
func placeOfRow(row store.PaymentRow) *place {
	if row.Partner == nil || !row.Counted || !row.Earns {
		return nil
	}
	return placeOf(row.Program, *row.Partner, row.PaidAt, row.Key, row.Money(row.Base))
}

// counting notes, for one outermost piece of work, from where on months are to be counted anew.
type counting struct {
	from   map[month]since
	rules  map[models.ProgramID][]models.RuleSet
	closed bool // the counting has begun: what it does itself is not noted
}

type countingKey struct{}

// counted does a piece of work, and then counts anew the months that it changed. Inside another such piece the outer one counts.
func (in *Inbox) counted(ctx context.Context, tx *store.Store, t models.Tenant, work func(context.Context) error) error {
	if _, inside := ctx.Value(countingKey{}).(*counting); inside {
		return work(ctx)
	}
	noted := &counting{from: map[month]since{}, rules: map[models.ProgramID][]models.RuleSet{}}
	ctx = context.WithValue(ctx, countingKey{}, noted)
	if err := work(ctx); err != nil {
		return err
	}
	noted.closed = true
	for _, m := range slices.SortedFunc(maps.Keys(noted.from), func(a, b month) int {
		return cmp.Or(a.begin.Compare(b.begin), cmp.Compare(a.program.String(), b.program.String()), cmp.Compare(a.partner.String(), b.partner.String()))
	}) {
		if err := in.countAnew(ctx, tx, t, m, noted.from[m]); err != nil {
			return fmt.Errorf("count %s of partner %s anew: %w", m.begin.Format("2006-01"), m.partner, err)
		}
	}
	return nil
}

// moved notes that a payment changed its place, nil for none.
func (in *Inbox) moved(ctx context.Context, tx *store.Store, t models.Tenant, was, is *place) error {
	if was == nil && is == nil || was != nil && is != nil && *was == *is {
		return nil
	}
	return in.counted(ctx, tx, t, func(ctx context.Context) error {
		noted, _ := ctx.Value(countingKey{}).(*counting)
		for _, p := range []*place{was, is} {
			if p == nil || noted.closed {
				continue
			}
			sets, err := in.rules(ctx, tx, t, p.program)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(sets, commission.Tiered) {
				continue
			}
			from, known := noted.from[p.month]
			if !known {
				from = p.at
			}
			noted.from[p.month] = from.or(p.at.at, p.at.key)
		}
		return nil
	})
}

// rules are the versions of a program's rules, read once in a piece of work.
func (in *Inbox) rules(ctx context.Context, tx *store.Store, t models.Tenant, program models.ProgramID) ([]models.RuleSet, error) {
	noted, inside := ctx.Value(countingKey{}).(*counting)
	if inside && noted.rules[program] != nil {
		return noted.rules[program], nil
	}
	sets, err := tx.RuleSets(ctx, t, program)
	if inside {
		noted.rules[program] = sets
	}
	return sets, err
}

// countAnew counts the payments of a month that come after a place, in their order: only the amount is asked again, not whose they are.
func (in *Inbox) countAnew(ctx context.Context, tx *store.Store, t models.Tenant, m month, from since) error {
	_, end := commission.MonthOf(m.begin)
	rows, err := tx.EarnedAfterPlace(ctx, t, m.program, m.partner, from.at, from.key, end)
	if err != nil || len(rows) == 0 {
		return err
	}
	sets, err := in.rules(ctx, tx, t, m.program)
	if err != nil {
		return err
	}
	partner, err := tx.Partner(ctx, t, m.partner)
	if err != nil {
		return err
	}
	before, err := tx.CollectedBefore(ctx, t, m.program, m.partner, m.begin, rows[0].PaidAt, rows[0].Key)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if set, found := commission.Current(sets, row.PaidAt); found && commission.Tiered(set) {
			if err := in.countOne(ctx, tx, row, partner, before); err != nil {
				return fmt.Errorf("payment %s: %w", row.ID, err)
			}
		}
		before = withPayment(before, row.Money(row.Base))
	}
	return nil
}

func (in *Inbox) countOne(ctx context.Context, tx *store.Store, row store.PaymentRow, partner models.Partner, before []models.Collected) error {
	p, err := in.combined(ctx, tx, row)
	if err != nil {
		return err
	}
	var first store.First
	if row.Customer != nil {
		if first, err = tx.FirstOf(ctx, row.Tenant, *row.Customer); err != nil {
			return err
		}
	}
	past, err := in.firstSale(ctx, tx, p.Payment, row.Customer, first)
	if err != nil {
		return err
	}
	p.Kind, p.why, past.Month = row.Kind, "the payments of its month were counted anew", before
	return in.book(ctx, tx, p, models.Decision{Partner: &partner, By: *row.AttributedBy, Policy: row.Policy, Steps: row.Steps.V}, past)
}

// withPayment adds a payment to a month, each currency by itself.
func withPayment(month []models.Collected, base models.Money) []models.Collected {
	at := slices.IndexFunc(month, func(c models.Collected) bool { return c.Base.Currency == base.Currency })
	if at < 0 {
		return append(month, models.Collected{Sales: 1, Base: base})
	}
	if sum, err := month[at].Base.Add(base); err == nil { // else it is beyond every tier
		month[at].Base = sum
	}
	month[at].Sales++
	return month
}

// past is what a commission must know of what came before a payment.
func (in *Inbox) past(ctx context.Context, tx *store.Store, p models.Payment, d models.Decision, look *lookedUp) (models.Past, error) {
	if d.Partner == nil {
		return models.Past{}, nil
	}
	customer := &look.customer
	if customer.IsZero() {
		customer = nil
	}
	past, err := in.firstSale(ctx, tx, p, customer, look.first)
	if err != nil {
		return past, err
	}
	sets, err := in.rules(ctx, tx, p.Tenant, p.Via)
	if err != nil {
		return past, err
	}
	if set, found := commission.Current(sets, p.PaidAt); found && commission.Tiered(set) {
		begin, _ := commission.MonthOf(p.PaidAt)
		past.Month, err = tx.CollectedBefore(ctx, p.Tenant, p.Via, d.Partner.ID, begin, p.PaidAt, p.Key)
	}
	return past, err
}

// firstSale finds the customer's first payment: one that went back whole is none, whenever it did (P19, MONEY.md 0, rule 1).
// Then the next that stands becomes the first, and the difference is booked, as after any fact that comes late (D14).
func (in *Inbox) firstSale(ctx context.Context, tx *store.Store, p models.Payment, customer *models.CustomerID, first store.First) (models.Past, error) {
	past := models.Past{FirstSale: first.PaidAt, FirstKey: first.Key}
	if customer == nil || !first.Returned || first.Key == p.Key {
		return past, nil
	}
	standing, err := tx.FirstStanding(ctx, p.Tenant, *customer, p.PaidAt, p.Key)
	if err != nil {
		return past, err
	}
	if past.WentBack = standing.Before; standing.Key == "" {
		past.FirstSale, past.FirstKey = &p.PaidAt, p.Key
	} else {
		past.FirstSale, past.FirstKey = standing.PaidAt, standing.Key
	}
	return past, nil
}
