package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

const customerColumns = `company_id, mode, id, key, email, name, stripe_customer_id, taught_by_email, stripe_id_since, composite, created_at, told_id, email_set`

// AddCustomer keeps a new customer. A key or Stripe id that exists is an ErrConflict.
func (s *Store) AddCustomer(ctx context.Context, c models.Customer) error {
	if m := s.remembers(c.Tenant); m != nil {
		m.addCustomer(c)
		return nil
	}
	return s.do(ctx, `INSERT INTO customers (`+customerColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		c.Company, c.Mode, c.ID, c.Key, c.Email, c.Name, c.StripeID, c.Taught, c.StripeIDSince, c.Composite, c.CreatedAt, c.ToldID, c.EmailSet)
}

// SaveCustomer keeps changed fields.
func (s *Store) SaveCustomer(ctx context.Context, c models.Customer) error {
	if m := s.remembers(c.Tenant); m != nil {
		return m.saveCustomer(ctx, c)
	}
	return s.do(ctx, `UPDATE customers SET email = $4, name = $5, stripe_customer_id = $6, taught_by_email = $7, stripe_id_since = $8, email_set = $9
		WHERE company_id = $1 AND mode = $2 AND id = $3`, c.Company, c.Mode, c.ID, c.Email, c.Name, c.StripeID, c.Taught, c.StripeIDSince, c.EmailSet)
}

// Customer loads one by id.
func (s *Store) Customer(ctx context.Context, t models.Tenant, id models.CustomerID) (models.Customer, error) {
	if m := s.remembers(t); m != nil {
		k, err := m.customer(ctx, id)
		if err != nil {
			return models.Customer{}, err
		}
		return k.Customer, nil
	}
	return s.customer(ctx, t, `id = $3`, id)
}

// CustomerByKey loads one by its key.
func (s *Store) CustomerByKey(ctx context.Context, t models.Tenant, key string) (models.Customer, error) {
	if m := s.remembers(t); m != nil {
		return m.customerBy(ctx, m.byKey, "key", key)
	}
	return s.customer(ctx, t, `key = $3`, key)
}

// CustomerByStripeID loads the one that a Stripe customer id names.
func (s *Store) CustomerByStripeID(ctx context.Context, t models.Tenant, id string) (models.Customer, error) {
	if m := s.remembers(t); m != nil {
		return m.customerBy(ctx, m.byStripe, "stripe_customer_id", id)
	}
	return s.customer(ctx, t, `stripe_customer_id = $3`, id)
}

func (s *Store) customer(ctx context.Context, t models.Tenant, where string, arg any) (models.Customer, error) {
	var c models.Customer
	if err := s.get(ctx, &c, `SELECT `+customerColumns+` FROM customers WHERE company_id = $1 AND mode = $2 AND `+where, t.Company, t.Mode, arg); err != nil {
		return c, fmt.Errorf("load customer %v: %w", arg, err)
	}
	return c, nil
}

// CustomersByEmail lists those with an address, however it was written: as theirs, or on a payment of theirs. The oldest first.
func (s *Store) CustomersByEmail(ctx context.Context, t models.Tenant, email string) ([]models.Customer, error) {
	if m := s.remembers(t); m != nil {
		return m.customersByEmail(ctx, models.NormalEmail(email))
	}
	var list []models.Customer
	err := s.list(ctx, &list, `SELECT `+customerColumns+` FROM customers
		WHERE company_id = $1 AND mode = $2 AND NOT composite AND id IN (
			SELECT id FROM customers WHERE company_id = $1 AND mode = $2 AND lower(btrim(email)) = $3
			UNION SELECT customer_id FROM payments WHERE company_id = $1 AND mode = $2 AND customer_email = $3 AND customer_email <> '')
		ORDER BY id LIMIT 100`, t.Company, t.Mode, models.NormalEmail(email))
	return list, err
}

// AddressesOf lists the addresses of some customers, trimmed and in lower case: their own, and those on payments of theirs.
func (s *Store) AddressesOf(ctx context.Context, t models.Tenant, customers []models.CustomerID) ([]string, error) {
	var list []string
	err := s.list(ctx, &list, `SELECT lower(btrim(email)) AS address FROM customers WHERE company_id = $1 AND mode = $2 AND id = ANY($3::uuid[]) AND btrim(email) <> ''
		UNION SELECT customer_email FROM payments WHERE company_id = $1 AND mode = $2 AND customer_id = ANY($3::uuid[]) AND customer_email <> '' ORDER BY 1`,
		t.Company, t.Mode, pq.Array(uuids(customers)))
	return list, err
}

// Customers lists a page, narrowed by address or Stripe id when they are given.
func (s *Store) Customers(ctx context.Context, t models.Tenant, email, stripeID string, page Page) ([]models.Customer, error) {
	var list []models.Customer
	err := s.list(ctx, &list, `SELECT `+customerColumns+` FROM customers WHERE company_id = $1 AND mode = $2
		AND ($3 = '' OR lower(btrim(email)) = $3) AND ($4 = '' OR stripe_customer_id = $4) AND `+page.after("id", 5)+` LIMIT $6`,
		t.Company, t.Mode, models.NormalEmail(email), stripeID, page.ID(), page.Limit+1)
	return list, err
}

