package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

const contestsAt = "/admin/invoices/contests"

// adminContests lists what partners say against lines of their invoices: what is open, or what was answered.
func (h *House) adminContests(c echo.Context, se models.Session) error {
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	v := views.AdminContests{Now: h.Now(), Empty: "No line is contested. A partner can contest one on the page of an invoice."}
	status := models.ContestOpen
	if c.QueryParam("status") == string(models.ContestAnswered) {
		status, v.Empty = models.ContestAnswered, "No contest has been answered yet."
	}
	list, err := h.Store.Contests(c.Request().Context(), se.Tenant(), status, page)
	if err != nil {
		return fmt.Errorf("list contests: %w", err)
	}
	list, next := store.Next(list, page.Limit, func(x models.Contest) (time.Time, fmt.Stringer) { return x.AskedAt, x.ID })
	for _, x := range list {
		v.Lines = append(v.Lines, contestLine(x, true))
	}
	v.Newest, v.Older = around(contestsAt, url.Values{"status": {string(status)}}, page, next)
	v.Shown = shown(len(list), "contest", "contests", next != "")
	var waits store.Waiting
	if v.Frame, waits, err = h.adminFrameCounted(c, se, "/admin/invoices", "Contested lines"); err != nil {
		return err
	}
	v.Chips = []views.Chip{{Label: "To answer", Href: contestsAt, Count: waits.Contests, On: status == models.ContestOpen},
		{Label: "Answered", Href: contestsAt + "?status=answered", On: status == models.ContestAnswered}}
	v.Back, v.Sentence = views.Place{Label: "Invoices", Href: "/admin/invoices"}, "What partners say against lines of their invoices. Answer with a posting or a reason; both are kept."
	return show(c, http.StatusOK, views.AdminContestsPage(v), nil)
}

// contestLine is a contest on a page; company tells whose page it is.
func contestLine(x models.Contest, company bool) views.ContestLine {
	l := views.ContestLine{ID: x.ID.String(), Words: x.Words, By: x.AskedBy, At: x.AskedAt, Status: string(x.Status), Number: x.Number, Partner: x.PartnerName}
	if company {
		l.Href = contestsAt + "/" + x.ID.String()
	}
	if x.Answer != nil {
		l.Answer, l.AnsweredBy, l.AnsweredAt = *x.Answer, *x.AnsweredBy, *x.AnsweredAt
	}
	if x.Posted != nil && x.PostedIn != nil {
		l.Posted = &models.Money{Minor: *x.Posted, Currency: *x.PostedIn}
	}
	return l
}

// adminContest shows one contest with its line, and asks for the answer.
func (h *House) adminContest(c echo.Context, se models.Session) error {
	return h.showContest(c, se, http.StatusOK, views.AdminContest{})
}

func (h *House) showContest(c echo.Context, se models.Session, status int, v views.AdminContest) error {
	ctx, t := c.Request().Context(), se.Tenant()
	x, partner, err := h.contestAsked(c, se)
	if err != nil {
		return err
	}
	v.Contest, v.Now, v.Currency = contestLine(x, false), h.Now(), partner.Currency.Code()
	v.Invoice = views.Place{Label: x.Number, Href: "/admin/invoices/" + x.Invoice.String()}
	lines, err := h.Store.InvoiceLines(ctx, t, x.Invoice)
	if err != nil {
		return err
	}
	if at := slices.IndexFunc(lines, x.Is); at < 0 {
		v.Gone = true
	} else {
		v.Line = invoicedLine(lines[at], x.Partner, partner.Currency)
	}
	switch {
	case x.Status != models.ContestOpen:
	case !money.takes(se.Role):
		v.Cannot = "The owner, an admin or somebody of finance can answer."
	default:
		v.Post = contestsAt + "/" + x.ID.String()
		if err := h.postingOffered(ctx, t, &v); err != nil {
			return err
		}
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/invoices", "Contested by "+x.PartnerName); err != nil {
		return err
	}
	v.Status, v.Back = views.Badge("contest", x.Status), views.Place{Label: "Contested lines", Href: contestsAt}
	return show(c, status, views.AdminContestPage(v), nil)
}

