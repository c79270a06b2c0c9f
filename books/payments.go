package books

import (
	"context"
	"fmt"

	"portal/commission"
	"portal/models"
	"portal/sources"
	"portal/store"
)

// payments checks that each payment is what its kept tellings together say, and that each of its reversals counts for
// what the rules make of it.
func (r *Report) payments(ctx context.Context, tx *store.Store, t models.Tenant, name string) error {
	var after models.PaymentID
	for {
		list, err := tx.ToldAfter(ctx, t, after, page)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, p := range list {
			for _, d := range differences(p) {
				r.Differences = append(r.Differences, fmt.Sprintf("%s, %s: %s", name, t.Mode, d))
			}
		}
		after = list[len(list)-1].ID
	}
}

func differences(p store.Told) []string {
	var all []string
	differs := func(what string, is, want int64) {
		if is != want {
			all = append(all, fmt.Sprintf("%s is %d, should be %d", what, is, want))
		}
	}
	want := sources.Combine(p.Tellings)
	back := commission.Returned(want.Gross, sources.Charges(p.Tellings), p.Reversals)
	if p.Currency != want.Gross.Currency {
		all = append(all, fmt.Sprintf("currency of payment %s is %q, should be %q", p.Key, p.Currency, want.Gross.Currency))
	}
	differs("gross of payment "+p.Key, p.Gross, want.Gross.Minor)
	differs("base of payment "+p.Key, p.Base, want.BaseOn(p.Terms.V).Minor)
	differs("refunded of payment "+p.Key, p.Refunded, back.Total)
	if n, turned := p.Shown(); turned {
		for _, part := range []struct {
			what string
			is   models.Money
			of   int64
		}{{"gross", n.Gross, p.Gross}, {"base", n.Base, p.Base}, {"refunded", n.Refunded, p.Refunded}} {
			if want, err := commission.Convert(models.Money{Minor: part.of, Currency: p.Currency}, n.Rate); err != nil || want != part.is {
				all = append(all, fmt.Sprintf("%s of payment %s as it is shown is %s, should be %s", part.what, p.Key, part.is, want))
			}
		}
	}
	for _, v := range p.Reversals {
		differs("what "+v.Key+" takes off payment "+p.Key, p.Counted[v.Key], back.Parts[v.Key])
	}
	return all
}
