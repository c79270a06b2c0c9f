package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// adminAdjustForm asks for a bonus or a deduction; ?undo= prefills the one that undoes another.
func (h *House) adminAdjustForm(c echo.Context, se models.Session) error {
	v := views.AdjustForm{Kind: string(models.Bonus)}
	if undo := c.QueryParam("undo"); undo != "" {
		id, err := models.ParseID[models.AdjustmentID](undo)
		if err != nil {
			return err
		}
		if err := h.undoing(c.Request().Context(), se.Tenant(), id, &v); err != nil {
			return err
		}
	}
	return h.showAdjustForm(c, se, http.StatusOK, v)
}

// undoing fills in what books an adjustment back.
func (h *House) undoing(ctx context.Context, t models.Tenant, id models.AdjustmentID, v *views.AdjustForm) error {
	a, err := h.Store.Adjustment(ctx, t, id)
	if err != nil {
		return err
	}
	if a.Program == nil {
		return models.Refuse(models.ErrConflict, "A debt that was written off is not undone. Take a deduction instead, with its own reason.")
	}
	amount := a.Amount()
	if v.Kind = string(models.Deduction); amount.Minor < 0 {
		v.Kind, amount.Minor = string(models.Bonus), -amount.Minor
	}
	v.Amount, v.Program, v.Reason = amount.Decimal(), a.Program.String(), "Undoes the "+string(a.Kind)+" of "+views.Day(a.At)+": "+a.Reason
	return nil
}

func (h *House) showAdjustForm(c echo.Context, se models.Session, status int, v views.AdjustForm) error {
	p, due, err := h.partnerDue(c, se)
	if err != nil {
		return err
	}
	programs, err := h.Store.Programs(c.Request().Context(), se.Company)
	if err != nil {
		return err
	}
	for _, program := range programs {
		v.Programs = append(v.Programs, views.Option{Value: program.ID.String(), Label: program.Name})
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/partners", "Bonus or deduction"); err != nil {
		return err
	}
	if _, err := models.ParseID[models.AdjustmentID](v.Once); err != nil {
		v.Once = models.NewID[models.AdjustmentID](h.now()).String()
	}
	v.Partner, v.Currency, v.Post = p.Name, p.Currency.Code(), "/admin/partners/"+p.ID.String()+"/adjust"
	v.Back, v.Sentence = views.Place{Label: p.Name, Href: "/admin/partners/" + p.ID.String()}, stands(p.Name, due)
	return show(c, status, views.AdjustPage(v), nil)
}

// partnerDue is the partner that the address names, and what they are due now.
func (h *House) partnerDue(c echo.Context, se models.Session) (models.Partner, models.Money, error) {
	id, err := models.ParseID[models.PartnerID](c.Param("id"))
	if err != nil {
		return models.Partner{}, models.Money{}, err
	}
	p, err := h.Store.Partner(c.Request().Context(), se.Tenant(), id)
	if err != nil {
		return p, models.Money{}, err
	}
	due, err := h.Store.Balance(c.Request().Context(), se.Tenant(), models.DueTo(id), p.Currency)
	return p, due, err
}

// stands says what a partner is due, or owes.
func stands(name string, due models.Money) string {
	if due.Minor < 0 {
		return name + " owes " + views.AmountText(models.Money{Minor: -due.Minor, Currency: due.Currency}) + " now."
	}
	return name + " is due " + views.AmountText(due) + " now."
}

// adminAdjust books a bonus or a deduction.
func (h *House) adminAdjust(c echo.Context, se models.Session) error {
	p, _, err := h.partnerDue(c, se)
	if err != nil {
		return err
	}
	v := views.AdjustForm{Once: c.FormValue("once"), Kind: c.FormValue("kind"), Amount: strings.TrimSpace(c.FormValue("amount")), Reason: c.FormValue("reason"), Program: c.FormValue("program")}
	a, err := h.adjustment(c.Request().Context(), v, p)
	if err == nil {
		a, err = h.Inbox.Adjust(c.Request().Context(), a, actor(se))
	}
	var wrong bool
	if v.Wrong, wrong = wrongFields(err); wrong {
		return h.showAdjustForm(c, se, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	return goTo(c, "/admin/partners/"+p.ID.String(), string(a.Kind), 0)
}

// adjustment reads the form. What is wrong is a FieldErrors.
func (h *House) adjustment(ctx context.Context, v views.AdjustForm, p models.Partner) (models.Adjustment, error) {
	var wrong models.FieldErrors
	say := func(field, message string) { wrong = append(wrong, models.FieldError{Field: field, Message: message}) }
	amount, err := amountTyped(v.Amount, p.Currency)
	if err != nil {
		say("amount", err.Error())
	}
	if strings.TrimSpace(v.Reason) == "" {
		say("reason", "say why: "+p.Name+" sees it")
	}
	if v.Kind == string(models.Deduction) {
		amount.Minor = -amount.Minor
	} else if v.Kind != string(models.Bonus) {
		say("kind", "choose a bonus or a deduction")
	}
	a := models.Adjustment{Tenant: p.Tenant, Partner: p.ID, Minor: amount.Minor, Currency: amount.Currency, Reason: v.Reason}
	if a.ID, err = models.ParseID[models.AdjustmentID](v.Once); err != nil || a.ID.IsZero() {
		a.ID = models.NewID[models.AdjustmentID](h.now())
	}
	if len(wrong) > 0 {
		return a, wrong
	}
	a.Program, err = h.programChosen(ctx, p.Company, v.Program)
	return a, err
}

// amountTyped reads an amount above zero in major units.
func amountTyped(text string, c models.Currency) (models.Money, error) {
	m, err := models.ParseMoney(text, c)
	if err == nil && m.Minor <= 0 {
		err = errors.New("must be above zero")
	}
	return m, err
}

// programChosen is the program that a form names, or the company's oldest.
func (h *House) programChosen(ctx context.Context, company models.CompanyID, text string) (*models.ProgramID, error) {
	if text != "" {
		id, err := models.ParseID[models.ProgramID](text)
		if err != nil {
			return nil, models.Invalid("program", "choose a program")
		}
		_, err = h.Store.Program(ctx, company, id)
		return &id, err
	}
	programs, err := h.Store.Programs(ctx, company)
	if err != nil {
		return nil, err
	}
	if len(programs) == 0 {
		return nil, models.Refuse(models.ErrConflict, "The company has no program yet.")
	}
	return &programs[0].ID, nil
}

// adjustmentLine is an adjustment as the company sees it.
func adjustmentLine(a store.AdjustmentRow, mayUndo bool) views.AdjustmentLine {
	l := views.AdjustmentLine{Kind: string(a.Kind), Reason: a.Reason, By: a.By, At: a.At, Status: a.Status(), Amount: a.Amount()}
	if a.Invoice != nil {
		l.Invoice = views.Place{Label: *a.InvoiceNumber, Href: "/admin/invoices/" + a.Invoice.String()}
	}
	if mayUndo && a.Program != nil {
		l.Undo = "/admin/partners/" + a.Partner.String() + "/adjust?undo=" + a.ID.String()
	}
	return l
}
