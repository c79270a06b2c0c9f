package sandbox_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"portal/sandbox"
)

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 9, 0, 0, 0, time.UTC)
}

// when is an object's time, in days.
func when(o map[string]any, field string) string {
	n, _ := o[field].(float64)
	return time.Unix(int64(n), 0).UTC().Format("2006-01-02")
}

// F30: as time goes by, what is due comes in the order of time, created when it was due; the day of the month is kept where
// the month has it.
func TestSubscriptionsRenewAsTheClockGoes(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	begin := day(2026, 12, 31)
	if _, err := s.Advance(shop, begin); err != nil {
		t.Fatal(err)
	}
	monthly := must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "m@example.com", Amount: 1000, Tax: 100}))
	must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "y@example.com", Amount: 9000, Interval: "year", At: day(2026, 1, 15)}))
	must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "w@example.com", Amount: 500, Interval: "week", At: day(2026, 12, 30)}))
	paid := must[[]sandbox.Sold](t)(s.Advance(shop, day(2027, 4, 1)))
	var got []string
	for _, p := range paid {
		in, ch := read(t, s, "/v1/invoices/"+p.Invoice), read(t, s, "/v1/charges/"+p.Charge)
		if when(in, "created") != when(ch, "created") || in["billing_reason"] != "subscription_cycle" {
			t.Errorf("invoice %v, charge %v", in, ch)
		}
		if p.Subscription == monthly.Subscription || in["amount_paid"] == 9000.0 {
			got = append(got, when(in, "created"))
		}
	}
	if strings.Join(got, " ") != "2027-01-15 2027-01-31 2027-02-28 2027-03-31" || len(paid) != 4+13 {
		t.Errorf("%d renewals: %v", len(paid), got)
	}
	last := 0.0
	list := read(t, s, "/v1/events?limit=100&type=invoice.paid")["data"].([]any)
	for i := len(list) - 1; i >= 0; i-- {
		e := list[i].(map[string]any)
		o := e["data"].(map[string]any)["object"].(map[string]any)
		if e["created"] != o["created"] || e["created"].(float64) < last {
			t.Errorf("event %s of an invoice of %s", when(e, "created"), when(o, "created"))
		}
		last = e["created"].(float64)
	}
	if sub := read(t, s, "/v1/subscriptions/"+monthly.Subscription); when(sub, "current_period_end") != "2027-04-30" {
		t.Errorf("the period ends %s", when(sub, "current_period_end"))
	}
	if again := must[[]sandbox.Sold](t)(s.Advance(shop, day(2027, 4, 1))); len(again) != 0 {
		t.Errorf("%d renewals at the same time", len(again))
	}
	if _, err := s.Advance(shop, day(2027, 3, 1)); err == nil {
		t.Error("the clock went back")
	}
	if cus := ask(t, s, 200, "/v1/customers", nil); when(cus, "created") != "2027-04-01" {
		t.Errorf("a customer is made on %s", when(cus, "created"))
	}
	if _, err := s.Advance("acct_none", day(2030, 1, 1)); err == nil {
		t.Error("an account that is not there went on")
	}
}

