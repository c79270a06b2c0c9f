package handlers

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// partnerInvoiceBack leads from the address of a contest, to which a browser may come back, to the invoice.
func (h *House) partnerInvoiceBack(c echo.Context, _ models.Session) error {
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/partner/invoices/"+id.String())
}

// partnerContest keeps what a partner says against a line of their invoice (B20).
func (h *House) partnerContest(c echo.Context, se models.Session) error {
	if se.Partner == nil {
		return models.ErrForbidden
	}
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	typed := views.ContestForm{Line: c.FormValue("line"), Words: c.FormValue("words")}
	x, err := lineNamed(typed.Line)
	if err != nil {
		return err
	}
	x.Tenant, x.Invoice, x.Partner, x.Words = se.Tenant(), id, *se.Partner, typed.Words
	_, err = h.Inbox.Contest(c.Request().Context(), x, actor(se))
	if wrong, refused := wrongFields(err); refused {
		typed.Wrong = wrong["words"]
		return h.showPartnerInvoice(c, se, http.StatusUnprocessableEntity, typed)
	} else if err != nil {
		return err
	}
	return goTo(c, "/partner/invoices/"+id.String(), "contested", 0)
}

// lineName names a line in a form: what it is an entry of, and which.
func lineName(l models.InvoiceLine) string { return l.Of() + "." + strconv.Itoa(l.Seq) }

// lineNamed is the line that a form names.
func lineNamed(text string) (models.Contest, error) {
	of, number, _ := strings.Cut(text, ".")
	seq, err := strconv.Atoi(number)
	if err != nil {
		return models.Contest{}, models.ErrNotFound
	}
	x := models.Contest{Seq: seq}
	if x.Commission, err = models.ParseID[models.CommissionID](of); err != nil {
		x.Adjustment, err = models.ParseID[models.AdjustmentID](of)
	}
	return x, err
}

// contestable adds to each line of a partner's invoice what was said of it, and the form to contest it; typed is one that was
// refused.
func (h *House) contestable(ctx context.Context, i models.Invoice, lines []models.InvoiceLine, typed views.ContestForm, v *views.PartnerInvoice) error {
	all, err := h.Store.ContestsOf(ctx, i.Tenant, []models.InvoiceID{i.ID})
	if err != nil {
		return err
	}
	for n, l := range lines {
		line, open := &v.Lines[n], false
		for _, x := range all {
			if x.Is(l) {
				said := contestLine(x, false)
				if said.By = "You"; said.Answer != "" {
					said.AnsweredBy = v.Company
				}
				line.Contests, open = append(line.Contests, said), open || x.Status == models.ContestOpen
			}
		}
		if !open && i.Status != models.Void && i.Status != models.Refunded {
			line.Contest = views.ContestForm{Post: "/partner/invoices/" + i.ID.String() + "/contest", Line: lineName(l)}
			if typed.Line == line.Contest.Line {
				line.Contest.Words, line.Contest.Wrong = typed.Words, typed.Wrong
			}
		}
	}
	return nil
}

// insteadOf fills in the invoice that stands for a void one, or the void one that this one stands for.
func (h *House) insteadOf(ctx context.Context, i models.Invoice, v *views.PartnerInvoice) error {
	if i.ReissueOf != nil {
		void, err := h.Store.Invoice(ctx, i.Tenant, *i.ReissueOf)
		v.InsteadSaid, v.Instead = "Drawn up in place of an invoice that is void:", views.Place{Label: void.Number, Href: "/partner/invoices/" + void.ID.String()}
		return err
	}
	if i.Status != models.Void {
		return nil
	}
	next, err := h.Store.ReissueOf(ctx, i.Tenant, i.ID)
	if errors.Is(err, models.ErrNotFound) {
		return nil
	}
	v.InsteadSaid, v.Instead = "Another invoice was drawn up in its place:", views.Place{Label: next.Number, Href: "/partner/invoices/" + next.ID.String()}
	return err
}
