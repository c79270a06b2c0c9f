package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
)

// asJSON keeps a value in a jsonb column.
type asJSON[T any] struct{ V T }

// Value writes the value as JSON text.
func (j asJSON[T]) Value() (driver.Value, error) {
	b, err := json.Marshal(j.V)
	return string(b), err
}

// Scan reads what Value wrote.
func (j *asJSON[T]) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		return nil
	case []byte:
		return json.Unmarshal(v, &j.V)
	case string:
		return json.Unmarshal([]byte(v), &j.V)
	}
	return fmt.Errorf("scan JSON from %T", src)
}
