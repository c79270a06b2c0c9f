package paper

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/models"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func usd(minor int64) models.Money { return models.Money{Minor: minor, Currency: "usd"} }

// sample is a paid invoice of a partner in Poland to a company in Greece, with some lines.
func sample(lines int) Invoice {
	approved, paid, reference := noon.AddDate(0, 0, 1), noon.AddDate(0, 0, 2), "pi_3PdfSample"
	i := Invoice{Standing: "Paid on 22 November 2026 by Stripe", Settings: models.DefaultPayoutSettings(models.Tenant{}),
		Company: models.BillingDetails{Name: "Ελληνική Εταιρεία Λογισμικού Α.Ε.", Address: "Οδός Ερμού 12\n105 63 Αθήνα", Country: "GR", TaxNumber: "EL094014201"},
		Partner: models.BillingDetails{Name: "Łukasz Żółć Gęślą Jaźń sp. z o.o.", Address: "ul. Świętokrzyska 1\n00-950 Warszawa", Country: "PL", TaxNumber: "PL5260001246"},
		Bank:    &models.BankDetails{Holder: "Łukasz Żółć", Kind: models.IBANAccount, Country: "PL", Numbers: models.BankNumbers{IBAN: "PL61109010140000071219812874", BIC: "WBKPPLPP"}},
		Invoice: models.Invoice{Tenant: models.Tenant{Mode: models.Live}, ID: models.NewID[models.InvoiceID](noon), Number: "INV-2026-0042", Currency: "usd", Status: models.Paid,
			Until: noon, DrawnAt: noon, ApprovedAt: &approved, PaidAt: &paid, Reference: &reference}}
	i.Settings.ReverseCharge, i.Settings.TaxNote = true, "VAT exempt where § 4 no. 8 applies."
	for n := range lines {
		l := Line{At: noon.AddDate(0, -1, -n%28), What: fmt.Sprintf("c***@e… %d", n+1), Reason: "Earned", Sale: &models.Money{Minor: 12000, Currency: "eur"}, Amount: usd(2602),
			Rate: &models.Rate{From: "eur", To: "usd", Value: "1.0843", Source: models.RateECB, Date: noon.AddDate(0, -1, 0)}}
		if n%7 == 3 {
			l.Reason, l.Amount = "The customer got money back: refund re_123 of this payment, half of what was paid", usd(-130150)
		}
		i.Lines = append(i.Lines, l)
		i.TotalMinor += l.Amount.Minor
	}
	i.Lines = append(i.Lines, Line{At: noon, What: "Bonus from Ελληνική Εταιρεία", Reason: "Νίκος Παπαδόπουλος, Юрий Гагарин and Zażółć: a very long reason that has to be wrapped over several lines because nobody cut it off when it was typed", Amount: usd(5000000)})
	i.TotalMinor += 5000000
	return i
}

func printed(t *testing.T, i Invoice) []string {
	t.Helper()
	pdf, err := i.Print()
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("PAPER_DIR"); dir != "" { // to look at them
		if err := os.WriteFile(dir+"/"+strings.ReplaceAll(t.Name(), "/", "_")+".pdf", pdf, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return pagesOf(t, pdf)
}

func wants(t *testing.T, text string, all ...string) {
	t.Helper()
	text = strings.Join(strings.Fields(text), " ")
	for _, w := range all {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not in\n%s", w, text)
		}
	}
}

// F101, F104, F109, F112: an invoice names both parties, its dates, each line with its sale and the rate between, the bank
// account in full, and what the tax office wants to read.
func TestAnInvoiceSaysWhoOwesWhomWhatAndWhy(t *testing.T) {
	t.Parallel()
	pages := printed(t, sample(6))
	if len(pages) != 1 {
		t.Fatalf("%d pages", len(pages))
	}
	wants(t, pages[0], "Invoice INV-2026-0042", "From Łukasz Żółć Gęślą Jaźń sp. z o.o. ul. Świętokrzyska 1 00-950 Warszawa Poland Tax number PL5260001246",
		"To Ελληνική Εταιρεία Λογισμικού Α.Ε. Οδός Ερμού 12", "Drawn up 20 November 2026", "What was payable up to 20 November 2026", "Approved 21 November 2026", "Paid 22 November 2026", "pi_3PdfSample",
		"c***@e… 1 Earned 120.00 EUR at 1.0843, ECB of 20 Oct 2026 26.02 USD", "\u22121,301.50 USD", "Юрий Гагарин", "Total 48,828.60 USD",
		"Account holder Łukasz Żółć IBAN PL61 1090 1014 0000 0712 1981 2874 BIC WBKPPLPP", "Self-billing: issued by Ελληνική Εταιρεία Λογισμικού Α.Ε. in the name of Łukasz Żółć",
		"Reverse charge:", "VAT exempt where § 4 no. 8 applies.", "Page 1 of 1")
	if strings.Contains(pages[0], "Test mode") || strings.Contains(pages[0], "VOID") {
		t.Error("it is marked as what it is not")
	}
}

// A long list goes on over pages: each repeats the head and says its number, and no line is lost.
func TestALongListGoesOnOverPages(t *testing.T) {
	t.Parallel()
	i := sample(70)
	i.Mode = models.Test
	pages := printed(t, i)
	if len(pages) < 3 {
		t.Fatalf("%d pages", len(pages))
	}
	for n, page := range pages {
		wants(t, page, fmt.Sprintf("Page %d of %d", n+1, len(pages)), "INV-2026-0042 ·", "Test mode. No real money moves.") // P20
		if n < len(pages)-1 {
			wants(t, page, "Customer paid For Sale Amount")
		}
	}
	whole := strings.Join(pages, "\n")
	for n := range 70 {
		if strings.Count(whole, fmt.Sprintf("c***@e… %d\n", n+1)) != 1 {
			t.Errorf("line %d is there %d times", n+1, strings.Count(whole, fmt.Sprintf("c***@e… %d\n", n+1)))
		}
	}
}

// What is void or was given back says so across the page; one that gathers nothing any more is printed all the same.
func TestAnInvoiceThatIsNotOwedSaysSoAcrossThePage(t *testing.T) {
	t.Parallel()
	for status, mark := range map[models.InvoiceStatus]string{models.Void: "VOID", models.Refunded: "REFUNDED", models.Approved: ""} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			i := sample(2)
			i.Status, i.Lines, i.TotalMinor, i.Bank = status, nil, 0, nil
			pages := printed(t, i)
			if got := strings.Count(strings.Join(pages, "\n"), "\n"+mark+"\n"); mark != "" && got != len(pages) || mark == "" && strings.Contains(pages[0], "VOID") {
				t.Errorf("marked %d times: %s", got, pages[0])
			}
			wants(t, pages[0], "Nothing is left on it", "Total 0.00 USD")
		})
	}
}

