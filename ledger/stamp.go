package ledger

import (
	"time"

	"portal/models"
)

// Stamp makes transfers ready to be kept: times in whole microseconds, as the database keeps them, and each with its digest.
func Stamp(t models.Tenant, transfers []models.Transfer) []models.Transfer {
	stamped := make([]models.Transfer, 0, len(transfers))
	for _, tr := range transfers {
		tr.At = tr.At.UTC().Truncate(time.Microsecond)
		tr.Digest = Digest(t, tr)
		stamped = append(stamped, tr)
	}
	return stamped
}
