package inbox

import (
	"cmp"
	"context"
	"errors"
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
	from  map[month]since
	rules map[models.ProgramID][]models.RuleSet
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
			if p == nil {
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
	var of *recount
	for {
		rows, err := tx.EarnedAfterPlace(ctx, t, m.program, m.partner, from.at, from.key, end, atATime)
		if err != nil || len(rows) == 0 {
			return err
		}
		if of == nil {
			if of, err = in.recountFrom(ctx, tx, t, m, rows[0]); err != nil {
				return err
			}
		}
		for _, row := range rows {
			if err := in.countOne(ctx, tx, row, of); err != nil {
				return fmt.Errorf("payment %s: %w", row.ID, err)
			}
			of.before, from = withPayment(of.before, row.Money(row.Base)), since{row.PaidAt, row.Key}
		}
	}
}

// atATime is how many payments of a month are read at a time.
const atATime = 500

// recount is what the payments of a month are counted anew with.
type recount struct {
	program models.Program
	partner models.Partner
	rules   []models.RuleSet
	before  []models.Collected // until the payment that comes next
}

func (in *Inbox) recountFrom(ctx context.Context, tx *store.Store, t models.Tenant, m month, first store.PaymentRow) (*recount, error) {
	var of recount
	var errs [4]error
	of.program, errs[0] = tx.Program(ctx, t.Company, m.program)
	of.partner, errs[1] = tx.Partner(ctx, t, m.partner)
	of.rules, errs[2] = in.rules(ctx, tx, t, m.program)
	of.before, errs[3] = tx.CollectedBefore(ctx, t, m.program, m.partner, m.begin, first.PaidAt, first.Key)
	return &of, errors.Join(errs[:]...)
}

// countOne counts one payment anew, if the rules at its time have tiers: they change how much it earns, never whether, nor
// for whom.
func (in *Inbox) countOne(ctx context.Context, tx *store.Store, row store.PaymentRow, of *recount) error {
	if set, found := commission.Current(of.rules, row.PaidAt); !found || !commission.Tiered(set) {
		return nil
	}
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
	past.Month = of.before
	want := target{program: of.program, payment: p.Payment, partner: &of.partner, back: p.back, why: "the payments of its month were counted anew"}
	want.earning = commission.Earn(of.rules, p.Payment, models.Decision{Partner: want.partner}, past)
	return in.earn(ctx, tx, want)
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