// The recipient owes the tax only by the company's setting, and for a partner with a tax number of another country.
func TestReverseChargeIsForATaxNumberOfAnotherCountry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		on              bool
		company, abroad models.BillingDetails
		want            bool
	}{
		"another country's number":    {true, models.BillingDetails{Country: "DE"}, models.BillingDetails{Country: "PL", TaxNumber: "PL1"}, true},
		"the number's prefix counts":  {true, models.BillingDetails{Country: "DE"}, models.BillingDetails{Country: "PL", TaxNumber: "DE123"}, false},
		"a number without a prefix":   {true, models.BillingDetails{Country: "DE"}, models.BillingDetails{Country: "US", TaxNumber: "123456"}, true},
		"Greece is GR and EL":         {true, models.BillingDetails{Country: "GR"}, models.BillingDetails{Country: "GR", TaxNumber: "EL123"}, false},
		"the setting is off":          {false, models.BillingDetails{Country: "DE"}, models.BillingDetails{Country: "PL", TaxNumber: "PL1"}, false},
		"no tax number":               {true, models.BillingDetails{Country: "DE"}, models.BillingDetails{Country: "PL"}, false},
		"the company's is not known":  {true, models.BillingDetails{}, models.BillingDetails{Country: "PL", TaxNumber: "PL1"}, false},
		"both have a tax number here": {true, models.BillingDetails{Country: "DE", TaxNumber: "DE1"}, models.BillingDetails{Country: "DE", TaxNumber: "DE2"}, false},
	} {
		i := Invoice{Settings: models.PayoutSettings{ReverseCharge: c.on}, Company: c.company, Partner: c.abroad}
		if i.reverseCharge() != c.want {
			t.Errorf("%s: %v", name, !c.want)
		}
	}
	i := sample(0)
	i.Settings.SelfBilling = false
	if text := printed(t, i)[0]; strings.Contains(text, "Self-billing") || !strings.Contains(text, "This is not a tax invoice") {
		t.Errorf("without self-billing it says %s", text)
	}
}

// The same invoice gives the same bytes, however many print at once.
func TestTheSameInvoiceGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	i := sample(40)
	want, err := i.Print()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if got, err := i.Print(); err != nil || !bytes.Equal(got, want) {
				t.Errorf("another paper, %v", err)
			}
		})
	}
	all.Wait()
}

// Letters that the fonts lack, control characters and names without end neither break a page nor run out of it.
func TestNoNameBreaksAPage(t *testing.T) {
	t.Parallel()
	i := sample(3)
	i.Partner.Name = "山田太郎 😀 \x00\x1b[31m \xff" + strings.Repeat("W", 400) + strings.Repeat(" Müller", 100)
	i.Lines[0].Reason = strings.Repeat("and so on ", 2000)
	i.Lines[1].What = strings.Repeat("x", 5000)
	i.Number = strings.Repeat("9", 300)
	i.Settings.TaxNote = strings.Repeat("note ", 3000)
	pages := printed(t, i)
	wants(t, strings.Join(pages, "\n"), "???? ?", "WWWW", "Müller", "…")
	if len(pages) > 4 {
		t.Errorf("%d pages", len(pages))
	}
}

// Issue 5: a PDF is printed in under 50 ms.
func BenchmarkInvoice(b *testing.B) {
	for _, rows := range []int{30, 300} {
		i := sample(rows)
		b.Run(fmt.Sprintf("%d rows", rows), func(b *testing.B) {
			var size int
			for b.Loop() {
				pdf, err := i.Print()
				if err != nil {
					b.Fatal(err)
				}
				size = len(pdf)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "ms/pdf")
			b.ReportMetric(float64(size)/1024, "KiB/pdf")
		})
	}
}
