package doctor_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"portal/doctor"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// B11, B18: a comparison with Stripe that ended with differences fails; one that could not be made, or is long ago, is a
// warning; a newer one that is clean ends both.
func TestTheLastComparisonWithStripeIsLookedAt(t *testing.T) {
	t.Parallel()
	s := newSide(t)
	i := store.Integration{Tenant: s.caller.Tenant, Program: s.caller.Program, Source: models.SourceStripe, Status: "connected", APIKey: "sk_test_compares", WebhookSecret: storetest.Secret}
	if err := s.store.SaveIntegration(context.Background(), i, storetest.Day); err != nil {
		t.Fatal(err)
	}
	if f := found(s.report(), "Reconciliation"); f.Verdict != doctor.OK || !strings.Contains(f.Found, "Nothing has been compared") {
		t.Errorf("before: %+v", f)
	}
	for _, c := range []struct {
		ago     time.Duration
		state   string
		verdict doctor.Verdict
		says    string
	}{
		{9 * 24 * time.Hour, models.ReconcileClean, doctor.Warning, "Nothing was compared"},
		{3 * time.Hour, models.ReconcileDiffers, doctor.Failed, "2 objects differ still"},
		{2 * time.Hour, models.ReconcileWaits, doctor.Warning, "Stripe answered 500."},
		{time.Hour, models.ReconcileClean, doctor.OK, "is here"},
		{time.Minute, models.ReconcileRunning, doctor.OK, "under way"},
	} {
		at := storetest.Day.Add(-c.ago)
		r := models.Reconciliation{Tenant: s.caller.Tenant, ID: models.NewID[models.ReconcileID](at), Program: s.caller.Program, Source: models.SourceStripe, Since: at.AddDate(0, 0, -3), Until: at, State: models.ReconcileRunning, StartedAt: at}
		err := s.store.BeginReconciliation(context.Background(), r)
		if r.State = c.state; err == nil && c.state != models.ReconcileRunning {
			r.Open, r.Waits, r.FinishedAt = 2, new("Stripe answered 500."), &at
			err = s.store.EndReconciliation(context.Background(), r)
		}
		if err != nil {
			t.Fatal(err)
		}
		if f := found(s.report(), "Reconciliation"); f.Verdict != c.verdict || !strings.Contains(f.Found, c.says) || f.Verdict != doctor.OK && (f.Do == "" || f.Where != "/admin/reconciliation") {
			t.Errorf("%s: %+v", c.state, f)
		}
	}
}
