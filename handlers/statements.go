package handlers

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/paper"
	"portal/store"
	"portal/views"
)

// The most lines of a statement that a page and a paper show one by one.
const (
	linesOnPage  = 500
	linesOnPaper = 10_000
)

// statementSide is whose statement is read, and by whom.
type statementSide struct {
	models.Tenant
	partner models.Partner
	company string
	at      string // the address of the list
	frame   views.Frame
	own     bool // the partner reads it
}

// partnerStatements lists a partner's months.
func (h *House) partnerStatements(c echo.Context, se models.Session) error {
	return h.showStatements(c, se, h.ownStatements)
}

// partnerStatement shows a partner one month.
func (h *House) partnerStatement(c echo.Context, se models.Session) error {
	return h.showStatement(c, se, h.ownStatements)
}

// partnerStatementPaper gives a partner one month as PDF.
func (h *House) partnerStatementPaper(c echo.Context, se models.Session) error {
	return h.sendStatement(c, se, h.ownStatements)
}

// adminStatements lists the months of a company's partner.
func (h *House) adminStatements(c echo.Context, se models.Session) error {
	return h.showStatements(c, se, h.statementsOf)
}

// adminStatement shows a company one month of a partner.
func (h *House) adminStatement(c echo.Context, se models.Session) error {
	return h.showStatement(c, se, h.statementsOf)
}

// adminStatementPaper gives a company one month of a partner as PDF: the same paper as the partner's.
func (h *House) adminStatementPaper(c echo.Context, se models.Session) error {
	return h.sendStatement(c, se, h.statementsOf)
}

func (h *House) ownStatements(c echo.Context, se models.Session) (statementSide, error) {
	side, err := h.asPartner(c, se, "Statements", "What was owed to you at the beginning and the end of each month, and what changed it.")
	return statementSide{Tenant: side.Tenant, partner: side.partner, company: side.company, at: "/partner/statements", frame: side.frame, own: true}, err
}

func (h *House) statementsOf(c echo.Context, se models.Session) (statementSide, error) {
	ctx, side := c.Request().Context(), statementSide{Tenant: se.Tenant()}
	id, err := models.ParseID[models.PartnerID](c.Param("id"))
	if err != nil {
		return side, err
	}
	if side.partner, err = h.Store.Partner(ctx, side.Tenant, id); err != nil {
		return side, err
	}
	at := "/admin/partners/" + id.String()
	if side.frame, err = h.adminFrame(c, se, "/admin/partners", "Statements of "+side.partner.Name); err != nil {
		return side, err
	}
	side.frame.Sentence, side.frame.Back = "What was owed at the beginning and the end of each month, and what changed it.", views.Place{Label: side.partner.Name, Href: at}
	side.company, side.at = side.frame.Company, at+"/statements"
	return side, nil
}

type findSide func(echo.Context, models.Session) (statementSide, error)

func (h *House) showStatements(c echo.Context, se models.Session, find findSide) error {
	side, err := find(c, se)
	if err != nil {
		return err
	}
	all, err := h.Store.Statements(c.Request().Context(), side.Tenant, side.partner.ID)
	if err != nil {
		return err
	}
	v := views.Statements{Frame: side.frame, Empty: "Nothing was earned yet, so there is no statement."}
	for _, s := range slices.Backward(all) {
		v.Rows = append(v.Rows, views.StatementRow{Href: side.at + "/" + s.Month.Format("2006-01"), Month: s.Month, Earned: s.Money(s.Earned), Paid: s.Money(s.Paid), Closing: s.Money(s.Closing)})
	}
	return show(c, http.StatusOK, views.StatementsPage(v), nil)
}

