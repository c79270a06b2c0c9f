package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// Scratch is an empty schema of its own in the same database, in which a replay rebuilds what is derived.
type Scratch struct {
	*Store
	live, name string
	fetched    []time.Time // when exchange rates came, those that were not brought yet
}

// OpenScratch makes one, with the companies and nothing else. The address must reach the database itself, not a pooler.
// What a replay that was killed left behind is cleared away first.
func (s *Store) OpenScratch(ctx context.Context, address string) (*Scratch, error) {
	n := Scratch{name: "replay_" + strings.ToLower(rand.Text())}
	if err := s.get(ctx, &n.live, `SELECT current_schema()`); err != nil {
		return nil, err
	}
	if err := s.clearScratch(ctx); err != nil {
		return nil, err
	}
	if err := s.do(ctx, `CREATE SCHEMA `+n.name); err != nil {
		return nil, fmt.Errorf("make a scratch schema: %w", err)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("make a scratch schema: %w", err)
	}
	options := u.Query()
	options.Set("search_path", n.name)
	options.Set("synchronous_commit", "off")
	options.Set("application_name", n.name)
	u.RawQuery = options.Encode()
	if err := Migrate(ctx, u.String()); err != nil {
		return nil, err
	}
	if n.Store, err = Open(ctx, u.String(), s.keys); err != nil {
		return nil, err
	}
	return &n, n.bring(ctx, "companies", "buckets", "program_directory")
}

// clearScratch drops the schemas that no connection uses any more.
func (s *Store) clearScratch(ctx context.Context) error {
	var left []string
	if err := s.list(ctx, &left, `SELECT nspname FROM pg_namespace n WHERE nspname LIKE 'replay\_%'
		AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.datname = current_database() AND a.application_name = n.nspname) ORDER BY 1`); err != nil {
		return fmt.Errorf("list what replays left: %w", err)
	}
	for _, name := range left {
		if err := s.do(ctx, `DROP SCHEMA IF EXISTS `+pq.QuoteIdentifier(name)+` CASCADE`); err != nil {
			return fmt.Errorf("drop %s: %w", name, err)
		}
	}
	return nil
}

// bring copies whole tables that hold no decisions.
func (n *Scratch) bring(ctx context.Context, tables ...string) error {
	for _, table := range tables {
		if err := n.do(ctx, `INSERT INTO `+table+` SELECT * FROM `+pq.QuoteIdentifier(n.live)+`.`+table); err != nil {
			return fmt.Errorf("bring the %s: %w", table, err)
		}
	}
	return nil
}

// ForgetRates begins anew with the published exchange rates.
func (n *Scratch) ForgetRates(ctx context.Context) error {
	n.fetched = nil
	if err := n.list(ctx, &n.fetched, `SELECT DISTINCT fetched_at FROM `+pq.QuoteIdentifier(n.live)+`.fx_rates ORDER BY 1`); err != nil {
		return err
	}
	return n.do(ctx, `TRUNCATE fx_rates`)
}

// BringRates copies the published exchange rates that were known at a moment, in a transaction of the scratch schema.
func (n *Scratch) BringRates(ctx context.Context, tx *Store, at time.Time) error {
	for len(n.fetched) > 0 && !n.fetched[0].After(at) {
		if err := tx.do(ctx, `INSERT INTO fx_rates SELECT * FROM `+pq.QuoteIdentifier(n.live)+`.fx_rates WHERE fetched_at = $1`, n.fetched[0]); err != nil {
			return err
		}
		n.fetched = n.fetched[1:]
	}
	return nil
}

// Drop lets the schema go.
func (n *Scratch) Drop(ctx context.Context) error {
	err := n.do(ctx, `DROP SCHEMA `+n.name+` CASCADE`)
	_ = n.Close()
	return err
}

