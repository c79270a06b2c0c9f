package handlers

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"portal/mail"
	"portal/models"
	"portal/store"
)

// A link in a mail stops the mails of its kind, without signing in and only when it is pressed: programs that follow links stop
// nothing. A link that was not made here opens nothing.
func TestTheLinkInAMailStopsItsKindWhenPressed(t *testing.T) {
	t.Parallel()
	w, ctx := newCompanyWorld(t), context.Background()
	w.as(w.caller.Tenant, models.Owner)
	to := []models.Person{{Email: "Nora@partners.example", Name: "Nora"}, {Email: "nora@partners.example"}}
	tell := func() int {
		t.Helper()
		if err := w.Store.InTx(ctx, func(tx *store.Store) error {
			return tx.QueueMail(ctx, w.caller.Tenant, models.InvoiceApproved(models.Company{Name: "Acme"}, models.Invoice{Currency: "usd"}), to, w.clock)
		}); err != nil {
			t.Fatal(err)
		}
		list, err := w.Store.NewestMails(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if n := tell(); n != 1 {
		t.Fatalf("one address got %d mails", n)
	}
	list, _ := w.Store.NewestMails(ctx, 1)
	letter, err := mail.Write(list[0], w.PublicURL)
	if err != nil || letter.Stop == "" || strings.Contains(letter.Stop, "nora") {
		t.Fatalf("%q, %v", letter.Stop, err)
	}
	at := strings.TrimPrefix(letter.Stop, w.PublicURL)
	page := w.words(nil, at)
	wants(t, "the link", page, "Stop these mails?", "Invoices approved", "nora@partners.example")
	if n := tell(); n != 2 {
		t.Errorf("following the link stopped them: %d mails", n)
	}
	if answer := w.ask(nil, at, url.Values{"List-Unsubscribe": {"One-Click"}}); answer.StatusCode != http.StatusOK {
		t.Errorf("pressed: %d", answer.StatusCode)
	}
	if n := tell(); n != 2 {
		t.Errorf("stopped, and %d mails", n)
	}
	for _, forged := range []string{at[:len(at)-3] + "AAA", "/mail/stop/AQID", "/mail/stop/%20"} {
		if answer := w.ask(nil, forged, url.Values{}); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", forged, answer.StatusCode)
		}
	}
}

// Everybody says on one page which mails they want; what is essential is not to choose.
func TestAPersonChoosesWhichMailsTheyGet(t *testing.T) {
	t.Parallel()
	w, ctx := newCompanyWorld(t), context.Background()
	partner := w.signedIn("ann", w.ann.Tenant, models.PartnerMember, &w.ann.ID)
	finance := w.as(w.caller.Tenant, models.Finance)
	ticked := regexp.MustCompile(`value="(\w+)" checked`)
	on := func(cookie *http.Cookie) string {
		t.Helper()
		page := bodyOf(t, w.expect(http.StatusOK, cookie, "/settings/mail", nil))
		var all []string
		for _, m := range ticked.FindAllStringSubmatch(page, -1) {
			all = append(all, m[1])
		}
		return strings.Join(all, " ")
	}
	if on(partner) != "approved onboarding" || on(finance) != "review" || on(w.as(w.caller.Tenant, models.Viewer)) != "" {
		t.Errorf("at first: %q, %q", on(partner), on(finance))
	}
	wants(t, "a viewer's", w.words(w.as(w.caller.Tenant, models.Viewer), "/settings/mail"), "Nothing: mails go to those who can act on them.")
	if answer := w.ask(partner, "/settings/mail", url.Values{"topic": {"onboarding", "review", "nothing"}}); answer.StatusCode != http.StatusSeeOther {
		t.Fatal(answer.StatusCode)
	}
	if on(partner) != "onboarding" || on(finance) != "review" {
		t.Errorf("after: %q, %q", on(partner), on(finance))
	}
	audit, err := w.Store.AuditOf(ctx, w.caller.Company, "approved")
	if err != nil || len(audit) != 1 || audit[0].Action != "mail.refused" {
		t.Errorf("audit %+v, %v", audit, err)
	}
	w.ask(partner, "/settings/mail", url.Values{"topic": {"onboarding", "approved"}})
	if on(partner) != "approved onboarding" {
		t.Errorf("at last: %q", on(partner))
	}
}
