package sandbox

import (
	"time"
)

// Outcome is how far the owner of a connected account got with Stripe's questions, and what Stripe thinks of the answers.
type Outcome string

// What can become of an account.
const (
	Unstarted  Outcome = ""           // nobody answered anything: each new account
	Incomplete Outcome = "incomplete" // its owner left and may go on later
	Pending    Outcome = "pending"    // all was answered; Stripe verifies it first
	Complete   Outcome = "complete"   // it can receive and is paid out
	PapersDue  Outcome = "papers_due" // it can receive, but Stripe wants a document within 14 days
	Restricted Outcome = "restricted" // it can receive nothing: a document is past due
	Rejected   Outcome = "rejected"   // Stripe wants nothing to do with its owner; final
)

// papersTime is how long Stripe waits for a document.
const papersTime = 14 * 24 * time.Hour

// document is what Stripe asks for when it doubts who somebody is.
const document = "individual.verification.document"

// Onboard answers Stripe's questions for a connected account at once, without its page. Where an account is to stand well
// and has no bank account yet, it is given a made-up one. Its platform's Connect endpoints hear of it.
func (s *Sandbox) Onboard(id string, outcome Outcome) error { return s.onboard(id, outcome, "") }

// VerifyAccount ends Stripe's verification of a connected account, well.
func (s *Sandbox) VerifyAccount(id string) error { return s.Onboard(id, Complete) }

// RestrictAccount takes a connected account's ability to receive away, as Stripe does when papers are missing.
func (s *Sandbox) RestrictAccount(id string) error { return s.Onboard(id, Restricted) }

// Standing is how a connected account stands; ok is false when there is none.
func (s *Sandbox) Standing(id string) (outcome Outcome, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[id]
	if a == nil || a.platform == nil {
		return "", false
	}
	o, ok := a.platform.get("account", id)
	return stageOf(o), ok
}

func (s *Sandbox) onboard(id string, outcome Outcome, bank string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[id]
	if a == nil || a.platform == nil || a.self() == nil {
		return missing(404, "account", id, "id")
	}
	c := &call{Sandbox: s, a: a.platform, at: s.clock(a.platform)}
	o := a.self()
	was := c.a.render(o, version)
	if err := c.reach(o, outcome, bank); err != nil {
		return err
	}
	c.keepAccount(o, was)
	return c.commit()
}

// reach lets an account stand as an outcome says.
func (c *call) reach(o object, outcome Outcome, bank string) error {
	if _, known := stages[outcome]; !known {
		return invalid("", "outcome", "An account cannot become %q.", outcome)
	}
	if bank == "" && outcome != Unstarted && outcome != Incomplete && len(o.list("external_accounts")) == 0 {
		bank = testBanks(o.str("country"))[0].Value
	}
	if bank != "" {
		o["external_accounts"] = listOf("/v1/accounts/"+o.str("id")+"/external_accounts", c.bankGiven(o, bank))
	}
	o["_stage"] = string(outcome)
	delete(o, "_deadline")
	if outcome == PapersDue {
		o["_deadline"] = c.at.Add(papersTime).Unix()
	}
	if outcome != Unstarted && outcome != Incomplete {
		o["business_type"] = or(o.str("business_type"), "individual")
		if tos := o.sub("tos_acceptance").copy(); tos["date"] == nil {
			o["tos_acceptance"] = tos.with(object{"date": c.at.Unix(), "ip": "203.0.113.7"})
		}
	}
	return nil
}

func stageOf(o object) Outcome {
	if o["_stage"] == nil && o.sub("capabilities").str("transfers") == "active" {
		return Complete // made before the sandbox asked any questions
	}
	return Outcome(o.str("_stage"))
}

func agreementOf(o object) string {
	return or(o.sub("tos_acceptance").str("service_agreement"), "full")
}

// stages are what each outcome makes of an account's capabilities and of what Stripe still wants.
var stages = map[Outcome]struct {
	capability, disabled string
	submitted            bool
}{
	Unstarted:  {"inactive", "requirements.past_due", false},
	Incomplete: {"inactive", "requirements.past_due", false},
	Pending:    {"pending", "requirements.pending_verification", true},
	Complete:   {"active", "", true},
	PapersDue:  {"active", "", true},
	Restricted: {"inactive", "requirements.past_due", true},
	Rejected:   {"inactive", "rejected.other", true},
}

// stand works out what an account may do from how far its owner got.
func stand(o object) {
	stage := stageOf(o)
	s := stages[stage]
	has := object{}
	for name := range o.sub("capabilities") {
		has[name] = s.capability
	}
	well := s.capability == "active"
	o.with(object{"capabilities": has, "details_submitted": s.submitted, "payouts_enabled": well, "charges_enabled": well && agreementOf(o) != recipient})
	wants := shapes.sub("account").sub("requirements").copy().with(object{"disabled_reason": null(s.disabled)})
	switch stage {
	case Unstarted, Incomplete:
		due := questions(o, stage)
		wants.with(object{"currently_due": due, "past_due": due, "eventually_due": due})
	case Pending:
		wants["pending_verification"] = []any{document}
	case PapersDue:
		wants.with(object{"currently_due": []any{document}, "eventually_due": []any{document}, "current_deadline": o["_deadline"]})
	case Restricted:
		due := []any{document}
		wants.with(object{"currently_due": due, "past_due": due, "eventually_due": due, "errors": []any{object{"code": "verification_document_expired",
			"reason": "The document is expired. Please upload a document that has not expired.", "requirement": document}}})
	}
	o["requirements"] = wants
}

// questions are what an owner has yet to answer. Somebody who left had told their name and their birthday.
func questions(o object, stage Outcome) []any {
	var due []any
	ask := func(wanted bool, fields ...string) {
		for _, f := range fields {
			if wanted {
				due = append(due, f)
			}
		}
	}
	profile := o.sub("business_profile")
	full := agreementOf(o) != recipient
	ask(full && profile.str("mcc") == "" && profile.str("product_description") == "", "business_profile.mcc")
	ask(full && profile.str("url") == "" && profile.str("product_description") == "", "business_profile.url")
	ask(o.str("business_type") == "", "business_type")
	ask(len(o.list("external_accounts")) == 0, "external_account")
	ask(true, "individual.address.city", "individual.address.line1", "individual.address.postal_code")
	ask(stage == Unstarted, "individual.dob.day", "individual.dob.month", "individual.dob.year", "individual.email", "individual.first_name", "individual.last_name")
	ask(o.str("country") == "US", "individual.ssn_last_4")
	ask(true, "tos_acceptance.date", "tos_acceptance.ip")
	return due
}
