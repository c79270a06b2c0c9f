package handlers

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// settledClock goes on until payments without a partner are shown as such (MONEY.md 2.4).
func (w *companyWorld) settledClock() { w.clock = w.clock.Add(store.Settling) }

// linked is a file of links that has linked.
func (w *companyWorld) linked(text string) models.LinkFile {
	w.t.Helper()
	ctx := context.Background()
	f, err := w.Inbox.KeepLinkFile(ctx, w.caller.Tenant, inbox.Upload{Name: "links.csv", File: strings.NewReader(text), Replaces: func() (bool, error) { return true, nil }}, signer)
	if err != nil {
		w.t.Fatal(err)
	}
	w.carry(f)
	if err := w.Inbox.CommitLinkFile(ctx, f.Tenant, f.ID, signer); err != nil {
		w.t.Fatal(err)
	}
	w.carry(f)
	return f
}

// carry does the work that a file promises.
func (w *companyWorld) carry(f models.LinkFile) {
	w.t.Helper()
	if err := w.Inbox.CarryLinkFile(context.Background(), f.Tenant, f.ID); err != nil {
		w.t.Fatal(err)
	}
}

// undone is a backfill of a customer to Bob that was undone.
func (w *companyWorld) undone(stripeID string) models.Backfill {
	w.t.Helper()
	ctx := context.Background()
	c, err := w.Store.CustomerByStripeID(ctx, w.caller.Tenant, stripeID)
	if err != nil {
		w.t.Fatal(err)
	}
	want := inbox.BackfillWanted{Customer: c.ID, Partner: w.bob.ID, Since: w.clock.AddDate(0, 0, -90), Reason: "a mistake"}
	_, seal, err := w.Inbox.PreviewBackfill(ctx, w.caller.Tenant, want)
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := w.Inbox.Backfill(ctx, w.caller.Tenant, want, seal, signer)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.Inbox.UndoBackfill(ctx, w.caller.Tenant, b.ID, signer); err != nil {
		w.t.Fatal(err)
	}
	return b
}

// strangers are payments that nobody brought: two of a company whose other customer is Ann's, one with Bob's key in
// another case, and one without a customer.
func (w *companyWorld) strangers() {
	w.t.Helper()
	for n, c := range []struct{ customer, email, code string }{
		{"cus_1", "boss@acorn.example", "ANN_KEY"}, {"cus_2", "finance@acorn.example", ""}, {"cus_3", "it@acorn.example", ""}, {"cus_4", "four@other.example", "bob_key"}, {"", "", ""},
	} {
		w.sell(w.sale(n+1, 50-10*n, c.customer, c.email, c.code))
	}
	w.settledClock()
}

// idOf is the id of the customer that Stripe knows by another.
func (w *companyWorld) idOf(stripeID string) string {
	w.t.Helper()
	c, err := w.Store.CustomerByStripeID(context.Background(), w.caller.Tenant, stripeID)
	if err != nil {
		w.t.Fatal(err)
	}
	return c.ID.String()
}

// B2, F85, F86: the inbox shows each payment with who may have brought it and why, and what is at stake; one click links.
func TestTheInboxShowsWhoMayHaveBroughtEachPaymentAndLinks(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.strangers()
	owner, viewer := w.as(w.caller.Tenant, models.Owner), w.as(w.caller.Tenant, models.Viewer)
	words := w.words(owner, "/admin/unattributed")
	wants(t, "the inbox", words, "Unattributed 4 waiting", "At stake in USD 400.00 USD 4 payments, less what went back", "finance@acorn.example", "in_2",
		"Link to Partner ANN_KEY Backfill… Another customer at acorn.example belongs to ANN_KEY", `says "bob_key", which is BOB_KEY but for case or spaces`,
		"It came without a customer", "Linking a customer holds from now on", "Backfill…", "4 payments")
	seen := bodyOf(t, w.expect(http.StatusOK, viewer, "/admin/unattributed", nil))
	lacks(t, "a viewer's inbox", seen, "<button type=\"submit\" class=\"btn btn-plain btn-sm\"", "/admin/backfills/new", "/admin/links/new", `type="checkbox"`)
	wants(t, "a viewer's inbox", textOf(t, seen), "Partner ANN_KEY Another customer at acorn.example belongs to ANN_KEY")

	w.expect(http.StatusSeeOther, owner, "/admin/unattributed/link", url.Values{"customer": {w.idOf("cus_4")}, "partner": {"BOB_KEY"}})
	words = w.words(owner, "/admin/unattributed")
	lacks(t, "the inbox", words, "four@other.example")
	wants(t, "the inbox", words, "Unattributed 3 waiting", "At stake in USD 300.00 USD")
	wants(t, "those linked since", w.words(owner, "/admin/unattributed?show=linked"), "four@other.example", "Linked to Partner BOB_KEY, ", "This payment was made before that.", "Backfill…")
	wants(t, "all", w.words(owner, "/admin/unattributed?show=all"), "4 payments")
	renewal := w.sale(9, 0, "cus_4", "four@other.example", "")
	renewal.Renewal = true
	w.sell(renewal)
	if earned := w.earningsOf(w.bob); len(earned) != 1 || earned[0].PaymentKey != "in_9" {
		t.Errorf("Bob earned %+v", earned)
	}
}