func (h *House) showStatement(c echo.Context, se models.Session, find findSide) error {
	side, err := find(c, se)
	if err != nil {
		return err
	}
	month, err := h.monthAsked(c)
	if err != nil {
		return err
	}
	parts, err := h.statement(c.Request().Context(), side, month, linesOnPage)
	if err != nil {
		return err
	}
	v := views.Statement{Frame: side.frame, Paper: side.at + "/" + month.Format("2006-01") + "/statement.pdf"}
	v.Title, v.Back = "Statement of "+month.Format("January 2006"), views.Place{Label: side.frame.Title, Href: side.at}
	v.Sentence = "The balance is all that is owed: held for the refund window, due, and on invoices that are not paid yet."
	v.Primary = views.Button(views.Action{Label: "Statement as PDF", Icon: "download", Href: v.Paper})
	for _, p := range parts {
		v.Parts = append(v.Parts, side.partShown(p))
	}
	v.Before = side.at + "/" + month.AddDate(0, -1, 0).Format("2006-01")
	if next := month.AddDate(0, 1, 0); next.After(h.Now()) {
		v.Going = new(h.Now())
	} else {
		v.After = side.at + "/" + next.Format("2006-01")
	}
	return show(c, http.StatusOK, views.StatementPage(v), nil)
}

func (h *House) sendStatement(c echo.Context, se models.Session, find findSide) error {
	side, err := find(c, se)
	if err != nil {
		return err
	}
	month, err := h.monthAsked(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	parts, err := h.statement(ctx, side, month, linesOnPaper)
	if err != nil {
		return err
	}
	p := paper.Statement{Tenant: side.Tenant, Month: month}
	at := month.AddDate(0, 1, 0)
	if at.After(h.Now()) {
		at, p.Until = h.now(), h.now()
	}
	if p.Company, err = h.billingAt(ctx, side.Tenant, nil, side.company, at); err != nil {
		return err
	}
	if p.Partner, err = h.billingAt(ctx, side.Tenant, &side.partner.ID, side.partner.Name, at); err != nil {
		return err
	}
	for _, part := range parts {
		p.Parts = append(p.Parts, side.partPrinted(part))
	}
	pdf, err := p.Print()
	if err != nil {
		return err
	}
	return sendPDF(c, "statement-"+side.partner.Key+"-"+month.Format("2006-01"), pdf)
}

// monthAsked is the month that the address names. One that has not begun has no statement.
func (h *House) monthAsked(c echo.Context) (time.Time, error) {
	month, err := time.Parse("2006-01", c.Param("month"))
	if err != nil || month.After(h.Now()) || month.Year() < 2000 {
		return month, fmt.Errorf("the statement of %q: %w", c.Param("month"), models.ErrNotFound)
	}
	return month, nil
}

// statementPart is a month in one currency with its changes. More sums those that are not listed one by one.
type statementPart struct {
	models.Statement
	changes []models.Movement
	more    int
	rest    int64
}

// statement reads a month as of one moment: for each currency in which something was owed or changed, what did.
func (h *House) statement(ctx context.Context, side statementSide, month time.Time, most int) ([]statementPart, error) {
	var parts []statementPart
	err := h.Store.Snapshot(ctx, func(tx *store.Store) error {
		all, err := tx.Statements(ctx, side.Tenant, side.partner.ID)
		if err != nil {
			return err
		}
		for _, s := range monthOfEach(all, month) {
			p := statementPart{Statement: s, rest: s.Closing - s.Opening}
			if s.Changes > 0 {
				if p.changes, err = tx.Movements(ctx, side.Tenant, side.partner.ID, s.Currency, month, month.AddDate(0, 1, 0), most); err != nil {
					return err
				}
			}
			for _, m := range p.changes {
				p.rest -= m.Minor
			}
			p.more = s.Changes - len(p.changes)
			parts = append(parts, p)
		}
		return nil
	})
	return parts, err
}

// monthOfEach is the statement of a month in each currency; where nothing changed in it, what was carried over.
func monthOfEach(all []models.Statement, month time.Time) []models.Statement {
	last := map[models.Currency]models.Statement{}
	var order []models.Currency
	for _, s := range all {
		if s.Month.After(month) {
			break
		}
		if !slices.Contains(order, s.Currency) {
			order = append(order, s.Currency)
		}
		last[s.Currency] = s
	}
	slices.Sort(order)
	var list []models.Statement
	for _, currency := range order {
		s := last[currency]
		if !s.Month.Equal(month) {
			s = models.Statement{Month: month, Currency: currency, Opening: s.Closing, Closing: s.Closing}
		}
		if s.Changes > 0 || s.Closing != 0 {
			list = append(list, s)
		}
	}
	return list
}
