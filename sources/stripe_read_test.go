package sources

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portal/models"
)

var update = flag.Bool("update", false, "write what is read as what is wanted")

// sample is one event as Stripe sends it, with the answer kept beside it where there is one.
func sample(t testing.TB, name string) models.Event {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "stripe", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := os.ReadFile(filepath.Join("testdata", "stripe", name+".answer.json"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return models.Event{Source: models.SourceStripe, Body: body, Answer: answer}
}

func sampleNames(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/stripe/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if !strings.HasSuffix(name, ".want") && !strings.HasSuffix(name, ".answer") {
			names = append(names, name)
		}
	}
	if len(names) < 50 {
		t.Fatalf("only %d samples found", len(names))
	}
	return names
}

// news reads a sample that must be readable.
func news(t testing.TB, name string) models.News {
	t.Helper()
	n, err := Stripe{}.Read(sample(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// Each case of MONEY.md 1.3 and 2.4 in both payload shapes (_old 2023-10-16, _new 2025-03-31), F10, F11, F12, D1-D5.
func TestSampleEventsAreToldAsWanted(t *testing.T) {
	t.Parallel()
	for _, name := range sampleNames(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := json.MarshalIndent(news(t, name), "", " ")
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", "stripe", name+".want.json")
			if *update {
				if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(append(got, '\n'), want) {
				t.Errorf("got %s\nwant %s", got, want)
			}
		})
	}
}

// MONEY.md 2.3, 2.4: what each case collects and what commission is counted on, said once more by hand.
func TestAmountsFollowTheCash(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		counts      bool
		gross, base int64
		currency    models.Currency
	}{
		"session_payment_*":             {true, 12000, 10000, "usd"}, // P7, P38: tax never earns
		"session_unpaid_*":              {false, 0, 0, "usd"},        // P8
		"session_async_succeeded_*":     {true, 12000, 10000, "usd"}, // P8
		"session_subscription_*":        {false, 0, 0, "usd"},        // its invoice counts
		"session_invoice_creation_*":    {true, 12000, 12000, "usd"},
		"session_coupon_free_new":       {false, 0, 0, "usd"},
		"session_setup_new":             {false, 0, 0, ""},
		"session_adaptive_old":          {true, 12000, 10000, "usd"}, // 1850/11100 of it is tax
		"invoice_create_*":              {true, 12000, 12000, "usd"},
		"invoice_tax_o*":                {true, 12000, 10000, "usd"},
		"invoice_tax_n*":                {true, 12000, 10000, "usd"},
		"invoice_tax_included_*":        {true, 12000, 10000, "usd"},
		"invoice_discounts_*":           {true, 24512, 22707, "usd"}, // the worked sample of MONEY.md 1.3, P11
		"invoice_credit_balance_*":      {true, 9000, 7500, "usd"},   // 9000 × 10000/12000
		"invoice_all_from_credit_*":     {false, 0, 0, "usd"},
		"invoice_trial_*":               {false, 0, 0, "usd"},
		"invoice_out_of_band_*":         {true, 12000, 10000, "usd"},
		"invoice_overpaid_new":          {true, 12000, 12000, "usd"},
		"invoice_update_*":              {true, 4000, 4000, "usd"}, // D7
		"charge_without_invoice_old":    {true, 12000, 12000, "usd"},
		"charge_with_invoice_old":       {false, 12000, 12000, "usd"},
		"charge_authorised_*":           {false, 0, 0, "usd"},
		"charge_captured_in_part_old":   {true, 9000, 9000, "usd"},
		"charge_answered_invoice_new":   {false, 12000, 12000, "usd"},
		"charge_jpy_old":                {true, 12000, 12000, "jpy"}, // P34
		"charge_kwd_new":                {true, 12340, 12340, "kwd"}, // P15
		"charge_refunded_half_*":        {true, 12000, 12000, "usd"}, // the sale stays as it was, P48
		"invoice_payment_succeeded_*":   {true, 12000, 12000, "usd"},
		"charge_legacy_receipt_email_*": {true, 12000, 12000, "usd"},
		"intent_succeeded_old":          {true, 12000, 12000, "usd"},
		"intent_of_invoice_old":         {false, 12000, 12000, "usd"},
		"intent_captured_in_part_old":   {true, 9000, 9000, "usd"},
		"intent_answered_invoice_new":   {false, 12000, 12000, "usd"},
		"invoice_payment_new":           {false, 0, 0, "usd"},
		"invoice_overpaid_event_new":    {true, 12000, 12000, "usd"},
		"invoice_null_version_*":        {true, 12000, 12000, "usd"},
		"session_shipping_new":          {true, 12000, 10000, "usd"}, // the setting takes it off, not the reader
	} {
		files, _ := filepath.Glob("testdata/stripe/" + name + ".json")
		seen := false
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".json")
			if strings.Contains(name, ".") {
				continue
			}
			seen = true
			got := news(t, name).Tellings[0]
			gross, base := models.Money{Minor: want.gross, Currency: want.currency}, models.Money{Minor: want.base, Currency: want.currency}
			if got.Counts != want.counts || got.Gross != gross || got.Base != base {
				t.Errorf("%s: counts %v, gross %v, base %v; want %v, %v, %v", name, got.Counts, got.Gross, got.Base, want.counts, gross, base)
			}
		}
		if !seen {
			t.Errorf("no sample %s", name)
		}
	}
}

