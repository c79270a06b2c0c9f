package handlers

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"portal/models"
)

func TestAPIWantsAKeyEverywhere(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	if len(apiRoutes()) != 33 {
		t.Errorf("the API has %d operations, want the 26 of CONTRACT.md 5, three of codes, two of adjustments and two of rates", len(apiRoutes()))
	}
	for _, r := range apiRoutes() {
		path := strings.NewReplacer("{key}", "x", "{id}", "x", "{source}", "stripe").Replace(r.path)
		for _, key := range []string{"", "wrong_key_1234"} {
			a := w.as(key, r.method, path, "{}").is(401)
			if a.header.Get("Www-Authenticate") == "" {
				t.Errorf("%s %s: a 401 without WWW-Authenticate", r.method, path)
			}
			hasExactly(t, "a problem", a.body, "type title status detail errors")
		}
	}
	w.as("", "GET", "/v1/program", "", "Authorization", "Basic "+apiTestKey).is(401)
	w.as("", "GET", "/v1/program", "", "Authorization", "bearer "+apiTestKey).is(200)
	if strings.Contains(w.log.String(), "wrong_key_1234") || strings.Contains(w.log.String(), apiTestKey) {
		t.Error("the log has a key in it")
	}
}

func TestAPIDescribesItself(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	a := w.as("", "GET", "/v1/openapi.json", "").is(200)
	if a.body["openapi"] != "3.1.0" {
		t.Errorf("openapi is %v", a.body["openapi"])
	}
	paths := a.body["paths"].(map[string]any)
	for _, r := range apiRoutes() {
		op := paths[r.path].(map[string]any)[strings.ToLower(r.method)].(map[string]any)
		if op["summary"] == "" || op["operationId"] == "" {
			t.Errorf("%s %s is not described", r.method, r.path)
		}
	}
	if !strings.Contains(a.raw, `"securitySchemes":{"bearer"`) || strings.Contains(a.raw, "APIPage") {
		t.Error("the description lacks the bearer scheme, or shows a name of ours")
	}
}

func TestAPIShowsNothingOfOthers(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.call("POST", "/v1/partners", `{"key":"PARTNER_A"}`).is(201)
	w.call("POST", "/v1/customers", `{"key":"ann"}`).is(201)
	w.sell(sample(1, "PARTNER_A", 10000))
	w.wait(40 * 24 * 3600e9)
	invoice := w.call("POST", "/v1/invoices", `{"until":"2026-12-31"}`).is(201).data()[0]["id"].(string)
	for _, key := range []string{apiOtherKey, apiLiveKey} {
		for _, path := range []string{"/partners/PARTNER_A", "/partners/PARTNER_A/balance", "/customers/ann", "/customers/cus_b", "/transactions/in_1", "/invoices/" + invoice} {
			w.as(key, "GET", "/v1"+path, "").is(404)
		}
		w.as(key, "PATCH", "/v1/partners/PARTNER_A", `{"name":"x"}`).is(404)
		w.as(key, "PATCH", "/v1/customers/ann", `{"name":"x"}`).is(404)
		for _, deed := range []string{"approve", "pay", "mark-paid"} {
			w.as(key, "POST", "/v1/invoices/"+invoice+"/"+deed, `{}`).is(404)
		}
		for _, list := range []string{"partners", "customers", "transactions", "commissions", "invoices", "events"} {
			if a := w.as(key, "GET", "/v1/"+list, "").is(200); len(a.data()) != 0 {
				t.Errorf("%s shows %d of another's %s", key, len(a.data()), list)
			}
		}
	}
	if got := w.as(apiLiveKey, "GET", "/v1/program", "").is(200); got.body["mode"] != "live" || got.body["id"] != w.caller.Program.String() {
		t.Errorf("the live key sees %s", got.raw)
	}
}

func TestAPIWalksListsBothWays(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	for i := range 7 {
		w.call("POST", "/v1/partners", fmt.Sprintf(`{"key":"P%d"}`, i)).is(201)
		w.call("POST", "/v1/customers", fmt.Sprintf(`{"key":"c%d","email":"same@example.com"}`, i)).is(201)
		w.wait(1e9)
		w.call("POST", "/v1/transactions", fmt.Sprintf(`{"key":"t%d","amount":1,"customer":{"key":"c%d"},"partner":{"key":"P0"}}`, i, i)).is(201)
	}
	for list, want := range map[string]string{"partners": "P0 P1 P2 P3 P4 P5 P6", "customers": "c0 c1 c2 c3 c4 c5 c6", "transactions": "t0 t1 t2 t3 t4 t5 t6",
		"transactions?partner=P0": "t0 t1 t2 t3 t4 t5 t6", "customers?email=SAME@example.com": "c0 c1 c2 c3 c4 c5 c6"} {
		if got := w.walk(list, "asc", 3, "key"); got != want {
			t.Errorf("%s oldest first: %s", list, got)
		}
		fields := strings.Fields(want)
		for i, j := 0, len(fields)-1; i < j; i, j = i+1, j-1 {
			fields[i], fields[j] = fields[j], fields[i]
		}
		if got := w.walk(list, "desc", 2, "key"); got != strings.Join(fields, " ") {
			t.Errorf("%s newest first: %s", list, got)
		}
	}
	for _, list := range []string{"commissions", "events"} {
		if n := len(strings.Fields(w.walk(list, "desc", 3, "id"))); n != 7 {
			t.Errorf("%s has %d entries", list, n)
		}
	}
	for query, field := range map[string]string{"limit=0": "limit", "limit=201": "limit", "limit=x": "limit", "order=up": "order", "cursor=x": "cursor",
		"cursor=MDAwMS0wMS0wMVQwMDowMDowMFp8eHh4eHh4eHgteHh4eC14eHh4LXh4eHgteHh4eHh4eHh4eHh4": "cursor", "nope=1": "nope", "status=odd": "status", "email=%00": "email"} {
		path := "/v1/customers?"
		if field == "status" {
			path = "/v1/transactions?"
		}
		w.call("GET", path+query, "").is(422).names(field)
	}
	w.call("GET", "/v1/invoices?status=odd", "").is(422).names("status")
	w.call("GET", "/v1/events?status=odd", "").is(422).names("status")
	w.call("GET", "/v1/partners?limit=200&cursor=&order=", "").is(200)
}

