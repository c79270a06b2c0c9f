package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// What each table is written with. Every column stands here, or among those that memory leaves alone: a test compares.
var (
	customerFields = []field[*keptCustomer]{
		{"id", "uuid", func(k *keptCustomer) any { return k.ID }},
		{"key", "text", func(k *keptCustomer) any { return k.Key }},
		{"email", "text", func(k *keptCustomer) any { return k.Email }},
		{"name", "text", func(k *keptCustomer) any { return k.Name }},
		{"stripe_customer_id", "text", func(k *keptCustomer) any { return k.StripeID }},
		{"taught_by_email", "boolean", func(k *keptCustomer) any { return k.Taught }},
		{"stripe_id_since", "timestamptz", func(k *keptCustomer) any { return k.StripeIDSince }},
		{"composite", "boolean", func(k *keptCustomer) any { return k.Composite }},
		{"created_at", "timestamptz", func(k *keptCustomer) any { return k.CreatedAt }},
	}
	paymentFields = []field[*keptPayment]{
		{"id", "uuid", func(p *keptPayment) any { return p.ID }},
		{"program_id", "uuid", func(p *keptPayment) any { return p.Program }},
		{"source", "text", func(p *keptPayment) any { return string(p.Source) }},
		{"key", "text", func(p *keptPayment) any { return p.Key }},
		{"counted", "boolean", func(p *keptPayment) any { return p.Counted }},
		{"kind", "text", func(p *keptPayment) any { return string(p.Kind) }},
		{"status", "text", func(p *keptPayment) any { return p.Status }},
		{"currency", "text", func(p *keptPayment) any { return string(p.Currency) }},
		{"gross", "bigint", func(p *keptPayment) any { return p.Gross }},
		{"base", "bigint", func(p *keptPayment) any { return p.Base }},
		{"refunded", "bigint", func(p *keptPayment) any { return p.Refunded }},
		{"customer_id", "uuid", func(p *keptPayment) any { return valueOf(p.Customer) }},
		{"customer_ref", "text", func(p *keptPayment) any { return p.CustomerRef }},
		{"customer_email", "text", func(p *keptPayment) any { return p.Email }},
		{"subscription_ref", "text", func(p *keptPayment) any { return p.Of }},
		{"named", "text[]", func(p *keptPayment) any { return pq.StringArray(append([]string{}, p.Named...)) }},
		{"named_beside", "text[]", func(p *keptPayment) any { return pq.StringArray(append([]string{}, p.Beside...)) }},
		{"partner_id", "uuid", func(p *keptPayment) any { return valueOf(p.Partner) }},
		{"attributed_by", "text", func(p *keptPayment) any { return (*string)(p.AttributedBy) }},
		{"policy", "text", func(p *keptPayment) any { return p.Policy }},
		{"earns", "boolean", func(p *keptPayment) any { return p.Earns }},
		{"decided_at", "timestamptz", func(p *keptPayment) any { return p.DecidedAt }},
		{"terms", "jsonb", func(p *keptPayment) any { return p.Terms }},
		{"shown_currency", "text", func(p *keptPayment) any { return (*string)(p.ShownCurrency) }},
		{"shown_rate", "text", func(p *keptPayment) any { return p.ShownRate }},
		{"shown_source", "text", func(p *keptPayment) any { return p.ShownSource }},
		{"shown_day", "date", func(p *keptPayment) any { return dayOf(p.ShownDay) }},
		{"shown_gross", "bigint", func(p *keptPayment) any { return valueOf(p.ShownGross) }},
		{"shown_base", "bigint", func(p *keptPayment) any { return valueOf(p.ShownBase) }},
		{"shown_refunded", "bigint", func(p *keptPayment) any { return valueOf(p.ShownRefunded) }},
		{"shown_of", "date", func(p *keptPayment) any { return dayOf(p.ShownOf) }},
		{"shown_waits", "boolean", func(p *keptPayment) any { return p.ShownWaits }},
		{"steps", "jsonb", func(p *keptPayment) any { return asJSON[[]models.Step]{append([]models.Step{}, p.Steps.V...)} }},
		{"paid_at", "timestamptz", func(p *keptPayment) any { return p.PaidAt }},
		{"created_at", "timestamptz", func(p *keptPayment) any { return p.CreatedAt }},
	}
	aliasFields = []field[alias]{
		{"alias", "text", func(a alias) any { return a.alias }},
		{"payment_id", "uuid", func(a alias) any { return a.payment }},
	}
	tellingFields = []field[toldOf]{
		{"payment_id", "uuid", func(t toldOf) any { return t.payment }},
		{"object", "text", func(t toldOf) any { return t.Object }},
		{"told_at", "timestamptz", func(t toldOf) any { return t.At }},
		{"body", "jsonb", func(t toldOf) any { return asJSON[models.Telling]{t.Telling} }},
	}
	reversalFields = []field[reversedOf]{
		{"payment_id", "uuid", func(r reversedOf) any { return r.payment }},
		{"key", "text", func(r reversedOf) any { return r.Key }},
		{"kind", "text", func(r reversedOf) any { return string(r.Kind) }},
		{"state", "text", func(r reversedOf) any { return string(r.State) }},
		{"charge", "text", func(r reversedOf) any { return r.Charge }},
		{"says", "text", func(r reversedOf) any { return r.Says }},
		{"made", "timestamptz", func(r reversedOf) any { return r.Made }},
		{"amount", "bigint", func(r reversedOf) any { return r.Amount.Minor }},
		{"currency", "text", func(r reversedOf) any { return string(r.Amount.Currency) }},
		{"counted", "bigint", func(r reversedOf) any { return r.counted }},
		{"at", "timestamptz", func(r reversedOf) any { return r.At }},
	}
	factFields = []field[models.Fact]{
		{"subject", "text", func(f models.Fact) any { return f.Subject }},
		{"kind", "text", func(f models.Fact) any { return string(f.Kind) }},
		{"at", "timestamptz", func(f models.Fact) any { return f.At }},
		{"key", "text", func(f models.Fact) any { return f.Key }},
		{"says", "jsonb", func(f models.Fact) any { return asJSON[[]models.Clue]{f.Says} }},
		{"before", "jsonb", func(f models.Fact) any { return beforeOf(f) }},
	}
	linkFields = []field[*models.Link]{
		{"customer_id", "uuid", func(l *models.Link) any { return l.Customer }},
		{"partner_id", "uuid", func(l *models.Link) any { return l.Partner }},
		{"linked_at", "timestamptz", func(l *models.Link) any { return l.From }},
		{"origin", "text", func(l *models.Link) any { return l.Origin }},
		{"payment_id", "uuid", func(l *models.Link) any { return valueOf(l.Payment) }},
		{"payment_key", "text", func(l *models.Link) any { return l.PayKey }},
		{"batch_id", "uuid", func(l *models.Link) any { return l.Batch }},
		{"program_id", "uuid", func(l *models.Link) any { return l.Program }},
	}
	goneLinkFields = []field[linkKey]{
		{"customer_id", "uuid", func(l linkKey) any { return l.customer }},
		{"linked_at", "timestamptz", func(l linkKey) any { return time.UnixMicro(l.at).UTC() }},
		{"origin", "text", func(l linkKey) any { return l.origin }},
		{"payment_key", "text", func(l linkKey) any { return l.payment }},
	}
	commissionFields = []field[*keptCommission]{
		{"id", "uuid", func(c *keptCommission) any { return c.ID }},
		{"payment_id", "uuid", func(c *keptCommission) any { return c.Payment }},
		{"partner_id", "uuid", func(c *keptCommission) any { return c.Partner }},
		{"program_id", "uuid", func(c *keptCommission) any { return c.Program }},
		{"sale_currency", "text", func(c *keptCommission) any { return string(c.Share.Currency) }},
		{"share", "bigint", func(c *keptCommission) any { return c.Share.Minor }},
		{"first_share", "bigint", func(c *keptCommission) any { return c.First.Minor }},
		{"currency", "text", func(c *keptCommission) any { return string(c.Amount.Currency) }},
		{"rate", "text", func(c *keptCommission) any { return ofRate(c, func(r *models.Rate) any { return r.Value }) }},
		{"rate_source", "text", func(c *keptCommission) any { return ofRate(c, func(r *models.Rate) any { return r.Source }) }},
		{"rate_day", "date", func(c *keptCommission) any {
			return ofRate(c, func(r *models.Rate) any { return r.Date.Format(time.DateOnly) })
		}},
		{"rate_of", "date", func(c *keptCommission) any {
			return ofRate(c, func(r *models.Rate) any { return r.Of.Format(time.DateOnly) })
		}},
		{"earned", "bigint", func(c *keptCommission) any { return c.Earned.Minor }},
		{"amount", "bigint", func(c *keptCommission) any { return c.Amount.Minor }},
		{"status", "text", func(c *keptCommission) any { return string(c.Status) }},
		{"hold_days", "int", func(c *keptCommission) any { return c.HoldDays }},
		{"refunds", "text", func(c *keptCommission) any { return c.Refunds }},
		{"payable_on", "date", func(c *keptCommission) any { return c.PayableOn.Format(time.DateOnly) }},
		{"matured", "boolean", func(c *keptCommission) any { return c.Matured }},
		{"disputed", "boolean", func(c *keptCommission) any { return c.Disputed }},
		{"holds", "int", func(c *keptCommission) any { return c.Holds }},
		{"steps", "jsonb", func(c *keptCommission) any { return asJSON[[]models.Step]{c.Steps} }},
		{"rule_version", "int", func(c *keptCommission) any { return c.Version }},
		{"decided_at", "timestamptz", func(c *keptCommission) any { return c.DecidedAt }},
		{"created_at", "timestamptz", func(c *keptCommission) any { return c.made }},
	}
	entryFields = []field[entryOf]{
		{"commission_id", "uuid", func(e entryOf) any { return e.c.ID }},
		{"seq", "int", func(e entryOf) any { return e.Seq }},
		{"partner_id", "uuid", func(e entryOf) any { return e.c.Partner }},
		{"kind", "text", func(e entryOf) any { return e.Kind }},
		{"amount", "bigint", func(e entryOf) any { return e.Amount.Minor }},
		{"currency", "text", func(e entryOf) any { return string(e.Amount.Currency) }},
		{"because", "text", func(e entryOf) any { return e.Because }},
		{"payable_on", "date", func(e entryOf) any { return e.payable.Format(time.DateOnly) }},
		{"at", "timestamptz", func(e entryOf) any { return e.At }},
		{"invoice_id", "uuid", func(e entryOf) any { return valueOf(e.Invoice) }},
	}
	transferFields = []field[models.Transfer]{
		{"key", "text", func(t models.Transfer) any { return t.Key }},
		{"from_account", "text", func(t models.Transfer) any { return string(t.From) }},
		{"to_account", "text", func(t models.Transfer) any { return string(t.To) }},
		{"amount", "bigint", func(t models.Transfer) any { return t.Amount.Minor }},
		{"currency", "text", func(t models.Transfer) any { return string(t.Amount.Currency) }},
		{"cause", "text", func(t models.Transfer) any { return t.Cause }},
		{"at", "timestamptz", func(t models.Transfer) any { return t.At }},
		{"digest", "bytea", func(t models.Transfer) any { return t.Digest[:] }},
	}
	endedFields = []field[ended]{
		{"id", "uuid", func(e ended) any { return e.event.ID }},
		{"status", "text", func(e ended) any { return string(e.status) }},
		{"because", "text", func(e ended) any { return e.because }},
		{"waits_for", "text[]", func(e ended) any { return pq.StringArray(e.waitsFor) }},
		{"next_try_at", "timestamptz", func(e ended) any { return e.until }},
		{"carried_at", "timestamptz", func(e ended) any { return e.carriedAt }},
		{"turns", "boolean", func(e ended) any { return e.turns }},
	}
)

// Rows of a payment or a commission, with whose they are.
type (
	toldOf struct {
		payment models.PaymentID
		models.Telling
	}
	reversedOf struct {
		payment models.PaymentID
		keptReversal
	}
	entryOf struct {
		c *keptCommission
		keptEntry
	}
)

// valueOf is an id that may be missing.
func valueOf[T any](id *T) any {
	if id == nil {
		return nil
	}
	return *id
}

// dayOf is the date of a moment that may be missing.
func dayOf(at *time.Time) any {
	if at == nil {
		return nil
	}
	return at.Format(time.DateOnly)
}

// beforeOf is what held before a fact; nil when that is not known.
func beforeOf(f models.Fact) any {
	if !f.BeforeKnown {
		return nil
	}
	return asJSON[[]models.Clue]{f.Before}
}

func ofRate(c *keptCommission, of func(*models.Rate) any) any {
	if c.Rate == nil {
		return nil
	}
	return of(c.Rate)
}

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
