package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// Integration is a program's connection to a provider in one mode. Its secrets are open here and sealed in the database.
type Integration struct {
	models.Tenant
	Program       models.ProgramID
	Source        models.SourceName
	Status        string // connected, not_connected, broken
	Account       *string
	APIKey        string
	WebhookSecret string
	FormerSecret  string     // the webhook secret before this one, valid until FormerUntil; empty when there is none
	FormerUntil   *time.Time // nil when there is no former secret
	MissingRights []string
	MissingEvents []string
	Healed        Healed
	OAuth         OAuth
}

// OAuth is what a connection by OAuth is; the zero one is of a connection by key or by secret.
type OAuth struct {
	Connected bool       `db:"oauth"`      // the account is reached with the platform's key
	Scope     string     `db:"scope"`      // read_write, read_only
	GrantedAt *time.Time `db:"granted_at"` // nil when it was never granted
	RevokedAt *time.Time `db:"revoked_at"` // when the company took the access away; nil while it did not
}

// Healed is how far a connection's events are known to be here.
type Healed struct {
	Since  *time.Time `db:"connected_at"`  // events made before are not asked for; nil while it was never connected
	To     *time.Time `db:"healed_to"`     // all that the provider made up to then is here; nil while it was never asked
	At     *time.Time `db:"healed_at"`     // when it was last asked
	Events int        `db:"healed_events"` // that were missing, so far
}

// Secrets are those that a webhook may be signed with now.
func (i Integration) Secrets(now time.Time) []string {
	list := []string{i.WebhookSecret}
	if i.FormerUntil != nil && now.Before(*i.FormerUntil) {
		list = append(list, i.FormerSecret)
	}
	return list
}

// place binds a sealed value to the row and column it was sealed for.
func (i Integration) place(column string) string {
	return fmt.Sprintf("integrations.%s %s %s %s %s", column, i.Company, i.Program, i.Mode, i.Source)
}

// SaveIntegration seals and keeps a connection. Another account than before stands on the tape: who shares one depends on it. What
// the provider made in another account before is not asked for.
func (s *Store) SaveIntegration(ctx context.Context, i Integration, now time.Time) error {
	return s.do(ctx, `WITH kept AS (INSERT INTO integrations (company_id, program_id, mode, source, status, account, api_key, api_key_last4, webhook_secret, webhook_last4,
			missing_rights, missing_events, updated_at, former_webhook_secret, former_until, connected_at, oauth, scope, granted_at, revoked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, CASE WHEN $5 = 'connected' THEN $13::timestamptz END, $16, $17, $18, $19)
		ON CONFLICT (company_id, program_id, mode, source) DO UPDATE SET status = excluded.status, account = excluded.account, api_key = excluded.api_key,
			api_key_last4 = excluded.api_key_last4, webhook_secret = excluded.webhook_secret, webhook_last4 = excluded.webhook_last4,
			missing_rights = excluded.missing_rights, missing_events = excluded.missing_events, updated_at = excluded.updated_at,
			former_webhook_secret = excluded.former_webhook_secret, former_until = excluded.former_until,
			oauth = excluded.oauth, scope = excluded.scope, granted_at = excluded.granted_at, revoked_at = excluded.revoked_at,
			connected_at = CASE WHEN excluded.account <> coalesce(integrations.account, integrations.former_account) THEN excluded.connected_at
				ELSE coalesce(integrations.connected_at, excluded.connected_at) END,
			healed_to = CASE WHEN excluded.account <> coalesce(integrations.account, integrations.former_account) THEN NULL ELSE integrations.healed_to END
			RETURNING company_id, program_id, mode, source, account)
		INSERT INTO actions (company_id, mode, kind, at, body) SELECT company_id, mode, 'account', $13::timestamptz, to_jsonb(k) FROM kept k
		WHERE account IS DISTINCT FROM (SELECT o.account FROM integrations o WHERE o.company_id = k.company_id AND o.program_id = k.program_id AND o.mode = k.mode AND o.source = k.source)`,
		i.Company, i.Program, i.Mode, i.Source, i.Status, i.Account, s.keys.seal(i.APIKey, i.place("api_key")), Last4(i.APIKey),
		s.keys.seal(i.WebhookSecret, i.place("webhook_secret")), Last4(i.WebhookSecret), pq.Array(append([]string{}, i.MissingRights...)), pq.Array(append([]string{}, i.MissingEvents...)), now,
		s.keys.seal(i.FormerSecret, i.place("former_webhook_secret")), i.FormerUntil, i.OAuth.Connected, i.OAuth.Scope, i.OAuth.GrantedAt, i.OAuth.RevokedAt)
}