// F87: many are linked at once, by the partner's key or name; what was ticked and typed stays when something is wrong.
func TestManyAreLinkedAtOnce(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.strangers()
	owner := w.as(w.caller.Tenant, models.Owner)
	ticked := []string{w.idOf("cus_2"), w.idOf("cus_3"), w.idOf("cus_2")}
	for typed, wrong := range map[string]string{"": "Give the key or the name of a partner.", "nobody at all": "No partner has this key or name"} {
		page := bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, "/admin/unattributed/link", url.Values{"customer": ticked, "partner": {typed}}))
		wants(t, "the refused form", textOf(t, page), wrong)
		if n := strings.Count(page, " checked"); n != 2 {
			t.Errorf("%d boxes stayed ticked", n)
		}
	}
	wants(t, "without a tick", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, "/admin/unattributed/link", url.Values{"partner": {"ANN_KEY"}}))), "Tick at least one customer.")
	paused := w.bob
	paused.Turn(models.PartnerPaused, w.clock)
	if err := w.Store.SavePartner(context.Background(), paused, w.clock); err != nil {
		t.Fatal(err)
	}
	wants(t, "a paused partner", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, "/admin/unattributed/link", url.Values{"customer": ticked, "partner": {"BOB_KEY"}}))), "Partner BOB_KEY is not active")
	w.expect(http.StatusNotFound, owner, "/admin/unattributed/link", url.Values{"customer": {models.NewID[models.CustomerID](w.clock).String()}, "partner": {"ANN_KEY"}})

	back := w.expect(http.StatusSeeOther, owner, "/admin/unattributed/link?show=all", url.Values{"customer": ticked, "partner": {" partner ann_key "}})
	if to := back.Header.Get("Location"); to != "/admin/unattributed?show=all" {
		t.Errorf("led to %s", to)
	}
	if flash := back.Header.Get("Set-Cookie"); !strings.Contains(flash, "linked.2") {
		t.Errorf("the page is to say %s", flash)
	}
	wants(t, "the inbox", w.words(owner, "/admin/unattributed"), "2 payments", "four@other.example")
}