// D5, P1, P4, MONEY.md 2.5: a refund is the state of its charge; what was never captured is no revenue given back.
func TestRefundsAreTheStateOfTheirCharge(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int64{
		"charge_refunded_half_old": 6000, "charge_refunded_half_new": 6000,
		"charge_refunded_full_old": 12000, "charge_refunded_full_new": 12000,
		"charge_refunded_with_invoice_old":       6000,
		"charge_refunded_after_part_capture_old": 4500, // 7500 less the 3000 that were released
	} {
		n := news(t, name)
		if len(n.Reversals) != 1 || n.Reversals[0].Key != "ch_1" || n.Reversals[0].Amount.Minor != want {
			t.Errorf("%s: %+v", name, n.Reversals)
		}
	}
	if n := news(t, "charge_refunded_authorisation_old"); len(n.Tellings)+len(n.Reversals) != 0 || n.Silent == "" {
		t.Errorf("a released authorisation tells %+v", n)
	}
}

// The sentences of issue 2, "Bad input": no panic, and a reason that names the object and the field.
func TestBadAmountsAreRefusedWithASentence(t *testing.T) {
	t.Parallel()
	const huge = `92233720368547758070`
	for _, c := range []struct{ name, from, to, want string }{
		{"invoice_create_old", `"amount_paid": 12000`, `"amount_paid": -1`, "invoice in_1: amount_paid is negative"},
		{"invoice_create_new", `"amount_paid": 12000`, `"amount_paid": null`, "invoice in_1: amount_paid is missing"},
		{"invoice_create_new", `"amount_paid": 12000`, `"amount_payed": 1`, "invoice in_1: amount_paid is missing"},
		{"invoice_create_new", `"amount_paid": 12000`, `"amount_paid": "12000"`, "invoice in_1: amount_paid is not a number"},
		{"invoice_create_new", `"amount_paid": 12000`, `"amount_paid": 120.5`, "invoice in_1: amount_paid is not a whole number"},
		{"invoice_create_new", `"amount_paid": 12000`, `"amount_paid": 1e4`, "invoice in_1: amount_paid is not a whole number"},
		{"invoice_create_new", `"amount_paid": 12000`, `"amount_paid": ` + huge, "invoice in_1: amount_paid is too large"},
		{"invoice_create_new", `"total": 12000`, `"total": -` + huge, "invoice in_1: total is too large"},
		{"invoice_create_new", `"total": 12000`, `"total": {}`, "invoice in_1: total is not a number"},
		{"invoice_create_new", `"currency": "usd"`, `"currency": "zzz"`, "invoice in_1: currency is not a currency that Portal knows"},
		{"invoice_create_new", `"currency": "usd"`, `"currency": null`, "invoice in_1: currency is missing"},
		{"invoice_create_new", `"currency": "usd"`, `"currency": 840`, "invoice in_1: currency is not a text"},
		{"invoice_create_new", `"id": "in_1"`, `"id": null`, "invoice: id is missing"},
		{"invoice_create_new", `"id": "in_1"`, `"id": 1`, "invoice: id is not an id"},
		{"invoice_create_new", `"id": "in_1"`, `"id": "in_` + strings.Repeat("1", 300) + `"`, "invoice: id is not an id"},
		{"invoice_create_new", `"amount": 12000`, `"amount": "x"`, "invoice in_1: lines.data[0].amount is not a number"},
		{"invoice_create_new", `"discount_amounts": []`, `"discount_amounts": [7]`, "invoice in_1: lines.data[0].discount_amounts[0] is not an object"},
		{"invoice_create_new", `"discount_amounts": []`, `"discount_amounts": [{"amount":-9223372036854775808}]`, "invoice in_1: lines.data[0].amount is too large"},
		{"invoice_create_new", `"paid_at": 1710000090`, `"paid_at": 99999999999999`, "invoice in_1: status_transitions.paid_at is not a date"},
		{"invoice_create_new", `"created": 1710000100`, `"created": null`, "event evt_invoice_create_new: created is missing"},
		{"invoice_create_new", `"type": "invoice.paid"`, `"type": ""`, "event evt_invoice_create_new: type is missing"},
		{"invoice_create_old", `"paid": true`, `"paid": "true"`, ""}, // status says it already
		{"session_payment_new", `"amount_total": 12000`, `"amount_total": null`, "session cs_test_1: amount_total is missing"},
		{"session_payment_new", `"amount_tax": 2000`, `"amount_tax": -2000`, "session cs_test_1: total_details.amount_tax is negative"},
		{"session_payment_new", `"payment_intent": "pi_1"`, `"payment_intent": ["pi_1"]`, "session cs_test_1: payment_intent is not an id"},
		{"session_adaptive_old", `"source_currency": "usd"`, `"source_currency": "us"`, "session cs_test_1: currency_conversion.source_currency is not a currency that Portal knows"},
		{"charge_without_invoice_old", `"amount_captured": 12000`, `"amount_captured": -12000`, "charge ch_1: amount_captured is negative"},
		{"charge_without_invoice_old", `"captured": true`, `"captured": 1`, "charge ch_1: captured is neither true nor false"},
		{"charge_refunded_half_old", `"amount_refunded": 6000`, `"amount_refunded": null`, "charge ch_1: amount_refunded is missing"},
		{"charge_refunded_half_old", `"amount_refunded": 6000`, `"amount_refunded": -1`, "charge ch_1: amount_refunded is negative"},
		{"refund_created_old", `"id": "re_1"`, `"id": null`, "refund: id is missing"},
		{"refund_created_old", `"amount": 6000`, `"amount": null`, "refund re_1: amount is missing"},
		{"refund_created_old", `"amount": 6000`, `"amount": -1`, "refund re_1: amount is negative"},
		{"refund_created_new", `"amount": 6000`, `"amount": ` + huge, "refund re_1: amount is too large"},
		{"refund_created_new", `"currency": "usd"`, `"currency": "zzz"`, "refund re_1: currency is not a currency that Portal knows"},
		{"refund_created_new", `"charge": "ch_1"`, `"charge": 7`, "refund re_1: charge is not an id"},
		{"refund_created_new", `"status": "succeeded"`, `"status": 1`, "refund re_1: status is not a text"},
		{"refund_created_new", `"created": 1710399990`, `"created": -1`, "refund re_1: created is not a date"},
		{"dispute_created_new", `"amount": 12000`, `"amount": 120.5`, "dispute dp_1: amount is not a whole number"},
		{"dispute_created_new", `"currency": "usd",
   "evidence"`, `"evidence"`, "dispute dp_1: currency is missing"},
		{"dispute_created_new", `"payment_intent": "pi_1"`, `"payment_intent": {"id":{}}`, "dispute dp_1: payment_intent is not an id"},
		{"dispute_lost_new", `"amount": -12000`, `"amount": null`, "dispute dp_1: balance_transactions[0].amount is missing"},
		{"dispute_lost_new", `"amount": -12000`, `"amount": -` + huge, "dispute dp_1: balance_transactions[0].amount is too large"},
		{"dispute_lost_new", `"balance_transactions": [`, `"balance_transactions": {}, "x": [`, "dispute dp_1: balance_transactions is not a list"},
		{"credit_note_outside_new", `"invoice": "in_1"`, `"invoice": null`, "credit note cn_1: invoice is missing"},
		{"credit_note_outside_new", `"out_of_band_amount": 6000`, `"out_of_band_amount": -6000`, "credit note cn_1: out_of_band_amount is negative"},
		{"credit_note_outside_old", `"out_of_band_amount": 6000`, `"out_of_band_amount": "6000"`, "credit note cn_1: out_of_band_amount is not a number"},
		{"credit_note_outside_old", `"type": "post_payment"`, `"type": []`, "credit note cn_1: type is not a text"},
	} {
		e := sample(t, c.name)
		bad := bytes.Replace(e.Body, []byte(c.from), []byte(c.to), 1)
		if bytes.Equal(bad, e.Body) {
			t.Fatalf("%s has no %s", c.name, c.from)
		}
		e.Body = bad
		_, err := Stripe{}.Read(e)
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want || !errors.Is(err, models.ErrInvalid)) {
			t.Errorf("%s with %s: %v, want %q", c.name, c.to, err, c.want)
		}
	}
}

