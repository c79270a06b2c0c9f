package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"time"
)

// answerKind is how a saved answer stands in the journal.
const answerKind = "_answer"

// answer is what the first request with an idempotency key was told. It is kept for 24 hours.
type answer struct {
	print  string // of the request
	at     time.Time
	busy   bool // the first request is still under way
	status int
	body   []byte
	first  string // request id of the first
}

func readAnswer(o object) *answer {
	body, _ := o["body"].(string)
	return &answer{print: o.str("print"), at: time.Unix(o.num("created"), 0), status: int(o.num("status")),
		body: []byte(body), first: o.str("request")}
}

func (a *answer) object() object {
	return object{"print": a.print, "created": a.at.Unix(), "status": a.status, "body": string(a.body), "request": a.first}
}

func fingerprint(r *http.Request, f form) string {
	sum := sha256.Sum256(encode([]any{r.Method, r.URL.Path, f}))
	return hex.EncodeToString(sum[:])
}

// remember finds the answer saved for the call's key. It is nil when this request is the first; its key is
// then claimed until it is kept or released.
func (c *call) remember(print string) (*answer, error) {
	for k, a := range c.a.answers {
		if !a.busy && c.at.Sub(a.at) >= 24*time.Hour {
			delete(c.a.answers, k)
		}
	}
	switch a := c.a.answers[c.key]; {
	case a == nil:
		c.a.answers[c.key] = &answer{print: print, at: c.at, busy: true, first: c.request}
		return nil, nil
	case a.print != print:
		f := invalid("", "", "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '%s' if you meant to execute a different request.", c.key)
		f.body["type"] = "idempotency_error"
		return nil, f
	case a.busy:
		f := refuse(http.StatusConflict, "idempotency_key_in_use", "", "There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): %s. Please try again later.", c.key)
		f.body["type"] = "idempotency_error"
		return nil, f
	default:
		return a, nil
	}
}

// release gives a claimed key back: what was refused before it began is not saved (MONEY.md 4.5).
func (c *call) release() {
	if a := c.a.answers[c.key]; a != nil && a.busy {
		delete(c.a.answers, c.key)
	}
}

// save keeps the answer for the call's key: once the work began a decline, a server error and a lack of funds too.
func (c *call) save(status int, body []byte, err error) {
	if c.key == "" {
		return
	}
	var f *failure
	began := status == http.StatusPaymentRequired || errors.As(err, &f) && f.body.str("code") == "balance_insufficient"
	if status >= 400 && status < 500 && !began {
		c.release()
		return
	}
	first := c.a.answers[c.key]
	done := &answer{print: first.print, at: first.at, status: status, body: body, first: first.first}
	c.put(done.object().with(object{"id": c.key, "object": answerKind}))
}
