package payouts

import (
	"fmt"
	"slices"
	"strings"

	"portal/models"
)

// unserved says that Stripe makes no account in a country, for beside the field.
func unserved(code string) string {
	name := models.CountryName(code)
	if name == "" {
		name = "this country"
	}
	return "Stripe pays nobody in " + name + " through this Portal. Give your bank details instead: you are then paid outside Stripe"
}

// CannotReceive says in words why an account cannot be paid now; empty when it can (MONEY.md 4.1).
func (a Account) CannotReceive() string { return CannotReceive(a.AccountState) }

// CannotReceive says in words why an account that stands so cannot be paid; empty when it can.
func CannotReceive(a models.AccountState) string {
	switch {
	case a.CanReceive():
		return ""
	case a.Gone:
		return "The partner's Stripe account is closed, or was taken away from this Portal."
	case a.Rejected():
		return "Stripe rejected the partner's account" + rejections[a.Disabled] + ". That is final."
	case a.Checking():
		return "Stripe is checking what the partner gave. That takes minutes, at most a few days."
	case len(a.Needs.Due) > 0:
		return "Stripe still asks the partner for " + joined(NeedWords(a)) + "."
	case a.Disabled != "":
		return "Stripe does not let the partner's account receive: " + DisabledWords(a.Disabled) + "."
	case a.Transfers == "active":
		return "Stripe does not pay out to the partner's bank account yet."
	}
	return "Stripe does not let the partner's account receive money yet."
}

var rejections = map[string]string{
	"rejected.fraud": " because it suspects fraud", "rejected.terms_of_service": " because it breaks Stripe's terms of service",
	"rejected.listed": " because its owner is on a list of people whom Stripe may not serve", "rejected.incomplete_verification": " because its owner could not be verified",
}

// DisabledWords says why Stripe disabled an account.
func DisabledWords(reason string) string {
	if words := disabled[reason]; words != "" {
		return words
	}
	if strings.HasPrefix(reason, "rejected.") {
		return "Stripe rejected the account" + rejections[reason]
	}
	return "Stripe disabled the account"
}

var disabled = map[string]string{
	"requirements.past_due":                  "something that Stripe asked for was not given in time",
	"requirements.pending_verification":      "Stripe is checking what was given",
	"listed":                                 "Stripe checks whether the owner is on a list of people whom it may not serve",
	"under_review":                           "Stripe looks at the account",
	"platform_paused":                        "this Portal paused the account",
	"action_required.requested_capabilities": "the owner must agree to receive transfers",
	"other":                                  "Stripe disabled the account and does not say why",
}

// NeedWords says what Stripe asks for, each thing once.
func NeedWords(a models.AccountState) []string {
	var all []string
	for _, need := range a.Needs.Due {
		if words := needWords(need); !slices.Contains(all, words) {
			all = append(all, words)
		}
	}
	return all
}

// needs are the things that Stripe asks for by the names it has for them. The longest name with which one ends or begins holds.
var needs = []struct{ name, words string }{
	{"business_profile.mcc", "the kind of business"}, {"business_profile.url", "a website"}, {"business_profile.product_description", "what the business does"},
	{"business_profile.", "details of the business"}, {"business_type", "whether this is a person or a firm"},
	{"external_account", "a bank account"}, {"tos_acceptance.", "agreement to Stripe's terms"},
	{"settings.payments.statement_descriptor", "a name for statements"},
	{".verification.additional_document", "a document that proves the address"}, {".verification.document", "an identity document"},
	{".verification.proof_of_liveness", "a photo of the owner"}, {".verification.", "a proof of identity"},
	{".dob.", "the date of birth"}, {".address.", "the address"}, {".address_kana.", "the address"}, {".address_kanji.", "the address"}, {".registered_address.", "the registered address"},
	{".ssn_last_4", "the last 4 digits of the social security number"}, {".id_number", "a national identity number"}, {".nationality", "the nationality"},
	{".first_name", "the name"}, {".last_name", "the name"}, {".full_name_aliases", "other names"}, {".political_exposure", "whether the owner holds a public office"},
	{".email", "an e-mail address"}, {".phone", "a phone number"}, {".relationship.", "the owner's role in the firm"},
	{"company.tax_id", "the firm's tax number"}, {"company.vat_id", "the firm's VAT number"}, {"company.name", "the firm's name"}, {"company.directors_provided", "the firm's directors"},
	{"company.owners_provided", "the firm's owners"}, {"company.executives_provided", "the firm's executives"}, {"company.", "details of the firm"},
	{"directors.", "the firm's directors"}, {"owners.", "the firm's owners"}, {"executives.", "the firm's executives"}, {"representative.", "who represents the firm"},
	{"documents.", "a document"}, {"individual.", "personal details"},
}

func needWords(need string) string {
	for _, n := range needs {
		if strings.HasPrefix(need, n.name) || strings.HasPrefix(n.name, ".") && strings.Contains(need+".", n.name) {
			return n.words
		}
	}
	return strings.NewReplacer(".", " ", "_", " ").Replace(need)
}

// joined is words in one: a, b and c; of many, the first five.
func joined(words []string) string {
	if more := len(words) - 5; more > 1 {
		return strings.Join(words[:5], ", ") + fmt.Sprintf(" and %d more things", more)
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
