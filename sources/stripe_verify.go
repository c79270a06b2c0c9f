package sources

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"portal/models"
)

// Stripe reads the webhooks of Stripe, in the shapes of API 2023-10-16 and 2025-03-31 (MONEY.md 1.2).
type Stripe struct{}

// tolerance is how far the time of a signature may be from ours, either way (CONTRACT.md 4).
const tolerance = 300

var errUnsigned = models.Refuse(models.ErrInvalid, "the signature is missing, wrong or too old")

// Verify proves the signature over the raw body (MONEY.md 1.1). A signed body that is not an event is an event too:
// of type unknown, named by its digest, so that it can be kept and shown.
func (Stripe) Verify(secrets []string, h http.Header, body []byte, now time.Time) (models.Event, error) {
	stamp, macs, ok := parseSignature(h.Get("Stripe-Signature"))
	if !ok || !signed(secrets, stamp, macs, body) {
		return models.Event{}, errUnsigned
	}
	at, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || at < now.Unix()-tolerance || at > now.Unix()+tolerance {
		return models.Event{}, errUnsigned
	}
	return envelope(body), nil
}

// parseSignature takes "t=…,v1=…,v1=…" apart. A part without exactly one = spoils the whole; other schemes are skipped.
func parseSignature(header string) (stamp string, macs [][]byte, ok bool) {
	for part := range strings.SplitSeq(header, ",") {
		name, value, found := strings.Cut(part, "=")
		if !found || strings.Contains(value, "=") {
			return "", nil, false
		}
		switch strings.TrimSpace(name) {
		case "t":
			stamp = value
		case "v1":
			if mac, err := hex.DecodeString(value); err == nil {
				macs = append(macs, mac)
			}
		}
	}
	return stamp, macs, stamp != "" && len(macs) > 0
}

// signed tells whether one of the secrets made one of the signatures. An empty secret proves nothing.
func signed(secrets []string, stamp string, macs [][]byte, body []byte) bool {
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		hash := hmac.New(sha256.New, []byte(secret))
		hash.Write([]byte(stamp + "."))
		hash.Write(body)
		want := hash.Sum(nil)
		for _, mac := range macs {
			if hmac.Equal(want, mac) {
				return true
			}
		}
	}
	return false
}

// StripeEvent is an event as Stripe itself lists it, ready to be kept.
func StripeEvent(body []byte) models.Event { return envelope(body) }

// envelope reads the few fields an event is kept by, and believes none of them to be there.
func envelope(body []byte) models.Event {
	var said struct{ ID, Type, Livemode any }
	_ = json.Unmarshal(body, &said) // a body that is no JSON is kept as unknown, and fails when it is read
	e := models.Event{Source: models.SourceStripe, ProviderID: word(said.ID), Type: word(said.Type), Body: body}
	if live, ok := said.Livemode.(bool); ok {
		e.Mode = models.ModeOf(live)
	}
	if e.ProviderID == "" || ownWord(e) { // nobody takes the name of what a list will tell
		digest := sha256.Sum256(body)
		e.ProviderID = "body_" + hex.EncodeToString(digest[:16])
	}
	if e.Type == "" {
		e.Type = "unknown"
	}
	return e
}

// longest is the length that ids and types of a provider stay under.
const longest = 255

// word is a value that can stand in an index: short, printable, without space around. Anything else is empty.
func word(v any) string {
	text, _ := v.(string)
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	if len(text) > longest || strings.TrimSpace(text) != text || strings.ContainsFunc(text, odd) {
		return ""
	}
	return text
}
