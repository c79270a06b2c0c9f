package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// Identity is what one payment says of who paid it, and whose it is taken to be. Composite records and what belongs to
// them are left out.
type Identity struct {
	Payment  models.PaymentID   `db:"id"`
	Key      string             `db:"key"`
	PaidAt   time.Time          `db:"paid_at"`
	StripeID string             `db:"customer_ref"`
	APIKey   string             `db:"api_key"`
	Email    string             `db:"customer_email"` // trimmed and in lower case
	FindOnly bool               `db:"find_only"`      // makes no customer
	Customer *models.CustomerID `db:"customer_id"`
}

// waitsForKey are the payments that were only to find a customer by a key of the API's.
const waitsForKey = `SELECT payment_id FROM tellings WHERE company_id = $1 AND mode = $2 AND body->'Customer'->>'FindOnly' = 'true' AND body->'Customer'->>'Key' = `

// Identities lists those of payments that some customers have, or that have nobody yet and came with one of some
// addresses, with a provider's id or with a key of the API's, in the order of the money's own time.
func (s *Store) Identities(ctx context.Context, t models.Tenant, customers []models.CustomerID, addresses []string, stripeID, key string) ([]Identity, error) {
	var list []Identity
	err := s.list(ctx, &list, `SELECT p.id, p.key, p.paid_at, p.customer_ref, p.customer_email, p.customer_id, coalesce(a.api_key, '') AS api_key, coalesce(a.find_only, false) AS find_only
		FROM payments p
		LEFT JOIN LATERAL (SELECT min(l.body->'Customer'->>'Key') AS api_key, bool_and(coalesce((l.body->'Customer'->>'FindOnly')::boolean, false)) AS find_only
			FROM tellings l WHERE l.company_id = p.company_id AND l.mode = p.mode AND l.payment_id = p.id) a ON true
		WHERE p.company_id = $1 AND p.mode = $2 AND p.merged_into IS NULL
			AND (p.customer_id = ANY($3::uuid[]) OR p.customer_id IS NULL AND (p.customer_email = ANY($4) AND p.customer_email <> '' OR p.customer_ref = $5 AND $5 <> '' OR $6 <> '' AND p.id IN (`+waitsForKey+`$6)))
		ORDER BY p.paid_at, p.key LIMIT 100000`, t.Company, t.Mode, pq.Array(uuids(customers)), pq.Array(addresses), stripeID, key)
	if err != nil {
		return nil, fmt.Errorf("list who paid: %w", err)
	}
	return list, nil
}

// Alone tells whether nobody but one customer is known by an address, and that one by no other address. Of the zero
// customer, who is yet to be made, it tells whether nobody at all is known by it.
func (s *Store) Alone(ctx context.Context, t models.Tenant, customer models.CustomerID, address string, but models.PaymentID) (bool, error) {
	if m := s.remembers(t); m != nil && m.alone(customer, address, but) {
		return true, nil
	}
	whose := any(customer)
	if customer.IsZero() {
		whose = lowestID
	}
	var alone bool
	err := s.get(ctx, &alone, `SELECT NOT EXISTS (SELECT 1 FROM customers WHERE company_id = $1 AND mode = $2 AND lower(btrim(email)) = $4 AND $4 <> '' AND id <> $3 AND NOT composite)
		AND NOT EXISTS (SELECT 1 FROM payments p LEFT JOIN customers c ON c.company_id = p.company_id AND c.mode = p.mode AND c.id = p.customer_id
			WHERE p.company_id = $1 AND p.mode = $2 AND p.customer_email = $4 AND p.customer_email <> '' AND p.customer_id IS DISTINCT FROM $3 AND p.id <> $5
			AND p.merged_into IS NULL AND c.composite IS NOT TRUE)
		AND NOT EXISTS (SELECT 1 FROM payments WHERE company_id = $1 AND mode = $2 AND customer_id = $3 AND customer_email <> '' AND customer_email <> $4 AND id <> $5 AND merged_into IS NULL)`,
		t.Company, t.Mode, whose, address, but)
	if err != nil {
		return false, fmt.Errorf("look who shares an address with %s: %w", customer, err)
	}
	return alone, nil
}

// AnyWaits tells whether a payment that has nobody came with a provider's id: it was only to be found, and was not.
func (s *Store) AnyWaits(ctx context.Context, t models.Tenant, stripeID string, but models.PaymentID) (bool, error) {
	if m := s.remembers(t); m != nil && m.noneWaits(stripeID, but) {
		return false, nil
	}
	var waits bool
	err := s.get(ctx, &waits, `SELECT EXISTS (SELECT 1 FROM payments WHERE company_id = $1 AND mode = $2 AND customer_id IS NULL AND customer_ref = $3 AND id <> $4 AND merged_into IS NULL)`,
		t.Company, t.Mode, stripeID, but)
	return waits, err
}

// KeyWaits tells whether a payment that has nobody was only to find a customer by a key of the API's, and did not.
func (s *Store) KeyWaits(ctx context.Context, t models.Tenant, key string) (bool, error) {
	var waits bool
	err := s.get(ctx, &waits, `SELECT EXISTS (SELECT 1 FROM payments WHERE company_id = $1 AND mode = $2 AND customer_id IS NULL AND merged_into IS NULL AND id IN (`+waitsForKey+`$3))`,
		t.Company, t.Mode, key)
	return waits, err
}

// GivePayments says whose some payments are; nil is nobody's.
func (s *Store) GivePayments(ctx context.Context, t models.Tenant, payments []models.PaymentID, to *models.CustomerID) error {
	return s.do(ctx, `UPDATE payments SET customer_id = $4 WHERE company_id = $1 AND mode = $2 AND id = ANY($3::uuid[])`,
		t.Company, t.Mode, pq.Array(uuids(payments)), to)
}

// DropUnused removes a customer record that nothing hangs on any more, and tells whether it did.
func (s *Store) DropUnused(ctx context.Context, t models.Tenant, id models.CustomerID) (bool, error) {
	n, err := s.exec(ctx, `DELETE FROM customers c WHERE c.company_id = $1 AND c.mode = $2 AND c.id = $3
		AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.company_id = $1 AND p.mode = $2 AND p.customer_id = $3)
		AND NOT EXISTS (SELECT 1 FROM links l WHERE l.company_id = $1 AND l.mode = $2 AND l.customer_id = $3)`, t.Company, t.Mode, id)
	return n > 0, err
}
