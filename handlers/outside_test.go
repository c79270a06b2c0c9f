package handlers

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

// sendPaper sends a form with a file as a browser does.
func (w *companyWorld) sendPaper(cookie *http.Cookie, path string, fields map[string]string, name string, body []byte) *http.Response {
	w.t.Helper()
	var text bytes.Buffer
	form := multipart.NewWriter(&text)
	for field, value := range fields {
		if err := form.WriteField(field, value); err != nil {
			w.t.Fatal(err)
		}
	}
	file, err := form.CreateFormFile("file", name)
	if err != nil {
		w.t.Fatal(err)
	}
	_, _ = file.Write(body)
	_ = form.Close()
	r := httptest.NewRequest(http.MethodPost, path, &text)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(cookie)
	answer := httptest.NewRecorder()
	w.site.ServeHTTP(answer, r)
	return answer.Result()
}

// approvedInvoice is an invoice that can be paid.
func (w *companyWorld) approvedInvoice() models.Invoice {
	w.t.Helper()
	w.sell(w.sale(1, 60, "cus_1", "one@shop.example", "ANN_KEY"))
	i, err := w.Payouts.Approve(w.t.Context(), w.caller.Tenant, w.drawUp()[0].ID, signer)
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

// F107: an invoice is marked as paid with method, note and a paper that both sides download and nobody else; it is undone with a reason.
func TestAnInvoiceIsMarkedAsPaidWithAPaperAndThatIsUndone(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.approvedInvoice()
	finance, page := w.as(w.caller.Tenant, models.Finance), w.invoicePage()
	ann, bob := w.signedIn("ann", w.caller.Tenant, models.PartnerMember, &w.ann.ID), w.signedIn("bob", w.caller.Tenant, models.PartnerMember, &w.bob.ID)
	fields := map[string]string{"paid_at": w.clock.Format(time.DateOnly), "method": "other", "words": "Letter of credit", "reference": "LC 7", "note": "Ask Finn about it"}
	png := append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{0}, 2<<20)...)
	for name, c := range map[string]struct {
		body []byte
		says string
	}{
		"a program":    {[]byte("MZ\x90"), "Is no PDF, PNG or JPEG."},
		"a web page":   {[]byte("<html><script>"), "Is no PDF, PNG or JPEG."},
		"six MB":       {append(bytes.Clone(png), make([]byte, 4<<20)...), "Is larger than 5 MB."},
		"just over it": {append([]byte("%PDF-"), make([]byte, models.AttachmentLimit)...), "Is larger than 5 MB."},
	} {
		answer := w.sendPaper(finance, page+"/mark-paid", fields, "proof.pdf", c.body)
		said := bodyOf(t, answer)
		if wants(t, name, textOf(t, said), c.says, "Approved, ready to pay"); answer.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, answer.StatusCode)
		}
	}
	evil := map[string]string{"paid_at": fields["paid_at"], "reference": "a\x00b"}
	if answer := w.sendPaper(finance, page+"/mark-paid", evil, "p.png", png); answer.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("what is no text: %d", answer.StatusCode)
	}
	wants(t, "marked", w.after(finance, w.sendPaper(finance, page+"/mark-paid", fields, "../läkár\"<x>.html", png)), "Marked as paid.", "Paid elsewhere: Letter of credit", "Ask Finn about it", "LC 7", "It was marked by mistake")
	own := strings.Replace(page, "/admin/", "/partner/", 1)
	wants(t, "the partner's page", w.words(ann, own), "letter of credit", "Proof", "LC 7")
	lacks(t, "the partner's page", w.words(ann, own), "Finn")
	tries, err := w.Store.AttemptsOf(t.Context(), w.caller.Tenant, w.invoiceOf(page))
	if err != nil || len(tries) != 1 {
		t.Fatal(tries, err)
	}
	paper := "/attachments/" + tries[0].ID.String()
	for name, got := range map[string]*http.Response{"the company": w.ask(finance, page+paper, nil), "a viewer": w.ask(w.as(w.caller.Tenant, models.Viewer), page+paper, nil), "the partner": w.ask(ann, own+paper, nil)} {
		head := got.Header
		if got.StatusCode != http.StatusOK || head.Get("Content-Type") != "image/png" || !strings.HasPrefix(head.Get("Content-Disposition"), "attachment") || head.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(head.Get("Content-Security-Policy"), "sandbox") || bodyOf(t, got) != string(png) {
			t.Errorf("%s: %d %v", name, got.StatusCode, head)
		}
	}
	if got := w.ask(bob, own+paper, nil); got.StatusCode != http.StatusNotFound {
		t.Errorf("another partner: %d", got.StatusCode)
	}
	if got := w.ask(w.as(w.anotherCompany().Tenant, models.Owner), page+paper, nil); got.StatusCode != http.StatusNotFound {
		t.Errorf("another company: %d", got.StatusCode)
	}
	wants(t, "without a reason", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, finance, page+"/undo", url.Values{}))), "Say why")
	wants(t, "undone", w.after(finance, w.press(finance, page, "/undo", url.Values{"reason": {"Sent to Bob"}})), "Undone. What was booked is booked back", "Approved, ready to pay", "Marked by mistake, undone", "Sent to Bob", "Mark as paid elsewhere")
	lacks(t, "the partner's page afterwards", w.words(ann, own), "Proof", "LC 7")
	if got := w.ask(ann, own+paper, nil); got.StatusCode != http.StatusNotFound {
		t.Errorf("the paper of what was undone, for the partner: %d", got.StatusCode)
	}
	w.expect(http.StatusConflict, finance, page+"/undo", url.Values{"reason": {"again"}})
}

