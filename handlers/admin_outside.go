package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/payouts"
	"portal/views"
)

// markPaidAt is where an invoice is marked as paid, with a paper that is larger than other forms.
var markPaidAt = regexp.MustCompile(`^/admin/invoices/[^/]+/mark-paid$`)

// markPaidLimit is the most that such a form may carry.
const markPaidLimit = models.AttachmentLimit + bodyLimit

// adminInvoiceMarkPaid records that an invoice was paid elsewhere (F107).
func (h *House) adminInvoiceMarkPaid(c echo.Context, se models.Session) error {
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	typed, how, err := markPaidForm(c.Request())
	if err == nil {
		_, err = h.Payouts.MarkPaidElsewhere(c.Request().Context(), se.Tenant(), id, how, actor(se))
	}
	if errors.Is(err, models.ErrConflict) { // what was typed stays, in case it can be sent again
		status, sentence := statusOf(err)
		typed.Open = true
		return h.showInvoice(c, se, status, views.AdminInvoice{Mark: &typed, Frame: views.Frame{Flash: []views.Flash{{Tone: views.Bad, Text: sentence}}}})
	} else if err != nil {
		return h.refusedAction(c, se, views.AdminInvoice{Mark: &typed}, err)
	}
	return goTo(c, "/admin/invoices/"+id.String(), "marked", 0)
}

// markPaidForm reads the form, with its file or without one.
func markPaidForm(r *http.Request) (typed views.MarkPaid, how models.PaidElsewhere, err error) {
	err = r.ParseMultipartForm(markPaidLimit)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return typed, how, models.Invalid("file", "is larger than 5 MB")
	case err != nil && !errors.Is(err, http.ErrNotMultipart):
		return typed, how, fmt.Errorf("%w: read the form: %w", models.ErrInvalid, err)
	case !legible(r.Form):
		return typed, how, models.Refuse(models.ErrInvalid, "Something that was typed holds characters that are no text. Remove them, and send it again.")
	}
	typed = views.MarkPaid{PaidAt: r.FormValue("paid_at"), Method: r.FormValue("method"), Words: r.FormValue("words"), Reference: strings.TrimSpace(r.FormValue("reference")), Note: r.FormValue("note")}
	how = models.PaidElsewhere{Reference: typed.Reference, Words: typed.Words, Note: typed.Note}
	if typed.Method != "" {
		how.Method = new(models.PayMethod(typed.Method))
	}
	if how.File, err = paperIn(r); err != nil {
		return typed, how, err
	}
	how.PaidAt, err = dayTyped("paid_at", typed.PaidAt)
	return typed, how, err
}

// paperIn reads the file of a form; nil when none was chosen.
func paperIn(r *http.Request) (*models.Attachment, error) {
	file, head, err := r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("%w: read the file: %w", models.ErrInvalid, err)
	}
	defer func() { _ = file.Close() }()
	body, err := io.ReadAll(io.LimitReader(file, models.AttachmentLimit+1))
	if err != nil {
		return nil, fmt.Errorf("%w: read the file: %w", models.ErrInvalid, err)
	}
	return &models.Attachment{Name: shortened(strings.TrimSpace(head.Filename), 120), Body: body}, nil
}

// adminInvoiceUndo takes back that an invoice was marked as paid.
func (h *House) adminInvoiceUndo(c echo.Context, se models.Session) error {
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	reason := c.FormValue("reason")
	_, err = h.Payouts.Undo(c.Request().Context(), se.Tenant(), id, reason, actor(se))
	if wrong, fields := wrongFields(err); fields {
		return h.showInvoice(c, se, http.StatusUnprocessableEntity, views.AdminInvoice{Undo: &views.UndoPaid{Reason: reason, Wrong: wrong}})
	} else if err != nil {
		return h.refusedAction(c, se, views.AdminInvoice{}, err)
	}
	return goTo(c, "/admin/invoices/"+id.String(), "mark-undone", 0)
}

// outsideShown fills in what was said of payments made outside, whether one can be undone, and in which file the invoice stands.
func (h *House) outsideShown(ctx context.Context, se models.Session, v *views.AdminInvoice) error {
	i := v.Invoice
	said, err := h.Store.OutsideOf(ctx, i.Tenant, i.ID)
	if err != nil {
		return err
	}
	tries, err := h.Store.AttemptsOf(ctx, i.Tenant, i.ID)
	if err != nil {
		return err
	}
	for n, a := range tries {
		how, ok := said[a.ID]
		if !ok {
			continue
		}
		if how.How() != "" {
			v.Tries[n].How = "Paid elsewhere: " + how.How()
		}
		v.Tries[n].Note = how.Note
		if how.File != nil {
			v.Tries[n].Paper = views.Place{Label: paperName(*how.File), Href: "/admin/invoices/" + i.ID.String() + "/attachments/" + a.ID.String()}
		}
	}
	h.offerUndo(se, v, tries)
	filed, err := h.Store.FiledIn(ctx, i.Tenant, []models.InvoiceID{i.ID})
	if in, ok := filed[i.ID]; ok && (i.Status == models.Approved || i.Status == models.Failed) {
		v.Filed = &views.InBankFile{Href: bankFilesAt + "/" + in.File.String(), Words: "It is in the bank file that " + in.MadeBy + " made on " + views.Minute(in.MadeAt) + " and that is not settled yet. Do not pay it in another way too."}
		if v.Pay != nil { // it would be refused
			v.Pay, v.CannotBy = nil, "It cannot be paid by card while it stands in that file. Mark the file as paid, or cancel it if the bank did not get it."
		}
	}
	return err
}

