package sources

import (
	"encoding/json"
	"slices"

	"portal/models"
)

// The metadata keys that name a partner, the first before the second (D1).
var partnerNames = []string{"partner_key", "partnero_partner"}

// clickName is the metadata key of a click on a partner's link.
const clickName = "portal_click"

// expandable are the places whose objects an object may have been sent expanded with, and where their metadata stands.
var expandable = []struct{ place, path string }{
	{"charge", "latest_charge.metadata"}, {"payment_intent", "payment_intent.metadata"}, {"invoice", "invoice.metadata"},
	{"subscription", "subscription.metadata"}, {"customer", "customer.metadata"},
}

// note puts on a telling the metadata of the object itself, and of what it was sent expanded with.
func (o object) note(t *models.Telling, place string) {
	o.noteAt(t, place, "metadata")
	for _, other := range expandable {
		o.noteAt(t, other.place, other.path)
	}
}

// noteAt puts on a telling what the metadata of a place says, at the first of the paths that has any.
func (o object) noteAt(t *models.Telling, place string, paths ...string) {
	for _, path := range paths {
		metadata, ok := o.value(path).(map[string]any) // metadata of another shape names nobody, and is no reason to lose money
		if !ok {
			continue
		}
		if !slices.Contains(t.Knows, place) {
			t.Knows = append(t.Knows, place)
		}
		found := partnersIn(metadata, place)
		t.Clues.Metadata = append(t.Clues.Metadata, found...)
		if t.Clues.Click == "" {
			t.Clues.Click = plain(metadata[clickName])
		}
		if len(found) > 0 {
			return
		}
	}
}

// partnersIn are the partner names in metadata.
func partnersIn(metadata map[string]any, place string) []models.Clue {
	var found []models.Clue
	for _, name := range partnerNames {
		if value := plain(metadata[name]); value != "" {
			found = append(found, models.Clue{Place: place, Name: name, Value: value})
		}
	}
	return found
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
