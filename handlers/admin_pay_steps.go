package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// tryOutcomes are how far an attempt to pay has come, in words.
var tryOutcomes = map[models.AttemptStatus]views.State{
	models.AttemptLive:      {Word: "Under way", Icon: "clock", Tone: views.Telling},
	models.AttemptAsks:      {Word: "Waits for the card holder", Icon: "key-round", Tone: views.Careful},
	models.AttemptCharged:   {Word: "Card charged, not delivered yet", Icon: "arrow-right", Tone: views.Telling},
	models.AttemptSucceeded: {Word: "Went through", Icon: "circle-check", Tone: views.Good},
	models.AttemptFailed:    {Word: "Did not go through", Icon: "circle-x", Tone: views.Bad},
	models.AttemptUndone:    {Word: "Marked by mistake, undone", Icon: "undo-2", Tone: views.Careful},
	models.AttemptReturned:  {Word: "Came back whole", Icon: "undo-2", Tone: views.Careful},
}

// invoiceSteps fills in what became of the newest payment of an invoice, and what this person may do with it.
func (h *House) invoiceSteps(ctx context.Context, se models.Session, v *views.AdminInvoice) error {
	t, i := se.Tenant(), v.Invoice
	v.Steps.At = "/admin/invoices/" + i.ID.String()
	all, err := h.Store.AttemptsOf(ctx, t, i.ID)
	if err != nil {
		return fmt.Errorf("list the attempts of %s: %w", i.ID, err)
	}
	pays, _, err := h.mayPay(ctx, se)
	if err != nil {
		return err
	}
	for _, a := range all {
		v.Steps.Facts = append(v.Steps.Facts, movedWords(a)...)
		if !pays || a.Kind != "stripe" {
			continue
		}
		switch a.Status {
		case models.AttemptAsks:
			v.Steps.Confirm = a.Intent != nil
		case models.AttemptCharged:
			if a.Disputed == "" && !a.Delivering {
				v.Steps.SendOn, v.Steps.GiveBack = a.Refunded == 0, &models.Money{Minor: a.Amount - a.Refunded, Currency: a.Currency}
			}
		case models.AttemptSucceeded:
			if a.Disputed == "" {
				v.Steps.Refund = &models.Money{Minor: a.Amount - a.Refunded, Currency: a.Currency}
			}
		}
	}
	if i.PaidHow != nil && *i.PaidHow == "stripe" {
		v.Steps.Bank, err = h.bankWords(ctx, t, i.Partner, i.PartnerName)
	}
	return err
}

// movedWords says what an attempt moved: what was sent and, where it can be read, what was received.
func movedWords(a models.Attempt) []string {
	amount := models.Money{Minor: a.Amount, Currency: a.Currency}
	if a.Kind != "stripe" || a.ChargedBy == nil {
		return nil
	}
	var facts []string
	if a.Fee > 0 {
		facts = append(facts, "Your card paid "+views.AmountText(models.Money{Minor: a.Amount + a.Fee, Currency: a.Currency})+", "+views.AmountText(models.Money{Minor: a.Fee, Currency: a.Currency})+" of it for Stripe's fee.")
	}
	switch {
	case a.Transfer == nil:
		facts = append(facts, "Your card paid "+views.AmountText(amount)+".")
	case a.Received == nil:
		facts = append(facts, "Sent: "+views.AmountText(amount)+". Where the partner's account is in another currency, Stripe converts it.")
	case *a.ReceivedIn != a.Currency:
		facts = append(facts, "Sent: "+views.AmountText(amount)+". Received, converted by Stripe: "+views.AmountText(models.Money{Minor: *a.Received, Currency: *a.ReceivedIn})+".")
	default:
		facts = append(facts, "Sent and received: "+views.AmountText(amount)+".")
	}
	if a.Returned > 0 {
		facts = append(facts, "Back from the partner: "+views.AmountText(models.Money{Minor: a.Returned, Currency: a.Currency})+".")
	}
	if a.Refunded > 0 {
		facts = append(facts, "Back on your card: "+views.AmountText(models.Money{Minor: a.Refunded, Currency: a.Currency})+".")
	}
	if a.Transfer != nil {
		facts = append(facts, "In Stripe: charge "+*a.ChargedBy+", transfer "+*a.Transfer+".")
	}
	return facts
}

// bankWords says that a partner's bank sent the newest payout back; empty when it did not.
func (h *House) bankWords(ctx context.Context, t models.Tenant, partner models.PartnerID, name string) (string, error) {
	list, err := h.Store.BankPayouts(ctx, t, partner, 1)
	if err != nil || len(list) == 0 || list[0].Status != "failed" {
		return "", err
	}
	b := list[0]
	return fmt.Sprintf("%s could not be paid out from the Stripe account of %s to their bank: %s. What was paid stays paid: the money is on their Stripe balance until they give another bank account there.",
		views.AmountText(models.Money{Minor: b.Minor, Currency: b.Currency}), name, strings.ReplaceAll(b.Failure, "_", " ")), nil
}

