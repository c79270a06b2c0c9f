package sources

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"portal/models"
)

// The golden vector of MONEY.md 1.5.
const (
	goldenBody   = `{"id":"evt_1","object":"event","type":"invoice.paid"}`
	goldenSecret = "whsec_test_secret"
	goldenMAC    = "dfb4777aaaec4ea29ff455dd4df7fe6b2ef71096ad3a93a158db7e100109ea91"
	goldenTime   = 1700000000
)

func header(signature string) http.Header { return http.Header{"Stripe-Signature": {signature}} }

// sign signs a body as Stripe does, by Stripe's own library.
func sign(body []byte, secret string, at time.Time) http.Header {
	return header(webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: secret, Timestamp: at}).Header)
}

// MONEY.md 1.1, 1.5, CONTRACT.md 4, F16: who is let in, and who is not.
func TestOnlyASignedAndTimelyBodyIsTaken(t *testing.T) {
	t.Parallel()
	good := fmt.Sprintf("t=%d,v1=%s", goldenTime, goldenMAC)
	for _, c := range []struct {
		name, header string
		secrets      []string
		body         string
		now          int64
		ok           bool
	}{
		{"the golden vector", good, []string{goldenSecret}, goldenBody, goldenTime, true},
		{"300 seconds old", good, []string{goldenSecret}, goldenBody, goldenTime + 300, true},
		{"301 seconds old", good, []string{goldenSecret}, goldenBody, goldenTime + 301, false},
		{"300 seconds ahead", good, []string{goldenSecret}, goldenBody, goldenTime - 300, true},
		{"301 seconds ahead", good, []string{goldenSecret}, goldenBody, goldenTime - 301, false},
		{"the second of two secrets", good, []string{"whsec_new", goldenSecret}, goldenBody, goldenTime, true},
		{"the second of two signatures", fmt.Sprintf("t=%d,v1=%s,v1=%s", goldenTime, strings.Repeat("00", 32), goldenMAC), []string{goldenSecret}, goldenBody, goldenTime, true},
		{"a v0 beside it", good + ",v0=abc", []string{goldenSecret}, goldenBody, goldenTime, true},
		{"only a v0", fmt.Sprintf("t=%d,v0=%s", goldenTime, goldenMAC), []string{goldenSecret}, goldenBody, goldenTime, false},
		{"another secret", good, []string{"whsec_other"}, goldenBody, goldenTime, false},
		{"the secret without its prefix", good, []string{"test_secret"}, goldenBody, goldenTime, false},
		{"no secret", good, nil, goldenBody, goldenTime, false},
		{"another body", good, []string{goldenSecret}, goldenBody + " ", goldenTime, false},
		{"another time", fmt.Sprintf("t=%d,v1=%s", goldenTime+1, goldenMAC), []string{goldenSecret}, goldenBody, goldenTime, false},
		{"no header", "", []string{goldenSecret}, goldenBody, goldenTime, false},
		{"a part without =", good + ",x", []string{goldenSecret}, goldenBody, goldenTime, false},
		{"a part with two =", good + ",x=1=2", []string{goldenSecret}, goldenBody, goldenTime, false},
		{"no time", "v1=" + goldenMAC, []string{goldenSecret}, goldenBody, goldenTime, false},
		{"a short signature", good[:len(good)-2], []string{goldenSecret}, goldenBody, goldenTime, false},
		{"an empty signature", fmt.Sprintf("t=%d,v1=", goldenTime), []string{goldenSecret}, goldenBody, goldenTime, false},
	} {
		e, err := Stripe{}.Verify(c.secrets, header(c.header), []byte(c.body), time.Unix(c.now, 0))
		if c.ok && (err != nil || e.ProviderID != "evt_1" || e.Type != "invoice.paid" || e.Source != models.SourceStripe || string(e.Body) != c.body) {
			t.Errorf("%s: %v, %+v", c.name, err, e)
		}
		if !c.ok && (!errors.Is(err, models.ErrInvalid) || err.Error() != errUnsigned.Error()) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// An endpoint whose secret is not set yet would else take what anybody signed with the empty key.
func TestAnEmptySecretProvesNothing(t *testing.T) {
	t.Parallel()
	now := time.Unix(goldenTime, 0)
	if _, err := (Stripe{}).Verify([]string{""}, sign([]byte(goldenBody), "", now), []byte(goldenBody), now); err == nil {
		t.Error("the empty secret was taken")
	}
}

// D16, MONEY.md 1.4: the event's livemode is its mode, and else it is the mode of the secret that matched.
func TestAnEventWithoutAModeIsKnownByItsSecret(t *testing.T) {
	t.Parallel()
	now := time.Unix(goldenTime, 0)
	secrets := []string{"", "whsec_test", "whsec_live"}
	for body, want := range map[string]models.Mode{
		`{"id":"evt_1","livemode":true}`:   models.Live,
		`{"id":"evt_1","livemode":false}`:  models.Test,
		`{"id":"evt_1","livemode":"true"}`: "",
		`{"id":"evt_1","livemode":null}`:   "",
		`{"id":"evt_1"}`:                   "",
		`not JSON`:                         "",
	} {
		e, which, err := Match(Stripe{}, secrets, sign([]byte(body), "whsec_live", now), []byte(body), now)
		if err != nil || which != 2 || e.Mode != want {
			t.Errorf("%s: mode %q, secret %d, %v", body, e.Mode, which, err)
		}
	}
	if _, which, err := Match(Stripe{}, secrets, header("t=1,v1=00"), nil, now); which != -1 || !errors.Is(err, models.ErrInvalid) {
		t.Errorf("an unsigned body matched secret %d: %v", which, err)
	}
}

// Issue 2, "Bad input": a signed body that is no event is kept all the same, under a name of its own.
func TestSignedBodiesThatAreNoEventsGetAName(t *testing.T) {
	t.Parallel()
	now := time.Unix(goldenTime, 0)
	seen := map[string]string{}
	for _, body := range []string{
		"", "hello", "null", "[]", `{"id":`, `{}`, `{"id":7,"type":7}`, `{"id":"","type":""}`, `{"id":"a\u0000b"}`,
		`{"id":"` + strings.Repeat("x", 256) + `","type":"` + strings.Repeat("x", 256) + `"}`, `{"id":" evt_1"}`,
	} {
		e, err := Stripe{}.Verify([]string{goldenSecret}, sign([]byte(body), goldenSecret, now), []byte(body), now)
		if err != nil || e.Type != "unknown" || !strings.HasPrefix(e.ProviderID, "body_") || len(e.ProviderID) != 37 {
			t.Errorf("%.40s: %v, %q, %q", body, err, e.Type, e.ProviderID)
		}
		if other, ok := seen[e.ProviderID]; ok {
			t.Errorf("%.40q and %.40q go by one name", body, other)
		}
		seen[e.ProviderID] = body
	}
}
