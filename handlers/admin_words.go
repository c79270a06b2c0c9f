package handlers

import (
	"strings"

	"portal/models"
	"portal/store"
	"portal/views"
)

// questions are the rules of a decision and of an earning as the company's people ask them.
var questions = map[string]string{
	"manual":           "Did a person give it to a partner?",
	"api":              "Did the API call name a partner?",
	"customer_id":      "Is this customer linked to a partner?",
	"email":            "Is a customer with the same e-mail linked to a partner?",
	"metadata":         "Does metadata name a partner?",
	"client_reference": "Does the client reference name a partner?",
	"coupon":           "Does a coupon or promotion code stand for a partner?",
	"click":            "Did the customer come through a partner's link?",
	"self_referral":    "Is the customer the partner?",
	"unattributed":     "Did any question find a partner?",
	"import":           "Was it paid before the connection?",
	"rule":             "Which rule covers this payment?",
	"recurring":        "Does the rule earn for this payment of the customer?",
	"tier":             "Has the partner's month reached a tier of the rule?",
	"amount":           "How much is that?",
	"rate":             "What is it in the partner's currency?",
	"dispute":          "Is the payment disputed?",
	"payable":          "When is it payable, and why not sooner?",
}

// ofEarning are the rules that speak of how much, not of who.
var ofEarning = map[string]bool{"import": true, "rule": true, "recurring": true, "tier": true, "amount": true, "rate": true, "dispute": true, "payable": true}

func questionOf(rule string) string {
	if q, known := questions[rule]; known {
		return q
	}
	return began(strings.ReplaceAll(rule, "_", " "))
}

var (
	kindInWords = map[models.PaymentKind]string{models.Sale: "First sale", models.Renewal: "Renewal"}
	foundBy     = map[models.AttributedBy]string{models.ByMetadata: "Metadata", models.ByClientReference: "Client reference",
		models.ByCoupon: "A coupon", models.ByClick: "A partner's link",
		models.ByCustomerID: "The customer's own link", models.ByEmail: "The customer's e-mail", models.ByAPI: "The API call", models.ByHand: "A person's decision"}
)

func sourceInWords(s models.SourceName) string {
	if s == models.SourceAPI {
		return "API"
	}
	return began(string(s))
}

// whyDecided retells the steps of a decision; the last question that was asked is the one that decided.
func whyDecided(p store.PaymentRow) []views.WhyStep {
	told := whySteps(p.Steps.V)
	decided := -1
	for i, s := range p.Steps.V {
		if !ofEarning[s.Rule] && s.Verdict != models.Flagged {
			decided = i
		}
		switch {
		case s.Rule == string(models.ByCustomerID) && p.CustomerRef != "":
			told[i].Evidence = p.CustomerRef
		case s.Rule == string(models.ByEmail) && p.CustomerEmail != nil:
			told[i].Evidence = *p.CustomerEmail
		}
	}
	if decided >= 0 {
		told[decided].Deciding = true
	}
	return told
}

func whySteps(steps []models.Step) []views.WhyStep {
	var told []views.WhyStep
	for _, s := range steps {
		told = append(told, views.WhyStep{Question: questionOf(s.Rule), Verdict: s.Verdict, Answer: began(s.Because)})
	}
	return told
}

// accountInWords is an account of the books as people call it.
func accountInWords(a models.Account, partner string) string {
	kind, _, _ := strings.Cut(string(a), "/")
	words := map[string]string{"owes": "Owed by the program", "held": "Held for " + partner, "due": "Due to " + partner, "invoice": "On an invoice",
		"stripe": "Paid by Stripe to " + partner, "manual": "Paid elsewhere to " + partner, "write-off": "Written off for " + partner}
	if w, known := words[kind]; known {
		return w
	}
	return string(a)
}

// reasonOn is the reason of an entry where the payment's own key stands beside it.
func reasonOn(because, key string) string {
	return began(strings.TrimSuffix(strings.TrimSuffix(because, " from "+key), " of "+key))
}
