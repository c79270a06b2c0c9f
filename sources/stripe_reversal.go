package sources

import (
	"cmp"
	"time"

	"portal/models"
)

const released = "an authorisation was released; no money had been captured"

// reversal is what refunds, disputes and credit notes tell alike.
func (o object) reversal(kind models.ReversalKind, amount string, at time.Time) models.Reversal {
	r := models.Reversal{
		Key: o.id("id"), Kind: kind, Amount: o.money(amount, "currency"),
		Made: o.moment("created"), At: at, Says: clip(o.text("status")),
	}
	if r.Made.IsZero() {
		r.Made = at
	}
	return r
}

// ofCharge names the money of a refund or dispute. Neither says whose invoice its charge pays, in either shape; until
// that is answered it carries the question, for it may come before all else that is known of the money (MONEY.md 2.2).
func (o object) ofCharge(r models.Reversal, answer []byte) models.News {
	money := models.Telling{Charge: o.id("charge"), Intent: o.id("payment_intent")}
	if len(money.Aliases()) == 0 {
		return models.News{Silent: "a " + string(r.Kind) + " that names neither a charge nor a payment intent"}
	}
	var ask *models.Question
	if a := o.answer(answer); a.Aside {
		ask = &models.Question{Charge: money.Charge, Intent: money.Intent}
	} else {
		money.Invoice, money.Intent = a.Invoice, cmp.Or(money.Intent, a.Intent)
	}
	r.Charge, r.Of = money.Charge, money.Aliases()
	return models.News{Reversals: []models.Reversal{r}, Ask: ask}
}

// readRefund tells the state of one refund. One that is still on its way counts already: only one that failed or was
// canceled does not (MONEY.md 2.5).
func readRefund(o object, at time.Time, answer []byte) models.News {
	switch {
	case o.text("reason") == "expired_uncaptured_charge":
		return models.News{Silent: released}
	case o.id("source_transfer_reversal") != "":
		return models.News{Silent: "a refund of an incoming transfer, which never was revenue"}
	}
	r := o.reversal(models.Refund, "amount", at)
	r.State = models.Takes
	if r.Says == "failed" || r.Says == "canceled" {
		r.State = models.Rests
	}
	return o.ofCharge(r, answer)
}
