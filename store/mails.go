package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lib/pq"
	"github.com/riverqueue/river"

	"portal/models"
)

// mailTries is how often a mail is tried: with the pauses between, for half a day.
const mailTries = 20

// mailLife is how long a mail that has ended is kept.
const mailLife = 90 * 24 * time.Hour

// MailQueue is where mails wait: a mail server that hangs holds nothing else up.
const MailQueue = "mail"

// mailLocked binds what a mail tells to its row.
func mailLocked(company models.CompanyID, id models.MailID) string {
	return fmt.Sprintf("mails.facts %s %s", company, id)
}

// QueueMail keeps a message to each of some people and promises to send it, in the transaction that causes it. Who does not want
// mails of its topic gets none, and whoever may stop them gets the link to do it.
func (s *Store) QueueMail(ctx context.Context, t models.Tenant, message models.Message, to []models.Person, now time.Time) error {
	to, err := s.wantedBy(ctx, t.Company, message.Topic(), to)
	if err != nil {
		return err
	}
	for _, p := range to {
		id := models.NewID[models.MailID](now)
		facts, err := s.factsFor(t.Company, message, p)
		if err != nil {
			return fmt.Errorf("keep mail %s: %w", message.Kind, err)
		}
		if err := s.do(ctx, `INSERT INTO mails (company_id, id, mode, kind, recipient, name, facts, state, queued_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $8)`,
			t.Company, id, t.Mode, message.Kind, p.Email, p.Name, s.keys.seal(string(facts), mailLocked(t.Company, id)), now); err != nil {
			return fmt.Errorf("keep mail %s: %w", message.Kind, err)
		}
		if err := s.Enqueue(ctx, models.SendMail{Company: t.Company, Mail: id}, &river.InsertOpts{MaxAttempts: mailTries, Queue: MailQueue}); err != nil {
			return err
		}
	}
	return nil
}

// wantedBy are those, each address once, who want the mails of a topic.
func (s *Store) wantedBy(ctx context.Context, company models.CompanyID, topic models.MailTopic, to []models.Person) ([]models.Person, error) {
	var wanted []models.Person
	seen := map[string]bool{}
	for _, p := range to {
		address := models.NormalEmail(p.Email)
		if seen[address] {
			continue
		}
		seen[address] = true
		if topic != models.Essential {
			refused, err := s.RefusedMails(ctx, company, address)
			if err != nil {
				return nil, err
			}
			if slices.Contains(refused, topic) {
				continue
			}
		}
		wanted = append(wanted, p)
	}
	return wanted, nil
}

// factsFor are a message's facts as one person is told them.
func (s *Store) factsFor(company models.CompanyID, message models.Message, p models.Person) ([]byte, error) {
	facts := maps.Clone(message.Facts)
	if topic := message.Topic(); topic != models.Essential {
		token, err := s.stopToken(Stop{Company: company, Email: models.NormalEmail(p.Email), Topic: topic})
		if err != nil {
			return nil, err
		}
		facts["stop"] = token
	}
	return json.Marshal(facts)
}

// QueueNotice tells a company's owners and admins something about one of its connections.
func (s *Store) QueueNotice(ctx context.Context, c Connection, message func(models.Company, models.Program, models.Mode) models.Message, now time.Time) error {
	company, err := s.Company(ctx, c.Company)
	if err != nil {
		return err
	}
	program, err := s.Program(ctx, c.Company, c.Program)
	if err != nil {
		return err
	}
	to, err := s.PeopleOf(ctx, c.Company, models.Owner, models.Admin)
	if err != nil {
		return err
	}
	return s.QueueMail(ctx, c.Tenant, message(company, program, c.Mode), to, now)
}

const mailColumns = `company_id, mode, id, kind, recipient, name, facts, state, tries, because, queued_at, claimed_at, sent_at`

type mailRow struct {
	models.Mail
	Kind  string `db:"kind"`
	Facts []byte `db:"facts"`
}

