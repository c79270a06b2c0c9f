package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// deliveryKind is how a finished delivery stands in the journal.
const deliveryKind = "_delivery"

// gaps are the waits before each further try; after the last one Stripe gives up, and so does the sandbox.
var gaps = []time.Duration{200 * time.Millisecond, time.Second, 3 * time.Second, 10 * time.Second, 30 * time.Second}

// Deliver hands one signed webhook over and returns the HTTP status it was answered with, 0 for no answer.
type Deliver func(url string, header http.Header, body []byte) int

// post is the outgoing mail: what is owed, to whom, and what came of it lately.
type post struct {
	deliver Deliver
	queue   []delivery
	owed    map[string]map[string]bool // event id → endpoint ids; false while a delivery is under way
	lost    map[string]bool            // ids of events that an endpoint never took
	busy    int
	recent  []Delivery // newest last
	wake    chan struct{}
	done    chan struct{}
	stop    sync.Once
	ended   sync.WaitGroup
}

type delivery struct {
	a               *account
	event, endpoint string
	due             time.Time // by the real clock
	tries           int
	again           object // the event, when it is told once more although it was taken
}

// Delivery is one try to tell an endpoint of an event.
type Delivery struct {
	Account, Event, Type, URL string
	At                        time.Time
	Status, Try               int // Status 0: no answer
}

// DeliverBy changes how webhooks are handed over; nil is an HTTP POST.
func (s *Sandbox) DeliverBy(d Deliver) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post.deliver = d
}

