package sandbox_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/sandbox"
)

// asked is a request as a client makes it, whose answer may be anything or nothing.
func asked(t *testing.T, s *sandbox.Sandbox, path string) (*http.Response, string, error) {
	t.Helper()
	server := httptest.NewServer(s.API())
	defer server.Close()
	r := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, strings.NewReader("")))
	r.Header.Set("Authorization", "Bearer "+shopKey)
	answer, err := (&http.Client{Timeout: 300 * time.Millisecond}).Do(r)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return answer, string(body), err
}

func TestEveryTroubleLastsUntilItIsOver(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		trouble sandbox.Trouble
		status  int // 0: no answer
		works   bool
	}{{sandbox.Silent, 0, false}, {sandbox.Limited, 429, false}, {sandbox.Failing, 500, false}, {sandbox.Unsure, 500, true},
		{sandbox.Gateway, 503, false}, {sandbox.Breaking, 0, true}, {sandbox.NoTrouble, 200, true}} {
		t.Run(string(c.trouble), func(t *testing.T) {
			t.Parallel()
			s := open(t, sandbox.Options{})
			if err := s.Trouble(shop, c.trouble); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				answer, body, err := asked(t, s, "/v1/customers")
				switch {
				case (err == nil) != (c.status != 0):
					t.Fatalf("answered %v, %v", answer, err)
				case err == nil && answer.StatusCode != c.status:
					t.Errorf("%d %s", answer.StatusCode, body)
				case c.status == 429 && (answer.Header.Get("Retry-After") != "2" || !strings.Contains(body, "rate_limit")):
					t.Errorf("%v %s", answer.Header, body)
				case c.status == 503 && (!strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") || !strings.Contains(body, "<html>")):
					t.Errorf("%v %s", answer.Header, body)
				}
			}
			if status, _ := call(t, s, "GET", "/v1/account", nil, "Authorization", "Bearer "+platformKey); status != 200 {
				t.Errorf("another account is answered %d", status)
			}
			if err := s.Trouble(shop, sandbox.NoTrouble); err != nil {
				t.Fatal(err)
			}
			made := read(t, s, "/v1/customers")["data"].([]any)
			if (len(made) >= 2) != c.works || !c.works && len(made) > 0 { // on a cut, net/http may ask again by itself
				t.Errorf("%d customers were made", len(made))
			}
		})
	}
	if err := open(t, sandbox.Options{}).Trouble(shop, "nonsense"); err == nil {
		t.Error("a trouble that is not known was set")
	}
}

func TestASlowAnswerIsRightAllTheSame(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	s.Fail(sandbox.Fault{Path: "/v1/customers", Hang: 100 * time.Millisecond})
	from := time.Now()
	if answer, body, err := asked(t, s, "/v1/customers"); err != nil || answer.StatusCode != 200 || time.Since(from) < 100*time.Millisecond {
		t.Error(answer, body, err)
	}
	s.Fail(sandbox.Fault{Account: platform, Path: "/v1/customers", Status: 500})
	if answer, _, err := asked(t, s, "/v1/customers"); err != nil || answer.StatusCode != 200 {
		t.Error("another account's fault struck", err)
	}
}

// MONEY.md 3.2: a key that is revoked, or loses a right, while the program runs.
func TestAKeyCanBeRevokedAndLoseARight(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	s.RevokeKey(shopKey)
	if status, body := call(t, s, "GET", "/v1/invoices", nil); status != 401 || body["error"].(map[string]any)["code"] != "api_key_expired" {
		t.Errorf("%d %v", status, body)
	}
	s.RestoreKey(shopKey)
	s.Allow(shopKey, sandbox.AllBut("rak_invoice_read"))
	for path, want := range map[string]int{"/v1/invoices": 403, "/v1/charges": 200} {
		if status, body := call(t, s, "GET", path, nil); status != want {
			t.Errorf("%s: %d %v", path, status, body)
		}
	}
	s.Allow(shopKey, sandbox.AllBut("rak_customer_write"))
	read(t, s, "/v1/customers")
	ask(t, s, 403, "/v1/customers", nil)
	s.Allow(shopKey, nil)
	ask(t, s, 200, "/v1/customers", nil)
}

// taken is a sandbox with one sender whose webhooks go into a list of types.
func taken(t *testing.T) (s *sandbox.Sandbox, list func() []string) {
	t.Helper()
	var mu sync.Mutex
	var got []string
	s = open(t, sandbox.Options{Senders: 1, Deliver: func(_ string, _ http.Header, body []byte) int {
		mu.Lock()
		defer mu.Unlock()
		_, after, _ := strings.Cut(string(body), `"id":"evt_`)
		id, _, _ := strings.Cut(after, `"`)
		got = append(got, id)
		return 200
	}})
	endpoint(t, s, shopKey, "http://portal.test/hook", "")
	return s, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(got)
	}
}

