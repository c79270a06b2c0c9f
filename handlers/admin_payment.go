package handlers

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// adminPayment shows one payment: who earned it and why, what came later, and what was booked.
func (h *House) adminPayment(c echo.Context, se models.Session) error {
	return h.showPayment(c, se, http.StatusOK, views.GiveForm{})
}

func (h *House) showPayment(c echo.Context, se models.Session, status int, give views.GiveForm) error {
	ctx, t := c.Request().Context(), se.Tenant()
	id, err := models.ParseID[models.PaymentID](c.Param("id"))
	if err != nil {
		return err
	}
	p, err := h.Store.Payment(ctx, t, id)
	if err != nil {
		return err
	}
	if !p.Counted {
		return fmt.Errorf("payment %s is not counted: %w", id, models.ErrNotFound)
	}
	v := views.AdminPayment{Now: h.Now(), Why: whyDecided(p), Decided: p.DecidedAt, Gross: p.Money(p.Gross), Base: p.Money(p.Base), Refunded: p.Money(p.Refunded),
		PaidAt: p.PaidAt, Kind: kindInWords[p.Kind], Source: sourceInWords(p.Source), Policy: p.Policy}
	if p.Partner != nil {
		v.Partner = views.Place{Label: *p.PartnerName, Href: "/admin/partners/" + p.Partner.String()}
	}
	if p.AttributedBy != nil {
		v.By = foundBy[*p.AttributedBy]
	}
	if n, turned := p.Shown(); turned {
		v.Shown = &views.ShownAmounts{Gross: n.Gross, Base: n.Base, Refunded: n.Refunded, Rate: fmt.Sprintf("1 %s is %s %s (%s, %s)", n.Rate.From.Code(), n.Rate.Value, n.Rate.To.Code(), n.Rate.Source, n.Rate.Date.Format("2 January 2006"))}
	} else if p.ShownWaits {
		v.Unshown = fmt.Sprintf("In %s once an exchange rate for that day is known.", p.CompanyCurrency.Code())
	}
	if v.Aliases, err = h.Store.AliasesOf(ctx, t, id); err != nil {
		return fmt.Errorf("list the ids of %s: %w", id, err)
	}
	if p.Customer != nil {
		v.Customer, v.StripeID = *p.CustomerKey, p.CustomerRef
		if p.CustomerEmail != nil {
			v.Email = *p.CustomerEmail
		}
	}
	if p.Partner == nil {
		v.Why = folded(v.Why)
		if v.Finding, err = h.whyNobody(ctx, p); err != nil {
			return err
		}
	}
	if v.Shares, err = h.paymentShares(ctx, t, id); err != nil {
		return err
	}
	if v.Later, err = h.disputesOf(ctx, t, id, len(v.Shares) == 0); err != nil {
		return err
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/payments", customerName(p)); err != nil {
		return err
	}
	v.Status, v.Back, v.Sentence = views.Badge("payment", p.Status), views.Place{Label: "Payments", Href: "/admin/payments"}, views.AmountText(p.Money(p.Gross))+" · "+p.Key
	if v.Give = give; slices.Contains(admins, se.Role) {
		if v.Give.Partners, err = h.partnersToPick(ctx, t); err != nil {
			return err
		}
		v.Give.Post = "/admin/payments/" + id.String() + "/partner"
		if p.Customer != nil {
			v.More = append(v.More, views.Action{Label: "Backfill this customer", Icon: "rotate-ccw", Href: backfillAt(*p.CustomerKey, "")})
		}
	}
	return show(c, status, views.AdminPaymentPage(v), nil)
}

// paymentShares are the commissions of a payment with their reasons, changes and bookings.
func (h *House) paymentShares(ctx context.Context, t models.Tenant, id models.PaymentID) ([]views.PaymentShare, error) {
	list, err := h.Store.CommissionsOf(ctx, t, id)
	if err != nil {
		return nil, err
	}
	var shares []views.PaymentShare
	for _, c := range list {
		share, err := h.paymentShare(ctx, t, c)
		if err != nil {
			return nil, err
		}
		shares = append(shares, share)
	}
	return shares, nil
}