// derived are the states that a replay must find again, each row under a name that does not depend on the machine.
var derived = []string{
	`SELECT 'payment ' || p.key AS name, concat_ws(' ', p.kind, p.status, p.currency, p.gross, p.base, p.refunded, 'of', coalesce(c.key, '-'),
			'for', coalesce(r.key, '-'), coalesce(p.attributed_by, '-'), p.policy, p.earns, extract(epoch FROM p.paid_at),
			'shown', coalesce(p.shown_currency, '-'), coalesce(p.shown_rate, '-'), coalesce(p.shown_gross::text, '-'), coalesce(p.shown_base::text, '-'), coalesce(p.shown_refunded::text, '-')) AS state
	FROM payments p
	LEFT JOIN customers c ON c.company_id = p.company_id AND c.mode = p.mode AND c.id = p.customer_id
	LEFT JOIN partners r ON r.company_id = p.company_id AND r.mode = p.mode AND r.id = p.partner_id
	WHERE p.company_id = $1 AND p.mode = $2 AND p.counted ORDER BY 1`,
	`SELECT concat_ws(' ', 'reversal', v.key, 'of payment', p.key) AS name, concat_ws(' ', v.kind, v.state, v.amount, v.currency, v.counted) AS state
	FROM reversals v JOIN payments p ON p.company_id = v.company_id AND p.mode = v.mode AND p.id = v.payment_id
	WHERE v.company_id = $1 AND v.mode = $2 ORDER BY 1`,
	`SELECT concat_ws(' ', 'commission of', r.key, 'for', p.key) AS name, concat_ws(' ', c.sale_currency, c.first_share, c.share, c.currency, c.earned, c.amount,
			coalesce(c.rate, '-'), coalesce(c.rate_source, '-'), coalesce(c.rate_day::text, '-'), c.hold_days, c.refunds, c.rule_version) AS state
	FROM commissions c JOIN payments p ON p.company_id = c.company_id AND p.mode = c.mode AND p.id = c.payment_id
	JOIN partners r ON r.company_id = c.company_id AND r.mode = c.mode AND r.id = c.partner_id
	WHERE c.company_id = $1 AND c.mode = $2 AND p.merged_into IS NULL ORDER BY 1`,
	`SELECT concat_ws(' ', 'fact', subject, kind, extract(epoch FROM at), key) AS name, concat_ws(' ', says, before) AS state
	FROM facts WHERE company_id = $1 AND mode = $2 ORDER BY 1`,
	`SELECT concat_ws(' ', 'adjustment', a.id, 'of', r.key) AS name, concat_ws(' ', a.kind, a.amount, a.currency, a.reason) AS state
	FROM adjustments a JOIN partners r ON r.company_id = a.company_id AND r.mode = a.mode AND r.id = a.partner_id
	WHERE a.company_id = $1 AND a.mode = $2 AND a.attempt_id IS NULL ORDER BY 1`, // what hangs on a payment to a partner is not rebuilt, as the payment is not
	`SELECT 'customer ' || c.key AS name, concat_ws(' ', coalesce(c.email, '-'), coalesce(c.stripe_customer_id, '-'), c.composite) AS state
	FROM customers c WHERE c.company_id = $1 AND c.mode = $2 ORDER BY 1`,
	`SELECT concat_ws(' ', 'link of customer', c.key, 'at', extract(epoch FROM l.linked_at), l.origin, l.payment_key) AS name, r.key AS state
	FROM links l JOIN customers c ON c.company_id = l.company_id AND c.mode = l.mode AND c.id = l.customer_id
	JOIN partners r ON r.company_id = l.company_id AND r.mode = l.mode AND r.id = l.partner_id
	WHERE l.company_id = $1 AND l.mode = $2 ORDER BY 1`,
}

// Fact is one thing that is derived, and what it says.
type Fact struct {
	Name  string `db:"name"`
	State string `db:"state"`
}

// Derived tells every derived fact of a tenant, kind by kind, each in the order of its names.
func (s *Store) Derived(ctx context.Context, t models.Tenant, tell func(Fact) error) error {
	for _, statement := range derived {
		if err := s.derive(ctx, t, statement, tell); err != nil {
			return fmt.Errorf("tell what is derived of %s: %w", t.Company, err)
		}
	}
	return nil
}

func (s *Store) derive(ctx context.Context, t models.Tenant, statement string, tell func(Fact) error) error {
	rows, err := s.q.QueryxContext(ctx, statement, t.Company, t.Mode)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var f Fact
		if err := rows.StructScan(&f); err != nil {
			return err
		}
		if err := tell(f); err != nil {
			return err
		}
	}
	return rows.Err()
}
