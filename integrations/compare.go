package integrations

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"portal/models"
	"portal/sources"
)

const (
	told    = 200 // differences that a run tells of by name
	askedOf = 200 // payments that Stripe's lists do not show and that it is asked for one by one
)

// comparison is one look at what Stripe lists beside what is here: page by page, so that it needs no more memory for a
// month of many payments than for a day of few.
type comparison struct {
	*Integrations
	r      models.Reconciliation
	reach  stripeAPI
	before time.Time // when the connection began
	heals  bool      // what is missing is brought in

	askedSessions bool

	days        map[models.ReconciledDay]*sides // by day, kind and currency
	differences []models.Difference             // the first of them
	open        int                             // how many there are
}

// sides are what Stripe lists and what is here.
type sides struct{ theirs, ours models.Tally }

func (c *comparison) run(ctx context.Context) error {
	c.days = map[models.ReconciledDay]*sides{}
	if err := c.Store.ForgetMet(ctx, c.r.Tenant, c.r.ID); err != nil {
		return err
	}
	for _, l := range lists {
		do := c.payments
		switch l.kind {
		case "checkout.session":
			continue
		case "refund", "dispute", "credit_note":
			do = c.reversals
		}
		if err := c.each(ctx, l, do); err != nil {
			return err
		}
	}
	return c.onlyHere(ctx)
}

// sessions brings in the checkouts that did not come: they name the partners of payments that did not come.
func (c *comparison) sessions(ctx context.Context, page []found) error {
	known, err := c.Store.PaymentsListed(ctx, c.r.Tenant, idsOf(page))
	if err != nil {
		return err
	}
	var missing []models.Event
	for _, f := range page {
		if _, here := known[f.Object]; here {
			continue
		}
		l, err := c.retell(f)
		if err != nil {
			return err
		}
		missing = append(missing, l.Event)
	}
	_, err = c.Inbox.Fetched(ctx, c.r.Tenant, c.r.Program, missing)
	return err
}

// retell is an object as the event that brings it in: what was paid before the connection earns nothing by it.
func (c *comparison) retell(f found) (sources.Listed, error) {
	return sources.StripeListed(f.Raw, c.r.Mode, f.Asked, &c.before)
}

// each gives a list's pages on.
func (c *comparison) each(ctx context.Context, l list, do func(context.Context, []found) error) error {
	for after := ""; ; {
		page, last, err := c.reach.listed(ctx, l, between{c.r.Since, c.r.Until}, after)
		if err != nil {
			return err
		}
		behind, err := c.reach.invoicesBehind(ctx, page, func(ids []string) ([]string, error) { return c.Store.NotMet(ctx, c.r.Tenant, c.r.ID, ids) })
		if err != nil {
			return err
		}
		page = slices.DeleteFunc(append(page, behind...), func(f found) bool {
			return f.Kind == "charge" && f.Invoice != "" || f.Kind != "checkout.session" && (f.At.Before(c.r.Since) || f.At.After(c.r.Until))
		})
		if err := do(ctx, page); err != nil || last == "" {
			return err
		}
		after = last
	}
}

// payments compares invoices and charges with the payments that go by their ids.
func (c *comparison) payments(ctx context.Context, page []found) error {
	known, err := c.Store.PaymentsListed(ctx, c.r.Tenant, idsOf(page))
	if err != nil {
		return err
	}
	return c.compare(ctx, "payment", page, known, func(f found, k models.Known, here bool) (theirs, ours *models.Money, why string) {
		theirs = &f.Money
		switch {
		case !f.Tells():
			return nil, nil, ""
		case here && !k.Counted && k.NoOutside && slices.ContainsFunc(f.News.Tellings, func(t models.Telling) bool { return t.Outside }):
			return nil, nil, "" // what was paid outside Stripe is not counted in this program
		case !here || !k.Counted:
			return theirs, nil, "Stripe lists it as paid, and it was not here"
		case k.Currency != f.Money.Currency && f.Kind == "charge":
			return new(k.Money()), new(k.Money()), "" // the customer paid in another currency: the checkout told the merchant's amount
		case k.Money() != f.Money:
			return theirs, new(k.Money()), "Stripe lists another amount"
		}
		return theirs, theirs, ""
	})
}

// reversals compares refunds, disputes and credit notes by their own ids. What failed, was canceled or was won gave
// nothing back.
func (c *comparison) reversals(ctx context.Context, page []found) error {
	known, err := c.Store.ReversalsListed(ctx, c.r.Tenant, idsOf(page))
	if err != nil || len(page) == 0 {
		return err
	}
	return c.compare(ctx, page[0].Kind, page, known, func(f found, k models.Known, here bool) (theirs, ours *models.Money, why string) {
		state := models.Rests
		if len(f.News.Reversals) > 0 {
			state = f.News.Reversals[0].State
		}
		if state != models.Rests {
			theirs = &f.Money
		}
		if here && k.State != models.Rests {
			ours = new(k.Money())
		}
		switch {
		case theirs != nil && ours == nil:
			why = "Stripe lists it, and it was not here"
		case theirs == nil && ours != nil:
			why = "Stripe lists it as failed, canceled or won"
		case theirs != nil && *theirs != *ours:
			why = "Stripe lists another amount"
		case here && k.State != state:
			why = "Stripe lists another state"
		}
		return theirs, ours, why
	})
}

