package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

const latestRows = 8

// partnerHome shows where a partner's money stands and what comes next.
func (h *House) partnerHome(c echo.Context, se models.Session) error {
	side, err := h.asPartner(c, se, "Home", "")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	side.frame.Sentence = "What you earn with " + side.company + ", and when it is paid."
	v := views.PartnerHome{Frame: side.frame, Now: side.now, Code: side.partner.Key,
		Standing: standing(side.partner, side.company)}
	if v.ToBePaid, err = h.toBePaid(ctx, side); err != nil {
		return err
	}
	if err := h.partnerMoney(ctx, side, &v); err != nil {
		return err
	}
	open, err := h.Store.UnpaidInvoices(ctx, side.Tenant, side.partner.ID)
	if err != nil {
		return err
	}
	v.Invoices = invoiceRows(open, side.company)
	latest, err := h.earnings(ctx, side, store.Page{Limit: latestRows, Desc: true})
	if err != nil {
		return err
	}
	v.Latest = earningRows(latest[:min(len(latest), latestRows)])
	return show(c, http.StatusOK, views.PartnerHomePage(v), nil)
}

// partnerMoney fills in the figures and the next turn of each currency, the partner's own first.
func (h *House) partnerMoney(ctx context.Context, side partnerSide, v *views.PartnerHome) error {
	balances, err := h.Store.BalancesOf(ctx, side.Tenant, side.partner.ID)
	if err != nil {
		return err
	}
	months, err := h.Store.EarnedByMonth(ctx, side.Tenant, side.partner.ID, monthOf(side.now).AddDate(0, -11, 0))
	if err != nil {
		return err
	}
	for _, b := range ownFirst(balances, side.partner.Currency) {
		v.Money = append(v.Money, moneyFigures(b, months, side.now))
		turn, err := h.Store.NextTurn(ctx, side.Tenant, side.partner.ID, b.Currency, dayOf(side.now))
		if errors.Is(err, models.ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		v.Turns = append(v.Turns, views.PartnerTurn{Amount: models.Money{Minor: turn.Minor, Currency: b.Currency}, Day: turn.Day})
	}
	return nil
}

// ownFirst puts the partner's own currency first, with zeros when nothing was booked in it yet.
func ownFirst(balances []models.Balance, own models.Currency) []models.Balance {
	zero := models.Money{Currency: own}
	first := models.Balance{Currency: own, Held: zero, Due: zero, Invoiced: zero, Paid: zero}
	if at := slices.IndexFunc(balances, func(b models.Balance) bool { return b.Currency == own }); at >= 0 {
		first = balances[at]
		balances = slices.Delete(slices.Clone(balances), at, at+1)
	}
	return append([]models.Balance{first}, balances...)
}

// moneyFigures are earned this month, held, due and paid in one currency.
func moneyFigures(b models.Balance, months []store.MonthSum, now time.Time) []views.Figure {
	series := make([]int64, 12)
	start := monthOf(now)
	for _, m := range months {
		back := (start.Year()-m.Month.Year())*12 + int(start.Month()) - int(m.Month.Month())
		if m.Currency == b.Currency && back >= 0 && back < len(series) {
			series[len(series)-1-back] += m.Minor
		}
	}
	this, before := series[11], series[10]
	earned := views.MoneyFigure("Earned this month", models.Money{Minor: this, Currency: b.Currency})
	earned.Href, earned.Spark = "/partner/earnings", series
	if before > 0 {
		earned.Change = views.Change(this, before, "all of "+start.AddDate(0, -1, 0).Month().String())
	}
	held, due, paid := views.MoneyFigure("Held", b.Held), views.MoneyFigure("Due", b.Due), views.MoneyFigure("Paid to you", b.Paid)
	held.Change, due.Change, paid.Change = "Until its refund window ends", "Ready for the next invoice", "Since the beginning"
	switch {
	case b.Due.Minor < 0:
		due.Change = "Taken off what you are paid next"
	case b.Invoiced.Minor != 0:
		due.Change = "And " + views.AmountText(b.Invoiced) + " on invoices"
	}
	paid.Href = "/partner/invoices"
	return []views.Figure{earned, held, due, paid}
}

// standing says why a partner earns nothing at the moment; nothing when they do (F94).
func standing(p models.Partner, company string) string {
	switch p.Status {
	case models.PartnerPending:
		return company + " has not approved your account yet. Sales made before that earn nothing."
	case models.PartnerPaused:
		return company + " has paused your account: sales made meanwhile earn nothing. What you earned before stays yours."
	case models.PartnerBanned:
		return company + " has closed your account: new sales earn nothing. Ask " + company + " if you do not know why."
	}
	return ""
}

// toBePaid is what must be so before money can reach a partner (F123).
func (h *House) toBePaid(ctx context.Context, side partnerSide) ([]views.Todo, error) {
	active := views.Todo{What: "Your account is active", Why: "Sales that carry your code earn.", Done: side.partner.Status == models.PartnerActive}
	if !active.Done {
		active.What, active.Why = "Your account is not active", "New sales earn nothing until "+side.company+" makes it active."
	}
	way, err := h.wayToBePaid(ctx, side)
	return []views.Todo{active, way}, err
}

// wayToBePaid says how money reaches a partner: through Stripe, or to the bank account that they gave.
func (h *House) wayToBePaid(ctx context.Context, side partnerSide) (views.Todo, error) {
	look := views.Place{Label: "How you are paid", Href: payoutsAt}
	a, err := h.Store.PayoutAccount(ctx, side.Tenant, side.partner.ID)
	if err == nil && a.CanReceive() {
		return views.Todo{What: "Your Stripe account can be paid", Why: side.company + " pays you through Stripe, and Stripe pays out to your bank account.", Done: true, Do: look}, nil
	} else if err != nil && !errors.Is(err, models.ErrNotFound) {
		return views.Todo{}, err
	}
	_, bankErr := h.Store.Bank(ctx, side.Tenant, side.partner.ID)
	switch hasBank := bankErr == nil; {
	case bankErr != nil && !errors.Is(bankErr, models.ErrNotFound):
		return views.Todo{}, bankErr
	case err == nil:
		what := views.StateOf("payout_account", accountState(a)).Word
		if hasBank {
			return views.Todo{What: "Bank details given", Why: "You are paid outside Stripe until your Stripe account can be paid. " + what + ".", Done: true, Do: look}, nil
		}
		return views.Todo{What: "Your Stripe account cannot be paid yet", Why: strings.TrimSuffix(what, ".") + ".", Do: views.Place{Label: "See what to do", Href: payoutsAt}}, nil
	case hasBank:
		return views.Todo{What: "Bank details given", Why: side.company + " pays you outside Stripe, and you see the reference here.", Done: true, Do: look}, nil
	}
	return views.Todo{What: "Nobody knows yet where to pay you", Why: "Connect a Stripe account, or give your bank details.", Do: views.Place{Label: "Say how you are paid", Href: payoutsAt}}, nil
}

func dayOf(t time.Time) time.Time {
	year, month, day := t.UTC().Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func monthOf(t time.Time) time.Time {
	year, month, _ := t.UTC().Date()
	return time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
}