func (s *Store) mailOf(r mailRow) (models.Mail, error) {
	r.Message.Kind = r.Kind
	facts, err := s.keys.open(r.Facts, mailLocked(r.Company, r.ID))
	if err == nil {
		err = json.Unmarshal([]byte(facts), &r.Message.Facts)
	}
	if err != nil {
		return r.Mail, fmt.Errorf("load mail %s: %w", r.ID, err)
	}
	return r.Mail, nil
}

// Mail loads one by id.
func (s *Store) Mail(ctx context.Context, company models.CompanyID, id models.MailID) (models.Mail, error) {
	var r mailRow
	if err := s.get(ctx, &r, `SELECT `+mailColumns+` FROM mails WHERE company_id = $1 AND id = $2`, company, id); err != nil {
		return models.Mail{}, fmt.Errorf("load mail %s: %w", id, err)
	}
	return s.mailOf(r)
}

// NewestMails lists the newest mails of the whole installation, the newest first.
func (s *Store) NewestMails(ctx context.Context, limit int) ([]models.Mail, error) {
	var rows []mailRow
	if err := s.list(ctx, &rows, `SELECT `+mailColumns+` FROM mails ORDER BY queued_at DESC, id DESC LIMIT $1`, limit); err != nil {
		return nil, fmt.Errorf("list mails: %w", err)
	}
	var list []models.Mail
	for _, r := range rows {
		m, err := s.mailOf(r)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// ClaimMail takes a mail in hand that waits. It tells whether it is ours now: of several who try, it is one's.
func (s *Store) ClaimMail(ctx context.Context, m models.Mail, now time.Time) (bool, error) {
	n, err := s.exec(ctx, `UPDATE mails SET state = 'sending', claimed_at = $3 WHERE company_id = $1 AND id = $2 AND state = 'queued'`, m.Company, m.ID, now)
	if err != nil {
		return false, fmt.Errorf("claim mail %s: %w", m.ID, err)
	}
	return n == 1, nil
}

// SaveMail keeps how a try to send a mail ended, and why; empty for nothing to say. What has ended stays as it is.
func (s *Store) SaveMail(ctx context.Context, m models.Mail, state models.MailState, because string, now time.Time) error {
	if err := s.do(ctx, `UPDATE mails SET state = $3, because = nullif($4, ''), tries = tries + 1, sent_at = CASE WHEN $3 = 'sent' THEN $5::timestamptz END
		WHERE company_id = $1 AND id = $2 AND state IN ('queued', 'sending')`, m.Company, m.ID, state, because, now); err != nil {
		return fmt.Errorf("keep how mail %s ended: %w", m.ID, err)
	}
	return nil
}

// Undelivered is how many mails to a company's people were not sent, to whom the newest of them was, and why.
type Undelivered struct {
	Mails   int    `db:"mails"`
	To      string `db:"recipient"`
	Because string `db:"because"`
}

// UndeliveredMails counts the mails of one side of a company that failed since a moment.
func (s *Store) UndeliveredMails(ctx context.Context, t models.Tenant, since time.Time) (Undelivered, error) {
	var u Undelivered
	err := s.get(ctx, &u, `SELECT count(*) AS mails, coalesce((array_agg(recipient ORDER BY queued_at DESC, id DESC))[1], '') AS recipient,
		coalesce((array_agg(because ORDER BY queued_at DESC, id DESC))[1], '') AS because
		FROM mails WHERE company_id = $1 AND mode = $2 AND state = 'failed' AND queued_at >= $3`, t.Company, t.Mode, since)
	return u, err
}

// PeopleOf lists a company's people in some roles.
func (s *Store) PeopleOf(ctx context.Context, company models.CompanyID, roles ...models.Role) ([]models.Person, error) {
	var list []models.Person
	var names []string
	for _, r := range roles {
		names = append(names, string(r))
	}
	if err := s.list(ctx, &list, `SELECT p.id, p.email, p.name FROM places pl JOIN people p ON p.id = pl.person_id
		WHERE pl.company_id = $1 AND pl.partner_id IS NULL AND pl.role = ANY($2) ORDER BY p.id LIMIT 200`, company, pq.Array(names)); err != nil {
		return nil, fmt.Errorf("list the people of %s: %w", company, err)
	}
	return list, nil
}
