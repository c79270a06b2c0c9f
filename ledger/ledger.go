// Package ledger says which transfers book what happened. A transfer moves an amount above zero from one account to
// another in one currency, so the books balance by construction; a correction is another transfer. This room knows no
// clock and no database: it is handed what happened and when, and store keeps what it answers.
package ledger

import (
	"fmt"
	"time"

	"portal/models"
)

// Entry books one change of a commission: from what the program owes to the partner's held money while the hold
// lasts, to their due money afterwards, and to the invoice if the entry lies on one. Below zero it flows back.
func Entry(c models.Commission, e models.Entry) []models.Transfer {
	to := models.HeldFor(c.Partner)
	switch {
	case e.Invoice != nil:
		to = models.OnInvoice(*e.Invoice)
	case c.Matured:
		to = models.DueTo(c.Partner)
	}
	return flow(models.Transfer{
		Key: fmt.Sprintf("commission/%s/%d", c.ID, e.Seq), Cause: "commission/" + c.ID.String(),
		From: models.Owes(c.Program), To: to, Amount: e.Amount, At: e.At,
	})
}

// Matured books the end of a commission's hold: held money becomes due. A hold that ends again has its number in the key.
func Matured(c models.Commission, amount models.Money, at time.Time) []models.Transfer {
	key := fmt.Sprintf("commission/%s/matured", c.ID)
	if c.Holds > 0 {
		key = fmt.Sprintf("%s/%d", key, c.Holds)
	}
	return flow(models.Transfer{
		Key: key, Cause: "commission/" + c.ID.String(),
		From: models.HeldFor(c.Partner), To: models.DueTo(c.Partner), Amount: amount, At: at,
	})
}

// HeldAgain books due money put back on hold, for the Holds-th time, while a dispute is open.
func HeldAgain(c models.Commission, amount models.Money, at time.Time) []models.Transfer {
	return flow(models.Transfer{
		Key: fmt.Sprintf("commission/%s/held/%d", c.ID, c.Holds), Cause: "commission/" + c.ID.String(),
		From: models.DueTo(c.Partner), To: models.HeldFor(c.Partner), Amount: amount, At: at,
	})
}

// Drawn books an invoice drawn up: due money is gathered on it.
func Drawn(i models.Invoice) []models.Transfer {
	return flow(models.Transfer{
		Key: fmt.Sprintf("invoice/%s/drawn", i.ID), Cause: "invoice/" + i.ID.String(),
		From: models.DueTo(i.Partner), To: models.OnInvoice(i.ID), Amount: i.Total(), At: i.DrawnAt,
	})
}

// Voided books an invoice given up: what is left on it is due again.
func Voided(i models.Invoice, left models.Money, at time.Time) []models.Transfer {
	return flow(models.Transfer{
		Key: fmt.Sprintf("invoice/%s/voided", i.ID), Cause: "invoice/" + i.ID.String(),
		From: models.OnInvoice(i.ID), To: models.DueTo(i.Partner), Amount: left, At: at,
	})
}

// Shrunk books what was taken back of a failed invoice: it lies on the invoice no longer. The key holds the total that is left.
func Shrunk(i models.Invoice, back models.Money, at time.Time) []models.Transfer {
	return flow(models.Transfer{
		Key: fmt.Sprintf("invoice/%s/shrunk/%d", i.ID, i.TotalMinor), Cause: "invoice/" + i.ID.String(),
		From: models.OnInvoice(i.ID), To: models.DueTo(i.Partner), Amount: back, At: at,
	})
}

// TakenOff books a commission taken off an invoice while a dispute is open: what it came to is due, to be held again.
func TakenOff(i models.Invoice, c models.Commission, amount models.Money, at time.Time) []models.Transfer {
	return flow(models.Transfer{
		Key: fmt.Sprintf("invoice/%s/off/%s/%d", i.ID, c.ID, c.Holds), Cause: "invoice/" + i.ID.String(),
		From: models.OnInvoice(i.ID), To: models.DueTo(i.Partner), Amount: amount, At: at,
	})
}

// Adjusted books what was made due beside commissions: from what the program owes, from what is written off, or from what was
// paid and came back, to the partner's due money. Below zero it flows back.
func Adjusted(a models.Adjustment) []models.Transfer {
	from := models.WrittenOff(a.Partner)
	switch {
	case a.Program != nil:
		from = models.Owes(*a.Program)
	case a.Attempt != nil:
		from = models.PaidByStripe(a.Partner)
	}
	of := "adjustment/" + a.ID.String()
	return flow(models.Transfer{Key: of, Cause: of, From: from, To: models.DueTo(a.Partner), Amount: a.Amount(), At: a.At})
}

// flow turns an amount below zero into one above zero the other way. Zero is no transfer.
func flow(t models.Transfer) []models.Transfer {
	switch {
	case t.Amount.Minor == 0:
		return nil
	case t.Amount.Minor < 0:
		t.From, t.To, t.Amount.Minor = t.To, t.From, -t.Amount.Minor
	}
	return []models.Transfer{t}
}
