package paper

import (
	"strings"
	"time"

	"portal/models"
)

// Invoice is all that an invoice prints.
type Invoice struct {
	models.Invoice
	Company, Partner models.BillingDetails // with the name alone where nothing else was given
	Bank             *models.BankDetails   // where the partner gets money outside Stripe; nil for none
	Settings         models.PayoutSettings
	Standing         string // where it stands, in words
	Lines            []Line
}

// Line is one entry on an invoice.
type Line struct {
	At     time.Time     // when the customer paid, or the adjustment was made
	What   string        // the customer as the partner may see them, or what was booked by hand
	Reason string        // why it is this much
	Sale   *models.Money // what the customer paid; nil where no payment stands behind it
	Rate   *models.Rate  // between the sale's currency and the partner's; nil where they are one
	Amount models.Money
}

// Print gives the invoice as a PDF.
func (i Invoice) Print() ([]byte, error) { return i.sheet().bytes() }

func (i Invoice) sheet() *sheet {
	s := newSheet(i.title()+" "+i.Number, i.DrawnAt, i.Mode == models.Test)
	s.foot = i.Number + " · " + i.Partner.Name + " to " + i.Company.Name
	s.across = map[models.InvoiceStatus]string{models.Void: "VOID", models.Refunded: "REFUNDED"}[i.Status]
	s.masthead(i.title(), i.Number)
	from, to := "From", "To"
	if !i.Settings.SelfBilling {
		from, to = "Paid to", "Paid by"
	}
	s.parties(party{from, i.Partner}, party{to, i.Company})
	s.facts(i.dates())
	s.table(i.Lines)
	s.total("Total", i.owed())
	s.SetY(s.GetY() + 4)
	if i.Bank != nil {
		s.heading("Bank details")
		s.facts(bankFacts(*i.Bank))
	}
	for _, note := range i.notes() {
		s.note(note)
	}
	return s
}

// owed is the total; of one that was given up, what it was.
func (i Invoice) owed() models.Money {
	total := i.Total()
	if i.Status == models.Void || i.Status == models.Refunded {
		total.Minor = 0
		for _, l := range i.Lines {
			total.Minor += l.Amount.Minor
		}
	}
	return total
}

func (i Invoice) title() string {
	if i.Settings.SelfBilling {
		return "Invoice"
	}
	return "Payout note"
}

// dates are when what happened to the invoice.
func (i Invoice) dates() []fact {
	list := []fact{{"Status", i.Standing}, {"Drawn up", day(i.DrawnAt)}, {"Gathers", "What was payable up to " + day(i.Until)}}
	if i.ApprovedAt != nil {
		list = append(list, fact{"Approved", day(*i.ApprovedAt)})
	}
	if i.PaidAt != nil {
		list = append(list, fact{"Paid", day(*i.PaidAt)})
	}
	if i.Reference != nil {
		list = append(list, fact{"Payment reference", *i.Reference})
	}
	return list
}

// notes are the sentences that tax law and the company want on it.
func (i Invoice) notes() []string {
	var list []string
	if i.Settings.SelfBilling {
		list = append(list, "Self-billing: issued by "+i.Company.Name+" in the name of "+strings.TrimSuffix(i.Partner.Name, ".")+".")
	} else {
		list = append(list, "This is not a tax invoice: "+i.Partner.Name+" issues their own to "+strings.TrimSuffix(i.Company.Name, ".")+".")
	}
	if i.reverseCharge() {
		list = append(list, "Reverse charge: the recipient accounts for the VAT.")
	}
	if i.Settings.TaxNote != "" {
		list = append(list, i.Settings.TaxNote)
	}
	return list
}

// reverseCharge tells whether the recipient owes the tax: by the company's setting, for a partner with a tax number of another country.
func (i Invoice) reverseCharge() bool {
	home, abroad := taxedIn(i.Company), taxedIn(i.Partner)
	return i.Settings.ReverseCharge && i.Partner.TaxNumber != "" && home != "" && abroad != "" && home != abroad
}

// taxedIn is the country of a tax number: its prefix where it has one, else that of the address. Greek numbers say EL.
func taxedIn(b models.BillingDetails) string {
	country := strings.ToUpper(b.Country)
	if n := strings.ToUpper(b.TaxNumber); len(n) > 2 && isLetter(n[0]) && isLetter(n[1]) {
		country = n[:2]
	}
	if country == "EL" {
		return "GR"
	}
	return country
}

func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' }

// bankFacts are where the money goes, in full: they are what a payment is made by (F101).
func bankFacts(b models.BankDetails) []fact {
	list := []fact{{"Account holder", b.Holder}}
	for _, f := range []fact{{"IBAN", grouped(b.Numbers.IBAN)}, {"BIC", b.Numbers.BIC}, {"Routing number", b.Numbers.Routing}, {"Account number", b.Numbers.Account},
		{"Bank", b.Numbers.Bank}, {"Country", models.CountryName(b.Country)}} {
		if f.value != "" {
			list = append(list, f)
		}
	}
	return list
}

// grouped is an IBAN in groups of four.
func grouped(iban string) string {
	iban = strings.ReplaceAll(iban, " ", "")
	var groups []string
	for len(iban) > 4 {
		groups, iban = append(groups, iban[:4]), iban[4:]
	}
	return strings.Join(append(groups, iban), " ")
}
