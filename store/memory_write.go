package store

import (
	"context"
	"fmt"
	"slices"

	"portal/models"
)

// write writes all that waits, each table in one statement, those that others refer to first. What was changed is known
// from then on as the database has it.
func (m *memory) write(ctx context.Context) error {
	customers, payments, commissions := m.unwritten()
	var tellings []toldOf
	var reversals []reversedOf
	for _, p := range m.payments {
		for _, t := range p.tellings {
			if p.retold[t.Object] {
				tellings = append(tellings, toldOf{p.ID, t})
			}
		}
		for _, r := range p.reversals {
			if r.changed {
				reversals = append(reversals, reversedOf{p.ID, r})
			}
		}
	}
	var entries, moved []entryOf
	for _, c := range m.commissions {
		for _, e := range c.entries {
			if e.isNew {
				entries = append(entries, entryOf{c, e})
			} else if e.moved {
				moved = append(moved, entryOf{c, e})
			}
		}
	}
	var links []*models.Link
	var gone []linkKey
	for key, l := range m.links {
		if l == nil {
			gone = append(gone, key)
		} else {
			links = append(links, l)
		}
	}
	var freed []*keptCustomer
	for _, k := range customers {
		if k.wasID != nil && (k.StripeID == nil || *k.StripeID != *k.wasID) {
			freed = append(freed, k)
		}
	}
	err := m.run(ctx, []writing{
		rowsOf("freed ids", freeIDs, customerFields[:1], freed),
		rowsOf("customers", writeCustomers, customerFields, customers),
		rowsOf("payments", writePayments, paymentFields, payments),
		rowsOf("aliases", writeAliases, aliasFields, m.newAliases),
		rowsOf("tellings", writeTellings, tellingFields, tellings),
		rowsOf("reversals", writeReversals, reversalFields, reversals),
		rowsOf("facts", writeFacts, factFields, m.newFacts),
		rowsOf("dropped links", dropLinks, goneLinkFields, gone),
		rowsOf("links", writeLinks, linkFields, links),
		rowsOf("commissions", writeCommissions, commissionFields, commissions),
		rowsOf("entries", writeEntries, entryFields, entries),
		rowsOf("moved entries", moveEntries, entryFields, moved),
		rowsOf("transfers", writeTransfers, transferFields, m.transfers),
		rowsOf("ends of events", endEvents, endedFields, m.ended),
	})
	if err == nil {
		m.written(customers, payments, commissions)
	}
	return err
}

// writing is one table's rows that wait to be written.
type writing struct {
	what string
	rows int
	make func(models.Tenant) (string, []any, error)
}

// made makes the statement. A panic is an error of these rows: nobody above would catch it, as it is made beside.
func (w writing) made(t models.Tenant) (statement string, args []any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return w.make(t)
}

func rowsOf[R any](what, statement string, fields []field[R], rows []R) writing {
	return writing{what, len(rows), func(t models.Tenant) (string, []any, error) { return manyRows(t, statement, fields, rows) }}
}

// run writes one table after the other. While the database takes one, the next is made.
func (m *memory) run(ctx context.Context, tables []writing) error {
	type made struct {
		what, statement string
		args            []any
		err             error
	}
	ready := make(chan made, len(tables))
	go func() {
		defer close(ready)
		for _, w := range tables {
			if w.rows > 0 {
				statement, args, err := w.made(m.tenant)
				ready <- made{w.what, statement, args, err}
			}
		}
	}()
	var failed error
	for w := range ready { // to the end, so that nothing looks at the rows any more
		if failed == nil {
			failed = w.err
		}
		if failed == nil {
			failed = m.direct.do(ctx, w.statement, w.args...)
		}
		if failed != nil {
			failed = fmt.Errorf("write %s: %w", w.what, failed)
		}
	}
	return failed
}