// postingOffered fills in what the form of a posting needs.
func (h *House) postingOffered(ctx context.Context, t models.Tenant, v *views.AdminContest) error {
	programs, err := h.Store.Programs(ctx, t.Company)
	if err != nil {
		return err
	}
	for _, p := range programs {
		v.Programs = append(v.Programs, views.Option{Value: p.ID.String(), Label: p.Name})
	}
	if _, err := models.ParseID[models.AdjustmentID](v.Once); err != nil {
		v.Once = models.NewID[models.AdjustmentID](h.now()).String()
	}
	return nil
}

// contestAsked is the contest that the address names, and its partner.
func (h *House) contestAsked(c echo.Context, se models.Session) (models.Contest, models.Partner, error) {
	id, err := models.ParseID[models.ContestID](c.Param("id"))
	if err != nil {
		return models.Contest{}, models.Partner{}, err
	}
	x, err := h.Store.Contest(c.Request().Context(), se.Tenant(), id)
	if err != nil {
		return x, models.Partner{}, err
	}
	partner, err := h.Store.Partner(c.Request().Context(), se.Tenant(), x.Partner)
	return x, partner, err
}

// adminContestAnswer keeps the answer, with a posting when an amount was typed.
func (h *House) adminContestAnswer(c echo.Context, se models.Session) error {
	x, partner, err := h.contestAsked(c, se)
	if err != nil {
		return err
	}
	v := views.AdminContest{Once: c.FormValue("once"), Amount: strings.TrimSpace(c.FormValue("amount")), Answer: c.FormValue("answer"), Program: c.FormValue("program")}
	ctx := c.Request().Context()
	posting, err := h.postingTyped(ctx, v, partner)
	if err == nil {
		_, err = h.Inbox.AnswerContest(ctx, x.Tenant, x.ID, v.Answer, posting, actor(se))
	}
	var wrong bool
	if v.Wrong, wrong = wrongFields(err); wrong {
		return h.showContest(c, se, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	return goTo(c, contestsAt+"/"+x.ID.String(), "answered", 0)
}

// postingTyped is the adjustment that a form asks for; nil when it asks for none.
func (h *House) postingTyped(ctx context.Context, v views.AdminContest, partner models.Partner) (*models.Adjustment, error) {
	if v.Amount == "" {
		return nil, nil
	}
	below := strings.HasPrefix(v.Amount, "-") || strings.HasPrefix(v.Amount, "−")
	amount, err := amountTyped(strings.TrimLeft(v.Amount, "-−+ "), partner.Currency)
	if err != nil {
		return nil, models.Invalid("amount", err.Error())
	}
	if below {
		amount.Minor = -amount.Minor
	}
	id, err := models.ParseID[models.AdjustmentID](v.Once)
	if err != nil {
		id = models.NewID[models.AdjustmentID](h.now())
	}
	program, err := h.programChosen(ctx, partner.Company, v.Program)
	if errors.Is(err, models.ErrNotFound) {
		err = models.Invalid("program", "choose a program")
	}
	return &models.Adjustment{ID: id, Minor: amount.Minor, Currency: amount.Currency, Program: program}, err
}

// contestedIn counts the open contests of these invoices.
func (h *House) contestedIn(ctx context.Context, t models.Tenant, list []models.Invoice) (map[models.InvoiceID]int, error) {
	var ids []models.InvoiceID
	for _, i := range list {
		ids = append(ids, i.ID)
	}
	all, err := h.Store.ContestsOf(ctx, t, ids)
	open := map[models.InvoiceID]int{}
	for _, x := range all {
		if x.Status == models.ContestOpen {
			open[x.Invoice]++
		}
	}
	return open, err
}
