package models

// Suggestion is a partner who may have brought the customer of a payment that has no partner, and what speaks for that.
type Suggestion struct {
	Partner PartnerID
	Key     string
	Name    string
	Reasons []Reason // the strongest first
}

// Reason is one thing that speaks for a suggestion, as a sentence for the company's people: it may name the customer.
type Reason struct {
	Hint    string // composite, email, key, was_inactive, typo, domain, name
	Because string
}
