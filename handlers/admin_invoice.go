package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/payouts"
	"portal/views"
)

// adminInvoice shows one invoice with what may be done now.
func (h *House) adminInvoice(c echo.Context, se models.Session) error {
	return h.showInvoice(c, se, http.StatusOK, views.AdminInvoice{})
}

// showInvoice shows the invoice that the address names; v may carry a form that was refused.
func (h *House) showInvoice(c echo.Context, se models.Session, status int, v views.AdminInvoice) error {
	ctx, t := c.Request().Context(), se.Tenant()
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	if v.Invoice, err = h.Store.Invoice(ctx, t, id); err != nil {
		return err
	}
	v.Now = h.Now()
	if err := h.invoiceHistory(ctx, t, &v); err != nil {
		return err
	}
	flash := v.Flash
	if v.Frame, err = h.adminFrame(c, se, "/admin/invoices", v.Invoice.Number); err != nil {
		return err
	}
	v.Flash = append(v.Flash, flash...)
	ends, err := h.cardBanner(ctx, t)
	if err != nil {
		return err
	}
	v.Flash = append(v.Flash, ends...)
	state := invoiceState(v.Invoice)
	changed, err := h.Payouts.Changed(ctx, v.Invoice)
	if err != nil {
		return err
	}
	if changed {
		state = "changed"
	}
	v.Status, v.Back = views.Badge("invoice", state), views.Place{Label: "Invoices", Href: "/admin/invoices"}
	v.Sentence = "For " + v.Invoice.PartnerName + ". It gathers what was payable up to " + views.Day(v.Invoice.Until) + "."
	v.Smaller = smaller(v.Invoice, v.Audit)
	if err := errors.Join(h.invoiceSteps(ctx, se, &v), h.beside(ctx, se, &v)); err != nil {
		return err
	}
	if money.takes(se.Role) {
		err = h.offerActions(ctx, se, &v)
	}
	if err != nil {
		return err
	}
	if err := h.outsideShown(ctx, se, &v); err != nil {
		return err
	}
	return show(c, status, views.AdminInvoicePage(v), views.AdminInvoiceMain(v))
}

// invoiceHistory fills in what the invoice gathers and what was done with it.
func (h *House) invoiceHistory(ctx context.Context, t models.Tenant, v *views.AdminInvoice) error {
	lines, err := h.Store.InvoiceLines(ctx, t, v.Invoice.ID)
	if err != nil {
		return fmt.Errorf("list the lines of %s: %w", v.Invoice.ID, err)
	}
	for _, l := range lines {
		v.Lines = append(v.Lines, invoicedLine(l, v.Invoice.Partner, v.Invoice.Currency))
	}
	if err := h.contestedLines(ctx, v, lines); err != nil {
		return err
	}
	tries, err := h.Store.AttemptsOf(ctx, t, v.Invoice.ID)
	if err != nil {
		return fmt.Errorf("list the attempts of %s: %w", v.Invoice.ID, err)
	}
	for _, a := range tries {
		v.Tries = append(v.Tries, tryLine(a))
	}
	v.Audit, err = h.Store.AuditOf(ctx, t.Company, v.Invoice.ID.String())
	return err
}

// smaller says how much an invoice lost when something was taken back, and what became of its approval; empty for one
// that did not shrink.
func smaller(i models.Invoice, audit []models.Audit) string {
	if invoiceState(i) != "shrunk" {
		return ""
	}
	var before models.Money
	wasApproved := false
	for _, a := range audit {
		note := strings.TrimPrefix(a.Note, i.Number+" over ")
		if a.Action != "invoice.drawn" && a.Action != "invoice.approved" {
			continue
		}
		amount, _, _ := strings.Cut(note, " ")
		if m, err := models.ParseMoney(amount, i.Currency); err == nil {
			before, wasApproved = m, a.Action == "invoice.approved"
		}
	}
	said := "Smaller than before"
	if before.Minor > i.TotalMinor {
		said = "Smaller than before: from " + views.AmountText(before) + " to " + views.AmountText(i.Total())
	}
	if wasApproved {
		return said + ", and so no longer approved. Review and approve it again."
	}
	return said + ". Review and approve it."
}