// walk goes through a list page by page and gives one field of each entry.
func (w *apiWorld) walk(list, order string, limit int, field string) string {
	w.t.Helper()
	path := "/v1/" + list + "?"
	if strings.Contains(list, "?") {
		path = "/v1/" + list + "&"
	}
	var all []string
	cursor := ""
	for range 20 {
		a := w.call("GET", fmt.Sprintf("%sorder=%s&limit=%d&cursor=%s", path, order, limit, cursor), "").is(200)
		hasExactly(w.t, "a list", a.body, "data next_cursor")
		for _, item := range a.data() {
			all = append(all, item[field].(string))
		}
		if a.body["next_cursor"] == nil {
			return strings.Join(all, " ")
		}
		if len(a.data()) != limit {
			w.t.Errorf("%s: a page of %d, want %d", a.call, len(a.data()), limit)
		}
		cursor = a.body["next_cursor"].(string)
	}
	w.t.Fatalf("%s has no end", list)
	return ""
}

func TestAPIRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	for name, c := range map[string]struct {
		body   string
		status int
		fields []string
	}{
		"no JSON":                  {`{"key":`, 400, []string{"body"}},
		"two values":               {`{"key":"A"} {}`, 400, []string{"body"}},
		"nothing":                  {``, 400, nil},
		"null":                     {`null`, 422, []string{"body"}},
		"a list":                   {`[]`, 422, []string{"body"}},
		"an unknown field":         {`{"key":"A","colour":"red"}`, 422, []string{"colour"}},
		"a field in another case":  {`{"key":"A","Email":"a@example.com"}`, 422, []string{"Email"}},
		"a missing field":          {`{}`, 422, []string{"key"}},
		"a wrong type":             {`{"key":7,"name":["x"]}`, 422, []string{"key", "name"}},
		"a zero byte":              {`{"key":"A","name":"a\u0000b"}`, 422, []string{"name"}},
		"everything wrong at once": {`{"key":"a b","email":"x","currency":"xyz","country":"Germany","name":" "}`, 422, []string{"key", "email", "currency", "country", "name"}},
		"an unknown status":        {`{"key":"A","status":"odd"}`, 422, []string{"status"}},
		"a body without end":       {`{"key":"` + strings.Repeat("x", 1<<20) + `"}`, 413, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w.call("POST", "/v1/partners", c.body).is(c.status).names(c.fields...)
		})
	}
	w.call("POST", "/v1/partners", `{"key":"`+strings.Repeat("x", 1<<20)+`"}`, "Idempotency-Key", "large").is(413)
	w.call("GET", "/v1/partners/%00", "").is(404)
	w.call("GET", "/v1/partners/%ff", "").is(404)
	w.call("GET", "/v1/nothing", "").is(404)
	w.call("DELETE", "/v1/partners", "").is(405)
	w.call("GET", "/v1/invoices/nonsense", "").is(404)
	w.call("GET", "/v1/invoices/prg_00000000000000000000000000000000", "").is(404)
}

func TestAPITellsNothingOfAFaultOfOurs(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.Inbox = nil // whatever breaks inside
	a := w.call("POST", "/v1/transactions", `{"key":"t","amount":1}`, "Idempotency-Key", "k").is(500)
	if strings.Contains(a.raw, "nil pointer") || strings.Contains(a.raw, ".go") {
		t.Errorf("the answer shows what broke: %s", a.raw)
	}
	request := a.header.Get("X-Request-Id")
	if !strings.Contains(a.raw, request) || strings.Count(w.log.String(), "id="+request) != 1 {
		t.Errorf("request %s is not in the answer, or not once in the log", request)
	}
	if kept, err := w.Store.ClaimAnswer(context.Background(), w.caller, "k", []byte("x"), w.now()); kept != nil || err != nil {
		t.Errorf("a fault of ours was kept for its key: %v, %v", kept, err)
	}
	if err := w.Store.DropAnswer(context.Background(), w.caller, "k", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if got := w.House.apiProblemOf("r", models.Refuse(models.ErrLater, "Soon.")); got.Status != 503 || got.Detail != "Soon." {
		t.Errorf("later is %+v", got)
	}
}
