package doctor

import (
	"context"
	"fmt"
	"time"

	"portal/models"
	"portal/store"
)

// stale is how old the last comparison may be: they are made every night.
const stale = 3 * 24 * time.Hour

// reconciled looks how the connection's last comparison with its provider's lists ended (B11).
func (c *connection) reconciled(ctx context.Context) (Finding, error) {
	const where = "/admin/reconciliation"
	if !c.Integrations.MayAsk(c.kept) {
		return skipped("No API key is connected to ask with."), nil
	}
	runs, err := c.Store.Reconciliations(ctx, store.Connection{Tenant: c.tenant, Program: c.program.ID, Source: models.SourceStripe}, 1)
	if err != nil {
		return Finding{}, err
	}
	if len(runs) == 0 {
		return ok("Nothing has been compared with Stripe's lists yet; that happens every night."), nil
	}
	r := runs[0]
	switch {
	case r.State == models.ReconcileDiffers:
		return failed(many(r.Open, "object differs", "objects differ")+" still from what Stripe lists.", "Look at what differs, and why.").at(where), nil
	case r.State == models.ReconcileWaits && r.Waits != nil:
		return warning("The last comparison with Stripe's lists could not be made: "+*r.Waits, "Mend that; the next comparison looks at the same days again.").at(where), nil
	case r.StartedAt.Before(c.Now().Add(-stale)):
		return warning(fmt.Sprintf("Nothing was compared with Stripe's lists since %s.", r.StartedAt.Format(time.DateOnly)), "See that `portal serve` or `portal work` runs.").at(where), nil
	case r.State == models.ReconcileRunning:
		return ok("A comparison with Stripe's lists is under way."), nil
	}
	return ok("All that Stripe lists up to %s is here.", r.Until.Format(time.DateOnly)), nil
}
