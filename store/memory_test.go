package store_test

import (
	"slices"
	"testing"

	"github.com/lib/pq"

	"portal/store"
	"portal/store/storetest"
)

// A column that a migration adds is one that a batch must write too: whoever adds it meets this test.
func TestMemoryKnowsEveryColumnOfTheTablesItWrites(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	for table, known := range store.MemoryWrites() {
		var columns []string
		if err := s.DB().QueryRow(`SELECT array_agg(column_name::text) FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1`, table).
			Scan(pq.Array(&columns)); err != nil {
			t.Fatal(err)
		}
		for _, column := range columns {
			if !slices.Contains(known, column) {
				t.Errorf("%s.%s: memory does not write it (store/memory_write.go)", table, column)
			}
		}
		for _, column := range known {
			if !slices.Contains(columns, column) {
				t.Errorf("%s.%s: there is no such column", table, column)
			}
		}
	}
}

// Whatever a text holds, it comes out of an array as it went in.
func TestTextsInAnArrayComeOutAsTheyWentIn(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	texts := []string{"", "NULL", "null", `"`, `\`, `\\"`, "{}", "{a,b}", ",", " a ", "é, 日本", "\n\t", `'`, `$1`, "a\u00a0b"}
	var out []string
	if err := s.DB().QueryRow(`SELECT $1::text[]`, store.ArrayOf(texts)).Scan(pq.Array(&out)); err != nil || !slices.Equal(out, texts) {
		t.Errorf("%q came out as %q, %v", texts, out, err)
	}
}
