package sources

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"portal/models"
)

// readState tells what the metadata of a customer, subscription or payment intent is from an event on, and what it was
// before (MONEY.md 1.3). It counts no money: a subscription's own state says nothing of cash.
func readState(o object, place, kind string, at time.Time, previous any) models.News {
	metadata, ok := o.value("metadata").(map[string]any)
	if !ok {
		return models.News{Silent: "a " + strings.ReplaceAll(place, "_", " ") + " without metadata"}
	}
	f := models.Fact{Subject: o.id("id"), Kind: models.ByEvent, At: at, Says: partnersIn(metadata, place)}
	course := "2"
	switch before, told := previous.(map[string]any); {
	case strings.HasSuffix(kind, ".created"):
		f.BeforeKnown, course = true, "1" // there was nothing before
	case told:
		f.BeforeKnown, f.Before = true, partnersIn(earlier(metadata, before["metadata"]), place)
		if !slices.Equal(f.Before, f.Says) {
			course = "3" // of one second, a change goes before an update that changed something else
		}
	case !strings.HasSuffix(kind, ".updated"):
		f.BeforeKnown, f.Before = true, f.Says // paused, resumed, deleted: the metadata stays as it was
	}
	f.Key = course + " " + digestOf(f)
	if place == "payment_intent" && len(f.Says) == 0 {
		return models.News{Silent: "a payment intent that was begun, and names no partner"}
	}
	return models.News{Facts: []models.Fact{f}}
}

// earlier is metadata as it was before an update: what changed has its former value, null what was not there.
func earlier(metadata map[string]any, changed any) map[string]any {
	before := maps.Clone(metadata)
	former, _ := changed.(map[string]any)
	maps.Copy(before, former)
	return before
}

// digestOf tells two facts of one second apart.
func digestOf(f models.Fact) string {
	text, _ := json.Marshal([]any{f.Says, f.Before, f.BeforeKnown}) // plain values
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// readPromotionCode tells the text that customers type for a promotion code, which never changes, and its coupon.
func readPromotionCode(o object, at time.Time) models.News {
	f := promotionCode(o, models.ByEvent, at)
	if len(f.Says) == 0 {
		return models.News{Silent: "a promotion code without a code"}
	}
	return models.News{Facts: []models.Fact{f}}
}

func promotionCode(o object, kind models.FactKind, at time.Time) models.Fact {
	clues, _ := object{fields: map[string]any{"promotion_code": o.fields}}.discounted("")
	return always(models.Fact{Subject: o.id("id"), Kind: kind, At: at, Says: clues})
}

// always is a fact that held before it was told, too.
func always(f models.Fact) models.Fact {
	f.Before, f.BeforeKnown = f.Says, true
	f.Key = digestOf(f)
	return f
}

// carried are the clues that a session gives to the subscription and the customer which it made, so that a renewal a
// year later finds its partner (D2). A customer that was there before keeps its own.
func carried(o object, t models.Telling, at time.Time) []models.Fact {
	var facts []models.Fact
	give := func(subject, place string) {
		f := models.Fact{Subject: subject, Kind: models.BySession, At: at, Key: t.Session}
		for _, clue := range t.Clues.Metadata {
			if clue.Place == "session" {
				f.Says = append(f.Says, models.Clue{Place: place, Name: clue.Name, Value: clue.Value})
			}
		}
		if t.Clues.ClientReference != "" {
			f.Says = append(f.Says, models.Clue{Place: place, Name: "client_reference", Value: t.Clues.ClientReference})
		}
		if subject != "" && len(f.Says) > 0 {
			facts = append(facts, f)
		}
	}
	give(t.Subscription, "subscription_session")
	if made, _ := o.value("customer_creation").(string); made != "" {
		give(t.Customer.StripeID, "customer_session")
	}
	return facts
}