// adminInvoiceBack leads from the address of an action, to which a browser may come back, to the invoice itself.
func (h *House) adminInvoiceBack(c echo.Context, _ models.Session) error {
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/admin/invoices/"+id.String())
}

// adminInvoicesBack leads from the address of the approval of several to the list of those to review.
func (h *House) adminInvoicesBack(c echo.Context, _ models.Session) error {
	return c.Redirect(http.StatusSeeOther, "/admin/invoices?status="+string(models.InReview))
}

func tryLine(a models.Attempt) views.TryLine {
	l := views.TryLine{How: "By card through Stripe", Outcome: tryOutcomes[a.Status], At: a.StartedAt, By: a.StartedBy}
	if a.Kind == "manual" {
		l.How = "Paid elsewhere"
	}
	if a.Because != nil {
		l.Because = *a.Because
	}
	if a.Intent != nil {
		l.Intent = *a.Intent
	}
	return l
}

// offerActions adds what this person may do with the invoice as it stands, and who may where they may not.
func (h *House) offerActions(ctx context.Context, se models.Session, v *views.AdminInvoice) error {
	t, i, at := se.Tenant(), v.Invoice, "/admin/invoices/"+v.Invoice.ID.String()
	approves, approvers, err := h.mayApprove(ctx, se)
	if err != nil {
		return err
	}
	switch i.Status {
	case models.InReview:
		h.offerApproval(se, v, approves, approvers)
		return nil
	case models.Approved, models.Failed:
	default:
		v.Mark = nil
		return nil
	}
	if approves {
		v.More = []views.Action{{Label: "Withdraw approval", Icon: "rotate-ccw", Post: at + "/withdraw"}}
	}
	if changed, err := h.Payouts.Changed(ctx, i); err != nil || changed {
		h.offerAgain(v, approves, approvers)
		return err
	}
	pays, payers, err := h.mayPay(ctx, se)
	if err != nil {
		return err
	}
	if !pays {
		v.CannotBy, v.Mark = payers, nil
		return nil
	}
	if err := h.Payouts.StillApproved(ctx, i); errors.Is(err, models.ErrConflict) {
		_, v.CannotBy = statusOf(err)
		v.Mark = nil
		return nil
	} else if err != nil {
		return err
	}
	if v.Mark == nil {
		v.Mark = &views.MarkPaid{PaidAt: h.Now().UTC().Format(time.DateOnly)}
	}
	v.Mark.Post = at + "/mark-paid"
	return h.offerPay(ctx, t, v, at+"/pay")
}

// offerPay says who would get how much from which card, or what is missing for that.
func (h *House) offerPay(ctx context.Context, t models.Tenant, v *views.AdminInvoice, post string) error {
	partner, err := h.Store.Partner(ctx, t, v.Invoice.Partner)
	if err != nil {
		return err
	}
	card, err := h.Store.Card(ctx, t)
	switch {
	case errors.Is(err, models.ErrNotFound):
		v.CannotBy = "Your company has no card saved for payouts, so this cannot be paid with one click. Pay it elsewhere and mark it as paid, or save a card first."
		v.CannotDo = views.Place{Label: "Save a card", Href: cardAt}
		return nil
	case err != nil:
		return fmt.Errorf("load the card of %s: %w", t.Company, err)
	case partner.StripeAccount == nil:
		v.CannotBy = partner.Name + " has not connected a Stripe account yet, so this cannot be paid with one click. Pay it elsewhere and mark it as paid."
		v.CannotDo = views.Place{Label: "How " + partner.Name + " can be paid", Href: "/admin/partners/" + partner.ID.String()}
		return nil
	}
	if why, err := h.cannotReceive(ctx, partner); err != nil || why != "" {
		v.CannotBy, v.CannotDo = why+" Pay it elsewhere and mark it as paid, or wait.", views.Place{Label: "How " + partner.Name + " can be paid", Href: "/admin/partners/" + partner.ID.String()}
		return err
	}
	v.Pay = &views.MoneyAction{Verb: "Pay", Amount: v.Invoice.Total(), To: partner.Name + ", Stripe account " + views.ShortID(*partner.StripeAccount),
		From: cardWords(card), Post: post, Note: h.feeWords(v.Invoice.Total())}
	return h.askToType(ctx, v)
}

