package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"portal/inbox"
	"portal/models"
)

// apiRules maps what a program pays.
func (h *House) apiRules(d apiDoor) {
	apiAdd(d, "GET", "/v1/rules", 200, "Show the rules that are in force", h.apiRulesShow)
	apiAdd(d, "PUT", "/v1/rules", 200, "Replace the whole list of rules; it counts from now on, the first one for payments of any date", h.apiRulesSave)
}

type apiRuleShape struct {
	Partner     *string `json:"partner" doc:"A partner's key; null for every partner."`
	Product     *string `json:"product" doc:"The provider's product id; null for every product."`
	ProductType *string `json:"product_type"`
	Type        string  `json:"type" enum:"percent,fixed"`
	Value       any     `json:"value" doc:"percent: a decimal string such as \"20\"; fixed: money, an object of amount and currency."`
	Recurring   any     `json:"recurring" doc:"always, first, or a number of months."`

	TierBy *string        `json:"tier_by" enum:"revenue,sales" doc:"What the tiers look at in the partner's UTC month; null without tiers."`
	Tiers  []apiTierShape `json:"tiers" doc:"Ascending; below the first the rule's own value holds. Empty without tiers."`
}

type apiTierShape struct {
	From  any `json:"from" doc:"sales: the number of the sale in the month from which on the value holds; revenue: what was collected in the month before the payment, money."`
	Value any `json:"value" doc:"As the rule's own."`
}

func apiRuleOf(r models.Rule) apiRuleShape {
	shape := apiRuleShape{Partner: r.Partner, Product: r.Product, ProductType: r.ProductType, Type: r.Type, Recurring: r.Recurring}
	shape.Value = apiRuleValueOf(r, r.Value)
	if shape.Tiers = []apiTierShape{}; r.TierBy != "" {
		shape.TierBy = &r.TierBy
	}
	for _, tier := range r.Tiers {
		told := apiTierShape{apiRuleMoney(r, tier.From), apiRuleValueOf(r, tier.Value)}
		if n, err := strconv.Atoi(tier.From); err == nil && r.TierBy == "sales" {
			told.From = n
		}
		shape.Tiers = append(shape.Tiers, told)
	}
	if months, err := strconv.Atoi(r.Recurring); err == nil {
		shape.Recurring = months
	}
	return shape
}

// apiRuleValueOf is a value of the rule's kind, its own or a tier's.
func apiRuleValueOf(r models.Rule, value string) any {
	if r.Type == "fixed" {
		return apiRuleMoney(r, value)
	}
	return value
}

func apiRuleMoney(r models.Rule, value string) apiMoney {
	amount, _ := models.ParseMoney(value, models.Currency(r.Currency)) // it was checked before it was kept
	return apiMoneyOf(amount)
}

func (h *House) apiRulesShow(ctx context.Context, who apiCall, _ *struct{}) (*apiBody[apiAll[apiRuleShape]], error) {
	sets, err := h.Store.RuleSets(ctx, who.Tenant, who.Program)
	if err != nil || len(sets) == 0 {
		return &apiBody[apiAll[apiRuleShape]]{apiAll[apiRuleShape]{[]apiRuleShape{}}}, err
	}
	return apiRulesOf(sets[len(sets)-1].Rules), nil
}

func apiRulesOf(rules []models.Rule) *apiBody[apiAll[apiRuleShape]] {
	list, _ := apiEach(apiRuleOf)(rules)
	return &apiBody[apiAll[apiRuleShape]]{apiAll[apiRuleShape]{list}}
}

type apiRuleIn struct {
	Partner     *string      `json:"partner,omitempty" nullable:"true" doc:"A partner's key; null for every partner."`
	Product     *string      `json:"product,omitempty" nullable:"true"`
	ProductType *string      `json:"product_type,omitempty" nullable:"true"`
	Type        string       `json:"type" enum:"percent,fixed"`
	Value       apiRuleValue `json:"value" doc:"percent: 20 or \"20\"; fixed: an amount in the program's currency, or an object of amount and currency."`
	Recurring   apiDecimal   `json:"recurring,omitempty" doc:"always (which it is when left out), first, or a number of months."`

	TierBy string      `json:"tier_by,omitempty" nullable:"true" doc:"revenue or sales, for a rule with tiers."`
	Tiers  []apiTierIn `json:"tiers,omitempty" nullable:"true" doc:"Ascending; below the first the rule's own value holds."`
}

