package sandbox

import (
	"net/http"
	"net/url"
)

// question3DS is a bank's question to a card's holder, ready to print.
type question3DS struct {
	Intent string
	Amount *cash // nil where a card is only saved
	Card   string
}

// nextAction is what a card's holder must do: go to a page when the caller named a way back and has no Stripe.js, else
// what Stripe.js does.
func (c *call) nextAction(o object) object {
	back := or(c.form.get("return_url"), o.str("_return"))
	if back != "" && c.form.get("use_stripe_sdk") != "true" {
		o["_return"] = back
		return object{"type": "redirect_to_url", "redirect_to_url": object{"return_url": back, "url": c.address("/authenticate/" + o.str("id"))}}
	}
	return object{"type": "use_stripe_sdk", "use_stripe_sdk": object{"type": "three_d_secure_redirect",
		"stripe_js": "https://hooks.stripe.com/redirect/authenticate/" + letters(o.str("id"), 20), "source": "src_1" + letters(o.str("id"), 23)}}
}

// wayBack refuses a return_url to which nobody can be led.
func (c *call) wayBack() error {
	if !c.form.has("return_url") {
		return nil
	}
	return c.webAddress("return_url")
}

// holderPage asks a card's holder, or leads back when there is nothing to ask any more.
func (s *Sandbox) holderPage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	c, o := s.holding("", r.PathValue("intent"))
	asks := o != nil && o.str("status") == "requires_action"
	var v hostedView
	to := ""
	if asks {
		v = c.question(o)
	} else if o != nil {
		to = c.afterHolder(o)
	}
	s.mu.Unlock()
	switch {
	case asks:
		s.printHosted(w, http.StatusOK, "holder", v)
	case to != "":
		lead(w, to)
	default:
		s.gone(w, "The bank asks nothing here any more.", "")
	}
}

func (c *call) question(o object) hostedView {
	pm, _ := c.a.get("payment_method", o.str("payment_method"))
	card := pm.sub("card")
	v := hostedView{Title: "Your bank asks", Platform: or(c.a.Name, c.a.ID), Ask: question3DS{Intent: o.str("id"), Card: brandNames[card.str("brand")] + " •••• " + card.str("last4")}}
	if o.str("object") == "payment_intent" {
		amount := inCash(o.num("amount"), o.str("currency"))
		v.Ask.Amount = &amount
	}
	return v
}

var brandNames = map[string]string{"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express"}

// holderAnswers takes the holder's answer and leads back to where the payment or the card was begun.
func (s *Sandbox) holderAnswers(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	s.mu.Lock()
	c, o := s.holding("", r.PathValue("intent"))
	to := ""
	var err error
	if o != nil {
		if o.str("status") == "requires_action" {
			if err = c.authenticate(o, r.PostFormValue("answer") == "yes"); err == nil {
				err = c.commit()
			}
		}
		to = c.afterHolder(o)
	}
	s.mu.Unlock()
	switch {
	case err != nil:
		s.gone(w, refused(err, r).Failed, to)
	case to == "":
		s.printHosted(w, http.StatusOK, "answered", hostedView{Title: "Thank you"})
	default:
		lead(w, to)
	}
}

// afterHolder is where a holder goes after the bank's question; empty when the caller named no way back.
func (c *call) afterHolder(o object) string {
	if cs, _ := c.a.sessionOf(o); cs.str("status") == "complete" {
		return thanks(cs)
	} else if cs != nil {
		return "../c/pay/" + cs.str("id")
	}
	to, err := url.Parse(o.str("_return"))
	if err != nil || to.Host == "" {
		return ""
	}
	kind, status := o.str("object"), "failed"
	if o.str("status") == "succeeded" {
		status = "succeeded"
	}
	q := to.Query()
	q.Set(kind, o.str("id"))
	q.Set(kind+"_client_secret", o.str("client_secret"))
	q.Set("redirect_status", status)
	to.RawQuery = q.Encode()
	return to.String()
}
