package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"portal/inbox"
	"portal/models"
	"portal/views"
)

const rulesAt = "/admin/rules"

// ruled is a program's rules as they stand.
type ruled struct {
	who     models.Caller
	program models.Program
	all     []models.Program
	version int
	rules   []models.Rule
}

func (h *House) rulesOf(c echo.Context, se models.Session) (r ruled, err error) {
	if r.program, r.all, err = h.programAsked(c, se); err != nil {
		return r, err
	}
	r.who = models.Caller{Tenant: se.Tenant(), Program: r.program.ID}
	sets, err := h.Store.RuleSets(c.Request().Context(), r.who.Tenant, r.who.Program)
	if err == nil && len(sets) > 0 {
		r.version, r.rules = sets[len(sets)-1].Version, sets[len(sets)-1].Rules
	}
	return r, err
}

// at is an address for the program, which is named where there are several.
func (r ruled) at(path string) string {
	if len(r.all) < 2 {
		return path
	}
	return withQuery(path, url.Values{"program": {r.program.ID.String()}})
}

// adminRules shows what a program's partners earn, rule by rule (F17).
func (h *House) adminRules(c echo.Context, se models.Session) error {
	return h.showRules(c, se, http.StatusOK, "")
}

// adminRulesBack leads from where a form was sent to the page that it stands on.
func (h *House) adminRulesBack(c echo.Context, _ models.Session) error {
	return c.Redirect(http.StatusSeeOther, withQuery(rulesAt, url.Values{"program": {c.QueryParam("program")}}))
}

func (h *House) showRules(c echo.Context, se models.Session, status int, trouble string) error {
	r, err := h.rulesOf(c, se)
	if err != nil {
		return err
	}
	v := views.AdminRules{Now: h.Now(), Version: r.version, Trouble: trouble}
	if v.Connected, v.Brought, err = h.broughtFrom(c, r.who); err != nil {
		return err
	}
	if v.Rules, err = h.ruleLines(c.Request().Context(), r); err != nil {
		return err
	}
	if admins.takes(se.Role) {
		v.Post, v.Add, v.AddProduct = rulesAt, r.at(rulesAt+"/new"), withQuery(rulesAt+"/new", url.Values{"covers": {"products"}, "program": {c.QueryParam("program")}})
	}
	v.Program, v.Programs = programChips(r.all, r.program.ID, rulesAt)
	if v.Frame, err = h.adminFrame(c, se, rulesAt, "Commission rules"); err != nil {
		return err
	}
	if v.Post != "" {
		v.Primary = views.Button(views.Action{Label: "Add a rule", Icon: "plus", Kind: views.Primary, Href: v.Add})
	}
	v.Sentence = "What partners earn. Of the rules that cover a payment the most specific one holds: partner and product, partner, product, type of product, all."
	return show(c, status, views.AdminRulesPage(v), nil)
}

// ruleLines are the rules in sentences, the most general first, each with its place in the list.
func (h *House) ruleLines(ctx context.Context, r ruled) ([]views.RuleLine, error) {
	var products, partners []string
	for _, rule := range r.rules {
		if rule.Product != nil {
			products = append(products, *rule.Product)
		}
		if rule.Partner != nil {
			partners = append(partners, *rule.Partner)
		}
	}
	named, err := h.Store.ProductsNamed(ctx, r.who, products)
	if err != nil {
		return nil, err
	}
	found, err := h.Store.PartnersByKey(ctx, r.who.Tenant, partners)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, p := range found {
		names[p.Key] = p.Name
	}
	var lines []views.RuleLine
	for n, rule := range r.rules {
		l := views.RuleLine{N: n, Text: ruleInWords(rule, named, names)}
		q := url.Values{"n": {strconv.Itoa(n)}, "version": {strconv.Itoa(r.version)}}
		if len(r.all) > 1 {
			q.Set("program", r.program.ID.String())
		}
		l.Edit = withQuery(rulesAt+"/edit", q)
		if rule.Product != nil {
			l.Product, l.Mark = *rule.Product, productMark(named, *rule.Product)
		}
		lines = append(lines, l)
	}
	slices.SortStableFunc(lines, func(a, b views.RuleLine) int { return special(r.rules[a.N]) - special(r.rules[b.N]) })
	return lines, nil
}

