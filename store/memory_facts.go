package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// fewFacts is how many facts of a subject are read with it. One of which there are more is asked about each time.
const fewFacts = 50

// recallFacts reads what is known of these subjects, and whether payments came with those of which there is news.
func (m *memory) recallFacts(ctx context.Context, about About) error {
	if len(about.Told) > 0 {
		var with []string
		if err := m.direct.list(ctx, &with, `SELECT s FROM unnest($3::text[]) AS told (s) WHERE
			EXISTS (SELECT 1 FROM payments WHERE company_id = $1 AND mode = $2 AND customer_ref = s AND customer_ref <> '')
			OR EXISTS (SELECT 1 FROM payments WHERE company_id = $1 AND mode = $2 AND subscription_ref = s AND subscription_ref <> '')
			OR EXISTS (SELECT 1 FROM payment_aliases WHERE company_id = $1 AND mode = $2 AND alias = s)
			OR EXISTS (SELECT 1 FROM payments WHERE company_id = $1 AND mode = $2 AND named_beside <> '{}' AND named_beside @> ARRAY[lower(s)])`,
			m.tenant.Company, m.tenant.Mode, pq.Array(about.Told)); err != nil {
			return err
		}
		for _, subject := range about.Told {
			m.touches[subject] = slices.Contains(with, subject)
		}
	}
	return m.loadFacts(ctx, append(slices.Clone(about.Subjects), about.Told...))
}

func (m *memory) loadFacts(ctx context.Context, subjects []string) error {
	subjects = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(subjects))), func(s string) bool { _, known := m.facts[s]; return known })
	if len(subjects) == 0 {
		return nil
	}
	var rows []factRow
	if err := m.direct.list(ctx, &rows, `SELECT f.subject, f.kind, f.at, f.key, f.says, f.before FROM unnest($3::text[]) AS wanted (subject) CROSS JOIN LATERAL (
			SELECT subject, kind, at, key, says, before FROM facts WHERE company_id = $1 AND mode = $2 AND subject = wanted.subject LIMIT $4) AS f`,
		m.tenant.Company, m.tenant.Mode, pq.Array(subjects), fewFacts); err != nil {
		return fmt.Errorf("load what is known of %d subjects: %w", len(subjects), err)
	}
	for _, subject := range subjects {
		m.facts[subject] = nil
	}
	for _, r := range rows {
		m.facts[r.Subject] = append(m.facts[r.Subject], r.fact())
	}
	for _, subject := range subjects {
		if slices.SortFunc(m.facts[subject], orderOfFacts); len(m.facts[subject]) == fewFacts {
			delete(m.facts, subject)
		}
	}
	return nil
}

func orderOfFacts(a, b models.Fact) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), a.At.Compare(b.At), cmp.Compare(a.Key, b.Key))
}

// factsAt is FactsAt.
func (m *memory) factsAt(ctx context.Context, subjects []string, at time.Time) (list []models.Fact, err error) {
	if err := m.loadFacts(ctx, subjects); err != nil {
		return nil, err
	}
	for _, subject := range slices.Sorted(slices.Values(subjects)) {
		facts, known := m.facts[subject]
		if !known {
			if err := m.write(ctx); err != nil {
				return nil, err
			}
			return m.direct.FactsAt(ctx, m.tenant, subjects, at)
		}
		list = append(list, surround(facts, at)...)
	}
	return list, nil
}

// surround is, of each kind, the fact that holds at a moment, and the first one after it.
func surround(facts []models.Fact, at time.Time) (list []models.Fact) {
	for i, f := range facts {
		last := i+1 == len(facts) || facts[i+1].Kind != f.Kind
		first := i == 0 || facts[i-1].Kind != f.Kind
		if holds := !f.At.After(at); holds && (last || facts[i+1].At.After(at)) || !holds && (first || !facts[i-1].At.After(at)) {
			list = append(list, f)
		}
	}
	return list
}

// keepFact is KeepFact.
func (m *memory) keepFact(ctx context.Context, f models.Fact) (have []models.Fact, isNew bool, err error) {
	if err := m.loadFacts(ctx, []string{f.Subject}); err != nil {
		return nil, false, err
	}
	facts, known := m.facts[f.Subject]
	if !known {
		if err := m.write(ctx); err != nil {
			return nil, false, err
		}
		return m.direct.KeepFact(ctx, m.tenant, f)
	}
	have = surround(facts, f.At)
	at, found := slices.BinarySearchFunc(facts, f, orderOfFacts)
	if found {
		return have, false, nil
	}
	m.facts[f.Subject] = slices.Insert(slices.Clone(facts), at, f)
	m.newFacts = append(m.newFacts, f)
	return have, true, nil
}

// paymentsTouched is PaymentsTouched of a subject that no payment came with when memory began: those that came since are
// all in memory.
func (m *memory) paymentsTouched(subject string, since time.Time) (list []Touched, known bool) {
	if came, asked := m.touches[subject]; came || !asked {
		return nil, false
	}
	var found []*keptPayment
	owner := m.aliases[subject]
	if m.payments[owner] == nil && !owner.IsZero() || addressOf(subject) == odd { // the database alone knows
		return nil, false
	}
	for _, p := range m.payments {
		if p.Merged == nil && !p.PaidAt.Before(since) && (p.CustomerRef == subject || p.Of == subject || p.ID == owner || slices.Contains(p.Beside, strings.ToLower(subject))) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b *keptPayment) int { return cmp.Or(a.PaidAt.Compare(b.PaidAt), cmp.Compare(a.Key, b.Key)) })
	for _, p := range found {
		list = append(list, Touched{ID: p.ID, Customer: p.Customer, Policy: p.Policy})
	}
	return list, true
}
