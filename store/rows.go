package store

import (
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"portal/models"
)

// field is one column of a statement that takes many rows: its name, its type, and its value of a row.
type field[R any] struct {
	name, kind string
	of         func(R) any
}

// manyRows makes a statement that takes many rows of a tenant, $1 and $2. In it {names} stands for the columns, {values} for
// their values, and {rows} for the rows to select them from.
func manyRows[R any](t models.Tenant, statement string, fields []field[R], rows []R) (string, []any, error) {
	var names, values, arrays []string
	args := []any{t.Company, t.Mode}
	for _, f := range fields {
		value, kind := "r."+f.name, f.kind
		if strings.HasSuffix(kind, "[]") { // arrays of one array are no rows
			value, kind = value+"::"+kind, "text"
		}
		array, err := arrayOf(rows, f.of)
		if err != nil {
			return "", nil, fmt.Errorf("write %s: %w", f.name, err)
		}
		args = append(args, array)
		names, values, arrays = append(names, f.name), append(values, value), append(arrays, fmt.Sprintf("$%d::%s[]", len(args), kind))
	}
	columns := strings.Join(names, ", ")
	return strings.NewReplacer("{names}", columns, "{values}", strings.Join(values, ", "),
		"{rows}", "unnest("+strings.Join(arrays, ", ")+") AS r ("+columns+")").Replace(statement), args, nil
}

// arrayOf writes one value of each row as PostgreSQL writes an array.
func arrayOf[R any](rows []R, of func(R) any) (string, error) {
	text := make([]byte, 0, 16*len(rows))
	for i, r := range rows {
		text = append(text, "{,"[min(i, 1)])
		value := of(r)
		if valuer, ok := value.(driver.Valuer); ok {
			var err error
			if value, err = valuer.Value(); err != nil {
				return "", err
			}
		}
		text = appendElement(text, value)
	}
	return string(append(text, '}')), nil
}

func appendElement(text []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(text, "NULL"...)
	case *string:
		if v == nil {
			return append(text, "NULL"...)
		}
		return appendQuoted(text, *v)
	case *time.Time:
		if v == nil {
			return append(text, "NULL"...)
		}
		return v.AppendFormat(text, `"`+time.RFC3339Nano+`"`)
	case time.Time:
		return v.AppendFormat(text, `"`+time.RFC3339Nano+`"`)
	case int:
		return strconv.AppendInt(text, int64(v), 10)
	case int64:
		return strconv.AppendInt(text, v, 10)
	case bool:
		return strconv.AppendBool(text, v)
	case string:
		return appendQuoted(text, v)
	case []byte:
		return append(hex.AppendEncode(append(text, `"\\x`...), v), '"')
	}
	return appendQuoted(text, fmt.Sprint(value)) // the named texts of models
}

// appendQuoted writes a text as an element of an array.
func appendQuoted(text []byte, s string) []byte {
	text = append(text, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			text = append(text, '\\')
		}
		text = append(text, s[i])
	}
	return append(text, '"')
}