func TestATrialIsFreeUntilItEnds(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	sold := must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "t@example.com", Amount: 1000, Trial: 14, At: start}))
	in, cs := read(t, s, "/v1/invoices/"+sold.Invoice), read(t, s, "/v1/checkout/sessions/"+sold.Session)
	if sold.Charge != "" || in["total"] != 0.0 || in["status"] != "paid" || in["payment_intent"] != nil || cs["payment_status"] != "no_payment_required" || cs["amount_total"] != 0.0 {
		t.Errorf("sold %+v, invoice %v, session %v", sold, in["total"], cs["payment_status"])
	}
	if sub := read(t, s, "/v1/subscriptions/"+sold.Subscription); sub["status"] != "trialing" || when(sub, "trial_end") != when(sub, "current_period_end") {
		t.Errorf("subscription %v", sub)
	}
	ends := start.AddDate(0, 0, 14)
	paid := must[[]sandbox.Sold](t)(s.Advance(shop, ends))
	if len(paid) != 1 || read(t, s, "/v1/charges/"+paid[0].Charge)["amount"] != 1000.0 {
		t.Fatalf("paid %+v", paid)
	}
	sub := read(t, s, "/v1/subscriptions/"+sold.Subscription)
	if sub["status"] != "active" || when(sub, "current_period_end") != "2027-01-04" {
		t.Errorf("subscription is %v until %s", sub["status"], when(sub, "current_period_end"))
	}
	e := read(t, s, "/v1/events?type=customer.subscription.trial_will_end")["data"].([]any)[0].(map[string]any)
	if when(e, "created") != ends.AddDate(0, 0, -3).Format("2006-01-02") {
		t.Errorf("the end was said on %s", when(e, "created"))
	}
	other := must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "u@example.com", Amount: 1000, Trial: 14}))
	if o := ask(t, s, 200, "/v1/subscriptions/"+other.Subscription, url.Values{"trial_end": {"now"}}); o["status"] != "active" || s.Charges(shop) != 2 {
		t.Errorf("the trial that was ended: %v", o["status"])
	}
	if _, err := s.Subscribe(shop, sandbox.Order{Email: "u@example.com", Amount: 1000, Trial: -1}); err == nil {
		t.Error("a trial of -1 days")
	}
}

func TestASubscriptionEndsNowOrWithItsPeriod(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	subscribe := func(email string) string {
		return must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: email, Amount: 1000})).Subscription
	}
	now, later, stays := subscribe("a@example.com"), subscribe("b@example.com"), subscribe("c@example.com")
	if status, o := call(t, s, "DELETE", "/v1/subscriptions/"+now, nil); status != 200 || o["status"] != "canceled" || o["ended_at"] == nil || o["cancellation_details"].(map[string]any)["reason"] != "cancellation_requested" {
		t.Errorf("%d %v", status, o)
	}
	if o := ask(t, s, 200, "/v1/subscriptions/"+later, url.Values{"cancel_at_period_end": {"true"}, "cancellation_details[comment]": {"too dear"}}); o["status"] != "active" || o["cancel_at"] != o["current_period_end"] {
		t.Errorf("%v", o)
	}
	if err := s.Cancel(shop, stays, true, start); err != nil {
		t.Fatal(err)
	}
	if o := ask(t, s, 200, "/v1/subscriptions/"+stays, url.Values{"cancel_at_period_end": {"false"}}); o["cancel_at"] != nil || o["canceled_at"] != nil {
		t.Errorf("%v", o)
	}
	paid := must[[]sandbox.Sold](t)(s.Advance(shop, start.AddDate(0, 1, 0)))
	if len(paid) != 1 || paid[0].Subscription != stays {
		t.Errorf("paid %+v", paid)
	}
	if o := read(t, s, "/v1/subscriptions/"+later); o["status"] != "canceled" || o["ended_at"] != o["current_period_end"] || o["cancellation_details"].(map[string]any)["comment"] != "too dear" {
		t.Errorf("%v", o)
	}
	for query, want := range map[string]int{"": 1, "?status=all": 3, "?status=canceled": 2, "?status=ended": 2, "?status=active": 1, "?status=trialing": 0} {
		if got := strings.Fields(ids(t, s, "/v1/subscriptions"+query)); len(got) != want {
			t.Errorf("%q: %v", query, got)
		}
	}
	if got := strings.Join(types(t, s, "&types[]=customer.subscription.deleted&types[]=customer.subscription.updated"), " "); strings.Count(got, "deleted") != 2 || strings.Count(got, "updated") != 4 {
		t.Error(got)
	}
	ask(t, s, 400, "/v1/subscriptions/"+now, url.Values{"cancel_at_period_end": {"true"}})
	if _, err := s.Renew(shop, now, start); err == nil {
		t.Error("what has ended was renewed")
	}
}

