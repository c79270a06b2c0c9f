package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"portal/sandbox"
)

// pages are the ids that a list names when it is read a page at a time, in one direction or the other.
func pages(t *testing.T, s *sandbox.Sandbox, path string, limit int, before string) (all []string) {
	t.Helper()
	cursor, sep, upward := "", "?", before != ""
	if upward {
		cursor = "&ending_before=" + before
	}
	if strings.Contains(path, "?") {
		sep = "&"
	}
	for {
		page := read(t, s, fmt.Sprintf("%s%slimit=%d%s", path, sep, limit, cursor))
		var ids []string
		for _, o := range page["data"].([]any) {
			ids = append(ids, o.(map[string]any)["id"].(string))
		}
		if len(ids) > limit || len(all) > 1000000 {
			t.Fatalf("%d of at most %d, after %d", len(ids), limit, len(all))
		}
		if upward {
			all = append(ids, all...)
		} else {
			all = append(all, ids...)
		}
		if page["has_more"] != true || len(ids) == 0 {
			return all
		}
		cursor = "&starting_after=" + ids[len(ids)-1]
		if upward {
			cursor = "&ending_before=" + ids[0]
		}
	}
}

// MONEY.md 3.4: each list is read whole by pages of any length, forward and backward, newest first, and by when its things
// were created, whatever the order in which they came.
func TestEveryListIsPagedAndCutByTime(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	day := func(n int) time.Time { return start.AddDate(0, 0, -n) }
	for _, n := range []int{5, 3, 9, 1, 7, 3} { // not in the order of time
		order := sandbox.Order{Email: fmt.Sprintf("c%d@example.com", n), Amount: 1000, At: day(n)}
		sold := must[sandbox.Sold](t)(s.Sell(shop, order))
		sub := must[sandbox.Sold](t)(s.Subscribe(shop, order))
		must[string](t)(s.Refund(shop, sold.Charge, 100, day(n)))
		must[string](t)(s.Dispute(shop, sandbox.Dispute{Of: sold.Charge, At: day(n)}))
		must[string](t)(s.Credit(shop, sandbox.CreditNote{Invoice: sub.Invoice, Outside: 100, At: day(n)}))
	}
	for _, path := range strings.Fields("customers charges payment_intents checkout/sessions invoices subscriptions refunds disputes credit_notes events products prices") {
		path = "/v1/" + path
		whole := pages(t, s, path, 100, "")
		if len(whole) < 2 {
			t.Errorf("%s: %v", path, whole)
		}
		known := map[string]float64{}
		for page := path + "?limit=100"; page != ""; {
			list := read(t, s, page)
			page = ""
			for _, o := range list["data"].([]any) {
				o := o.(map[string]any)
				known[o["id"].(string)] = o["created"].(float64)
				if list["has_more"] == true {
					page = path + "?limit=100&starting_after=" + o["id"].(string)
				}
			}
		}
		created := func(id string) float64 { return known[id] }
		for i := 1; i < len(whole); i++ {
			if created(whole[i-1]) < created(whole[i]) {
				t.Fatalf("%s: %s is newer than %s before it", path, whole[i], whole[i-1])
			}
		}
		for _, limit := range []int{1, 3} {
			if got := pages(t, s, path, limit, ""); strings.Join(got, " ") != strings.Join(whole, " ") {
				t.Errorf("%s by %d: %v\nwhole %v", path, limit, got, whole)
			}
		}
		last := whole[len(whole)-1]
		if got := append(pages(t, s, path, 2, last), last); strings.Join(got, " ") != strings.Join(whole, " ") {
			t.Errorf("%s backward: %v", path, got)
		}
		at := day(3).Unix()
		for filter, holds := range map[string]func(float64) bool{"[gt]": func(c float64) bool { return int64(c) > at }, "[gte]": func(c float64) bool { return int64(c) >= at },
			"[lt]": func(c float64) bool { return int64(c) < at }, "[lte]": func(c float64) bool { return int64(c) <= at }, "": func(c float64) bool { return int64(c) == at }} {
			var want []string
			for _, id := range whole {
				if holds(created(id)) {
					want = append(want, id)
				}
			}
			if got := pages(t, s, fmt.Sprintf("%s?created%s=%d", path, filter, at), 2, ""); strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%s created%s: %v, want %v", path, filter, got, want)
			}
		}
		for _, wrong := range []string{"limit=0", "limit=101", "limit=x", "created[gt]=x", "starting_after=none", "ending_before=none", "created[ge]=1"} {
			if status, body := call(t, s, "GET", path+"?"+wrong, nil); status != 400 {
				t.Errorf("%s?%s: %d %v", path, wrong, status, body)
			}
		}
	}
}

