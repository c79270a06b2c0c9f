package inbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/store/storetest"
)

// Issue 2, "Bad input": without, with a wrong, an old or a future signature nothing is kept (MONEY.md 6).
func TestAWebhookThatIsNotSignedRightIsRefusedAndNotKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	body := sale().Invoice(storetest.Old)
	good := storetest.Signed(storetest.Secret, body, storetest.Day)
	ctx := context.Background()
	for name, try := range map[string]func() error{
		"no signature": func() error { return h.Accept(ctx, h.caller.Program, models.SourceStripe, nil, body) },
		"wrong secret": func() error {
			return h.Accept(ctx, h.caller.Program, models.SourceStripe, storetest.Signed("whsec_other_secret", body, storetest.Day), body)
		},
		"ten minutes old": func() error {
			return h.Accept(ctx, h.caller.Program, models.SourceStripe, storetest.Signed(storetest.Secret, body, storetest.Day.Add(-10*time.Minute)), body)
		},
		"an hour ahead": func() error {
			return h.Accept(ctx, h.caller.Program, models.SourceStripe, storetest.Signed(storetest.Secret, body, storetest.Day.Add(time.Hour)), body)
		},
		"one space more": func() error {
			return h.Accept(ctx, h.caller.Program, models.SourceStripe, good, append([]byte(" "), body...))
		},
	} {
		if err := try(); !errors.Is(err, models.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	unknown := models.NewID[models.ProgramID](storetest.Day)
	if err := h.Accept(ctx, unknown, models.SourceStripe, good, body); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("unknown program: %v", err)
	}
	if events, err := h.Store.Events(ctx, h.caller.Tenant, "", storetest.FirstPage()); err != nil || len(events) != 0 {
		t.Errorf("kept %d events, %v", len(events), err)
	}
}

// Issue 2, "Bad input": what is well signed is kept, and what cannot be read is failed with its reason. Nothing panics.
func TestSignedBodiesThatMakeNoSenseAreKeptWithTheReason(t *testing.T) {
	t.Parallel()
	invoice := func(old, new string) string {
		return strings.Replace(string(sale().Invoice(storetest.Old)), old, new, 1)
	}
	for name, c := range map[string]struct {
		body   string
		status models.EventStatus
	}{
		"no JSON":             {"hello", models.EventFailed},
		"empty":               {"", models.EventFailed},
		"a zero byte":         {"{\"id\":\"evt_\x00\"}", models.EventFailed},
		"no object":           {`{"id":"evt_1","type":"invoice.paid"}`, models.EventFailed},
		"an unknown type":     {`{"id":"evt_2","type":"tax.settings.updated","data":{"object":{}}}`, models.EventIgnored},
		"a thin event":        {`{"id":"evt_3","object":"v2.core.event","type":"v1.billing.meter.error","related_object":{"id":"x"}}`, models.EventIgnored},
		"amount null":         {invoice(`"amount_paid":10000`, `"amount_paid":null`), models.EventFailed},
		"amount negative":     {invoice(`"amount_paid":10000`, `"amount_paid":-1`), models.EventFailed},
		"amount beyond int64": {invoice(`"amount_paid":10000`, `"amount_paid":9223372036854775808`), models.EventFailed},
		"amount a fraction":   {invoice(`"amount_paid":10000`, `"amount_paid":1.5`), models.EventFailed},
		"amount a text":       {invoice(`"amount_paid":10000`, `"amount_paid":"many"`), models.EventFailed},
		"unknown currency":    {invoice(`"currency":"usd"`, `"currency":"xyz"`), models.EventFailed},
	} {
		h := newHouse(t)
		h.post([]byte(c.body), []byte(c.body))
		h.drain()
		events, err := h.Store.Events(context.Background(), h.caller.Tenant, "", storetest.FirstPage())
		if err != nil || len(events) != 1 {
			t.Errorf("%s: kept %d events, %v", name, len(events), err)
			continue
		}
		if e := events[0]; e.Status != c.status || e.Because == nil || *e.Because == "" {
			t.Errorf("%s: %s because %v", name, e.Status, e.Because)
		}
		if len(h.payments()) != 0 {
			t.Errorf("%s: counted as a payment", name)
		}
	}
}

// The greatest amounts that fit are counted; sums that would not fit fail with a reason and leave the books as they were.
func TestHugeAmountsDoNotOverflow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for n := 1; n <= 8; n++ {
		s := sale()
		s.N, s.Gross = n, 9_000_000_000_000_000_000
		h.post(s.Session(storetest.Old), s.Invoice(storetest.Old))
	}
	h.drain()
	failed, err := h.Store.Events(context.Background(), h.caller.Tenant, models.EventFailed, storetest.FirstPage())
	if err != nil || len(h.payments())+len(failed) < 8 {
		t.Errorf("%d payments and %d failed events, %v", len(h.payments()), len(failed), err)
	}
	for _, e := range failed {
		if e.Because == nil {
			t.Errorf("%s failed without a reason", e.ProviderID)
		}
	}
}

// D16: a well-signed event for the side that is not connected is kept and ignored.
func TestALiveEventAtATestConnectionIsKeptAndIgnored(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.post([]byte(strings.Replace(string(sale().Invoice(storetest.Old)), `"livemode":false`, `"livemode":true`, 1)))
	h.drain()
	live := models.Tenant{Company: h.caller.Company, Mode: models.Live}
	events, err := h.Store.Events(context.Background(), live, "", storetest.FirstPage())
	if err != nil || len(events) != 1 || events[0].Status != models.EventIgnored {
		t.Errorf("%+v, %v", events, err)
	}
	if len(h.payments()) != 0 {
		t.Error("a live event became test money")
	}
}
