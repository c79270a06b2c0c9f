package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/payouts"
	"portal/store"
	"portal/views"
)

const bankFilesAt = "/admin/invoices/bank-file"

// filesShown is how many approved invoices the page lists.
const filesShown = 500

// adminBankFiles shows which approved invoices can go into a file for the bank, which cannot and why, and the files there are.
func (h *House) adminBankFiles(c echo.Context, se models.Session) error {
	return h.showBankFiles(c, se, http.StatusOK, "", nil)
}

// showBankFiles shows it with what was ticked, when a file was refused.
func (h *House) showBankFiles(c echo.Context, se models.Session, status int, wrong string, ticked map[string]bool) error {
	ctx, t := c.Request().Context(), se.Tenant()
	v := views.AdminBankFiles{Now: h.Now(), May: money.takes(se.Role), Wrong: wrong}
	approved, err := h.Store.Invoices(ctx, t, nil, models.Approved, store.Page{Limit: filesShown})
	if err != nil {
		return fmt.Errorf("list the approved invoices: %w", err)
	}
	if v.More = len(approved) > filesShown; v.More {
		approved = approved[:filesShown]
	}
	if err := h.fileChoices(c, t, approved, ticked, &v); err != nil {
		return err
	}
	d, err := h.Store.Debtor(ctx, t)
	if err == nil {
		v.Account = d.Holder + ", account ending " + d.Last4
	} else if !errors.Is(err, models.ErrNotFound) {
		return err
	}
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	files, err := h.Store.BankFiles(ctx, t, page)
	if err != nil {
		return err
	}
	files, next := store.Next(files, page.Limit, func(f models.BankFile) (time.Time, fmt.Stringer) { return f.MadeAt, f.ID })
	for _, f := range files {
		v.Files = append(v.Files, views.BankFileLine{Href: bankFilesAt + "/" + f.ID.String(), Kind: string(f.Kind), State: f.State, MadeBy: f.MadeBy, MadeAt: f.MadeAt})
	}
	v.Newest, v.Older = around(bankFilesAt, nil, page, next)
	v.Shown = shown(len(files), "file", "files", next != "")
	if v.Frame, err = h.adminFrame(c, se, "/admin/invoices", "Bank files"); err != nil {
		return err
	}
	v.Back, v.Sentence = views.Place{Label: "Invoices", Href: "/admin/invoices"}, "Pays approved invoices by your own bank: make a file, give it to the bank, and mark it as paid once it went through."
	return show(c, status, views.AdminBankFilesPage(v), nil)
}

// fileChoices sorts approved invoices by whether, and how, a file can pay them.
func (h *House) fileChoices(c echo.Context, t models.Tenant, approved []models.Invoice, ticked map[string]bool, v *views.AdminBankFiles) error {
	var ids []models.InvoiceID
	var partners []models.PartnerID
	for _, i := range approved {
		ids, partners = append(ids, i.ID), append(partners, i.Partner)
	}
	banks, err := h.Store.BanksOf(c.Request().Context(), t, partners)
	if err != nil {
		return err
	}
	filed, err := h.Store.FiledIn(c.Request().Context(), t, ids)
	if err != nil {
		return err
	}
	for _, i := range approved {
		at, b, fix := "/admin/invoices/"+i.ID.String(), banks[i.Partner], views.Place{Label: "See the partner", Href: "/admin/partners/" + i.Partner.String()}
		cannot := views.FileCannot{Href: at, Number: i.Number, Partner: i.PartnerName, Fix: fix, Total: i.Total()}
		switch {
		case b.ID.IsZero():
			cannot.Why, cannot.Fix = "The partner has given no bank details. Ask for them, or pay it another way and mark it as paid.", views.Place{Label: "See the invoice", Href: at}
			v.Cannot = append(v.Cannot, cannot)
			continue
		case h.now().Before(b.HoldsUntil):
			cannot.Why = "The bank details are new and wait until " + views.Minute(b.HoldsUntil) + ". Ask the partner, in another way than by e-mail, whether they are right; an owner can end the wait."
			v.Cannot = append(v.Cannot, cannot)
			continue
		case i.ApprovedAt == nil || i.ApprovedAt.Before(b.SetAt): // its approval did not cover where the money goes now
			cannot.Why, cannot.Fix = "The bank details changed after it was approved. Withdraw the approval, look, and approve it again.", views.Place{Label: "See the invoice", Href: at}
			v.Cannot = append(v.Cannot, cannot)
			continue
		}
		line := views.FileChoice{ID: i.ID.String(), Href: at, Number: i.Number, Partner: i.PartnerName, To: b.Holder + ", account in " + models.CountryName(b.Country) + " ending " + b.Last4, Total: i.Total(), On: true}
		if in, ok := filed[i.ID]; ok {
			line.On, line.Filed = false, "Is in the file that "+in.MadeBy+" made on "+views.Minute(in.MadeAt)+": leave it out?"
		}
		if ticked != nil {
			line.On = ticked[line.ID]
		}
		if payouts.BySEPA(i, b) {
			v.SEPA = append(v.SEPA, line)
		} else {
			v.Others = append(v.Others, line)
		}
	}
	return nil
}

