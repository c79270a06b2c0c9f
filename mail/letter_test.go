package mail_test

import (
	"errors"
	"net/mail"
	"strings"
	"testing"

	"golang.org/x/net/html"

	letters "portal/mail"
	"portal/models"
	"portal/store/storetest"
)

// told are all messages there are, filled as their makers fill them.
func told() map[string]models.Message {
	company, program := models.Company{Name: "Acme"}, models.Program{ID: models.NewID[models.ProgramID](storetest.Day), Name: "Partners"}
	invoice := models.Invoice{ID: models.NewID[models.InvoiceID](storetest.Day), Number: "INV-2026-0007", PartnerName: "Nora", TotalMinor: 120450, Currency: "usd", Until: storetest.Day,
		PaidAt: new(storetest.Day), PaidHow: new("stripe"), Reference: new("pi_77")}
	due := []models.Money{{Minor: 120450, Currency: "usd"}, {Minor: 99, Currency: "eur"}}
	return map[string]models.Message{
		"connection_broken": models.KeyRefused(company, program, models.Live),
		"access_revoked":    models.AccessRevoked(company, program, models.Live),
		"platform_refused":  models.PlatformRefused(company, program, models.Live),
		"connection_mended": models.ConnectionMended(company, program, models.Live),
		"rights_lost":       models.RightsLost(company, program, models.Live, []string{"rak_dispute_read", "rak_event_read"}),

		"invoices_ready":        models.InvoicesReady(company, 25, due),
		"invoice_approved":      models.InvoiceApproved(company, invoice),
		"payment_taken_back":    models.PaymentTakenBack(company, invoice, "it was marked as paid by mistake. If the money did reach you, tell Acme."),
		"invoice_paid":          models.InvoicePaid(company, invoice),
		"payment_failed":        models.PaymentFailed(company, "The card was declined.", invoice),
		"confirmation_needed":   models.ConfirmationNeeded(company, invoice),
		"onboarding_incomplete": models.OnboardingIncomplete(company, due, "your date of birth"),
		"card_expiring":         models.CardExpiring(company, "Visa", "4242", storetest.Day),
	}
}

// leads is where the messages lead that are not about a connection.
var leads = map[string]string{"invoices_ready": "/admin/invoices?status=review", "invoice_approved": "/partner/invoices/inv_", "invoice_paid": "/partner/invoices/inv_", "payment_taken_back": "/partner/invoices/inv_",
	"payment_failed": "/admin/invoices/inv_", "confirmation_needed": "/admin/invoices/inv_", "onboarding_incomplete": "/partner/payouts", "card_expiring": "/admin/settings/payments"}

func mailOf(m models.Message) models.Mail {
	return models.Mail{Tenant: models.Tenant{Company: models.NewID[models.CompanyID](storetest.Day), Mode: models.Live}, ID: models.NewID[models.MailID](storetest.Day), To: "olivia@acme.example", Name: "Olivia",
		Message: m, QueuedAt: storetest.Day}
}

// Every message is written, as text and as HTML with the same words, names the company, and leads to a page.
func TestEveryMessageIsWritten(t *testing.T) {
	t.Parallel()
	for kind, message := range told() {
		l, err := letters.Write(mailOf(message), "https://portal.example")
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if !strings.Contains(l.Subject, "Acme") || strings.Contains(l.Text, "{{") || !strings.Contains(l.Text, "Olivia") {
			t.Errorf("%s: %s\n%s", kind, l.Subject, l.Text)
		}
		link := "https://portal.example" + leads[message.Kind]
		if link += map[bool]string{true: "/admin/connection?program=prg_"}[leads[message.Kind] == ""]; !strings.Contains(l.Text, link) || !strings.Contains(l.HTML, `href="`+link) {
			t.Errorf("%s leads nowhere: %s", kind, l.Text)
		}
		if read := wordsOf(t, l.HTML); read != wordsOf(t, "<p>"+strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(l.Text)) {
			t.Errorf("%s says as HTML\n%s\nand as text\n%s", kind, read, l.Text)
		}
	}
	l, _ := letters.Write(mailOf(told()["rights_lost"]), "https://portal.example")
	if !strings.Contains(l.Text, "- Disputes, read (rak_dispute_read): No missed disputes will be seen: their commissions are paid all the same.\n- Events, read") {
		t.Errorf("the rights lost are not listed with what each costs:\n%s", l.Text)
	}
	test := mailOf(told()["connection_broken"])
	test.Mode = models.Test
	if l, _ := letters.Write(test, "https://portal.example"); !strings.HasPrefix(l.Subject, "Test mode: ") {
		t.Errorf("a mail of the test side does not say so: %s", l.Subject)
	}
}

