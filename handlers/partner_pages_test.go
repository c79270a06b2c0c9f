package handlers

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"portal/inbox"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// pagesOf are the addresses of every page that a partner has.
func (w *partnerWorld) pagesOf(p models.Partner) []string {
	w.t.Helper()
	pages := []string{"/partner", "/partner/earnings", "/partner/invoices"}
	for _, c := range w.earningsOf(p) {
		pages = append(pages, "/partner/earnings/"+c.ID.String())
	}
	invoices, err := w.Store.Invoices(context.Background(), p.Tenant, &p.ID, "", store.Page{Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, i := range invoices {
		pages = append(pages, "/partner/invoices/"+i.ID.String())
	}
	return pages
}

func TestAPartnerFollowsTheirMoneyFromTheSaleToThePayment(t *testing.T) {
	t.Parallel()
	w := newPartnerWorld(t)
	me, ctx := w.signInAs(w.ann), context.Background()
	_, words := w.read(me, "/partner")
	wants(t, "home before anything", words, "Nothing earned yet", "Nothing is held and nothing is on an invoice", "ANN_KEY", "Nobody knows yet where to pay you", "Say how you are paid", "0.00 USD")

	s := w.sale(1, 2, "cus_1", "jane@shop.example", "ANN_KEY")
	w.sell(s)
	why := "/partner/earnings/" + w.earningsOf(w.ann)[0].ID.String()
	_, words = w.read(me, "/partner")
	wants(t, "home after a sale", words, "Earned this month 20.00 USD", "Held 20.00 USD", "20.00 USD becomes due on 18 December 2026 (in 28 days)", "j***@s…", "Held until 18 December 2026")
	_, words = w.read(me, why)
	wants(t, "why after a sale", words, "Held until 18 December 2026, so that a refund can still be taken back.", "Metadata partner_key on the session names ANN_KEY, an active partner",
		"Decided here", "20 % of each payment, rule version 1", "Base 100.00 USD: 20.00 USD")

	w.post(s.Refund(storetest.Old, 5000))
	_, words = w.read(me, why)
	wants(t, "why after a refund", words, "You earn 10.00 USD", "At first 20.00 USD", "The customer got money back", "50.00 USD refunded of this payment", "−10.00 USD")
	_, words = w.read(me, "/partner/earnings")
	wants(t, "earnings after a refund", words, "10.00 USD 20.00 USD at first")

	w.clock = w.clock.AddDate(0, 0, 40)
	if err := w.Payouts.EndHolds(ctx); err != nil {
		t.Fatal(err)
	}
	_, words = w.read(me, "/partner")
	wants(t, "home after the hold", words, "Due 10.00 USD", "Held 0.00 USD", "Ready to be invoiced")
	_, words = w.read(me, why)
	wants(t, "why after the hold", words, "Its refund window ended on 18 December 2026.", "Acme puts it on its next invoice")

	invoice := w.drawUp()[0]
	bill := "/partner/invoices/" + invoice.ID.String()
	_, words = w.read(me, bill)
	wants(t, "the invoice in review", words, invoice.Number, "Being reviewed by Acme", "j***@s…", "Earned", "20.00 USD", "The customer got money back: 50.00 USD refunded of this payment", "−10.00 USD", "Total 10.00 USD")
	_, words = w.read(me, "/partner")
	wants(t, "home with an invoice", words, invoice.Number+" Being reviewed by Acme 10.00 USD", "And 10.00 USD on invoices")

	if _, err := w.Payouts.Approve(ctx, w.caller.Tenant, invoice.ID, signer); err != nil {
		t.Fatal(err)
	}
	_, words = w.read(me, "/partner/invoices")
	wants(t, "the invoices", words, invoice.Number, "Approved, payment comes next", "10.00 USD")

	if _, err := w.Payouts.MarkPaid(ctx, w.caller.Tenant, invoice.ID, "SEPA 2026-77", w.clock, signer); err != nil {
		t.Fatal(err)
	}
	page, words := w.read(me, bill)
	wants(t, "the invoice when paid", words, "Paid on 30 December 2026 by Acme elsewhere", "SEPA 2026-77")
	lacks(t, "the invoice", page, signer.Name)
	_, words = w.read(me, why)
	wants(t, "why when paid", words, "It is on invoice "+invoice.Number+": paid on 30 December 2026 by Acme elsewhere.", "Put on invoice "+invoice.Number, "was paid")
	_, words = w.read(me, "/partner")
	wants(t, "home when paid", words, "Paid to you 10.00 USD", "Due 0.00 USD")

	w.post(s.Refund(storetest.Old, 10000))
	_, words = w.read(me, "/partner")
	wants(t, "home after a refund of what was paid", words, "Due −10.00 USD Taken off what you are paid next")
	_, words = w.read(me, why)
	wants(t, "why after a refund of what was paid", words, "It was paid with invoice "+invoice.Number+" and all of it was taken back since", "taken off what you are paid next")
}

func TestASaleInAnotherCurrencyWaitsForARate(t *testing.T) {
	t.Parallel()
	w := newPartnerWorld(t)
	cy := storetest.Partner(t, w.Store, w.caller.Tenant, "CY_KEY", "eur")
	me := w.signInAs(cy)
	w.sell(w.sale(1, 2, "cus_1", "jane@shop.example", "CY_KEY"))
	_, words := w.read(me, "/partner")
	wants(t, "home", words, "Earned this month 0.00 EUR", "20.00 USD before exchange", "Waiting for an exchange rate")
	_, words = w.read(me, "/partner/earnings/"+w.earningsOf(cy)[0].ID.String())
	wants(t, "why", words, "In the sale's currency 20.00 USD", "The sale is in USD and you are paid in EUR: it waits for an exchange rate.")
}

func TestTheCardBehindAFailedPaymentIsNoneOfThePartnersBusiness(t *testing.T) {
	t.Parallel()
	w := newPartnerWorld(t)
	me, ctx := w.signInAs(w.ann), context.Background()
	w.sell(w.sale(1, 40, "cus_1", "jane@shop.example", "ANN_KEY"))
	i := w.drawUp()[0]
	i.Status, i.Because = models.Failed, new("Your card has insufficient funds.")
	if err := w.Store.SaveInvoice(ctx, i); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/partner", "/partner/invoices", "/partner/invoices/" + i.ID.String()} {
		page, words := w.read(me, path)
		wants(t, path, words, "The payment did not go through")
		lacks(t, path, page, "insufficient")
	}
	_, words := w.read(me, "/partner/invoices/"+i.ID.String())
	wants(t, "the invoice", words, "Acme is told and can try it again")
}

func TestWhatIsAnothersIsNotThere(t *testing.T) {
	t.Parallel()
	w := newPartnerWorld(t)
	w.sell(w.sale(1, 40, "cus_1", "jane@shop.example", "ANN_KEY"))
	w.sell(w.sale(2, 40, "cus_2", "karl@shop.example", "BOB_KEY"))
	w.drawUp()
	other := storetest.Company(t, w.Store)
	stranger := storetest.Partner(t, w.Store, other.Tenant, "ANN_KEY", "usd")
	live := w.ann
	live.Mode, live.ID = models.Live, models.NewID[models.PartnerID](w.clock)
	if err := w.Store.AddPartner(context.Background(), live); err != nil {
		t.Fatal(err)
	}
	own := w.pagesOf(w.ann)[3:]
	if len(own) != 2 {
		t.Fatalf("pages %v", own)
	}
	for name, p := range map[string]models.Partner{"another partner": w.bob, "another company's partner": stranger, "the live side": live} {
		cookie := w.signInAs(p)
		for _, path := range own {
			if status, page := w.get(cookie, path); status != http.StatusNotFound || strings.Contains(page, "20.00") {
				t.Errorf("%s: GET %s: %d", name, path, status)
			}
		}
		for _, path := range []string{"/partner", "/partner/earnings", "/partner/invoices"} {
			page, _ := w.read(cookie, path)
			lacks(t, name+" "+path, page, "j***@s…", w.earningsOf(w.ann)[0].ID.String())
		}
	}
	nobody := w.signInAs(storetest.Partner(t, w.Store, w.caller.Tenant, "CY_KEY", "usd"))
	for _, id := range []string{"cms_1", "x", w.ann.ID.String(), "%00", "..%2f"} {
		for _, list := range []string{"/partner/earnings/", "/partner/invoices/"} {
			if status, _ := w.get(nobody, list+id); status != http.StatusNotFound {
				t.Errorf("GET %s%s: %d", list, id, status)
			}
		}
	}
	if status, _ := w.get(nil, "/partner/earnings"); status != http.StatusSeeOther {
		t.Errorf("signed out: %d", status)
	}
}

func TestNoAddressOfACustomerAndNoOtherPartnerIsOnAnyPage(t *testing.T) {
	t.Parallel()
	w := newPartnerWorld(t)
	me := w.signInAs(w.ann)
	w.sell(w.sale(1, 40, "cus_1", "Jane.Marlow@shop.example", "ANN_KEY"))
	w.sell(w.sale(2, 3, "cus_1", "Jane.Marlow@shop.example", "BOB_KEY")) // belongs to ANN by now
	w.sell(w.sale(3, 9, "cus_3", "lost@shop.example", "ANN_KEY"))
	w.sell(w.sale(4, 20, "cus_3", "lost@shop.example", "BOB_KEY")) // comes late: the customer was BOB's all the time
	posted := inbox.Transaction{Key: "order-keyed@shop.example", Amount: "50.00", AmountUnits: "usd", Action: "sale", Partner: "ANN_KEY", CustomerKey: "who@shop.example", CreateCustomer: true}
	if _, _, err := w.Inbox.Transact(context.Background(), w.caller, posted); err != nil {
		t.Fatal(err)
	}
	w.drawUp()
	if got := len(w.pagesOf(w.ann)); got != 3+4+1 {
		t.Fatalf("%d pages: %v", got, w.pagesOf(w.ann))
	}
	lost := 0
	for _, path := range w.pagesOf(w.ann) {
		page, words := w.read(me, path)
		lacks(t, path, page, "marlow", "lost@", "keyed@", "who@", "@shop", "shop.example", "BOB_KEY", "cus_1", "cus_3", w.bob.ID.String(), w.bob.Name)
		if strings.Contains(words, "this sale was not brought by you") {
			lost++
			wants(t, path, words, "Another partner was found here.", "Nothing is left to pay: all of it was taken back.", "The payment is not yours by what is known now")
		}
	}
	if lost != 1 {
		t.Errorf("%d earnings are said to be lost, want 1", lost)
	}
}

const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`

func TestHostileNamesStayText(t *testing.T) {
	t.Parallel()
	w := newPartnerWorld(t)
	ctx := context.Background()
	w.ann.Name = evil
	if err := w.Store.SavePartner(ctx, w.ann, storetest.Day); err != nil {
		t.Fatal(err)
	}
	me := w.signInAs(w.ann)
	w.sell(w.sale(1, 40, "cus_1", evil+"@shop.example", "ANN_KEY"))
	i := w.drawUp()[0]
	if _, err := w.Payouts.Approve(ctx, w.caller.Tenant, i.ID, signer); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Payouts.MarkPaid(ctx, w.caller.Tenant, i.ID, evil, w.clock, signer); err != nil {
		t.Fatal(err)
	}
	for _, path := range w.pagesOf(w.ann) {
		page, _ := w.read(me, path)
		for _, n := range parsed(t, page) {
			if n.Type == html.ElementNode && (n.Data == "img" || n.Data == "script" && n.FirstChild != nil) {
				t.Errorf("%s: the name became markup: <%s>", path, n.Data)
			}
		}
	}
}

func TestALongListIsWalkedByOlder(t *testing.T) {
	t.Parallel()
	w := newPartnerWorld(t)
	me := w.signInAs(w.ann)
	for n := range pageRows + 3 {
		w.sell(w.sale(n+1, 1+n%20, fmt.Sprintf("cus_%d", n), fmt.Sprintf("c%d@shop.example", n), "ANN_KEY"))
	}
	seen, path := map[string]bool{}, "/partner/earnings"
	for _, want := range []int{pageRows, 3} {
		page, _ := w.read(me, path)
		rows := 0
		path = ""
		for _, n := range parsed(t, page) {
			href := attribute(n, "href")
			if strings.HasPrefix(href, "/partner/earnings/cms_") && !seen[href] {
				seen[href] = true
				rows++
			}
			if attribute(n, "rel") == "next" {
				path = href
			}
		}
		if rows != want {
			t.Errorf("%d new rows, want %d", rows, want)
		}
	}
	if path != "" {
		t.Errorf("the last page leads on to %s", path)
	}
	if status, _ := w.get(me, "/partner/earnings?cursor=nonsense"); status != http.StatusUnprocessableEntity {
		t.Errorf("a cursor of nobody's: %d", status)
	}
}

func TestAPausedPartnerIsTold(t *testing.T) {
	t.Parallel()
	w := newPartnerWorld(t)
	me := w.signInAs(w.ann)
	for status, want := range map[string]string{models.PartnerPending: "has not approved your account yet", models.PartnerPaused: "has paused your account", models.PartnerBanned: "has closed your account"} {
		w.ann.Status = status
		if err := w.Store.SavePartner(context.Background(), w.ann, storetest.Day); err != nil {
			t.Fatal(err)
		}
		_, words := w.read(me, "/partner")
		wants(t, status, words, want, "Your account is not active")
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
