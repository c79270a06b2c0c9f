package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/payouts"
	"portal/store"
	"portal/views"
)

const payRunsAt = "/admin/pay-runs"

// adminPayMany shows what paying invoices together would do: those named, or all that are approved.
func (h *House) adminPayMany(c echo.Context, se models.Session) error {
	return h.showPayMany(c, se, http.StatusOK, c.QueryParams()["id"], nil)
}

func (h *House) showPayMany(c echo.Context, se models.Session, status int, ids []string, flash []views.Flash) error {
	ctx, t := c.Request().Context(), se.Tenant()
	list, err := h.toPay(ctx, t, ids)
	if err != nil {
		return err
	}
	v := views.AdminPayMany{}
	if len(list) > 0 {
		offer, err := h.Payouts.Offer(ctx, t, list)
		if err != nil {
			return err
		}
		fillOffer(&v, offer)
	}
	title := "Pay invoices"
	if v.Ready > 0 {
		title = "Pay " + views.Count(v.Ready, "invoice", "invoices")
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/invoices", title); err != nil {
		return err
	}
	v.Flash = append(v.Flash, flash...)
	v.Back = views.Place{Label: "Invoices", Href: "/admin/invoices?status=approved"}
	if v.Ready > 0 {
		v.Sentence = "Nothing moves before you press the button below."
	}
	v.More = []views.Action{{Label: "Payment runs", Icon: "clock", Href: payRunsAt}}
	return show(c, status, views.AdminPayManyPage(v), nil)
}

// perPay is the most invoices that one page offers to pay.
const perPay = 1000

// toPay loads the invoices that are named; without names all approved ones.
func (h *House) toPay(ctx context.Context, t models.Tenant, ids []string) ([]models.Invoice, error) {
	if len(ids) == 0 {
		list, err := h.Store.Invoices(ctx, t, nil, models.Approved, store.Page{Limit: perPay})
		return list[:min(len(list), perPay)], err
	}
	var list []models.Invoice
	for _, text := range ids[:min(len(ids), perPay)] {
		id, err := models.ParseID[models.InvoiceID](text)
		if err != nil {
			return nil, err
		}
		i, err := h.Store.Invoice(ctx, t, id)
		if err != nil {
			return nil, err
		}
		list = append(list, i)
	}
	return list, nil
}

func fillOffer(v *views.AdminPayMany, o payouts.Offer) {
	line := func(i models.Invoice) views.PayLine {
		return views.PayLine{ID: i.ID.String(), Href: "/admin/invoices/" + i.ID.String(), Number: i.Number, Partner: i.PartnerName, Total: i.Total()}
	}
	v.Card, v.Method = cardWords(o.Card), o.Card.Method
	var totals []models.Money
	for _, g := range o.Groups {
		group := views.PayGroup{Sum: g.Sum, Fee: g.Fee, Total: models.Money{Minor: g.Sum.Minor + g.Fee.Minor, Currency: g.Currency}, How: "One charge of the card"}
		if len(g.Invoices) > 1 && g.Charges == 1 {
			group.How = "One charge of the card, then a transfer to each partner"
		} else if g.Charges > 1 {
			group.How = views.Count(g.Charges, "charge", "charges") + " of the card"
		}
		for _, i := range g.Invoices {
			group.Lines = append(group.Lines, line(i))
		}
		v.Ready += len(g.Invoices)
		v.Groups, totals = append(v.Groups, group), append(totals, group.Total)
	}
	v.Pay = "Pay " + views.Count(v.Ready, "invoice", "invoices") + ", " + amountsText(totals) + " now"
	for _, n := range o.Not {
		v.Not = append(v.Not, views.PayNot{PayLine: line(n.Invoice), Because: n.Because})
	}
}

// cardWords names a card as people know it.
func cardWords(card models.Card) string { return began(card.Brand) + " ending " + card.Last4 }

// adminPayManyNow pays what was shown, in a run.
func (h *House) adminPayManyNow(c echo.Context, se models.Session) error {
	form := c.Request().PostForm
	if form == nil {
		if err := c.Request().ParseForm(); err != nil {
			return err
		}
		form = c.Request().PostForm
	}
	var list []payouts.Seen
	for _, text := range form["id"] {
		id, err := models.ParseID[models.InvoiceID](text)
		if err != nil {
			return err
		}
		i, err := h.Store.Invoice(c.Request().Context(), se.Tenant(), id)
		if err != nil {
			return err
		}
		seen, err := models.ParseMoney(form.Get("seen."+text), i.Currency)
		if err != nil {
			return err
		}
		list = append(list, payouts.Seen{Invoice: id, Minor: seen.Minor})
	}
	run, err := h.Payouts.PayMany(c.Request().Context(), se.Tenant(), list, form.Get("method"), actor(se))
	if wrong, fields := wrongFields(err); fields || errors.Is(err, models.ErrConflict) {
		status, sentence := statusOf(err)
		if fields {
			sentence = strings.Join([]string{wrong["id"]}, " ")
		}
		return h.showPayMany(c, se, status, form["id"], []views.Flash{{Tone: views.Bad, Text: sentence}})
	} else if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, payRunsAt+"/"+run.ID.String())
}