// compare judges a page, counts both sides, and brings in what differs.
func (c *comparison) compare(ctx context.Context, kind string, page []found, known map[string]models.Known, judge func(found, models.Known, bool) (theirs, ours *models.Money, why string)) error {
	var missing []models.Event
	var met []string
	for _, f := range page {
		k, here := known[f.Object]
		met = append(met, f.Object)
		if here {
			met = append(met, k.Key)
		}
		theirs, ours, why := judge(f, k, here)
		if f.Unread != nil {
			theirs, why = nil, f.Unread.Error()
		}
		c.count(kind, f.At, theirs, ours)
		if why == "" && (here || f.Tells()) {
			continue
		}
		if why != "" { // else it is an invoice of zero: it moves no money, and begins a trial
			c.differ(models.Difference{Object: f.Object, Kind: f.Kind, At: f.At, Theirs: theirs, Ours: ours, Why: c.whyStill(ctx, f, why)})
		}
		l, err := c.retell(f)
		if err != nil {
			return err
		}
		missing = append(missing, l.Event)
	}
	if err := c.Store.Meet(ctx, c.r.Tenant, c.r.ID, met); err != nil || !c.heals || len(missing) == 0 {
		return err
	}
	if kind == "payment" && !c.askedSessions { // before the payments: cut off between, the next run finds these missing again
		if err := c.each(ctx, lists[sessions], c.sessions); err != nil {
			return err
		}
		c.askedSessions = true
	}
	_, err := c.Inbox.Fetched(ctx, c.r.Tenant, c.r.Program, missing)
	return err
}

// whyStill says why an object differs although it was brought in, where its event tells.
func (c *comparison) whyStill(ctx context.Context, f found, why string) string {
	if c.heals || c.open >= told {
		return why
	}
	l, err := c.retell(f)
	if err != nil {
		return why
	}
	e, err := c.Store.EventByProviderID(ctx, c.r.Company, c.r.Source, l.ProviderID)
	if err != nil || e.Because == nil {
		return why
	}
	return why + ". Its event says: " + *e.Because
}

func (c *comparison) count(kind string, at time.Time, theirs, ours *models.Money) {
	add := func(m *models.Money, to func(*sides) *models.Tally) {
		if m == nil {
			return
		}
		key := models.ReconciledDay{Day: at.UTC().Format(time.DateOnly), Kind: kind, Currency: m.Currency}
		if c.days[key] == nil {
			c.days[key] = &sides{}
		}
		to(c.days[key]).Add(*m)
	}
	add(theirs, func(s *sides) *models.Tally { return &s.theirs })
	add(ours, func(s *sides) *models.Tally { return &s.ours })
}

func (c *comparison) differ(d models.Difference) {
	if c.open++; len(c.differences) < told {
		c.differences = append(c.differences, d)
	}
}

func (c *comparison) has(object string) bool {
	return slices.ContainsFunc(c.differences, func(d models.Difference) bool { return d.Object == object })
}

// onlyHere looks at what is here and was in no list: Stripe is asked for each by itself, for an invoice may have been
// made long before it was paid.
func (c *comparison) onlyHere(ctx context.Context) error {
	programs, err := c.Store.Sharing(ctx, c.r.Tenant, c.r.Source, c.r.Program)
	if err != nil {
		return err
	}
	if len(programs) == 0 {
		programs = []models.ProgramID{c.r.Program}
	}
	payments, refunds, err := c.Store.OnlyHere(ctx, c.r, programs, askedOf)
	if err != nil {
		return err
	}
	for kind, list := range map[string][]models.Known{"payment": payments, "refund": refunds} {
		for _, k := range list {
			exists, err := c.reach.exists(ctx, k.Key)
			if err != nil {
				return err
			}
			if exists {
				c.count(kind, k.PaidAt, new(k.Money()), new(k.Money()))
				continue
			}
			c.count(kind, k.PaidAt, nil, new(k.Money()))
			c.differ(models.Difference{Object: k.Key, Kind: kind, At: k.PaidAt, Ours: new(k.Money()), Why: "It is here, and Stripe does not list it"})
		}
	}
	return nil
}

// paths are where one object is asked for, by the beginning of its id, and the status in which its money moved.
var paths = []struct {
	prefix, path string
	moved        []string
}{
	{"in_", "/v1/invoices/", []string{"paid"}}, {"pi_", "/v1/payment_intents/", []string{"succeeded"}}, {"ch_", "/v1/charges/", []string{"succeeded"}},
	{"py_", "/v1/charges/", []string{"succeeded"}}, {"re_", "/v1/refunds/", []string{"succeeded", "pending", "requires_action"}}, {"pyr_", "/v1/refunds/", []string{"succeeded", "pending", "requires_action"}},
}

// exists tells whether Stripe knows an object, and that its money moved.
func (s stripeAPI) exists(ctx context.Context, id string) (bool, error) {
	for _, p := range paths {
		if !strings.HasPrefix(id, p.prefix) {
			continue
		}
		var o struct{ Status string }
		err := s.get(ctx, pinned, p.path+url.PathEscape(id), nil, &o)
		var r refusal
		if errors.As(err, &r) && r.Status == 404 {
			return false, nil
		}
		return slices.Contains(p.moved, o.Status), err
	}
	return false, nil
}

func idsOf(page []found) []string {
	ids := []string{}
	for _, f := range page {
		ids = append(ids, f.Object)
	}
	return ids
}

// days are what two looks counted, before healing and after, in order.
func days(first, last *comparison) []models.ReconciledDay {
	all := maps.Clone(first.days)
	maps.Copy(all, last.days)
	var list []models.ReconciledDay
	for key := range all {
		d := key
		if s := first.days[key]; s != nil {
			d.Before = s.ours
		}
		if s := last.days[key]; s != nil {
			d.Theirs, d.Ours = s.theirs, s.ours
		}
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b models.ReconciledDay) int {
		return cmp.Or(cmp.Compare(b.Day, a.Day), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Currency, b.Currency))
	})
	return list
}
