package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// adminWriteOffForm asks how much of what a partner owes is to be written off.
func (h *House) adminWriteOffForm(c echo.Context, se models.Session) error {
	return h.showWriteOffForm(c, se, http.StatusOK, views.WriteOffForm{})
}

func (h *House) showWriteOffForm(c echo.Context, se models.Session, status int, v views.WriteOffForm) error {
	p, due, err := h.partnerDue(c, se)
	if err != nil {
		return err
	}
	open, err := h.Store.OpenWriteOffs(c.Request().Context(), se.Tenant(), &p.ID)
	if err != nil {
		return err
	}
	if len(open) > 0 {
		v.Waits = new(writeOffLine(open[0]))
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/partners", "Write off a debt"); err != nil {
		return err
	}
	v.Owes = models.Money{Minor: -due.Minor, Currency: due.Currency}
	if status == http.StatusOK {
		v.Amount = v.Owes.Decimal()
	}
	v.Partner, v.Currency, v.Post = p.Name, p.Currency.Code(), "/admin/partners/"+p.ID.String()+"/write-off"
	v.Back, v.Sentence = views.Place{Label: p.Name, Href: "/admin/partners/" + p.ID.String()}, stands(p.Name, due)
	return show(c, status, views.WriteOffPage(v), nil)
}

// adminWriteOffAsk asks for a write-off, which another person decides.
func (h *House) adminWriteOffAsk(c echo.Context, se models.Session) error {
	p, _, err := h.partnerDue(c, se)
	if err != nil {
		return err
	}
	v := views.WriteOffForm{Amount: strings.TrimSpace(c.FormValue("amount")), Reason: c.FormValue("reason")}
	amount, err := amountTyped(v.Amount, p.Currency)
	if err != nil {
		err = models.Invalid("amount", err.Error())
	} else {
		_, err = h.Inbox.AskWriteOff(c.Request().Context(), se.Tenant(), p.ID, amount, v.Reason, actor(se))
	}
	var wrong bool
	if v.Wrong, wrong = wrongFields(err); wrong {
		return h.showWriteOffForm(c, se, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	return goTo(c, "/admin/partners/"+p.ID.String(), "asked", 0)
}

// adminWriteOffs lists what waits for a second person, and what was decided.
func (h *House) adminWriteOffs(c echo.Context, se models.Session) error {
	return h.showWriteOffs(c, se, http.StatusOK, "")
}

func (h *House) showWriteOffs(c echo.Context, se models.Session, status int, refusal string) error {
	ctx, t := c.Request().Context(), se.Tenant()
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	v := views.AdminWriteOffs{Now: h.Now()}
	open, err := h.Store.OpenWriteOffs(ctx, t, nil)
	if err != nil {
		return err
	}
	for _, w := range open {
		line, err := h.waitingLine(ctx, se, w)
		if err != nil {
			return err
		}
		v.Waiting = append(v.Waiting, line)
	}
	decided, err := h.Store.DecidedWriteOffs(ctx, t, page)
	if err != nil {
		return err
	}
	decided, next := store.Next(decided, page.Limit, func(w models.WriteOff) (time.Time, fmt.Stringer) { return w.AskedAt, w.ID })
	for _, w := range decided {
		v.Decided = append(v.Decided, writeOffLine(w))
	}
	v.Newest, v.Older = pageLinks("/admin/write-offs", page, next)
	v.Shown = shown(len(decided), "write-off", "write-offs", next != "")
	if v.Frame, err = h.adminFrame(c, se, "/admin/write-offs", "Write-offs"); err != nil {
		return err
	}
	v.Sentence = "What partners owe and will not pay back. One person asks, another decides."
	if refusal != "" {
		v.Flash = append(v.Flash, views.Flash{Tone: views.Bad, Text: refusal})
	}
	return show(c, status, views.AdminWriteOffsPage(v), nil)
}

// waitingLine is a request that waits, with what this person may do about it.
func (h *House) waitingLine(ctx context.Context, se models.Session, w models.WriteOff) (views.WriteOffLine, error) {
	l := writeOffLine(w)
	var err error
	if l.Due, err = h.Store.Balance(ctx, w.Tenant, models.DueTo(w.Partner), w.Currency); err != nil {
		return l, err
	}
	switch {
	case !money.takes(se.Role):
		l.Cannot = "Waits for an owner, an admin or somebody of finance."
	case se.Person == w.AskedPerson:
		l.Cannot = "You asked for it. Another person must approve or refuse it."
	default:
		l.Decide = "/admin/write-offs/" + w.ID.String()
		if l.Due.Minor+w.Minor > 0 {
			l.Cannot = w.PartnerName + " owes less by now than is to be written off, so this can only be refused."
		}
	}
	return l, nil
}

func writeOffLine(w models.WriteOff) views.WriteOffLine {
	l := views.WriteOffLine{Partner: views.Place{Label: w.PartnerName, Href: "/admin/partners/" + w.Partner.String()}, Amount: w.Amount(), Reason: w.Reason,
		By: w.AskedBy, At: w.AskedAt, Status: w.Status}
	if w.DecidedBy != nil && w.DecidedAt != nil {
		l.DecidedBy, l.DecidedAt = *w.DecidedBy, *w.DecidedAt
	}
	return l
}

// adminWriteOffsBack leads from the address of a decision, to which a browser may come back, to the list.
func (h *House) adminWriteOffsBack(c echo.Context, _ models.Session) error {
	return c.Redirect(http.StatusSeeOther, "/admin/write-offs")
}

// adminWriteOffApprove books what another person asked to write off.
func (h *House) adminWriteOffApprove(c echo.Context, se models.Session) error {
	return h.decideWriteOff(c, se, "writtenoff", h.Inbox.ApproveWriteOff)
}

// adminWriteOffRefuse leaves a debt as it is.
func (h *House) adminWriteOffRefuse(c echo.Context, se models.Session) error {
	return h.decideWriteOff(c, se, "notwritten", h.Inbox.RefuseWriteOff)
}

func (h *House) decideWriteOff(c echo.Context, se models.Session, code string, decide func(context.Context, models.Tenant, models.WriteOffID, models.Actor) (models.WriteOff, error)) error {
	id, err := models.ParseID[models.WriteOffID](c.Param("id"))
	if err != nil {
		return err
	}
	_, err = decide(c.Request().Context(), se.Tenant(), id, actor(se))
	if errors.Is(err, models.ErrConflict) {
		status, sentence := statusOf(err)
		return h.showWriteOffs(c, se, status, sentence)
	} else if err != nil {
		return err
	}
	return goTo(c, "/admin/write-offs", code, 0)
}
