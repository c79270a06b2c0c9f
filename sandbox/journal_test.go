package sandbox_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"portal/sandbox"
)

func TestAReopenedSandboxKnowsWhatItKnew(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "journal")
	silent := func(string, http.Header, []byte) int { return 0 }
	s := open(t, sandbox.Options{Journal: file, Deliver: silent})
	sc := stripeAt(t, s, platformKey, time.Minute)
	cus, pm, to := payer(t, s, sc, "pm_card_visa")
	pi := must[*stripe.PaymentIntent](t)(sc.PaymentIntents.New(pay(cus, pm, to, 1000, "k")))
	secret := endpoint(t, s, shopKey, "http://portal.test/hook", "")
	sold := must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "a@example.com", Amount: 1000}))
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	// What kill -9 may leave behind: any part of the last line.
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for _, cut := range []int{0, 1, 100, len(whole) - last - 1, len(whole) - last} {
		torn := filepath.Join(t.TempDir(), "torn")
		if err := os.WriteFile(torn, whole[:last+cut], 0o600); err != nil {
			t.Fatal(err)
		}
		heard := make(chan string, 100)
		s := open(t, sandbox.Options{Journal: torn, Deliver: func(_ string, h http.Header, _ []byte) int {
			heard <- h.Get("Stripe-Signature")
			return 200
		}})
		sc := stripeAt(t, s, platformKey, time.Minute)
		replayed := must[*stripe.PaymentIntent](t)(sc.PaymentIntents.New(pay(cus, pm, to, 1000, "k")))
		if replayed.ID != pi.ID || s.Charges(platform) != 1 || s.Moved()[to]["eur"] != 1000 {
			t.Fatalf("cut %d: charged again", cut)
		}
		_, err := s.Renew(shop, sold.Subscription, start)
		if complete := last+cut == len(whole); complete != (err == nil) {
			t.Fatalf("cut %d: %v", cut, err)
		}
		flush(t, s)
		if want := 8; err == nil && len(heard) != want { // 4 still owed from before, 4 of the renewal
			t.Fatalf("%d deliveries, not %d", len(heard), want)
		}
		next := must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "b@example.com", Amount: 1000}))
		if next.Charge == sold.Charge && err == nil {
			t.Fatal("an id was given out twice")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		again := open(t, sandbox.Options{Journal: torn, Deliver: silent})
		if again.Charges(shop) != s.Charges(shop) {
			t.Fatal("what was done after the torn line is lost")
		}
	}
	if secret == "" {
		t.Fatal("no secret")
	}
}

func TestALongJournalIsShortenedAndForgetsNothing(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "journal")
	seen := map[string]bool{}
	keep := func(_ string, _ http.Header, body []byte) int {
		var e struct{ ID string }
		if err := json.Unmarshal(body, &e); err != nil || seen[e.ID] {
			t.Errorf("event %s twice (%v)", e.ID, err)
		}
		seen[e.ID] = true
		return 200
	}
	o := sandbox.Options{Journal: file, Senders: 1, Deliver: keep}
	s := open(t, o)
	endpoint(t, s, shopKey, "http://portal.test/hook", "")
	for i := range 150 {
		must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "a@example.com", Amount: 1000, At: start.AddDate(-1, 0, i)}))
	}
	flush(t, s)
	var size [2]int64
	for i := range size {
		before := must[os.FileInfo](t)(os.Stat(file))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, o)
		size[i] = must[os.FileInfo](t)(os.Stat(file)).Size()
		if i == 0 && size[0] > before.Size()/2 {
			t.Fatalf("%d bytes of %d are left", size[0], before.Size())
		}
		must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "a@example.com", Amount: 1000}))
		flush(t, s)
		if s.Charges(shop) != 151+i || len(seen) != 3*(151+i) {
			t.Fatalf("%d charges, %d events", s.Charges(shop), len(seen))
		}
	}
}

func TestADamagedJournalIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "journal")
	if err := os.WriteFile(file, []byte("[]\nnonsense\n[]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sandbox.Open(sandbox.Options{Journal: file}); err == nil {
		t.Fatal("it was opened")
	}
}

func TestTheSameStepsMakeTheSameIds(t *testing.T) {
	t.Parallel()
	run := func() [2]sandbox.Sold {
		s := open(t, sandbox.Options{})
		a := must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "a@example.com", Amount: 1000}))
		return [2]sandbox.Sold{a, must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "a@example.com", Amount: 1000}))}
	}
	if a, b := run(), run(); a != b {
		t.Fatalf("%v\n%v", a, b)
	}
}