func TestADeletedCustomerIsGoneWithTheirSubscriptions(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	sold := must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "a@example.com", Amount: 1000}))
	if status, o := call(t, s, "DELETE", "/v1/customers/"+sold.Customer, nil); status != 200 || o["deleted"] != true {
		t.Errorf("%d %v", status, o)
	}
	if o := read(t, s, "/v1/customers/"+sold.Customer); o["deleted"] != true || o["email"] != nil || ids(t, s, "/v1/customers") != "" {
		t.Errorf("%v", o)
	}
	if o := read(t, s, "/v1/subscriptions/"+sold.Subscription); o["status"] != "canceled" {
		t.Errorf("%v", o["status"])
	}
	if got := strings.Join(types(t, s, "&types[]=customer.deleted&types[]=customer.subscription.deleted"), " "); got != "customer.subscription.deleted customer.deleted" {
		t.Error(got)
	}
	if again := must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "a@example.com", Amount: 1000})); again.Customer == sold.Customer {
		t.Error("a deleted customer bought")
	}
}

// MONEY.md 2.5: what a credit note put to the customer's balance makes later invoices collect less.
func TestACustomersBalancePaysTheNextInvoice(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	sold := must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "a@example.com", Amount: 1000}))
	must[string](t)(s.Credit(shop, sandbox.CreditNote{Invoice: sold.Invoice, Balance: 900}))
	for _, want := range []float64{100, 1000} {
		again := must[sandbox.Sold](t)(s.Renew(shop, sold.Subscription, start))
		in := read(t, s, "/v1/invoices/"+again.Invoice)
		if in["total"] != 1000.0 || in["amount_paid"] != want || read(t, s, "/v1/charges/"+again.Charge)["amount"] != want || in["ending_balance"] != 0.0 {
			t.Errorf("invoice of %v: %v paid, balance %v", in["total"], in["amount_paid"], in["ending_balance"])
		}
	}
}

func TestAnAccountsClockOutlivesTheProgram(t *testing.T) {
	t.Parallel()
	o := sandbox.Options{Journal: filepath.Join(t.TempDir(), "journal"), Deliver: func(string, http.Header, []byte) int { return 200 }}
	s := open(t, o)
	must[[]sandbox.Sold](t)(s.Advance(shop, start.AddDate(0, 2, 0)))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if at := open(t, o).Clock(shop); !at.Equal(start.AddDate(0, 2, 0)) {
		t.Error(at)
	}
}

func TestAMonthLaterOnThePage(t *testing.T) {
	t.Parallel()
	s := answering(t, 200)
	get, post := browser(t, s)
	form := prefilled(t, get("/sandbox/?account="+shop), "subscriptions")
	form.Set("trial", "many")
	r, doc := post("/sandbox/subscriptions", form)
	if r.StatusCode != 422 || text(control(t, doc, "id", "subscriptions-trial-error")) == "" {
		t.Error(r.StatusCode)
	}
	form.Set("trial", "14")
	_, doc = post("/sandbox/subscriptions", form)
	if !strings.Contains(text(doc), "Started a subscription that is free at first") || !strings.Contains(text(doc), "Free until then") {
		t.Error(text(doc))
	}
	_, doc = post("/sandbox/times", url.Values{"account": {shop}})
	if !strings.Contains(text(doc), "It is 20 December 2026 at Stripe now. 1 period was paid for.") || s.Charges(shop) != 1 {
		t.Error(text(doc))
	}
	sub := attr(control(t, doc, "name", "subscription"), "value")
	if _, doc = post("/sandbox/endings", url.Values{"account": {shop}, "subscription": {sub}, "when": {"later"}}); !strings.Contains(text(doc), "Ends then") {
		t.Error(text(doc))
	}
	if _, doc = post("/sandbox/endings", url.Values{"account": {shop}, "subscription": {sub}, "when": {"now"}}); !strings.Contains(text(doc), "No subscriptions yet") {
		t.Error(text(doc))
	}
}
