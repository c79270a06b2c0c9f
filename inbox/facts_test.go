package inbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/sources"
	"portal/store"
	"portal/store/storetest"
)

// customerTold is customer.updated of a customer: its key is one partner's from a moment on, and was another's before. Empty names nobody.
func customerTold(c storetest.Case, after time.Duration, now, before string) []byte {
	return stateTold(c, "customer.updated", c.Customer, "customer", after, now, before)
}

// subscriptionTold is customer.subscription.updated, likewise.
func subscriptionTold(c storetest.Case, after time.Duration, now, before string) []byte {
	return stateTold(c, "customer.subscription.updated", c.Sub, "subscription", after, now, before)
}

func stateTold(c storetest.Case, kind, id, noun string, after time.Duration, now, before string) []byte {
	metadata, was := map[string]any{"plan": "gold"}, map[string]any{}
	if now != "" {
		metadata["partner_key"] = now
	}
	if now != before {
		was["metadata"] = map[string]any{"partner_key": nil}
		if before != "" {
			was["metadata"] = map[string]any{"partner_key": before}
		}
	}
	return previous(c.Event(kind, after, map[string]any{"id": id, "object": noun, "metadata": metadata, "customer": c.Customer}), was)
}

// previous puts previous_attributes into an event.
func previous(body []byte, was map[string]any) []byte {
	var e map[string]any
	if err := json.Unmarshal(body, &e); err != nil {
		panic(err)
	}
	e["data"].(map[string]any)["previous_attributes"] = was
	e["id"] = fmt.Sprint(e["id"], "_", was)
	body, _ = json.Marshal(e)
	return body
}

// found tells of each payment who earned it and how.
func (h *house) found() []string {
	var all []string
	for _, p := range h.payments() {
		who := p.Key + " nobody"
		if p.PartnerKey != nil {
			who = p.Key + " " + *p.PartnerKey + " by " + string(*p.AttributedBy)
		}
		all = append(all, who)
	}
	slices.Sort(all)
	return all
}

// tale is what Stripe tells of one customer, and what must be found of their payments.
type tale struct {
	bodies [][]byte
	want   []string
}

// inAnyOrder lets the events of some tales come in several orders, drained after each and then repeated, and wants the same
// end and the same books of all.
func inAnyOrder(t *testing.T, set func(*house), tales ...tale) {
	t.Helper()
	states := map[string]bool{}
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("order ", seed), func(t *testing.T) {
			h := newHouse(t)
			storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
			set(h)
			var steps [][][]byte
			var want []string
			for _, one := range tales {
				want = append(want, one.want...)
				for n, body := range ordered(one.bodies, seed) {
					if n == len(steps) {
						steps = append(steps, nil)
					}
					steps[n] = append(steps[n], body)
				}
			}
			for _, bodies := range steps {
				h.post(bodies...)
				h.drain()
			}
			for _, bodies := range steps {
				for _, body := range bodies {
					h.post(body, storetest.Twin(body))
				}
			}
			h.drain()
			slices.Sort(want)
			if got := h.found(); !slices.Equal(got, want) {
				t.Errorf("found\n%q\nwant\n%q", got, want)
			}
			if left := h.pending(); len(left) > 0 {
				t.Errorf("%d events are pending", len(left))
			}
			states[h.state()] = true
		})
	}
	if len(states) != 1 {
		t.Errorf("%d different books", len(states))
	}
}

// ordered is one of several orders: as it is, turned round, shuffled.
func ordered(bodies [][]byte, seed uint64) [][]byte {
	bodies = slices.Clone(bodies)
	switch seed {
	case 0:
	case 1:
		slices.Reverse(bodies)
	default:
		rand.New(rand.NewPCG(seed, 7)).Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
	}
	return bodies
}

var bothShapes = []storetest.Shape{storetest.Old, storetest.New}

func charged(c storetest.Case) []byte { return c.Event("charge.succeeded", 0, c.Charge(10000)) }

