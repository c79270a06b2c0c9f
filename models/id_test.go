package models_test

import (
	"strings"
	"testing"
	"time"

	"portal/models"
)

// However many ids are made for one moment, each is another one and later than the one before.
func TestIDsOfOneMomentKeepTheirOrder(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	before := ""
	for n := range 20_000 {
		id := models.NewID[models.InvoiceID](now).String()
		if id <= before {
			t.Fatalf("id %d is %s, after %s", n, id, before)
		}
		before = id
	}
	if hex := strings.TrimPrefix(before, "inv_"); hex[12] != '7' || !strings.ContainsRune("89ab", rune(hex[16])) {
		t.Errorf("%s is no UUIDv7", hex)
	}
}