// MONEY.md 0.4, 3.4: a week of webhooks withheld is listed all the same, and comes later or never.
func TestAWeekOfWebhooksCanBeWithheld(t *testing.T) {
	t.Parallel()
	s, got := taken(t)
	s.Withhold(shop, true)
	for day := range 7 {
		must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "a@example.com", Amount: 1000, At: start.AddDate(0, 0, day-7)}))
	}
	flush(t, s)
	if len(got()) != 0 {
		t.Fatalf("%d came", len(got()))
	}
	if listed := types(t, s, "&type=charge.succeeded"); len(listed) != 7 {
		t.Errorf("%d are listed", len(listed))
	}
	if missed := read(t, s, "/v1/events?limit=100&delivery_success=false")["data"].([]any); len(missed) != 21 {
		t.Errorf("%d are not delivered", len(missed))
	}
	s.Withhold(shop, false)
	flush(t, s)
	if len(got()) != 21 {
		t.Errorf("%d came when they were let go", len(got()))
	}
	s.Withhold(shop, true)
	must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "a@example.com", Amount: 1000}))
	if n, err := s.Drop(shop); n != 3 || err != nil {
		t.Errorf("%d dropped, %v", n, err)
	}
	s.Withhold(shop, false)
	flush(t, s)
	if listed := types(t, s, "&type=charge.succeeded"); len(got()) != 21 || len(listed) != 8 {
		t.Errorf("%d came, %d are listed", len(got()), len(listed))
	}
}

// MONEY.md 0.2, 0.3: webhooks come twice, and in disorder.
func TestWebhooksComeTwiceAndInDisorder(t *testing.T) {
	t.Parallel()
	run := func(shuffle, twice bool) []string {
		s, got := taken(t)
		s.Withhold(shop, true)
		for n := range 4 {
			must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: fmt.Sprintf("c%d@example.com", n), Amount: 1000}))
		}
		s.Shuffle(shop, shuffle)
		s.Duplicate(shop, twice)
		s.Withhold(shop, false)
		flush(t, s)
		return got()
	}
	plain, mixed, again, twice := run(false, false), run(true, false), run(true, false), run(false, true)
	if len(plain) != 12 || slices.Equal(plain, mixed) || !slices.Equal(mixed, again) {
		t.Errorf("in order %v\nby chance %v\nonce more %v", plain, mixed, again)
	}
	slices.Sort(mixed)
	slices.Sort(plain)
	if !slices.Equal(plain, mixed) {
		t.Error("the disorder lost or made webhooks")
	}
	slices.Sort(twice)
	if len(twice) != 24 || !slices.Equal(slices.Compact(twice), plain) {
		t.Errorf("twice: %v", twice)
	}
}

func TestThePageSaysWhatIsWrongAndSetsIt(t *testing.T) {
	t.Parallel()
	s := answering(t, 200)
	get, post := browser(t, s)
	if doc := get("/sandbox/?account=" + shop); !strings.Contains(text(doc), "Everything works.") {
		t.Fatal(text(doc))
	}
	form := prefilled(t, get("/sandbox/?account="+shop), "faults")
	form.Set("trouble", "limited")
	form.Set("withhold", "on")
	form.Set("key0", "rak_invoice_read")
	r, doc := post("/sandbox/faults", form)
	for _, words := range []string{"Stripe's API answers 429, too many requests.", "Webhooks are withheld: 0 wait.", "lacks rak_invoice_read, rak_invoice_write."} {
		if r.StatusCode != 200 || strings.Count(text(doc), words) != 2 { // said once, and shown as the present state
			t.Errorf("%d: %q stands %d times", r.StatusCode, words, strings.Count(text(doc), words))
		}
	}
	if kept := prefilled(t, doc, "faults"); kept.Encode() != form.Encode() {
		t.Errorf("the form shows %v", kept)
	}
	form.Set("trouble", "")
	post("/sandbox/faults", form)
	_, doc = post("/sandbox/sales", prefilled(t, doc, "sales"))
	if !strings.Contains(text(doc), "3 webhooks are withheld.") {
		t.Error(text(doc))
	}
	if _, doc = post("/sandbox/faults", url.Values{"account": {shop}, "drop": {"1"}}); !strings.Contains(text(doc), "3 webhooks were dropped") {
		t.Error(text(doc))
	}
	if _, doc = post("/sandbox/faults", url.Values{"account": {shop}}); !strings.Contains(text(doc), "lacks rak_invoice_read") {
		t.Error("a key that the form did not name was changed")
	}
	for name, bad := range map[string]string{"trouble": "nonsense", "key0": "rak_nonsense"} {
		if r, _ := post("/sandbox/faults", url.Values{"account": {shop}, name: {bad}}); r.StatusCode != 422 {
			t.Errorf("%s %s: %d", name, bad, r.StatusCode)
		}
	}
}