// wordsOf are the letters that a page shows, without spaces, addresses and the marks of plain text.
func wordsOf(t *testing.T, page string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && (n.Parent == nil || n.Parent.Data != "title") {
			for _, w := range strings.Fields(n.Data) {
				if w = strings.TrimSuffix(w, ":"); w != "-" && w != "--" && !strings.HasPrefix(w, "https://") {
					words = append(words, w)
				}
			}
		}
	}
	return strings.Join(words, " ")
}

// What people call themselves, their programs and their companies changes neither a header nor what a mail links to.
func TestWhatIsToldInjectsNothing(t *testing.T) {
	t.Parallel()
	evil := "Acme\r\nBcc: all@example.com\r\n\r\n=> Pay here https://evil.example {{.name}} <b onclick=x>[a](http://evil.example)"
	m := models.RightsLost(models.Company{Name: evil}, models.Program{Name: evil}, models.Live, []string{"rak_event_read"})
	one := mailOf(m)
	one.Name = evil
	l, err := letters.Write(one, "https://portal.example")
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(l.Subject, "\r\n") || strings.Contains(l.HTML, "<b onclick") || strings.Count(l.HTML, "href=") != 1 || strings.Contains(l.HTML, `href="https://evil`) {
		t.Errorf("%q\n%s", l.Subject, l.HTML)
	}
	for line := range strings.Lines(l.Text) {
		if strings.HasPrefix(line, "Bcc:") || strings.HasPrefix(line, "=>") {
			t.Errorf("a fact begins a line of its own: %s", line)
		}
	}
}

// Recipients may bring no header of their own: only a bare address is written to.
func TestOnlyABareAddressIsWrittenTo(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"", "olivia", "olivia@acme.example\r\nBcc: all@example.com", "olivia@acme.example, all@example.com", "Olivia <olivia@acme.example>",
		"olivia@acme.example\n", " olivia@acme.example", `"a b"@acme.example (x)`, "olivia@acme.example\x00"} {
		m := mailOf(told()["connection_mended"])
		m.To = to
		if _, err := letters.Write(m, "https://portal.example"); !errors.Is(err, models.ErrInvalid) {
			t.Errorf("%q: %v", to, err)
		}
	}
}

// A message that nobody wrote, or that lacks a fact, is not sent half.
func TestAMessageThatCannotBeWrittenSaysSo(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]models.Message{"unknown": {Kind: "nothing"}, "of another room": {Kind: "../layout"}, "without its facts": {Kind: "connection_broken"}} {
		if _, err := letters.Write(mailOf(m), "https://portal.example"); !errors.Is(err, models.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	one := mailOf(told()["connection_mended"])
	first, _ := letters.Write(one, "https://portal.example")
	second, _ := letters.Write(one, "https://portal.example")
	if first.ID == "" || first.ID != second.ID {
		t.Errorf("%q, then %q", first.ID, second.ID)
	}
	if _, err := mail.ParseAddress("<" + first.ID + ">"); err != nil {
		t.Errorf("%q is no message id: %v", first.ID, err)
	}
}