// ownBankWords says to a partner that their bank sent the newest payout back; empty when it did not.
func (h *House) ownBankWords(ctx context.Context, side partnerSide) (string, error) {
	list, err := h.Store.BankPayouts(ctx, side.Tenant, side.partner.ID, 1)
	if err != nil || len(list) == 0 || list[0].Status != "failed" {
		return "", err
	}
	b := list[0]
	return "Your bank sent " + views.AmountText(models.Money{Minor: b.Minor, Currency: b.Currency}) + " back: " + strings.ReplaceAll(b.Failure, "_", " ") +
		". The money is on your Stripe balance. Give another bank account in Stripe, and it is paid out again.", nil
}

// adminInvoiceConfirm asks the card holder to come.
func (h *House) adminInvoiceConfirm(c echo.Context, se models.Session) error {
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	ctx, t, at := c.Request().Context(), se.Tenant(), "/admin/invoices/"+id.String()
	i, err := h.Store.Invoice(ctx, t, id)
	if err != nil {
		return err
	}
	asks, err := h.Payouts.Asking(ctx, t, id)
	if errors.Is(err, models.ErrConflict) {
		return c.Redirect(http.StatusSeeOther, at)
	} else if err != nil {
		return err
	}
	v := views.AdminConfirm{At: at, Amount: asks.Amount, Fee: asks.Fee, Invoices: asks.Invoices, Card: "The card with which it was begun"}
	if card, err := h.Store.Card(ctx, t); err == nil && card.Method == asks.Method {
		v.Card = cardWords(card)
	} else if err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	}
	if i.Because != nil {
		v.Because = *i.Because
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/invoices", "Confirm the payment"); err != nil {
		return err
	}
	v.Back = views.Place{Label: i.Number, Href: at}
	h.allowStripe(c)
	return show(c, http.StatusOK, views.AdminConfirmPage(v), nil)
}

// adminInvoiceConfirmNow confirms the payment and leads to the page on which the card's bank asks.
func (h *House) adminInvoiceConfirmNow(c echo.Context, se models.Session) error {
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	at := "/admin/invoices/" + id.String()
	to, err := h.Payouts.Confirm(c.Request().Context(), se.Tenant(), id, strings.TrimSuffix(h.PublicURL, "/")+at+"/confirmed", actor(se))
	if err != nil {
		return h.refusedAction(c, se, views.AdminInvoice{}, err)
	}
	if !strings.HasPrefix(to, "https://") && !strings.HasPrefix(to, "http://") {
		return c.Redirect(http.StatusSeeOther, at)
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// adminInvoiceConfirmedBack is where the bank's page leads back to. What its address says of the outcome is not believed: Stripe is asked.
func (h *House) adminInvoiceConfirmedBack(c echo.Context, se models.Session) error {
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	ctx, t := context.WithoutCancel(c.Request().Context()), se.Tenant()
	all, err := h.Store.AttemptsOf(ctx, t, id)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.Status == models.AttemptAsks || a.Status == models.AttemptLive {
			if err := h.Payouts.Carry(ctx, t, a.ID); err != nil && !errors.Is(err, models.ErrLater) {
				return err
			}
		}
	}
	return c.Redirect(http.StatusSeeOther, "/admin/invoices/"+id.String())
}

// adminInvoiceGiveUp cancels a payment that waits for the card holder.
func (h *House) adminInvoiceGiveUp(c echo.Context, se models.Session) error {
	return h.step(c, se, func(id models.InvoiceID) error {
		return h.Payouts.GiveUp(c.Request().Context(), se.Tenant(), id, actor(se))
	})
}

// adminInvoiceSendAgain sends charged money on to the partner.
func (h *House) adminInvoiceSendAgain(c echo.Context, se models.Session) error {
	return h.step(c, se, func(id models.InvoiceID) error {
		_, err := h.Payouts.SendAgain(c.Request().Context(), se.Tenant(), id, actor(se))
		return err
	})
}

// adminInvoiceGiveBack gives the card back what was not delivered.
func (h *House) adminInvoiceGiveBack(c echo.Context, se models.Session) error {
	return h.step(c, se, func(id models.InvoiceID) error {
		_, err := h.Payouts.GiveBack(c.Request().Context(), se.Tenant(), id, c.FormValue("reason"), actor(se))
		return err
	})
}

// adminInvoiceRefund takes a payment back from the partner to the card.
func (h *House) adminInvoiceRefund(c echo.Context, se models.Session) error {
	return h.step(c, se, func(id models.InvoiceID) error {
		_, err := h.Payouts.Refund(c.Request().Context(), se.Tenant(), id, c.FormValue("reason"), c.FormValue("then") != "never", actor(se))
		return err
	})
}

// step does one thing with an invoice's payment and shows the invoice; what was typed stays when it is refused.
func (h *House) step(c echo.Context, se models.Session, do func(models.InvoiceID) error) error {
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	err = do(id)
	if wrong, fields := wrongFields(err); fields {
		return h.showInvoice(c, se, http.StatusUnprocessableEntity, views.AdminInvoice{Steps: views.InvoiceSteps{Wrong: wrong, Reason: c.FormValue("reason")}})
	} else if err != nil {
		return h.refusedAction(c, se, views.AdminInvoice{}, err)
	}
	return c.Redirect(http.StatusSeeOther, "/admin/invoices/"+id.String())
}
