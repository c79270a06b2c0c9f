package sources_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/sources"
	"portal/store/storetest"
)

// samples are every sample payload with the answer that is kept beside it, and every payload that storetest makes.
func samples(f *testing.F) [][2][]byte {
	f.Helper()
	files, err := filepath.Glob("testdata/stripe/*.json")
	if err != nil || len(files) < 100 {
		f.Fatalf("%d samples, %v", len(files), err)
	}
	var all [][2][]byte
	for _, file := range files {
		if strings.HasSuffix(file, ".want.json") || strings.HasSuffix(file, ".answer.json") {
			continue
		}
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		answer, err := os.ReadFile(strings.TrimSuffix(file, ".json") + ".answer.json")
		if err != nil && !os.IsNotExist(err) {
			f.Fatal(err)
		}
		all = append(all, [2][]byte{body, answer})
	}
	answers := []string{"", `{"invoice":"in_1","intent":"pi_1"}`, `{"invoice":"","intent":"pi_1","session":null}`}
	for n, body := range storetest.Samples() {
		all = append(all, [2][]byte{body, []byte(answers[n%len(answers)])})
	}
	return all
}

// Whatever a body holds: no panic, an error that is an ErrInvalid, and a base between nothing and what was collected.
func FuzzStripeRead(f *testing.F) {
	for _, seed := range samples(f) {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, body, answer []byte) {
		n, err := sources.Stripe{}.Read(models.Event{Body: body, Answer: answer})
		if err != nil {
			if !errors.Is(err, models.ErrInvalid) {
				t.Fatalf("%v is no ErrInvalid", err)
			}
			return
		}
		sound(t, n)
	})
}

// sound tells that news can be kept, counts nothing that cannot be, and is not newer than itself.
func sound(t *testing.T, n models.News) {
	t.Helper()
	for _, told := range n.Tellings {
		if told.Base.Minor < 0 || told.Base.Minor > told.Gross.Minor || told.Base.Currency != told.Gross.Currency {
			t.Fatalf("base %v of gross %v", told.Base, told.Gross)
		}
		if told.Counts && (told.Gross.Minor <= 0 || !told.Gross.Currency.Known() || told.PaidAt.IsZero()) {
			t.Fatalf("counts without amount, currency or date: %+v", told)
		}
		if sources.Newer(told, told) {
			t.Fatalf("newer than itself: %+v", told)
		}
	}
	for _, r := range n.Reversals {
		if r.Key == "" || len(r.Of) == 0 || r.Amount.Minor < 0 || !r.Amount.Currency.Known() || r.State == "" || r.Made.IsZero() || r.At.IsZero() {
			t.Fatalf("half a reversal: %+v", r)
		}
		if sources.NewerReversal(r, r) {
			t.Fatalf("newer than itself: %+v", r)
		}
	}
	for _, fact := range n.Facts {
		if fact.Subject == "" || fact.Kind == "" {
			t.Fatalf("half a fact: %+v", fact)
		}
	}
	text, err := json.Marshal(n)
	if err != nil || strings.Contains(string(text), `\u0000`) {
		t.Fatalf("cannot be kept: %v %s", err, text)
	}
	if n.Silent == "" && len(n.Tellings)+len(n.Reversals)+len(n.Facts) == 0 {
		t.Fatal("silent without a reason")
	}
	sources.Combine(n.Tellings)
}

// Whatever is posted: no panic, a field's error or one telling of it that can be kept.
func FuzzAPIRead(f *testing.F) {
	plain := sources.Transaction{Key: "order-7", Amount: "99.99", AmountUnits: "usd", Action: "sale", Partner: "PARTNER_A",
		CustomerKey: "user_1", CustomerEmail: "ada@example.com", ProductID: "prod_1", ProductType: "monthly", CreateCustomer: true, PaidAt: storetest.Day}
	odd := plain
	odd.Key, odd.Amount, odd.AmountUnits, odd.Action, odd.CustomerKey = "ch_1", "5.120", "KWD", "", "stripe_cus_1"
	posted := []sources.Transaction{plain, odd, {}}
	for _, amount := range []string{"-1", "1e9", "0x1", "NaN", "1.999", "99999999999999999999", "", " 1", "1,5", "٣"} {
		posted = append(posted, sources.Transaction{Key: "pi_1", Amount: amount, AmountUnits: "usd"})
	}
	for _, tr := range posted {
		body, err := json.Marshal(tr)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, []byte(`{"invoice":"in_1","intent":"pi_1"}`))
		f.Add(body, []byte(nil))
	}
	for _, seed := range samples(f) {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, body, answer []byte) {
		n, err := sources.API{}.Read(models.Event{Body: body, Answer: answer})
		if err != nil {
			if !errors.Is(err, models.ErrInvalid) {
				t.Fatalf("%v is no ErrInvalid", err)
			}
			return
		}
		sound(t, n)
		if len(n.Tellings) != 1 || len(n.Reversals) != 0 || n.Silent != "" {
			t.Fatalf("a transaction is one telling: %+v", n)
		}
		told := n.Tellings[0]
		if len(told.Aliases()) == 0 || told.Object == "api:" || len(told.Body) != 64 || told.Base != told.Gross {
			t.Fatalf("without a name or a digest, or not whole: %+v", told)
		}
		if (n.Ask != nil) == told.InvoiceKnown {
			t.Fatalf("asks %v, the invoice is known: %v", n.Ask, told.InvoiceKnown)
		}
	})
}

// Whatever the header and the body: only who holds the secret is believed, and what they send gets a name.
func FuzzVerify(f *testing.F) {
	const secret = "whsec_fuzzed"
	now := storetest.Day
	f.Add("t=9223372036854775808,v1=00", []byte("{}"))
	f.Add("t=,v1=,=", []byte(`{"id":1e999}`))
	for _, seed := range samples(f) {
		f.Add(storetest.Signed(secret, seed[0], now).Get("Stripe-Signature"), seed[0])
	}
	f.Fuzz(func(t *testing.T, signature string, body []byte) {
		good := storetest.Signed(secret, body, now)
		e, err := sources.Stripe{}.Verify([]string{secret}, http.Header{"Stripe-Signature": {signature}}, body, now)
		if _, mac, _ := strings.Cut(good.Get("Stripe-Signature"), "v1="); err == nil && !strings.Contains(strings.ToLower(signature), mac) {
			t.Fatalf("a forged %q was taken as %+v", signature, e)
		}
		e, err = sources.Stripe{}.Verify([]string{secret}, good, body, now)
		if err != nil || e.ProviderID == "" || len(e.ProviderID) > 255 || e.Type == "" || len(e.Type) > 255 {
			t.Fatalf("a signed body: %v, %+v", err, e)
		}
		if _, err := (sources.Stripe{}).Verify([]string{secret}, good, body, now.Add(time.Hour)); err == nil {
			t.Fatal("an hour later it was still taken")
		}
	})
}