// Flush waits until every delivery that is due was tried.
func (s *Sandbox) Flush(ctx context.Context) error {
	for {
		s.mu.Lock()
		now := time.Now()
		idle := s.post.busy == 0 && !slices.ContainsFunc(s.post.queue, func(d delivery) bool { return !d.due.After(now) && !d.a.owner().withheld })
		s.mu.Unlock()
		if idle {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("flush sandbox webhooks: %w", ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
}

// Deliveries are the latest tries of an account's webhooks, newest first.
func (s *Sandbox) Deliveries(accountID string) []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Delivery
	for _, d := range slices.Backward(s.post.recent) {
		if d.Account == accountID {
			out = append(out, d)
		}
	}
	return out
}

func (s *Sandbox) startPost(o Options) {
	n := o.Senders
	if n < 1 {
		n = 4
	}
	s.post.deliver = o.Deliver
	s.post.wake = make(chan struct{}, n)
	s.post.done = make(chan struct{})
	for range n {
		s.post.ended.Go(s.work)
	}
}

// owe puts an event on the queue of each endpoint it is for.
func (s *Sandbox) owe(a *account, e object) {
	for _, to := range e.list("_to") {
		id := e.str("id")
		if s.post.owed == nil {
			s.post.owed = map[string]map[string]bool{}
		}
		if s.post.owed[id] == nil {
			s.post.owed[id] = map[string]bool{}
		}
		s.post.owed[id][to.(string)] = true
		s.post.queue = append(s.post.queue, delivery{a: a, event: id, endpoint: to.(string), due: time.Now()})
	}
}

// send wakes the senders.
func (s *Sandbox) send() {
	select {
	case s.post.wake <- struct{}{}:
	default:
	}
}

func (s *Sandbox) work() {
	for {
		d, wait, ok := s.next()
		if ok {
			s.try(d)
			continue
		}
		t := time.NewTimer(wait)
		select {
		case <-s.post.done:
			t.Stop()
			return
		case <-s.post.wake:
			t.Stop()
		case <-t.C:
		}
	}
}

// next takes the first delivery that is due, or says how long to wait for one.
func (s *Sandbox) next() (d delivery, wait time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.post.done:
		return d, time.Hour, false
	default:
	}
	wait = time.Hour
	now := time.Now()
	for i, d := range s.post.queue {
		if d.a.owner().withheld {
			continue
		}
		if !d.due.After(now) {
			i = s.drawn(i, now)
			d = s.post.queue[i]
			if i == 0 {
				s.post.queue = s.post.queue[1:]
			} else {
				s.post.queue = slices.Delete(s.post.queue, i, i+1)
			}
			s.queued(d, false)
			s.post.busy++
			return d, 0, true
		}
		wait = min(wait, d.due.Sub(now))
	}
	return d, wait, false
}

// queued notes whether a delivery that is owed waits in the queue or is under way.
func (s *Sandbox) queued(d delivery, waits bool) {
	if to := s.post.owed[d.event]; to != nil && d.again == nil {
		to[d.endpoint] = waits
	}
}

// drawn is the place of the delivery that goes instead of the first, when chance is to decide.
func (s *Sandbox) drawn(first int, now time.Time) int {
	owner := s.post.queue[first].a.owner()
	if !owner.shuffle {
		return first
	}
	var due []int
	for i, d := range s.post.queue[first:] {
		if d.a.owner() == owner && !d.due.After(now) {
			due = append(due, first+i)
		}
	}
	owner.moods.drawn++
	return due[rand.New(rand.NewPCG(owner.moods.drawn, uint64(len(due)))).IntN(len(due))]
}

// try tells one endpoint of one event, and notes what came of it.
func (s *Sandbox) try(d delivery) {
	s.mu.Lock()
	e, known := d.a.get("event", d.event)
	owner, w, there := s.listening(d.a, d.endpoint)
	hand := s.post.deliver
	if d.again != nil {
		e, known = d.again, true
	}
	var body []byte
	if known && there {
		told := d.a.renderEvent(e, or(w.str("api_version"), owner.payload()))
		if w.flag("_connect") {
			told["account"] = d.a.ID
		}
		body = encode(told)
	}
	at := s.now()
	s.mu.Unlock()

	status := 0
	if body != nil {
		if hand == nil {
			hand = s.mail
		}
		status = hand(w.str("url"), signed(w.str("_secret"), at, body), body)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.post.busy--
	d.tries++
	if body != nil {
		s.post.recent = append(s.post.recent, Delivery{d.a.ID, d.event, e.str("type"), w.str("url"), at, status, d.tries})
		s.post.recent = s.post.recent[max(0, len(s.post.recent)-100):]
	}
	if body != nil && status/100 != 2 && d.tries <= len(gaps) {
		d.due = time.Now().Add(gaps[d.tries-1])
		s.queued(d, true)
		s.post.queue = append(s.post.queue, d)
		return
	}
	if d.again != nil {
		return
	}
	c := &call{Sandbox: s, a: d.a, at: at}
	c.settled(d, status)
	_ = c.commit() // told again after a restart, as Stripe may do too
	if d.a.owner().twice && body != nil {
		s.post.queue = append(s.post.queue, delivery{a: d.a, event: d.event, endpoint: d.endpoint, due: time.Now(), again: e})
	}
}

// settled notes that a delivery is at its end.
func (c *call) settled(d delivery, status int) {
	c.putIn(d.a, object{"id": d.event, "object": deliveryKind, "endpoint": d.endpoint, "status": status})
}

// settle ends what was owed to an endpoint; an old event that everybody heard is forgotten.
func (s *Sandbox) settle(a *account, event string, o object) {
	endpoint := o.str("endpoint")
	if s.post.owed[event][endpoint] {
		s.post.queue = slices.DeleteFunc(s.post.queue, func(d delivery) bool { return d.event == event && d.endpoint == endpoint && d.again == nil })
	}
	delete(s.post.owed[event], endpoint)
	if o["status"] != nil && o.num("status")/100 != 2 {
		if s.post.lost == nil {
			s.post.lost = map[string]bool{}
		}
		s.post.lost[event] = true
	}
	if e, ok := a.get("event", event); ok {
		s.forget(a, e)
	}
}

func (s *Sandbox) forget(a *account, e object) {
	id := e.str("id")
	if len(s.post.owed[id]) > 0 {
		return
	}
	delete(s.post.owed, id)
	if s.old(a, e) {
		if k := a.objects[id]; k != nil {
			a.lists["event"] = a.lists["event"].without(k)
		}
		delete(a.objects, id)
		delete(s.post.lost, id)
	}
}

// signed makes the headers of a webhook (MONEY.md 1.1).
func signed(secret string, at time.Time, body []byte) http.Header {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	h := http.Header{}
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
	h.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil))))
	return h
}

var postman = &http.Client{Timeout: 20 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// mail is the ordinary way: an HTTP POST, cut short when the sandbox closes.
func (s *Sandbox) mail(url string, header http.Header, body []byte) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-s.post.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	r.Header = header
	answer, err := postman.Do(r)
	if err != nil {
		return 0
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.CopyN(io.Discard, answer.Body, 1<<16)
	return answer.StatusCode
}
