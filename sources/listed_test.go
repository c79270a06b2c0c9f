package sources_test

import (
	"encoding/json"
	"slices"
	"testing"

	"portal/models"
	"portal/sources"
	"portal/store/storetest"
)

// MONEY.md 2.1, D14: what tells of money is one of its ids, so that all that one object tells meets in one payment and none
// of it is dropped when two payments turn out to be one: how it was heard of, by an event or by a list, stays too.
func TestAllThatAnObjectTellsMeetsInOnePayment(t *testing.T) {
	t.Parallel()
	met := 0
	for _, body := range storetest.Samples() {
		news, err := sources.Stripe{}.Read(models.Event{Body: body})
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		var event struct {
			Data struct{ Object json.RawMessage }
		}
		if err := json.Unmarshal(body, &event); err != nil {
			t.Fatal(err)
		}
		if l, err := sources.StripeListed(event.Data.Object, models.Test, storetest.Day, &storetest.Day); err == nil {
			news.Tellings = append(news.Tellings, l.News.Tellings...)
		}
		for _, l := range news.Tellings {
			met++
			if !slices.Contains(l.Aliases(), l.Object) {
				t.Errorf("%s goes by %v", l.Object, l.Aliases())
			}
		}
	}
	if met < 50 {
		t.Errorf("only %d tellings were looked at", met)
	}
}
