package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/models"
)

// OAuthState is what a person was sent to Stripe's page for.
type OAuthState struct {
	Person  models.PersonID  `db:"person_id"`
	Company models.CompanyID `db:"company_id"`
	Program models.ProgramID `db:"program_id"`
	Mode    models.Mode      `db:"mode"`
}

// What may be wrong with a state that came back.
var (
	ErrStateUnknown  = errors.New("state unknown here, or another browser's")
	ErrStateUsed     = errors.New("state used already")
	ErrStateOutdated = errors.New("state outdated")
)

// AddOAuthState keeps a state under its hash, for one session, until a moment. Those that ended a day ago are forgotten.
func (s *Store) AddOAuthState(ctx context.Context, state, session string, is OAuthState, until, now time.Time) error {
	if err := s.do(ctx, `DELETE FROM oauth_states WHERE expires_at < $1`, now.Add(-24*time.Hour)); err != nil {
		return fmt.Errorf("forget old states: %w", err)
	}
	return s.do(ctx, `INSERT INTO oauth_states (hash, session, person_id, company_id, program_id, mode, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		hashOf(state), hashOf(session), is.Person, is.Company, is.Program, is.Mode, now, until)
}

// TakeOAuthState uses a state up: whoever comes second finds it used. It is one of the session's, and of the company and the
// person that the session is of now, or ErrStateUnknown. Of one that is ErrStateUsed or ErrStateOutdated what it was for is told, too.
func (s *Store) TakeOAuthState(ctx context.Context, state, session string, se models.Session, now time.Time) (OAuthState, error) {
	var taken struct {
		OAuthState
		Expires time.Time  `db:"expires_at"`
		Before  *time.Time `db:"used_before"`
	}
	err := s.get(ctx, &taken, `WITH was AS (SELECT hash, used_at FROM oauth_states
			WHERE hash = $1 AND session = $2 AND company_id = $3 AND person_id = $4 FOR UPDATE)
		UPDATE oauth_states o SET used_at = coalesce(o.used_at, $5) FROM was WHERE o.hash = was.hash
		RETURNING o.person_id, o.company_id, o.program_id, o.mode, o.expires_at, was.used_at AS used_before`,
		hashOf(state), hashOf(session), se.Company, se.Person, now)
	switch {
	case errors.Is(err, models.ErrNotFound):
		return taken.OAuthState, ErrStateUnknown
	case err != nil:
		return taken.OAuthState, fmt.Errorf("take a state: %w", err)
	case taken.Before != nil:
		return taken.OAuthState, ErrStateUsed
	case !now.Before(taken.Expires):
		return taken.OAuthState, ErrStateOutdated
	}
	return taken.OAuthState, nil
}

// LockAccount waits until nobody else is connecting a provider's account, to the end of the transaction.
func (s *Store) LockAccount(ctx context.Context, source models.SourceName, account string) error {
	return s.do(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 20))`, string(source)+" "+account)
}

// AccountTaken tells whether another company is connected to an account in a mode: its sales would count in both (MONEY.md 3.1).
// Whose access was taken away hears nothing of it any more.
func (s *Store) AccountTaken(ctx context.Context, t models.Tenant, source models.SourceName, account string) (bool, error) {
	var taken bool
	err := s.get(ctx, &taken, `SELECT EXISTS (SELECT 1 FROM integrations WHERE company_id <> $1 AND mode = $2 AND source = $3 AND account = $4 AND revoked_at IS NULL)`,
		t.Company, t.Mode, source, account)
	return taken, err
}

// AccountPaysPartners tells whether a partner of anybody's is paid to an account, or was to be: what comes in there is never revenue (MONEY.md 0.10).
func (s *Store) AccountPaysPartners(ctx context.Context, account string) (bool, error) {
	var is bool
	err := s.get(ctx, &is, `SELECT EXISTS (SELECT 1 FROM partners WHERE stripe_account = $1) OR EXISTS (SELECT 1 FROM payout_accounts WHERE account = $1)`, account)
	return is, err
}

// OAuthUsed tells whether any connection but one, or any at all where none is named, is by OAuth to an account in a mode, as far as nobody took that away.
func (s *Store) OAuthUsed(ctx context.Context, but Connection, account string) (bool, error) {
	var used bool
	err := s.get(ctx, &used, `SELECT EXISTS (SELECT 1 FROM integrations WHERE source = $4 AND mode = $3 AND account = $5 AND oauth AND revoked_at IS NULL
		AND (company_id IS DISTINCT FROM $1 OR program_id IS DISTINCT FROM $2))`, but.Company, but.Program, but.Mode, but.Source, account)
	return used, err
}