// F75, F76, MONEY.md 1.3, D14: a key on the customer holds for charges from when it was set, a new one for later charges,
// in a transaction-based program as much as in any; a word that comes late re-decides what it touches.
func TestAKeyOnTheCustomerHoldsForLaterCharges(t *testing.T) {
	t.Parallel()
	three := func(n int, shape storetest.Shape, told func(storetest.Case) [][]byte, want ...string) tale {
		first := storetest.NewCase(shape, n)
		second, third := first.Later("b", time.Hour), first.Later("c", 2*time.Hour)
		for i, suffix := range []string{"", "b", "c"} {
			want[i] = fmt.Sprintf("pi_%d%s %s", n, suffix, want[i])
		}
		return tale{append([][]byte{charged(first), charged(second), charged(third)}, told(first)...), want}
	}
	twice := func(c storetest.Case) [][]byte {
		return [][]byte{customerTold(c, 30*time.Minute, "PARTNER_A", ""), customerTold(c, 90*time.Minute, "PARTNER_B", "PARTNER_A")}
	}
	var byPayment, byCustomer []tale
	for i, shape := range bothShapes {
		n := 10 * (i + 1)
		byCustomer = append(byCustomer, three(n, shape, twice, "nobody", "PARTNER_A by metadata", "PARTNER_A by customer_id"))
		byPayment = append(byPayment,
			three(n, shape, twice, "nobody", "PARTNER_A by metadata", "PARTNER_B by metadata"),
			// What was there before is known although the event that set it never came.
			three(n+1, shape, func(c storetest.Case) [][]byte { return [][]byte{customerTold(c, 90*time.Minute, "", "PARTNER_A")} },
				"PARTNER_A by metadata", "PARTNER_A by metadata", "nobody"),
			// An update of something else says that the key was there before, too.
			three(n+2, shape, func(c storetest.Case) [][]byte {
				return [][]byte{customerTold(c, 90*time.Minute, "PARTNER_A", "PARTNER_A")}
			}, "PARTNER_A by metadata", "PARTNER_A by metadata", "PARTNER_A by metadata"),
			// Of one second, a change goes before an update of something else.
			three(n+3, shape, func(c storetest.Case) [][]byte {
				return [][]byte{customerTold(c, 90*time.Minute, "PARTNER_A", ""), customerTold(c, 90*time.Minute, "", "")}
			}, "nobody", "nobody", "PARTNER_A by metadata"))
	}
	inAnyOrder(t, func(h *house) { h.model("transaction") }, byPayment...)
	inAnyOrder(t, func(h *house) { h.model("customer") }, byCustomer...)
}

// F73, F74: subscription metadata from its own events finds the partner of an invoice without a snapshot; the charge's beats it.
func TestSubscriptionMetadataIsKnownFromItsEvents(t *testing.T) {
	t.Parallel()
	var tales []tale
	for i, shape := range bothShapes {
		c := storetest.NewCase(shape, i+1)
		bare := c.Invoice(storetest.Plain("subscription_cycle", 10000, 0))
		if shape == storetest.Old {
			bare["subscription_details"] = nil
		} else {
			bare["parent"].(map[string]any)["subscription_details"].(map[string]any)["metadata"] = nil
		}
		own := c.Later("b", time.Hour)
		carries := own.Event("charge.succeeded", 0, own.Charge(10000, "metadata", key("PARTNER_B"), "payment_intent", nil, "invoice", nil))
		tales = append(tales, tale{[][]byte{c.Event("invoice.paid", 0, bare), carries, subscriptionTold(c, -time.Hour, "PARTNER_A", "")},
			[]string{c.ID("in") + " PARTNER_A by metadata", own.ID("ch") + " PARTNER_B by metadata"}})
	}
	inAnyOrder(t, func(h *house) { h.model("transaction") }, tales...)
}

// D2, F62-F75: the key of a checkout session is nowhere but on the session; a renewal a year later finds its partner by it,
// in a transaction-based program, too. A client reference does the same.
func TestARenewalAYearLaterFindsThePartnerOfTheSession(t *testing.T) {
	t.Parallel()
	for model, by := range map[string]string{"customer": "customer_id", "transaction": "metadata"} {
		var tales []tale
		for i, shape := range bothShapes {
			for j, told := range []string{"metadata", "client_reference"} {
				c := storetest.NewCase(shape, 10*i+j+1)
				c.At = c.At.AddDate(-1, 0, 0)
				later := c.Later("b", 365*24*time.Hour)
				set, renewed := []any{"metadata", key("PARTNER_A")}, by
				if told == "client_reference" {
					set, renewed = []any{"client_reference_id", "PARTNER_A"}, "customer_id"
				}
				session := c.Session("subscription", 10000, 0, append(set, "customer_creation", nil)...)
				tales = append(tales, tale{[][]byte{c.Event("invoice.paid", 0, c.Invoice(storetest.Plain("subscription_create", 10000, 0))),
					later.Event("invoice.paid", 0, later.Invoice(storetest.Plain("subscription_cycle", 10000, 0))), c.Event(completed, 0, session)},
					[]string{c.ID("in") + " PARTNER_A by " + told, later.ID("in") + " PARTNER_A by " + renewed}})
			}
		}
		inAnyOrder(t, func(h *house) { h.model(model) }, tales...)
	}
}

