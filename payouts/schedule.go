package payouts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/models"
	"portal/store"
)

// DrawScheduled begins what companies' schedules ask for today, and takes up runs whose own job is gone. What a schedule
// missed while Portal was down is caught up with one run.
func (p *Payouts) DrawScheduled(ctx context.Context) error {
	tenants, err := p.Store.Scheduled(ctx)
	if err != nil {
		return err
	}
	var failed []error // one company's trouble is not another's
	for _, t := range tenants {
		if err := p.drawDue(ctx, t); err != nil {
			failed = append(failed, fmt.Errorf("draw up for %s by its schedule: %w", t.Company, err))
		}
	}
	idle, err := p.Store.IdleRuns(ctx, p.now().Add(-5*time.Minute))
	failed = append(failed, err)
	for _, r := range idle {
		if err := p.CarryRun(ctx, r.Tenant, r.ID); err != nil {
			failed = append(failed, fmt.Errorf("take up run %s: %w", r.ID, err))
		}
	}
	return errors.Join(failed...)
}

// drawDue begins the run of a schedule's last day, up to the day before, unless that was drawn up. Both are of the clock as it
// stands (P30); whoever else asks at the same time finds it done.
func (p *Payouts) drawDue(ctx context.Context, t models.Tenant) error {
	return p.inTurn(ctx, t, func(tx *store.Store) error {
		settings, err := tx.PayoutSettings(ctx, t)
		if err != nil {
			return err
		}
		until, due := lastPeriod(settings, p.now())
		if !due || settings.DrawnUntil != nil && !until.After(*settings.DrawnUntil) {
			return nil
		}
		settings.DrawnUntil = &until
		if err := tx.SavePayoutSettings(ctx, settings); err != nil {
			return err
		}
		_, err = p.begin(ctx, tx, models.Run{Tenant: t, Until: until, Scheduled: true, By: "Portal"})
		return err
	})
}

// lastPeriod is the day up to which the schedule's last day draws up: the one before it.
func lastPeriod(s models.PayoutSettings, now time.Time) (time.Time, bool) {
	day, has := s.DrewLast(now)
	return day.AddDate(0, 0, -1), has
}