// feeWords says what the card pays beside an amount.
func (h *House) feeWords(m models.Money) string {
	fee := h.Payouts.Fee(m)
	if fee.Minor == 0 {
		return "Your card is charged exactly this amount and the partner receives all of it. No fee is added."
	}
	return "Your card is charged " + views.AmountText(models.Money{Minor: m.Minor + fee.Minor, Currency: m.Currency}) + ": this amount, all of which the partner receives, and " +
		views.AmountText(fee) + " for Stripe's fee."
}

// cannotReceive says why a partner's account cannot be paid; empty when it can. Before it says no, Stripe is asked.
func (h *House) cannotReceive(ctx context.Context, p models.Partner) (string, error) {
	a, err := h.Store.PayoutAccount(ctx, p.Tenant, p.ID)
	if errors.Is(err, models.ErrNotFound) || err == nil && a.Account == nil {
		return "", nil
	}
	if err != nil || a.CanReceive() {
		return "", err
	}
	if now, err := h.Payouts.Refresh(ctx, p.Tenant, p.ID); err == nil {
		a = now
	}
	return payouts.CannotReceive(a.AccountState), nil
}

// adminInvoiceApprove lets an invoice be paid.
func (h *House) adminInvoiceApprove(c echo.Context, se models.Session) error {
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	i, err := h.approve(c, se, id, c.FormValue("seen"))
	if err != nil {
		return h.refusedAction(c, se, views.AdminInvoice{}, err)
	}
	code := "approved"
	if i.Status == models.InReview {
		code = "first"
	}
	return goTo(c, "/admin/invoices/"+id.String(), code, 1)
}

// adminInvoiceWithdraw takes an approval back.
func (h *House) adminInvoiceWithdraw(c echo.Context, se models.Session) error {
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	if _, err := h.Payouts.Withdraw(c.Request().Context(), se.Tenant(), id, actor(se)); err != nil {
		return h.refusedAction(c, se, views.AdminInvoice{}, err)
	}
	return goTo(c, "/admin/invoices/"+id.String(), "withdrawn", 0)
}

// adminInvoicePay pays an approved invoice by card.
func (h *House) adminInvoicePay(c echo.Context, se models.Session) error {
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	if wrong, err := h.typedOtherwise(c, se, id); err != nil {
		return err
	} else if wrong != "" {
		return h.showInvoice(c, se, http.StatusUnprocessableEntity, views.AdminInvoice{Typed: wrong})
	}
	i, err := h.Payouts.Pay(c.Request().Context(), se.Tenant(), id, actor(se))
	if err != nil {
		return h.refusedAction(c, se, views.AdminInvoice{}, err)
	}
	code := map[models.InvoiceStatus]string{models.Paid: "paid", models.Failed: "refused", models.NeedsConfirmation: "asks"}[i.Status]
	if code == "" {
		code = "sent"
	}
	return goTo(c, "/admin/invoices/"+id.String(), code, 0)
}

// refusedAction shows the invoice again with the reason; what was typed stays.
func (h *House) refusedAction(c echo.Context, se models.Session, v views.AdminInvoice, err error) error {
	wrong, fields := wrongFields(err)
	switch {
	case fields && v.Mark != nil:
		v.Mark.Wrong = wrong
	case fields && v.Beside.Void != nil:
		v.Beside.Void.Wrong = wrong
	case errors.Is(err, models.ErrConflict):
		_, sentence := statusOf(err)
		v.Mark, v.Flash = nil, []views.Flash{{Tone: views.Bad, Text: sentence}}
	default:
		return err
	}
	status, _ := statusOf(err)
	return h.showInvoice(c, se, status, v)
}
