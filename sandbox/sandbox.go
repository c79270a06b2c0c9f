// Package sandbox is a Stripe that lives in the same program: for the demo, for rehearsals and for tests.
// It keeps accounts with their customers, cards, payments, refunds, subscriptions and webhook endpoints,
// and speaks HTTP as Stripe's API 2023-10-16 does. Nothing in the product may know that it is not Stripe,
// and this room may import nothing of the house but models. It never moves real money.
package sandbox

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Options say how a sandbox is opened; the zero value keeps everything in memory and uses the real clock.
type Options struct {
	Journal string           // path of the append-only journal file; empty keeps nothing
	Now     func() time.Time // the sandbox's clock
	CSS     string           // href of the page's style sheet, default /static/app.css
	Senders int              // how many webhook deliveries may be under way at once, default 4
	PageURL string           // where people reach Page, as SetPageURL says
	Deliver Deliver          // how a signed webhook is handed over, default an HTTP POST

	// Partners are codes that the page offers, the first one filled in. A note may follow a code: "BRIGHT (eur)".
	Partners []string
}

// Account is a Stripe account with its own objects and the keys that open it.
type Account struct {
	ID, Name, Email string
	Country         string   // two letters, default US
	DefaultCurrency string   // lower case, default usd
	SecretKeys      []string // sk_ or rk_; a live key makes the account's objects livemode
	Settles         []string // the currencies in which it keeps money; what comes in another becomes its default currency. Default: that alone
	PayloadVersion  string   // API version of its events, default 2023-10-16 (MONEY.md 1.2)

	Rights map[string][]string // of its restricted keys, as rak_invoice_read; a key that is not here may do everything
	App    App                 // with which others connect to it by OAuth
}

// Sandbox is a Stripe with state. Its methods may be called from several goroutines.
type Sandbox struct {
	now      func() time.Time
	css      string
	pageURL  string // guarded by mu
	partners []string
	journal  *journal
	pressing sync.Mutex // held while a button of the page does its work, so that its events can be counted

	mu        sync.Mutex // guards all below
	accounts  map[string]*account
	open      []string // ids of the accounts added by AddAccount, in that order
	keys      map[string]*account
	faults    []*Fault
	requests  int
	post      post
	sentences map[string]string // about what was done on the page, not yet shown
	codes     map[string]*code  // of OAuth, not yet exchanged or exchanged already
}

// Open loads the journal, if there is one, and starts to deliver what it still owes.
func Open(o Options) (*Sandbox, error) {
	s := &Sandbox{now: o.Now, css: o.CSS, pageURL: strings.TrimSuffix(o.PageURL, "/"), partners: o.Partners, accounts: map[string]*account{}, keys: map[string]*account{}}
	if s.now == nil {
		s.now = time.Now
	}
	if s.css == "" {
		s.css = "/static/app.css"
	}
	if o.Journal != "" {
		if err := s.openJournal(o.Journal); err != nil {
			return nil, fmt.Errorf("open sandbox journal %s: %w", o.Journal, err)
		}
	}
	s.startPost(o)
	return s, nil
}

// Close stops the deliveries, waits for those under way and closes the journal. A second Close does nothing.
func (s *Sandbox) Close() error {
	s.post.stop.Do(func() { close(s.post.done) })
	s.post.ended.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.journal
	s.journal = nil
	return j.close()
}

// AddAccount makes an account known under its keys; adding it again replaces its keys and names and keeps its objects.
func (s *Sandbox) AddAccount(add Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(add)
}

func (s *Sandbox) add(add Account) {
	a := s.account(add.ID)
	if a.SecretKeys == nil {
		s.open = append(s.open, add.ID)
	}
	for _, k := range a.SecretKeys {
		delete(s.keys, k)
	}
	add.Country = or(add.Country, "US")
	add.DefaultCurrency = or(add.DefaultCurrency, "usd")
	add.PayloadVersion = or(add.PayloadVersion, version)
	if add.SecretKeys == nil {
		add.SecretKeys = []string{}
	}
	a.Account = add
	a.live, a.revoked = false, nil
	for _, k := range add.SecretKeys {
		s.keys[k] = a
		a.live = a.live || strings.Contains(k, "k_live_")
	}
}

// Moved is what each connected account received by transfers, less what was reversed and taken as fees,
// in minor units by account id and currency.
func (s *Sandbox) Moved() map[string]map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	moved := map[string]map[string]int64{}
	for _, a := range s.accounts {
		for _, tr := range a.all("transfer") {
			to := tr.str("destination")
			if moved[to] == nil {
				moved[to] = map[string]int64{}
			}
			moved[to][tr.str("currency")] += tr.num("amount") - tr.num("amount_reversed") - tr.num("_fee")
		}
	}
	return moved
}

// Charges counts the successful charges of an account.
func (s *Sandbox) Charges(accountID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, ch := range s.account(accountID).all("charge") {
		if ch.str("status") == "succeeded" {
			n++
		}
	}
	return n
}

func or(v, otherwise string) string {
	if v == "" {
		return otherwise
	}
	return v
}
