package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/lib/pq"

	"portal/models"
)

// About is what a batch of news names: memory reads at once what it will be asked for. Nothing need be complete.
type About struct {
	Aliases     []string // ids of the money
	StripeIDs   []string // of the customers
	Keys        []string // that customers have, or would be given
	Emails      []string // as they are compared
	PartnerKeys []string
	Subjects    []string // of facts that may be asked for
	Told        []string // of facts that are told
}

// recall reads what is known of what the news is about, each kind of row in one statement.
func (m *memory) recall(ctx context.Context, about About) error {
	for _, step := range []func(context.Context, About) error{m.recallWaiting, m.recallPayments, m.recallCustomers, m.recallPartners, m.recallFacts, m.recallStrays} {
		if err := step(ctx, about); err != nil {
			return err
		}
	}
	return nil
}

// recallWaiting finds the ids among these for which events wait.
func (m *memory) recallWaiting(ctx context.Context, about About) error {
	var waits []pq.StringArray
	// Most often nothing waits: then no id is looked for.
	if err := m.direct.list(ctx, &waits, `SELECT waits_for FROM events
		WHERE (SELECT true FROM events w WHERE w.company_id = $1 AND w.bucket = $2 AND w.status = 'pending' AND w.waits_for IS NOT NULL LIMIT 1)
			AND company_id = $1 AND bucket = $2 AND status = 'pending' AND waits_for && $3`,
		m.tenant.Company, m.tenant.Bucket(), pq.Array(about.Aliases)); err != nil {
		return err
	}
	for _, id := range about.Aliases {
		m.asked[id] = slices.ContainsFunc(waits, func(w pq.StringArray) bool { return slices.Contains(w, id) })
	}
	return nil
}

// recallPayments reads the payments that the ids name, what was told of them, what went back and what they earned.
func (m *memory) recallPayments(ctx context.Context, about About) error {
	ids, err := m.paymentsWithAlias(ctx, about.Aliases)
	if err != nil || len(ids) == 0 {
		return err
	}
	found, err := m.loadPayments(ctx, `FROM payments p WHERE p.company_id = $1 AND p.mode = $2 AND p.id = ANY($3::uuid[])`, pq.Array(uuids(ids)))
	if err != nil {
		return err
	}
	if err := m.loadTellings(ctx, found); err != nil {
		return err
	}
	if err := m.loadReversals(ctx, found); err != nil {
		return err
	}
	return m.loadCommissions(ctx, found)
}

func (m *memory) loadTellings(ctx context.Context, of []*keptPayment) error {
	var rows []struct {
		Payment models.PaymentID       `db:"payment_id"`
		Body    asJSON[models.Telling] `db:"body"`
	}
	if err := m.direct.list(ctx, &rows, `SELECT payment_id, body FROM tellings WHERE company_id = $1 AND mode = $2 AND payment_id = ANY($3::uuid[]) ORDER BY payment_id, object`,
		m.tenant.Company, m.tenant.Mode, paymentIDs(of)); err != nil {
		return err
	}
	for _, p := range of {
		p.told = true
	}
	for _, r := range rows {
		p := m.payments[r.Payment]
		p.tellings = append(p.tellings, r.Body.V)
	}
	return nil
}

func paymentIDs(of []*keptPayment) any {
	return column(of, func(p *keptPayment) string { return uuidOf(p.ID) })
}

func (m *memory) loadCommissions(ctx context.Context, of []*keptPayment) error {
	rows, err := m.direct.commissions(ctx, `c.payment_id = ANY($3::uuid[]) ORDER BY c.id`, m.tenant.Company, m.tenant.Mode, paymentIDs(of))
	if err != nil {
		return err
	}
	for _, p := range of {
		p.earned = true
	}
	var list []*keptCommission
	for _, r := range rows {
		c := &keptCommission{Commission: r.Commission}
		m.earn(m.payments[r.Payment], c)
		list = append(list, c)
	}
	return m.loadEntries(ctx, list)
}

// recallCustomers reads the customers that are named, those who made the payments, and all who share an address with
// them; their links, their newest payments, and what their payments begin with.
func (m *memory) recallCustomers(ctx context.Context, about About) error {
	var made []string
	for _, p := range m.payments {
		if p.Customer != nil {
			made = append(made, uuidOf(*p.Customer))
		}
	}
	if _, err := m.loadCustomers(ctx, `(stripe_customer_id = ANY($3) OR key = ANY($4) OR id = ANY($5::uuid[]))`,
		pq.Array(about.StripeIDs), pq.Array(about.Keys), pq.Array(made)); err != nil {
		return err
	}
	unknown(m.byStripe, about.StripeIDs)
	unknown(m.byKey, about.Keys)
	if err := m.recallSharing(ctx, about.Emails); err != nil || len(m.customers) == 0 {
		return err
	}
	var all []*keptCustomer
	for _, k := range m.customers {
		all = append(all, k)
	}
	if err := m.loadLinks(ctx, all); err != nil {
		return err
	}
	if err := m.loadTails(ctx, all); err != nil {
		return err
	}
	if all = slices.DeleteFunc(all, func(k *keptCustomer) bool { return k.all }); len(all) == 0 {
		return nil
	}
	if err := m.recallAddresses(ctx, all); err != nil {
		return err
	}
	return m.loadFirsts(ctx, all)
}

// unknown marks the names that nobody has.
func unknown(index map[string]models.CustomerID, names []string) {
	for _, name := range names {
		if _, known := index[name]; !known {
			index[name] = models.CustomerID{}
		}
	}
}

