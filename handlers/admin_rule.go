package handlers

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/inbox"
	"portal/models"
	"portal/views"
)

// productsShown is how many products the form lists at once; more are found by a search.
const productsShown = 50

// adminRuleNew is the form of a new rule.
func (h *House) adminRuleNew(c echo.Context, se models.Session) error {
	r, err := h.rulesOf(c, se)
	if err != nil {
		return err
	}
	f := views.RuleForm{Version: r.version, Covers: "all", Type: "percent", Recurring: "always", Months: "12", Currency: r.program.Currency.Code()}
	if c.QueryParam("covers") == "products" {
		f.Covers = "products"
	}
	return h.showRule(c, se, http.StatusOK, r, f)
}

// adminRuleEdit is the form of a rule that is there.
func (h *House) adminRuleEdit(c echo.Context, se models.Session) error {
	r, err := h.rulesOf(c, se)
	if err != nil {
		return err
	}
	n, err := r.seen(c)
	if err != nil || n < 0 {
		return h.showRules(c, se, http.StatusUnprocessableEntity, errMovedOn.Error())
	}
	rule := r.rules[n]
	f := views.RuleForm{N: strconv.Itoa(n), Version: r.version, Covers: "all", Type: rule.Type, Value: rule.Value, Recurring: rule.Recurring, Months: "12",
		Currency: r.program.Currency.Code(), Tiers: strings.Trim(inbox.TiersInWords(rule), " ()")}
	if rule.Currency != "" {
		f.Currency = models.Currency(rule.Currency).Code()
	}
	if _, err := strconv.Atoi(rule.Recurring); err == nil {
		f.Recurring, f.Months = "months", rule.Recurring
	}
	if rule.Partner != nil {
		f.Partner = *rule.Partner
	}
	switch {
	case rule.Product != nil:
		f.Covers, f.Chosen = "products", []string{*rule.Product}
	case rule.ProductType != nil:
		f.Covers, f.ProductType = "type", *rule.ProductType
	}
	return h.showRule(c, se, http.StatusOK, r, f)
}

// adminRuleSave saves a new rule, or one in place of another; of several products each gets its own.
func (h *House) adminRuleSave(c echo.Context, se models.Session) error {
	form, err := c.FormParams()
	if err != nil {
		return models.Invalid("form", "could not be read")
	}
	r, err := h.rulesOf(c, se)
	if err != nil {
		return err
	}
	f := views.RuleForm{N: form.Get("n"), Version: r.version, Partner: form.Get("partner"), Covers: form.Get("covers"), Chosen: form["product"],
		ProductType: strings.TrimSpace(form.Get("product_type")), Type: form.Get("type"), Value: strings.TrimSpace(form.Get("value")),
		Currency: strings.TrimSpace(form.Get("currency")), Recurring: form.Get("recurring"), Months: strings.TrimSpace(form.Get("months")), Search: strings.TrimSpace(form.Get("search"))}
	n, err := r.seen(c)
	if err != nil {
		return h.showRules(c, se, http.StatusUnprocessableEntity, errMovedOn.Error())
	}
	if n >= 0 {
		f.Tiers = strings.Trim(inbox.TiersInWords(r.rules[n]), " ()")
	}
	if form.Get("do") == "search" {
		return h.showRule(c, se, http.StatusOK, r, f)
	}
	rules, at := withRule(r.rules, n, rulesTyped(f, r.rules, n))
	if f.Wrong = ruleWrong(f, inbox.CheckRules(rules), at); len(f.Wrong) == 0 && f.Partner != "" {
		if _, err := h.Store.PartnerByKey(c.Request().Context(), r.who.Tenant, f.Partner); errors.Is(err, models.ErrNotFound) {
			f.Wrong = map[string]string{"partner": "There is no such partner. Choose one from the list."}
		} else if err != nil {
			return err
		}
	}
	if len(f.Wrong) > 0 {
		return h.showRule(c, se, http.StatusUnprocessableEntity, r, f)
	}
	return h.changeRules(c, se, func(ruled, int) ([]models.Rule, error) { return rules, nil })
}

// rulesTyped are the rules that a form says: one, or one for each product. Tiers of the rule before stay, where its kind does.
func rulesTyped(f views.RuleForm, before []models.Rule, n int) (list []models.Rule) {
	rule := models.Rule{Type: f.Type, Value: f.Value, Recurring: f.Recurring}
	if f.Recurring == "months" {
		rule.Recurring = f.Months
	}
	if f.Type == "fixed" {
		rule.Currency = strings.ToLower(f.Currency)
	}
	if n >= 0 && before[n].Type == f.Type && len(before[n].Tiers) > 0 {
		rule.Currency, rule.TierBy, rule.Tiers = before[n].Currency, before[n].TierBy, before[n].Tiers
	}
	if f.Partner != "" {
		rule.Partner = &f.Partner
	}
	switch f.Covers {
	case "type":
		rule.ProductType = &f.ProductType
	case "products":
		chosen := f.Chosen
		if len(chosen) == 0 {
			chosen = []string{"none chosen"} // so that all else that is wrong is found, too
		}
		for _, id := range chosen {
			rule.Product = &id
			list = append(list, rule)
		}
		return list
	}
	return []models.Rule{rule}
}