type apiTierIn struct {
	From  apiRuleValue `json:"from" doc:"sales: a whole number from 2; revenue: an amount in the currency of the rule, which for percent is the program's, or an object of amount and currency."`
	Value apiRuleValue `json:"value" doc:"As the rule's own."`
}

// apiRuleValue is a percentage, an amount, or money.
type apiRuleValue struct {
	plain apiDecimal
	money *apiAmountIn
}

// apiAmountIn is money in a request.
type apiAmountIn struct {
	Amount   apiDecimal `json:"amount"`
	Currency string     `json:"currency"`
}

// UnmarshalJSON takes any of the three.
func (v *apiRuleValue) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '{' {
		return json.Unmarshal(raw, &v.money)
	}
	return json.Unmarshal(raw, &v.plain)
}

// Schema is any of the three.
func (apiRuleValue) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{Examples: []any{"20"}, OneOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeNumber}, r.Schema(reflect.TypeFor[apiAmountIn](), true, "")}}
}

func (in apiRuleIn) rule(c models.Currency, w *apiWrong, field string) models.Rule {
	r := models.Rule{Partner: in.Partner, Product: in.Product, ProductType: in.ProductType, Type: in.Type, Value: string(in.Value.plain), Recurring: string(in.Recurring), TierBy: in.TierBy}
	if r.Recurring == "" {
		r.Recurring = "always"
	}
	switch {
	case in.Type == "fixed" && in.Value.money != nil:
		r.Value, r.Currency = string(in.Value.money.Amount), string(w.currency(field+".value.currency", in.Value.money.Currency))
	case in.Type == "fixed" || in.TierBy == "revenue":
		r.Currency = string(c)
	}
	if in.Type != "fixed" && in.Value.money != nil {
		w.say(field+".value", "must be a percentage such as \"20\", not money")
	}
	for i, tier := range in.Tiers {
		at := fmt.Sprintf("%s.tiers[%d]", field, i)
		r.Tiers = append(r.Tiers, models.Tier{From: tier.From.of(r, in.TierBy == "revenue", w, at+".from"), Value: tier.Value.of(r, in.Type == "fixed", w, at+".value")})
	}
	return r
}

// of is the text of a value inside a rule, in the rule's currency when it is money.
func (v apiRuleValue) of(r models.Rule, isMoney bool, w *apiWrong, field string) string {
	switch {
	case v.money == nil:
		return string(v.plain)
	case !isMoney:
		w.say(field, "must be a number, not money")
	case !strings.EqualFold(v.money.Currency, r.Currency):
		w.say(field+".currency", "must be "+r.Currency+", as in the rest of the rule")
	}
	return string(v.money.Amount)
}

func (h *House) apiRulesSave(ctx context.Context, who apiCall, in *struct {
	Body struct {
		Data []apiRuleIn `json:"data" maxItems:"1000"`
	}
}) (*apiBody[apiAll[apiRuleShape]], error) {
	program, err := h.Store.Program(ctx, who.Company, who.Program)
	if err != nil {
		return nil, err
	}
	var w apiWrong
	rules := []models.Rule{}
	for i, r := range in.Body.Data {
		rules = append(rules, r.rule(program.Currency, &w, fmt.Sprintf("data[%d]", i)))
	}
	if w == nil {
		if err := w.take(inbox.CheckRules(rules)); err != nil {
			return nil, err
		}
	}
	if err := h.apiPartnersExist(ctx, who, rules, &w); err != nil {
		return nil, err
	}
	if err := w.err(); err != nil {
		return nil, err
	}
	err = h.Inbox.SaveRules(ctx, who.Caller, rules, who.actor())
	return apiRulesOf(rules), err
}

// apiPartnersExist finds rules for partners that there are not.
func (h *House) apiPartnersExist(ctx context.Context, who apiCall, rules []models.Rule, w *apiWrong) error {
	var keys []string
	for _, r := range rules {
		if r.Partner != nil {
			keys = append(keys, *r.Partner)
		}
	}
	found, err := h.Store.PartnersByKey(ctx, who.Tenant, keys)
	if err != nil {
		return fmt.Errorf("look up the partners of rules: %w", err)
	}
	known := map[string]bool{}
	for _, p := range found {
		known[p.Key] = true
	}
	for i, r := range rules {
		if r.Partner != nil && models.IsPartnerKey(*r.Partner) && !known[*r.Partner] {
			w.say(fmt.Sprintf("data[%d].partner", i), "names no partner; add the partner first")
		}
	}
	return nil
}