// Routed lists who hears of what happened at a moment in an account in a mode, by OAuth: of each company the oldest program that
// is connected to it (D15). Whoever took the access away before that moment hears nothing.
func (s *Store) Routed(ctx context.Context, mode models.Mode, source models.SourceName, account string, at time.Time) ([]Connection, error) {
	var list []Connection
	err := s.list(ctx, &list, `SELECT company_id, mode, program_id, source FROM (
			SELECT DISTINCT ON (i.company_id) i.company_id, i.mode, i.program_id, i.source FROM integrations i
			JOIN programs p ON p.company_id = i.company_id AND p.id = i.program_id
			WHERE i.account = $3 AND i.mode = $1 AND i.source = $2 AND i.oauth AND (i.revoked_at IS NULL OR i.revoked_at >= $4)
			ORDER BY i.company_id, p.created_at, p.id) oldest
		ORDER BY company_id LIMIT 100`, mode, source, account, at)
	if err != nil {
		return nil, fmt.Errorf("find who is connected to %s: %w", account, err)
	}
	return list, nil
}

// Revoked is a connection that lost its access.
type Revoked struct {
	Connection
	Anew bool `db:"anew"` // it was not broken before
}

// Revoke breaks the connections by OAuth to an account in a mode, for the company took the access away at a moment. Those
// that were granted later stay as they are. It tells which it broke.
func (s *Store) Revoke(ctx context.Context, mode models.Mode, source models.SourceName, account string, at time.Time) ([]Revoked, error) {
	var list []Revoked
	err := s.list(ctx, &list, `WITH was AS (SELECT company_id, mode, program_id, source, status FROM integrations
			WHERE account = $3 AND mode = $1 AND source = $2 AND oauth AND date_trunc('second', granted_at) <= $4 FOR UPDATE),
		broken AS (UPDATE integrations i SET status = 'broken', revoked_at = least(i.revoked_at, $4) FROM was w
			WHERE i.company_id = w.company_id AND i.mode = w.mode AND i.program_id = w.program_id AND i.source = w.source
			RETURNING i.company_id, i.mode, i.program_id, i.source, w.status <> 'broken' AS anew)
		SELECT company_id, mode, program_id, source, anew FROM broken ORDER BY company_id, program_id LIMIT 1000`, mode, source, account, at)
	if err != nil {
		return nil, fmt.Errorf("break what is connected to %s: %w", account, err)
	}
	return list, nil
}

// SetRevoked keeps whether the company took a connection's access away, as Stripe said when it was asked.
func (s *Store) SetRevoked(ctx context.Context, c Connection, revoked bool, now time.Time) error {
	return s.do(ctx, `UPDATE integrations SET revoked_at = CASE WHEN $5 THEN coalesce(revoked_at, $6) END
		WHERE company_id = $1 AND mode = $2 AND program_id = $3 AND source = $4 AND oauth`, c.Company, c.Mode, c.Program, c.Source, revoked, now)
}

// PlatformEvent is an event of the platform's own Stripe, or of an account that is connected to it and is no company's here.
type PlatformEvent struct {
	ID               models.EventID
	ProviderID, Type string
	Account          string      // empty for the platform's own
	Mode             models.Mode // empty when it does not say
	Because          string      // why it is no company's; empty for the platform's own
	Body             []byte
}

// KeepAccountEvent keeps an event of a connected account with the platform's, once. It tells whether it was new.
func (s *Store) KeepAccountEvent(ctx context.Context, e PlatformEvent, now time.Time) (bool, error) {
	n, err := s.exec(ctx, `INSERT INTO platform_events (id, provider_event_id, type, body, received_at, account, mode, because)
		VALUES ($1, $2, $3, $4, $5, nullif($6, ''), nullif($7, ''), nullif($8, '')) ON CONFLICT (provider_event_id) DO NOTHING`,
		e.ID, e.ProviderID, e.Type, e.Body, now, e.Account, string(e.Mode), e.Because)
	return n == 1, err
}

// Unrouted counts the events of connected accounts since a moment that were nobody's revenue, by why.
func (s *Store) Unrouted(ctx context.Context, since time.Time) (map[string]int, error) {
	var rows []struct {
		Because string `db:"because"`
		N       int    `db:"n"`
	}
	err := s.list(ctx, &rows, `SELECT because, count(*) AS n FROM platform_events WHERE received_at >= $1 AND because IS NOT NULL GROUP BY because ORDER BY because LIMIT 100`, since)
	counts := map[string]int{}
	for _, r := range rows {
		counts[r.Because] = r.N
	}
	return counts, err
}
