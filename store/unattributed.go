package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// Settling is how long a payment without a partner is still waited for: what names one may come after the money (MONEY.md 2.4).
const Settling = 10 * time.Minute

// StrangersSummed is how many payments without a partner, the newest, are counted and summed.
const StrangersSummed = 10_000

// Strangers says which payments without a partner are meant.
type Strangers string

// The payments without a partner: those of customers who are nobody's yet, those whose customer was linked since, and both.
const (
	StrangersWaiting Strangers = ""
	StrangersLinked  Strangers = "linked"
	StrangersAll     Strangers = "all"
)

const linkedNow = `EXISTS (SELECT 1 FROM links l WHERE l.company_id = p.company_id AND l.mode = p.mode AND l.customer_id = p.customer_id)`

func (s Strangers) where() string {
	switch s {
	case StrangersLinked:
		return linkedNow
	case StrangersAll:
		return `true`
	}
	return `NOT ` + linkedNow
}

// Unattributed lists a page of counted payments without a partner that were first kept Settling ago or before, by the time they were paid.
func (s *Store) Unattributed(ctx context.Context, t models.Tenant, which Strangers, now time.Time, page Page) ([]PaymentRow, error) {
	var list []PaymentRow
	if err := s.list(ctx, &list, paymentRow+`p.counted AND p.partner_id IS NULL AND p.created_at <= $6 AND `+which.where()+` AND `+
		page.afterTime("p.paid_at", "p.id", 3)+` LIMIT $5`, t.Company, t.Mode, page.At(), page.ID(), page.Limit+1, now.Add(-Settling)); err != nil {
		return nil, fmt.Errorf("list payments without a partner: %w", err)
	}
	return list, nil
}

// Stake is what payments without a partner come to in one currency, less what went back.
type Stake struct {
	Currency models.Currency `db:"currency"`
	Payments int             `db:"payments"`
	Minor    int64           `db:"minor"`
}

// AtStake sums the newest StrangersSummed payments without a partner, the largest currency first.
func (s *Store) AtStake(ctx context.Context, t models.Tenant, which Strangers, now time.Time) ([]Stake, error) {
	var list []Stake
	if err := s.list(ctx, &list, `SELECT currency, count(*) AS payments, sum(gross - refunded)::bigint AS minor FROM (
			SELECT company_id, mode, customer_id, currency, gross, refunded FROM payments
			WHERE company_id = $1 AND mode = $2 AND counted AND partner_id IS NULL AND created_at <= $3 ORDER BY paid_at DESC, id DESC LIMIT $4) p
		WHERE `+which.where()+` GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 20`, t.Company, t.Mode, now.Add(-Settling), StrangersSummed); err != nil {
		return nil, fmt.Errorf("sum payments without a partner: %w", err)
	}
	return list, nil
}

// OwnedCustomer is a customer record and the partner it belongs to now; the zero partner for nobody.
type OwnedCustomer struct {
	models.Customer
	PartnerID   models.PartnerID `db:"partner_id"`
	PartnerKey  string           `db:"partner_key"`
	PartnerName string           `db:"partner_name"`
	PartnerMail *string          `db:"partner_email"`
	LinkedAt    *time.Time       `db:"linked_at"`
	Origin      string           `db:"origin"`
}

// ownedBy are the columns and the look-up of whose a customer c is at the moment $3: the latest link made until then.
const (
	ownedColumns = `c.company_id, c.mode, c.id, c.key, c.email, c.name, c.stripe_customer_id, c.taught_by_email, c.stripe_id_since, c.composite, c.created_at, c.told_id, c.email_set,
		r.id AS partner_id, coalesce(r.key, '') AS partner_key, coalesce(r.name, '') AS partner_name, r.email AS partner_email, l.linked_at, coalesce(l.origin, '') AS origin`
	ownedBy = ` JOIN LATERAL (SELECT partner_id, linked_at, origin FROM links WHERE company_id = $1 AND mode = $2 AND customer_id = c.id AND linked_at <= $3
			ORDER BY linked_at DESC, payment_key DESC, batch_id DESC NULLS LAST, origin DESC LIMIT 1) l ON true`
)

// Owned loads customers by id, each with whose it is now.
func (s *Store) Owned(ctx context.Context, t models.Tenant, ids []models.CustomerID, now time.Time) (map[models.CustomerID]OwnedCustomer, error) {
	var rows []OwnedCustomer
	if err := s.list(ctx, &rows, `SELECT `+ownedColumns+` FROM customers c LEFT`+ownedBy+`
		LEFT JOIN partners r ON r.company_id = $1 AND r.mode = $2 AND r.id = l.partner_id
		WHERE c.company_id = $1 AND c.mode = $2 AND c.id = ANY($4::uuid[]) ORDER BY c.id`, t.Company, t.Mode, now, pq.Array(uuids(ids))); err != nil {
		return nil, fmt.Errorf("load %d customers: %w", len(ids), err)
	}
	owned := make(map[models.CustomerID]OwnedCustomer, len(rows))
	for _, r := range rows {
		owned[r.ID] = r
	}
	return owned, nil
}

// Sought is what payments without a partner have in common with customers who have one.
type Sought struct {
	Emails  []string // trimmed, in lower case
	Domains []string
	Names   []string // in lower case, with single spaces
	Keys    []string // of the customers themselves, for their records with one partner
}

// ofOneKind is how many customers of one company, or of one name, are looked at: the newest.
const ofOneKind = 50

