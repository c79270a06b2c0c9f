package inbox

import (
	"context"
	"maps"
	"slices"

	"portal/models"
	"portal/sources"
	"portal/store"
)

// againDone is an event that counted before all was answered, carried once more with what was answered by then. A replay
// needs both turns: what was decided in between left its marks.
type againDone struct {
	Event string   `json:"event"` // its id in the database, which a replay finds the event by
	Aside bool     `json:"aside"` // nothing was answered of an invoice
	Shown []string `json:"shown"`
}

// again puts on the tape that an event which has taken its turn is carried once more, when something was answered since.
func (in *Inbox) again(ctx context.Context, tx *store.Store, e models.Event) error {
	a, err := sources.ReadAnswer(e.Answer)
	if err != nil || e.Turn == nil || len(a.Shown) == 0 && (a.Aside || e.Source != models.SourceAPI) {
		return err
	}
	id, err := e.ID.Value()
	if err != nil {
		return err
	}
	name, _ := id.(string)
	return tx.Record(ctx, e.Tenant, "again", in.now(), againDone{name, a.Aside, slices.Sorted(maps.Keys(a.Shown))})
}

// atFirst is an event as it was carried first, of one that was carried again: an API call before it was answered at all, any
// other before something was shown.
func atFirst(e models.Event) (models.Event, error) {
	a, err := sources.ReadAnswer(e.Answer)
	if err != nil {
		return e, err
	}
	if e.Source == models.SourceAPI {
		a.Aside = true
	}
	e.Answer, err = a.Only(a.Aside, nil)
	return e, err
}

// atAgain is an event with what was answered by the time it was carried again.
func (done againDone) atAgain(e models.Event) (models.Event, error) {
	a, err := sources.ReadAnswer(e.Answer)
	if err != nil {
		return e, err
	}
	e.Answer, err = a.Only(done.Aside, done.Shown)
	return e, err
}
