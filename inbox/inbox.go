// Package inbox takes money news in: it keeps each event as it came, then carries it through the rules in one
// transaction. It pays nobody and knows no page. What only the provider can answer is asked through Ask, never guessed.
package inbox

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"portal/models"
	"portal/rates"
	"portal/sources"
	"portal/store"
)

// Inbox carries money news from the door to the books.
type Inbox struct {
	Store *store.Store
	Now   func() time.Time
	Log   *slog.Logger
	// Rates finds what turns a sale's currency into the partner's; nil finds none.
	Rates *rates.Rates
	// Ask puts a question to the company's provider. ErrLater, with a sentence, means that it cannot be had now.
	Ask func(ctx context.Context, t models.Tenant, program models.ProgramID, source models.SourceName, q models.Question) (sources.Answer, error)
	// Show asks the company's provider for what a payment that counts already would like to know; nil asks for nothing.
	// What cannot be had for lack of a right stands in the answer. ErrLater, with a sentence, means that it is to be asked again.
	Show func(ctx context.Context, t models.Tenant, program models.ProgramID, source models.SourceName, wants []models.Want) (sources.Answer, error)

	door     door
	senders  senders
	carried  atomic.Int64 // events, so far, by this process
	analyzed atomic.Int64 // how many of them when PostgreSQL last counted its tables

	first carrier // how a batch is tried first; nil is quickly. Tests compare
}

// now is the clock in what the database can keep.
func (in *Inbox) now() time.Time { return in.Now().UTC().Truncate(time.Microsecond) }

// moment is now in whole seconds, as Stripe tells time: what a person or the API sets holds for a payment of the same second.
func (in *Inbox) moment() time.Time { return in.Now().UTC().Truncate(time.Second) }

// name gives an event that came now its id and its queue.
func (in *Inbox) name(e *models.Event) {
	e.ReceivedAt = in.now()
	e.ID = models.NewID[models.EventID](e.ReceivedAt)
	e.Bucket = e.Tenant.Bucket()
}

// keep names an event and keeps it, telling whether it was new.
func (in *Inbox) keep(ctx context.Context, tx *store.Store, e *models.Event) (bool, error) {
	in.name(e)
	return tx.KeepEvent(ctx, *e)
}