// AddLink keeps from when a customer belongs to a partner.
func (s *Store) AddLink(ctx context.Context, t models.Tenant, l models.Link) error {
	if m := s.remembers(t); m != nil {
		return m.addLink(ctx, l)
	}
	return s.do(ctx, `INSERT INTO links (company_id, mode, customer_id, partner_id, linked_at, origin, payment_id, payment_key, batch_id, program_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (company_id, mode, customer_id, linked_at, origin, payment_key, batch_id) DO UPDATE SET partner_id = excluded.partner_id, program_id = excluded.program_id`,
		t.Company, t.Mode, l.Customer, l.Partner, l.From, l.Origin, l.Payment, l.PayKey, l.Batch, l.Program)
}

// LinksOf lists a customer's links in the order in which they hold.
func (s *Store) LinksOf(ctx context.Context, t models.Tenant, customer models.CustomerID) ([]models.Link, error) {
	if m := s.remembers(t); m != nil {
		return m.linksOf(ctx, customer)
	}
	return s.links(ctx, t, pq.Array([]string{uuidOf(customer)}))
}

// links is LinksOf of many customers.
func (s *Store) links(ctx context.Context, t models.Tenant, customers any) ([]models.Link, error) {
	var list []models.Link
	err := s.list(ctx, &list, `SELECT l.customer_id, l.partner_id, l.linked_at, l.origin, l.payment_id, l.payment_key, coalesce(p.customer_ref = '', false) AS guest, l.batch_id, l.program_id
		FROM links l LEFT JOIN payments p ON p.company_id = l.company_id AND p.mode = l.mode AND p.id = l.payment_id
		WHERE l.company_id = $1 AND l.mode = $2 AND l.customer_id = ANY($3::uuid[]) ORDER BY l.linked_at, l.payment_key, l.batch_id NULLS FIRST, l.origin LIMIT 100000`, t.Company, t.Mode, customers)
	return list, err
}

// PartnersOfCustomers gives the key of the partner that each of these customers belongs to now; those of nobody are left out.
func (s *Store) PartnersOfCustomers(ctx context.Context, t models.Tenant, customers []models.CustomerID) (map[models.CustomerID]string, error) {
	var rows []struct {
		Customer models.CustomerID `db:"customer_id"`
		Key      string            `db:"key"`
	}
	if err := s.list(ctx, &rows, `SELECT DISTINCT ON (l.customer_id) l.customer_id, r.key FROM links l
		JOIN partners r ON r.company_id = l.company_id AND r.mode = l.mode AND r.id = l.partner_id
		WHERE l.company_id = $1 AND l.mode = $2 AND l.customer_id = ANY($3)
		ORDER BY l.customer_id, l.linked_at DESC, l.payment_key DESC, l.batch_id DESC NULLS LAST, l.origin DESC`, t.Company, t.Mode, pq.Array(customers)); err != nil {
		return nil, fmt.Errorf("list the partners of customers: %w", err)
	}
	keys := make(map[models.CustomerID]string, len(rows))
	for _, r := range rows {
		keys[r.Customer] = r.Key
	}
	return keys, nil
}

// ForgetLinks drops the links that a customer's payments made from a moment on, before they are decided anew.
func (s *Store) ForgetLinks(ctx context.Context, t models.Tenant, customer models.CustomerID, since time.Time, key string) error {
	if m := s.remembers(t); m != nil {
		return m.forgetLinks(ctx, customer, since, key)
	}
	return s.do(ctx, `DELETE FROM links WHERE company_id = $1 AND mode = $2 AND customer_id = $3 AND origin = 'event'
		AND (linked_at, payment_key) >= ($4, $5)`, t.Company, t.Mode, customer, since, key)
}

// MoveCustomer gives all that one customer record has to another and drops it: two records turned out to be one person.
// Where both were linked in the same second, as those are who are linked at once, the other's own link stays.
func (s *Store) MoveCustomer(ctx context.Context, t models.Tenant, from, to models.CustomerID) error {
	for _, statement := range []string{
		`UPDATE payments SET customer_id = $4 WHERE company_id = $1 AND mode = $2 AND customer_id = $3`,
		`DELETE FROM links l USING links own WHERE l.company_id = $1 AND l.mode = $2 AND l.customer_id = $3 AND own.company_id = $1 AND own.mode = $2 AND own.customer_id = $4
			AND own.linked_at = l.linked_at AND own.origin = l.origin AND own.payment_key = l.payment_key AND own.batch_id IS NOT DISTINCT FROM l.batch_id`,
		`UPDATE links SET customer_id = $4 WHERE company_id = $1 AND mode = $2 AND customer_id = $3`,
		`UPDATE backfills SET customer_id = $4 WHERE company_id = $1 AND mode = $2 AND customer_id = $3`,
	} {
		if err := s.do(ctx, statement, t.Company, t.Mode, from, to); err != nil {
			return fmt.Errorf("move customer %s to %s: %w", from, to, err)
		}
	}
	return s.do(ctx, `DELETE FROM customers WHERE company_id = $1 AND mode = $2 AND id = $3`, t.Company, t.Mode, from)
}
