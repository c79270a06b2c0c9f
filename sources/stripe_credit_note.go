package sources

import (
	"time"

	"portal/models"
)

// readCreditNote tells the part of a credit note that was given back outside Stripe. All else that a note gives is
// counted elsewhere, and the reason says where (MONEY.md 2.5).
func readCreditNote(o object, at time.Time) models.News {
	if o.text("type") == "pre_payment" {
		return models.News{Silent: "a credit note before payment: the invoice itself collects less"}
	}
	if !o.has("out_of_band_amount") || o.amount("out_of_band_amount") == 0 {
		return models.News{Silent: o.givesElsewhere()}
	}
	invoice := o.id("invoice")
	if invoice == "" {
		o.complain("invoice", "is missing")
	}
	r := o.reversal(models.CreditNote, "out_of_band_amount", at)
	r.Of = []string{invoice}
	switch r.Says {
	case "issued":
		r.State = models.Takes
	case "void":
		r.State = models.Rests
	default:
		r.State = models.Holds // nobody knows
	}
	return models.News{Reversals: []models.Reversal{r}}
}

// givesElsewhere is where the money of a note without an amount outside Stripe is counted.
func (o object) givesElsewhere() string {
	switch {
	case o.id("refund") != "" || len(o.list("refunds")) > 0:
		return "a credit note with a refund: the refund itself counts, by its own events"
	case o.id("customer_balance_transaction") != "":
		return "a credit note to the customer's balance: later invoices collect less"
	}
	return "a credit note that gave nothing back outside Stripe"
}
