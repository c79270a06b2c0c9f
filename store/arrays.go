package store

import (
	"database/sql/driver"

	"github.com/lib/pq"
)

// column is one value of each row as an array, for a statement that takes many rows at once.
func column[R, V any](rows []R, of func(R) V) any {
	list := make([]V, 0, len(rows))
	for _, r := range rows {
		list = append(list, of(r))
	}
	return pq.Array(list)
}

// uuids are ids as an array of uuids takes them.
func uuids[T driver.Valuer](ids []T) []string {
	list := []string{} // an empty array, not NULL
	for _, id := range ids {
		list = append(list, uuidOf(id))
	}
	return list
}

// uuidOf is an id as the database writes it.
func uuidOf(id driver.Valuer) string {
	value, _ := id.Value() // an id's cannot fail
	text, _ := value.(string)
	return text
}
