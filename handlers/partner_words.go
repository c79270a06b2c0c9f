package handlers

import (
	"fmt"
	"strings"
	"time"

	"portal/models"
	"portal/store"
	"portal/views"
)

// earningRow is a commission as its partner may see it.
func earningRow(c store.CommissionRow, now time.Time) views.EarningRow {
	row := views.EarningRow{Href: "/partner/earnings/" + c.ID.String(), PaidAt: c.PaidAt, Customer: maskCustomer(c.CustomerEmail),
		Amount: c.Amount, Earned: c.Earned, State: c.Status, Words: commissionWords(c.Commission, now), PayableOn: c.PayableOn}
	if c.Status == models.Waiting {
		row.Waiting = &c.Share
	}
	return row
}

// byHandRow is something booked by hand as its partner may see it.
func byHandRow(a store.AdjustmentRow, company string) views.EarningRow {
	row := views.EarningRow{ByHand: byHandWords(a.Kind, company), Reason: withoutAddresses(a.Reason), PaidAt: a.At, PayableOn: a.At,
		Amount: a.Amount(), Earned: a.Amount(), State: a.Status(), Words: views.StateOf("commission", a.Status()).Word}
	if a.Invoice != nil {
		row.Href = "/partner/invoices/" + a.Invoice.String()
	}
	return row
}

func byHandWords(kind models.AdjustmentKind, company string) string {
	switch kind {
	case models.Deduction:
		return "Deduction by " + company
	case models.DebtWrittenOff:
		return "Debt written off by " + company
	}
	return "Bonus from " + company
}

func commissionWords(c models.Commission, now time.Time) string {
	if c.Status == models.Held && c.Disputed {
		return "Held, the payment is disputed"
	}
	if c.Status == models.Held && c.PayableOn.After(now) {
		return "Held until " + views.Day(c.PayableOn)
	}
	if c.Status == models.Held {
		return "Its hold has ended"
	}
	if c.Status == models.CommissionReversed && c.Earned.Minor == 0 {
		return "Nothing to earn"
	}
	return views.StateOf("commission", c.Status).Word
}

// invoiceRow is an invoice as its partner may see it.
func invoiceRow(i models.Invoice, company string) views.PartnerInvoiceRow {
	return views.PartnerInvoiceRow{Href: "/partner/invoices/" + i.ID.String(), Number: i.Number, DrawnAt: i.DrawnAt, Total: i.Total(),
		State: i.Status, Words: invoiceWords(i, company)}
}

func invoiceRows(list []models.Invoice, company string) []views.PartnerInvoiceRow {
	var rows []views.PartnerInvoiceRow
	for _, i := range list {
		rows = append(rows, invoiceRow(i, company))
	}
	return rows
}

func invoiceWords(i models.Invoice, company string) string {
	switch i.Status {
	case models.InReview:
		return "Being reviewed by " + company
	case models.Approved:
		return "Approved, payment comes next"
	case models.Failed:
		return "The payment did not go through"
	case models.Paid:
		return "Paid on " + views.Day(*i.PaidAt) + " " + paidHow(i, company)
	}
	return views.StateOf("partner_invoice", i.Status).Word
}

func paidHow(i models.Invoice, company string) string {
	if i.PaidHow != nil && *i.PaidHow == "stripe" {
		return "by Stripe"
	}
	return "by " + company + " elsewhere"
}

// whenPaid says when a commission is paid and why not sooner, a sentence each.
func whenPaid(c models.Commission, on *models.Invoice, company string, now time.Time) []string {
	held := fmt.Sprintf("Held until %s, so that a refund can still be taken back.", views.Day(c.PayableOn))
	next := fmt.Sprintf("Then %s puts it on its next invoice, and pays that once a person there has approved it.", company)
	switch {
	case c.Status == models.CommissionReversed && on != nil && on.Status == models.Paid:
		return []string{fmt.Sprintf("It was paid with invoice %s and all of it was taken back since: that comes off what you are paid next.", on.Number)}
	case c.Status == models.CommissionReversed:
		return []string{"Nothing is left to pay: all of it was taken back."}
	case c.Status == models.Waiting:
		return []string{fmt.Sprintf("The sale is in %s and you are paid in %s: it waits for an exchange rate.", c.Share.Currency.Code(), c.Amount.Currency.Code()), held}
	case c.Status == models.Held && c.Disputed:
		return []string{"The customer's bank disputes this payment. It is held until that is decided.", next}
	case c.Status == models.Held && c.PayableOn.After(now):
		return []string{held, next}
	case c.Status == models.Held:
		return []string{"The time in which a refund could be taken back has just ended.", next}
	case on == nil:
		return []string{fmt.Sprintf("Its refund window ended on %s.", views.Day(c.PayableOn)),
			fmt.Sprintf("%s puts it on its next invoice, and pays that once a person there has approved it.", company)}
	}
	return []string{fmt.Sprintf("It is on invoice %s: %s.", on.Number, lowered(invoiceWords(*on, company)))}
}

// changeWords says what one change of a commission was.
func changeWords(e models.Entry) (what, icon string, tone views.Tone) {
	switch {
	case e.Kind == "refund" && e.Amount.Minor < 0:
		return "The customer got money back", "undo-2", views.Careful
	case e.Kind == "refund":
		return "A refund did not go through", "rotate-ccw", views.Good
	case e.Kind == "earned":
		return "Earned", "check", views.Good
	}
	return "The amount was put right", "rotate-ccw", views.Telling
}

// becauseOf is the reason of a change in a partner's words.
func becauseOf(because, paymentKey string) string {
	because = strings.ReplaceAll(because, " of "+paymentKey, " of this payment")
	because = strings.ReplaceAll(because, "this partner's", "yours")
	return began(withoutAddresses(because))
}

// lowered is a state inside a sentence.
func lowered(words string) string {
	if words == "" {
		return words
	}
	return strings.ToLower(words[:1]) + words[1:]
}
