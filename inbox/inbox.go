// Package inbox takes money news in: it keeps each event as it came, then carries it through the rules in one
// transaction. It pays nobody and knows no page. What only the provider can answer is asked through Ask, never guessed.
package inbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
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

	batches atomic.Int64 // carried so far by this process
}

// Accept proves who sent a webhook and keeps it. After it returns nil the event is on disk, or was already.
// ErrNotFound: no such program. ErrInvalid: the signature does not hold, and nothing was kept. ErrLater: not kept, send again.
func (in *Inbox) Accept(ctx context.Context, program models.ProgramID, source models.SourceName, h http.Header, body []byte) error {
	company, err := in.Store.CompanyOfProgram(ctx, program)
	if errors.Is(err, models.ErrNotFound) {
		return err
	} else if err != nil {
		return fmt.Errorf("%w: %w", models.ErrLater, err)
	}
	connections, err := in.Store.Integrations(ctx, company, program, source)
	if err != nil {
		return fmt.Errorf("%w: %w", models.ErrLater, err)
	}
	var secrets []string
	for _, c := range connections {
		secrets = append(secrets, c.WebhookSecret)
	}
	e, which, err := sources.Match(sources.ByName[source], secrets, h, body, in.Now())
	if err != nil {
		return err
	}
	if e.Mode == "" {
		e.Mode = connections[which].Mode
	}
	e.Company, e.Program, e.Status = company, program, models.EventPending
	if e.Mode != connections[which].Mode {
		e.Status, e.Because = models.EventIgnored, new(fmt.Sprintf("a %s event, signed for the %s side: the %s side is not connected here (D16)", e.Mode, connections[which].Mode, e.Mode))
	}
	if _, err := in.keep(ctx, in.Store, &e); err != nil {
		return fmt.Errorf("%w: %w", models.ErrLater, err)
	}
	return nil
}

// now is the clock in what the database can keep.
func (in *Inbox) now() time.Time { return in.Now().UTC().Truncate(time.Microsecond) }

// moment is now in whole seconds, as Stripe tells time: what a person or the API sets holds for a payment of the same second.
func (in *Inbox) moment() time.Time { return in.Now().UTC().Truncate(time.Second) }

// keep gives an event its id and queue and keeps it, telling whether it was new.
func (in *Inbox) keep(ctx context.Context, tx *store.Store, e *models.Event) (bool, error) {
	e.ReceivedAt = in.now()
	e.ID = models.NewID[models.EventID](e.ReceivedAt)
	e.Bucket = e.Tenant.Bucket()
	return tx.KeepEvent(ctx, *e)
}
