package doctor

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"portal/integrations"
	"portal/models"
	"portal/store"
)

// For makes the checks of one side of a company, for its people: of the installation only what they may know. No finding
// names another company, an address of the machine's, or a secret.
func (d *Doctor) For(ctx context.Context, t models.Tenant) (Report, error) {
	theirs := *d
	theirs.people = true
	company, err := d.Store.Company(ctx, t.Company)
	if err != nil {
		return Report{}, err
	}
	programs, err := d.Store.Programs(ctx, t.Company)
	if err != nil {
		return Report{}, err
	}
	connected, err := d.Store.Connected(ctx, t.Company)
	if err != nil {
		return Report{}, err
	}
	var subjects []subject
	for _, program := range programs {
		subjects = append(subjects, subject{company: company, mode: t.Mode, program: program, checks: theirs.program(ctx, t, program, connected)})
	}
	subjects = append(subjects, subject{company: company, mode: t.Mode, checks: theirs.money(t)}, subject{checks: theirs.shared(t, connected)})
	groups := make([][]Finding, len(subjects))
	var group errgroup.Group
	group.SetLimit(4)
	for n, s := range subjects {
		group.Go(func() error {
			groups[n] = s.run(ctx, briefly)
			for i, f := range groups[n] {
				if f.Where == itself {
					groups[n][i].Found, groups[n][i].Do, groups[n][i].Where = "It could not be looked at.", "Look again; if it stays, "+tellThem, ""
				}
			}
			return nil
		})
	}
	_ = group.Wait() // no check fails another
	for _, found := range groups {
		slices.SortStableFunc(found, worse)
	}
	slices.SortStableFunc(groups, func(a, b []Finding) int { return cmp.Compare(worst(a), worst(b)) })
	return report(groups), nil
}

// briefly is how long one check may take while somebody waits for a page.
const briefly = 4 * time.Second

// tellThem is what a company's people can do about what is not theirs.
const tellThem = "tell whoever runs this Portal."

// shared are the checks of the installation that a company's people may know of.
func (d *Doctor) shared(t models.Tenant, connected []store.Connected) []check {
	hears := slices.ContainsFunc(connected, func(c store.Connected) bool { return c.Mode == t.Mode && c.Status == "connected" })
	toldAs := func(name, found string, ask func(context.Context) (Finding, error)) check {
		return check{name, "", func(ctx context.Context) (Finding, error) {
			f, err := ask(ctx)
			if f.Where = ""; f.Verdict == OK && found != "" {
				f.Found = "Nothing is amiss with it."
			} else if f.Verdict == Failed || f.Verdict == Warning {
				if f.Do = "T" + tellThem[1:]; found != "" {
					f.Found = found
				}
			}
			return f, err
		}}
	}
	return []check{
		toldAs("Clock", "", d.clock),
		toldAs("Public address", "", func(context.Context) (Finding, error) {
			return d.reachable(hears && t.Mode == models.Live, hears && t.Mode == models.Test)
		}),
		toldAs("Mail", "Portal cannot send mail, so nobody is told when something breaks.", d.mail),
		toldAs("Exchange rates", "", d.exchangeRates),
		toldAs("Payouts by Stripe", "Portal's own Stripe is not set up for this side, or does not answer: invoices can only be paid elsewhere and marked as paid.", func(ctx context.Context) (Finding, error) { return d.pays(ctx, t.Mode) }),
	}
}

// pays tells whether partners of a side can be paid by Stripe: with a key of its mode.
func (d *Doctor) pays(ctx context.Context, mode models.Mode) (Finding, error) {
	if d.StripeKey != "" && integrations.KeyFits(d.StripeKey, mode) != nil {
		return warning("The key is of the other mode.", ""), nil
	}
	return d.platform(ctx)
}

// Rounds keep what was found on each side for a moment, so that a page that is loaded over and over asks Stripe no more for it.
type Rounds struct {
	*Doctor
	mu   sync.Mutex
	kept map[models.Tenant]*round
}

type round struct {
	mu    sync.Mutex
	at    time.Time // by this machine's clock
	found Report
}

// fresh is how long a finding is shown again.
const fresh = 3 * time.Second

// For is Doctor.For, at most once in a moment for each side.
func (r *Rounds) For(ctx context.Context, t models.Tenant) (Report, error) {
	one := r.of(t)
	one.mu.Lock()
	defer one.mu.Unlock()
	if time.Since(one.at) < fresh {
		return one.found, nil
	}
	found, err := r.Doctor.For(context.WithoutCancel(ctx), t) // who waits with us wants it, too
	if err == nil {
		one.found, one.at = found, time.Now()
	}
	return found, err
}

// of is where a side's findings are kept. Those of others that are old are let go.
func (r *Rounds) of(t models.Tenant) *round {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil {
		r.kept = map[models.Tenant]*round{}
	}
	for other, one := range r.kept {
		if other != t && one.mu.TryLock() {
			if time.Since(one.at) > fresh {
				delete(r.kept, other)
			}
			one.mu.Unlock()
		}
	}
	if r.kept[t] == nil {
		r.kept[t] = &round{}
	}
	return r.kept[t]
}