// D2: a charge of the customer whom the session made finds the session's partner; one of a customer who was there before
// does not (F68, F71).
func TestASessionGivesItsKeyToTheCustomerItMade(t *testing.T) {
	t.Parallel()
	var tales []tale
	for i, made := range []any{"always", nil} {
		c := storetest.NewCase(storetest.New, i+1)
		later := c.Later("b", time.Hour)
		session := c.Session("payment", 10000, 0, "metadata", key("PARTNER_A"), "customer_creation", made)
		tales = append(tales, tale{[][]byte{c.Event(completed, 0, session), charged(later)},
			[]string{c.ID("pi") + " PARTNER_A by metadata", later.ID("pi") + map[any]string{"always": " PARTNER_A by metadata", nil: " nobody"}[made]}})
	}
	inAnyOrder(t, func(h *house) { h.model("transaction") }, tales...)
}

// MONEY.md 2.4, 6: session, invoice, charge, payment intent and the invoice's payment are one sale in any order. The last
// settles whose invoice the others pay, so that nobody need be asked.
func TestAllFiveEventsOfASaleAreOneSaleInAnyOrder(t *testing.T) {
	t.Parallel()
	var tales []tale
	for i, shape := range bothShapes {
		c := storetest.NewCase(shape, i+1)
		bodies := append(begun(c, "PARTNER_A"), c.Event("invoice_payment.paid", 0, map[string]any{"id": c.ID("inpay"), "object": "invoice_payment", "invoice": c.ID("in"), "currency": "usd",
			"amount_paid": 12000, "status": "paid", "payment": map[string]any{"type": "payment_intent", "payment_intent": c.ID("pi")}, "status_transitions": map[string]any{"paid_at": c.At.Unix()}}))
		tales = append(tales, tale{bodies, []string{c.ID("in") + " PARTNER_A by metadata"}})
	}
	inAnyOrder(t, func(h *house) { h.silent = true }, tales...) // Stripe does not answer
}

