package inbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

const connectSecret = "whsec_connect_secret"

// heardOf is an event as the Connect endpoint is sent it: of an account, in a mode, under an id. An empty account is left out.
func heardOf(t testing.TB, body []byte, account string, mode models.Mode, id string) []byte {
	t.Helper()
	var event map[string]any
	if err := json.Unmarshal(body, &event); err != nil {
		t.Fatal(err)
	}
	event["livemode"] = mode == models.Live
	if account != "" {
		event["account"] = account
	}
	if id != "" {
		event["id"] = id
	}
	out, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// connect sends bodies to the platform's Connect endpoint.
func (h *house) connect(bodies ...[]byte) {
	h.t.Helper()
	for _, body := range bodies {
		if err := h.AcceptConnect(context.Background(), connectSecret, storetest.Signed(connectSecret, body, storetest.Day), body); err != nil {
			h.t.Fatalf("accept %s: %v", body, err)
		}
	}
}

// granted connects a program by OAuth to an account, a month ago.
func (h *house) granted(c models.Caller, account string) {
	h.t.Helper()
	at := storetest.Day.AddDate(0, -1, 0)
	err := h.Store.SaveIntegration(context.Background(), store.Integration{Tenant: c.Tenant, Program: c.Program, Source: models.SourceStripe, Status: "connected",
		Account: &account, OAuth: store.OAuth{Connected: true, Scope: "read_write", GrantedAt: &at}}, at)
	if err != nil {
		h.t.Fatal(err)
	}
}

// asidePut are the platform's events, and why they are no company's.
func (h *house) asidePut() map[string]string {
	h.t.Helper()
	rows, err := h.Store.DB().Query(`SELECT provider_event_id, coalesce(account, '') || ' ' || coalesce(mode, '') || ': ' || because FROM platform_events`)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	found := map[string]string{}
	for rows.Next() {
		var id, because string
		if err := rows.Scan(&id, &because); err != nil {
			h.t.Fatal(err)
		}
		found[id] = because
	}
	return found
}

func (h *house) events() []models.Event {
	h.t.Helper()
	list, err := h.Store.Events(context.Background(), h.caller.Tenant, "", storetest.FirstPage())
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// MONEY.md 1.4, 0.10: an event of a connected account counts for who is connected to that account in that mode; everything else is
// kept with the platform's, says why, and is nobody's money. Only the Connect endpoint's own secret proves it.
func TestAConnectedAccountsEventsAreRoutedByAccountAndMode(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.granted(h.caller, "acct_1")
	partner := storetest.Partner(t, h.Store, h.caller.Tenant, "PAID", "usd")
	if _, err := h.Store.DB().Exec(`UPDATE partners SET stripe_account = 'acct_paid' WHERE id = $1`, partner.ID); err != nil {
		t.Fatal(err)
	}
	invoice := func(n int) []byte { s := sale(); s.N = n; return s.Invoice(storetest.Old) }
	modeless := heardOf(t, invoice(5), "acct_1", models.Test, "")
	modeless = []byte(string(modeless[:len(modeless)-1]) + `,"livemode":null}`)
	h.connect(heardOf(t, invoice(1), "acct_1", models.Test, ""), heardOf(t, invoice(2), "acct_1", models.Live, ""), heardOf(t, invoice(3), "acct_other", models.Test, ""),
		heardOf(t, invoice(4), "", models.Test, ""), modeless, heardOf(t, invoice(6), "acct_paid", models.Test, ""),
		heardOf(t, []byte(`{"id":"evt_updated","type":"account.updated","created":1,"data":{"object":{"id":"acct_paid"}}}`), "acct_paid", models.Test, ""),
		heardOf(t, invoice(7), "acct_1\x00; no account", models.Test, ""), []byte("no JSON at all"))
	h.connect(heardOf(t, invoice(1), "acct_1", models.Test, ""), heardOf(t, invoice(3), "acct_other", models.Test, "")) // repeats
	h.drain()
	if p := h.payments(); len(p) != 1 || p[0].Key != "in_1" {
		t.Errorf("payments %+v", p)
	}
	want := map[string]string{
		"evt_invoice.paid_2": "acct_1 live: nobody here is connected by OAuth to this account in this mode",
		"evt_invoice.paid_3": "acct_other test: nobody here is connected by OAuth to this account in this mode",
		"evt_invoice.paid_4": " test: it names no connected account, so it is the platform's own",
		"evt_invoice.paid_5": "acct_1 : it does not say whether it is test or live",
		"evt_invoice.paid_6": "acct_paid test: it is of an account that partners are paid to: never revenue",
		"evt_updated":        "acct_paid test: it is of an account that partners are paid to: never revenue",
		"evt_invoice.paid_7": " test: it names no connected account, so it is the platform's own",
	}
	aside := h.asidePut()
	for id, because := range want {
		if aside[id] != because {
			t.Errorf("%s is put aside as %q, want %q", id, aside[id], because)
		}
	}
	if len(aside) != len(want)+1 { // and what is no JSON
		t.Errorf("put aside: %v", aside)
	}
	body := heardOf(t, invoice(8), "acct_1", models.Test, "")
	for name, secret := range map[string]string{"the program's secret": storetest.Secret, "the platform's secret": "whsec_platform", "no secret": ""} {
		if err := h.AcceptConnect(context.Background(), connectSecret, storetest.Signed(secret, body, storetest.Day), body); !errors.Is(err, models.ErrInvalid) {
			t.Errorf("signed with %s: %v", name, err)
		}
	}
	if err := h.AcceptConnect(context.Background(), "", storetest.Signed("", body, storetest.Day), body); !errors.Is(err, models.ErrInvalid) {
		t.Errorf("without a secret configured: %v", err)
	}
}

// D15, MONEY.md 3.3: an account that one program is connected to by key and two by OAuth: the endpoints tell of the same objects by
// events of their own, which is one payment; of the two the event is kept once, in the oldest.
func TestAnAccountOfSeveralProgramsIsHeardOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	second := h.second(true)
	third := second
	third.Program = models.NewID[models.ProgramID](storetest.Day)
	if err := h.Store.AddProgram(context.Background(), models.Program{Company: third.Company, ID: third.Program, Name: "Third", Currency: "usd"}, storetest.Day.AddDate(0, -6, 0)); err != nil {
		t.Fatal(err)
	}
	h.granted(third, "acct_1")
	h.granted(second, "acct_1")
	s := sale()
	for n, body := range [][]byte{s.Session(storetest.Old), s.Invoice(storetest.Old), s.Refund(storetest.Old, 5000)} {
		h.connect(heardOf(t, body, "acct_1", models.Test, fmt.Sprint("evt_connect_", n)))
		h.post(body, body)
		h.drain()
	}
	if c := h.only(); c.Amount.String() != "10.00 USD" || h.payments()[0].Program != h.caller.Program {
		t.Errorf("%s in %s", c.Amount, h.payments()[0].Program)
	}
	by := map[models.ProgramID]int{}
	for _, e := range h.events() {
		by[e.Program]++
	}
	if by[second.Program] != 3 || by[h.caller.Program] != 3 || len(by) != 2 {
		t.Errorf("kept %v", by)
	}
}

// MONEY.md 1.4, 3.1: "account.application.deauthorized" breaks what is connected by OAuth to that account in that mode, and nothing
// else; what was connected again after it stays; what happened before it counts all the same; a repeat changes nothing.
func TestAnAccessThatIsTakenAwayBreaksItsConnections(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	second := h.second(false)
	h.granted(h.caller, "acct_1")
	h.granted(second, "acct_1")
	live := h.caller
	live.Mode = models.Live
	h.granted(live, "acct_1")
	ends := func(n int, account string, mode models.Mode, at time.Time) {
		t.Helper()
		h.connect(heardOf(t, fmt.Appendf(nil, `{"id":"evt_end_%d","type":"account.application.deauthorized","created":%d,"data":{"object":{"id":"ca_1","object":"application"}}}`, n, at.Unix()), account, mode, ""))
	}
	stands := func(c models.Caller, status string, revoked *time.Time) {
		t.Helper()
		i, err := h.Store.Integration(context.Background(), c.Tenant, c.Program, models.SourceStripe)
		if err != nil || i.Status != status || (i.OAuth.RevokedAt == nil) != (revoked == nil) || revoked != nil && !i.OAuth.RevokedAt.Equal(*revoked) || i.Account == nil || *i.Account != "acct_1" {
			t.Errorf("%s is %s, revoked at %v, %v; want %s, %v", c.Program, i.Status, i.OAuth.RevokedAt, err, status, revoked)
		}
	}
	ends(1, "acct_other", models.Test, storetest.Day)
	ends(2, "acct_1", models.Test, storetest.Day.AddDate(0, -2, 0)) // of an access before
	for _, c := range []models.Caller{h.caller, second, live} {
		stands(c, "connected", nil)
	}
	yesterday := storetest.Day.AddDate(0, 0, -1)
	for range 2 {
		ends(3, "acct_1", models.Test, yesterday)
	}
	stands(h.caller, "broken", &yesterday)
	stands(second, "broken", &yesterday)
	stands(live, "connected", nil)
	before, after := sale(), sale()
	after.N, after.PaidAt = 2, storetest.Day
	h.connect(heardOf(t, before.Invoice(storetest.Old), "acct_1", models.Test, ""), heardOf(t, after.Invoice(storetest.Old), "acct_1", models.Test, ""))
	h.drain()
	if p := h.payments(); len(p) != 1 || p[0].Key != "in_1" {
		t.Errorf("payments %+v", p)
	}
	h.granted(h.caller, "acct_1")
	ends(3, "acct_1", models.Test, yesterday) // Stripe tells it again
	stands(h.caller, "connected", nil)
	stands(second, "broken", &yesterday)
	log, err := h.Store.AuditOf(context.Background(), h.caller.Company, second.Program.String())
	if err != nil || len(slices.DeleteFunc(log, func(a models.Audit) bool { return a.Action != "integration.revoked" })) != 1 {
		t.Errorf("audited %+v, %v", log, err)
	}
}

// Issue 4: both modes of two accounts come by the one endpoint in any order, again and again, and no cent crosses.
func TestNoCentCrossesBetweenAccountsAndModes(t *testing.T) {
	t.Parallel()
	var first string
	for seed := range uint64(4) {
		h := newHouse(t)
		ann := h.caller
		annLive := models.Caller{Tenant: models.Tenant{Company: ann.Company, Mode: models.Live}, Program: ann.Program}
		bob := storetest.Company(t, h.Store)
		storetest.Partner(t, h.Store, annLive.Tenant, "PARTNER_A", "usd")
		storetest.Partner(t, h.Store, bob.Tenant, "PARTNER_A", "usd")
		if err := h.Store.SaveRules(context.Background(), annLive.Tenant, ann.Program, []models.Rule{{Type: "percent", Value: "20", Recurring: "always"}}, "test", storetest.Day.AddDate(-3, 0, 0)); err != nil {
			t.Fatal(err)
		}
		h.granted(ann, "acct_1")
		h.granted(annLive, "acct_1")
		h.granted(bob, "acct_2")
		sides := []struct {
			models.Caller
			account string
			mode    models.Mode
			gross   int64
			earns   string // none where nobody is connected
		}{{ann, "acct_1", models.Test, 10000, "20.00 USD"}, {annLive, "acct_1", models.Live, 20000, "40.00 USD"}, {bob, "acct_2", models.Test, 30000, "60.00 USD"}, {bob, "acct_2", models.Live, 40000, ""}}
		var bodies [][]byte
		for n, side := range sides {
			s := sale() // of the same customer, everywhere
			s.N, s.Gross = n+1, side.gross
			for kind, body := range [][]byte{s.Session(storetest.New), s.Invoice(storetest.New), s.Refund(storetest.New, side.gross/2)} {
				told := heardOf(t, body, side.account, side.mode, fmt.Sprintf("evt_%d_%d", n, kind))
				bodies = append(bodies, told, told)
			}
			h.invoices[fmt.Sprintf("pi_%d", n+1)] = fmt.Sprintf("in_%d", n+1)
		}
		chance := rand.New(rand.NewPCG(seed, 7))
		chance.Shuffle(len(bodies), func(a, b int) { bodies[a], bodies[b] = bodies[b], bodies[a] })
		for _, body := range bodies {
			h.connect(body)
			if chance.IntN(4) == 0 {
				h.drain()
			}
		}
		h.drain()
		books := ""
		for n, side := range sides {
			h.caller = side.Caller
			h.caller.Mode = side.mode
			payments, commissions := h.payments(), h.commissions()
			if side.earns == "" {
				if len(payments)+len(commissions) > 0 {
					t.Errorf("seed %d: %s %s has %+v", seed, side.account, side.mode, payments)
				}
				continue
			}
			if len(payments) != 1 || payments[0].Gross != side.gross || payments[0].Key != fmt.Sprintf("in_%d", n+1) || len(commissions) != 1 || commissions[0].Earned.String() != side.earns {
				t.Errorf("seed %d: %s %s has %+v and %+v", seed, side.account, side.mode, payments, commissions)
			}
			books += h.state()
		}
		if first == "" {
			first = books
		} else if books != first {
			t.Errorf("seed %d: other books:\n%s\nfirst:\n%s", seed, books, first)
		}
	}
}

// F31, F25, F30: a customer who signed up through a partner before any purchase is known by their Stripe id: what they buy in a connected account is
// the partner's, the first time and each time after. Whom nobody made known is counted, and nobody's.
func TestPurchasesHangOnTheCustomerWhoSignedUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.granted(h.caller, "acct_1")
	now := h.Now
	h.Now = func() time.Time { return storetest.Day.AddDate(0, 0, -20) }
	if _, err := h.AddCustomer(context.Background(), h.caller.Tenant, "ann", inbox.CustomerChange{StripeID: ptr("cus_1"), Partner: ptr("PARTNER_A"), Program: h.caller.Program}, "api", somebody); err != nil {
		t.Fatal(err)
	}
	h.Now = now
	first, again, other := sale(), sale(), sale()
	first.Partner, again.Partner, other.Partner = "", "", ""
	again.N, again.Renewal = 2, true
	other.N, other.Customer, other.Email = 3, "cus_3", "eve@example.com"
	for _, s := range []storetest.Sold{first, again, other} {
		h.connect(heardOf(t, s.Invoice(storetest.Old), "acct_1", models.Test, ""))
	}
	h.drain()
	earns := map[string]string{}
	for _, c := range h.commissions() {
		earns[c.PaymentKey] = c.Amount.String()
	}
	if len(h.payments()) != 3 || len(earns) != 2 || earns["in_1"] != "20.00 USD" || earns["in_2"] != "20.00 USD" {
		t.Errorf("%d payments earn %v", len(h.payments()), earns)
	}
}
