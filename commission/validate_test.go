package commission_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"portal/commission"
	"portal/models"
)

func TestValidate(t *testing.T) {
	with := func(r models.Rule, change func(*models.Rule)) models.Rule { change(&r); return r }
	plain := rule("percent 20")
	for name, c := range map[string]struct {
		rules []models.Rule
		want  string // the fields at fault
	}{
		"no rules":                             {nil, ""},
		"20 % of all":                          {[]models.Rule{plain}, ""},
		"0, 100 and four decimals":             {[]models.Rule{rule("percent 0"), rule("percent 100 product=a"), rule("percent 0.0001 product=b"), rule("percent 100.0000 product=c")}, ""},
		"more than 100 %":                      {[]models.Rule{rule("percent 100.0001")}, "data[0].value"},
		"five decimals":                        {[]models.Rule{rule("percent 1.23456")}, "data[0].value"},
		"less than 0 %":                        {[]models.Rule{rule("percent -1")}, "data[0].value"},
		"a percentage that is no number":       {[]models.Rule{rule("percent 1e1"), rule("percent NaN product=a"), rule("percent 1/3 product=b"), rule("percent .5 product=c")}, "data[0].value data[1].value data[2].value data[3].value"},
		"an empty value":                       {[]models.Rule{with(plain, func(r *models.Rule) { r.Value = "" })}, "data[0].value"},
		"a fixed amount":                       {[]models.Rule{rule("fixed 5.00 usd"), rule("fixed 500 jpy product=a"), rule("fixed 1.234 kwd product=b"), rule("fixed 0 usd product=c")}, ""},
		"a fixed amount of too many decimals":  {[]models.Rule{rule("fixed 5.001 usd"), rule("fixed 5.0 jpy product=a")}, "data[0].value data[1].value"},
		"a fixed amount below zero":            {[]models.Rule{rule("fixed -5.00 usd")}, "data[0].value"},
		"a fixed amount too large":             {[]models.Rule{rule("fixed 92233720368547758.08 usd")}, "data[0].value"},
		"a fixed amount without its currency":  {[]models.Rule{rule("fixed 5.00")}, "data[0].currency"},
		"a fixed amount in no known currency":  {[]models.Rule{rule("fixed 5.00 zzz")}, "data[0].currency"},
		"a type that is not known":             {[]models.Rule{rule("share 5.00")}, "data[0].type"},
		"every duration there is":              {[]models.Rule{rule("percent 1 recurring=first"), rule("percent 1 product=a recurring=1"), rule("percent 1 product=b recurring=120")}, ""},
		"durations that are none":              {[]models.Rule{rule("percent 1 recurring=0"), rule("percent 1 product=a recurring=121"), rule("percent 1 product=b recurring=012"), rule("percent 1 product=c recurring=+3"), rule("percent 1 product=d recurring=")}, "data[0].recurring data[1].recurring data[2].recurring data[3].recurring data[4].recurring"},
		"a partner's key":                      {[]models.Rule{rule("percent 1 partner=PARTNER_A-1")}, ""},
		"what is no partner's key":             {[]models.Rule{rule("percent 1 partner=a.b"), rule("percent 1 partner=")}, "data[0].partner data[1].partner"},
		"an empty product and type":            {[]models.Rule{rule("percent 1 product= type=")}, "data[0].product data[0].product_type"},
		"a product the database cannot keep":   {[]models.Rule{rule("percent 1 product=a\x00b"), rule("percent 1 product=\xff"), rule("percent 1 product=" + strings.Repeat("é", 201))}, "data[0].product data[1].product data[2].product"},
		"a product in another script":          {[]models.Rule{rule("percent 1 product=" + strings.Repeat("é", 200))}, ""},
		"two rules for the same":               {[]models.Rule{plain, rule("percent 1 product=a"), rule("fixed 5.00 usd recurring=first")}, "data[2]"},
		"a product by the name of any is one":  {[]models.Rule{plain, rule("percent 1 product=any")}, ""},
		"several faults are all named at once": {[]models.Rule{plain, rule("percent 101 product=a recurring=never")}, "data[1].value data[1].recurring"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := commission.Validate(c.rules)
			var wrong models.FieldErrors
			if err != nil && (!errors.As(err, &wrong) || !errors.Is(err, models.ErrInvalid)) {
				t.Fatalf("got %v", err)
			}
			var fields []string
			for _, e := range wrong {
				if e.Message == "" {
					t.Errorf("%s: no message", e.Field)
				}
				fields = append(fields, e.Field)
			}
			if got := strings.Join(fields, " "); got != c.want {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

// A rule that passes Validate can always be counted with: nothing in it is unreadable later.
func TestARuleThatIsValidCanBeCounted(t *testing.T) {
	value := rapid.OneOf(rapid.StringMatching(`[0-9]{1,3}(\.[0-9]{1,5})?`), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		r := models.Rule{Type: rapid.SampledFrom([]string{"percent", "fixed"}).Draw(t, "type"), Value: value.Draw(t, "value"), Currency: "usd",
			Recurring: rapid.OneOf(rapid.SampledFrom([]string{"always", "first", "1", "120"}), rapid.String()).Draw(t, "recurring")}
		if commission.Validate([]models.Rule{r}) != nil {
			return
		}
		if e := commission.Earn(sets(r), models.Payment{Base: usd(10000), PaidAt: march}, partnerA, models.Past{}); !e.Earns {
			t.Fatalf("%+v\n%s", r, said(e))
		}
	})
}