// pending lists the events that are not through yet.
func (h *house) pending() []models.Event {
	h.t.Helper()
	list, err := h.Store.Events(context.Background(), h.caller.Tenant, models.EventPending, storetest.FirstPage())
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// because is what the newest event of a type says.
func (h *house) because(kind string) string {
	h.t.Helper()
	list, err := h.Store.Events(context.Background(), h.caller.Tenant, "", store.Page{Limit: 100, Desc: true})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range list {
		if e.Type == kind && e.Because != nil {
			return string(e.Status) + ": " + *e.Because
		}
	}
	return ""
}

// shop is a house with an API key and a Stripe that shows what it has.
type shop struct {
	*house
	at    time.Time
	has   map[string]string // what Stripe shows, by want; what is not there does not exist
	lacks map[string]string // what the key may not read
	down  bool
	shown []string // what was asked for
}

func newShop(t testing.TB) *shop {
	t.Helper()
	s := &shop{house: newHouse(t), at: storetest.Day, has: map[string]string{}, lacks: map[string]string{}}
	s.Now = func() time.Time { return s.at }
	i := store.Integration{Tenant: s.caller.Tenant, Program: s.caller.Program, Source: models.SourceStripe, Status: "connected", WebhookSecret: storetest.Secret, APIKey: "sk_test_1234567890"}
	if err := s.Store.SaveIntegration(context.Background(), i, storetest.Day); err != nil {
		t.Fatal(err)
	}
	s.Show = s.show
	return s
}

func (s *shop) show(_ context.Context, _ models.Tenant, _ models.ProgramID, source models.SourceName, wants []models.Want) (sources.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if source != models.SourceStripe {
		s.t.Errorf("asked at %s", source)
	}
	if s.down {
		return sources.Answer{}, models.Refuse(models.ErrLater, "Stripe answered 500. Portal will ask again.")
	}
	a := sources.Answer{Aside: true, Shown: map[string]sources.Shown{}, Without: map[string]string{}}
	for _, w := range wants {
		s.shown = append(s.shown, w.String())
		if why := s.lacks[w.String()]; why != "" {
			a.Without[w.String()] = why
			continue
		}
		object := s.has[w.String()]
		if object == "" {
			object = "null"
		}
		a.Shown[w.String()] = sources.Shown{At: s.at.UTC(), Object: json.RawMessage(object)}
	}
	return a, nil
}

// wait lets some time pass and drains.
func (s *shop) wait(d time.Duration) {
	s.at = s.at.Add(d)
	s.drain()
	s.drain()
}

// MONEY.md 2.6: a charge that names nobody counts at once; a little later Stripe is asked for the metadata that did not
// come with it, and what it shows decides. The answer is kept with the event, and everybody's later events know it.
func TestMetadataThatDidNotComeIsAskedForAndHoldsNothingUp(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := storetest.NewCase(storetest.Old, 1)
	s.has["customer cus_1"] = `{"id":"cus_1","metadata":{"partner_key":"PARTNER_A"}}`
	s.has["payment_intent pi_1"] = `{"id":"pi_1","metadata":{},"latest_charge":{"id":"ch_1","metadata":{}}}`
	s.post(charged(c))
	s.drain()
	if got, why := strings.Join(s.found(), ", "), s.because("charge.succeeded"); got != "pi_1 nobody" || len(s.shown) > 0 ||
		why != "pending: Counted. Stripe is still to show the metadata of payment intent pi_1, the metadata of customer cus_1." {
		t.Fatalf("at once: %s, asked %v, %s", got, s.shown, why)
	}
	s.wait(10 * time.Second)
	if got := strings.Join(s.found(), ", "); got != "pi_1 PARTNER_A by metadata" || len(s.pending()) > 0 || !slices.Equal(s.shown, []string{"payment_intent pi_1", "customer cus_1"}) {
		t.Fatalf("a little later: %s, asked %v, %d pending", got, s.shown, len(s.pending()))
	}
	s.post(storetest.Twin(charged(c)))
	s.wait(time.Minute)
	if len(s.shown) != 2 {
		t.Errorf("asked again: %v", s.shown)
	}
	if c := s.only(); c.Amount.String() != "20.00 USD" {
		t.Errorf("commission %s", c.Amount)
	}
}

// Only what can matter is asked for, and by one event of a sale for all.
func TestNothingIsAskedForThatCannotMatter(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	named, linked, silent := storetest.NewCase(storetest.Old, 1), storetest.NewCase(storetest.Old, 1).Later("b", time.Hour), storetest.NewCase(storetest.Old, 2)
	s.post(bought(named, 10000, 0, "metadata", key("PARTNER_A"))...)
	s.post(charged(linked))
	s.drain()
	s.wait(time.Minute)
	if len(s.shown) > 0 {
		t.Errorf("asked for %v of payments that found their partner", s.shown)
	}
	told := stateTold(silent, "customer.created", silent.Customer, "customer", -time.Hour, "", "")
	s.post(append(bought(silent, 10000, 0), told)...)
	s.drain()
	s.wait(time.Minute)
	if len(s.shown) > 0 || len(s.pending()) > 0 { // its intent's event came, and its customer's
		t.Errorf("asked for %v, %d pending", s.shown, len(s.pending()))
	}
	several := storetest.NewCase(storetest.Old, 3)
	s.post(bought(several, 10000, 0)...)
	s.drain()
	s.wait(time.Minute)
	if !slices.Equal(s.shown, []string{"customer cus_3"}) || len(s.pending()) > 0 {
		t.Errorf("asked for %v, %d pending", s.shown, len(s.pending()))
	}
}

// What Stripe refuses for lack of a right, and what nobody can ask without a key, is said, and the event is done; what
// does not exist names nobody; a Stripe that is down is asked again.
func TestWhatCannotBeLearnedIsSaid(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.lacks["customer cus_1"] = "the API key lacks a right that this needs: rak_customer_read"
	s.post(charged(storetest.NewCase(storetest.Old, 1)))
	s.drain()
	s.down = true
	s.wait(10 * time.Second)
	if why := s.because("charge.succeeded"); why != "pending: Counted. Stripe answered 500. Portal will ask again." {
		t.Errorf("while Stripe is down: %s", why)
	}
	s.down = false
	s.wait(time.Minute)
	if why := s.because("charge.succeeded"); why != "done: Counted. Not learned: the API key lacks a right that this needs: rak_customer_read." {
		t.Errorf("without the right: %s", why)
	}
	none := store.Integration{Tenant: s.caller.Tenant, Program: s.caller.Program, Source: models.SourceStripe, Status: "connected", WebhookSecret: storetest.Secret}
	if err := s.Store.SaveIntegration(context.Background(), none, storetest.Day); err != nil {
		t.Fatal(err)
	}
	s.post(charged(storetest.NewCase(storetest.Old, 2)))
	s.drain()
	if why := s.because("charge.succeeded"); why != "done: Counted. Not learned: no API key is connected to ask for the metadata of payment intent pi_2, the metadata of customer cus_2." {
		t.Errorf("without a key: %s", why)
	}
}

// What was asked for counts only where nothing that came by itself finds a partner, whenever it was asked.
func TestWhatWasAskedForGivesWayToWhatCame(t *testing.T) {
	t.Parallel()
	var states []string
	for _, late := range []bool{true, false} {
		s := newShop(t)
		storetest.Partner(t, s.Store, s.caller.Tenant, "PARTNER_B", "usd")
		s.has["customer cus_1"] = `{"id":"cus_1","metadata":{"partner_key":"PARTNER_B"}}`
		c := storetest.NewCase(storetest.Old, 1)
		session := c.Event(completed, 0, c.Session("payment", 10000, 0, "client_reference_id", "PARTNER_A"))
		s.post(charged(c))
		if !late {
			s.post(session)
		}
		s.drain()
		s.wait(time.Minute)
		if want := map[bool]string{true: "pi_1 PARTNER_B by metadata", false: "pi_1 PARTNER_A by client_reference"}[late]; s.found()[0] != want {
			t.Errorf("late %v: %s, want %s", late, s.found(), want)
		}
		s.post(session)
		s.drain()
		states = append(states, s.state())
	}
	if states[0] != states[1] {
		t.Errorf("different books:\n%s\n%s", states[0], states[1])
	}
}

// An API call counts at once, and its customer's metadata is asked for as that of any payment (F80).
func TestAnAPICallsCustomerIsAskedForToo(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.has["customer cus_1"] = `{"id":"cus_1","metadata":{"partner_key":"PARTNER_A"}}`
	row, _, err := s.Transact(context.Background(), s.caller, sources.Transaction{Key: "order-1", Amount: "100.00", AmountUnits: "usd", CustomerKey: "cus_1", CreateCustomer: true})
	if err != nil || row.Partner != nil {
		t.Fatalf("%+v, %v", row, err)
	}
	s.wait(10 * time.Second)
	if got := strings.Join(s.found(), ", "); got != "order-1 PARTNER_A by metadata" || len(s.pending()) > 0 {
		t.Errorf("%s, %d pending", got, len(s.pending()))
	}
}

// P12: the payload holds ten lines; the invoice counts with them until Stripe has shown all, and the rules of products
// then hold for each line, to the cent.
func TestLinesBeyondTenAreFetched(t *testing.T) {
	t.Parallel()
	for _, shape := range []storetest.Shape{storetest.Old, storetest.New} {
		s := newShop(t)
		rules := []models.Rule{{Type: "percent", Value: "10", Recurring: "always"}, {Product: ptr("prod_2"), Type: "percent", Value: "50", Recurring: "always"}}
		if err := s.SaveRules(context.Background(), s.caller, rules, somebody); err != nil {
			t.Fatal(err)
		}
		c := storetest.NewCase(shape, 1)
		c.At = storetest.Day.Add(time.Second) // after the rules were saved
		bill := storetest.Bill{Reason: "subscription_create"}
		for n := range 12 {
			product := "prod_1"
			if n >= 10 {
				product = "prod_2"
			}
			bill.Lines = append(bill.Lines, storetest.BillLine{Amount: 1000, Product: product})
		}
		invoice := c.Invoice(bill, "metadata", key("PARTNER_A"))
		lines := invoice["lines"].(map[string]any)
		all, _ := json.Marshal(lines["data"])
		lines["data"], lines["has_more"] = lines["data"].([]any)[:10], true
		s.has["lines in_1"] = string(all)
		s.post(c.Event("invoice.paid", 0, invoice), c.Event("invoice.payment_succeeded", 0, invoice))
		s.drain()
		if got := s.only(); got.Amount.String() != "12.00 USD" || len(s.pending()) != 2 { // 10 % of all
			t.Errorf("%s: with ten lines %s, %d pending", shape, got.Amount, len(s.pending()))
		}
		s.wait(10 * time.Second)
		if got := s.only(); got.Amount.String() != "20.00 USD" || len(s.pending()) != 0 || len(s.shown) != 1 { // 10 % of 100 and 50 % of 20
			t.Errorf("%s: with all lines %s, %d pending, asked %v", shape, got.Amount, len(s.pending()), s.shown)
		}
	}
}