// ForgetIntegration ends a connection: its secrets and its account are gone, what came by it stays. It tells whether there
// was one. That the account is nobody's any more stands on the tape.
func (s *Store) ForgetIntegration(ctx context.Context, t models.Tenant, program models.ProgramID, source models.SourceName, now time.Time) (bool, error) {
	if err := s.do(ctx, `INSERT INTO actions (company_id, mode, kind, at, body)
		SELECT company_id, mode, 'account', $5, jsonb_build_object('company_id', company_id, 'program_id', program_id, 'mode', mode, 'source', source, 'account', NULL)
		FROM integrations WHERE company_id = $1 AND program_id = $2 AND mode = $3 AND source = $4 AND account IS NOT NULL`, t.Company, program, t.Mode, source, now); err != nil {
		return false, fmt.Errorf("forget the account of %s: %w", program, err)
	}
	n, err := s.exec(ctx, `UPDATE integrations SET status = 'not_connected', account = NULL, api_key = NULL, api_key_last4 = NULL, webhook_secret = NULL,
			webhook_last4 = NULL, former_webhook_secret = NULL, former_until = NULL, missing_rights = '{}', missing_events = '{}', updated_at = $5,
			former_account = coalesce(account, former_account), oauth = false, scope = '', granted_at = NULL, revoked_at = NULL
		WHERE company_id = $1 AND program_id = $2 AND mode = $3 AND source = $4 AND status <> 'not_connected'`, t.Company, program, t.Mode, source, now)
	if err != nil {
		return false, fmt.Errorf("forget the %s connection of %s: %w", source, program, err)
	}
	return n > 0, nil
}

// Last4 is all that is ever shown of a secret; nil when there is none, or when that would be most of it.
func Last4(secret string) *string {
	if len(secret) < 8 {
		return nil
	}
	end := secret[len(secret)-4:]
	return &end
}

// Integrations lists a program's connections to a source, in both modes.
func (s *Store) Integrations(ctx context.Context, company models.CompanyID, program models.ProgramID, source models.SourceName) ([]Integration, error) {
	var rows []struct {
		Mode          models.Mode    `db:"mode"`
		Status        string         `db:"status"`
		Account       *string        `db:"account"`
		APIKey        []byte         `db:"api_key"`
		WebhookSecret []byte         `db:"webhook_secret"`
		FormerSecret  []byte         `db:"former_webhook_secret"`
		FormerUntil   *time.Time     `db:"former_until"`
		MissingRights pq.StringArray `db:"missing_rights"`
		MissingEvents pq.StringArray `db:"missing_events"`
		Healed
		OAuth
	}
	if err := s.list(ctx, &rows, `SELECT mode, status, account, api_key, webhook_secret, former_webhook_secret, former_until, missing_rights, missing_events,
		connected_at, healed_to, healed_at, healed_events, oauth, scope, granted_at, revoked_at FROM integrations
		WHERE company_id = $1 AND program_id = $2 AND source = $3 ORDER BY mode`, company, program, source); err != nil {
		return nil, fmt.Errorf("load the connections of %s: %w", program, err)
	}
	var list []Integration
	for _, r := range rows {
		i := Integration{Tenant: models.Tenant{Company: company, Mode: r.Mode}, Program: program, Source: source, Status: r.Status, Account: r.Account,
			FormerUntil: r.FormerUntil, MissingRights: r.MissingRights, MissingEvents: r.MissingEvents, Healed: r.Healed, OAuth: r.OAuth}
		var err error
		if i.APIKey, err = s.keys.open(r.APIKey, i.place("api_key")); err != nil {
			return nil, err
		}
		if i.WebhookSecret, err = s.keys.open(r.WebhookSecret, i.place("webhook_secret")); err != nil {
			return nil, err
		}
		if i.FormerSecret, err = s.keys.open(r.FormerSecret, i.place("former_webhook_secret")); err != nil {
			return nil, err
		}
		list = append(list, i)
	}
	return list, nil
}

// Integration loads a program's connection to a source in one mode. None is ErrNotFound.
func (s *Store) Integration(ctx context.Context, t models.Tenant, program models.ProgramID, source models.SourceName) (Integration, error) {
	list, err := s.Integrations(ctx, t.Company, program, source)
	if err != nil {
		return Integration{}, err
	}
	for _, i := range list {
		if i.Mode == t.Mode {
			return i, nil
		}
	}
	return Integration{}, fmt.Errorf("load the %s connection of %s: %w", source, program, models.ErrNotFound)
}

