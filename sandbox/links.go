package sandbox

import (
	"crypto/rand"
	"maps"
	"net/url"
	"slices"
	"time"
)

// linkKind is how an account link or a login link stands in the journal. Its id is drawn by lot.
const linkKind = "_link"

// linkLife is how long a link can be opened.
const linkLife = 5 * time.Minute

// createAccountLink leads an account's owner to Stripe's questions, once.
func createAccountLink(c *call) (object, error) {
	f := c.form
	for _, param := range []string{"account", "type", "refresh_url", "return_url"} {
		if f.get(param) == "" {
			return nil, required(param)
		}
	}
	o, ok := c.a.get("account", f.get("account"))
	switch kind := f.get("type"); {
	case !ok:
		return nil, invalid("resource_missing", "account", "No such account: '%s'", f.get("account"))
	case kind != "account_onboarding" && kind != "account_update":
		return nil, invalid("", "type", "Invalid type: must be one of account_onboarding or account_update")
	case kind == "account_update" && o.str("type") != "custom":
		return nil, invalid("", "type", "You cannot create `account_update` type Account Links for this account. Accounts that have access to a Stripe-hosted Dashboard can only use `account_onboarding`.")
	}
	for _, param := range []string{"refresh_url", "return_url"} {
		if err := c.webAddress(param); err != nil {
			return nil, err
		}
	}
	for _, param := range []string{"collect", "collection_options[fields]"} {
		if v := f.get(param); v != "" && v != "currently_due" && v != "eventually_due" {
			return nil, invalid("", param, "Invalid %s: must be one of currently_due or eventually_due", param)
		}
	}
	until := c.at.Add(linkLife).Unix()
	token := c.link(object{"account": o["id"], "refresh_url": f.get("refresh_url"), "return_url": f.get("return_url"), "until": until})
	return object{"object": "account_link", "created": c.at.Unix(), "expires_at": until, "url": c.address("/setup/e/" + o.str("id") + "/" + token)}, nil
}

// createLoginLink leads an account's owner to their Express dashboard, once.
func createLoginLink(c *call) (object, error) {
	o, err := c.connected(c.path("id"))
	switch {
	case err != nil:
		return nil, err
	case o.str("type") != "express":
		return nil, invalid("", "", "Cannot create a login link for an account which doesn't have access to the Express Dashboard.")
	case !o.flag("details_submitted"):
		return nil, invalid("", "", "Cannot create a login link for an account that has not completed onboarding.")
	}
	token := c.link(object{"account": o["id"], "until": c.at.Add(linkLife).Unix()})
	return object{"object": "login_link", "created": c.at.Unix(), "url": c.address("/express/" + o.str("id") + "/" + token)}, nil
}

// link keeps a link of the caller's and gives its token.
func (c *call) link(o object) string {
	token := rand.Text()
	c.put(o.with(object{"id": token, "object": linkKind, "created": c.at.Unix()}))
	return token
}

// webAddress refuses a parameter to which nobody can be led.
func (c *call) webAddress(param string) error {
	u, err := url.Parse(c.form.get(param))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return invalid("url_invalid", param, "Not a valid URL")
	case u.Scheme == "http" && c.a.isLive():
		return invalid("url_invalid", param, "Livemode requests must always be redirected via HTTPS.")
	}
	return nil
}

// follow opens a link: the first time it gives a key with which its page can be sent, and never again. It gives the link
// also when it cannot be opened any more, nil when there is none.
func (s *Sandbox) follow(account, token string) (o object, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, o := s.linkOf(account, token)
	if o == nil || o.flag("used") || o.num("until") < c.at.Unix() || o.sub("_account") == nil {
		return o, ""
	}
	o["used"], o["key"] = true, rand.Text()
	drop(o, "_account")
	c.put(o)
	_ = c.commit()
	_, o = s.linkOf(account, token)
	return o, o.str("key")
}

// linkOf finds a link of an account, with the account itself as _account.
func (s *Sandbox) linkOf(account, token string) (*call, object) {
	a := s.accounts[account]
	if a == nil || a.platform == nil {
		return nil, nil
	}
	o, ok := a.platform.get(linkKind, token)
	if !ok || o.str("account") != account {
		return nil, nil
	}
	if self := a.self(); self != nil {
		o["_account"] = self
	}
	return &call{Sandbox: s, a: a.platform, at: s.clock(a.platform)}, o
}

// opened tells whether a page of a link that was sent belongs to who opened it.
func (s *Sandbox) opened(account, token, key string) (o object, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, o = s.linkOf(account, token)
	return o, o != nil && key != "" && o.str("key") == key && o.sub("_account") != nil
}

// closeLink ends a link: its page cannot be sent again.
func (s *Sandbox) closeLink(account, token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, o := s.linkOf(account, token); o != nil {
		drop(o, "_account", "key")
		c.put(o)
		_ = c.commit()
	}
}

// money is what a connected account has, by currency.
func (a *account) money(now time.Time) (list []cash) {
	has := a.balance(now)
	for _, currency := range slices.Sorted(maps.Keys(has)) {
		list = append(list, inCash(has[currency].Total(), currency))
	}
	return list
}
