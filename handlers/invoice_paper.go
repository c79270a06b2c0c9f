package handlers

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/paper"
)

// adminInvoicePaper gives the company an invoice as PDF.
func (h *House) adminInvoicePaper(c echo.Context, se models.Session) error {
	ctx := c.Request().Context()
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	i, err := h.Store.Invoice(ctx, se.Tenant(), id)
	if err != nil {
		return err
	}
	company, err := h.Store.Company(ctx, se.Company)
	if err != nil {
		return err
	}
	return h.sendInvoice(c, i, company.Name)
}

// partnerInvoicePaper gives a partner one of their own invoices as PDF.
func (h *House) partnerInvoicePaper(c echo.Context, se models.Session) error {
	side, err := h.asPartner(c, se, "", "")
	if err != nil {
		return err
	}
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	i, err := h.Store.InvoiceOfPartner(c.Request().Context(), side.Tenant, side.partner.ID, id)
	if err != nil {
		return err
	}
	return h.sendInvoice(c, i, side.company)
}

// sendInvoice prints an invoice and sends it. Both sides get the same paper.
func (h *House) sendInvoice(c echo.Context, i models.Invoice, company string) error {
	printed, err := h.invoicePaper(c.Request().Context(), i, company)
	if err != nil {
		return err
	}
	pdf, err := printed.Print()
	if err != nil {
		return err
	}
	return sendPDF(c, i.Number, pdf)
}

// sendPDF sends a paper under a name that a file may have.
func sendPDF(c echo.Context, name string, pdf []byte) error {
	c.Response().Header().Set("Content-Disposition", `inline; filename="`+name+`.pdf"`)
	return c.Blob(http.StatusOK, "application/pdf", pdf)
}

// invoicePaper gathers what an invoice prints. Once it is paid, the details are those of that day.
func (h *House) invoicePaper(ctx context.Context, i models.Invoice, company string) (paper.Invoice, error) {
	p := paper.Invoice{Invoice: i, Standing: invoiceWords(i, company)}
	at := h.now()
	if i.PaidAt != nil {
		at = *i.PaidAt
	}
	var err error
	if p.Settings, err = h.Store.PayoutSettings(ctx, i.Tenant); err != nil {
		return p, err
	}
	if p.Company, err = h.billingAt(ctx, i.Tenant, nil, company, at); err != nil {
		return p, err
	}
	if p.Partner, err = h.billingAt(ctx, i.Tenant, &i.Partner, i.PartnerName, at); err != nil {
		return p, err
	}
	bank, err := h.Store.BankAt(ctx, i.Tenant, i.Partner, at)
	if err == nil {
		p.Bank = &bank
	} else if !errors.Is(err, models.ErrNotFound) {
		return p, err
	}
	p.Lines, err = h.paperLines(ctx, i, company)
	return p, err
}

// billingAt are billing details at a moment; the name alone where none were given.
func (h *House) billingAt(ctx context.Context, t models.Tenant, partner *models.PartnerID, name string, at time.Time) (models.BillingDetails, error) {
	b, err := h.Store.BillingAt(ctx, t, partner, at)
	if errors.Is(err, models.ErrNotFound) {
		return models.BillingDetails{Tenant: t, Partner: partner, Name: name}, nil
	}
	return b, err
}

// paperLines are what an invoice gathers, customers masked as the partner may see them.
func (h *House) paperLines(ctx context.Context, i models.Invoice, company string) ([]paper.Line, error) {
	gathered, err := h.Store.InvoiceLines(ctx, i.Tenant, i.ID)
	if err != nil {
		return nil, err
	}
	var ids []models.CommissionID
	for _, l := range gathered {
		if !l.IsAdjustment() {
			ids = append(ids, l.Commission)
		}
	}
	sales, err := h.Store.SalesOf(ctx, i.Tenant, ids)
	if err != nil {
		return nil, err
	}
	var lines []paper.Line
	for _, l := range gathered {
		what, reason := lineWords(l, i.Currency, company)
		line := paper.Line{At: l.PaidAt, What: what, Reason: reason, Amount: models.Money{Minor: l.AmountMinor, Currency: i.Currency}}
		if sale, known := sales[l.Commission]; known {
			line.Sale, line.Rate = &sale.Gross, sale.Rate
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// lineWords are what a line of an invoice is for, and why, as the partner may see it.
func lineWords(l models.InvoiceLine, in models.Currency, company string) (what, reason string) {
	if l.IsAdjustment() {
		return byHandWords(models.AdjustmentKind(l.Kind), company), withoutAddresses(l.Because)
	}
	reason, _, _ = changeWords(models.Entry{Kind: l.Kind, Amount: models.Money{Minor: l.AmountMinor, Currency: in}})
	if l.Kind != "earned" {
		reason += ": " + becauseOf(l.Because, l.PaymentKey)
	}
	return maskCustomer(l.Customer), reason
}
