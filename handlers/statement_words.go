package handlers

import (
	"portal/models"
	"portal/paper"
	"portal/views"
)

// movementWords are what a change of what is owed is, and why, as the partner may see it.
func (s statementSide) movementWords(m models.Movement) (what, reason string) {
	switch {
	case m.Kind == "paid":
		return "Invoice " + m.Number + " paid", paidBy(m.How, s.company)
	case m.Kind == "returned":
		return "Payment of invoice " + m.Number + " came back", paidBy(m.How, s.company)
	case m.Kind == "undone":
		return "Invoice " + m.Number + " was marked as paid by mistake", "That was taken back."
	case m.Commission == nil:
		return byHandWords(models.AdjustmentKind(m.Kind), s.company), withoutAddresses(m.Because)
	}
	reason, _, _ = changeWords(models.Entry{Kind: m.Kind, Amount: m.Amount()})
	if m.Kind != "earned" {
		reason += ": " + becauseOf(m.Because, m.PaymentKey)
	}
	return maskCustomer(m.Customer), reason
}

func paidBy(how, company string) string {
	if how == "stripe" {
		return "By Stripe"
	}
	return "By " + company + " elsewhere"
}

// moreWords is the line that stands for the changes which are not listed one by one.
func (p statementPart) moreWords() string {
	return views.Count(p.more, "further change", "further changes")
}

// partPrinted is a part as the paper has it: both sides get the partner's words.
func (s statementSide) partPrinted(p statementPart) paper.Part {
	part := paper.Part{Opening: p.Money(p.Opening), Closing: p.Money(p.Closing)}
	for _, m := range p.changes {
		what, reason := s.movementWords(m)
		part.Lines = append(part.Lines, paper.Change{At: m.At, What: what, Reason: reason, Payment: withoutAddresses(m.PaymentKey), Amount: m.Amount()})
	}
	if p.more > 0 {
		part.Lines = append(part.Lines, paper.Change{At: p.Month.AddDate(0, 1, -1), What: p.moreWords(), Reason: "Not listed one by one.", Amount: p.Money(p.rest)})
	}
	return part
}

// partShown is a part as a page has it: the company sees its customers by name, and either side is led to where more is told.
func (s statementSide) partShown(p statementPart) views.StatementPart {
	part := views.StatementPart{Opening: p.Money(p.Opening), Closing: p.Money(p.Closing)}
	for _, m := range p.changes {
		line := views.StatementLine{At: m.At, Payment: m.PaymentKey, Amount: m.Amount()}
		line.What, line.Reason = s.movementWords(m)
		switch {
		case s.own && m.Commission != nil:
			line.Href, line.Payment = "/partner/earnings/"+m.Commission.String(), withoutAddresses(m.PaymentKey)
		case m.Commission != nil:
			line.Href = "/admin/payments/" + m.Payment.String()
			if m.Customer != nil {
				line.What = *m.Customer
			}
		case m.Invoice != nil && s.own:
			line.Href = "/partner/invoices/" + m.Invoice.String()
		case m.Invoice != nil:
			line.Href = "/admin/invoices/" + m.Invoice.String()
		}
		part.Lines = append(part.Lines, line)
	}
	if p.more > 0 {
		part.Lines = append(part.Lines, views.StatementLine{At: p.Month.AddDate(0, 1, -1), What: p.moreWords(), Reason: "The PDF lists more of them one by one.", Amount: p.Money(p.rest)})
	}
	return part
}
