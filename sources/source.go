// Package sources retells each provider's words as Portal's own: tellings of payments, and reversals.
// It is pure: it reads bytes and returns values. It asks no provider, keeps nothing, and takes the time as an
// argument. What is wrong with a body is told in one sentence that wraps models.ErrInvalid.
package sources

import (
	"net/http"
	"time"

	"portal/models"
)

// Source is one provider of money news, a border to a company we do not control.
type Source interface {
	// Verify proves the sender with any one of the secrets. Its error is a models.ErrInvalid that does not say why.
	// The event's mode is empty when the body does not tell it.
	Verify(secrets []string, h http.Header, body []byte, now time.Time) (models.Event, error)
	// Read retells a kept event. Its error is a models.ErrInvalid whose text names the object and the field.
	Read(e models.Event) (models.News, error)
}

// ByName finds the source of an event.
var ByName = map[models.SourceName]Source{
	models.SourceStripe: Stripe{},
	models.SourceAPI:    API{},
}

// Match is Verify that also tells which secret the sender holds, by its place in the list: an event that does not
// tell its mode has the mode of that secret.
func Match(s Source, secrets []string, h http.Header, body []byte, now time.Time) (models.Event, int, error) {
	for i, secret := range secrets {
		if e, err := s.Verify([]string{secret}, h, body, now); err == nil {
			return e, i, nil
		}
	}
	_, err := s.Verify(nil, h, body, now)
	return models.Event{}, -1, err
}

// The ranks of tellings: whose word on amounts goes first (MONEY.md 2.4).
const (
	rankInvoice = 30
	rankSession = 20
	rankCharge  = 10
	rankIntent  = 8 // after its charge, which knows better when it was paid
	rankAPI     = 5
	rankJoin    = 1 // says nothing of amounts
)
