package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/models"
)

// Answer is what an API call with an Idempotency-Key was answered first. Status is nil while it is under way.
type Answer struct {
	Request []byte `db:"request"` // a digest of the call
	Status  *int   `db:"status"`
	Body    []byte `db:"answer"`
}

// How long an answer is repeated, and after which time a call without an answer is taken to have died.
const (
	answerLife = 24 * time.Hour
	callLife   = time.Minute
)

// ClaimAnswer takes an Idempotency-Key for a call and gives nil, or gives the call that has the key. A key whose call
// died without an answer goes to the same call again.
func (s *Store) ClaimAnswer(ctx context.Context, c models.Caller, key string, request []byte, now time.Time) (*Answer, error) {
	claimed, err := s.exec(ctx, `INSERT INTO api_answers (company_id, program_id, mode, key, request, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (company_id, program_id, mode, key) DO UPDATE SET request = excluded.request, status = NULL, answer = NULL, at = excluded.at
		WHERE api_answers.at <= $7 OR api_answers.status IS NULL AND api_answers.at <= $8 AND api_answers.request = excluded.request`,
		c.Company, c.Program, c.Mode, key, request, now, now.Add(-answerLife), now.Add(-callLife))
	if err != nil || claimed == 1 {
		return nil, err
	}
	var kept Answer
	err = s.get(ctx, &kept, `SELECT request, status, answer FROM api_answers WHERE company_id = $1 AND program_id = $2 AND mode = $3 AND key = $4`,
		c.Company, c.Program, c.Mode, key)
	if errors.Is(err, models.ErrNotFound) { // dropped this moment: the call that had it has failed
		return &Answer{Request: request}, nil
	} else if err != nil {
		return nil, fmt.Errorf("load the answer under an idempotency key: %w", err)
	}
	return &kept, nil
}

// SaveAnswer keeps what a call was answered.
func (s *Store) SaveAnswer(ctx context.Context, c models.Caller, key string, request []byte, status int, body []byte) error {
	return s.do(ctx, `UPDATE api_answers SET status = $6, answer = $7
		WHERE company_id = $1 AND program_id = $2 AND mode = $3 AND key = $4 AND request = $5 AND status IS NULL`,
		c.Company, c.Program, c.Mode, key, request, status, body)
}

// DropAnswer gives a key free whose call failed for a fault of ours.
func (s *Store) DropAnswer(ctx context.Context, c models.Caller, key string, request []byte) error {
	return s.do(ctx, `DELETE FROM api_answers WHERE company_id = $1 AND program_id = $2 AND mode = $3 AND key = $4 AND request = $5 AND status IS NULL`,
		c.Company, c.Program, c.Mode, key, request)
}

// Tidy drops what nobody may use any more: answers that are not repeated, sessions that have ended, old sign-in tries,
// former webhook secrets whose day is over.
func (s *Store) Tidy(ctx context.Context, now time.Time) error {
	return errors.Join(
		s.do(ctx, `DELETE FROM api_answers WHERE at <= $1`, now.Add(-answerLife)),
		s.do(ctx, `UPDATE integrations SET former_webhook_secret = NULL, former_until = NULL WHERE former_until <= $1`, now),
		s.do(ctx, `DELETE FROM sessions WHERE expires_at <= $1`, now),
		s.do(ctx, `DELETE FROM mails WHERE state NOT IN ('queued', 'sending') AND queued_at <= $1`, now.Add(-mailLife)),
		s.do(ctx, `DELETE FROM sign_in_tries WHERE at <= $1`, now.Add(-24*time.Hour)))
}
