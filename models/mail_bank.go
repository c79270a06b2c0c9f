package models

// BankChanged tells a partner's people, and the address that the partner had, that the account for payments outside Stripe is another
// one, and until when nothing is paid to it (F101, B17). last4Before is empty for the first details.
func BankChanged(company Company, b BankDetails, last4Before string) Message {
	const moment = "2 January 2006, 15:04 UTC"
	change := "The bank account that " + company.Name + " pays you to ends in " + b.Last4 + " now; the one before ended in " + last4Before + "."
	if last4Before == "" {
		change = "A bank account ending in " + b.Last4 + " was given to " + company.Name + " as yours, to pay you to."
	}
	hold := "It can be paid to at once."
	if b.HoldsUntil.After(b.SetAt) {
		hold = "Nothing is paid to it before " + b.HoldsUntil.UTC().Format(moment) + ", so that a change that is not yours can be stopped."
	}
	return Message{Kind: "bank_changed", Facts: map[string]string{"company": company.Name, "change": change, "hold": hold, "by": b.SetBy, "when": b.SetAt.UTC().Format(moment)}}
}
