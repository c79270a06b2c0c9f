package handlers

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"portal/models"
	"portal/views"
)

// maskEmail keeps of an address what lets a partner tell two customers apart, and no more: j***@e…
func maskEmail(address string) string {
	local, domain, isAddress := strings.Cut(strings.TrimSpace(address), "@")
	if !isAddress {
		return initial(local) + "***"
	}
	return initial(local) + "***@" + initial(domain) + "…"
}

// initial is the letter or digit that a text begins with; empty when it begins with something else.
func initial(text string) string {
	first, _ := utf8.DecodeRuneInString(text)
	if first == utf8.RuneError || !unicode.IsLetter(first) && !unicode.IsDigit(first) {
		return ""
	}
	return string(first)
}

// maskCustomer is how a partner sees a customer of whom an address or a key is known, or nothing.
func maskCustomer(known *string) string {
	if known == nil || strings.TrimSpace(*known) == "" {
		return "A customer"
	}
	return maskEmail(*known)
}

var anyAddress = regexp.MustCompile(`[^\s"'<>(),;:@]+@[^\s"'<>(),;:@]+`)

// withoutAddresses masks every e-mail address inside a text. Payment keys and reasons are the company's words, and may hold one.
func withoutAddresses(text string) string { return anyAddress.ReplaceAllStringFunc(text, maskEmail) }

// partnerQuestions are the rules of a decision and of an earning in a partner's words.
var partnerQuestions = map[string]string{
	"manual":           "Did a person at the company decide it?",
	"api":              "Did the company's own system name a partner?",
	"customer_id":      "Does the customer belong to a partner already?",
	"email":            "Does a customer with the same e-mail belong to a partner?",
	"metadata":         "Does the sale carry a partner code in its metadata?",
	"client_reference": "Does the sale carry a partner code as its client reference?",
	"coupon":           "Was a coupon used that stands for a partner?",
	"click":            "Did the customer come through a partner's link?",
	"self_referral":    "Is the customer the partner?",
	"unattributed":     "Did any question find a partner?",
	"import":           "Was it paid before the company was connected?",
	"rule":             "Which of the program's rules covers this sale?",
	"recurring":        "Does the rule earn for this payment of the customer?",
	"tier":             "Has your month reached a tier of the rule?",
	"amount":           "How much is that?",
	"rate":             "What is it in your currency?",
	"dispute":          "Is the payment disputed?",
	"payable":          "When is it payable, and why not sooner?",
}

func partnerQuestion(rule string) string {
	if q, known := partnerQuestions[rule]; known {
		return q
	}
	return began(strings.ReplaceAll(rule, "_", " "))
}

// redacted are the answers of steps that did not find this partner: their own words may quote what came with the sale,
// and that may be another partner's.
var redacted = map[string]string{
	models.NoMatch: "No partner was found this way.",
	models.Skipped: "Nothing came with the sale that could be asked.",
	models.Refused: "A partner was named who could not earn then.",
	models.Matched: "Another partner was found here.",
	models.Flagged: "The sale came from the partner's own address, and earns all the same.",
}

// quoted is where a value stood that a step quotes: these words are ours, and may be shown when the value may not.
var quoted = regexp.MustCompile(`^(metadata (?:partner_key|partnero_partner) on the [a-z ]+?|the client reference(?: on the [a-z ]+?)?|the API call) (?:says|names) `)

// byHand is where the reason stands that a person gave for whose a payment is.
var byHand = regexp.MustCompile(`^given to [A-Za-z0-9_-]+ by hand on [0-9-]+: (.*)$`)

// harmless are the answers that quote nothing.
var harmless = regexp.MustCompile(`^(no partner key in the metadata of the [a-z ]+|(the customer|a customer with the same e-mail) is not linked to a partner|` +
	`the metadata of the [a-z ,]+ is not known|no (customer id|e-mail|client reference|coupon|click) came with the payment|` +
	`something was taken off, and which code did it is not known|no metadata came that names a partner, on [a-z, ]+|no question found a partner)$`)

// whyMine retells the steps of a decision to the partner of a commission. Only the step that found this partner is told
// in full; mine says that the payment is still theirs.
func whyMine(steps []models.Step, mine bool) []views.WhyStep {
	var told []views.WhyStep
	for _, s := range steps {
		if partnerQuestions[s.Rule] == "" || s.Rule == "rule" || s.Rule == "import" { // the earning's own steps stand behind those of a payment that earned nothing
			break
		}
		w := views.WhyStep{Question: partnerQuestion(s.Rule), Verdict: s.Verdict, Answer: redacted[s.Verdict]}
		if mine && s.Verdict == models.Matched {
			w.Deciding, w.Answer = true, began(withoutAddresses(s.Because))
		} else if reason := byHand.FindStringSubmatch(s.Because); reason != nil {
			w.Evidence = withoutAddresses(reason[1]) // whoever wrote it was told that partners read it
		} else if harmless.MatchString(s.Because) {
			w.Answer = began(s.Because)
		} else if found := quoted.FindStringSubmatch(s.Because); found != nil {
			w.Evidence = found[1] + ": •••"
		}
		told = append(told, w)
	}
	return told
}

// whyAmount retells the steps of an earning: they speak of rules and amounts, and of no partner but this one. The last
// computed step before the day, which of several lines is the sum, is the one that decides.
func whyAmount(steps []models.Step) []views.WhyStep {
	var told []views.WhyStep
	last := -1
	for i, s := range steps {
		told = append(told, views.WhyStep{Question: partnerQuestion(s.Rule), Verdict: s.Verdict, Answer: began(withoutAddresses(s.Because))})
		if s.Verdict == models.Computed && s.Rule != "payable" {
			last = i
		}
	}
	if last >= 0 {
		told[last].Deciding = true
	}
	return told
}

// began is a reason that begins as a sentence does.
func began(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}
