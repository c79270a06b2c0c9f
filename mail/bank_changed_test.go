package mail_test

import (
	"strings"
	"testing"
	"time"

	"portal/mail"
	"portal/models"
)

// F101, B17: the mail about bank details says what changed, who did it, until when nothing is paid to it, and no number.
func TestTheMailAboutBankDetailsSaysWhatChangedAndNoNumber(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	b := models.BankDetails{Kind: models.IBANAccount, Numbers: models.BankNumbers{IBAN: "DE89370400440532013000"}, Last4: "3000", SetBy: "nora@partners.example", SetAt: at, HoldsUntil: at.AddDate(0, 0, 3)}
	for before, want := range map[string]string{"1234": "ends in 3000 now; the one before ended in 1234", "": "A bank account ending in 3000 was given to Acme as yours"} {
		m := models.Mail{To: "old@partners.example", Name: "Nora", Message: models.BankChanged(models.Company{Name: "Acme"}, b, before)}
		m.Mode = models.Live
		l, err := mail.Write(m, "https://portal.example")
		if err != nil {
			t.Fatal(err)
		}
		for _, words := range []string{want, "by nora@partners.example on 20 November 2026, 09:30 UTC", "before 23 November 2026, 09:30 UTC", "https://portal.example/partner/payouts/bank"} {
			if !strings.Contains(l.Text, words) || l.Subject != "Your bank details at Acme changed" {
				t.Errorf("%s\n%s\ndoes not say %q", l.Subject, l.Text, words)
			}
		}
		if strings.Contains(l.Text+l.HTML, "3704") {
			t.Error("a number stands in the mail")
		}
	}
}
