package handlers

import (
	"context"
	"fmt"
	"testing"

	"portal/models"
)

// Issue 3.3, CONTRACT.md 5: a rule with tiers is written and read, in numbers, text or money, and what is read can be written.
func TestAPIRulesHaveTiers(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	a := w.call("PUT", "/v1/rules", `{"data":[
		{"type":"percent","value":20,"tier_by":"sales","tiers":[{"from":10,"value":"25"},{"from":"50","value":30}]},
		{"product":"a","type":"percent","value":"20","tier_by":"revenue","tiers":[{"from":1000,"value":"25"},{"from":{"amount":"5000.5","currency":"USD"},"value":"30"}]},
		{"product":"b","type":"fixed","value":5,"tier_by":"sales","tiers":[{"from":2,"value":"7.5"}]},
		{"product":"c","type":"fixed","value":{"amount":500,"currency":"jpy"},"tier_by":"revenue","tiers":[{"from":100000,"value":{"amount":"750","currency":"jpy"}}]},
		{"product":"d","type":"percent","value":"1","tier_by":null,"tiers":null},
		{"product":"e","type":"percent","value":"1","tiers":[]}]}`).is(200)
	for i, want := range []string{
		`{"type":"percent","value":"20","tier_by":"sales","tiers":[{"from":10,"value":"25"},{"from":50,"value":"30"}]}`,
		`{"tier_by":"revenue","tiers":[{"from":{"amount":"1000.00","currency":"usd"},"value":"25"},{"from":{"amount":"5000.50","currency":"usd"},"value":"30"}]}`,
		`{"tier_by":"sales","tiers":[{"from":2,"value":{"amount":"7.50","currency":"usd"}}]}`,
		`{"tier_by":"revenue","tiers":[{"from":{"amount":"100000","currency":"jpy"},"value":{"amount":"750","currency":"jpy"}}]}`,
		`{"tier_by":null,"tiers":[]}`, `{"tier_by":null,"tiers":[]}`,
	} {
		contains(t, a.call, a.data()[i], want)
	}
	if again := w.call("GET", "/v1/rules", "").is(200); again.raw != a.raw {
		t.Errorf("the rules read back as %s", again.raw)
	}
	if back := w.call("PUT", "/v1/rules", a.raw).is(200); back.raw != a.raw {
		t.Errorf("what was read is not what is written: %s", back.raw)
	}
	for rule, field := range map[string]string{
		`"tier_by":"clicks","tiers":[{"from":2,"value":"25"}]`:                                                     "data[0].tier_by",
		`"tiers":[{"from":2,"value":"25"}]`:                                                                        "data[0].tier_by",
		`"tier_by":"sales"`:                                                                                        "data[0].tiers",
		`"tier_by":"sales","tiers":{}`:                                                                             "data[0].tiers",
		`"tier_by":"sales","tiers":[{"from":2}]`:                                                                   "data[0].tiers[0].value",
		`"tier_by":"sales","tiers":[{"value":"25"}]`:                                                               "data[0].tiers[0].from",
		`"tier_by":"sales","tiers":[{"from":1,"value":"25"}]`:                                                      "data[0].tiers[0].from",
		`"tier_by":"sales","tiers":[{"from":2.5,"value":"25"}]`:                                                    "data[0].tiers[0].from",
		`"tier_by":"sales","tiers":[{"from":9,"value":"25"},{"from":9,"value":"26"}]`:                              "data[0].tiers[1].from",
		`"tier_by":"sales","tiers":[{"from":2,"value":"101"}]`:                                                     "data[0].tiers[0].value",
		`"tier_by":"sales","tiers":[{"from":2,"value":{"amount":"1","currency":"usd"}}]`:                           "data[0].tiers[0].value",
		`"tier_by":"sales","tiers":[{"from":{"amount":"1","currency":"usd"},"value":"1"}]`:                         "data[0].tiers[0].from",
		`"tier_by":"revenue","tiers":[{"from":{"amount":"1","currency":"eur"},"value":"1"}]`:                       "data[0].tiers[0].from.currency",
		`"tier_by":"revenue","tiers":[{"from":"1.234","value":"1"}]`:                                               "data[0].tiers[0].from",
		`"tier_by":"revenue","tiers":[{"from":5,"value":"1"},{"from":10,"value":"2"},{"from":"7.00","value":"3"}]`: "data[0].tiers[2].from",
		`"tier_by":"sales","tiers":[{"from":2,"value":"25","colour":"red"}]`:                                       "data[0].tiers[0].colour",
	} {
		w.call("PUT", "/v1/rules", `{"data":[{"type":"percent","value":"20",`+rule+`}]}`).is(422).names(field)
	}
	if again := w.call("GET", "/v1/rules", "").is(200); again.raw != a.raw {
		t.Errorf("a refused list changed the rules: %s", again.raw)
	}
}

// Issue 3.3 and 3.7: each commission tells its tier, its rules' version, when it was decided and when it is payable. A tier
// that is lost again while an invoice waits is taken off it (P2, P21).
func TestAPICommissionsTellTheirTerms(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.call("PATCH", "/v1/program", `{"hold_days":0}`).is(200)
	w.call("PUT", "/v1/rules", `{"data":[{"type":"percent","value":"20","tier_by":"sales","tiers":[{"from":2,"value":"25"}]}]}`).is(200)
	for _, key := range []string{"A", "B"} {
		w.call("POST", "/v1/partners", `{"key":"`+key+`"}`).is(201)
	}
	for n := range 2 {
		a := w.call("POST", "/v1/transactions", fmt.Sprintf(`{"key":"s%d","amount":100,"partner":{"key":"A"},"action":"sale"}`, n)).is(201)
		a.has(`{"decided_at":"2026-11-20T12:00:00Z"}`)
	}
	commissions := w.call("GET", "/v1/commissions", "").is(200).data()
	var second map[string]any
	for _, c := range commissions {
		if fmt.Sprint(c["transaction"]) == "map[key:s1]" {
			second = c
		}
	}
	contains(t, "the second", second, `{"amount":{"amount":"25.00","currency":"usd"},"rule_version":2,"decided_at":"2026-11-20T12:00:00Z","payable_on":"2026-11-20","steps":[
		{"rule":"rule","verdict":"matched","because":"20 % (25 % from the 2nd sale in a month on) of each payment, rule version 2"},
		{"rule":"tier","verdict":"matched","because":"the 2nd sale in November 2026: 25 % from the 2nd on, rule version 2"},
		{"rule":"amount","verdict":"computed","because":"base 100.00 USD: 25.00 USD"},
		{"rule":"payable","verdict":"computed","because":"payable at once: no hold"}]}`)
	drawn := w.call("POST", "/v1/invoices", `{"until":"2026-11-20"}`).is(201)
	contains(t, drawn.call, drawn.data()[0], `{"total":{"amount":"45.00","currency":"usd"},"status":"review"}`)
	ctx := context.Background()
	first, err := w.Store.PaymentByAlias(ctx, w.caller.Tenant, "s0")
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.Store.PartnerByKey(ctx, w.caller.Tenant, "B")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Inbox.Give(ctx, w.caller.Tenant, first.ID, b.ID, "B brought them", models.Actor{Name: "owner"}); err != nil {
		t.Fatal(err)
	}
	shrunk := w.call("GET", "/v1/invoices", "").is(200)
	contains(t, shrunk.call, shrunk.data()[0], `{"total":{"amount":"20.00","currency":"usd"},"status":"review"}`)
}
