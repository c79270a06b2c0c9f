package paper

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"portal/models"
)

// Issue 5, point 9: a statement prints each line with its payment and reason between opening and closing balance, each currency apart.
func TestAStatementPrintsOpeningLinesAndClosing(t *testing.T) {
	t.Parallel()
	p := Statement{Month: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Until: noon, Company: models.BillingDetails{Name: "Acme"}, Partner: models.BillingDetails{Name: "Łukasz Νίκος"}}
	part := Part{Opening: usd(-1000), Closing: usd(4000)}
	for n := range 50 {
		part.Lines = append(part.Lines, Change{At: noon.AddDate(0, 0, -n%19), What: "c***@e… " + fmt.Sprint(n), Reason: "Earned", Payment: "in_" + fmt.Sprint(n), Amount: usd(100)})
	}
	p.Parts = []Part{part, {Opening: models.Money{Currency: "jpy"}, Closing: models.Money{Minor: -1500, Currency: "jpy"}, Lines: []Change{{At: noon, What: "Deduction", Amount: models.Money{Minor: -1500, Currency: "jpy"}}}}}
	pdf, err := p.Print()
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("PAPER_DIR"); dir != "" {
		if err := os.WriteFile(dir+"/statement.pdf", pdf, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pages := pagesOf(t, pdf)
	if len(pages) < 2 {
		t.Fatalf("%d pages", len(pages))
	}
	wants(t, strings.Join(pages, "\n"), "November 2026", "For Łukasz Νίκος", "Owed by Acme", "The month has not ended", "Opening balance \u221210.00 USD", "c***@e… 7 Earned · in_7 1.00 USD",
		"Closing balance 40.00 USD", "JPY", "Opening balance 0 JPY", "\u22121,500 JPY", "Closing balance \u22121,500 JPY")
	p.Parts = nil
	if pdf, err = p.Print(); err != nil {
		t.Fatal(err)
	}
	wants(t, pagesOf(t, pdf)[0], "Nothing was owed and nothing changed.")
}
