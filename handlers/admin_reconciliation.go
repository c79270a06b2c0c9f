package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

const (
	reconciliationAt = "/admin/reconciliation"
	formerShown      = 14
	linesShown       = 40 // of days; beyond that, only those that are not equal, or were not
)

// adminReconciliation shows how what Stripe lists compares with what is here (B11).
func (h *House) adminReconciliation(c echo.Context, se models.Session) error {
	p, all, err := h.programAsked(c, se)
	if err != nil {
		return err
	}
	runs, err := h.Store.Reconciliations(c.Request().Context(), store.Connection{Tenant: se.Tenant(), Program: p.ID, Source: models.SourceStripe}, formerShown)
	if err != nil {
		return err
	}
	v := views.AdminReconciliation{Now: h.Now(), None: len(runs) == 0}
	_, v.Programs = programChips(all, p.ID, reconciliationAt)
	for _, r := range runs {
		v.Former = append(v.Former, views.FormerLine{At: r.StartedAt, Since: r.Since, Until: r.Until, State: r.State, Healed: r.Healed, Open: r.Open})
	}
	if len(runs) > 0 {
		if v.Tone, v.Said, v.Note = comparedWords(runs[0]); runs[0].State == models.ReconcileRunning {
			v.Poll = withQuery(reconciliationAt, url.Values{"program": {c.QueryParam("program")}})
		}
		reconciled(runs[0], &v)
	}
	if v.Frame, err = h.adminFrame(c, se, connectionAt, "Reconciliation"); err != nil {
		return err
	}
	v.Back, v.Sentence = views.Place{Label: "Connection", Href: connectionAt}, "What Stripe lists as paid, refunded and disputed beside what is here, compared every night. What is missing is brought in."
	i, err := h.connection(c.Request().Context(), se.Tenant(), p.ID)
	if err != nil {
		return err
	}
	v.Ends = i.Status != "connected"
	if admins.takes(se.Role) && i.Status == "connected" && v.Poll == "" {
		v.Primary = views.Button(views.Action{Label: "Compare now", Icon: "rotate-ccw", Kind: views.Primary, Post: withQuery(reconciliationAt, url.Values{"program": {p.ID.String()}})})
	}
	return show(c, http.StatusOK, views.AdminReconciliationPage(v), views.AdminReconciliationMain(v))
}

// adminReconciliationNow has the connection compared.
func (h *House) adminReconciliationNow(c echo.Context, se models.Session) error {
	p, _, err := h.programAsked(c, se)
	if err != nil {
		return err
	}
	if err := h.Integrations.CompareSoon(c.Request().Context(), store.Connection{Tenant: se.Tenant(), Program: p.ID, Source: models.SourceStripe}, actor(se)); err != nil {
		return err
	}
	return goTo(c, withQuery(reconciliationAt, url.Values{"program": {c.QueryParam("program")}}), "comparing", 0)
}

// comparedWords says how a comparison ended.
func comparedWords(r models.Reconciliation) (tone views.Tone, said, note string) {
	span := "From " + views.Exact(r.Since) + " to " + views.Exact(r.Until) + ". What happened since is compared the next time: its webhooks may still be under way."
	healed := ""
	if r.Healed > 0 {
		healed = views.Count(r.Healed, "object was missing or told otherwise, and is", "objects were missing or told otherwise, and are") + " right now. "
	}
	switch {
	case r.State == models.ReconcileRunning:
		return views.Telling, "A comparison is under way.", span
	case r.State == models.ReconcileWaits && r.Waits != nil:
		return views.Careful, "The last comparison could not be made.", *r.Waits
	case r.State == models.ReconcileDiffers:
		return views.Bad, views.Count(r.Open, "object differs", "objects differ") + " still.", healed + span
	}
	return views.Good, "All that Stripe lists is here.", healed + span
}

// reconciledKinds are what is compared, in words.
var reconciledKinds = map[string]string{"payment": "Payments", "refund": "Refunds", "dispute": "Disputes", "credit_note": "Credit notes"}

func reconciled(r models.Reconciliation, v *views.AdminReconciliation) {
	for _, d := range r.Days {
		day, _ := time.Parse(time.DateOnly, d.Day)
		tally := func(t models.Tally) views.TallyText {
			return views.TallyText{Count: t.Count, Sum: models.Money{Minor: t.Sum, Currency: d.Currency}}
		}
		line := views.ReconciledLine{Day: day, Kind: reconciledKinds[d.Kind], Theirs: tally(d.Theirs), Ours: tally(d.Ours), Equal: d.Theirs == d.Ours, Healed: max(d.Ours.Count-d.Before.Count, 0)}
		if line.Healed == 0 && d.Before != d.Ours {
			line.Healed = 1
		}
		if len(v.Days) >= linesShown && line.Equal && line.Healed == 0 { // of many days, what is worth a look
			v.Alike++
			continue
		}
		v.Days = append(v.Days, line)
	}
	for _, d := range r.Differences {
		v.Differences = append(v.Differences, views.DifferenceLine{Object: d.Object, Kind: d.Kind, At: d.At, Theirs: d.Theirs, Ours: d.Ours, Why: d.Why + ".", Healed: d.Healed})
	}
	if n := r.Healed + r.Open - len(r.Differences); n > 0 {
		v.More = fmt.Sprintf("%s more.", views.Count(n, "difference", "differences"))
	}
}
