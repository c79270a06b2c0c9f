package store

import (
	"context"
	"maps"
	"slices"
)

// MemoryWrites are the columns of each table that memory writes, and those that it leaves alone on purpose.
func MemoryWrites() map[string][]string {
	return map[string][]string{
		"customers":          names(customerFields),
		"payments":           append(names(paymentFields), "merged_into", "chosen_partner", "chosen_reason", "chosen_by", "chosen_at"),
		"payment_aliases":    names(aliasFields),
		"tellings":           names(tellingFields),
		"reversals":          names(reversalFields),
		"links":              names(linkFields),
		"commissions":        names(commissionFields),
		"facts":              names(factFields),
		"commission_entries": names(entryFields),
		"transfers":          names(transferFields),
		"balances":           {"company_id", "mode", "account", "currency", "minor"},
		"events": append(slices.DeleteFunc(names(endedFields), func(name string) bool { return name == "turns" }), "turn", "tries", // and what Accept and KeepAnswer write
			"bucket", "program_id", "source", "provider_event_id", "type", "body", "received_at", "answer", "stray"),
	}
}

func names[R any](fields []field[R]) []string {
	list := []string{"company_id", "mode"}
	for _, f := range fields {
		list = append(list, f.name)
	}
	return slices.Clip(list)
}

// ArrayOf writes texts as PostgreSQL writes an array.
func ArrayOf(texts []string) string {
	array, _ := arrayOf(texts, func(text string) any { return text })
	return array
}

// AllRows tells every row that memory may write, as a transaction sees them.
func AllRows(ctx context.Context, s *Store) (all []string, err error) {
	tables := MemoryWrites()
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		of := `SELECT to_jsonb(t)::text FROM ` + table + ` t ORDER BY 1`
		if table == "events" { // turns are numbers of a sequence
			of = `SELECT (to_jsonb(t) - 'turn' || jsonb_build_object('turn', CASE WHEN turn IS NOT NULL THEN row_number() OVER (ORDER BY turn) END))::text FROM events t ORDER BY 1`
		}
		var rows []string
		if err := s.list(ctx, &rows, of); err != nil {
			return nil, err
		}
		for _, row := range rows {
			all = append(all, table+" "+row)
		}
	}
	return all, nil
}