// adminPayRun shows a run of payments as it stands.
func (h *House) adminPayRun(c echo.Context, se models.Session) error {
	ctx, t := c.Request().Context(), se.Tenant()
	id, err := models.ParseID[models.PayRunID](c.Param("id"))
	if err != nil {
		return err
	}
	run, err := h.Store.PayRun(ctx, t, id)
	if err != nil {
		return err
	}
	lines, err := h.Store.PayRunLines(ctx, t, id)
	if err != nil {
		return err
	}
	charges, err := h.Store.ChargesOf(ctx, t, id)
	if err != nil {
		return err
	}
	v := views.AdminPayRun{All: len(lines)}
	for _, l := range lines {
		v.Lines = append(v.Lines, payRunLine(l))
		switch {
		case l.Attempt == nil && l.Because == nil, l.Try != nil && *l.Try == models.AttemptLive, l.Try != nil && *l.Try == models.AttemptCharged && l.Why == nil:
			v.Poll = payRunsAt + "/" + id.String()
		case l.Try != nil && *l.Try == models.AttemptAsks:
			v.Asks = "/admin/invoices/" + l.Invoice.String() + "/confirm"
		default:
			v.Done++
		}
	}
	for _, one := range charges {
		v.Charges = append(v.Charges, payCharge(one))
	}
	if !money.takes(se.Role) {
		v.Asks = ""
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/invoices", "Payment of "+views.Count(len(lines), "invoice", "invoices")); err != nil {
		return err
	}
	v.Back, v.Sentence = views.Place{Label: "Payment runs", Href: payRunsAt}, "Begun by "+run.StartedBy+" on "+views.Day(run.StartedAt)+"."
	return show(c, http.StatusOK, views.AdminPayRunPage(v), views.AdminPayRunMain(v))
}

func payRunLine(l store.PayRunLine) views.PayRunLine {
	line := views.PayRunLine{PayLine: views.PayLine{Href: "/admin/invoices/" + l.Invoice.String(), Number: l.Number, Partner: l.PartnerName,
		Total: models.Money{Minor: l.Seen, Currency: l.Currency}}, Status: string(l.Status)}
	switch {
	case l.Because != nil:
		line.Because = "Not paid in this run: " + *l.Because
	case l.Why != nil && (l.Charge == nil || l.Try == nil || *l.Try != models.AttemptAsks && *l.Try != models.AttemptFailed): // what the charge says stands there
		line.Because = *l.Why
	}
	return line
}

func payCharge(c models.Charge) views.PayCharge {
	one := views.PayCharge{Amount: models.Money{Minor: c.Amount, Currency: c.Currency}, Fee: models.Money{Minor: c.Fee, Currency: c.Currency}, Outcome: tryOutcomes[c.Status]}
	if c.Because != nil {
		one.Because = *c.Because
	}
	return one
}

// adminPayRuns lists the newest runs of payments.
func (h *House) adminPayRuns(c echo.Context, se models.Session) error {
	ctx, t := c.Request().Context(), se.Tenant()
	runs, err := h.Store.PayRuns(ctx, t, 50)
	if err != nil {
		return fmt.Errorf("list payment runs: %w", err)
	}
	v := views.AdminPayRuns{Now: h.Now()}
	for _, r := range runs {
		lines, err := h.Store.PayRunLines(ctx, t, r.ID)
		if err != nil {
			return err
		}
		line := views.PayRunsLine{Href: payRunsAt + "/" + r.ID.String(), At: r.StartedAt, By: r.StartedBy, Invoices: len(lines)}
		for _, l := range lines {
			if l.Try != nil && *l.Try == models.AttemptSucceeded {
				line.Paid++
			}
		}
		v.Lines = append(v.Lines, line)
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/invoices", "Payment runs"); err != nil {
		return err
	}
	v.Back, v.Sentence = views.Place{Label: "Invoices", Href: "/admin/invoices"}, "The newest fifty times that invoices were paid together."
	return show(c, http.StatusOK, views.AdminPayRunsPage(v), nil)
}
