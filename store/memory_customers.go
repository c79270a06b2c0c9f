package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/lib/pq"

	"portal/models"
)

// keptCustomer is a customer in memory, and whatever else is known of them.
type keptCustomer struct {
	models.Customer
	isNew, changed  bool
	wasEmail, wasID *string // address and provider's id as the database has them

	linked bool // the links are known
	links  []models.Link

	tailed bool // their payments from since on are in memory; of a new customer, and of one with few, all are
	all    bool
	since  place

	addressed bool // the addresses are known
	addresses []string

	first *firstPlace // what their payments began with as the database has it; nil when that is not known
}

// firstPlace is a First with the places of its payments.
type firstPlace struct {
	Customer models.CustomerID `db:"customer_id"`
	First
	TaughtAt *time.Time `db:"taught_at"`
}

func (m *memory) keepInMind(c models.Customer) *keptCustomer {
	if known, ok := m.customers[c.ID]; ok {
		return known
	}
	k := &keptCustomer{Customer: c, wasEmail: c.Email, wasID: c.StripeID}
	m.customers[c.ID] = k
	m.index(k)
	return k
}

// odd stands for addresses of which the database alone can tell how they compare: blank ones, and those with letters that
// some databases take for others in lower case.
const odd = ""

// addressOf is under which address memory files a customer.
func addressOf(email string) string {
	if strings.ContainsFunc(email, func(r rune) bool { return r > unicode.MaxASCII }) {
		return odd
	}
	return models.NormalEmail(email)
}

// index puts a customer where their names lead to them.
func (m *memory) index(k *keptCustomer) {
	m.byKey[k.Key] = k.ID
	if k.Email != nil {
		if address := addressOf(*k.Email); !slices.Contains(m.having[address], k) {
			m.having[address] = append(m.having[address], k)
		}
	}
	if k.StripeID != nil {
		m.byStripe[*k.StripeID] = k.ID
	}
}

// loadCustomers reads customers that memory does not have yet.
func (m *memory) loadCustomers(ctx context.Context, where string, args ...any) ([]*keptCustomer, error) {
	var rows []models.Customer
	if err := m.direct.list(ctx, &rows, `SELECT `+customerColumns+` FROM customers WHERE company_id = $1 AND mode = $2 AND `+where,
		append([]any{m.tenant.Company, m.tenant.Mode}, args...)...); err != nil {
		return nil, err
	}
	list := make([]*keptCustomer, 0, len(rows))
	for _, c := range rows {
		list = append(list, m.keepInMind(c))
	}
	return list, nil
}