// special is how specific a rule is (CONTRACT.md 5).
func special(r models.Rule) (n int) {
	for weight, set := range []bool{r.ProductType != nil, r.Product != nil, r.Partner != nil} {
		if set {
			n += 1 << weight
		}
	}
	return n
}

// productMark is the state of a rule's product at the provider: one that is not known there, was deleted, or is not sold any more.
func productMark(named map[string]models.Product, id string) string {
	p, known := named[id]
	switch {
	case !known:
		return "unknown"
	case p.Gone:
		return "gone"
	case !p.Active:
		return "inactive"
	}
	return ""
}

// ruleInWords says a rule in a sentence.
func ruleInWords(r models.Rule, products map[string]models.Product, partners map[string]string) string {
	who, value, of := "Partners earn ", r.Value+" %", " of "
	if r.Partner != nil {
		who = partners[*r.Partner]
		if who == "" {
			who = *r.Partner
		}
		who += " earns "
	}
	if r.Type == "fixed" {
		amount, _ := models.ParseMoney(r.Value, models.Currency(r.Currency)) // it was checked before it was kept
		value, of = views.AmountText(amount), " for "
	}
	what := "each payment"
	if r.Recurring == "first" {
		what = "the first payment of a customer"
	}
	switch {
	case r.Product != nil:
		name := *r.Product
		if p, known := products[name]; known && p.Name != "" {
			name = p.Name
		}
		what += ", for " + name
	case r.ProductType != nil:
		what += ", for products of type " + *r.ProductType
	}
	switch months, err := strconv.Atoi(r.Recurring); {
	case err == nil && months == 1:
		what += ", in a customer's first month"
	case err == nil:
		what += ", in a customer's first " + strconv.Itoa(months) + " months"
	}
	return who + value + inbox.TiersInWords(r) + of + what + "."
}

// adminRuleRemove takes a rule away.
func (h *House) adminRuleRemove(c echo.Context, se models.Session) error {
	return h.changeRules(c, se, func(r ruled, n int) ([]models.Rule, error) {
		if n < 0 {
			return nil, errMovedOn
		}
		return slices.Delete(slices.Clone(r.rules), n, n+1), nil
	})
}

// errMovedOn is when the rules are not any more as they were seen.
var errMovedOn = models.Refuse(models.ErrConflict, "Somebody changed the rules meanwhile. Nothing was changed; here they are as they stand.")

// changeRules saves the rules with a change to those that were seen.
func (h *House) changeRules(c echo.Context, se models.Session, change func(r ruled, n int) ([]models.Rule, error)) error {
	r, err := h.rulesOf(c, se)
	if err != nil {
		return err
	}
	n, err := r.seen(c)
	if err == nil {
		var rules []models.Rule
		if rules, err = change(r, n); err == nil {
			err = h.Inbox.SaveRules(c.Request().Context(), r.who, rules, actor(se))
		}
	}
	if errors.Is(err, errMovedOn) {
		return h.showRules(c, se, http.StatusUnprocessableEntity, errMovedOn.Error())
	} else if err != nil {
		return err
	}
	return goTo(c, r.at(rulesAt), "rules-saved", 0)
}

// seen is the place of the rule that was seen, or -1 for a new one; errMovedOn when the rules were saved since.
func (r ruled) seen(c echo.Context) (int, error) {
	if c.FormValue("version") != strconv.Itoa(r.version) {
		return 0, errMovedOn
	}
	if c.FormValue("n") == "" {
		return -1, nil
	}
	n, err := strconv.Atoi(c.FormValue("n"))
	if err != nil || n < 0 || n >= len(r.rules) {
		return 0, errMovedOn
	}
	return n, nil
}
