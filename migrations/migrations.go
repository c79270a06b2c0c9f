// Package migrations holds the schema as SQL that only goes forward. It knows nothing else.
package migrations

import (
	"embed"
	"fmt"
	"io/fs"
)

// FS holds the goose files.
//
//go:embed *.sql
var FS embed.FS

// Newest is the number of the last migration.
func Newest() (int64, error) {
	names, err := fs.Glob(FS, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("list the migrations: %w", err)
	}
	var version int64
	_, err = fmt.Sscanf(names[len(names)-1], "%d_", &version)
	return version, err
}