// upload sends a file as a browser does, the fields in this order.
func (w *companyWorld) upload(cookie *http.Cookie, text string, fields ...string) *http.Response {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, name := range fields {
		if name == "file" {
			part, err := form.CreateFormFile("file", "customers of <b> spring.csv")
			if err != nil {
				w.t.Fatal(err)
			}
			_, _ = io.WriteString(part, text)
			continue
		}
		_ = form.WriteField(name, "yes")
	}
	_ = form.Close()
	r := httptest.NewRequest(http.MethodPost, "/admin/links", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(cookie)
	answer := httptest.NewRecorder()
	w.site.ServeHTTP(answer, r)
	return answer.Result()
}

func (w *companyWorld) file(at string) models.LinkFile {
	w.t.Helper()
	id, err := models.ParseID[models.LinkFileID](at[strings.LastIndex(at, "/")+1:])
	if err != nil {
		w.t.Fatal(err)
	}
	return models.LinkFile{Tenant: w.caller.Tenant, ID: id}
}

// B4, F87: a file is uploaded, checked without changing anything, committed, and may come again; its page shows how far it
// is, the verdict of each row, and gives them as a file.
func TestAFileOfLinksFromUploadToVerdicts(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.strangers()
	owner := w.as(w.caller.Tenant, models.Owner)
	const text = "partner;customer\r\nBOB_KEY;cus_2\r\nBOB_KEY;it@acorn.example\r\nANN_KEY;cus_2\r\nBOB_KEY;cus_1\r\nBOB_KEY;=cmd()\r\n;cus_4\r\n"
	at := w.upload(owner, text, "file").Header.Get("Location")
	wants(t, "while it is checked", w.words(owner, at), "customers of <b> spring.csv", "Being checked", "Checking, rows done: 0 of 6", "Refresh")
	w.carry(w.file(at))
	words := w.words(owner, at)
	wants(t, "the dry run", words, "Checked, nothing linked yet", "2 rows would link a customer each, of 6 rows. Nothing has changed yet.", "Link 2 customers", "Will be linked 2",
		"Row 4 cus_2 ANN_KEY Contradicts a row Row 2 names another partner for this customer, and counts", "Another partner's Belongs to ANN_KEY, and stays theirs",
		"No such customer", "Cannot be read The partner is empty", "Link those of other partners too")
	wants(t, "one verdict", w.words(owner, at+"?verdict=malformed"), "Cannot be read 1", "1 row")
	wants(t, "a verdict that no row has", w.words(owner, at+"?verdict=linked"), "No row of this file has this verdict.")
	w.expect(http.StatusUnprocessableEntity, owner, at+"?after=x", nil)
	lacks(t, "a viewer's page", bodyOf(t, w.expect(http.StatusOK, w.as(w.caller.Tenant, models.Viewer), at, nil)), at+"/commit", at+"/check")

	w.expect(http.StatusSeeOther, owner, at+"/check", url.Values{"replace": {"yes"}})
	w.carry(w.file(at))
	wants(t, "the dry run that replaces", w.words(owner, at), "3 rows would link", "Will be linked anew Belongs to ANN_KEY until then", "Leave those of other partners")
	w.expect(http.StatusSeeOther, owner, at+"/check", url.Values{"replace": {"no"}})
	w.carry(w.file(at))
	w.expect(http.StatusSeeOther, owner, at+"/commit", url.Values{})
	wants(t, "while it links", w.words(owner, at), "Linking, rows done: 0 of 6")
	if r := w.expect(http.StatusSeeOther, owner, at+"/commit", url.Values{}); !strings.Contains(r.Header.Get("Set-Cookie"), "moved-on") {
		t.Error("a second commit says nothing")
	}
	w.carry(w.file(at))
	wants(t, "when it is done", w.words(owner, at), "Done", "2 customers were linked, from 20 November 2026, 12:10:00 UTC on", "What they paid before stays as it is")
	wants(t, "the files", w.words(owner, "/admin/links"), "customers of <b> spring.csv", "Done", "Rows 6", "Linked 2")
	if earned := w.earningsOf(w.bob); len(earned) != 0 {
		t.Errorf("the links reached back: %+v", earned)
	}

	r := w.expect(http.StatusOK, owner, at+"/verdicts.csv", nil)
	if kind := r.Header.Get("Content-Type") + " " + r.Header.Get("Content-Disposition"); kind != `text/csv; charset=utf-8 attachment; filename="verdicts-2026-11-20.csv"` {
		t.Errorf("sent as %s", kind)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(bodyOf(t, r), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 7 || !slices.Equal(rows[1], []string{"2", "cus_2", "BOB_KEY", "Linked", ""}) || rows[5][1] != "'=cmd()" {
		t.Errorf("the verdicts are %q, %v", rows, err)
	}

	again := w.upload(owner, text, "file").Header.Get("Location")
	w.carry(w.file(again))
	wants(t, "uploaded again", w.words(owner, again), "No row of this file would link anybody.", "Linked already 2")
	only := w.upload(owner, "customer,partner\ncus_2,BOB_KEY\ncus_2,BOB_KEY\n", "file").Header.Get("Location")
	w.carry(w.file(only))
	wants(t, "a file that linked all before", w.words(owner, only), "Every row is linked already. There is nothing to do.")
}

// The box may be sent before the file or after it; what is no such file says what to do, and what was ticked stays.
func TestAnUploadThatIsNoFileOfLinksIsRefused(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.strangers()
	owner := w.as(w.caller.Tenant, models.Owner)
	for _, order := range [][]string{{"replace", "file"}, {"file", "replace"}} {
		at := w.upload(owner, "customer,partner\ncus_1,BOB_KEY\n", order...).Header.Get("Location")
		w.carry(w.file(at))
		wants(t, strings.Join(order, " then "), w.words(owner, at), "Will be linked anew")
	}
	for name, c := range map[string]struct {
		text, want string
		fields     []string
	}{
		"no file":     {"", "Choose the file to upload.", []string{"replace"}},
		"no list":     {"a,b\n1,2\n", "Has no columns customer and partner", []string{"replace", "file"}},
		"no rows":     {"customer,partner\n\n", "Has no row below the first", []string{"replace", "file"}},
		"far too big": {"customer,partner\n" + strings.Repeat("cus_1,BOB_KEY\n", 3_000_000), "Is larger than 32 MB", []string{"replace", "file"}},
	} {
		answer := w.upload(owner, c.text, c.fields...)
		page := bodyOf(t, answer)
		wants(t, name, textOf(t, page), c.want)
		if answer.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, " checked") {
			t.Errorf("%s: %d, ticked %v", name, answer.StatusCode, strings.Contains(page, " checked"))
		}
	}
	if list, err := w.Store.LinkFiles(context.Background(), w.caller.Tenant, storetest.FirstPage()); err != nil || len(list) != 2 {
		t.Errorf("%d files were kept, %v", len(list), err)
	}
}

// A long list is walked by rows.
func TestALongFileIsWalkedPageByPage(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner := w.as(w.caller.Tenant, models.Owner)
	var text strings.Builder
	text.WriteString("customer,partner\n")
	for n := range 150 {
		fmt.Fprintf(&text, "nobody-%d,BOB_KEY\n", n)
	}
	at := w.upload(owner, text.String(), "file").Header.Get("Location")
	w.carry(w.file(at))
	wants(t, "the first page", w.words(owner, at), "100 rows, and further ones", "Next rows", "nobody-99")
	wants(t, "the second page", w.words(owner, at+"?after=101"), "50 rows", "First rows", "nobody-149")
}

// B3, D10: a backfill is begun from a row or by name, previewed payment by payment, confirmed as it was seen, and undone.
func TestABackfillFromPreviewToUndoing(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.strangers()
	owner := w.as(w.caller.Tenant, models.Owner)
	wants(t, "the empty list", w.words(owner, "/admin/backfills"), "Nothing was backfilled yet", "Backfill a customer")
	page := bodyOf(t, w.expect(http.StatusOK, owner, "/admin/backfills/new?customer=stripe_cus_2", nil))
	if !strings.Contains(page, `value="2026-10-11"`) {
		t.Error("the day of the first payment is not offered")
	}
	lacks(t, "a form that was begun", page, "What would change")
	for query, wrong := range map[string]string{
		"customer=nobody&partner=BOB_KEY&since=2026-01-01":                   "No customer has this key",
		"customer=stripe_cus_2&since=2026-01-01":                             "Give the key or the name of a partner.",
		"customer=stripe_cus_2&partner=NOBODY&since=2026-01-01":              "No partner has this key or name",
		"customer=stripe_cus_2&partner=BOB_KEY&since=soon":                   "Give a day such as",
		"customer=stripe_cus_2&partner=BOB_KEY&since=2027-01-01":             "Lies ahead; give a day up to today.",
		"customer=" + strings.Repeat("x", 400) + "&partner=BOB_KEY&since=20": "Give a key, a Stripe id or an e-mail address.",
	} {
		wants(t, query, textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, "/admin/backfills/new?"+query, nil))), wrong)
	}
	wants(t, "a day without payments", w.words(owner, "/admin/backfills/new?customer=cus_2&partner=BOB_KEY&since=2026-11-19"), "No payment since that day would change.")

	const query = "customer=finance%40acorn.example&partner=BOB_KEY&since=2026-10-01"
	page = bodyOf(t, w.expect(http.StatusOK, owner, "/admin/backfills/new?"+query, nil))
	wants(t, "the preview", textOf(t, page), "Payments of finance@acorn.example (stripe_cus_2)", "1 payment changes", "Partner BOB_KEY Payments 1 + 20.00 USD", "in_2 100.00 USD", "Paid 11 October 2026",
		"Now No partner", "Then Partner BOB_KEY", "Payable 10 November 2026", "Backfill 1 payment, 20.00 USD for Partner BOB_KEY")
	if len(w.earningsOf(w.bob)) > 0 {
		t.Error("the preview counted something")
	}
	form := url.Values{"customer": {"finance@acorn.example"}, "partner": {"BOB_KEY"}, "since": {"2026-10-01"}, "reason": {"Bob's <i>client</i>"}, "seen": {valueOf(t, page, "seen")}}
	without := url.Values{"customer": form["customer"], "partner": form["partner"], "since": form["since"], "seen": form["seen"]}
	wants(t, "without a reason", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, "/admin/backfills", without))), "Say why, in 500 characters at most.", "What would change")
	late := w.sale(20, 45, "cus_2", "finance@acorn.example", "")
	w.sell(late)
	refused := bodyOf(t, w.expect(http.StatusConflict, owner, "/admin/backfills", form))
	wants(t, "another effect", textOf(t, refused), "This is not what you saw", "2 payments change")
	if len(w.earningsOf(w.bob)) > 0 || !strings.Contains(refused, "Bob&#39;s &lt;i&gt;client&lt;/i&gt;") {
		t.Error("what was refused was done, or what was typed is gone")
	}
	form.Set("seen", valueOf(t, refused, "seen"))
	at := w.expect(http.StatusSeeOther, owner, "/admin/backfills", form).Header.Get("Location")
	words := w.words(owner, at)
	wants(t, "the batch", words, "Linked to Partner BOB_KEY since 1 October 2026", "Earned by it", "+ 40.00 USD", "2 payments changed", "Reason Bob's <i>client</i>", "Made by owner@", "Undo this backfill")
	wants(t, "the list", w.words(owner, "/admin/backfills"), "finance@acorn.example", "Done", "40.00 USD", "Undo…")
	if n := len(w.earningsOf(w.bob)); n != 2 {
		t.Errorf("Bob earned %d commissions", n)
	}
	viewer := w.as(w.caller.Tenant, models.Viewer)
	lacks(t, "a viewer's batch", bodyOf(t, w.expect(http.StatusOK, viewer, at, nil)), at+"/undo")

	w.expect(http.StatusSeeOther, owner, at+"/undo", url.Values{})
	wants(t, "the batch undone", w.words(owner, at), "Undone by owner@", "until it was undone")
	wants(t, "the second undoing", textOf(t, bodyOf(t, w.expect(http.StatusConflict, owner, at+"/undo", url.Values{}))), "This backfill was undone already.")
	for _, c := range w.earningsOf(w.bob) {
		if c.Amount.Minor != 0 {
			t.Errorf("%s of %s is left", c.Amount, c.PaymentKey)
		}
	}
	wants(t, "the payment's page", textOf(t, bodyOf(t, w.expect(http.StatusOK, owner, w.paymentPage(late), nil))), "Backfill this customer")
}

