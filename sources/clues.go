package sources

import (
	"encoding/json"
	"slices"

	"portal/models"
)

// The metadata keys that name a partner, the first before the second (D1).
var partnerNames = []string{"partner_key", "partnero_partner"}

// metadata is the clues of an object itself, and of what it was sent expanded with.
func (o object) metadata(place string) []models.Clue {
	return slices.Concat(o.clues(place, "metadata"),
		o.clues("payment_intent", "payment_intent.metadata"), o.clues("customer", "customer.metadata"))
}

// clues are the partner names in the metadata of a place, at the first of the paths that has any.
func (o object) clues(place string, paths ...string) []models.Clue {
	for _, path := range paths {
		metadata, _ := o.value(path).(map[string]any) // metadata of another shape names nobody, and is no reason to lose money
		var found []models.Clue
		for _, name := range partnerNames {
			if value := plain(metadata[name]); value != "" {
				found = append(found, models.Clue{Place: place, Name: name, Value: value})
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// plain is a metadata value as text; one that is none is its JSON.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return clean(v)
	}
	text, _ := json.Marshal(v) // it was JSON a moment ago
	return string(text)
}
