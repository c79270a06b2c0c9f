package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"portal/models"
)

// onTape is a statement that writes rows of what people set, and puts each as it is then on the tape. The moment is $1.
func onTape(kind, statement string) string {
	return `WITH kept AS (` + statement + ` RETURNING *)
		INSERT INTO actions (company_id, mode, kind, at, body) SELECT company_id, to_jsonb(kept)->>'mode', '` + kind + `', $1::timestamptz, to_jsonb(kept) FROM kept`
}

// Record puts on the tape what a person or the API did to customers and payments: `portal replay` does it again.
func (s *Store) Record(ctx context.Context, t models.Tenant, kind string, at time.Time, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("record %s: %w", kind, err)
	}
	return s.apart().do(ctx, `INSERT INTO actions (company_id, mode, kind, at, body) VALUES ($1, $2, $3, $4, $5)`, t.Company, t.Mode, kind, at, string(text))
}
