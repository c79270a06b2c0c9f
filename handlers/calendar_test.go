package handlers

import (
	"context"
	"testing"
	"time"

	"portal/models"
)

// B19: a partner reads for each payment when it turns payable, why not sooner, and when it is drawn up; the company reads the sums by
// week and day, and one line in its own currency. Nobody reads another's.
func TestTheCalendarIsReadByBothSides(t *testing.T) {
	t.Parallel()
	w, ctx := newCompanyWorld(t), context.Background()
	ann := w.signInAs(w.ann)
	_, words := w.read(ann, "/partner/calendar")
	wants(t, "an empty calendar", words, "Nothing is held at the moment.", "draws up invoices by hand")
	w.sell(w.sale(1, 60, "cus_1", "past.buyer@shop.example", "ANN_KEY"))
	w.sell(w.sale(2, 28, "cus_2", "soon.buyer@shop.example", "ANN_KEY"))
	w.sell(w.sale(3, 5, "cus_3", "late.buyer@shop.example", "ANN_KEY"))
	w.sell(w.sale(4, 5, "cus_4", "bobs.buyer@shop.example", "BOB_KEY"))
	w.post(w.sale(3, 5, "cus_3", "late.buyer@shop.example", "ANN_KEY").Dispute(10000, "needs_response", time.Hour))
	w.drawUp()
	settings := models.DefaultPayoutSettings(w.caller.Tenant)
	settings.Schedule, settings.Day = models.Monthly, 1
	if err := w.Store.SavePayoutSettings(ctx, settings); err != nil {
		t.Fatal(err)
	}
	page, words := w.read(ann, "/partner/calendar")
	wants(t, "the partner's", words, "On invoices 20.00 USD", "Held 40.00 USD", "every month, next on 1 December 2026", "22 November 2026 s***@s… Refund window of 30 days, from 23 October 2026. Next invoice 1 December 2026 20.00 USD",
		"No day yet l***@s… The customer's bank disputes the payment.")
	lacks(t, "the partner's", page, "buyer", "b***@")
	owner := w.as(w.caller.Tenant, models.Owner)
	_, words = w.read(owner, "/admin/calendar")
	wants(t, "the company's", words, "On invoices 20.00 USD", "Held 60.00 USD", "Together 80.00 USD", "All of it together is 80.00 USD.", "16 to 22 November 2026 1 payment Drawn up 1 December 2026 20.00 USD 20.00 USD",
		"14 to 20 December 2026 1 payment Drawn up 1 January 2027 20.00 USD 40.00 USD", "20.00 USD of 1 payment is held without a day")
	_, words = w.read(owner, "/admin/calendar?by=day")
	wants(t, "by day", words, "22 November 2026 1 payment", "15 December 2026 1 payment")
}
