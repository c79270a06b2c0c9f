package sandbox

// self is the account as Stripe shows it: a connected one as it was made, another as it was added.
func (a *account) self() object {
	if a.platform != nil {
		o, _ := a.platform.get("account", a.ID)
		return o
	}
	return object{"id": a.ID, "object": "account", "country": a.Country, "default_currency": a.DefaultCurrency,
		"email": null(a.Email), "capabilities": object{"card_payments": "active", "transfers": "active"},
		"business_profile": shapes.sub("account").sub("business_profile").copy().with(object{"name": null(a.Name)}),
		"controller":       object{"type": "account"}, "created": int64(1600000000)}
}

func (o object) copy() object { return object{}.with(o) }

func ownAccount(c *call) (object, error) { return c.show(c.a.self()) }

func getAccount(c *call) (object, error) {
	o, err := c.connected(c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

// connected finds the caller's own account or one that is connected to it.
func (c *call) connected(id string) (object, error) {
	if id == c.a.ID {
		return c.a.self(), nil
	}
	if o, ok := c.a.get("account", id); ok {
		return o, nil
	}
	return nil, refuse(403, "account_invalid", "", "The provided key does not have access to account '%s' (or that account does not exist). Application access may have been revoked.", id)
}

func listAccounts(c *call) (object, error) {
	return c.search(query{url: "/v1/accounts", kind: "account"})
}

// createAccount makes a connected account that can receive at once, as after a finished onboarding.
func createAccount(c *call) (object, error) {
	f := c.form
	kind, err := accountType(f)
	if err != nil {
		return nil, err
	}
	o := c.make("acct_1", "account", object{"type": kind, "country": or(f.get("country"), c.a.Country),
		"default_currency": or(f.get("default_currency"), or(countryCurrency[f.get("country")], c.a.DefaultCurrency)), "email": null(f.get("email")),
		"business_type": null(f.get("business_type")), "metadata": f.metadata(nil), "capabilities": requested(f, object{}),
		"business_profile": shapes.sub("account").sub("business_profile").copy().with(f.tree("business_profile")),
		"controller": object{"type": "application", "is_controller": true, "fees": object{"payer": "application"},
			"losses": object{"payments": "application"}, "requirement_collection": "stripe",
			"stripe_dashboard": object{"type": kind}}})
	c.put(o)
	(&call{Sandbox: c.Sandbox, a: c.accounts[o.str("id")], at: c.at, request: c.request, key: c.key}).emitInto(c, "account.updated", o, nil)
	return c.show(o)
}

var countryCurrency = map[string]string{"US": "usd", "GB": "gbp", "CH": "chf", "CA": "cad", "JP": "jpy", "AU": "aud",
	"DE": "eur", "FR": "eur", "ES": "eur", "IT": "eur", "NL": "eur", "AT": "eur", "BE": "eur", "IE": "eur", "PT": "eur", "FI": "eur",
	"SE": "sek", "NO": "nok", "DK": "dkk", "PL": "pln", "CZ": "czk", "HU": "huf", "RO": "ron"}

func accountType(f form) (string, error) {
	switch t := or(f.get("type"), f.get("controller[stripe_dashboard][type]")); t {
	case "express", "standard", "custom":
		return t, nil
	case "", "full":
		return "standard", nil
	case "none":
		return "custom", nil
	default:
		return "", invalid("", "type", "Invalid type: must be one of custom, express, or standard")
	}
}

// requested turns the capabilities asked for on.
func requested(f form, has object) object {
	out := has.copy()
	for name, want := range f.tree("capabilities") {
		switch tree(want).str("requested") {
		case "true":
			out[name] = "active"
		case "false":
			delete(out, name)
		}
	}
	return out
}

func updateAccount(c *call) (object, error) {
	o, err := c.need("account", c.path("id"))
	if err != nil {
		return nil, err
	}
	f := c.form
	if f.has("email") {
		o["email"] = null(f.get("email"))
	}
	o["metadata"] = f.metadata(o.sub("metadata"))
	o["capabilities"] = requested(f, o.sub("capabilities"))
	o["business_profile"] = o.sub("business_profile").with(f.tree("business_profile"))
	c.put(o)
	return c.show(o)
}

// RestrictAccount takes a connected account's ability to receive away, as Stripe does when papers are missing.
func (s *Sandbox) RestrictAccount(id string) error {
	return s.turn(id, object{"capabilities": object{"transfers": "inactive"}, "charges_enabled": false, "payouts_enabled": false,
		"requirements": shapes.sub("account").sub("requirements").copy().with(object{"disabled_reason": "requirements.past_due",
			"currently_due": []any{"individual.verification.document"}, "past_due": []any{"individual.verification.document"}})})
}

func (s *Sandbox) turn(id string, now object) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[id]
	if a == nil || a.platform == nil {
		return missing(404, "account", id, "id")
	}
	c := &call{Sandbox: s, a: a.platform, at: s.clock(a.platform)}
	o := a.self().with(now)
	c.put(o)
	(&call{Sandbox: s, a: a, at: c.at}).emitInto(c, "account.updated", o, nil)
	return c.commit()
}

// receives says whether a connected account can be the destination of a charge.
func (c *call) receives(id string) error {
	o, ok := c.a.get("account", id)
	if !ok {
		return missing(400, "account", id, "transfer_data[destination]")
	}
	if o.sub("capabilities").str("transfers") != "active" {
		return invalid("insufficient_capabilities_for_transfer", "", "Your destination account needs to have at least one of the following capabilities enabled: transfers, crypto_transfers, legacy_payments")
	}
	return nil
}
