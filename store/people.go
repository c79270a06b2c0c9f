package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"portal/models"
)

// AddPerson keeps somebody who may sign in. The address is unique in the installation.
func (s *Store) AddPerson(ctx context.Context, p models.Person, now time.Time) error {
	return s.do(ctx, `INSERT INTO people (id, email, name, password_hash, created_at) VALUES ($1, $2, $3, $4, $5)`,
		p.ID, models.NormalEmail(p.Email), p.Name, p.Password, now)
}

// PersonByEmail finds who signs in with an address.
func (s *Store) PersonByEmail(ctx context.Context, email string) (models.Person, error) {
	var p models.Person
	err := s.get(ctx, &p, `SELECT id, email, name, password_hash FROM people WHERE email = $1`, models.NormalEmail(email))
	return p, err
}

// Place is somewhere a person may enter: a company in a role, or a partner of one.
type Place struct {
	Company     models.CompanyID  `db:"company_id"`
	CompanyName string            `db:"company_name"`
	Mode        string            `db:"mode"` // test, live, both
	Role        models.Role       `db:"role"`
	Partner     *models.PartnerID `db:"partner_id"`
}

// AddPlace lets a person in. A partner's person belongs to one mode; a company's people see both.
func (s *Store) AddPlace(ctx context.Context, person models.PersonID, p Place, now time.Time) error {
	return s.do(ctx, `INSERT INTO places (person_id, company_id, mode, role, partner_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		person, p.Company, p.Mode, p.Role, p.Partner, now)
}

// PlacesOf lists where a person may enter, company roles first.
func (s *Store) PlacesOf(ctx context.Context, person models.PersonID) ([]Place, error) {
	var list []Place
	err := s.list(ctx, &list, `SELECT p.company_id, c.name AS company_name, p.mode, p.role, p.partner_id
		FROM places p JOIN companies c ON c.id = p.company_id
		WHERE p.person_id = $1 ORDER BY p.partner_id IS NOT NULL, p.created_at LIMIT 50`, person)
	return list, err
}

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// OpenSession keeps a signed-in browser under the hash of its token.
func (s *Store) OpenSession(ctx context.Context, token string, se models.Session, device string, now time.Time) error {
	return s.do(ctx, `INSERT INTO sessions (hash, person_id, company_id, partner_id, mode, device, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, hashOf(token), se.Person, se.Company, se.Partner, se.Mode, device, now, se.ExpiresAt)
}

// Session finds the session of a token, with the role as it is now: a role taken away ends here. None is ErrSignedOut.
func (s *Store) Session(ctx context.Context, token string, now time.Time) (models.Session, error) {
	var se models.Session
	err := s.get(ctx, &se, `SELECT s.person_id, p.name, p.email, s.company_id, pl.role, s.partner_id, s.mode, s.expires_at
		FROM sessions s JOIN people p ON p.id = s.person_id
		JOIN places pl ON pl.person_id = s.person_id AND pl.company_id = s.company_id AND pl.partner_id IS NOT DISTINCT FROM s.partner_id
		WHERE s.hash = $1 AND s.expires_at > $2`, hashOf(token), now)
	if err != nil {
		return se, fmt.Errorf("%w: %w", models.ErrSignedOut, err)
	}
	return se, nil
}

// SetSessionMode turns a company person's view to the other side.
func (s *Store) SetSessionMode(ctx context.Context, token string, mode models.Mode) error {
	return s.do(ctx, `UPDATE sessions SET mode = $2 WHERE hash = $1 AND partner_id IS NULL`, hashOf(token), mode)
}

// CloseSession signs a browser out.
func (s *Store) CloseSession(ctx context.Context, token string) error {
	return s.do(ctx, `DELETE FROM sessions WHERE hash = $1`, hashOf(token))
}

// SignInTries counts the failed tries of an address or a machine since a moment.
func (s *Store) SignInTries(ctx context.Context, who string, since time.Time) (int, error) {
	var n int
	err := s.get(ctx, &n, `SELECT count(*) FROM sign_in_tries WHERE who = $1 AND at > $2`, who, since)
	return n, err
}

// AddSignInTry counts a failed try, and forgets those older than a day.
func (s *Store) AddSignInTry(ctx context.Context, who string, now time.Time) error {
	if err := s.do(ctx, `DELETE FROM sign_in_tries WHERE who = $1 AND at < $2`, who, now.Add(-24*time.Hour)); err != nil {
		return err
	}
	return s.do(ctx, `INSERT INTO sign_in_tries (who, at) VALUES ($1, $2)`, who, now)
}

// AddAPIKey keeps the hash of a key for one program and mode.
func (s *Store) AddAPIKey(ctx context.Context, key string, c models.Caller, now time.Time) error {
	return s.do(ctx, `INSERT INTO api_keys (hash, company_id, program_id, mode, name, last4, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		hashOf(key), c.Company, c.Program, c.Mode, c.KeyName, key[len(key)-4:], now)
}

// Caller finds who holds an API key. None is ErrSignedOut.
func (s *Store) Caller(ctx context.Context, key string) (models.Caller, error) {
	var c models.Caller
	err := s.get(ctx, &c, `SELECT company_id, mode, program_id, name || ' …' || last4 AS name FROM api_keys WHERE hash = $1`, hashOf(key))
	if err != nil {
		return c, fmt.Errorf("%w: %w", models.ErrSignedOut, err)
	}
	return c, nil
}
