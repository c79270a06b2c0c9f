package models

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// MailTopic is a kind of mail that whoever gets it may stop.
type MailTopic string

// The topics. What belongs to none is essential, and always sent.
const (
	Essential       MailTopic = ""
	TopicReview     MailTopic = "review"     // invoices wait for approval
	TopicApproved   MailTopic = "approved"   // a partner's invoice was approved
	TopicOnboarding MailTopic = "onboarding" // a partner cannot be paid yet
)

// CompanyTopics and PartnerTopics are what the people of either side may stop.
var (
	CompanyTopics = []MailTopic{TopicReview}
	PartnerTopics = []MailTopic{TopicApproved, TopicOnboarding}
)

// Topic is what a message may be stopped by.
func (m Message) Topic() MailTopic {
	return map[string]MailTopic{"invoices_ready": TopicReview, "invoice_approved": TopicApproved, "onboarding_incomplete": TopicOnboarding}[m.Kind]
}

// InvoicesReady tells those who may approve that invoices wait for them: one mail for a run, however many it drew up.
func InvoicesReady(company Company, count int, sums []Money) Message {
	return Message{Kind: "invoices_ready", Facts: map[string]string{"company": company.Name, "count": counted(count, "invoice waits", "invoices wait"), "sums": amounts(sums)}}
}

// InvoiceApproved tells a partner what is coming.
func InvoiceApproved(company Company, i Invoice) Message {
	return Message{Kind: "invoice_approved", Facts: invoiceFacts(company, i)}
}

// InvoicePaid tells a partner what was paid, how, and when it arrives.
func InvoicePaid(company Company, i Invoice) Message {
	facts := invoiceFacts(company, i)
	facts["how"] = "It was sent through Stripe and is in your Stripe balance. Stripe pays it out to your bank account, usually within two to seven days."
	if i.PaidHow == nil || *i.PaidHow != "stripe" {
		facts["how"] = company.Name + " paid it outside Portal. A bank transfer can take up to three working days to arrive."
	}
	facts["reference"], facts["day"] = "", ""
	if i.Reference != nil {
		facts["reference"] = "Reference: " + *i.Reference + "."
	}
	if i.PaidAt != nil {
		facts["day"] = " on " + i.PaidAt.UTC().Format("2 January 2006")
	}
	return Message{Kind: "invoice_paid", Facts: facts}
}

// PaymentTakenBack tells a partner who was told of a payment that it does not stand any more, and why.
func PaymentTakenBack(company Company, i Invoice, why string) Message {
	facts := invoiceFacts(company, i)
	facts["why"] = why
	return Message{Kind: "payment_taken_back", Facts: facts}
}

// PaymentFailed tells those who may pay that a payment did not go through: one mail for all that failed together.
func PaymentFailed(company Company, because string, failed ...Invoice) Message {
	return Message{Kind: "payment_failed", Facts: listFacts(company, because, failed)}
}

// ConfirmationNeeded tells those who may pay that the card holder's bank asks to confirm: one mail for all that wait for it.
func ConfirmationNeeded(company Company, asked ...Invoice) Message {
	return Message{Kind: "confirmation_needed", Facts: listFacts(company, "", asked)}
}

// OnboardingIncomplete tells a partner to whom money is due what is missing before it can reach them.
func OnboardingIncomplete(company Company, due []Money, missing string) Message {
	return Message{Kind: "onboarding_incomplete", Facts: map[string]string{"company": company.Name, "sums": amounts(due), "missing": missing}}
}

// CardExpiring tells a company's people that the card which pays its partners ends with a month.
func CardExpiring(company Company, brand, last4 string, month time.Time) Message {
	return Message{Kind: "card_expiring", Facts: map[string]string{"company": company.Name, "card": brand + " ending " + last4, "month": month.UTC().Format("January 2006")}}
}

func invoiceFacts(company Company, i Invoice) map[string]string {
	return map[string]string{"company": company.Name, "number": i.Number, "id": i.ID.String(), "total": i.Total().Text(), "until": i.Until.UTC().Format("2 January 2006")}
}

// listFacts are those of some invoices; with one alone the link leads to it.
func listFacts(company Company, because string, list []Invoice) map[string]string {
	var lines []string
	for _, i := range list[:min(len(list), 50)] {
		lines = append(lines, i.Number+", "+i.PartnerName+": "+i.Total().Text())
	}
	if more := len(list) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	path := "/admin/invoices"
	if len(list) == 1 {
		path += "/" + list[0].ID.String()
	}
	return map[string]string{"company": company.Name, "why": because, "invoices": strings.Join(lines, "\n"), "path": path, "what": counted(len(list), "payment", "payments")}
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// amounts are sums a line each, by currency.
func amounts(sums []Money) string {
	var lines []string
	for _, m := range slices.SortedFunc(slices.Values(sums), func(a, b Money) int { return strings.Compare(string(a.Currency), string(b.Currency)) }) {
		lines = append(lines, m.Text())
	}
	return strings.Join(lines, "\n")
}

// Remind is the job that says, once a day, what is to be said without anybody doing anything.
type Remind struct{}

// Kind names the job in the queue.
func (Remind) Kind() string { return "remind" }