func TestBodiesThatAreNoEventsAreRefusedWithASentence(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"":        "the event: the body is not a JSON object",
		"null":    "the event: the body is not a JSON object",
		"hello":   "the event: the body is not a JSON object",
		"[]":      "the event: the body is not a JSON object",
		`{"id":1`: "the event: the body is not a JSON object",
		`{} {}`:   "the event: the body is not a JSON object",
		`{}`:      "the event: type is missing",
		`{"id":"evt_1","type":"invoice.paid","created":1}`:                                               "invoice: data.object is missing",
		`{"id":"evt_1","type":"invoice.paid","created":1,"data":{"object":"in_1"}}`:                      "invoice: data.object is missing",
		`{"id":"evt_1","type":"charge.succeeded","created":1,"data":{"object":{"id":"ch_1"}}}`:           "charge ch_1: amount is missing",
		`{"id":"evt_1","type":"charge.refunded","created":1,"data":{"object":{"id":"ch_1","amount":3}}}`: "charge ch_1: currency is missing",
		`{"id":"evt_1","type":"invoice.paid","created":"now","data":{"object":{"id":"in_1"}}}`:           "event evt_1: created is not a number",
	} {
		_, err := Stripe{}.Read(models.Event{Body: []byte(body)})
		if err == nil || err.Error() != want || !errors.Is(err, models.ErrInvalid) {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}

// D1: both names, in that order, per place; values that are no strings as their JSON; blank ones left out.
func TestMetadataNamesPartnersInOrder(t *testing.T) {
	t.Parallel()
	for metadata, want := range map[string][]models.Clue{
		`{"partnero_partner":"B","partner_key":" A "}`: {{Place: "charge", Name: "partner_key", Value: "A"}, {Place: "charge", Name: "partnero_partner", Value: "B"}},
		`{"partner_key":"  ","partnero_partner":null}`: nil,
		`{"partner_key":42,"partnero_partner":["x"]}`:  {{Place: "charge", Name: "partner_key", Value: "42"}, {Place: "charge", Name: "partnero_partner", Value: `["x"]`}},
		`{"partner_key":"a\u0000b"}`:                   {{Place: "charge", Name: "partner_key", Value: "ab"}},
		`{"Partner_Key":"A"}`:                          nil,
		`null`:                                         nil,
	} {
		e := sample(t, "charge_without_invoice_old")
		e.Body = bytes.Replace(e.Body, []byte(`"metadata": {
    "partner_key": "PARTNER_A"
   }`), []byte(`"metadata": `+metadata), 1)
		n, err := Stripe{}.Read(e)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := json.Marshal(n.Tellings[0].Clues.Metadata)
		if text, _ := json.Marshal(want); !bytes.Equal(got, text) {
			t.Errorf("%s: %s, want %s", metadata, got, text)
		}
	}
}

// MONEY.md 1.3: the first invoice of a subscription and a one-off are sales; new reasons are renewals.
func TestUnknownBillingReasonsAreRenewals(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]models.PaymentKind{
		"subscription_create": models.Sale, "manual": models.Sale,
		"subscription_cycle": models.Renewal, "subscription_update": models.Renewal, "subscription_threshold": models.Renewal, "made_up": models.Renewal, "": models.Renewal,
	} {
		if got := kindOf(reason); got != want {
			t.Errorf("%q: %s, want %s", reason, got, want)
		}
	}
}