// valueOf is what a hidden field of a page holds.
func valueOf(t testing.TB, page, name string) string {
	t.Helper()
	for _, n := range parsed(t, page) {
		if n.Data != "input" {
			continue
		}
		held := map[string]string{}
		for _, a := range n.Attr {
			held[a.Key] = a.Val
		}
		if held["name"] == name {
			return held["value"]
		}
	}
	t.Fatalf("the page has no field %s", name)
	return ""
}

// MONEY.md 2.4: what came minutes ago is not said to be nobody's yet.
func TestAFreshPaymentIsNotSaidToBeNobodys(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.sell(w.sale(1, 0, "cus_1", "one@shop.example", ""))
	owner := w.as(w.caller.Tenant, models.Owner)
	wants(t, "the payments", w.words(owner, "/admin/payments"), "No partner yet")
	wants(t, "the inbox", w.words(owner, "/admin/unattributed"), "Nothing waits")
	w.clock = w.clock.Add(store.Settling - time.Second)
	lacks(t, "the inbox a second before", w.words(owner, "/admin/unattributed"), "one@shop.example")
	w.clock = w.clock.Add(time.Second)
	wants(t, "the inbox after ten minutes", w.words(owner, "/admin/unattributed"), "one@shop.example", "Nothing that is known points to a partner")
}
