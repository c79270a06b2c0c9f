package paper

import (
	"time"

	"portal/models"
)

// Statement is all that a month's statement prints.
type Statement struct {
	models.Tenant
	Company, Partner models.BillingDetails // with the name alone where nothing else was given
	Month            time.Time             // its first moment, UTC
	Until            time.Time             // up to when it was read, where the month had not ended
	Parts            []Part                // one for each currency
}

// Part is what changed in one currency. Opening and all lines are Closing.
type Part struct {
	Opening, Closing models.Money
	Lines            []Change
}

// Change is one line of a statement.
type Change struct {
	At           time.Time
	What, Reason string
	Payment      string // the payment's key; empty where none stands behind it
	Amount       models.Money
}

// Print gives the statement as a PDF.
func (p Statement) Print() ([]byte, error) {
	month := p.Month.Format("January 2006")
	s := newSheet("Statement "+month, p.Month, p.Mode == models.Test)
	s.foot = "Statement " + month + " · " + p.Partner.Name + " with " + p.Company.Name
	s.masthead("Statement of what is owed", month)
	s.parties(party{"For", p.Partner}, party{"Owed by", p.Company})
	if !p.Until.IsZero() {
		s.note("The month has not ended: this is how it stands on " + day(p.Until) + ".")
	}
	for _, part := range p.Parts {
		s.part(part)
	}
	if len(p.Parts) == 0 {
		s.note("Nothing was owed and nothing changed.")
	}
	s.note("The balance is all that is owed: held for the refund window, due, and on invoices that are not paid yet. Days are of UTC.")
	return s.bytes()
}

func (s *sheet) part(p Part) {
	const dated, amount = 24.0, 36.0
	const what = right - left - dated - amount
	s.heading(p.Opening.Currency.Code())
	s.head(cell{text: "Day", width: dated}, cell{text: "What", width: what}, cell{text: "Amount", width: amount, right: true})
	s.row("B", cell{text: "Opening balance", width: 100}, cell{text: p.Opening.Text(), width: right - left - 100, right: true})
	for _, l := range p.Lines {
		below := l.Reason
		if l.Payment != "" {
			below += " · " + l.Payment
		}
		s.row("", cell{text: shortDay(l.At), width: dated}, cell{text: l.What, below: below, width: what}, cell{text: l.Amount.Text(), width: amount, right: true})
	}
	s.repeat = nil
	s.total("Closing balance", p.Closing)
	s.SetXY(left, s.GetY()+6)
}
