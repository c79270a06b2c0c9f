package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

type factRow struct {
	Subject string                 `db:"subject"`
	Kind    models.FactKind        `db:"kind"`
	At      time.Time              `db:"at"`
	Key     string                 `db:"key"`
	Says    asJSON[[]models.Clue]  `db:"says"`
	Before  *asJSON[[]models.Clue] `db:"before"`
}

// around is, of each wanted subject and kind, the fact that holds at a moment ($4), and the first one after it.
const around = `SELECT f.subject, f.kind, f.at, f.key, f.says, f.before
	FROM unnest($3::text[]) wanted(subject) CROSS JOIN (VALUES ('event'), ('answer'), ('session')) kinds(kind) CROSS JOIN LATERAL (
		(SELECT subject, kind, at, key, says, before FROM facts
			WHERE company_id = $1 AND mode = $2 AND subject = wanted.subject AND kind = kinds.kind AND at <= $4::timestamptz ORDER BY at DESC, key DESC LIMIT 1)
		UNION ALL (SELECT subject, kind, at, key, says, before FROM facts
			WHERE company_id = $1 AND mode = $2 AND subject = wanted.subject AND kind = kinds.kind AND at > $4 ORDER BY at, key LIMIT 1)) f`

// FactsAt loads of each subject and kind the fact that holds at a moment, and the first one after it, which tells what held before.
func (s *Store) FactsAt(ctx context.Context, t models.Tenant, subjects []string, at time.Time) ([]models.Fact, error) {
	if m := s.remembers(t); m != nil {
		return m.factsAt(ctx, subjects, at)
	}
	var rows []factRow
	if err := s.list(ctx, &rows, around+` ORDER BY f.subject, f.kind, f.at, f.key`, t.Company, t.Mode, pq.Array(subjects), at); err != nil {
		return nil, fmt.Errorf("load what is known of %v: %w", subjects, err)
	}
	var list []models.Fact
	for _, r := range rows {
		list = append(list, r.fact())
	}
	return list, nil
}

func (r factRow) fact() models.Fact {
	f := models.Fact{Subject: r.Subject, Kind: r.Kind, At: r.At, Key: r.Key, Says: r.Says.V}
	if r.Before != nil {
		f.Before, f.BeforeKnown = r.Before.V, true
	}
	return f
}

// KeepFact keeps one, once, and tells whether it is new, and what was known around its moment before.
func (s *Store) KeepFact(ctx context.Context, t models.Tenant, f models.Fact) (have []models.Fact, isNew bool, err error) {
	if m := s.remembers(t); m != nil {
		return m.keepFact(ctx, f)
	}
	var before *asJSON[[]models.Clue]
	if f.BeforeKnown {
		before = &asJSON[[]models.Clue]{f.Before}
	}
	var rows []struct {
		factRow
		New bool `db:"new"`
	}
	err = s.list(ctx, &rows, `WITH kept AS (
			INSERT INTO facts (company_id, mode, subject, kind, at, key, says, before) VALUES ($1, $2, ($3::text[])[1], $5, $4, $6, $7, $8)
			ON CONFLICT (company_id, mode, subject, kind, at, key) DO NOTHING RETURNING 1),
		have AS (`+around+`)
		SELECT true AS new, '' AS subject, '' AS kind, now() AS at, '' AS key, '[]'::jsonb AS says, NULL::jsonb AS before FROM kept
		UNION ALL SELECT false, subject, kind, at, key, says, before FROM have ORDER BY new DESC, subject, kind, at, key`,
		t.Company, t.Mode, pq.Array([]string{f.Subject}), f.At, f.Kind, f.Key, asJSON[[]models.Clue]{f.Says}, before)
	if err != nil {
		return nil, false, fmt.Errorf("keep what is known of %s: %w", f.Subject, err)
	}
	for _, r := range rows {
		if r.New {
			isNew = true
		} else {
			have = append(have, r.fact())
		}
	}
	return have, isNew, nil
}

// Touched is a payment that a fact may concern.
type Touched struct {
	ID       models.PaymentID   `db:"id"`
	Customer *models.CustomerID `db:"customer_id"`
	Policy   string             `db:"policy"`
}

// PaymentsTouched lists the payments from a moment on that came with a subject: as their customer, subscription, any id
// of theirs, or a discount.
func (s *Store) PaymentsTouched(ctx context.Context, t models.Tenant, subject string, since time.Time) ([]Touched, error) {
	if m := s.remembers(t); m != nil {
		if list, known := m.paymentsTouched(subject, since); known {
			return list, nil
		}
	}
	var list []Touched
	err := s.list(ctx, &list, `SELECT id, customer_id, policy FROM payments WHERE company_id = $1 AND mode = $2 AND merged_into IS NULL AND paid_at >= $4 AND id IN (
			SELECT id FROM payments WHERE company_id = $1 AND mode = $2 AND customer_ref = $3 AND customer_ref <> '' AND paid_at >= $4
			UNION ALL SELECT id FROM payments WHERE company_id = $1 AND mode = $2 AND subscription_ref = $3 AND subscription_ref <> '' AND paid_at >= $4
			UNION ALL SELECT payment_id FROM payment_aliases WHERE company_id = $1 AND mode = $2 AND alias = $3
			UNION ALL SELECT id FROM payments WHERE company_id = $1 AND mode = $2 AND named_beside <> '{}' AND named_beside @> ARRAY[lower($3)])
		ORDER BY paid_at, key LIMIT 10000`, t.Company, t.Mode, subject, since)
	return list, err
}

// PaymentsSince lists the payments from a moment on, of which there are few when the moment is now.
func (s *Store) PaymentsSince(ctx context.Context, t models.Tenant, since time.Time) ([]Touched, error) {
	var list []Touched
	err := s.list(ctx, &list, `SELECT id, customer_id, policy FROM payments WHERE company_id = $1 AND mode = $2 AND counted AND paid_at >= $3
		ORDER BY paid_at, id LIMIT 10000`, t.Company, t.Mode, since)
	return list, err
}

// HasKey tells whether a program's connection to a source has an API key, so that the provider can be asked.
func (s *Store) HasKey(ctx context.Context, t models.Tenant, program models.ProgramID, source models.SourceName) (bool, error) {
	var has bool
	err := s.apart().get(ctx, &has, `SELECT EXISTS (SELECT 1 FROM integrations WHERE company_id = $1 AND program_id = $2 AND mode = $3 AND source = $4 AND api_key IS NOT NULL)`,
		t.Company, program, t.Mode, source)
	return has, err
}