// recallSharing reads who has these addresses, or one that a customer in memory has.
func (m *memory) recallSharing(ctx context.Context, addresses []string) error {
	addresses = slices.Clone(addresses)
	for _, k := range m.customers {
		if k.Email != nil {
			addresses = append(addresses, models.NormalEmail(*k.Email))
		}
	}
	slices.Sort(addresses)
	addresses = slices.DeleteFunc(slices.Compact(addresses), func(a string) bool { return a == "" })
	if len(addresses) == 0 {
		return nil
	}
	if err := m.loadAddresses(ctx, addresses); err != nil {
		return err
	}
	var others []string
	for _, ids := range m.byEmail {
		for _, id := range ids {
			if m.customers[id] == nil {
				others = append(others, uuidOf(id))
			}
		}
	}
	if len(others) == 0 {
		return nil
	}
	_, err := m.loadCustomers(ctx, `id = ANY($3::uuid[])`, pq.Array(others))
	return err
}

func customerIDs(of []*keptCustomer) any {
	return column(of, func(k *keptCustomer) string { return uuidOf(k.ID) })
}

func (m *memory) loadLinks(ctx context.Context, of []*keptCustomer) error {
	links, err := m.direct.links(ctx, m.tenant, customerIDs(of))
	if err != nil {
		return err
	}
	for _, k := range of {
		k.linked = true
	}
	for _, l := range links {
		k := m.customers[l.Customer]
		k.links = append(k.links, l)
	}
	return nil
}

func (m *memory) loadTails(ctx context.Context, of []*keptCustomer) error {
	found, err := m.loadPayments(ctx, `FROM payments p WHERE p.company_id = $1 AND p.mode = $2 AND p.id = ANY(ARRAY(
		SELECT t.id FROM unnest($3::uuid[]) AS c (id) CROSS JOIN LATERAL (SELECT n.id FROM payments n
			WHERE n.company_id = $1 AND n.mode = $2 AND n.customer_id = c.id AND n.merged_into IS NULL ORDER BY n.paid_at DESC, n.key DESC LIMIT $4) AS t))`,
		customerIDs(of), few)
	if err != nil {
		return err
	}
	counts := map[models.CustomerID]int{}
	for _, k := range of {
		k.tailed, k.all = true, true
	}
	for _, p := range found {
		k, at := m.customers[*p.Customer], p.standing().place
		if counts[k.ID]++; counts[k.ID] == 1 || at.before(k.since) {
			k.since = at
		}
		k.all = counts[k.ID] < few
	}
	return nil
}

// recallPartners reads the partners that are named, and those whose links or commissions are in memory.
func (m *memory) recallPartners(ctx context.Context, about About) error {
	var ids []string
	for _, k := range m.customers {
		for _, l := range k.links {
			ids = append(ids, uuidOf(l.Partner))
		}
	}
	slices.Sort(ids)
	return m.loadPartners(ctx, about.PartnerKeys, slices.Compact(ids))
}

func (m *memory) loadPartners(ctx context.Context, keys, ids []string) error {
	if len(keys)+len(ids) == 0 {
		return nil
	}
	var rows []models.Partner
	if err := m.direct.list(ctx, &rows, `SELECT `+partnerColumns+` FROM partners WHERE company_id = $1 AND mode = $2 AND (key = ANY($3) OR id = ANY($4::uuid[]))`,
		m.tenant.Company, m.tenant.Mode, pq.Array(append([]string{}, keys...)), pq.Array(append([]string{}, ids...))); err != nil {
		return err
	}
	for _, key := range keys {
		m.byPartnerKey[key] = nil
	}
	for _, p := range rows {
		m.partners[p.ID], m.byPartnerKey[p.Key] = p, &p
	}
	return nil
}

func (m *memory) partner(ctx context.Context, id models.PartnerID) (models.Partner, error) {
	if _, known := m.partners[id]; !known {
		if err := m.loadPartners(ctx, nil, []string{uuidOf(id)}); err != nil {
			return models.Partner{}, err
		}
	}
	p, known := m.partners[id]
	if !known {
		return p, fmt.Errorf("load partner %s: %w", id, models.ErrNotFound)
	}
	return p, nil
}

func (m *memory) partnersByKey(ctx context.Context, keys []string) ([]models.Partner, error) {
	missing := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { _, known := m.byPartnerKey[key]; return known })
	if err := m.loadPartners(ctx, missing, nil); err != nil {
		return nil, err
	}
	var list []models.Partner
	for _, key := range keys {
		if p := m.byPartnerKey[key]; p != nil {
			list = append(list, *p)
		}
	}
	slices.SortFunc(list, func(a, b models.Partner) int { return cmp.Compare(a.Key, b.Key) })
	return slices.CompactFunc(list, func(a, b models.Partner) bool { return a.ID == b.ID }), nil
}

// waitedFor tells whether an event may wait for one of these ids.
func (m *memory) waitedFor(known []string) bool {
	return slices.ContainsFunc(known, func(id string) bool {
		waits, asked := m.asked[id]
		return waits || !asked
	})
}

// end keeps how an event ended. One that ended before has that written first: a statement changes a row once.
func (m *memory) end(ctx context.Context, how ended) error {
	if slices.ContainsFunc(m.ended, func(before ended) bool { return before.event.ID == how.event.ID }) {
		if err := m.write(ctx); err != nil {
			return err
		}
	}
	m.ended = append(m.ended, how)
	return nil
}

func (m *memory) program(ctx context.Context, id models.ProgramID) (models.Program, error) {
	p, known := m.programs[id]
	if known {
		return p, nil
	}
	p, err := m.direct.Program(ctx, m.tenant.Company, id)
	if err == nil {
		m.programs[id] = p
	}
	return p, err
}
