package handlers

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAPIRepeatsTheFirstAnswerForADay(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	post := func(key, body string) answer { return w.call("POST", "/v1/partners", body, "Idempotency-Key", key) }
	first := post("k1", `{"key":"A","name":"Ann"}`).is(201)
	if first.header.Get("Idempotent-Replayed") != "" {
		t.Error("the first answer says that it is a repeat")
	}
	w.call("PATCH", "/v1/partners/A", `{"name":"Other"}`).is(200)
	for range 2 {
		again := post("k1", `{"key":"A","name":"Ann"}`).is(201)
		if again.raw != first.raw || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("again: %s %v, want %s", again.raw, again.header, first.raw)
		}
	}
	refused := post("k2", `{"key":"A"}`).is(409)
	if again := post("k2", `{"key":"A"}`).is(409); again.raw != refused.raw || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("a refusal again: %s", again.raw)
	}
	post("k1", `{"key":"B"}`).is(422).names("Idempotency-Key")
	w.call("POST", "/v1/customers", `{"key":"A","name":"Ann"}`, "Idempotency-Key", "k1").is(422).names("Idempotency-Key")
	post(strings.Repeat("k", 256), `{"key":"B"}`).is(422).names("Idempotency-Key")
	w.as(apiOtherKey, "POST", "/v1/partners", `{"key":"A","name":"Ann"}`, "Idempotency-Key", "k1").is(201)
	w.as(apiLiveKey, "POST", "/v1/partners", `{"key":"A","name":"Ann"}`, "Idempotency-Key", "k1").is(201)
	w.wait(24 * time.Hour)
	post("k1", `{"key":"A","name":"Ann"}`).is(409) // the key is free again, the partner is there
	if err := w.Store.Tidy(context.Background(), w.now()); err != nil {
		t.Fatal(err)
	}
	post("k2", `{"key":"C"}`).is(201)
}

func TestAPIDoesParallelRequestsWithOneKeyOnce(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]int{}
	for range 12 {
		wg.Go(func() {
			a := w.call("POST", "/v1/partners", `{"key":"A"}`, "Idempotency-Key", "k")
			mu.Lock()
			defer mu.Unlock()
			seen[fmt.Sprint(a.status, a.header.Get("Idempotent-Replayed"))]++
		})
	}
	wg.Wait()
	for got, n := range seen {
		if got != "201" && got != "201true" && got != "409" || got == "201" && n != 1 {
			t.Errorf("answers: %v", seen)
		}
	}
	if seen["201"] != 1 {
		t.Errorf("answers: %v", seen)
	}
	w.call("POST", "/v1/partners", `{"key":"A"}`, "Idempotency-Key", "k").is(201)
}

func TestAPITakesOverAKeyWhoseCallDied(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	post := func(body string) answer {
		return w.call("POST", "/v1/partners", body, "Idempotency-Key", "k")
	}
	post(`{"key":"A"}`).is(201)
	if _, err := w.Store.DB().Exec(`UPDATE api_answers SET status = NULL, answer = NULL`); err != nil {
		t.Fatal(err)
	}
	post(`{"key":"A"}`).is(409).has(`{"detail":"The first request with this Idempotency-Key is still under way. Ask again in a moment."}`)
	w.wait(time.Minute)
	post(`{"key":"B"}`).is(422).names("Idempotency-Key")
	post(`{"key":"A"}`).is(409).has(`{"detail":"A partner with this key exists already."}`)
}