func (m *memory) customer(ctx context.Context, id models.CustomerID) (*keptCustomer, error) {
	if k, ok := m.customers[id]; ok {
		return k, nil
	}
	found, err := m.loadCustomers(ctx, `id = $3`, id)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("load customer %v: %w", id, models.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// customerBy finds one by a name that an index knows, reading it when the index does not.
func (m *memory) customerBy(ctx context.Context, index map[string]models.CustomerID, column, name string) (models.Customer, error) {
	id, known := index[name]
	if !known {
		found, err := m.loadCustomers(ctx, column+` = $3`, name)
		if err != nil {
			return models.Customer{}, fmt.Errorf("load customer %v: %w", name, err)
		}
		index[name] = models.CustomerID{}
		for _, k := range found { // one that memory knew under this name, and that has another by now, is not found
			m.index(k)
		}
		id = index[name]
	}
	if id.IsZero() {
		return models.Customer{}, fmt.Errorf("load customer %v: %w", name, models.ErrNotFound)
	}
	return m.customers[id].Customer, nil
}

func (m *memory) addCustomer(c models.Customer) {
	k := &keptCustomer{Customer: c, isNew: true, changed: true, linked: true, tailed: true, all: true}
	m.customers[c.ID] = k
	m.index(k)
}

func (m *memory) saveCustomer(ctx context.Context, c models.Customer) error {
	k, err := m.customer(ctx, c.ID)
	if err != nil {
		return err
	}
	if k.StripeID != nil && m.byStripe[*k.StripeID] == c.ID {
		m.byStripe[*k.StripeID] = models.CustomerID{}
	}
	k.Email, k.EmailSet, k.Name, k.StripeID, k.Taught, k.StripeIDSince, k.changed = c.Email, c.EmailSet, c.Name, c.StripeID, c.Taught, c.StripeIDSince, true
	m.index(k)
	return nil
}

// customersByEmail are those with an address, told from what the database has and what was changed since. Where that
// cannot be told, what waits is written and the database asked.
func (m *memory) customersByEmail(ctx context.Context, address string) ([]models.Customer, error) {
	ids, known := m.withAddress(address)
	if !known {
		if err := m.write(ctx); err != nil {
			return nil, err
		}
		if err := m.loadAddresses(ctx, []string{address}); err != nil {
			return nil, err
		}
		ids = m.byEmail[address]
	}
	list := []models.Customer{}
	for _, id := range ids {
		k, err := m.customer(ctx, id)
		if err != nil {
			return nil, err
		}
		if !k.Composite {
			list = append(list, k.Customer)
		}
	}
	slices.SortFunc(list, func(a, b models.Customer) int { return a.ID.Compare(b.ID) })
	list = slices.CompactFunc(list, func(a, b models.Customer) bool { return a.ID == b.ID })
	return list[:min(len(list), 100)], nil
}

// withAddress are the customers with an address, some perhaps twice, and whether memory can tell.
func (m *memory) withAddress(address string) (ids []models.CustomerID, known bool) {
	if ids, known = m.byEmail[address]; !known {
		return nil, false
	}
	if slices.ContainsFunc(m.having[odd], func(k *keptCustomer) bool { return k.changed }) {
		return nil, false
	}
	ids = slices.Clone(ids)
	for _, k := range m.having[address] {
		switch is := sameAddress(k.Email, address); {
		case !k.changed:
		case sameAddress(k.wasEmail, address) && !is:
			return nil, false // perhaps a payment of theirs has it still
		case is:
			ids = append(ids, k.ID)
		}
	}
	for _, p := range m.withEmail[address] {
		now := p.standing()
		switch {
		case !p.changed || p.was != nil && *p.was == now:
		case p.was != nil && p.was.email == address && (now.email != address || now.customer != p.was.customer):
			return nil, false
		case now.email == address && !now.customer.IsZero():
			ids = append(ids, now.customer)
		}
	}
	return ids, true
}

// sameAddress compares as the database does.
func sameAddress(email *string, address string) bool {
	return email != nil && address != "" && strings.ToLower(strings.Trim(*email, " ")) == address
}

// loadAddresses reads who has each of these addresses, as theirs or on a payment of theirs.
func (m *memory) loadAddresses(ctx context.Context, addresses []string) error {
	var rows []struct {
		Address  string             `db:"address"`
		Customer *models.CustomerID `db:"customer_id"`
	}
	if err := m.direct.list(ctx, &rows, `SELECT a.address, c.customer_id FROM unnest($3::text[]) AS a (address) CROSS JOIN LATERAL (
			SELECT id AS customer_id FROM customers WHERE company_id = $1 AND mode = $2 AND lower(btrim(email)) = a.address
			UNION SELECT customer_id FROM payments WHERE company_id = $1 AND mode = $2 AND customer_email = a.address AND customer_email <> '') AS c`,
		m.tenant.Company, m.tenant.Mode, pq.Array(addresses)); err != nil {
		return fmt.Errorf("find customers by address: %w", err)
	}
	for _, address := range addresses {
		m.byEmail[address], m.strays[address] = []models.CustomerID{}, false
	}
	for _, r := range rows {
		if r.Customer == nil {
			m.strays[r.Address] = true
		} else {
			m.byEmail[r.Address] = append(m.byEmail[r.Address], *r.Customer)
		}
	}
	return nil
}

// few is how many of a customer's newest payments are read with them. Who has fewer is known whole.
const few = 3

// tail sees to it that the payments of customers from a moment on are in memory.
func (m *memory) tail(ctx context.Context, customers []models.CustomerID, from place) error {
	var missing []string
	for _, id := range customers {
		k, err := m.customer(ctx, id)
		if err != nil {
			return err
		}
		if !k.tailed || !k.all && from.before(k.since) {
			missing = append(missing, uuidOf(id))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err := m.loadPayments(ctx, `FROM payments p WHERE p.company_id = $1 AND p.mode = $2 AND p.customer_id = ANY($3::uuid[]) AND p.merged_into IS NULL AND (p.paid_at, p.key) >= ($4, $5) LIMIT 100000`,
		pq.Array(missing), time.UnixMicro(from.at).UTC(), from.key)
	if err != nil {
		return err
	}
	for _, id := range customers {
		if k := m.customers[id]; !k.tailed || !k.all && from.before(k.since) {
			k.tailed, k.since = true, from
		}
	}
	return nil
}

func (m *memory) paymentsOfCustomers(ctx context.Context, customers []models.CustomerID, since time.Time, key string) ([]PaymentRow, error) {
	from := place{since.UnixMicro(), key}
	if err := m.tail(ctx, customers, from); err != nil {
		return nil, err
	}
	var list []PaymentRow
	for _, id := range customers {
		for _, p := range m.ofCustomer[id] {
			if p.Merged == nil && p.Customer != nil && *p.Customer == id && !p.standing().before(from) {
				list = append(list, p.PaymentRow)
			}
		}
	}
	slices.SortFunc(list, func(a, b PaymentRow) int { return cmp.Or(a.PaidAt.Compare(b.PaidAt), cmp.Compare(a.Key, b.Key)) })
	return list, nil
}

// firstOf is what a customer's payments begin with: told from them when all are in memory, else as the database has it,
// if nothing in memory has changed it since.
func (m *memory) firstOf(ctx context.Context, id models.CustomerID) (First, error) {
	k, err := m.customer(ctx, id)
	if err != nil {
		return First{}, err
	}
	if k.tailed && k.all {
		return m.firstAmong(id), nil
	}
	if k.first != nil && !slices.ContainsFunc(m.ofCustomer[id], k.first.shaken) {
		return k.first.First, nil
	}
	if err := m.write(ctx); err != nil {
		return First{}, err
	}
	if err := m.loadFirsts(ctx, []*keptCustomer{k}); err != nil {
		return First{}, err
	}
	return k.first.First, nil
}

// shaken tells whether a payment that was changed in memory may have changed what the customer's payments begin with.
func (f *firstPlace) shaken(p *keptPayment) bool {
	now := p.standing()
	if !p.changed || p.was != nil && *p.was == now {
		return false
	}
	var first, taught place
	if f.PaidAt != nil {
		first = place{f.PaidAt.UnixMicro(), f.Key}
	}
	if f.TaughtAt != nil {
		taught = place{f.TaughtAt.UnixMicro(), f.TaughtBy}
	}
	touches := func(s standing) bool {
		return s.customer == f.Customer && (f.PaidAt == nil || !first.before(s.place) || s.ref != "" && (f.TaughtAt == nil || !taught.before(s.place)))
	}
	return p.was != nil && touches(*p.was) || touches(now)
}

// firstAmong is FirstOf of a customer all of whose payments are in memory.
func (m *memory) firstAmong(id models.CustomerID) (f First) {
	var first, taught, free *standing
	for _, p := range m.ofCustomer[id] {
		if p.Merged != nil || p.Customer == nil || *p.Customer != id {
			continue
		}
		s := p.standing()
		sooner := func(than *standing) bool { return than == nil || s.before(than.place) }
		if s.counted && sooner(first) {
			first, f.PaidAt, f.Key, f.Returned = &s, new(p.PaidAt), p.Key, s.back
		}
		if s.ref != "" && sooner(taught) {
			taught, f.TaughtBy = &s, p.Key
		}
		if !s.counted && sooner(free) {
			free = &s
		}
	}
	f.Trial = first != nil && free != nil && free.at < first.at
	return f
}

// loadFirsts reads what the payments of customers begin with.
func (m *memory) loadFirsts(ctx context.Context, of []*keptCustomer) error {
	list, err := m.direct.firsts(ctx, m.tenant, column(of, func(k *keptCustomer) string { return uuidOf(k.ID) }))
	if err != nil {
		return err
	}
	for _, f := range list {
		m.customers[f.Customer].first = &f
	}
	return nil
}
