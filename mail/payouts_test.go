package mail_test

import (
	"strings"
	"testing"

	letters "portal/mail"
	"portal/models"
	"portal/store/storetest"
)

// F105, F109: what each mail of a payout says.
func TestTheMailsOfAPayoutSayWhatMatters(t *testing.T) {
	t.Parallel()
	day := storetest.Day.UTC().Format("2 January 2006")
	for kind, want := range map[string][]string{
		"invoices_ready":        {"25 invoices wait for your approval at Acme", "- 0.99 EUR\n- 1,204.50 USD", "Nothing is paid before that."},
		"payment_taken_back":    {"The payment of 1,204.50 USD by Acme does not stand", "INV-2026-0007", "marked as paid by mistake", "tell Acme"},
		"invoice_approved":      {"Acme approved 1,204.50 USD for you", "INV-2026-0007", "up to " + day},
		"invoice_paid":          {"Acme paid you 1,204.50 USD", "on " + day, "Stripe pays it out to your bank account", "Reference: pi_77."},
		"payment_failed":        {"1 payment of Acme did not go through", "- INV-2026-0007, Nora: 1,204.50 USD", "The reason: The card was declined.", "pay again"},
		"confirmation_needed":   {"must be confirmed by the card holder", "- INV-2026-0007, Nora: 1,204.50 USD", "nothing is charged"},
		"onboarding_incomplete": {"Acme cannot pay you yet", "- 1,204.50 USD", "What is missing: your date of birth"},
		"card_expiring":         {"ends with " + storetest.Day.UTC().Format("January 2006"), "The card Visa ending 4242", "Save another one"},
	} {
		l, err := letters.Write(mailOf(told()[kind]), "https://portal.example")
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		for _, w := range want {
			if !strings.Contains(l.Subject+"\n"+l.Text, w) {
				t.Errorf("%s does not say %q:\n%s\n%s", kind, w, l.Subject, l.Text)
			}
		}
		if l.Stop != "" || strings.Contains(l.Text, "Stop mails") {
			t.Errorf("%s can be stopped though nobody made the link", kind)
		}
	}
	many := make([]models.Invoice, 60)
	if l, _ := letters.Write(mailOf(models.PaymentFailed(models.Company{Name: "Acme"}, "No.", many...)), "https://portal.example"); !strings.Contains(l.Text, "- and 10 more") || !strings.Contains(l.Text, "/admin/invoices\n") {
		t.Errorf("sixty at once: %s", l.Text)
	}
	elsewhere := models.Invoice{Currency: "usd", TotalMinor: 1, PaidHow: new("manual"), Reference: new("wire 7"), PaidAt: new(storetest.Day)}
	if l, _ := letters.Write(mailOf(models.InvoicePaid(models.Company{Name: "Acme"}, elsewhere)), "https://portal.example"); !strings.Contains(l.Text, "Acme paid it outside Portal.") || !strings.Contains(l.Text, "wire 7") {
		t.Errorf("paid elsewhere: %s", l.Text)
	}
}

// A mail that may be stopped carries the link in its words and its head.
func TestAMailThatMayBeStoppedSaysHow(t *testing.T) {
	t.Parallel()
	m := told()["invoices_ready"]
	m.Facts["stop"] = "tok-en_1"
	l, err := letters.Write(mailOf(m), "https://portal.example/")
	if err != nil || l.Stop != "https://portal.example/mail/stop/tok-en_1" || !strings.Contains(l.Text, "Stop mails of this kind:\n"+l.Stop) || !strings.Contains(l.HTML, `href="`+l.Stop+`"`) {
		t.Errorf("%v %q\n%s", err, l.Stop, l.Text)
	}
}
