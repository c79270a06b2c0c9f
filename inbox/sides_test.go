package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"

	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// Issue 4, item 7; F114, D16, MONEY.md 0.10, 1.4: one company hears by endpoints of its own, another by the Connect endpoint, each on its
// test and its live side. Whatever is sent wherever, signed by whichever secret, twice and in any order: each side has exactly the sales
// of its own account and mode that came with a secret for them, and no cent of any other.
func TestNoCentCrossesWhateverIsSentWherever(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			newCrossing(t, seed).play()
		})
	}
}

// side is one company's test or live side.
type side struct {
	account string
	mode    models.Mode
}

func (s side) String() string { return s.account + " " + string(s.mode) }

// crossing is two companies with both sides each, and all that may be sent to them.
type crossing struct {
	*house
	chance  *rand.Rand
	callers map[side]models.Caller
	secrets []string
	counts  map[side]map[string]int64 // what each side is to have, by its money's id
}

const (
	byEndpoint, byConnect  = "acct_1", "acct_2"
	testSecret, liveSecret = "whsec_test_side", "whsec_live_side"
)

var sidesOfAll = []side{{byEndpoint, models.Test}, {byEndpoint, models.Live}, {byConnect, models.Test}, {byConnect, models.Live}}

func newCrossing(t *testing.T, seed uint64) *crossing {
	h := newHouse(t)
	x := &crossing{house: h, chance: rand.New(rand.NewPCG(seed, 11)), callers: map[side]models.Caller{}, counts: map[side]map[string]int64{},
		secrets: []string{testSecret, liveSecret, connectSecret, storetest.Secret, "whsec_nobodys"}}
	other := storetest.Company(t, h.Store)
	if _, err := h.Store.DB().Exec(`DELETE FROM integrations`); err != nil {
		t.Fatal(err)
	}
	for _, s := range sidesOfAll {
		c := map[string]models.Caller{byEndpoint: h.caller, byConnect: other}[s.account]
		c.Mode = s.mode
		x.callers[s], x.counts[s] = c, map[string]int64{}
		if s.account == byConnect {
			h.granted(c, s.account)
		} else if err := h.Store.SaveIntegration(context.Background(), store.Integration{Tenant: c.Tenant, Program: c.Program, Source: models.SourceStripe, Status: "connected",
			WebhookSecret: map[models.Mode]string{models.Test: testSecret, models.Live: liveSecret}[s.mode]}, storetest.Day.AddDate(0, -1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// play sends a hundred things and looks at all sides.
func (x *crossing) play() {
	x.t.Helper()
	for n := range 100 {
		x.send(x.chance.IntN(12) + 1)
		if n%25 == 24 {
			x.drain()
		}
	}
	x.drain()
	for s, want := range x.counts {
		x.caller = x.callers[s]
		got := map[string]int64{}
		for _, p := range x.payments() {
			got[p.Key] += p.Gross
		}
		if !maps.Equal(got, want) {
			x.t.Errorf("%s has %v, want %v", s, got, want)
		}
	}
}

// send sends the invoice of a sale to an endpoint, signed by some secret.
func (x *crossing) send(n int) {
	x.t.Helper()
	from := sidesOfAll[x.chance.IntN(len(sidesOfAll))]
	s := sale()
	s.N = n + 100*slices.Index(sidesOfAll, from)
	s.Gross = int64(s.N) * 100
	body := heardOf(x.t, s.Invoice(storetest.Old), from.account, from.mode, "")
	secret := x.secrets[x.chance.IntN(len(x.secrets))]
	header := storetest.Signed(secret, body, storetest.Day)
	var err error
	var valid bool
	switch to := sidesOfAll[x.chance.IntN(len(sidesOfAll))]; {
	case x.chance.IntN(2) == 0: // the Connect endpoint
		err, valid = x.AcceptConnect(context.Background(), connectSecret, header, body), secret == connectSecret
		if valid && from.account == byConnect {
			x.counts[from][fmt.Sprint("in_", s.N)] = s.Gross
		}
	default:
		err, valid = x.told(to, header, body), to.account == byEndpoint && (secret == testSecret || secret == liveSecret)
		// An endpoint of its own proves by its secret whose the event is: what it tells of itself is its own word.
		if right := map[models.Mode]string{models.Test: testSecret, models.Live: liveSecret}[from.mode]; valid && secret == right {
			x.counts[side{byEndpoint, from.mode}][fmt.Sprint("in_", s.N)] = s.Gross
		}
	}
	if valid != (err == nil) || err != nil && !errors.Is(err, models.ErrInvalid) {
		x.t.Errorf("%s, signed with %s: %v", from, secret, err)
	}
}

func (x *crossing) told(to side, header http.Header, body []byte) error {
	return x.Accept(context.Background(), x.callers[to].Program, models.SourceStripe, header, body)
}
