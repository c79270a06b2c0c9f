package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// onTape is a statement that writes rows of what people set, and puts each as it is then on the tape. The moment is $1.
func onTape(kind, statement string) string {
	return `WITH kept AS (` + statement + ` RETURNING *)
		INSERT INTO actions (company_id, mode, kind, at, body) SELECT company_id, to_jsonb(kept)->>'mode', '` + kind + `', $1::timestamptz, to_jsonb(kept) FROM kept`
}

// setRows are the tables whose rows stand on the tape as they are, by the kind of their actions, and what names a row.
var setRows = map[string]struct{ table, key string }{
	"program": {"programs", "company_id, id"},
	"partner": {"partners", "company_id, mode, id"},
	"rules":   {"rule_sets", "company_id, program_id, mode, version"},
	"code":    {"codes", "company_id, mode, id"},
	"click":   {"clicks", "company_id, mode, id"},
	"rate":    {"own_rates", "company_id, from_currency, to_currency, day"},
}

// Record puts on the tape what a person or the API did to customers and payments: `portal replay` does it again.
func (s *Store) Record(ctx context.Context, t models.Tenant, kind string, at time.Time, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("record %s: %w", kind, err)
	}
	return s.aside(ctx, func(s *Store) error {
		return s.do(ctx, `INSERT INTO actions (company_id, mode, kind, at, body) VALUES ($1, $2, $3, $4, $5)`, t.Company, t.Mode, kind, at, string(text))
	})
}

// Taped is one turn of the tape: an event that was carried, or an action.
type Taped struct {
	Turn   int64
	At     time.Time
	Tenant models.Tenant // without a mode when it holds for both
	Kind   string        // "event", or the action's; "again" is an event carried once more
	Body   []byte        // the action's
	Event  models.Event
	Later  bool // the event was carried again later, with more answered
}

// Tape reads a company's turns after one, in order.
func (s *Store) Tape(ctx context.Context, company models.CompanyID, after int64, limit int) ([]Taped, error) {
	var rows []struct {
		Turn   int64            `db:"turn"`
		At     time.Time        `db:"at"`
		Mode   *models.Mode     `db:"mode"`
		Kind   string           `db:"kind"`
		Body   []byte           `db:"body"`
		ID     *models.EventID  `db:"id"`
		Via    models.ProgramID `db:"program_id"`
		Source string           `db:"source"`
		Called string           `db:"provider_event_id"`
		Type   string           `db:"type"`
		Came   *time.Time       `db:"received_at"`
		Answer []byte           `db:"answer"`
		Said   []byte           `db:"said"`
		Later  bool             `db:"later"`
	}
	err := s.list(ctx, &rows, `SELECT turn, at, mode, kind, body, id, program_id, source, provider_event_id, type, received_at, answer, said, later FROM (
			(SELECT turn, carried_at AS at, mode, 'event' AS kind, body, id, program_id, source, provider_event_id, type, received_at, answer, NULL::bytea AS said,
				EXISTS (SELECT 1 FROM actions a WHERE a.company_id = $1 AND a.kind = 'again' AND a.body->>'event' = e.id::text) AS later
				FROM events e WHERE company_id = $1 AND turn > $2 ORDER BY turn LIMIT $3)
			UNION ALL (SELECT turn, at, mode, kind, convert_to(body::text, 'UTF8'), NULL, NULL, '', '', '', NULL, NULL, convert_to(body::text, 'UTF8'), false
				FROM actions WHERE company_id = $1 AND turn > $2 AND kind <> 'again' ORDER BY turn LIMIT $3)
			UNION ALL (SELECT a.turn, a.at, a.mode, 'again', e.body, e.id, e.program_id, e.source, e.provider_event_id, e.type, e.received_at, e.answer, convert_to(a.body::text, 'UTF8'), true
				FROM actions a JOIN events e ON e.company_id = a.company_id AND e.bucket = CASE a.mode WHEN 'live' THEN 0 ELSE 1 END AND e.id = (a.body->>'event')::uuid
				WHERE a.company_id = $1 AND a.turn > $2 AND a.kind = 'again' ORDER BY a.turn LIMIT $3)) tape
		ORDER BY turn LIMIT $3`, company, after, limit)
	var list []Taped
	for _, r := range rows {
		t := Taped{Turn: r.Turn, At: r.At, Tenant: models.Tenant{Company: company}, Kind: r.Kind, Body: r.Said, Later: r.Later}
		if r.Mode != nil {
			t.Tenant.Mode = *r.Mode
		}
		if r.ID != nil {
			t.Event = models.Event{Tenant: t.Tenant, ID: *r.ID, Bucket: t.Tenant.Bucket(), Program: r.Via, Source: models.SourceName(r.Source),
				ProviderID: r.Called, Type: r.Type, Body: r.Body, ReceivedAt: *r.Came, Answer: r.Answer}
		}
		list = append(list, t)
	}
	return list, err
}

// SetRow puts a row of what people set as it stands on the tape. It tells whether there was none by that name before;
// a kind whose rows are not on the tape is an ErrInvalid.
func (s *Store) SetRow(ctx context.Context, kind string, body []byte) (bool, error) {
	row, ok := setRows[kind]
	if !ok {
		return false, fmt.Errorf("set a row of kind %q: %w", kind, models.ErrInvalid)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return false, fmt.Errorf("read a row of kind %s: %w", kind, err)
	}
	var columns, sets []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		column := pq.QuoteIdentifier(name)
		columns, sets = append(columns, column), append(sets, column+" = excluded."+column)
	}
	all := strings.Join(columns, ", ")
	var isNew bool
	err := s.get(ctx, &isNew, `INSERT INTO `+row.table+` (`+all+`) SELECT `+all+` FROM jsonb_populate_record(NULL::`+row.table+`, $1)
		ON CONFLICT (`+row.key+`) DO UPDATE SET `+strings.Join(sets, ", ")+` RETURNING xmax = 0`, string(body))
	if err != nil {
		return false, fmt.Errorf("set a row of kind %s: %w", kind, err)
	}
	return isNew, nil
}