func (h *House) paymentShare(ctx context.Context, t models.Tenant, c store.CommissionRow) (views.PaymentShare, error) {
	partner, err := h.Store.Partner(ctx, t, c.Partner)
	if err != nil {
		return views.PaymentShare{}, err
	}
	s := views.PaymentShare{Partner: views.Place{Label: partner.Name, Href: "/admin/partners/" + partner.ID.String()}, Status: string(c.Status),
		StatusText: commissionWords(c.Commission, h.Now()), Amount: c.Amount, Earned: c.Earned, PayableOn: c.PayableOn, Steps: whySteps(c.Steps),
		Version: c.Version, Decided: c.DecidedAt}
	if c.Status == models.Held && c.HoldDays > 0 {
		s.Held = "Held " + views.Count(c.HoldDays, "day", "days") + " in case of a refund."
	}
	entries, err := h.Store.Entries(ctx, t, c.ID)
	if err != nil {
		return s, fmt.Errorf("list the entries of %s: %w", c.ID, err)
	}
	var on []models.InvoiceID
	for _, e := range entries {
		if e.Invoice != nil && !slices.Contains(on, *e.Invoice) {
			on = append(on, *e.Invoice)
		}
		if e.Kind != "earned" {
			what, icon, tone := changeWords(e)
			s.Later = append(s.Later, views.LaterStep{What: what, Detail: reasonOn(e.Because, c.PaymentKey), At: e.At, Icon: icon, Tone: tone, Effect: &e.Amount})
		}
	}
	booked, err := h.Store.TransfersOf(ctx, t, "commission/"+c.ID.String())
	if err != nil {
		return s, err
	}
	for _, invoice := range on {
		i, err := h.Store.Invoice(ctx, t, invoice)
		if err != nil {
			return s, err
		}
		s.Invoices = append(s.Invoices, views.Place{Label: i.Number, Href: "/admin/invoices/" + i.ID.String()})
	}
	for _, b := range booked {
		s.Booked = append(s.Booked, views.BookedLine{From: accountInWords(b.From, partner.Name), To: accountInWords(b.To, partner.Name), At: b.At, Amount: b.Amount})
	}
	return s, nil
}

// disputesOf are the disputes of a payment, and, when it earned nothing, all that went back of it: what a commission's
// own changes do not tell.
func (h *House) disputesOf(ctx context.Context, t models.Tenant, id models.PaymentID, refundsToo bool) ([]views.LaterStep, error) {
	gone, err := h.Store.Reversals(ctx, t, id)
	if err != nil {
		return nil, fmt.Errorf("list what went back of %s: %w", id, err)
	}
	single := slices.ContainsFunc(gone, func(r models.Reversal) bool { return r.Kind == models.Refund })
	var later []views.LaterStep
	for _, r := range gone {
		if r.Kind != models.Dispute && (!refundsToo || r.Kind == models.RefundTotal && single) {
			continue
		}
		step := views.LaterStep{Detail: views.AmountText(r.Amount), At: r.At}
		step.What, step.Icon, step.Tone = reversalWords(r)
		if refundsToo {
			step.Detail += ", no commission was earned"
		}
		later = append(later, step)
	}
	return later, nil
}

// reversalWords says how a refund, a dispute or a credit note stands.
func reversalWords(r models.Reversal) (what, icon string, tone views.Tone) {
	switch {
	case r.Kind == models.Dispute && r.State == models.Holds:
		return "The customer's bank disputes the payment", "circle-alert", views.Careful
	case r.Kind == models.Dispute && r.State == models.Takes:
		return "Lost in a dispute", "undo-2", views.Careful
	case r.Kind == models.Dispute && strings.HasPrefix(r.Says, "warning"):
		return "The customer's bank asked about the payment", "circle-alert", views.Telling
	case r.Kind == models.Dispute:
		return "The dispute was decided for the company", "check", views.Good
	case r.State == models.Rests:
		return "A refund did not go through", "rotate-ccw", views.Good
	}
	return "The customer got money back", "undo-2", views.Careful
}
