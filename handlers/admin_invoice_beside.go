package handlers

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// invoicedLine is one line of an invoice as the company sees it.
func invoicedLine(l models.InvoiceLine, partner models.PartnerID, currency models.Currency) views.InvoicedLine {
	line := views.InvoicedLine{PaidAt: l.PaidAt, Amount: models.Money{Minor: l.AmountMinor, Currency: currency}}
	if l.IsAdjustment() {
		line.Href, line.Customer, line.Because = "/admin/partners/"+partner.String()+"#adjustments", views.StateOf("adjustment", l.Kind).Word, l.Because
		return line
	}
	line.Href, line.Payment, line.Customer = "/admin/payments/"+l.PaymentID.String(), l.PaymentKey, "No customer"
	line.Because, line.Sale = reasonOn(l.Because, l.PaymentKey), views.SaleText(l.Sale(), l.Rate(currency))
	if l.Customer != nil {
		line.Customer = *l.Customer
	}
	return line
}

// contestedLines adds to each line what was said of it.
func (h *House) contestedLines(ctx context.Context, v *views.AdminInvoice, lines []models.InvoiceLine) error {
	all, err := h.Store.ContestsOf(ctx, v.Invoice.Tenant, []models.InvoiceID{v.Invoice.ID})
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Status == models.ContestOpen {
			v.Beside.Open++
		}
		for n, l := range lines {
			if x.Is(l) {
				v.Lines[n].Contests = append(v.Lines[n].Contests, contestLine(x, true))
			}
		}
	}
	return nil
}

// beside fills in what stands beside the lines: who approved first, what it stands for, how it can be given up.
func (h *House) beside(ctx context.Context, se models.Session, v *views.AdminInvoice) error {
	i, b := v.Invoice, &v.Beside
	at := func(i models.Invoice) views.Place {
		return views.Place{Label: i.Number, Href: "/admin/invoices/" + i.ID.String()}
	}
	if i.ReissueOf != nil {
		void, err := h.Store.Invoice(ctx, i.Tenant, *i.ReissueOf)
		if err != nil {
			return err
		}
		b.Instead = at(void)
	}
	if i.Status == models.Void {
		next, err := h.Store.ReissueOf(ctx, i.Tenant, i.ID)
		if err == nil {
			b.Reissued = at(next)
		} else if !errors.Is(err, models.ErrNotFound) {
			return err
		}
		was := models.Money{Currency: i.Currency}
		for _, l := range v.Lines {
			was.Minor += l.Amount.Minor
		}
		b.WasOver = "It was over " + views.AmountText(was)
	}
	if i.Run != nil {
		b.Run = views.Place{Label: "All that was drawn up with it", Href: runsAt + "/" + i.Run.String()}
	}
	if i.Status == models.InReview && i.FirstAt != nil {
		b.First = *i.FirstBy + " approved it on " + views.Day(*i.FirstAt) + ". It is above the limit for one approval: another person must approve it too."
	}
	approves, _, err := h.mayApprove(ctx, se)
	if open := i.Status == models.InReview || i.Status == models.Approved || i.Status == models.Failed; err != nil || !approves || !open {
		b.Void = nil
		return err
	}
	if b.Void == nil {
		b.Void = &views.VoidForm{}
	}
	b.Void.Post = "/admin/invoices/" + i.ID.String() + "/void"
	return nil
}

// offerApproval offers the one approval, or the second of two to another person than the first.
func (h *House) offerApproval(se models.Session, v *views.AdminInvoice, approves bool, approvers string) {
	i := v.Invoice
	switch {
	case !approves:
		v.CannotBy = approvers
		return
	case i.FirstPerson != nil && *i.FirstPerson == se.Person:
		v.CannotBy = "You approved it. Another person must approve it too before it can be paid."
		v.More = []views.Action{{Label: "Withdraw approval", Icon: "rotate-ccw", Post: "/admin/invoices/" + i.ID.String() + "/withdraw"}}
		return
	}
	v.Primary = views.SeenButton("/admin/invoices/"+i.ID.String()+"/approve", i.Total().Decimal(), views.Action{Label: "Approve " + views.AmountText(i.Total()), Icon: "check", Kind: views.Primary})
	v.CannotBy = "Look through what the invoice gathers. Once approved it can be paid; what is taken back before then makes it smaller and asks for your approval again."
}

// offerAgain offers to approve an invoice anew that is not what was approved any more. It is not paid before that.
func (h *House) offerAgain(v *views.AdminInvoice, approves bool, approvers string) {
	i := v.Invoice
	v.Mark, v.CannotBy = nil, "It was approved, and is not what was approved any more: a line of it, or where the money goes, has changed since. Nothing is paid before it is approved again. "
	if !approves {
		v.CannotBy += approvers
		return
	}
	v.CannotBy += "Look at how " + i.PartnerName + " is paid now."
	v.CannotDo = views.Place{Label: "How " + i.PartnerName + " can be paid", Href: "/admin/partners/" + i.Partner.String()}
	v.Primary = views.SeenButton("/admin/invoices/"+i.ID.String()+"/approve", i.Total().Decimal(), views.Action{Label: "Approve again, " + views.AmountText(i.Total()), Icon: "check", Kind: views.Primary})
}

// adminInvoiceVoid gives an invoice up, and draws up another one in its place when that is asked.
func (h *House) adminInvoiceVoid(c echo.Context, se models.Session) error {
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	typed := views.VoidForm{Reason: c.FormValue("reason")}
	do, code := h.Payouts.Void, "voided"
	if c.FormValue("then") == "reissue" {
		do, code = h.Payouts.Reissue, "reissued"
	}
	i, err := do(c.Request().Context(), se.Tenant(), id, typed.Reason, actor(se))
	if err != nil {
		return h.refusedAction(c, se, views.AdminInvoice{Beside: views.InvoiceBeside{Void: &typed}}, err)
	}
	return goTo(c, "/admin/invoices/"+i.ID.String(), code, 0)
}

// askToType has the amount typed before a payment above the limit for one approval.
func (h *House) askToType(ctx context.Context, v *views.AdminInvoice) error {
	two, err := h.Payouts.AsksTwo(ctx, v.Invoice)
	if two && v.Pay != nil {
		v.Pay.Typed, v.Pay.Error = "amount", v.Typed
	}
	return err
}

// typedOtherwise says what is wrong with the amount that was typed to confirm a payment; empty when none is asked, or it is right.
func (h *House) typedOtherwise(c echo.Context, se models.Session, id models.InvoiceID) (string, error) {
	i, err := h.Store.Invoice(c.Request().Context(), se.Tenant(), id)
	if err != nil || i.Status != models.Approved && i.Status != models.Failed {
		return "", err
	}
	two, err := h.Payouts.AsksTwo(c.Request().Context(), i)
	if err != nil || !two {
		return "", err
	}
	if typed, err := models.ParseMoney(c.FormValue("amount"), i.Currency); err != nil || typed != i.Total() {
		return "That is not the amount. Nothing was paid; type " + i.Total().Decimal() + ".", nil
	}
	return "", nil
}
