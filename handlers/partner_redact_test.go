package handlers

import (
	"strings"
	"testing"

	"portal/models"
)

func TestAnAddressIsMaskedToTwoLetters(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"jane@example.com":              "j***@e…",
		"  Jane.Marlow@Example.COM ":    "J***@E…",
		"j@x.co":                        "j***@x…",
		"élodie@école.fr":               "é***@é…",
		"7up@9gag.com":                  "7***@9…",
		"jane@work@example.com":         "j***@w…",
		"@example.com":                  "***@e…",
		"jane@":                         "j***@…",
		"@":                             "***@…",
		"":                              "***",
		"stripe_cus_123":                "s***",
		`"><script>alert(1)</script>@x`: "***@x…",
		"\xff\xfe@\x00":                 "***@…",
		"+49170@sms.example":            "***@s…",
	} {
		if got := maskEmail(address); got != want {
			t.Errorf("maskEmail(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestACustomerOfWhomNothingIsKnownIsACustomer(t *testing.T) {
	t.Parallel()
	for _, known := range []*string{nil, new(""), new("  ")} {
		if got := maskCustomer(known); got != "A customer" {
			t.Errorf("got %q", got)
		}
	}
}

func TestEveryAddressInATextIsMasked(t *testing.T) {
	t.Parallel()
	text := withoutAddresses(`50.00 USD refunded of order-jane@example.com (asked by <bob@shop.example>, "eve@x.y"); costs 3 @ 4`)
	want := `50.00 USD refunded of o***@e… (asked by <b***@s…>, "e***@x…"); costs 3 @ 4`
	if text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestOnlyTheStepThatFoundThePartnerIsToldInFull(t *testing.T) {
	t.Parallel()
	steps := []models.Step{
		{Rule: "customer_id", Verdict: models.NoMatch, Because: "the customer is not linked to a partner"},
		{Rule: "metadata", Verdict: models.NoMatch, Because: "no partner key in the metadata of the charge"},
		{Rule: "metadata", Verdict: models.NoMatch, Because: `metadata partner_key on the payment intent says "jane@example.com", which is no partner's key`},
		{Rule: "metadata", Verdict: models.Refused, Because: "metadata partnero_partner on the session names RIVAL, which was not active on 2026-11-18"},
		{Rule: "metadata", Verdict: models.Skipped, Because: "metadata partner_key on the invoice is empty"},
		{Rule: "metadata", Verdict: models.Skipped, Because: "the metadata of the payment intent, customer is not known"},
		{Rule: "metadata", Verdict: models.NoMatch, Because: `metadata partner_key on the session that made the subscription says "RIVAL 2", which is no partner's key`},
		{Rule: "client_reference", Verdict: models.NoMatch, Because: `the client reference on the session that made the customer says "RIVAL", which is no partner's key`},
		{Rule: "coupon", Verdict: models.NoMatch, Because: `"RIVAL10", "COUP" stands for no partner`},
		{Rule: "click", Verdict: models.Skipped, Because: "no click came with the payment"},
		{Rule: "client_reference", Verdict: models.Matched, Because: "the client reference names MINE, an active partner"},
		{Rule: "self_referral", Verdict: models.Flagged, Because: "the customer's address is that of MINE: flagged, and it earns"},
		{Rule: "rule", Verdict: models.Matched, Because: "20 % of each payment, rule version 1"},
	}
	want := []string{"The customer is not linked to a partner||", "No partner key in the metadata of the charge||",
		"No partner was found this way.|metadata partner_key on the payment intent: •••|", "A partner was named who could not earn then.|metadata partnero_partner on the session: •••|",
		"Nothing came with the sale that could be asked.||", "The metadata of the payment intent, customer is not known||",
		"No partner was found this way.|metadata partner_key on the session that made the subscription: •••|", "No partner was found this way.|the client reference on the session that made the customer: •••|",
		"No partner was found this way.||", "No click came with the payment||", "The client reference names MINE, an active partner||decides",
		"The sale came from the partner's own address, and earns all the same.||"}
	told := whyMine(steps, true)
	if len(told) != len(want) {
		t.Fatalf("%d steps, want %d: %+v", len(told), len(want), told)
	}
	for i, w := range told {
		got := w.Answer + "|" + w.Evidence + "|"
		if w.Deciding {
			got += "decides"
		}
		if got != want[i] || w.Question == "" || w.Verdict != steps[i].Verdict {
			t.Errorf("step %d: %q with %+v, want %q", i, got, w, want[i])
		}
	}
}

func TestOfASaleThatIsAnotherPartnersNothingIsTold(t *testing.T) {
	t.Parallel()
	for _, step := range []models.Step{
		{Rule: "customer_id", Verdict: models.Matched, Because: "the customer belongs to RIVAL since 2026-11-15"},
		{Rule: "api", Verdict: models.Matched, Because: "the API call names RIVAL, an active partner"},
		{Rule: "email", Verdict: models.Refused, Because: "a customer with the same e-mail belongs to RIVAL, which was not active on 2026-11-18: nobody earns this payment"},
	} {
		for _, w := range whyMine([]models.Step{step}, false) {
			if w.Deciding || strings.Contains(w.Answer+w.Evidence+w.Question, "RIVAL") {
				t.Errorf("%s tells %+v", step.Rule, w)
			}
		}
	}
}

func TestAnEarningIsToldInFullAndItsSumDecides(t *testing.T) {
	t.Parallel()
	told := whyAmount([]models.Step{
		{Rule: "rule", Verdict: models.Matched, Because: "20 % of each payment, rule version 1"},
		{Rule: "amount", Verdict: models.Computed, Because: "1 line with a base of 60.00 USD: 12.00 USD"},
		{Rule: "amount", Verdict: models.Computed, Because: "base 100.00 USD: together 20.00 USD"},
		{Rule: "odd_rule", Verdict: models.Skipped, Because: ""},
	})
	if len(told) != 4 || told[0].Answer != "20 % of each payment, rule version 1" || told[1].Deciding || !told[2].Deciding || told[3].Question != "Odd rule" {
		t.Errorf("got %+v", told)
	}
}