func (w *companyWorld) invoiceOf(page string) models.InvoiceID {
	w.t.Helper()
	id, err := models.ParseID[models.InvoiceID](page[strings.LastIndex(page, "/")+1:])
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// F107, P42: a file for the bank is made, flagged wherever its invoices could be paid twice, downloaded as it was, and marked as paid as one.
func TestABankFileIsMadeFlaggedAndMarkedAsPaid(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	invoice := w.approvedInvoice()
	finance, viewer, page := w.as(w.caller.Tenant, models.Finance), w.as(w.caller.Tenant, models.Viewer), w.invoicePage()
	wants(t, "without bank details", w.words(finance, bankFilesAt), "Cannot go into a file", invoice.Number, "The partner has given no bank details")
	if _, err := w.Payouts.SetBank(t.Context(), models.BankDetails{Tenant: w.ann.Tenant, Partner: w.ann.ID, Holder: "Ann Lind", Country: "DE", Numbers: models.BankNumbers{IBAN: "DE89370400440532013000"}}, signer); err != nil {
		t.Fatal(err)
	}
	wants(t, "while they wait", w.words(finance, bankFilesAt), "The bank details are new and wait until")
	if _, err := w.Payouts.Withdraw(t.Context(), w.caller.Tenant, invoice.ID, signer); err != nil {
		t.Fatal(err)
	}
	w.clock = w.clock.Add(time.Minute)
	if _, err := w.Payouts.Approve(t.Context(), w.caller.Tenant, invoice.ID, signer); err != nil {
		t.Fatal(err)
	}
	held := w.expect(http.StatusConflict, finance, page+"/mark-paid", url.Values{"paid_at": {w.clock.Format(time.DateOnly)}, "reference": {"wire 7"}})
	said := bodyOf(t, held)
	wants(t, "marked while they wait", textOf(t, said), "may be paid to from")
	wants(t, "what was typed", said, `value="wire 7"`)
	w.clock = w.clock.AddDate(0, 0, 3)
	wants(t, "afterwards", w.words(finance, bankFilesAt), "Other transfers", "Ann Lind, account in Germany ending 3000", "20.00 USD")
	lacks(t, "a viewer's page", bodyOf(t, w.expect(http.StatusOK, viewer, bankFilesAt, nil)), "Make a CSV file", `type="checkbox"`)
	wants(t, "nothing ticked", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, finance, bankFilesAt, url.Values{"kind": {"csv"}}))), "Tick at least one invoice")
	wants(t, "dollars by SEPA", textOf(t, bodyOf(t, w.expect(http.StatusConflict, finance, bankFilesAt, url.Values{"kind": {"sepa"}, "id": {invoice.ID.String()}}))), "not in euro", "No file was made")
	made := w.ask(finance, bankFilesAt, url.Values{"kind": {"csv"}, "id": {invoice.ID.String()}})
	file := made.Header.Get("Location")
	wants(t, "made", w.after(finance, made), "The file was made", "1 transfer, 20.00 USD", "ending 3000", "Mark all of this file as paid", "Cancel the file")
	wants(t, "the invoice", w.words(finance, page), "It is in the bank file that", "Do not pay it in another way too")
	wants(t, "the list", w.words(finance, bankFilesAt), "leave it out?", "Take those that are in another file all the same", "To be settled")
	wants(t, "a second file", textOf(t, bodyOf(t, w.expect(http.StatusConflict, finance, bankFilesAt, url.Values{"kind": {"csv"}, "id": {invoice.ID.String()}}))), "not settled. Leave it out")
	first, again := bodyOf(t, w.expect(http.StatusOK, finance, file+"/download", nil)), w.expect(http.StatusOK, finance, file+"/download", nil)
	if bodyOf(t, again) != first || !strings.Contains(first, "DE89370400440532013000") || !strings.HasPrefix(again.Header.Get("Content-Disposition"), "attachment; filename=transfers-") {
		t.Errorf("%q, %v", first, again.Header)
	}
	w.expect(http.StatusForbidden, viewer, file+"/download", nil)
	lacks(t, "a viewer's page of it", bodyOf(t, w.expect(http.StatusOK, viewer, file, nil)), "/download", "/paid", "DE8937")
	wants(t, "a day ahead", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, finance, file+"/paid", url.Values{"paid_at": {"2099-01-01"}}))), "Lies in the future")
	wants(t, "marked", w.after(finance, w.press(finance, file, "/paid", nil)), "The file is settled", "Marked as paid")
	wants(t, "the invoice afterwards", w.words(finance, page), "Paid elsewhere: Bank transfer", "Reference")
	w.expect(http.StatusConflict, finance, file+"/paid", url.Values{"paid_at": {w.clock.Format(time.DateOnly)}})
	list, err := w.Store.BankFiles(t.Context(), w.caller.Tenant, store.Page{Limit: 10, Desc: true})
	if err != nil || len(list) != 1 || list[0].State != models.FileSettled {
		t.Errorf("%+v, %v", list, err)
	}
}
