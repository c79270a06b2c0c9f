package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"sync"
	"testing"
	"time"

	"portal/store/storetest"
)

// sold is the n-th sale of the stream.
func sold(n int) storetest.Sold {
	return storetest.Sold{N: n, Customer: fmt.Sprintf("cus_%d", n%7), Email: fmt.Sprintf("c%d@example.com", n%7), Partner: "PARTNER_A", Gross: 10000, Currency: "usd",
		PaidAt: time.Now().Add(-time.Hour).Add(time.Duration(n) * time.Second / 10)}
}

// MONEY.md 1.4: what was answered 200 is on disk. Portal is killed ten times under a stream of webhooks.
func TestKillingPortalLosesNoWebhookThatWasAnsweredAndDoublesNone(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	c := p.setup()
	r := p.start("serve")
	c.prepare()
	var (
		mu       sync.Mutex
		answered = map[string]bool{}
		n        int
	)
	for round := range 10 {
		if round > 0 {
			r = p.start("serve")
		}
		var senders sync.WaitGroup
		stop := make(chan struct{})
		for range 4 {
			senders.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					mu.Lock()
					n++
					s := sold(n)
					mu.Unlock()
					time.Sleep(10 * time.Millisecond) // a stream, not a flood: what is proved is order and loss, not speed
					status := c.post(s.Invoice(storetest.Old))
					if status == 200 {
						mu.Lock()
						answered[fmt.Sprintf("in_%d", s.N)] = true
						mu.Unlock()
					} else if status == 0 {
						return
					}
				}
			})
		}
		time.Sleep(time.Duration(100+rand.IntN(300)) * time.Millisecond)
		r.kill()
		close(stop)
		senders.Wait()
	}
	r = p.start("serve")
	keys := c.settledKeys()
	for key := range answered {
		if keys[key] != 1 {
			t.Errorf("%s was answered 200 and is counted %d times", key, keys[key])
		}
	}
	for key, times := range keys {
		if times != 1 {
			t.Errorf("%s is counted %d times", key, times)
		}
	}
	t.Logf("%d webhooks answered, %d payments", len(answered), len(keys))
	if len(answered) < 50 {
		t.Errorf("only %d webhooks were answered: the test proves little", len(answered))
	}
	r.stop()
	for _, command := range []string{"books", "replay"} {
		if out, err := p.run(command); err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
	}
}

// settledKeys waits until no event is pending, and counts the payments by key.
func (c caller) settledKeys() map[string]int {
	c.t.Helper()
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		var pending struct{ Data []struct{ ID string } }
		c.call(200, "GET", "/v1/events?status=pending&limit=1", "", &pending)
		if len(pending.Data) == 0 {
			break
		}
		if time.Now().After(end) {
			c.t.Fatal("events are still pending after a minute")
		}
	}
	keys := map[string]int{}
	cursor := ""
	for {
		var page struct {
			Data       []struct{ Key string }
			NextCursor *string `json:"next_cursor"`
		}
		c.call(200, "GET", "/v1/transactions?limit=200&cursor="+url.QueryEscape(cursor), "", &page)
		for _, p := range page.Data {
			keys[p.Key]++
		}
		if page.NextCursor == nil {
			return keys
		}
		cursor = *page.NextCursor
	}
}
