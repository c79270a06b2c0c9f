package commission

import (
	"time"

	"portal/models"
)

// Current is the version in force at a moment: the one saved last before it. The first has no date and counts for
// payments of any date (D14), so a rule that changes never touches what was earned (P49).
func Current(sets []models.RuleSet, at time.Time) (models.RuleSet, bool) {
	var current models.RuleSet
	found := false
	for _, set := range sets {
		if set.ValidFrom != nil && set.ValidFrom.After(at) {
			continue
		}
		if !found || later(set, current) {
			current, found = set, true
		}
	}
	return current, found
}

func later(a, b models.RuleSet) bool {
	switch {
	case a.ValidFrom == nil && b.ValidFrom == nil:
		return a.Version > b.Version
	case a.ValidFrom == nil || b.ValidFrom == nil:
		return b.ValidFrom == nil
	case a.ValidFrom.Equal(*b.ValidFrom):
		return a.Version > b.Version
	}
	return a.ValidFrom.After(*b.ValidFrom)
}