// MONEY.md 3.4: events are listed for 30 days, by their types and by whether everybody heard of them.
func TestEventsAreFilteredAndKept30Days(t *testing.T) {
	t.Parallel()
	var days atomic.Int64
	var refusing atomic.Bool
	s := open(t, sandbox.Options{Now: func() time.Time { return start.AddDate(0, 0, int(days.Load())) }, Deliver: func(string, http.Header, []byte) int {
		if refusing.Load() {
			return 500
		}
		return 200
	}})
	endpoint(t, s, shopKey, "http://portal.test/hook", "")
	must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "a@example.com", Amount: 1000}))
	flush(t, s)
	refusing.Store(true)
	must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "b@example.com", Amount: 1000}))
	flush(t, s)
	for query, want := range map[string]int{"&type=charge.succeeded": 2, "&types[]=charge.succeeded&types[]=customer.created": 4, "&types[0]=charge.succeeded": 2, "&type=charge.*": 2, "&type=nothing": 0,
		"&delivery_success=false": 3, "&delivery_success=true&type=charge.succeeded": 1} {
		if got := types(t, s, query); len(got) != want {
			t.Errorf("%s: %v, want %d", query, got, want)
		}
	}
	many := url.Values{}
	for n := range 21 {
		many.Add("types[]", fmt.Sprint("a.", n))
	}
	for _, wrong := range []string{many.Encode(), "type=a&types[]=b", "delivery_success=perhaps"} {
		if status, body := call(t, s, "GET", "/v1/events?"+wrong, nil); status != 400 {
			t.Errorf("%s: %d %v", wrong, status, body)
		}
	}
	days.Store(30)
	if got := types(t, s, "&type=charge.succeeded"); len(got) != 2 {
		t.Errorf("after 30 days %v", got)
	}
	if _, err := s.Drop(shop); err != nil { // given up, not taken
		t.Fatal(err)
	}
	if got := types(t, s, "&delivery_success=false"); len(got) != 3 {
		t.Errorf("not taken: %v", got)
	}
	days.Store(31)
	if got := types(t, s, ""); len(got) != 0 {
		t.Errorf("after 31 days %v", got)
	}
}

func TestFullAccountsAreMadeAndReadQuickly(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	began := time.Now()
	if err := s.Fill(shop, 5000); err != nil {
		t.Fatal(err)
	}
	if err := s.FillPayments(shop, 200, sandbox.Order{Amount: 1000, Tax: 100, At: start.AddDate(0, 0, -2)}); err != nil {
		t.Fatal(err)
	}
	made := time.Since(began)
	began = time.Now()
	seen := map[string]bool{}
	for _, id := range pages(t, s, "/v1/customers", 100, "") {
		seen[id] = true
	}
	old := pages(t, s, fmt.Sprintf("/v1/customers?created[lt]=%d", start.AddDate(0, 0, -30).Unix()), 100, "")
	day := fmt.Sprintf("?created[gte]=%d&created[lt]=%d", start.AddDate(0, 0, -2).Unix(), start.AddDate(0, 0, -1).Unix())
	charges, invoices := pages(t, s, "/v1/charges"+day, 100, ""), pages(t, s, "/v1/invoices"+day, 100, "")
	if len(seen) != 5200 || len(old) != 5000 || len(charges) != 200 || len(invoices) != 100 {
		t.Errorf("%d customers, %d old, %d charges, %d invoices", len(seen), len(old), len(charges), len(invoices))
	}
	if got := ids(t, s, "/v1/customers?email=old.000001@example.com"); got != old[len(old)-1] {
		t.Errorf("found by e-mail: %q", got)
	}
	if read := time.Since(began); made+read > time.Minute { // it takes a second or two
		t.Errorf("made in %s, read in %s", made, read)
	}
}

// BenchmarkAHundredThousandCustomersAreListed reads every customer by pages of 100.
func BenchmarkAHundredThousandCustomersAreListed(b *testing.B) {
	s, err := sandbox.Open(sandbox.Options{})
	if err != nil {
		b.Fatal(err)
	}
	s.AddAccount(sandbox.Account{ID: shop, SecretKeys: []string{shopKey}})
	if err := s.Fill(shop, 100000); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		t := &testing.T{}
		if n := len(pages(t, s, "/v1/customers", 100, "")); n != 100000 {
			b.Fatal(n)
		}
	}
}