// Connection names a program's connection to a source on one side.
type Connection struct {
	models.Tenant
	Program models.ProgramID  `db:"program_id"`
	Source  models.SourceName `db:"source"`
}

// ToHeal lists the connections of every company that the provider can be asked about.
func (s *Store) ToHeal(ctx context.Context) ([]Connection, error) {
	var list []Connection
	err := s.list(ctx, &list, `SELECT company_id, mode, program_id, source FROM integrations WHERE status IN ('connected', 'broken') AND (api_key_last4 IS NOT NULL OR oauth)
		ORDER BY company_id, program_id, mode, source LIMIT 10000`)
	return list, err
}

// Verified is how a connection stood before it was verified.
type Verified struct {
	Status  string
	Missing []string // the rights that it lacked
}

// SaveVerified keeps whether a connection's key is still taken, and which rights it lacks. It tells how it stood before; of two
// who find the same, one is told that it was different. One that was ended meanwhile is ErrNotFound.
func (s *Store) SaveVerified(ctx context.Context, c Connection, broken bool, missing []string) (Verified, error) {
	var was struct {
		Status  string         `db:"status"`
		Missing pq.StringArray `db:"missing_rights"`
	}
	err := s.get(ctx, &was, `WITH was AS (SELECT status, missing_rights FROM integrations
			WHERE company_id = $1 AND mode = $2 AND program_id = $3 AND source = $4 AND status IN ('connected', 'broken') FOR UPDATE),
		kept AS (UPDATE integrations SET status = CASE WHEN $5 THEN 'broken' ELSE 'connected' END, missing_rights = $6
			WHERE company_id = $1 AND mode = $2 AND program_id = $3 AND source = $4 AND EXISTS (SELECT 1 FROM was))
		SELECT status, missing_rights FROM was`, c.Company, c.Mode, c.Program, c.Source, broken, pq.Array(append([]string{}, missing...)))
	if err != nil {
		return Verified{}, fmt.Errorf("keep how the %s connection of %s does: %w", c.Source, c.Program, err)
	}
	return Verified{was.Status, was.Missing}, nil
}

// SaveHealed keeps up to when all events of a connection are here, and adds how many were missing.
func (s *Store) SaveHealed(ctx context.Context, c Connection, to, now time.Time, found int) error {
	return s.do(ctx, `UPDATE integrations SET healed_to = greatest(healed_to, $5), healed_at = $6, healed_events = healed_events + $7,
			missed_at = CASE WHEN $7 > 0 THEN $6 ELSE missed_at END
		WHERE company_id = $1 AND mode = $2 AND program_id = $3 AND source = $4`, c.Company, c.Mode, c.Program, c.Source, to, now, found)
}

// Sharing lists the programs of a company that are connected to the same account of a source as one of them is, the oldest
// first; none when it is alone, or its account is not known (D15).
func (s *Store) Sharing(ctx context.Context, t models.Tenant, source models.SourceName, program models.ProgramID) ([]models.ProgramID, error) {
	if m := s.remembers(t); m != nil {
		if list, known := m.sharing[program]; known && source == models.SourceStripe {
			return list, nil
		}
	}
	var list []models.ProgramID
	if err := s.apart().list(ctx, &list, `SELECT p.id FROM integrations mine
		JOIN integrations i ON i.company_id = mine.company_id AND i.mode = mine.mode AND i.source = mine.source AND i.account = mine.account
		JOIN programs p ON p.company_id = i.company_id AND p.id = i.program_id
		WHERE mine.company_id = $1 AND mine.mode = $2 AND mine.source = $3 AND mine.program_id = $4 ORDER BY p.created_at, p.id LIMIT 100`,
		t.Company, t.Mode, source, program); err != nil {
		return nil, fmt.Errorf("list who shares the account of %s: %w", program, err)
	}
	if len(list) < 2 {
		list = nil
	}
	if m := s.remembers(t); m != nil && source == models.SourceStripe {
		m.sharing[program] = list
	}
	return list, nil
}

// SetAccount sets again which account a connection is to, as the tape tells it.
func (s *Store) SetAccount(ctx context.Context, body []byte, at time.Time) error {
	return s.do(ctx, `INSERT INTO integrations (company_id, program_id, mode, source, status, account, updated_at)
		SELECT r.company_id, r.program_id, r.mode, r.source, 'connected', r.account, $2 FROM jsonb_to_record($1::jsonb) AS r (company_id uuid, program_id uuid, mode text, source text, account text)
		ON CONFLICT (company_id, program_id, mode, source) DO UPDATE SET account = excluded.account`, string(body), at)
}