// withRule is a list with rules in place of one of it, or at its end, and where they begin.
func withRule(rules []models.Rule, n int, with []models.Rule) (list []models.Rule, at int) {
	if n < 0 {
		return append(slices.Clone(rules), with...), len(rules)
	}
	return slices.Replace(slices.Clone(rules), n, n+1, with...), n
}

// fieldOfRule is a field of a list of rules, as what is wrong with one is named.
var fieldOfRule = regexp.MustCompile(`^data\[(\d+)\](?:\.(\w+))?`)

// ruleWrong sorts what is wrong with a list of rules by the fields of the form.
func ruleWrong(f views.RuleForm, err error, at int) map[string]string {
	wrong := map[string]string{}
	switch {
	case f.Covers == "products" && len(f.Chosen) == 0:
		wrong["product"] = "Choose at least one product."
	case f.Covers != "products" && len(f.Chosen) > 0:
		wrong["product"] = "These are ticked, but the rule is not for products. Choose \"The products ticked below\", or untick them."
	}
	var fields models.FieldErrors
	if !errors.As(err, &fields) {
		return wrong
	}
	for _, e := range fields {
		part := fieldOfRule.FindStringSubmatch(e.Field)
		name := "rule"
		if part != nil && part[2] != "" {
			name = part[2]
		}
		switch {
		case part != nil && part[2] == "" && wrong["product"] != "": // what it covers is not said yet
		case part != nil && part[2] == "":
			wrong["rule"] = "Another rule covers the same already. Change that one, or cover something else."
		case name == "currency":
			wrong["currency"] = "Give a currency such as USD."
		case name == "recurring":
			wrong["months"] = "Give a whole number of months, 1 or more."
		case name == "product" || name == "partner" || name == "product_type" || name == "value" || name == "type":
			wrong[name] = began(e.Message) + "."
		default:
			wrong["rule"] = began(e.Message) + "."
		}
	}
	return wrong
}

// showRule shows the form of a rule, with the products that it may cover.
func (h *House) showRule(c echo.Context, se models.Session, status int, r ruled, f views.RuleForm) error {
	ctx := c.Request().Context()
	var err error
	if f.Partners, err = h.partnersToPick(ctx, se.Tenant()); err != nil {
		return err
	}
	f.Partners[0].Label = "Every partner"
	if f.Partner != "" && !slices.ContainsFunc(f.Partners, func(o views.Option) bool { return o.Value == f.Partner }) {
		f.Partners = append(f.Partners, views.Option{Value: f.Partner, Label: f.Partner})
	}
	if err := h.productsToPick(c, r, &f); err != nil {
		return err
	}
	f.Post = rulesAt
	if len(r.all) > 1 {
		f.Program = r.program.ID.String()
	}
	title := "A new rule"
	if f.N != "" {
		title = "Change a rule"
	}
	v := views.AdminRule{Form: f}
	if v.Frame, err = h.adminFrame(c, se, rulesAt, title); err != nil {
		return err
	}
	v.Back = views.Place{Label: "Commission rules", Href: r.at(rulesAt)}
	v.Sentence = "It holds for payments from when it is saved; those before keep what they earned. The very first rules count for payments of any date."
	return show(c, status, views.AdminRulePage(v), nil)
}

// productsToPick lists products by name with what they cost, those that are chosen first.
func (h *House) productsToPick(c echo.Context, r ruled, f *views.RuleForm) error {
	ctx := c.Request().Context()
	list, err := h.Store.Products(ctx, r.who, f.Search, productsShown+1)
	if err != nil {
		return err
	}
	f.More, list = len(list) > productsShown, list[:min(len(list), productsShown)]
	f.Searchable = f.More || f.Search != ""
	chosen, err := h.Store.ProductsNamed(ctx, r.who, f.Chosen)
	if err != nil {
		return err
	}
	var ids []string
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	prices, err := h.Store.PricesOf(ctx, r.who, append(ids, f.Chosen...))
	if err != nil {
		return err
	}
	line := func(id, name, mark string, on bool) {
		if name == "" {
			name = id
		}
		f.Products = append(f.Products, views.ProductLine{ID: id, Name: name, Prices: pricesInWords(prices[id]), Mark: mark, On: on})
	}
	for _, id := range f.Chosen {
		line(id, chosen[id].Name, productMark(chosen, id), true)
	}
	for _, p := range list {
		if !slices.Contains(f.Chosen, p.ID) {
			line(p.ID, p.Name, productMark(map[string]models.Product{p.ID: p}, p.ID), false)
		}
	}
	return nil
}

// pricesInWords are at most three prices of a product: "49.00 USD a month".
func pricesInWords(list []models.Price) string {
	var words []string
	for _, p := range list {
		if p.Minor == nil || !p.Currency.Known() {
			continue
		}
		text := models.Money{Minor: *p.Minor, Currency: p.Currency}.String()
		switch {
		case strings.Contains(p.Every, " "):
			text += " every " + p.Every
		case p.Every != "":
			text += " a " + p.Every
		}
		words = append(words, text)
	}
	if len(words) > 3 {
		words = append(words[:3], "…")
	}
	return strings.Join(words, ", ")
}
