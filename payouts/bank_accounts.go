package payouts

import (
	"context"
	"time"

	"portal/models"
)

// Accounts is the part of the Bank that makes and reads the accounts on which partners are paid (MONEY.md 4.1).
type Accounts interface {
	// Home is the country of the platform's own account.
	Home(ctx context.Context) (string, error)
	// OpenAccount makes the account on which a partner is paid, once per key however often it is called. A Refusal or a
	// FieldErrors means that none was made; any other error, that nobody knows.
	OpenAccount(ctx context.Context, n NewAccount) (Account, error)
	// FindAccount looks an account up whose answer was lost; found is false when Stripe has never heard of it.
	FindAccount(ctx context.Context, n NewAccount) (a Account, found bool, err error)
	// ReadAccount reads how an account stands. One that Stripe knows no more is Gone.
	ReadAccount(ctx context.Context, id string) (Account, error)
	// CloseAccount deletes an account that never had any money.
	CloseAccount(ctx context.Context, id string) error
	// OnboardingLink leads the owner of an account to Stripe's questions, once and for minutes. Back is where they leave to, again
	// where a link that is used up leads.
	OnboardingLink(ctx context.Context, account, back, again string) (string, error)
	// LoginLink leads the owner of an account to their dashboard at Stripe, once.
	LoginLink(ctx context.Context, account string) (string, error)
}

// NewAccount is all that Stripe is told of an account that it is to make.
type NewAccount struct {
	Key     string // Stripe's idempotency key, and the name under which it is found again
	Partner models.Partner
	Country string // empty: the platform's
	Product string // what the partner does, so that Stripe need not ask
	URL     string // of the program; empty when it has none
	BegunAt time.Time

	Recipient bool // it can only receive
}

// Account is an account at the platform's Stripe, as it was read.
type Account struct {
	ID, Country string
	models.AccountState
}

// CardDesk is the part of the Bank that keeps companies' cards (MONEY.md 4.3).
type CardDesk interface {
	// OpenCustomer makes a company a customer of the platform, once per company and mode however often it is called.
	OpenCustomer(ctx context.Context, t models.Tenant, name string) (string, error)
	// FindCustomer looks a customer up whose answer was lost.
	FindCustomer(ctx context.Context, t models.Tenant, since time.Time) (id string, found bool, err error)
	// SaveCard keeps a card of a customer's, through a SetupIntent for use while nobody is there.
	SaveCard(ctx context.Context, customer, method string) (models.Card, error)
	// CardPage opens a page of Stripe's on which a customer saves a card. It leads to back in the end, where {CHECKOUT_SESSION_ID}
	// stands for the session, or to cancel.
	CardPage(ctx context.Context, t models.Tenant, customer, back, cancel string) (session, url string, err error)
	// CloseCardPage lets nobody save a card on a page any more.
	CloseCardPage(ctx context.Context, session string) error
	// ReadSetUp reads how the saving of a card stands, by its session or by its own id.
	ReadSetUp(ctx context.Context, id string) (SetUp, error)
	// ReadCard reads a saved card, and whose it is; its customer is empty when it was taken off.
	ReadCard(ctx context.Context, method string) (models.Card, error)
	// UseCard makes a card the one a customer pays with by default, and takes all others off.
	UseCard(ctx context.Context, c models.Card) error
}

// SetUp is the saving of a card at Stripe.
type SetUp struct {
	Customer string
	Status   string // open, complete, expired
	Because  string // why the last card was not taken, for people
	BegunAt  time.Time
	Card     models.Card // when complete
}
