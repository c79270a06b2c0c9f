package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"portal/models"
)

// Stop is which mails somebody asks not to get any more.
type Stop struct {
	Company models.CompanyID `json:"c"`
	Email   string           `json:"e"`
	Topic   models.MailTopic `json:"t"`
}

// stopLocked binds the tokens of links that stop mails: nothing else that is sealed opens as one.
const stopLocked = "the link that stops mails"

// stopToken is what a link carries by which mails are stopped without signing in. It shows nobody whose it is, and none can be made up.
func (s *Store) stopToken(stop Stop) (string, error) {
	text, err := json.Marshal(stop)
	return base64.RawURLEncoding.EncodeToString(s.keys.seal(string(text), stopLocked)), err
}

// ReadStop opens a token. One that is not ours is ErrNotFound.
func (s *Store) ReadStop(token string) (Stop, error) {
	var stop Stop
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(sealed) == 0 {
		return stop, fmt.Errorf("read a link that stops mails: %w", models.ErrNotFound)
	}
	text, err := s.keys.open(sealed, stopLocked)
	if err == nil {
		err = json.Unmarshal([]byte(text), &stop)
	}
	if err != nil {
		return stop, fmt.Errorf("read a link that stops mails: %w: %w", models.ErrNotFound, err)
	}
	return stop, nil
}

// RefuseMails keeps that an address does not want the mails of a topic from a company.
func (s *Store) RefuseMails(ctx context.Context, stop Stop, now time.Time) error {
	return s.do(ctx, `INSERT INTO mail_refusals (company_id, email, topic, refused_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		stop.Company, models.NormalEmail(stop.Email), stop.Topic, now)
}

// AllowMails keeps that an address wants them again.
func (s *Store) AllowMails(ctx context.Context, stop Stop) error {
	return s.do(ctx, `DELETE FROM mail_refusals WHERE company_id = $1 AND email = $2 AND topic = $3`, stop.Company, models.NormalEmail(stop.Email), stop.Topic)
}

// RefusedMails lists the topics that an address does not want from a company.
func (s *Store) RefusedMails(ctx context.Context, company models.CompanyID, email string) ([]models.MailTopic, error) {
	var list []models.MailTopic
	err := s.list(ctx, &list, `SELECT topic FROM mail_refusals WHERE company_id = $1 AND email = $2 ORDER BY topic LIMIT 50`, company, models.NormalEmail(email))
	if err != nil {
		return nil, fmt.Errorf("list the mails that are not wanted: %w", err)
	}
	return list, nil
}

// PartnerReaders lists who gets a partner's mail: those who sign in for them, else the partner's own address. None has neither.
func (s *Store) PartnerReaders(ctx context.Context, t models.Tenant, partner models.PartnerID) ([]models.Person, error) {
	list, err := s.PeopleOfPartner(ctx, t, partner)
	if err != nil || len(list) > 0 {
		return list, err
	}
	p, err := s.Partner(ctx, t, partner)
	if err != nil || p.Email == nil || *p.Email == "" {
		return nil, err
	}
	return []models.Person{{Email: *p.Email, Name: p.Name}}, nil
}

// Remind tells whether something is to be said now: it was not said before, or not for as long as again. It is then noted as said.
func (s *Store) Remind(ctx context.Context, t models.Tenant, about string, again time.Duration, now time.Time) (bool, error) {
	n, err := s.exec(ctx, `INSERT INTO reminders (company_id, mode, about, said_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (company_id, mode, about) DO UPDATE SET said_at = excluded.said_at WHERE reminders.said_at <= $5`, t.Company, t.Mode, about, now, now.Add(-again))
	if err != nil {
		return false, fmt.Errorf("note %s as said: %w", about, err)
	}
	return n == 1, nil
}

// Unreachable is a partner to whom money is due and who has given no way to be paid.
type Unreachable struct {
	models.Tenant
	Partner models.PartnerID `db:"id"`
	Begun   bool             `db:"begun"` // there is a Stripe account that cannot be paid yet
	Due     []models.Money   `db:"-"`
}

// Unreachables lists the partners of every company to whom money is due, on an invoice or not, and who have neither a Stripe account
// that can be paid nor bank details.
func (s *Store) Unreachables(ctx context.Context) ([]Unreachable, error) {
	var list []Unreachable
	err := s.list(ctx, &list, `SELECT p.company_id, p.mode, p.id, p.stripe_account IS NOT NULL AS begun FROM partners p
		LEFT JOIN payout_accounts a ON a.company_id = p.company_id AND a.mode = p.mode AND a.partner_id = p.id AND a.left_at IS NULL
		WHERE (p.stripe_account IS NULL OR a.read_at IS NOT NULL AND (a.gone OR a.transfers <> 'active' OR NOT a.payouts_enabled)) AND p.status IN ('active', 'paused')
			AND NOT EXISTS (SELECT FROM bank_details b WHERE b.company_id = p.company_id AND b.mode = p.mode AND b.partner_id = p.id)
			AND (EXISTS (SELECT FROM balances b WHERE b.company_id = p.company_id AND b.mode = p.mode AND b.account = 'due/ptr_' || replace(p.id::text, '-', '') AND b.minor > 0)
				OR EXISTS (SELECT FROM invoices i WHERE i.company_id = p.company_id AND i.mode = p.mode AND i.partner_id = p.id AND i.status IN ('review', 'approved', 'failed')))
		ORDER BY p.company_id, p.mode, p.id LIMIT 100000`)
	if err != nil {
		return nil, fmt.Errorf("list the partners who cannot be paid: %w", err)
	}
	for n, u := range list {
		balances, err := s.BalancesOf(ctx, u.Tenant, u.Partner)
		if err != nil {
			return nil, err
		}
		for _, b := range balances {
			if owed := b.Due.Minor + b.Invoiced.Minor; owed > 0 {
				list[n].Due = append(list[n].Due, models.Money{Minor: owed, Currency: b.Currency})
			}
		}
	}
	return list, nil
}
