package store

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"portal/models"
)

// CustomersTold loads the records that a provider's list may tell of: those with one of these ids, those that are called
// by one of these keys, and those that somebody made with one of these addresses.
func (s *Store) CustomersTold(ctx context.Context, t models.Tenant, ids, keys, addresses []string) ([]models.Customer, error) {
	var list []models.Customer
	if err := s.list(ctx, &list, `SELECT `+customerColumns+` FROM customers WHERE company_id = $1 AND mode = $2 AND id IN (
			SELECT id FROM customers WHERE company_id = $1 AND mode = $2 AND stripe_customer_id = ANY($3)
			UNION SELECT id FROM customers WHERE company_id = $1 AND mode = $2 AND told_id = ANY($3)
			UNION SELECT id FROM customers WHERE company_id = $1 AND mode = $2 AND key = ANY($4)
			UNION SELECT id FROM customers WHERE company_id = $1 AND mode = $2 AND lower(btrim(email)) = ANY($5) AND NOT composite
				AND key NOT LIKE 'stripe\_%' AND key NOT LIKE 'guest\_%')
		ORDER BY created_at, key LIMIT 100000`, t.Company, t.Mode, pq.Array(ids), pq.Array(keys), pq.Array(addresses)); err != nil {
		return nil, fmt.Errorf("look for %d customers: %w", len(ids), err)
	}
	return list, nil
}

// AddCustomers keeps new ones, some hundred at most at a time.
func (s *Store) AddCustomers(ctx context.Context, t models.Tenant, list []models.Customer) error {
	ids, emails, names, told := toldColumns(list)
	var keys []string
	for _, c := range list {
		keys = append(keys, c.Key)
	}
	if len(list) == 0 {
		return nil
	}
	if err := s.do(ctx, `INSERT INTO customers (company_id, mode, id, key, email, name, stripe_customer_id, told_id, created_at)
		SELECT $1, $2, id, key, nullif(email, ''), nullif(name, ''), told, told, $3
		FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[]) AS u (id, key, email, name, told)`,
		t.Company, t.Mode, list[0].CreatedAt, pq.Array(ids), pq.Array(keys), pq.Array(emails), pq.Array(names), pq.Array(told)); err != nil {
		return fmt.Errorf("keep %d customers: %w", len(list), err)
	}
	return nil
}

// SaveTold keeps what a provider's list told of customers that were here: address, name, and by which id.
func (s *Store) SaveTold(ctx context.Context, t models.Tenant, list []models.Customer) error {
	ids, emails, names, told := toldColumns(list)
	if len(list) == 0 {
		return nil
	}
	if err := s.do(ctx, `UPDATE customers c SET email = nullif(u.email, ''), name = nullif(u.name, ''), told_id = nullif(u.told, '')
		FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[]) AS u (id, email, name, told)
		WHERE c.company_id = $1 AND c.mode = $2 AND c.id = u.id`, t.Company, t.Mode, pq.Array(ids), pq.Array(emails), pq.Array(names), pq.Array(told)); err != nil {
		return fmt.Errorf("keep what was told of %d customers: %w", len(list), err)
	}
	return nil
}

func toldColumns(list []models.Customer) (ids, emails, names, told []string) {
	text := func(p *string) string {
		if p == nil {
			return ""
		}
		return *p
	}
	for _, c := range list {
		ids, emails, names, told = append(ids, uuidOf(c.ID)), append(emails, text(c.Email)), append(names, text(c.Name)), append(told, text(c.ToldID))
	}
	return ids, emails, names, told
}

// Linked are those of some customers who are somebody's.
func (s *Store) Linked(ctx context.Context, t models.Tenant, customers []models.CustomerID) (map[models.CustomerID]bool, error) {
	var list []models.CustomerID
	var err error
	if len(customers) > 0 {
		err = s.list(ctx, &list, `SELECT DISTINCT customer_id FROM links WHERE company_id = $1 AND mode = $2 AND customer_id = ANY($3::uuid[]) ORDER BY customer_id`,
			t.Company, t.Mode, pq.Array(uuids(customers)))
	}
	linked := map[models.CustomerID]bool{}
	for _, id := range list {
		linked[id] = true
	}
	return linked, err
}

// ToFind lists the payments of nobody that were only to find a customer by one of these ids of the provider's.
func (s *Store) ToFind(ctx context.Context, t models.Tenant, ids []string) ([]models.PaymentID, error) {
	var list []models.PaymentID
	err := s.list(ctx, &list, `SELECT id FROM payments WHERE company_id = $1 AND mode = $2 AND customer_id IS NULL AND customer_ref = ANY($3) AND customer_ref <> '' AND merged_into IS NULL
		ORDER BY paid_at, key LIMIT 10000`, t.Company, t.Mode, pq.Array(ids))
	return list, err
}