// adminBankFileMake makes a file of those that were ticked.
func (h *House) adminBankFileMake(c echo.Context, se models.Session) error {
	order := payouts.FileOrder{Kind: models.BankFileKind(c.FormValue("kind")), Again: c.FormValue("again") == "yes"}
	ticked := map[string]bool{}
	for _, text := range c.Request().PostForm["id"] {
		id, err := models.ParseID[models.InvoiceID](text)
		if err != nil {
			return err
		}
		order.Invoices, ticked[id.String()] = append(order.Invoices, id), true
	}
	f, err := h.Payouts.MakeBankFile(c.Request().Context(), se.Tenant(), order, actor(se))
	switch wrong, fields := wrongFields(err); {
	case fields:
		return h.showBankFiles(c, se, http.StatusUnprocessableEntity, began(firstOf(wrong)), ticked)
	case errors.Is(err, models.ErrConflict):
		_, sentence := statusOf(err)
		return h.showBankFiles(c, se, http.StatusConflict, sentence+" No file was made.", ticked)
	case err != nil:
		return err
	}
	return goTo(c, bankFilesAt+"/"+f.ID.String(), "file-made", 0)
}

func firstOf(wrong map[string]string) string {
	for _, sentence := range wrong {
		return sentence
	}
	return ""
}

func (h *House) bankFile(c echo.Context, se models.Session) (models.BankFile, error) {
	id, err := models.ParseID[models.BankFileID](c.Param("file"))
	if err != nil {
		return models.BankFile{}, err
	}
	return h.Store.BankFile(c.Request().Context(), se.Tenant(), id)
}

// adminBankFile shows one file, and what became of each of its transfers.
func (h *House) adminBankFile(c echo.Context, se models.Session) error {
	return h.showBankFile(c, se, http.StatusOK, views.AdminBankFile{PaidAt: h.today()})
}

func (h *House) showBankFile(c echo.Context, se models.Session, status int, v views.AdminBankFile) error {
	var err error
	if v.File, err = h.bankFile(c, se); err != nil {
		return err
	}
	if v.Lines, err = h.Store.BankFileLines(c.Request().Context(), se.Tenant(), v.File.ID); err != nil {
		return err
	}
	at, sums := bankFilesAt+"/"+v.File.ID.String(), map[models.Currency]int64{}
	for _, l := range v.Lines {
		sums[l.Currency] += l.Minor
	}
	var totals []models.Money
	for currency, minor := range sums {
		totals = append(totals, models.Money{Minor: minor, Currency: currency})
	}
	v.Now, v.Totals = h.Now(), views.Count(len(v.Lines), "transfer", "transfers")+", "+amountsText(totals)
	if money.takes(se.Role) { // account numbers stand in it
		v.Download = at + "/download"
	}
	if v.File.State == models.FileOpen && money.takes(se.Role) {
		v.Mark, v.Cancel = at+"/paid", at+"/cancel"
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/invoices", "File of "+views.Minute(v.File.MadeAt)); err != nil {
		return err
	}
	v.Status, v.Back = views.Badge("bank_file", v.File.State), views.Place{Label: "Bank files", Href: bankFilesAt}
	v.Sentence = "What stands in it stays as it was when it was made."
	return show(c, status, views.AdminBankFilePage(v), nil)
}

// adminBankFileDownload sends a file again, to the byte as it was made.
func (h *House) adminBankFileDownload(c echo.Context, se models.Session) error {
	f, err := h.bankFile(c, se)
	if err != nil {
		return err
	}
	id := f.ID.String()
	name := "transfers-" + f.MadeAt.UTC().Format(time.DateOnly) + "-" + id[len(id)-6:]
	if f.Kind == models.SEPAFile {
		return sendFile(c, name+".xml", "application/xml", f.Body)
	}
	return sendFile(c, name+".csv", "text/csv; charset=utf-8", f.Body)
}

// adminBankFileBack leads from the address of an action to the file.
func (h *House) adminBankFileBack(c echo.Context, _ models.Session) error {
	id, err := models.ParseID[models.BankFileID](c.Param("file"))
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, bankFilesAt+"/"+id.String())
}

// adminBankFilePaid marks what stands in a file as paid (P42).
func (h *House) adminBankFilePaid(c echo.Context, se models.Session) error {
	f, err := h.bankFile(c, se)
	if err != nil {
		return err
	}
	typed := strings.TrimSpace(c.FormValue("paid_at"))
	day, err := dayTyped("paid_at", typed)
	if err == nil {
		err = h.Payouts.MarkFilePaid(c.Request().Context(), f.Tenant, f.ID, day, actor(se))
	}
	if wrong, fields := wrongFields(err); fields {
		return h.showBankFile(c, se, http.StatusUnprocessableEntity, views.AdminBankFile{PaidAt: typed, Wrong: wrong})
	} else if err != nil {
		return err
	}
	return goTo(c, bankFilesAt+"/"+f.ID.String(), "file-paid", 0)
}

// adminBankFileCancel gives a file up.
func (h *House) adminBankFileCancel(c echo.Context, se models.Session) error {
	f, err := h.bankFile(c, se)
	if err != nil {
		return err
	}
	if err := h.Payouts.CancelFile(c.Request().Context(), f.Tenant, f.ID, actor(se)); err != nil {
		return err
	}
	return goTo(c, bankFilesAt+"/"+f.ID.String(), "file-cancelled", 0)
}