// Neighbours lists customers that have something in common with those sought and belong to an active partner now.
func (s *Store) Neighbours(ctx context.Context, t models.Tenant, sought Sought, now time.Time) ([]OwnedCustomer, error) {
	var list []OwnedCustomer
	if err := s.list(ctx, &list, `WITH near AS (
			SELECT id FROM customers WHERE company_id = $1 AND mode = $2 AND NOT composite AND lower(btrim(email)) = ANY($4)
			UNION SELECT f.id FROM unnest($5::text[]) AS d (domain) CROSS JOIN LATERAL (SELECT id FROM customers WHERE company_id = $1 AND mode = $2
				AND split_part(lower(btrim(email)), '@', 2) = d.domain ORDER BY id DESC LIMIT $8) f
			UNION SELECT f.id FROM unnest($6::text[]) AS n (name) CROSS JOIN LATERAL (SELECT id FROM customers WHERE company_id = $1 AND mode = $2
				AND lower(regexp_replace(btrim(name), '\s+', ' ', 'g')) = n.name ORDER BY id DESC LIMIT $8) f
			UNION SELECT id FROM customers WHERE company_id = $1 AND mode = $2 AND composite AND split_part(key, '__pkey_', 1) = ANY($7))
		SELECT `+ownedColumns+` FROM near JOIN customers c ON c.company_id = $1 AND c.mode = $2 AND c.id = near.id`+ownedBy+`
		JOIN partners r ON r.company_id = $1 AND r.mode = $2 AND r.id = l.partner_id AND r.status = 'active'
		ORDER BY c.id LIMIT 5000`, t.Company, t.Mode, now, pq.Array(some(sought.Emails)), pq.Array(some(sought.Domains)), pq.Array(some(sought.Names)),
		pq.Array(some(sought.Keys)), ofOneKind); err != nil {
		return nil, fmt.Errorf("look for customers like these: %w", err)
	}
	return list, nil
}

// some is an empty array for none, not NULL.
func some(list []string) []string { return append([]string{}, list...) }

// PartnersNear lists active partners whose key is one of these in lower case, or about as long, give or take one letter.
func (s *Store) PartnersNear(ctx context.Context, t models.Tenant, folded []string) ([]models.Partner, error) {
	if len(folded) == 0 {
		return nil, nil
	}
	var list []models.Partner
	if err := s.list(ctx, &list, `SELECT `+partnerColumns+` FROM partners WHERE company_id = $1 AND mode = $2 AND status = 'active'
			AND (lower(key) = ANY($3) OR EXISTS (SELECT 1 FROM unnest($3::text[]) AS f (code) WHERE length(key) BETWEEN length(f.code) - 1 AND length(f.code) + 1))
		ORDER BY lower(key) <> ALL($3), key LIMIT 5000`, t.Company, t.Mode, pq.Array(folded)); err != nil {
		return nil, fmt.Errorf("look for keys like these: %w", err)
	}
	return list, nil
}

// CodeOwner is a code, in lower case, and the active partner it stands for now.
type CodeOwner struct {
	Code string `db:"folded"`
	models.Partner
}

// CodeOwners finds whom these codes, in lower case, stand for now.
func (s *Store) CodeOwners(ctx context.Context, t models.Tenant, codes []string) ([]CodeOwner, error) {
	if len(codes) == 0 {
		return nil, nil
	}
	var list []CodeOwner
	if err := s.list(ctx, &list, `SELECT c.folded, r.company_id, r.mode, r.id, r.key, r.name, r.email FROM codes c
		JOIN partners r ON r.company_id = c.company_id AND r.mode = c.mode AND r.id = c.partner_id AND r.status = 'active'
		WHERE c.company_id = $1 AND c.mode = $2 AND c.folded = ANY($3) AND c.removed_at IS NULL ORDER BY c.folded`, t.Company, t.Mode, pq.Array(codes)); err != nil {
		return nil, fmt.Errorf("look for the owners of %d codes: %w", len(codes), err)
	}
	return list, nil
}

// PartnersNamed lists partners of a name, whatever the case: two at most, since one is meant.
func (s *Store) PartnersNamed(ctx context.Context, t models.Tenant, name string) ([]models.Partner, error) {
	var list []models.Partner
	err := s.list(ctx, &list, `SELECT `+partnerColumns+` FROM partners WHERE company_id = $1 AND mode = $2 AND lower(name) = lower($3) ORDER BY id LIMIT 2`,
		t.Company, t.Mode, name)
	return list, err
}

// TellingsOfAll lists what was told of each of these payments.
func (s *Store) TellingsOfAll(ctx context.Context, t models.Tenant, payments []models.PaymentID) (map[models.PaymentID][]models.Telling, error) {
	var rows []struct {
		Payment models.PaymentID       `db:"payment_id"`
		Body    asJSON[models.Telling] `db:"body"`
	}
	if err := s.list(ctx, &rows, `SELECT payment_id, body FROM tellings WHERE company_id = $1 AND mode = $2 AND payment_id = ANY($3::uuid[])
		ORDER BY payment_id, object`, t.Company, t.Mode, pq.Array(uuids(payments))); err != nil {
		return nil, fmt.Errorf("list what was told of %d payments: %w", len(payments), err)
	}
	all := make(map[models.PaymentID][]models.Telling, len(payments))
	for _, r := range rows {
		all[r.Payment] = append(all[r.Payment], r.Body.V)
	}
	return all, nil
}