// offerUndo offers to take back a mark while that can be done.
func (h *House) offerUndo(se models.Session, v *views.AdminInvoice, tries []models.Attempt) {
	at := slices.IndexFunc(tries, func(a models.Attempt) bool { return a.Kind == "manual" && a.Status == models.AttemptSucceeded })
	if !money.takes(se.Role) || v.Invoice.Status != models.Paid || at < 0 || h.now().After(payouts.UndoUntil(tries[at].StartedAt)) {
		v.Undo = nil
		return
	}
	if v.Undo == nil {
		v.Undo = &views.UndoPaid{}
	}
	v.Undo.Post, v.Undo.Until = "/admin/invoices/"+v.Invoice.ID.String()+"/undo", views.Day(payouts.UndoUntil(tries[at].StartedAt))
}

func paperName(f models.Attachment) string {
	if f.Name == "" {
		return "Proof of payment"
	}
	return f.Name
}

// adminAttachment sends the paper that proves a payment made outside.
func (h *House) adminAttachment(c echo.Context, se models.Session) error {
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	return h.sendAttachment(c, se.Tenant(), id)
}

// partnerAttachment sends a partner the paper of the payment of one of their own invoices.
func (h *House) partnerAttachment(c echo.Context, se models.Session) error {
	side, err := h.asPartner(c, se, "", "")
	if err != nil {
		return err
	}
	id, err := models.ParseID[models.InvoiceID](c.Param("id"))
	if err != nil {
		return err
	}
	if _, err := h.Store.InvoiceOfPartner(c.Request().Context(), side.Tenant, side.partner.ID, id); err != nil {
		return err
	}
	tries, err := h.Store.AttemptsOf(c.Request().Context(), side.Tenant, id)
	if err != nil {
		return err
	}
	// What was undone may prove a payment to somebody else.
	if !slices.ContainsFunc(tries, func(a models.Attempt) bool {
		return a.ID.String() == c.Param("attempt") && a.Status == models.AttemptSucceeded
	}) {
		return fmt.Errorf("the paper of %s: %w", c.Param("attempt"), models.ErrNotFound)
	}
	return h.sendAttachment(c, side.Tenant, id)
}

func (h *House) sendAttachment(c echo.Context, t models.Tenant, invoice models.InvoiceID) error {
	attempt, err := models.ParseID[models.AttemptID](c.Param("attempt"))
	if err != nil {
		return err
	}
	f, err := h.Store.Attachment(c.Request().Context(), t, invoice, attempt)
	if err != nil {
		return err
	}
	return sendFile(c, paperName(f), f.Kind, f.Body)
}

// sendFile answers with a file to be saved, never shown: its type is what it is, and nothing in it may run.
func sendFile(c echo.Context, name, kind string, body []byte) error {
	head := c.Response().Header()
	head.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": strings.Map(func(r rune) rune {
		if r < ' ' || r == '"' || r == '/' || r == '\\' {
			return '_'
		}
		return r
	}, name)}))
	head.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	return c.Blob(http.StatusOK, kind, body)
}

// ownOutside fills in how a partner's invoice was paid elsewhere, and the paper that proves it.
func (h *House) ownOutside(ctx context.Context, side partnerSide, i models.Invoice, v *views.PartnerInvoice) error {
	if i.PaidHow == nil || *i.PaidHow != "manual" {
		return nil
	}
	said, err := h.Store.OutsideOf(ctx, side.Tenant, i.ID)
	if err != nil {
		return err
	}
	tries, err := h.Store.AttemptsOf(ctx, side.Tenant, i.ID)
	for _, a := range tries {
		how, ok := said[a.ID]
		if !ok || a.Status != models.AttemptSucceeded {
			continue
		}
		if how.How() != "" {
			v.PaidHow = "by " + side.company + ", " + lowered(withoutAddresses(how.How()))
		}
		if how.File != nil {
			v.Paper = views.Place{Label: paperName(*how.File), Href: "/partner/invoices/" + i.ID.String() + "/attachments/" + a.ID.String()}
		}
	}
	return err
}

// today is a day as a date field shows it.
func (h *House) today() string { return h.Now().UTC().Format(time.DateOnly) }