// unwritten are the rows that are marked, in the order of their ids: that in which they were made.
func (m *memory) unwritten() (customers []*keptCustomer, payments []*keptPayment, commissions []*keptCommission) {
	for _, k := range m.customers {
		if k.changed {
			customers = append(customers, k)
		}
	}
	for _, p := range m.payments {
		if p.changed {
			payments = append(payments, p)
		}
	}
	for _, c := range m.commissions {
		if c.changed {
			commissions = append(commissions, c)
		}
	}
	slices.SortFunc(customers, func(a, b *keptCustomer) int { return a.ID.Compare(b.ID) })
	slices.SortFunc(payments, func(a, b *keptPayment) int { return a.ID.Compare(b.ID) })
	slices.SortFunc(commissions, func(a, b *keptCommission) int { return a.ID.Compare(b.ID) })
	return customers, payments, commissions
}

// written takes the marks away. What was read of the database about customers' payments and addresses, and is not so any
// more, is forgotten.
func (m *memory) written(customers []*keptCustomer, payments []*keptPayment, commissions []*keptCommission) {
	for id, k := range m.customers {
		if k.first != nil && slices.ContainsFunc(m.ofCustomer[id], k.first.shaken) {
			k.first = nil
		}
	}
	for _, k := range customers {
		for _, email := range []*string{k.wasEmail, k.Email} {
			if email != nil && addressOf(*email) == odd {
				clear(m.byEmail)
			} else if email != nil {
				delete(m.byEmail, addressOf(*email))
			}
		}
		k.isNew, k.changed, k.wasEmail, k.wasID = false, false, k.Email, k.StripeID
	}
	for _, p := range payments {
		now := p.standing()
		if p.was == nil || *p.was != now {
			delete(m.byEmail, now.email)
			if p.was != nil {
				delete(m.byEmail, p.was.email)
			}
		}
		p.isNew, p.changed, p.was = false, false, &now
	}
	for _, p := range m.payments {
		clear(p.retold)
		for i := range p.reversals {
			p.reversals[i].changed = false
		}
	}
	for _, c := range commissions {
		c.isNew, c.changed = false, false
	}
	for _, c := range m.commissions {
		for i := range c.entries {
			c.entries[i].isNew, c.entries[i].moved = false, false
		}
	}
	clear(m.links)
	m.newAliases, m.newFacts, m.transfers, m.ended = nil, nil, nil, nil
}

