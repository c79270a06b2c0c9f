package store

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"time"

	"portal/models"
)

// Page says which part of a list is wanted. Lists are walked by key, never by counting.
type Page struct {
	Limit  int
	Desc   bool
	Cursor string // as Next gave it; empty for the first page
}

const (
	lowestID  = "00000000-0000-0000-0000-000000000000"
	highestID = "ffffffff-ffff-ffff-ffff-ffffffffffff"
)

var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// ID is where the page begins, for a list in the order of ids.
func (p Page) ID() string {
	_, id := p.place()
	return id
}

// At is where the page begins, for a list in the order of a time and then of ids.
func (p Page) At() time.Time {
	at, _ := p.place()
	return at
}

func (p Page) place() (time.Time, string) {
	raw, _ := base64.RawURLEncoding.DecodeString(p.Cursor)
	stamp, id, _ := strings.Cut(string(raw), "|")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	switch {
	case err == nil && len(id) == 36:
		return at, id
	case p.Desc:
		return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), highestID
	}
	return time.Time{}, lowestID
}

// after is the condition and order of a list by id; n is the number of the placeholder.
func (p Page) after(column string, n int) string {
	if p.Desc {
		return fmt.Sprintf("%s < $%d ORDER BY %s DESC", column, n, column)
	}
	return fmt.Sprintf("%s > $%d ORDER BY %s", column, n, column)
}

// afterTime is the condition and order of a list by time and id; n and n+1 are the placeholders of At and ID.
func (p Page) afterTime(at, id string, n int) string {
	if p.Desc {
		return fmt.Sprintf("(%s, %s) < ($%d, $%d) ORDER BY %s DESC, %s DESC", at, id, n, n+1, at, id)
	}
	return fmt.Sprintf("(%s, %s) > ($%d, $%d) ORDER BY %s, %s", at, id, n, n+1, at, id)
}

// CheckCursor refuses a cursor that no answer of ours gave.
func (p Page) CheckCursor() error {
	raw, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	stamp, id, _ := strings.Cut(string(raw), "|")
	at, timeErr := time.Parse(time.RFC3339Nano, stamp)
	if p.Cursor != "" && (err != nil || timeErr != nil || at.Year() < 1 || !uuid.MatchString(id)) {
		return models.Invalid("cursor", "is not a cursor of this list; leave it out to start at the beginning")
	}
	return nil
}

// Next cuts the row that was read beyond the page, and gives the cursor to go on with, or "" at the end.
// Key gives a row's time and id; a list by id alone gives the zero time.
func Next[T any](rows []T, limit int, key func(T) (time.Time, fmt.Stringer)) ([]T, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	rows = rows[:limit]
	at, id := key(rows[limit-1])
	plain := id.String()
	plain = plain[strings.IndexByte(plain, '_')+1:]
	uuid := plain[:8] + "-" + plain[8:12] + "-" + plain[12:16] + "-" + plain[16:20] + "-" + plain[20:]
	return rows, base64.RawURLEncoding.EncodeToString([]byte(at.UTC().Format(time.RFC3339Nano) + "|" + uuid))
}
