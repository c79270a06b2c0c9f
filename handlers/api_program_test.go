package handlers

import (
	"context"
	"testing"
)

const apiProgramFields = "id name mode currency attribution_model hold_days refunds cookie_days landing_url coupon_beats_link self_referral count_shipping count_out_of_band"

func TestAPIProgramShowsAndChangesWhatIsGiven(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	a := w.call("GET", "/v1/program", "").is(200).has(`{"name":"Partners","mode":"test","currency":"usd","attribution_model":"customer","hold_days":30,
		"refunds":"automatic","cookie_days":30,"landing_url":null,"coupon_beats_link":false,"self_referral":"refuse","count_shipping":true,"count_out_of_band":true}`)
	hasExactly(t, "a program", a.body, apiProgramFields)
	w.call("PATCH", "/v1/program", `{"hold_days":0,"landing_url":"https://acme.example/?a=1&b=2","attribution_model":"transaction"}`).is(200).
		has(`{"name":"Partners","hold_days":0,"landing_url":"https://acme.example/?a=1&b=2","attribution_model":"transaction","cookie_days":30}`)
	w.call("PATCH", "/v1/program", `{"landing_url":null,"hold_days":30.0}`).is(200).has(`{"landing_url":null,"hold_days":30,"attribution_model":"transaction"}`)
	w.call("PATCH", "/v1/program", `{}`).is(200)
	w.call("PATCH", "/v1/program", `{"coupon_beats_link":true,"self_referral":"flag","count_shipping":false,"count_out_of_band":false}`).is(200).
		has(`{"coupon_beats_link":true,"self_referral":"flag","count_shipping":false,"count_out_of_band":false,"hold_days":30}`)
	audit, err := w.Store.AuditOf(context.Background(), w.caller.Company, w.caller.Program.String())
	if err != nil || len(audit) != 3 || audit[0].Actor != "API key test key …abcd" {
		t.Errorf("the audit says %+v, %v", audit, err)
	}
}

func TestAPIProgramNamesEachWrongField(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	for body, field := range map[string]string{`{"hold_days":-1}`: "hold_days", `{"hold_days":3651}`: "hold_days", `{"hold_days":1.5}`: "hold_days", `{"hold_days":1e999}`: "hold_days",
		`{"hold_days":"30"}`: "hold_days", `{"hold_days":null}`: "hold_days", `{"cookie_days":0}`: "cookie_days", `{"refunds":"never"}`: "refunds", `{"attribution_model":"x"}`: "attribution_model",
		`{"name":""}`: "name", `{"name":null}`: "name", `{"currency":"xyz"}`: "currency", `{"landing_url":"ftp://x"}`: "landing_url", `{"landing_url":"javascript:alert(1)"}`: "landing_url",
		`{"self_referral":"allow"}`: "self_referral", `{"coupon_beats_link":"yes"}`: "coupon_beats_link", `{"count_shipping":null}`: "count_shipping", `{"count_out_of_band":1}`: "count_out_of_band",
		`{"id":"x"}`: "id", `{"mode":"live"}`: "mode"} {
		w.call("PATCH", "/v1/program", body).is(422).names(field)
	}
	w.call("GET", "/v1/program", "").has(`{"name":"Partners","hold_days":30}`)
}

