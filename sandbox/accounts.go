package sandbox

import "strings"

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

// createAccount makes a connected account. It can receive only once its owner has answered Stripe's questions.
func createAccount(c *call) (object, error) {
	f := c.form
	kind, err := accountType(f)
	if err != nil {
		return nil, err
	}
	code, agreement := or(f.get("country"), c.a.Country), or(f.get("tos_acceptance[service_agreement]"), "full")
	if agreement != "full" && agreement != recipient {
		return nil, invalid("", "tos_acceptance[service_agreement]", "Invalid tos_acceptance[service_agreement]: must be one of full or recipient")
	}
	wanted := requested(f, object{})
	if agreement == recipient && wanted["card_payments"] != nil {
		return nil, invalid("", "", "The recipient service agreement does not support the `card_payments` capability.")
	}
	if err := settleIn(c.a.Country, code, agreement, wanted["transfers"] != nil); err != nil {
		return nil, err
	}
	o := c.make("acct_1", "account", object{"type": kind, "country": code, "default_currency": or(f.get("default_currency"), countries[code].currency),
		"email": null(f.get("email")), "metadata": object{}, "capabilities": wanted, "_stage": string(Unstarted),
		"business_profile": shapes.sub("account").sub("business_profile").copy(), "settings": shapes.sub("account").sub("settings").copy(),
		"tos_acceptance": object{"date": nil, "ip": nil, "user_agent": nil, "service_agreement": agreement},
		"controller": object{"type": "application", "is_controller": true, "fees": object{"payer": "application"},
			"losses": object{"payments": "application"}, "requirement_collection": "stripe",
			"stripe_dashboard": object{"type": kind}}})
	o["external_accounts"] = listOf("/v1/accounts/" + o.str("id") + "/external_accounts")
	if err := fillAccount(o, f); err != nil {
		return nil, err
	}
	c.keepAccount(o, nil)
	return c.show(o)
}

// keepAccount puts a connected account, as Stripe's questions let it stand, and tells of it.
func (c *call) keepAccount(o, was object) {
	stand(o)
	c.put(o)
	var changed object
	if was != nil {
		changed = before(was, c.a.render(o, version))
	}
	(&call{Sandbox: c.Sandbox, a: c.accounts[o.str("id")], at: c.at, request: c.request, key: c.key}).emitInto(c, "account.updated", o, changed)
}

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

// requested lays the capabilities asked for over those there are. What is new is inactive until the account stands well.
func requested(f form, has object) object {
	out := has.copy()
	for name, want := range f.tree("capabilities") {
		switch tree(want).str("requested") {
		case "true":
			if out[name] == nil {
				out[name] = "inactive"
			}
		case "false":
			delete(out, name)
		}
	}
	return out
}

// fillAccount lays what a platform may say of an account over it.
func fillAccount(o object, f form) error {
	for _, field := range []string{"email", "business_type"} {
		if f.has(field) {
			o[field] = null(f.get(field))
		}
	}
	if f.has("default_currency") {
		if !isCurrency(strings.ToLower(f.get("default_currency"))) {
			return invalid("", "default_currency", "Invalid currency: %s.", f.get("default_currency"))
		}
		o["default_currency"] = strings.ToLower(f.get("default_currency"))
	}
	o["metadata"] = f.metadata(o.sub("metadata"))
	o["business_profile"] = o.sub("business_profile").with(f.tree("business_profile"))
	settings := orTree(o.sub("settings"), shapes.sub("account").sub("settings")).copy()
	for name, part := range f.tree("settings") {
		settings[name] = overlay(settings.sub(name), tree(part))
	}
	o["settings"] = settings
	return nil
}

func orTree(o, otherwise object) object {
	if o == nil {
		return otherwise
	}
	return o
}

// overlay lays a tree over another, branch by branch.
func overlay(under, over object) object {
	out := under.copy()
	for k, v := range over {
		if branch := tree(v); branch != nil {
			v = overlay(out.sub(k), branch)
		}
		out[k] = v
	}
	return out
}

func updateAccount(c *call) (object, error) {
	o, err := c.need("account", c.path("id"))
	if err != nil {
		return nil, err
	}
	was := c.a.render(o, version)
	if a := c.form.get("tos_acceptance[service_agreement]"); a != "" && a != agreementOf(o) && o.flag("details_submitted") {
		return nil, invalid("", "tos_acceptance[service_agreement]", "You cannot change `tos_acceptance[service_agreement]` once it has been accepted.")
	} else if a != "" {
		if err := settleIn(c.a.Country, o.str("country"), a, true); err != nil {
			return nil, err
		}
		o["tos_acceptance"] = o.sub("tos_acceptance").with(object{"service_agreement": a})
	}
	if err := fillAccount(o, c.form); err != nil {
		return nil, err
	}
	o["capabilities"] = requested(c.form, o.sub("capabilities"))
	c.keepAccount(o, was)
	return c.show(o)
}

// deleteAccount takes a connected account away for good.
func deleteAccount(c *call) (object, error) {
	o, err := c.connected(c.path("id"))
	switch {
	case err != nil:
		return nil, err
	case c.path("id") == c.a.ID:
		return nil, refuse(403, "", "", "You cannot delete your own account with the API.")
	}
	there := &call{Sandbox: c.Sandbox, a: c.accounts[o.str("id")], at: c.at, request: c.request, key: c.key}
	there.emitInto(c, "account.application.deauthorized", object{"id": or(c.a.App.ClientID, "ca_"+letters(c.a.ID, 32)), "object": "application", "name": null(c.a.Name)}, nil)
	c.put(o.with(object{"_deleted": true}))
	return object{"id": o["id"], "object": "account", "deleted": true}, nil
}

func listBanks(c *call) (object, error) {
	o, err := c.connected(c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.page("/v1/accounts/"+o.str("id")+"/external_accounts", trees(o.list("external_accounts")))
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