const (
	// First, as each id is one customer's: another may take it.
	freeIDs = `UPDATE customers c SET stripe_customer_id = NULL FROM {rows} WHERE c.company_id = $1 AND c.mode = $2 AND c.id = r.id`

	writeCustomers = `INSERT INTO customers (company_id, mode, {names}) SELECT $1, $2, {values} FROM {rows}
		ON CONFLICT (company_id, mode, id) DO UPDATE SET email = excluded.email, name = excluded.name, stripe_customer_id = excluded.stripe_customer_id,
			taught_by_email = excluded.taught_by_email, stripe_id_since = excluded.stripe_id_since`
	writePayments = `INSERT INTO payments (company_id, mode, {names}) SELECT $1, $2, {values} FROM {rows}
		ON CONFLICT (company_id, mode, id) DO UPDATE SET program_id = excluded.program_id, source = excluded.source, key = excluded.key, counted = excluded.counted, kind = excluded.kind, status = excluded.status,
			currency = excluded.currency, gross = excluded.gross, base = excluded.base, refunded = excluded.refunded, customer_id = excluded.customer_id,
			customer_ref = excluded.customer_ref, customer_email = excluded.customer_email, subscription_ref = excluded.subscription_ref, named = excluded.named,
			named_beside = excluded.named_beside, partner_id = excluded.partner_id, attributed_by = excluded.attributed_by, policy = excluded.policy, earns = excluded.earns,
			decided_at = excluded.decided_at, steps = excluded.steps, paid_at = excluded.paid_at, shown_currency = excluded.shown_currency, shown_rate = excluded.shown_rate,
			shown_source = excluded.shown_source, shown_day = excluded.shown_day, shown_gross = excluded.shown_gross, shown_base = excluded.shown_base,
			shown_refunded = excluded.shown_refunded, shown_of = excluded.shown_of, shown_waits = excluded.shown_waits`
	writeAliases = `INSERT INTO payment_aliases (company_id, mode, {names}) SELECT $1, $2, {values} FROM {rows}
		ON CONFLICT (company_id, mode, alias) DO NOTHING`
	writeTellings = `INSERT INTO tellings (company_id, mode, {names}) SELECT $1, $2, {values} FROM {rows}
		ON CONFLICT (company_id, mode, payment_id, object) DO UPDATE SET told_at = excluded.told_at, body = excluded.body`
	writeReversals = `INSERT INTO reversals (company_id, mode, {names}) SELECT $1, $2, {values} FROM {rows}
		ON CONFLICT (company_id, mode, payment_id, key) DO UPDATE SET state = excluded.state, charge = excluded.charge, says = excluded.says,
			amount = excluded.amount, currency = excluded.currency, counted = excluded.counted, made = excluded.made, at = excluded.at`
	writeFacts = `INSERT INTO facts (company_id, mode, {names}) SELECT $1, $2, {values} FROM {rows}
		ON CONFLICT (company_id, mode, subject, kind, at, key) DO NOTHING`
	dropLinks = `DELETE FROM links l USING {rows} WHERE l.company_id = $1 AND l.mode = $2 AND l.customer_id = r.customer_id AND l.linked_at = r.linked_at
		AND l.origin = r.origin AND l.payment_key = r.payment_key`
	// One that was dropped and made anew may be of another payment.
	writeLinks = `INSERT INTO links (company_id, mode, {names}) SELECT $1, $2, {values} FROM {rows}
		ON CONFLICT (company_id, mode, customer_id, linked_at, origin, payment_key, batch_id) DO UPDATE SET partner_id = excluded.partner_id, payment_id = excluded.payment_id, program_id = excluded.program_id`
	writeCommissions = `INSERT INTO commissions (company_id, mode, {names}) SELECT $1, $2, {values} FROM {rows}
		ON CONFLICT (company_id, mode, id) DO UPDATE SET sale_currency = excluded.sale_currency, share = excluded.share, first_share = excluded.first_share,
			earned = excluded.earned, amount = excluded.amount, status = excluded.status, payable_on = excluded.payable_on, matured = excluded.matured, steps = excluded.steps,
			disputed = excluded.disputed, holds = excluded.holds, rate = excluded.rate, rate_source = excluded.rate_source, rate_day = excluded.rate_day, rate_of = excluded.rate_of,
			rule_version = excluded.rule_version, decided_at = excluded.decided_at`
	writeEntries = `INSERT INTO commission_entries (company_id, mode, {names}) SELECT $1, $2, {values} FROM {rows}`
	moveEntries  = `UPDATE commission_entries e SET payable_on = r.payable_on FROM {rows}
		WHERE e.company_id = $1 AND e.mode = $2 AND e.commission_id = r.commission_id AND e.seq = r.seq`
	// A transfer that was booked before moves no balance.
	writeTransfers = `WITH booked AS (
			INSERT INTO transfers (company_id, mode, {names}) SELECT $1, $2, {values} FROM {rows}
			ON CONFLICT (company_id, mode, key) DO NOTHING RETURNING from_account, to_account, currency, amount),
		moved AS (SELECT account, currency, sum(minor) AS minor FROM (
				SELECT from_account AS account, currency, -amount AS minor FROM booked UNION ALL SELECT to_account, currency, amount FROM booked) AS sides
			GROUP BY account, currency)
		INSERT INTO balances (company_id, mode, account, currency, minor) SELECT $1, $2, account, currency, minor FROM moved ORDER BY account, currency
		ON CONFLICT (company_id, mode, account, currency) DO UPDATE SET minor = balances.minor + excluded.minor`
	// Those that were carried through take their turns on the tape in their order. What is done is not put aside.
	endEvents = `WITH o AS MATERIALIZED (SELECT {values}, CASE WHEN r.turns THEN nextval('tape') END AS turn FROM {rows})
		UPDATE events e SET status = o.status, because = o.because, waits_for = o.waits_for, next_try_at = coalesce(o.next_try_at, e.next_try_at),
			tries = e.tries + (o.next_try_at IS NOT NULL)::int, carried_at = coalesce(e.carried_at, o.carried_at), turn = coalesce(e.turn, o.turn) FROM o
		WHERE e.company_id = $1 AND e.bucket = CASE $2 WHEN 'live' THEN 0 ELSE 1 END AND e.id = o.id
			AND (o.next_try_at IS NULL OR e.status = 'pending')`
)