func TestAPIRulesAreReplacedAsAWhole(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	a := w.call("GET", "/v1/rules", "").is(200)
	hasExactly(t, "the rules", a.body, "data")
	hasExactly(t, "a rule", a.data()[0], "partner product product_type type value recurring tier_by tiers")
	contains(t, "the first rule", a.data()[0], `{"partner":null,"product":null,"product_type":null,"type":"percent","value":"20","recurring":"always","tier_by":null,"tiers":[]}`)
	w.call("POST", "/v1/partners", `{"key":"A"}`).is(201)
	a = w.call("PUT", "/v1/rules", `{"data":[{"partner":"A","product":"prod_1","product_type":null,"type":"percent","value":12.5,"recurring":"first"},
		{"product_type":"course","type":"fixed","value":5,"recurring":3},{"type":"fixed","value":{"amount":"500","currency":"JPY"},"recurring":"12"}]}`).is(200)
	for i, want := range []string{`{"partner":"A","product":"prod_1","type":"percent","value":"12.5","recurring":"first"}`,
		`{"partner":null,"product_type":"course","value":{"amount":"5.00","currency":"usd"},"recurring":3}`,
		`{"value":{"amount":"500","currency":"jpy"},"recurring":12}`} {
		contains(t, a.call, a.data()[i], want)
	}
	if again := w.call("GET", "/v1/rules", "").is(200); again.raw != a.raw {
		t.Errorf("the rules read back as %s", again.raw)
	}
	if back := w.call("PUT", "/v1/rules", a.raw).is(200); back.raw != a.raw {
		t.Errorf("what was read is not what is written: %s", back.raw)
	}
	if a := w.call("PUT", "/v1/rules", `{"data":[]}`).is(200); len(a.data()) != 0 {
		t.Errorf("no rules: %s", a.raw)
	}
	if a := w.as(apiLiveKey, "GET", "/v1/rules", "").is(200); len(a.data()) != 0 {
		t.Errorf("the live side has the test side's rules: %s", a.raw)
	}
}

func TestAPIRulesNameEachWrongField(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	for rule, field := range map[string]string{
		`{"type":"percent","value":"101"}`:                                         "data[0].value",
		`{"type":"percent","value":1e1}`:                                           "data[0].value",
		`{"type":"percent","value":"NaN"}`:                                         "data[0].value",
		`{"type":"percent","value":true}`:                                          "data[0].value",
		`{"type":"percent","value":null}`:                                          "data[0].value",
		`{"type":"percent","value":{"amount":"1","currency":"usd"}}`:               "data[0].value",
		`{"type":"fixed","value":"1.234"}`:                                         "data[0].value",
		`{"type":"fixed","value":"-1"}`:                                            "data[0].value",
		`{"type":"fixed","value":{"amount":"1","currency":"xyz"}}`:                 "data[0].value.currency",
		`{"type":"fixed","value":{"amount":"1"}}`:                                  "data[0].value",
		`{"type":"gift","value":"1"}`:                                              "data[0].type",
		`{"value":"1"}`:                                                            "data[0].type",
		`{"type":"percent"}`:                                                       "data[0].value",
		`{"type":"percent","value":"1","recurring":"sometimes"}`:                   "data[0].recurring",
		`{"type":"percent","value":"1","recurring":0}`:                             "data[0].recurring",
		`{"type":"percent","value":"1","recurring":1.5}`:                           "data[0].recurring",
		`{"type":"percent","value":"1","recurring":[]}`:                            "data[0].recurring",
		`{"type":"percent","value":"1","partner":"NOBODY"}`:                        "data[0].partner",
		`{"type":"percent","value":"1","partner":"a b"}`:                           "data[0].partner",
		`{"type":"percent","value":"1","partner":{"key":"A"}}`:                     "data[0].partner",
		`{"type":"percent","value":"1","product":""}`:                              "data[0].product",
		`{"type":"percent","value":"1","colour":"red"}`:                            "data[0].colour",
		`{"type":"percent","value":"1"},{"type":"percent","value":"2"}`:            "data[1]",
		`{"type":"percent","value":"1","product":"\u0000"}`:                        "data[0].product",
		`{"type":"fixed","value":{"amount":"1","currency":"usd","x":1}}`:           "data[0].value",
		`{"type":"fixed","value":"99999999999999999999"}`:                          "data[0].value",
		`{"type":"percent","value":"1","product_type":7}`:                          "data[0].product_type",
		`{"type":"percent","value":"1","recurring":"always","product":["prod_1"]}`: "data[0].product",
	} {
		w.call("PUT", "/v1/rules", `{"data":[`+rule+`]}`).is(422).names(field)
	}
	w.call("PUT", "/v1/rules", `{"data":null}`).is(422).names("data")
	w.call("PUT", "/v1/rules", `{}`).is(422).names("data")
	if a := w.call("GET", "/v1/rules", ""); len(a.data()) != 1 {
		t.Errorf("a refused list changed the rules: %s", a.raw)
	}
}
