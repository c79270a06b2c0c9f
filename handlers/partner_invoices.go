package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// partnerInvoices lists a partner's invoices, the newest first.
func (h *House) partnerInvoices(c echo.Context, se models.Session) error {
	side, err := h.asPartner(c, se, "Invoices", "What you are paid, and what each payment gathers.")
	if err != nil {
		return err
	}
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	list, err := h.Store.Invoices(c.Request().Context(), side.Tenant, &side.partner.ID, "", page)
	if err != nil {
		return err
	}
	list, next := store.Next(list, page.Limit, func(i models.Invoice) (time.Time, fmt.Stringer) { return i.DrawnAt, i.ID })
	v := views.PartnerInvoices{Frame: side.frame, Rows: invoiceRows(list, side.company)}
	v.Newest, v.Older = pageLinks("/partner/invoices", page, next)
	return show(c, http.StatusOK, views.PartnerInvoicesPage(v), nil)
}

// partnerInvoice shows one of a partner's invoices.
func (h *House) partnerInvoice(c echo.Context, se models.Session) error {
	return h.showPartnerInvoice(c, se, http.StatusOK, views.ContestForm{})
}

// showPartnerInvoice shows the invoice that the address names; typed is a contest of a line that was refused.
func (h *House) showPartnerInvoice(c echo.Context, se models.Session, status int, typed views.ContestForm) error {
	side, err := h.asPartner(c, se, "", "")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	i, err := h.Store.InvoiceOfPartner(ctx, side.Tenant, side.partner.ID, id)
	if err != nil {
		return err
	}
	lines, err := h.Store.InvoiceLines(ctx, side.Tenant, i.ID)
	if err != nil {
		return err
	}
	v := ownInvoice(side, i, lines)
	if err := h.contestable(ctx, i, lines, typed, &v); err != nil {
		return err
	}
	if err := h.insteadOf(ctx, i, &v); err != nil {
		return err
	}
	if err := h.ownOutside(ctx, side, i, &v); err != nil {
		return err
	}
	if i.PaidHow != nil && *i.PaidHow == "stripe" && i.Status == models.Paid && v.Note == "" {
		if v.Note, err = h.ownBankWords(ctx, side); err != nil {
			return err
		}
		v.Tone = views.Careful
	}
	return show(c, status, views.PartnerInvoicePage(v), nil)
}

// ownInvoice is the page of one invoice.
func ownInvoice(side partnerSide, i models.Invoice, lines []models.InvoiceLine) views.PartnerInvoice {
	v := views.PartnerInvoice{Frame: side.frame, Now: side.now, Row: invoiceRow(i, side.company), Until: i.Until, ApprovedAt: i.ApprovedAt, PaidAt: i.PaidAt}
	v.Title, v.Back = i.Number, views.Place{Label: "Invoices", Href: "/partner/invoices"}
	v.Status = views.BadgeWords("partner_invoice", i.Status, v.Row.Words)
	v.Note, v.Tone = invoiceNote(i, side.company)
	if i.PaidAt != nil {
		v.PaidHow = paidHow(i, side.company)
	}
	if i.Reference != nil {
		v.Reference = *i.Reference
	}
	for _, l := range lines {
		amount := models.Money{Minor: l.AmountMinor, Currency: i.Currency}
		what, reason := lineWords(l, i.Currency, side.company)
		line := views.PartnerInvoiceLine{PaidAt: l.PaidAt, Customer: what, Reason: reason, Amount: amount}
		if !l.IsAdjustment() {
			line.Href = "/partner/earnings/" + l.Commission.String()
			if rate := l.Rate(i.Currency); rate != nil {
				line.Sale = views.SaleText(l.Sale(), rate)
			}
		}
		v.Lines = append(v.Lines, line)
	}
	return v
}

// invoiceNote is what a partner should know of an invoice beside its state. Why a payment failed is the company's
// matter: its card is none of the partner's.
func invoiceNote(i models.Invoice, company string) (string, views.Tone) {
	switch {
	case i.Status == models.Failed:
		return "The payment did not go through. " + company + " is told and can try it again; nothing is lost of what you earned.", views.Careful
	case i.Status == models.Refunded && i.Because != nil:
		return "This payment came back from your Stripe account. " + withoutAddresses(*i.Because) + ".", views.Telling
	case i.Status == models.Void:
		note := company + " does not pay this invoice. What is left of it comes on a later one."
		if i.Because != nil {
			note += " The reason: " + withoutAddresses(*i.Because) + "."
		}
		return strings.ReplaceAll(note, "..", "."), views.Telling
	case shrank(i):
		return "The total went down after the invoice was drawn up: " + lowered(withoutAddresses(*i.Because)) + ".", views.Telling
	case i.Status == models.InReview && i.Because != nil:
		return company + " checks the invoice again. " + withoutAddresses(*i.Because), views.Telling
	}
	return "", ""
}
